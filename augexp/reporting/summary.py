"""The tables of a comparison, the same in the terminal, the report, Markdown, CSV and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence

from augexp.analysis.schema import Comparison, Contrast, Interval, Measure
from augexp.reporting import wording
from augexp.reporting.tables import Cell, Column, Table

NEW_IMAGES = "Intervals are for new images of the same source."


def contrasts(comparison: Comparison) -> Table:
    """One row per contrast: the estimate, both intervals and the verdict."""
    rows: list[tuple[Cell, ...]] = []
    for c in comparison.contrasts:
        estimate = math.nan if c.estimate is None else c.estimate  # "nan" in CSV
        ends = (*_ends(c.new_images), *_ends(c.these_images))
        rows.append((c.arm, comparison.baseline, len(c.seeds), estimate, *ends, c.verdict))
    columns = (
        Column("arm", key="arm"),
        Column("against", key="baseline"),
        Column("seeds", key="seeds"),
        Column("difference (pp)", 2, signed=True, key="difference_pp"),
        Column("new images: low", 2, signed=True, key="new_images_low_pp"),
        Column("new images: high", 2, signed=True, key="new_images_high_pp"),
        Column("these images: low", 2, signed=True, key="these_images_low_pp"),
        Column("these images: high", 2, signed=True, key="these_images_high_pp"),
        Column("verdict", key="verdict"),
    )
    labels = dict.fromkeys(
        label
        for c in comparison.contrasts
        for label in (wording.new_images_label(c, comparison), wording.these_images_label(c, comparison))
        if label
    )
    note = "; ".join((f"Paired differences of test {wording.metric(comparison)} in percentage points", *labels)) + "."
    return Table(f"Differences on {wording.images(comparison)}", columns, tuple(rows), note)


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def arms(comparison: Comparison) -> Table:
    """One row per arm: accuracy, generalisation gap and measured cost."""
    rows = tuple(
        (a.name, wording.policy(a), a.runs, a.diverged, a.metric, a.gap, a.unique_images, a.wall_seconds, a.cpu_seconds)
        for a in comparison.arms
    )
    columns = (
        Column("arm", key="arm"),
        Column("policy", key="policy"),
        Column("runs", key="runs"),
        Column("diverged", key="diverged"),
        Column(f"test {wording.metric(comparison)} (%)", 2, key="test_percent"),
        Column("gap (pp)", 1, signed=True, key="gap_pp"),
        Column("unique images", key="unique_images"),
        Column("wall time (s)", 1, key="wall_seconds"),
        Column("CPU time (s)", 1, key="cpu_seconds"),
    )
    note = (
        "Gap: accuracy on clean training images minus validation accuracy at the last epoch. "
        "Gap and times are means over the runs."
    )
    return Table("Arms", columns, rows, note)


def measures(comparison: Comparison, contrast: Contrast) -> Table:
    """Accuracy, log loss, Brier score and calibration error of one contrast."""
    title = f"More than accuracy: {contrast.arm} against {comparison.baseline}"
    note = f"{NEW_IMAGES} Lower is better for losses and errors."
    return _measures(title, "measure", comparison, contrast, contrast.measures, 3, note)


def classes(comparison: Comparison, contrast: Contrast) -> Table:
    """The accuracy per class of one contrast, in percent."""
    title = f"Accuracy per class (%): {contrast.arm} against {comparison.baseline}"
    note = f"{NEW_IMAGES} p-values with Holm's correction over the classes."
    return _measures(title, "class", comparison, contrast, contrast.classes, 2, note)


def _measures(
    title: str, head: str, comparison: Comparison, contrast: Contrast, values: Sequence[Measure], digits: int, note: str
) -> Table:
    columns = (
        Column(head, key=head),
        Column("test images", key="test_images"),
        Column(comparison.baseline, digits, key="baseline"),
        Column(contrast.arm, digits, key="arm"),
        Column("difference", digits, signed=True, key="difference"),
        Column("low", digits, signed=True, key="low"),
        Column("high", digits, signed=True, key="high"),
        Column("p", 4, key="p", least=0.001),
    )
    rows = tuple(
        (wording.measure(m), m.images, m.baseline, m.arm, m.difference, *_ends(m.interval), m.p) for m in values
    )
    return Table(title, columns, rows, note)


def facts(comparison: Comparison, contrast: Contrast) -> Table:
    """Wins, correlation, effect sizes and p-values of one contrast."""
    title = f"Also reported: {contrast.arm} against {comparison.baseline}"
    return Table(title, (Column("quantity"), Column("value")), wording.also_reported(contrast, comparison))


def all_tables(comparison: Comparison) -> list[Table]:
    """Return every table in reading order, empty ones left out."""
    tables = [contrasts(comparison), arms(comparison)]
    for contrast in comparison.contrasts:
        tables += [facts(comparison, contrast), measures(comparison, contrast), classes(comparison, contrast)]
    for title, pairs in (
        ("Equal budget", wording.ledger(comparison)),
        ("Data", wording.data(comparison)),
        ("Plan", wording.plan(comparison)),
    ):
        tables.append(Table(title, (Column("what"), Column("value")), pairs))
    return [table for table in tables if table.rows]
