"""A table in a `.csv` or `.tsv` file, read piece by piece."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from augexp.errors import DataError
from augexp.external.folds import named
from augexp.external.rows import (
    KEYS,
    PIECE,
    PREFIX,
    Rows,
    TableLayout,
    check_columns,
    code,
    constant,
    numbers,
    zeros_and_ones,
)

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""What stands between two cells, by the end of a file's name."""


def read(path: Path, known: Mapping[str, str]) -> Iterator[Rows]:
    """Yield the rows of a file.

    Args:
        path: UTF-8, with a line of headings.
        known: arm and seed where they follow from the file's place; a column of the same name is not read.

    Raises:
        DataError: one line that names the file and the row.
    """
    for _, rows in read_with_layout(path, known):
        yield rows


def read_with_layout(path: Path, known: Mapping[str, str]) -> Iterator[tuple[TableLayout, Rows]]:
    """As `read`, each piece with the columns of the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=SEPARATORS[path.suffix.lower()])
            names = [name.strip() for name in next(reader, [])]
            if not names:
                raise DataError(f"{path}: is empty; the first line has to name the columns")
            names = named(names, str(path))
            layout = check_columns(names, str(path), tuple(known))
            line = reader.line_num + 1
            while lines := list(islice(reader, PIECE)):
                cells = [row for row in lines if row]
                if cells:
                    yield layout, _piece(str(path), line, names, cells, known, layout)
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 (byte {error.start}); save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: cannot be read as a table ({error}); save it as CSV in UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a file that can") from None


def _piece(
    where: str, line: int, names: Sequence[str], cells: list[list[str]], known: Mapping[str, str], layout: TableLayout
) -> Rows:
    width = len(names)
    if set(map(len, cells)) != {width}:
        row = next(place for place, values in enumerate(cells) if len(values) != width)
        raise DataError(
            f"{where}: row {line + row}: received {len(cells[row])} cells; the headings name {width}, "
            f"{', '.join(names[:8])}"
        )
    columns = dict(zip(names, zip(*cells, strict=True), strict=True))
    count = len(cells)
    arm, seed, image, label = (constant(known[name], count) if name in known else code(columns[name]) for name in KEYS)
    rows = Rows(where, line, arm, seed, image, label)
    probabilities = None
    if layout.classes:
        probabilities = np.empty((count, len(layout.classes)))
        for place, name in enumerate(layout.classes):
            probabilities[:, place] = numbers(columns[PREFIX + name], PREFIX + name, rows)
    return replace(
        rows,
        predicted=code(columns["predicted"]) if layout.predicted else None,
        correct=zeros_and_ones(columns["correct"], rows) if layout.correct else None,
        cluster=code(columns["cluster"]) if layout.cluster else None,
        group=code(columns["group"]) if layout.group else None,
        fold=code(columns["fold"]) if layout.fold else None,
        probabilities=probabilities,
        classes=layout.classes,
    )
