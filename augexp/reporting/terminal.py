"""The answer at the width of a terminal: two tables that fit into 80 columns where names are short."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from augexp.analysis.wording import MISSING, number
from augexp.reporting.digest import Contrast, Digest, Interval
from augexp.reporting.tables import Cell, Column, Table, to_terminal
from augexp.reporting.wording import digest

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from augexp.analysis.schema import Comparison

_SHORT = 16
"""Letters of a name that leave room for the other columns; that of every built-in policy is shorter."""


def terminal(comparison: Comparison) -> list[RichTable]:
    """Return the tables of the terminal; the sentences of record are printed after them."""
    shown = digest(comparison)
    found = [arms(shown), contrasts(shown)]
    return to_terminal([table for table in found if table.rows])


def together(comparison: Comparison) -> tuple[str, ...]:
    """Return what is said about all arms: a screening's ranking, which could be the best one, trends."""
    return digest(comparison).together


def arms(shown: Digest) -> Table:
    """One row per arm; diverged runs have a column only where there are some."""
    diverged = any(arm.diverged for arm in shown.arms)
    rows: list[tuple[Cell, ...]] = []
    for arm in shown.arms:
        row: tuple[Cell, ...] = (arm.name, arm.runs, arm.accuracy, arm.gap, arm.unique_images, arm.wall_seconds)
        rows.append((*row, arm.diverged) if diverged else row)
    columns = [
        Column("arm"),
        Column("runs"),
        Column(f"test {shown.metric} (%)", 2),
        Column("gap (pp)", 1, signed=True),
        Column("unique images"),
        Column("s per run", 1),
    ]
    if diverged:
        columns.append(Column("diverged"))
    note = "gap: clean training images minus validation, at the last epoch"
    return Table(f"Arms on {shown.images}", tuple(columns), tuple(rows), note)


def contrasts(shown: Digest) -> Table:
    """One row per contrast: difference, both intervals, verdict."""
    several = len(shown.contrasts) > 1
    title = f"Paired differences from {shown.baseline} in test {shown.metric} (pp)"
    # A very long name is broken, so that the numbers beside it are not.
    columns = (
        Column("arm", whole=all(len(contrast.arm) <= _SHORT for contrast in shown.contrasts)),
        Column("difference", 2, signed=True),
        Column("for new images", whole=True),
        Column("for these images", whole=True),
        Column("verdict"),
    )
    rows = tuple(_row(contrast) for contrast in shown.contrasts)
    labels = {contrast.wide_label for contrast in shown.contrasts if contrast.wide_label}
    note = "; ".join(sorted(labels)) + (". They hold together." if several and labels else "")
    return Table(title, columns, rows, note)


def _row(contrast: Contrast) -> tuple[Cell, ...]:
    return (contrast.arm, contrast.estimate, _ends(contrast.wide), _ends(contrast.narrow), contrast.words)


def _ends(interval: Interval | None) -> str:
    if interval is None or not all(map(math.isfinite, interval)):
        return MISSING
    return " to ".join(number(end, 2, signed=True) for end in interval)
