"""Tables of a comparison as values, and the forms they are written in.

A `Table` holds numbers, not text: each form (terminal, Markdown, LaTeX, HTML) formats them by the
column's digits, and CSV gives them in full precision. What stands in the tables is chosen in
`augexp.reporting.summary`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from augexp.analysis.wording import MINUS, MISSING, number

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column: its heading and how its numbers are written.

    Attributes:
        title: heading, with the unit.
        digits: decimals of the numbers; None for text and whole numbers.
        signed: write a plus sign before positive numbers.
        key: column name in CSV; the title where empty.
        whole: never break a cell over two lines in a terminal.
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


# -- forms ---------------------------------------------------------------------------------------


def to_markdown(table: Table) -> str:
    """Return a GitHub table under a heading of level 3."""
    heads = [escape_markdown(column.title) for column in table.columns]
    rule = ["---:" if right else "---" for right in table.numeric()]
    body = [[escape_markdown(text) for text in row] for row in table.text_rows()]
    lines = ["| " + " | ".join(row) + " |" for row in [heads, rule, *body]]
    note = [escape_markdown(table.note), ""] if table.note else []
    return "\n".join([f"### {escape_markdown(table.title)}", "", *lines, "", *note])


def escape_markdown(text: str) -> str:
    """Escape what Markdown would interpret."""
    for character in "\\`*_<>|[]#~":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())


def to_csv(table: Table) -> str:
    """Return the table with machine-readable headings and numbers in full precision."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.key or column.title for column in table.columns])
    for row in table.rows:
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
    return text.getvalue()


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    MINUS: r"$-$",
    MISSING: "--",
    "±": r"$\pm$",
    "σ": r"$\sigma$",
    "ρ": r"$\rho$",
    "Δ": r"$\Delta$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "→": r"$\rightarrow$",
}


def escape_latex(text: str) -> str:
    """Escape what LaTeX would interpret; other scripts pass through and need XeLaTeX or LuaLaTeX."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def to_latex(table: Table) -> str:
    """Return a ``table`` environment for the package booktabs."""
    align = "".join("r" if right else "l" for right in table.numeric())
    rows = [" & ".join(escape_latex(cell) for cell in row) + r" \\" for row in table.text_rows()]
    heads = " & ".join(escape_latex(column.title) for column in table.columns) + r" \\"
    caption = escape_latex(". ".join(part.rstrip(".") for part in (table.title, table.note) if part) + ".")
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{align}}}",
            r"\toprule",
            heads,
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def to_terminal(tables: Sequence[Table]) -> list[RichTable]:
    """Return one rich renderable per table; names are shown as they are, never read as markup."""
    from rich import box  # noqa: PLC0415 - only the command line draws in a terminal
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = []
    for table in tables:
        rich = RichTable(
            title=Text(table.title),
            caption=Text(table.note) if table.note else None,
            title_justify="left",
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        for column, right in zip(table.columns, table.numeric(), strict=True):
            side: Literal["left", "right"] = "right" if right else "left"
            rich.add_column(Text(column.title), justify=side, overflow="fold", no_wrap=column.whole)
        for row in table.text_rows():
            rich.add_row(*(Text(cell) for cell in row))
        drawn.append(rich)
    return drawn
