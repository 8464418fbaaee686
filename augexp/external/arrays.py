"""Outcomes in memory: a pandas data frame, or a mapping of arrays, with the columns of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from augexp.errors import DataError
from augexp.external.folds import named
from augexp.external.rows import (
    KEYS,
    PREFIX,
    Coded,
    Rows,
    TableLayout,
    check_columns,
    code,
    constant,
    numbers,
    zeros_and_ones,
)

PIECE = 65_536
"""Rows that are looked at at a time."""


def read_with_layout(
    table: Any, where: str, known: Mapping[str, str] | None = None
) -> Iterator[tuple[TableLayout, Rows]]:
    """Yield the rows of a table in memory, each piece with its columns.

    Args:
        table: a mapping of column names to arrays of equal length, or what has `columns` and gives a column by its
            name, like a data frame.
        where: what errors call it.
        known: arm and seed where they are no columns.

    Raises:
        DataError: one line that names the row.
    """
    names = [str(name) for name in (table if isinstance(table, Mapping) else table.columns)]
    read = dict(zip(named(names, where), names, strict=True))
    layout = check_columns(list(read) if len(read) == len(names) else names, where, tuple(known or ()))
    columns = {name: np.asarray(table[original]) for name, original in read.items() if name not in layout.ignored}
    counts = {name: len(column) if column.ndim else -1 for name, column in columns.items()}
    for name, column in columns.items():
        if column.ndim != 1 or len(column) != len(next(iter(columns.values()))):
            raise DataError(
                f"{where}: column {name!r}: received an array of shape {column.shape}; every column has one value for "
                f"each row, like {dict(list(counts.items())[:3])}"
            )
    total = len(next(iter(columns.values()), ()))
    for start in range(0, total, PIECE):
        part = {name: column[start : start + PIECE] for name, column in columns.items()}
        yield layout, piece(part, layout, where, start + 1, known or {})


def piece(columns: Mapping[str, Any], layout: TableLayout, where: str, line: int, known: Mapping[str, str]) -> Rows:
    """Return rows of arrays of equal length; for the arguments see `Rows` and `read_with_layout`."""
    count = len(next(iter(columns.values())))
    arm, seed, image, label = (
        constant(known[name], count) if name in known else column_of_names(columns[name]) for name in KEYS
    )
    rows = Rows(where, line, arm, seed, image, label)
    probabilities = None
    if layout.classes:
        probabilities = np.empty((count, len(layout.classes)))
        for place, name in enumerate(layout.classes):
            values = columns[PREFIX + name]
            plain = values if values.dtype.kind in "fiu" else values.tolist()
            probabilities[:, place] = numbers(plain, PREFIX + name, rows)
    return replace(
        rows,
        predicted=column_of_names(columns["predicted"]) if layout.predicted else None,
        correct=zeros_and_ones(columns["correct"].tolist(), rows) if layout.correct else None,
        cluster=column_of_names(columns["cluster"]) if layout.cluster else None,
        group=column_of_names(columns["group"]) if layout.group else None,
        fold=column_of_names(columns["fold"]) if layout.fold else None,
        probabilities=probabilities,
        classes=layout.classes,
    )


def column_of_names(values: Any) -> Coded:
    """Return an array (k,) as names; whole numbers are written without decimals, what is missing is empty."""
    if values.dtype.kind in "iub":
        different, codes = np.unique(values, return_inverse=True)
        return Coded(codes.reshape(-1).astype(np.int64), [str(value) for value in different.tolist()])
    return code([name_of(value) for value in values.tolist()])


def name_of(value: object) -> str:
    """Write a cell as a name."""
    if value is None or value != value:  # noqa: PLR0124 - NaN and pandas' NA are missing
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def names_of(values: Any, classes: Sequence[str]) -> Coded:
    """Return class numbers int (k,) as names where `classes` has them; anything else as `column_of_names`."""
    if classes and values.dtype.kind in "iu":
        return Coded(values.astype(np.int64), list(classes))
    return column_of_names(values)
