"""The page of the report: a list of sections, each made from the comparison, its records and its images.

To add a section, write the function that returns its blocks and put it into `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augexp.analysis.budget.judged import as_judged
from augexp.analysis.learning_curves import Floats
from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.wording import number
from augexp.experiment.nouns import nouns
from augexp.reporting import blocks, budgets, charts, photos, tables, wording
from augexp.reporting.blocks import Block
from augexp.reporting.declared import tables as names
from augexp.reporting.declared import words as declared
from augexp.reporting.facts import words as facts
from augexp.reporting.groups import tables as groups
from augexp.results.records import RunRecord
from augexp.version import __version__

if TYPE_CHECKING:
    from augexp.data.store import Store
    from augexp.reporting.preview_sheets import PreviewSheet

MAX_SHADE = 62.0
"""Strongest shade of a matrix cell in percent, so that its text stays readable in both themes."""

MAX_MATRIX = 20
"""Classes up to which confusion matrices are shown."""

Blocks = tuple[Block, ...]


@dataclass(frozen=True)
class PageContext:
    """What sections are made from.

    Attributes:
        comparison: what is shown.
        records: the runs behind it, for the curves; may be empty.
        store: the images, for the test images that an arm wins or loses; None shows none of them.
        sheets: preview sheets of the arms; may be empty.
    """

    comparison: Comparison
    records: Sequence[RunRecord] = ()
    store: Store | None = None
    sheets: Sequence[PreviewSheet] = ()


@dataclass(frozen=True)
class SectionMaker:
    """One section of the page.

    Attributes:
        title: heading.
        anchor: by which the page's contents point to it; unique in the page.
        blocks: returns what stands under the heading; a section without blocks is left out.
    """

    title: str
    anchor: str
    blocks: Callable[[PageContext], Blocks]


def build_page(context: PageContext) -> blocks.Page:
    """Put the whole page together."""
    comparison = context.comparison
    sections = (blocks.Section(maker.title, maker.anchor, maker.blocks(context)) for maker in SECTIONS)
    return blocks.Page(
        title=wording.title(comparison),
        kicker=f"{comparison.source} · baseline {comparison.baseline} · {len(comparison.classes)} classes",
        verdicts=tuple(_verdict(contrast, comparison) for contrast in comparison.contrasts),
        warnings=comparison.warnings,
        sections=tuple(section for section in sections if section.blocks),
        footer=f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else.",
        declared=declared.statements(comparison),
    )


def _verdict(contrast: Contrast, comparison: Comparison) -> blocks.VerdictBox:
    words = contrast.verdict if len(comparison.contrasts) == 1 else f"{contrast.arm}: {contrast.verdict}"
    return blocks.VerdictBox(words, contrast.tone, contrast.sentence)


# -- helpers of the sections ---------------------------------------------------------------------


def _pairs(pairs: wording.Pairs) -> Blocks:
    return (blocks.Facts(pairs),) if pairs else ()


def _remarks(comparison: Comparison, remarks: Callable[[Contrast, Comparison], Sequence[str]]) -> Blocks:
    """List what is remarked about each contrast, under the arm's name where there are several."""
    several = len(comparison.contrasts) > 1
    lists = ((contrast.arm, tuple(remarks(contrast, comparison))) for contrast in comparison.contrasts)
    return tuple(blocks.Items(arm if several else "", texts) for arm, texts in lists if texts)


def _by_contrast(comparison: Comparison, make: Callable[[Contrast, Comparison], Sequence[Block]]) -> Blocks:
    """Put the blocks of each contrast one after another, under a heading where there are several."""
    shown: list[Block] = []
    for contrast in comparison.contrasts:
        part = make(contrast, comparison)
        if part and len(comparison.contrasts) > 1:
            shown.append(blocks.Heading(f"{contrast.arm} against {comparison.baseline}"))
        shown += part
    return tuple(shown)


# -- the sections --------------------------------------------------------------------------------


