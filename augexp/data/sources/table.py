"""Rows of a table of images: `.csv` and `.tsv` with headings, `.jsonl` with an object in each line; UTF-8.

One row is in memory at a time.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from augexp.errors import DataError

_SEPARATORS = ",;\t|"

_MAX_HEADING = 1 << 16

_Row = tuple[int, Mapping[str, str]]


def rows(path: Path, wanted: tuple[str, ...]) -> Iterator[_Row]:
    """Yield line, as people count, and cells of every row, without spaces around them; empty lines are left out.

    Args:
        path: of the table; the end of its name says which kind it is.
        wanted: columns by which the separator of a `.csv` is told.

    Raises:
        DataError: one line that names the file, and the row where it is one.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (_objects if path.suffix.lower() == ".jsonl" else _cells)(path, file, wanted)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: row {_line_of(path, error)}: is no text in UTF-8; save the table in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: cannot be read as a table ({error}); save it as CSV in UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a table that can") from None


def _line_of(path: Path, error: UnicodeDecodeError) -> int:
    """Return the line of the bytes that are no text: the error counts from the piece that was read last."""
    line = 0
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return line


def _cells(path: Path, file: TextIO, wanted: tuple[str, ...]) -> Iterator[_Row]:
    start = file.readline(_MAX_HEADING)
    file.seek(0)
    separators = "\t" if path.suffix.lower() == ".tsv" else _SEPARATORS
    reader = csv.reader(file, delimiter=_separator(start, separators, wanted), strict=True)
    names = [" ".join(name.split()) for name in next(reader, [])]
    if not any(names):
        raise DataError(f"{path}: is empty; the first line has to name the columns")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise DataError(f"{path}: received two columns {twice!r}; give each column a name of its own")
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise DataError(
                f"{path}: row {reader.line_num}: received {len(cells)} cells; the headings name {len(names)}, "
                f"{', '.join(names[:8])}; put a cell that holds the separator into quotes"
            )
        yield reader.line_num, {name: " ".join(cell.split()) for name, cell in zip(names, cells, strict=True)}


def _separator(heading: str, separators: str, wanted: tuple[str, ...]) -> str:
    """Return what parts the headings: with it the most of the wanted columns are there, and the most columns."""

    def found(separator: str) -> tuple[int, int]:
        try:
            names = [name.strip() for name in next(csv.reader([heading], delimiter=separator), [])]
        except csv.Error:
            return 0, 0
        return sum(name in wanted for name in names), len(names)

    return max(separators, key=found)


def _objects(path: Path, file: TextIO, wanted: tuple[str, ...]) -> Iterator[_Row]:
    del wanted
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: row {line}: is no JSON ({error}); each line has to be one object") from None
        if not isinstance(values, dict):
            raise DataError(f"{path}: row {line}: received {text.strip()[:40]!r}; each line has to be one object")
        yield line, {str(name): _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    """Return a value of JSON as a cell; empty for what is none, such as a list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return " ".join(str(value).split())
    return ""
