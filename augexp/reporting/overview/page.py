"""The page of several comparisons, and the other forms."""

from __future__ import annotations

from collections.abc import Sequence

from augexp.analysis.schema import Comparison
from augexp.errors import AnalysisError
from augexp.reporting import blocks, formats, write
from augexp.reporting.declared import words as declared
from augexp.reporting.overview import chart
from augexp.reporting.overview.rows import NO_CLAIM, OverviewRow, narrow_tables, rows_of, table, table_with_statements
from augexp.version import __version__

TITLE = "Overview of comparisons"


def render(comparisons: Sequence[Comparison], form: str) -> str:
    """Return several comparisons as `html`, `md` or `csv`.

    Raises:
        AnalysisError: another form.
    """
    rows = rows_of(comparisons)
    if form == "csv":
        return formats.csv_table(table_with_statements(rows))
    said = _declared(comparisons)
    if form == "md":
        head = (
            [f"**{declared.HEADING}**\n", *(f"- {formats.escape_markdown(text)}" for text in said), ""] if said else []
        )
        return "\n".join([f"## {TITLE}\n", *head, formats.markdown_table(table(rows))])
    if form != "html":
        raise AnalysisError(f"format: received {form!r}; allowed are html, md, csv")
    return write.lay_out(_page(comparisons, rows))


def _page(comparisons: Sequence[Comparison], rows: Sequence[OverviewRow]) -> blocks.Page:
    picture = chart.OverviewChart(rows)
    figure = blocks.Figure(chart.to_svg(picture), picture.caption, picture.note, picture.legend)
    sentences = blocks.Items("", tuple(f"{row.comparison.name}: {row.contrast.sentence}" for row in rows))
    sections = (
        blocks.Section("All intervals", "intervals", (figure, blocks.Prose((NO_CLAIM,)))),
        blocks.Section("Answers", "answers", tuple(blocks.Tabular(part) for part in narrow_tables(rows))),
        blocks.Section("Sentences of record", "sentences", (sentences,)),
        *_warnings(comparisons),
    )
    return blocks.Page(
        title=TITLE,
        kicker=f"{len(comparisons)} comparisons, {len(rows)} answers",
        verdicts=(),
        warnings=(),
        sections=sections,
        footer=f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else.",
        declared=_declared(comparisons),
    )


def _declared(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    return tuple(f"{c.name}: {' '.join(declared.statements(c))}" for c in comparisons if c.declared)


def _warnings(comparisons: Sequence[Comparison]) -> tuple[blocks.Section, ...]:
    lists = tuple(blocks.Items(c.name, c.warnings) for c in comparisons if c.warnings)
    return (blocks.Section("Read this with it", "warnings", lists),) if lists else ()