def _differences(context: PageContext) -> Blocks:
    figure, sentences = _figure(charts.difference_chart(context.comparison)), wording.about_all_arms(context.comparison)
    return (figure, blocks.Prose(sentences)) if sentences else (figure,)


def _budgets(context: PageContext) -> Blocks:
    comparison = context.comparison
    shown = [c for c in (budgets.difference_chart(comparison), budgets.accuracy_chart(comparison)) if c]
    if not shown:
        return ()
    equal = [budgets.equal_budgets(comparison, contrast) for contrast in comparison.contrasts]
    numbers = [blocks.Tabular(table) for table in (budgets.own_budgets(comparison), *equal) if table.rows]
    figures = blocks.Figures(tuple(_figure(chart) for chart in shown))
    return (figures, blocks.Prose(budgets.words(comparison)), *numbers)


def _curves(context: PageContext) -> Blocks:
    comparison, records = context.comparison, context.records
    if not any(len(record.epochs) for record in records):
        return ()
    styles = charts.styles(comparison)
    curves = {arm: charts.accuracy_chart(records, arm, comparison.folds) for arm in styles}
    by_arm = charts.gains(comparison, records)
    gains = {arm: charts.gain_chart(comparison, [curve]) for arm, curve in by_arm.items() if len(curve.epochs)}
    validation = charts.validation_chart(records, styles, comparison.folds)
    unique = charts.unique_images_chart(records, styles, comparison.baseline, comparison.folds)
    shown: list[charts.Chart] = [validation, *gains.values(), *curves.values(), unique]
    if len(comparison.contrasts) > 1:
        baseline = curves.pop(comparison.baseline)
        pairs = [chart for arm in curves for chart in (curves[arm], gains.get(arm)) if chart]
        shown = [validation, unique, *pairs, baseline]
    return (blocks.Figures(tuple(_figure(chart) for chart in shown)),)


def _figure(chart: charts.Chart) -> blocks.Figure:
    from augexp.reporting import figures  # noqa: PLC0415 - only a page with charts needs matplotlib

    return blocks.Figure(figures.to_svg(chart), chart.caption, chart.note, chart.legend)


def _samples(context: PageContext) -> Blocks:
    return tuple(block for sheet in context.sheets for block in photos.sheet_blocks(sheet))


def _numbers(context: PageContext) -> Blocks:
    comparison = context.comparison
    first = [blocks.Tabular(table) for table in (tables.contrasts(comparison), tables.arms(comparison)) if table.rows]
    runs = names.runs(comparison, wording.metric(comparison))
    return (*first, *_by_contrast(comparison, _tables), *([blocks.Tabular(runs)] if runs.rows else []))


def _tables(contrast: Contrast, comparison: Comparison) -> Blocks:
    parts = (part(comparison, contrast) for part in (tables.also_reported, tables.measures, tables.classes))
    return tuple(blocks.Tabular(table) for table in parts if table.rows)


def _groups(contrast: Contrast, comparison: Comparison) -> Blocks:
    texts, table = groups.sentences(contrast, comparison), groups.gains(comparison, contrast)
    return (blocks.Prose(texts), blocks.Tabular(table)) if table.rows else ()


def _confusion(context: PageContext) -> Blocks:
    return _by_contrast(context.comparison, _matrices)


def _matrices(contrast: Contrast, comparison: Comparison) -> Blocks:
    count = len(comparison.classes)
    if count > MAX_MATRIX and contrast.estimate is not None:
        return (blocks.Prose((wording.too_many_classes(count, MAX_MATRIX),), soft=True),)
    if contrast.confusion is None:
        return ()
    before, after = (np.array(counts) for counts in contrast.confusion)
    # Of a repeat the fits of all folds are put together: every image is in one cell of its matrix.
    per = "run" if comparison.folds is None else nouns(comparison.folds).block
    note = f"{nouns(comparison.folds).images.capitalize()} per {per}, mean over the {per}s."
    matrices = [
        blocks.Matrix(f"Confusion of {comparison.baseline}.", note, comparison.classes, _shares(before)),
        blocks.Matrix(f"Confusion of {contrast.arm}.", note, comparison.classes, _shares(after)),
        blocks.Matrix(f"Change from {comparison.baseline} to {contrast.arm}.",
               f"More or fewer {nouns(comparison.folds).images} per {per}. Blue is better, orange is worse.",
               comparison.classes, _changes(after - before)),
    ]  # fmt: skip
    first = comparison.contrasts[0]
    if contrast is not first and first.confusion is not None and contrast.confusion[0] == first.confusion[0]:
        del matrices[0]  # the baseline of all contrasts is shown once
    return (blocks.Matrices(tuple(matrices)),)


