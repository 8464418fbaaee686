"""The rows of several comparisons, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.wording import ends
from augexp.reporting import wording
from augexp.reporting.declared import words as declared
from augexp.reporting.tables import Cell, Column, Table

NO_CLAIM = (
    "Every row is an answer of its own, about its own images, network and budget. The intervals do not hold "
    "together, and nothing is claimed across the rows."
)
"""What stands beside every overview."""


@dataclass(frozen=True)
class OverviewRow:
    """One contrast of one comparison."""

    comparison: Comparison
    contrast: Contrast

    @property
    def title(self) -> str:
        """Name of the comparison and of what is compared."""
        return f"{self.comparison.name}: {self.contrast.arm} − {self.comparison.baseline}"


def rows_of(comparisons: Sequence[Comparison]) -> list[OverviewRow]:
    """Return a row for every contrast, in the order of the comparisons."""
    return [OverviewRow(comparison, contrast) for comparison in comparisons for contrast in comparison.contrasts]


def table(rows: Sequence[OverviewRow]) -> Table:
    """Return one row for each contrast: gain with its interval, verdict, images, network, budget."""
    columns = (
        Column("comparison", key="comparison"),
        Column("arm", key="arm"),
        Column("against", key="baseline"),
        Column("difference (pp)", 1, signed=True, key="difference_pp"),
        Column("low", 1, signed=True, key="low_pp"),
        Column("high", 1, signed=True, key="high_pp"),
        Column("verdict", key="verdict"),
        Column("seeds", key="seeds"),
        Column("test images", key="test_images"),
        Column("images", key="images"),
        Column("network", key="network"),
        Column("budget", key="budget"),
        Column("metric", key="metric"),
        Column("interval", key="interval"),
    )
    return Table("Answers", columns, tuple(_cells(row) for row in rows), NO_CLAIM)


def narrow_tables(rows: Sequence[OverviewRow]) -> tuple[Table, Table]:
    """Return `table` in two parts that fit a page: what each answer is, and what it is about."""
    answers = (
        Column("comparison"),
        Column("difference (pp)", 1, signed=True),
        Column("interval", whole=True),
        Column("verdict"),
    )
    first = tuple((row.title, row.contrast.estimate, _between(row.contrast), row.contrast.verdict) for row in rows)
    about = ("comparison", "images", "network", "budget", "seeds", "test images", "interval")
    second = tuple(
        (
            *(_short_title(row), row.comparison.source, _network(row.comparison), _budget(row)),
            *(declared.seeds(row.contrast), row.comparison.test_images, label(row)),
        )
        for row in rows
    )
    return Table("Answers", answers, first), Table("What each is about", tuple(map(Column, about)), second)


def _short_title(row: OverviewRow) -> str:
    several = len(row.comparison.contrasts) > 1
    return f"{row.comparison.name}: {row.contrast.arm}" if several else row.comparison.name


def _between(contrast: Contrast) -> str | None:
    interval = contrast.new_images or contrast.these_images
    return ends(interval) if interval else None


def table_with_statements(rows: Sequence[OverviewRow]) -> Table:
    """As `table`, and what was declared and not verified in a last column, where there is any."""
    plain = table(rows)
    said = [" ".join(declared.statements(row.comparison)) for row in rows]
    if not any(said):
        return plain
    column = Column(declared.HEADING, key="declared")
    cells = tuple((*row, text) for row, text in zip(plain.rows, said, strict=True))
    return replace(plain, columns=(*plain.columns, column), rows=cells)


def _cells(row: OverviewRow) -> tuple[Cell, ...]:
    comparison, contrast = row.comparison, row.contrast
    interval = contrast.new_images or contrast.these_images
    both = (interval.low, interval.high) if interval else (None, None)
    return (
        *(comparison.name, contrast.arm, comparison.baseline, contrast.estimate, *both, contrast.verdict),
        *(declared.seeds(contrast), comparison.test_images, comparison.source),
        *(_network(comparison), _budget(row), wording.metric(comparison), label(row)),
    )


def label(row: OverviewRow) -> str:
    """Say what the interval of a row is; empty where there is none."""
    if row.contrast.new_images:
        return wording.new_images_label(row.contrast, row.comparison).partition(",")[0]
    return wording.these_images_label(row.contrast, row.comparison).partition(",")[0]


def _network(comparison: Comparison) -> str:
    if comparison.declared:
        return "trained elsewhere"
    return str(comparison.definition.get("training", {}).get("model", "not known"))


def _budget(row: OverviewRow) -> str:
    comparison = row.comparison
    if comparison.declared:
        return f"{comparison.declared.endpoint} epoch, as declared"
    own = {arm.name: arm.budget.typical for arm in comparison.arms if arm.budget}
    if own:
        names = (comparison.baseline, row.contrast.arm)
        return "own best: " + ", ".join(f"{name} {own[name]}" for name in names if name in own) + " epochs"
    epochs = comparison.definition.get("training", {}).get("epochs")
    return f"{epochs} epochs" if epochs else "not known"
