"""The answer at the width of a terminal: two tables that fit into 80 columns where names are short."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from augexp.analysis.schema import Comparison, Contrast, Interval
from augexp.analysis.wording import MISSING, ends
from augexp.reporting import wording
from augexp.reporting.tables import Cell, Column, Table, to_terminal

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_SHORT = 16
"""Letters of a name that leave room for the other columns; that of every built-in policy is shorter."""


def terminal(comparison: Comparison) -> list[RichTable]:
    """Return the tables of the terminal; the sentences of record are printed after them."""
    return to_terminal([table for table in (arms(comparison), contrasts(comparison)) if table.rows])


def arms(comparison: Comparison) -> Table:
    """One row per arm; diverged runs have a column only where there are some."""
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
    note = "gap: clean training images minus validation, at the last epoch"
    return Table(f"Arms on {wording.images(comparison)}", tuple(columns), tuple(rows), note)


def contrasts(comparison: Comparison) -> Table:
    """One row per contrast: difference, both intervals, verdict."""
    several = len(comparison.contrasts) > 1
    title = f"Paired differences from {comparison.baseline} in test {wording.metric(comparison)} (pp)"
    # A very long name is broken, so that the numbers beside it are not.
    columns = (
        Column("arm", whole=all(len(contrast.arm) <= _SHORT for contrast in comparison.contrasts)),
        Column("difference", 2, signed=True),
        Column("for new images", whole=True),
        Column("for these images", whole=True),
        Column("verdict"),
    )
    rows = tuple(_row(contrast) for contrast in comparison.contrasts)
    labels = {label for c in comparison.contrasts if (label := wording.new_images_label(c, comparison))}
    note = "; ".join(sorted(labels)) + (". They hold together." if several and labels else "")
    return Table(title, columns, rows, note)


def _row(contrast: Contrast) -> tuple[Cell, ...]:
    new, these = _ends(contrast.new_images), _ends(contrast.these_images)
    return (contrast.arm, contrast.estimate, new, these, contrast.verdict)


def _ends(interval: Interval | None) -> str:
    return ends(interval, 2) if interval and math.isfinite(interval.high - interval.low) else MISSING
