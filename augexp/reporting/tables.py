"""The tables of a comparison as values, the same in the terminal, the page, Markdown, CSV and LaTeX.

A `Table` holds numbers, not text: each form (terminal, Markdown, LaTeX, HTML) formats them by the
column's digits, and CSV gives them in full precision. The forms are written in `augexp.reporting.formats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.values import Interval, Measure
from augexp.analysis.wording import MISSING, ends, number
from augexp.experiment.nouns import nouns
from augexp.reporting import wording
from augexp.reporting.declared import words as declared
from augexp.reporting.facts import words as facts

MAX_NAME = 16
"""Letters of a name that leave room for the other columns in a terminal; built-in policies have shorter ones."""

NEW_IMAGES = "Intervals are for new images of the same source."

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column: its heading and how its numbers are written.

    Attributes:
        title: heading, with the unit.
        digits: decimals of the numbers; None for text and whole numbers.
        signed: write a plus sign before positive numbers.
        key: column name in CSV; the title where empty.
        whole: never break a cell over two lines, in a terminal and on the page.
        least: smaller numbers are written as "< least", for p-values; 0 writes all as they are.
    """

    title: str
    digits: int | None = None
    signed: bool = False
    key: str = ""
    whole: bool = False
    least: float = 0.0

    def show(self, cell: Cell) -> str:
        """Write one cell for people; None and NaN become a dash."""
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return MISSING
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, str):
            return cell
        if self.digits is None:
            return f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"
        if self.least and cell < self.least:
            return f"< {self.least:g}"
        return number(cell, self.digits, signed=self.signed)