def _shares(counts: Floats) -> tuple[tuple[blocks.Square, ...], ...]:
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return tuple(
        tuple(blocks.Square(number(float(v), 1), MAX_SHADE * float(s)) for v, s in zip(*pair, strict=True))
        for pair in zip(counts, share, strict=True)
    )


def _changes(change: Floats) -> tuple[tuple[blocks.Square, ...], ...]:
    # At least one image, so that differences too small to be written are not painted as the strongest.
    strongest = max(1.0, float(np.abs(change).max(initial=0.0)))
    return tuple(
        tuple(_change(float(value), strongest, good=i == j) for j, value in enumerate(row))
        for i, row in enumerate(change)
    )


def _change(value: float, strongest: float, *, good: bool) -> blocks.Square:
    text = number(value, 1, signed=True)
    if text == number(0.0, 1):
        return blocks.Square(text)
    return blocks.Square(text, MAX_SHADE * abs(value) / strongest, "helps" if (value > 0) == good else "hurts")


def _changed_images(context: PageContext) -> Blocks:
    store = context.store
    if context.comparison.declared:
        return _by_contrast(
            context.comparison,
            lambda contrast, whole: [blocks.Tabular(t) for t in names.changed_images(whole, contrast)],
        )
    if store is None:
        return ()
    judged = as_judged(context.records, context.comparison)
    strips = _by_contrast(
        context.comparison,
        lambda contrast, comparison: photos.strips(judged, store, comparison.baseline, contrast.arm, comparison.folds),
    )
    folds = context.comparison.folds
    unit, images = nouns(folds).blocks, "these images" if folds else "this test set"
    note = (
        f"Under each image: in how many {unit} each arm was right. These are the extremes of {images}; "
        "some images would change sides by chance alone."
    )
    return (blocks.Prose((note,), soft=True), *strips) if strips else ()


def _ledger(comparison: Comparison) -> wording.Pairs:
    return (*facts.ledger(comparison), *budgets.costs(comparison))


def _command(context: PageContext) -> Blocks:
    return (blocks.Code(context.comparison.command),) if context.comparison.command else ()


SECTIONS = (
    SectionMaker("The verdict as a picture", "verdict", _differences),
    SectionMaker("Budgets", "budgets", _budgets),
    SectionMaker("Course of the training", "curves", _curves),
    SectionMaker("When it pays", "pays", lambda page: _remarks(page.comparison, wording.when_it_pays)),
    SectionMaker("What to buy next", "next", lambda page: _remarks(page.comparison, wording.what_to_buy)),
    SectionMaker("Groups", "groups", lambda page: _by_contrast(page.comparison, _groups)),
    SectionMaker("The images, augmented", "samples", _samples),
    SectionMaker("Numbers", "numbers", _numbers),
    SectionMaker("Confusion", "confusion", _confusion),
    SectionMaker("Images won and lost", "images", _changed_images),
    SectionMaker("Equal budget", "budget", lambda page: _pairs(_ledger(page.comparison))),
    SectionMaker("Data and splits", "data", lambda page: _pairs(facts.data(page.comparison))),
    SectionMaker("Plan, and what changed", "plan", lambda page: _pairs(wording.plan(page.comparison))),
    SectionMaker("Environment", "environment", lambda page: _pairs(tuple(page.comparison.environment.items()))),
    SectionMaker("How to reproduce", "reproduce", _command),
)
"""The sections of the page in reading order."""
