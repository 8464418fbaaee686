"""The forms in which tables, a comparison and its runs are written: Markdown, CSV, LaTeX, JSON and the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from augexp.analysis.schema import Comparison
from augexp.analysis.wording import MINUS, MISSING
from augexp.reporting import budgets, tables, wording
from augexp.reporting.declared import tables as declared_tables
from augexp.reporting.declared import words
from augexp.reporting.groups import tables as group_tables
from augexp.reporting.tables import Column, Table
from augexp.results.records import COLUMNS, RunRecord, csv_text

if TYPE_CHECKING:
    from rich.table import Table as RichTable


# -- a comparison --------------------------------------------------------------------------------


def to_markdown(comparison: Comparison) -> str:
    """Return title, sentences of record, warnings and all tables as Markdown."""
    escape = escape_markdown
    head = f"## {escape(wording.title(comparison))}\n"
    declared = [f"- {escape(text)}" for text in words.statements(comparison)]
    declared = [f"**{words.HEADING}**\n", *declared, ""] if declared else []
    sentences = [f"> {escape(contrast.sentence)}\n" for contrast in comparison.contrasts]
    by_groups = [escape(c.groups.sentence) + "\n" for c in comparison.contrasts if c.groups and c.groups.sentence]
    about_all = [f"{escape(text)}\n" for text in wording.about_all_arms(comparison)]
    warnings = [f"- {escape(text)}" for text in comparison.warnings]
    parts = [head, *declared, *sentences, *by_groups, *about_all, *([*warnings, ""] if warnings else [])]
    return "\n".join([*parts, *(markdown_table(table) for table in _tables(comparison))])


def _tables(comparison: Comparison) -> list[Table]:
    own = budgets.own_budgets(comparison)
    own = replace(own, note=f"{own.note} {budgets.horizon(comparison)}".replace("`", ""))
    equal = [budgets.equal_budgets(comparison, contrast) for contrast in comparison.contrasts]
    changed = [table for c in comparison.contrasts for table in declared_tables.changed_images(comparison, c)]
    runs = declared_tables.runs(comparison, wording.metric(comparison))
    return [
        *tables.all_tables(comparison, (own, *equal)),
        *(table for c in comparison.contrasts if (table := group_tables.gains(comparison, c)).rows),
        *changed,
        *[runs] * bool(runs.rows),
    ]


def to_csv(comparison: Comparison) -> str:
    """Return one row per contrast, numbers in full precision; what was declared is a column where there is any."""
    table = tables.contrasts(comparison)
    if comparison.declared:
        declared = " ".join((f"{words.HEADING}:", *words.statements(comparison)))
        columns = (*table.columns, Column("declared", key="declared"))
        table = replace(table, columns=columns, rows=tuple((*row, declared) for row in table.rows))
    return csv_table(table)


def to_latex(comparison: Comparison) -> str:
    """Return all tables for the package booktabs, below what was declared."""
    declared = escape_latex(" ".join(words.statements(comparison)))
    head = [rf"\noindent\textbf{{{words.HEADING}.}} {declared}", ""] if declared else []
    return "\n".join([*head, *(latex_table(table) for table in _tables(comparison))])


def to_json(comparison: Comparison) -> str:
    """Return the content of ``comparison.json``."""
    value = comparison.model_dump(mode="json")
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_schema() -> str:
    """Return the JSON schema of ``comparison.json``."""
    return json.dumps(Comparison.model_json_schema(mode="serialization"), indent=1, sort_keys=True) + "\n"


def declared_runs_csv(comparison: Comparison) -> str:
    """Return ``runs.csv`` of runs that somebody else trained: arm, seed and primary metric of each that counts."""
    return csv_table(declared_tables.runs(comparison, wording.metric(comparison)))


def runs_csv(records: Sequence[RunRecord]) -> str:
    """Return ``runs.csv``: one row per run and epoch, with arm, seed, status and the seconds of the epoch.

    Numbers are in full precision; `seconds` is empty where the times of a run are not known. It is the
    only column that differs between two equal runs.
    """
    rows: list[Sequence[object]] = [("arm", "seed", "status", *COLUMNS, "seconds")]
    for record in sorted(records, key=lambda r: (r.arm, r.seed)):
        times = [epoch.seconds for epoch in record.timing.epochs]
        columns = [record.epochs[name].tolist() for name in COLUMNS] if record.epochs else []
        for row, values in enumerate(zip(*columns, strict=True)):
            seconds = times[row] if row < len(times) else ""
            rows.append((record.arm, record.seed, record.status, *values, seconds))
    return csv_text(rows)


# -- a table ------------------------------------------------------------------------------------


def markdown_table(table: Table) -> str:
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


def csv_table(table: Table) -> str:
    """Return the table with machine-readable headings and numbers in full precision."""
    heads = [column.key or column.title for column in table.columns]
    return csv_text([heads, *table.rows])


_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
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


def latex_table(table: Table) -> str:
    """Return a ``table`` environment for the package booktabs."""
    align = "".join("r" if right else "l" for right in table.numeric())
    rows = [" & ".join(escape_latex(cell) for cell in row) + r" \\" for row in table.text_rows()]
    heads = " & ".join(escape_latex(column.title) for column in table.columns) + r" \\"
    caption = escape_latex(". ".join(part.rstrip(".") for part in (table.title, table.note) if part) + ".")
    begin = [r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\begin{{tabular}}{{{align}}}"]
    end = [r"\end{tabular}", r"\end{table}", ""]
    return "\n".join([*begin, r"\toprule", heads, r"\midrule", *rows, r"\bottomrule", *end])


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