@dataclass(frozen=True)
class Table:
    """A titled table.

    Attributes:
        title: what it shows.
        columns: C columns.
        rows: each with C cells; the first cell names the row.
        note: how to read it, one or two sentences; may be empty.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def text_rows(self) -> list[list[str]]:
        """Return all cells as people read them."""
        return [[c.show(cell) for c, cell in zip(self.columns, row, strict=True)] for row in self.rows]

    def numeric(self) -> list[bool]:
        """Tell which columns hold numbers and are aligned right."""
        return [
            column.digits is not None
            or any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in self.rows)
            for i, column in enumerate(self.columns)
        ]


# -- the tables of a comparison ------------------------------------------------------------------


def contrasts(comparison: Comparison) -> Table:
    """One row per contrast: the estimate, both intervals and the verdict."""
    rows: list[tuple[Cell, ...]] = []
    for c in comparison.contrasts:
        estimate = math.nan if c.estimate is None else c.estimate  # "nan" in CSV
        ends = (*_pair(c.new_images), *_pair(c.these_images))
        rows.append((c.arm, comparison.baseline, len(c.seeds), estimate, *ends, c.verdict))
    columns = (
        Column("arm", key="arm"),
        Column("against", key="baseline"),
        Column(nouns(comparison.folds).blocks, key="seeds"),
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
    what = f"{declared.differences(comparison)} of test {wording.metric(comparison)} in percentage points"
    note = "; ".join((what, *labels)) + "."
    return Table(f"Differences on {wording.images(comparison)}", columns, tuple(rows), note)


def _pair(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def arms(comparison: Comparison) -> Table:
    """One row per arm: accuracy, generalisation gap and measured cost."""
    if comparison.declared:
        return _declared_arms(comparison)
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
        f"Gap: accuracy on clean training images minus validation accuracy at {_where(comparison)}. "
        "Gap and times are means over the runs."
    )
    return Table("Arms", columns, rows, note)


def _declared_arms(comparison: Comparison) -> Table:
    """One row per arm of runs that somebody else trained: the mean, the lowest and the highest run."""
    rows: list[tuple[Cell, ...]] = []
    for arm in comparison.arms:
        own = [run.metric for run in comparison.declared.runs if run.arm == arm.name] if comparison.declared else []
        rows.append((arm.name, arm.runs, arm.metric, min(own, default=None), max(own, default=None)))
    columns = (
        Column("arm", key="arm"),
        Column("runs", key="runs"),
        Column(f"test {wording.metric(comparison)} (%)", 2, key="test_percent"),
        Column("lowest run", 2, key="lowest_percent"),
        Column("highest run", 2, key="highest_percent"),
    )
    return Table(f"Arms on {comparison.name}", columns, tuple(rows))


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
        (wording.measure(m), m.images, m.baseline, m.arm, m.difference, *_pair(m.interval), m.p) for m in values
    )
    return Table(title, columns, rows, note)


def also_reported(comparison: Comparison, contrast: Contrast) -> Table:
    """Wins, correlation, effect sizes and p-values of one contrast."""
    title = f"Also reported: {contrast.arm} against {comparison.baseline}"
    return Table(title, (Column("quantity"), Column("value")), wording.also_reported(contrast, comparison))


def all_tables(comparison: Comparison, further: Sequence[Table] = ()) -> list[Table]:
    """Return every table in reading order, empty ones left out; `further` come after those of the arms."""
    tables = [contrasts(comparison), arms(comparison), *further]
    for contrast in comparison.contrasts:
        tables += [also_reported(comparison, contrast), measures(comparison, contrast), classes(comparison, contrast)]
    for title, pairs in (
        ("Equal budget", facts.ledger(comparison)),
        ("Data", facts.data(comparison)),
        ("Plan", wording.plan(comparison)),
    ):
        tables.append(Table(title, (Column("what"), Column("value")), pairs))
    return [table for table in tables if table.rows]


# -- the tables of a terminal --------------------------------------------------------------------


def terminal_tables(comparison: Comparison) -> list[Table]:
    """Return the two tables of the terminal, which fit into 80 columns where names are short."""
    return [table for table in (_terminal_arms(comparison), _terminal_contrasts(comparison)) if table.rows]


def _where(comparison: Comparison) -> str:
    return "the arm's own best budget" if comparison.horizon else "the last epoch"


def _terminal_arms(comparison: Comparison) -> Table:
    """One row per arm; diverged runs have a column only where there are some."""
    if comparison.declared:
        return _declared_arms(comparison)
    diverged = any(arm.diverged for arm in comparison.arms)
    rows: list[tuple[Cell, ...]] = []
    for arm in comparison.arms:
        row: tuple[Cell, ...] = (arm.name, arm.runs, arm.metric, arm.gap, arm.unique_images, arm.wall_seconds)
        rows.append((*row, arm.diverged) if diverged else row)
    columns = [
        Column("arm"),
        Column("runs"),
        Column(f"test {wording.metric(comparison)} (%)", 2),
        Column("gap (pp)", 1, signed=True),
        Column("unique images"),
        Column("s per run", 1),
    ]
    if diverged:
        columns.append(Column("diverged"))
    note = f"gap: clean training images minus validation, at {_where(comparison)}"
    return Table(f"Arms on {wording.images(comparison)}", tuple(columns), tuple(rows), note)


def _terminal_contrasts(comparison: Comparison) -> Table:
    """One row per contrast: difference, both intervals, verdict."""
    several = len(comparison.contrasts) > 1
    title = f"{declared.differences(comparison)} from {comparison.baseline} in test {wording.metric(comparison)} (pp)"
    # A very long name is broken, so that the numbers beside it are not.
    columns = (
        Column("arm", whole=all(len(contrast.arm) <= MAX_NAME for contrast in comparison.contrasts)),
        Column("difference", 2, signed=True),
        Column("for new images", whole=True),
        Column("for these images", whole=True),
        Column("verdict"),
    )
    rows = tuple(
        (c.arm, c.estimate, _between(c.new_images), _between(c.these_images), c.verdict) for c in comparison.contrasts
    )
    labels = {label for c in comparison.contrasts if (label := wording.new_images_label(c, comparison))}
    note = "; ".join(sorted(labels)) + (". They hold together." if several and labels else "")
    return Table(title, columns, rows, note)


def _between(interval: Interval | None) -> str:
    return ends(interval, 2) if interval and math.isfinite(interval.high - interval.low) else MISSING
