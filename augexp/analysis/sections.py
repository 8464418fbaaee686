"""The report's page, section by section, from a digest, the records and the photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import augexp
from augexp.analysis import exhibits, pictures, summary
from augexp.analysis.blocks import (
    Block,
    Code,
    Facts,
    Figure,
    Figures,
    Items,
    Matrix,
    Page,
    Prose,
    Section,
    Square,
    Strip,
    Tabular,
    Verdict,
)  # fmt: skip
from augexp.analysis.digest import Contrast, Digest
from augexp.analysis.tables import number
from augexp.training.records import RunRecord

SHADE = 62.0
"""Strongest shade of a matrix cell in percent, so that its text stays readable in both themes."""

LARGEST_MATRIX = 20
"""Classes up to which confusion matrices are shown."""


def build_page(
    digest: Digest,
    records: Sequence[RunRecord],
    samples: Sequence[Strip] = (),
    strips: Mapping[str, Sequence[Strip]] | None = None,
) -> Page:
    """Put the whole page together.

    Args:
        digest: what is shown.
        records: for the curves; without any, the curves are left out.
        samples: photos of every class with their augmented versions; may be empty.
        strips: for every arm the test images it wins and loses; may be empty.
    """
    photos = strips or {}
    verdicts = tuple(_verdict(contrast, digest) for contrast in digest.contrasts)
    parts = [
        Section("The verdict as a picture", "verdict", (_spans(digest), *_best(digest))),
        Section("Course of the training", "curves", _curves(digest, records)),
        Section("When it pays", "pays", _sentences(digest, [c.pays for c in digest.contrasts])),
        Section("What to buy next", "next", _sentences(digest, [c.buy for c in digest.contrasts])),
        Section("What the network sees", "samples", tuple(samples)),
        Section("Numbers", "numbers", _numbers(digest)),
        Section("Confusion", "confusion", tuple(block for c in digest.contrasts for block in _confusion(digest, c))),
        Section(
            "Images won and lost", "images", tuple(block for c in digest.contrasts for block in photos.get(c.arm, ()))
        ),
        Section("Equal budget", "budget", _facts(digest.ledger)),
        Section("Data and splits", "data", _facts(digest.data)),
        Section("Plan", "plan", _facts(digest.plan)),
        Section("Environment", "environment", _facts(digest.environment)),
        Section("How to reproduce", "reproduce", (Code(digest.command),) if digest.command else ()),
    ]
    kicker = f"{digest.source} · baseline {digest.baseline} · {len(digest.class_names)} classes"
    title = f"Does image augmentation help? {digest.images}"
    footer = f"Made by augexp {augexp.__version__}. This file holds everything it shows and asks for nothing else."
    return Page(title, kicker, verdicts, digest.warnings, tuple(part for part in parts if part.blocks), footer)


def _verdict(contrast: Contrast, digest: Digest) -> Verdict:
    words = contrast.words if len(digest.contrasts) == 1 else f"{contrast.arm}: {contrast.words}"
    return Verdict(words, contrast.tone, contrast.sentence)


def _best(digest: Digest) -> tuple[Block, ...]:
    return (Prose((digest.best,)),) if digest.best else ()


def _facts(pairs: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    return (Facts(pairs),) if pairs else ()


def _sentences(digest: Digest, found: Sequence[tuple[str, ...]]) -> tuple[Block, ...]:
    named = len(digest.contrasts) > 1
    return tuple(
        Items(contrast.arm if named else "", sentences)
        for contrast, sentences in zip(digest.contrasts, found, strict=True)
        if sentences
    )


def _spans(digest: Digest) -> Figure:
    spans = exhibits.spans(digest)
    hue = f"c{spans[0].ink.index}" if len(spans) == 1 else "c0"
    legend = [(f"dot {hue}", "one seed"), (f"point {hue}", "mean of the seeds"), ("zone", _region(digest))]
    first = digest.contrasts[0] if digest.contrasts else None
    if first and any(c.wide for c in digest.contrasts):
        legend.append((f"wide {hue}", first.wide_label))
    if first and any(c.narrow for c in digest.contrasts):
        legend.append((f"fine {hue}", first.narrow_label))
    note = "Every dot is one seed: the same initialisation, images and order in both arms."
    return Figure(
        pictures.draw_spans(spans, digest.r), f"Difference of test {digest.metric}.", note, tuple(legend)
    )  # fmt: skip


def _region(digest: Digest) -> str:
    return f"no practical difference (±{digest.r:g} pp)"


def _curves(digest: Digest, records: Sequence[RunRecord]) -> tuple[Block, ...]:
    if not any(len(record.epochs) for record in records):
        return ()
    inks = exhibits.inks(digest)
    lines, gains = exhibits.validation(records, inks), exhibits.gains(digest, records)
    drawn = [
        Figure(
            pictures.draw_lines(lines, "validation accuracy (%)", "Validation accuracy of every arm by epoch"),
            "Validation accuracy by epoch.", "Thin lines: one seed each; bold: mean.", _legend(lines),
        )
    ]  # fmt: skip
    if gains:
        legend = _legend([gain.line for gain in gains])
        bands = tuple((f"band c{g.line.ink.index}", g.band) for g in gains[:1])
        drawn.append(
            Figure(
                pictures.draw_gain(gains, "Paired difference of validation accuracy by epoch"),
                "Gain by epoch.", "Above zero the arm is ahead of the baseline.", legend + bands,
            )
        )  # fmt: skip
    for arm in digest.arm_names:
        kinds = exhibits.kinds(records, arm)
        svg = pictures.draw_lines(kinds, "accuracy (%)", f"Accuracies of {arm} by epoch")
        drawn.append(Figure(svg, f"{arm}.", "Thin lines: one seed each; bold: mean.", _legend(kinds)))
    unique = exhibits.unique(records, inks)
    svg = pictures.draw_lines([*unique], "unique images, cumulative", "Unique images by epoch", floor=0.0, seeds=False)
    seen = exhibits.seen(records, digest.baseline).course.mean
    note = f"Every arm has seen {seen[-1]:,.0f} images at the end." if len(seen) and np.isfinite(seen[-1]) else ""
    drawn.append(Figure(svg, "Different images that the network received.", note, _legend(unique)))
    return (Figures(tuple(drawn)),)


def _legend(lines: Sequence[exhibits.Line]) -> tuple[tuple[str, str], ...]:
    return tuple((pictures.bold(line), line.label) for line in lines)


def _numbers(digest: Digest) -> tuple[Block, ...]:
    tables = [summary.contrasts(digest), summary.arms(digest)]
    for c in digest.contrasts:
        tables += [summary.facts(digest, c), summary.measures(digest, c), summary.classes(digest, c)]
    return tuple(Tabular(table) for table in tables if table.rows)


def _confusion(digest: Digest, contrast: Contrast) -> tuple[Block, ...]:
    if contrast.confusion is None or len(digest.class_names) > LARGEST_MATRIX:
        return ()
    first, second = contrast.confusion
    change = second - first
    strongest = float(np.abs(change).max(initial=0.0)) or 1.0
    shown = []
    for name, counts in ((digest.baseline, first), (contrast.arm, second)):
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        rows = tuple(
            tuple(Square(number(float(v), 1), SHADE * float(s)) for v, s in zip(*pair, strict=True))
            for pair in zip(counts, share, strict=True)
        )
        shown.append(
            Matrix(f"Confusion of {name}", "Test images per run, mean over the runs.", digest.class_names, rows)
        )
    rows = tuple(
        tuple(_change(float(value), strongest, good=i == j) for j, value in enumerate(row))
        for i, row in enumerate(change)
    )
    note = "More or fewer test images per run. Blue is better, orange is worse."
    title = f"Change from {digest.baseline} to {contrast.arm}"
    return (*shown, Matrix(title, note, digest.class_names, rows))


def _change(value: float, strongest: float, *, good: bool) -> Square:
    better = (value > 0) == good
    tone = "" if value == 0 else "helps" if better else "hurts"
    return Square(number(value, 1, signed=True), SHADE * abs(value) / strongest, tone)
