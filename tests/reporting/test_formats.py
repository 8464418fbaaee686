"""Tables say the same thing in every form, and no name in them can break out of it."""

from __future__ import annotations

import csv
import io
import math
import re

import pytest
from rich.console import Console

from augexp.analysis.wording import number
from augexp.reporting.formats import csv_table, escape_latex, latex_table, markdown_table, to_terminal
from augexp.reporting.tables import Column, Table

HOSTILE = "<script>alert('x')</script> | a_b & 50 % $x$ [bold]"
TABLE = Table(
    title="What happened",
    columns=(Column("arm", key="arm"), Column("gain (pp)", 1, signed=True, key="gain"), Column("images")),
    rows=((HOSTILE, 1.6180339887498949, 12000), ("bad", -0.25, 7), ("none", None, 0)),
    note="Higher is better.",
)


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (1.25, 1, True, "+1.2"),
        (-1.26, 1, True, "−1.3"),
        (0.04, 1, True, "0.0"),
        (-0.04, 1, False, "0.0"),
        (1234.5, 0, False, "1,234"),
        (math.inf, 1, True, "∞"),
        (-math.inf, 1, True, "−∞"),
        (math.nan, 1, True, "–"),
    ],
)
def test_numbers_are_written_for_people(value: float, digits: int, signed: bool, text: str) -> None:
    assert number(value, digits, signed=signed) == text


def test_csv_keeps_full_precision() -> None:
    rows = list(csv.reader(io.StringIO(csv_table(TABLE))))
    assert rows[0] == ["arm", "gain", "images"]
    assert rows[1][0] == HOSTILE
    assert float(rows[1][1]) == 1.6180339887498949
    assert rows[3] == ["none", "", "0"]


def test_markdown_has_one_cell_per_column() -> None:
    lines = markdown_table(TABLE).splitlines()
    assert lines[0] == "### What happened"
    body = [line for line in lines if line.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in body] == [4] * 5
    assert "<script>" not in markdown_table(TABLE).replace(r"\<", "")
    assert lines[3] == "| --- | ---: | ---: |"


def test_latex_escapes_every_special_character() -> None:
    text = latex_table(TABLE)
    row = next(line for line in text.splitlines() if "script" in line)
    assert r"a\_b \& 50 \% \$x\$" in row
    assert len(re.findall(r"(?<!\\)&", row)) == 2
    assert r"$-$0.2" in text
    assert escape_latex("\\{") == r"\textbackslash{}\{"


def test_terminal_shows_markup_as_it_is() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for renderable in to_terminal([TABLE]):
        console.print(renderable)
    text = console.export_text()
    assert "[bold]" in text
    assert "+1.6" in text
    assert "12,000" in text


def test_tiny_p_values_are_not_written_as_zero():
    column = Column("p", 4, least=0.001)
    assert [column.show(value) for value in (0.0, 0.00099, 0.001, 0.5)] == ["< 0.001", "< 0.001", "0.0010", "0.5000"]
