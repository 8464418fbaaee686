"""The report's page, section by section, from a comparison, the records and the photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from augexp.analysis.learning_curves import Floats
from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.wording import number
from augexp.reporting import charts, summary, wording
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
    VerdictBox,
)  # fmt: skip
from augexp.results.records import RunRecord
from augexp.version import __version__

SHADE = 62.0
"""Strongest shade of a matrix cell in percent, so that its text stays readable in both themes."""

LARGEST_MATRIX = 20
"""Classes up to which confusion matrices are shown."""


def build_page(
    comparison: Comparison,
    records: Sequence[RunRecord],
    samples: Sequence[Block] = (),
    strips: Mapping[str, Sequence[Strip]] | None = None,
) -> Page:
    """Put the whole page together.

    Args:
        comparison: what is shown.
        records: for the curves; without any, the curves are left out.
        samples: photos of every class with their augmented versions; may be empty.
        strips: for every arm the test images it wins and loses; may be empty.
    """
    photos = strips or {}
    verdicts = tuple(_verdict(contrast, comparison) for contrast in comparison.contrasts)
    parts = [
        Section(
            "The verdict as a picture",
            "verdict",
            (_figure(charts.difference_chart(comparison)), *_together(comparison)),
        ),
        Section("Course of the training", "curves", _curves(comparison, records)),
        Section(
            "When it pays", "pays", _sentences(comparison, [wording.when_it_pays(c) for c in comparison.contrasts])
        ),
        Section(
            "What to buy next",
            "next",
            _sentences(comparison, [wording.what_to_buy(c, comparison) for c in comparison.contrasts]),
        ),
        Section("The images, augmented", "samples", tuple(samples)),
        Section("Numbers", "numbers", _numbers(comparison)),
        Section(
            "Confusion",
            "confusion",
            _by_contrast(comparison, [_confusion(comparison, c) for c in comparison.contrasts]),
        ),
        Section(
            "Images won and lost", "images", _images(comparison, [photos.get(c.arm, ()) for c in comparison.contrasts])
        ),
        Section("Equal budget", "budget", _facts(wording.ledger(comparison))),
        Section("Data and splits", "data", _facts(wording.data(comparison))),
        Section("Plan, and what changed", "plan", _facts(wording.plan(comparison))),
        Section("Environment", "environment", _facts(tuple(comparison.environment.items()))),
        Section("How to reproduce", "reproduce", (Code(comparison.command),) if comparison.command else ()),
    ]
    kicker = f"{comparison.source} · baseline {comparison.baseline} · {len(comparison.classes)} classes"
    title = f"Does image augmentation help? {wording.images(comparison)}"
    footer = f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else."
    return Page(title, kicker, verdicts, comparison.warnings, tuple(part for part in parts if part.blocks), footer)


def _verdict(contrast: Contrast, comparison: Comparison) -> VerdictBox:
    words = contrast.verdict if len(comparison.contrasts) == 1 else f"{contrast.arm}: {contrast.verdict}"
    return VerdictBox(words, contrast.tone, contrast.sentence)


def _together(comparison: Comparison) -> tuple[Block, ...]:
    sentences = wording.about_all_arms(comparison)
    return (Prose(sentences),) if sentences else ()


def _facts(pairs: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    return (Facts(pairs),) if pairs else ()


def _sentences(comparison: Comparison, found: Sequence[tuple[str, ...]]) -> tuple[Block, ...]:
    named = len(comparison.contrasts) > 1
    return tuple(
        Items(contrast.arm if named else "", sentences)
        for contrast, sentences in zip(comparison.contrasts, found, strict=True)
        if sentences
    )


def _by_contrast(comparison: Comparison, found: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    """Put what belongs to each contrast one after another, under a heading where there are several."""
    blocks: list[Block] = []
    for contrast, part in zip(comparison.contrasts, found, strict=True):
        if part and len(comparison.contrasts) > 1:
            blocks.append(Heading(f"{contrast.arm} against {comparison.baseline}"))
        blocks += part
    return tuple(blocks)


def _images(comparison: Comparison, found: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    blocks = _by_contrast(comparison, found)
    note = (
        "Under each image: in how many seeds each arm was right. These are the extremes of this test set; "
        "some images would change sides by chance alone."
    )
    return (Prose((note,), soft=True), *blocks) if blocks else ()


def _curves(comparison: Comparison, records: Sequence[RunRecord]) -> tuple[Block, ...]:
    if not any(len(record.epochs) for record in records):
        return ()
    styles = charts.styles(comparison)
    curves = {arm: charts.accuracy_chart(records, arm) for arm in styles}
    by_arm = charts.gains(comparison, records)
    gains = {arm: charts.gain_chart(comparison, [curve]) for arm, curve in by_arm.items() if len(curve.epochs)}
    validation = charts.validation_chart(records, styles)
    unique = charts.unique_images_chart(records, styles, comparison.baseline)
    shown: list[charts.Chart] = [validation, *gains.values(), *curves.values(), unique]
    if len(comparison.contrasts) > 1:
        baseline = curves.pop(comparison.baseline)
        pairs = [chart for arm in curves for chart in (curves[arm], gains.get(arm)) if chart]
        shown = [validation, unique, *pairs, baseline]
    return (Figures(tuple(_figure(chart) for chart in shown)),)


def _figure(chart: charts.Chart) -> Figure:
    from augexp.reporting import figures  # noqa: PLC0415 - only a page with charts needs matplotlib

    return Figure(figures.to_svg(chart), chart.caption, chart.note, chart.legend)


def _numbers(comparison: Comparison) -> tuple[Block, ...]:
    parts = [
        [summary.facts(comparison, c), summary.measures(comparison, c), summary.classes(comparison, c)]
        for c in comparison.contrasts
    ]
    shown = [[Tabular(table) for table in part if table.rows] for part in parts]
    first = [Tabular(table) for table in (summary.contrasts(comparison), summary.arms(comparison)) if table.rows]
    return (*first, *_by_contrast(comparison, shown))


def _confusion(comparison: Comparison, contrast: Contrast) -> tuple[Block, ...]:
    if contrast.confusion is None:
        return ()
    first, second = (np.array(counts) for counts in contrast.confusion)
    count = len(comparison.classes)
    if count > LARGEST_MATRIX:
        return (Prose((f"Matrices are shown for up to {LARGEST_MATRIX} classes; these are {count}.",), soft=True),)
    note = "Test images per run, mean over the runs."
    matrices = [
        Matrix(f"Confusion of {comparison.baseline}.", note, comparison.classes, _shares(first)),
        Matrix(f"Confusion of {contrast.arm}.", note, comparison.classes, _shares(second)),
        Matrix(f"Change from {comparison.baseline} to {contrast.arm}.",
               "More or fewer test images per run. Blue is better, orange is worse.",
               comparison.classes, _changes(second - first)),
    ]  # fmt: skip
    shown = comparison.contrasts[0]
    if contrast is not shown and shown.confusion is not None and contrast.confusion[0] == shown.confusion[0]:
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
