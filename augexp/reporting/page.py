"""The report's page, section by section, from a digest, the records and the photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from augexp.analysis.learning_curves import Floats
from augexp.analysis.wording import number
from augexp.reporting import charts, summary, svg_charts
from augexp.reporting.blocks import (
    Block,
    Code,
    Facts,
    Figure,
    Figures,
    Heading,
    Items,
    Matrices,
    Matrix,
    Page,
    Prose,
    Section,
    Square,
    Strip,
    Tabular,
    Verdict,
)  # fmt: skip
from augexp.reporting.digest import Contrast, Digest
from augexp.results.records import RunRecord
from augexp.version import __version__

SHADE = 62.0
"""Strongest shade of a matrix cell in percent, so that its text stays readable in both themes."""

MOST_WITH_SEEDS = 3
"""Arms up to which one chart shows the single seeds of all of them."""

THIN = "Thin lines: one seed each; bold: mean."

LARGEST_MATRIX = 20
"""Classes up to which confusion matrices are shown."""


def build_page(
    digest: Digest,
    records: Sequence[RunRecord],
    samples: Sequence[Block] = (),
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
        Section("The verdict as a picture", "verdict", (_spans(digest), *_together(digest))),
        Section("Course of the training", "curves", _curves(digest, records)),
        Section("When it pays", "pays", _sentences(digest, [c.pays for c in digest.contrasts])),
        Section("What to buy next", "next", _sentences(digest, [c.buy for c in digest.contrasts])),
        Section("The images, augmented", "samples", tuple(samples)),
        Section("Numbers", "numbers", _numbers(digest)),
        Section("Confusion", "confusion", _by_contrast(digest, [_confusion(digest, c) for c in digest.contrasts])),
        Section("Images won and lost", "images", _images(digest, [photos.get(c.arm, ()) for c in digest.contrasts])),
        Section("Equal budget", "budget", _facts(digest.ledger)),
        Section("Data and splits", "data", _facts(digest.data)),
        Section("Plan, and what changed", "plan", _facts(digest.plan)),
        Section("Environment", "environment", _facts(digest.environment)),
        Section("How to reproduce", "reproduce", (Code(digest.command),) if digest.command else ()),
    ]
    kicker = f"{digest.source} · baseline {digest.baseline} · {len(digest.class_names)} classes"
    title = f"Does image augmentation help? {digest.images}"
    footer = f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else."
    return Page(title, kicker, verdicts, digest.warnings, tuple(part for part in parts if part.blocks), footer)


def _verdict(contrast: Contrast, digest: Digest) -> Verdict:
    words = contrast.words if len(digest.contrasts) == 1 else f"{contrast.arm}: {contrast.words}"
    return Verdict(words, contrast.tone, contrast.sentence)


def _together(digest: Digest) -> tuple[Block, ...]:
    return (Prose(digest.together),) if digest.together else ()


def _facts(pairs: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    return (Facts(pairs),) if pairs else ()


def _sentences(digest: Digest, found: Sequence[tuple[str, ...]]) -> tuple[Block, ...]:
    named = len(digest.contrasts) > 1
    return tuple(
        Items(contrast.arm if named else "", sentences)
        for contrast, sentences in zip(digest.contrasts, found, strict=True)
        if sentences
    )


def _by_contrast(digest: Digest, found: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    """Put what belongs to each contrast one after another, under a heading where there are several."""
    blocks: list[Block] = []
    for contrast, part in zip(digest.contrasts, found, strict=True):
        if part and len(digest.contrasts) > 1:
            blocks.append(Heading(f"{contrast.arm} against {digest.baseline}"))
        blocks += part
    return tuple(blocks)


def _images(digest: Digest, found: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    blocks = _by_contrast(digest, found)
    note = (
        "Under each image: in how many seeds each arm was right. These are the extremes of this test set; "
        "some images would change sides by chance alone."
    )
    return (Prose((note,), soft=True), *blocks) if blocks else ()


def _spans(digest: Digest) -> Figure:
    spans = charts.spans(digest)
    hue = f"c{spans[0].ink.index}" if len(spans) == 1 else "c0"
    dots = [(f"dot {hue}", "one seed"), (f"point {hue}", "mean of the seeds")]
    legend = [*(dots if any(span.dots for span in spans) else ()), ("zone", _region(digest))]
    scopes: tuple[tuple[Literal["wide", "narrow"], str], ...] = (("wide", "wide"), ("narrow", "fine"))
    for scope, css in scopes:
        if label := charts.label(digest, scope):
            legend.append((f"{css} {hue}", label))
    note = "Every dot is one seed: the same initialisation, images and order in both arms."
    svg = svg_charts.draw_spans(spans, digest.r, digest.metric)
    return Figure(svg, f"Difference of test {digest.metric}.", note, tuple(legend))


def _region(digest: Digest) -> str:
    return f"no practical difference (±{digest.r:g} pp)"


def _curves(digest: Digest, records: Sequence[RunRecord]) -> tuple[Block, ...]:
    if not any(len(record.epochs) for record in records):
        return ()
    inks = charts.inks(digest)
    gains = dict(zip((c.arm for c in digest.contrasts), charts.gains(digest, records), strict=True))
    validation, unique = _validation(charts.validation(records, inks)), _unique(digest, records)
    curves = {arm: _accuracies(records, arm) for arm in digest.arm_names}
    drawn = {arm: _gain(gain) for arm, gain in gains.items() if len(gain.epochs)}
    if len(digest.contrasts) == 1:
        return (Figures((validation, *drawn.values(), *curves.values(), unique)),)
    baseline = curves.pop(digest.baseline)
    pairs = [figure for arm in curves for figure in (curves[arm], drawn.get(arm)) if figure]
    return (Figures((validation, unique, *pairs, baseline)),)


def _accuracies(records: Sequence[RunRecord], arm: str) -> Figure:
    lines = charts.kinds(records, arm)
    svg = svg_charts.draw_lines(lines, "accuracy (%)", f"Accuracies of {arm} by epoch")
    return Figure(svg, f"{arm}: accuracy by epoch.", THIN, _legend(lines))


def _validation(lines: Sequence[charts.Line]) -> Figure:
    thin = len(lines) <= MOST_WITH_SEEDS
    label = "Validation accuracy of every arm by epoch"
    svg = svg_charts.draw_lines(lines, "validation accuracy (%)", label, seeds=thin)
    return Figure(svg, "Validation accuracy of every arm.", THIN if thin else "Mean of the seeds.", _legend(lines))


def _gain(gain: charts.Gain) -> Figure:
    svg = svg_charts.draw_gain(gain, f"Paired difference of validation accuracy by epoch, {gain.line.label}")
    band = ((f"band c{gain.line.ink.index}", gain.band),) if gain.band else ()
    title = f"{gain.line.label}: gain by epoch."
    return Figure(svg, title, "Above zero the arm is ahead of the baseline.", (*_legend([gain.line]), *band))


def _unique(digest: Digest, records: Sequence[RunRecord]) -> Figure:
    lines = charts.unique(records, charts.inks(digest))
    svg = svg_charts.draw_lines(lines, "unique images, cumulative", "Unique images by epoch", floor=0.0, seeds=False)
    seen = charts.seen(records, digest.baseline).course.mean
    note = f"Every arm has seen {seen[-1]:,.0f} images at the end." if len(seen) and np.isfinite(seen[-1]) else ""
    return Figure(svg, "Different images that the network received.", note, _legend(lines))


def _legend(lines: Sequence[charts.Line]) -> tuple[tuple[str, str], ...]:
    return tuple((svg_charts.bold(line), line.label) for line in lines)


def _numbers(digest: Digest) -> tuple[Block, ...]:
    parts = [
        [summary.facts(digest, c), summary.measures(digest, c), summary.classes(digest, c)] for c in digest.contrasts
    ]
    shown = [[Tabular(table) for table in part if table.rows] for part in parts]
    first = [Tabular(table) for table in (summary.contrasts(digest), summary.arms(digest)) if table.rows]
    return (*first, *_by_contrast(digest, shown))


def _confusion(digest: Digest, contrast: Contrast) -> tuple[Block, ...]:
    if contrast.confusion is None:
        return ()
    count = len(digest.class_names)
    if count > LARGEST_MATRIX:
        return (Prose((f"Matrices are shown for up to {LARGEST_MATRIX} classes; these are {count}.",), soft=True),)
    first, second = contrast.confusion
    note = "Test images per run, mean over the runs."
    matrices = [
        Matrix(f"Confusion of {digest.baseline}.", note, digest.class_names, _shares(first)),
        Matrix(f"Confusion of {contrast.arm}.", note, digest.class_names, _shares(second)),
        Matrix(f"Change from {digest.baseline} to {contrast.arm}.",
               "More or fewer test images per run. Blue is better, orange is worse.",
               digest.class_names, _changes(second - first)),
    ]  # fmt: skip
    shown = digest.contrasts[0]
    if contrast is not shown and shown.confusion is not None and np.array_equal(first, shown.confusion[0]):
        del matrices[0]  # the baseline of all contrasts is shown once
    return (Matrices(tuple(matrices)),)


def _shares(counts: Floats) -> tuple[tuple[Square, ...], ...]:
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return tuple(
        tuple(Square(number(float(v), 1), SHADE * float(s)) for v, s in zip(*pair, strict=True))
        for pair in zip(counts, share, strict=True)
    )


def _changes(change: Floats) -> tuple[tuple[Square, ...], ...]:
    # At least one image, so that differences too small to be written are not painted as the strongest.
    strongest = max(1.0, float(np.abs(change).max(initial=0.0)))
    return tuple(
        tuple(_change(float(value), strongest, good=i == j) for j, value in enumerate(row))
        for i, row in enumerate(change)
    )


def _change(value: float, strongest: float, *, good: bool) -> Square:
    text = number(value, 1, signed=True)
    if text == number(0.0, 1):
        return Square(text)
    return Square(text, SHADE * abs(value) / strongest, "helps" if (value > 0) == good else "hurts")
