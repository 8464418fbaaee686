"""A table in a `.parquet` file, read piece by piece; needs the library pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from augexp.errors import DataError
from augexp.external.arrays import name_of
from augexp.external.folds import named
from augexp.external.rows import (
    KEYS,
    PREFIX,
    Coded,
    Rows,
    TableLayout,
    check_columns,
    constant,
    numbers,
    zeros_and_ones,
)

PIECE = 65_536
"""Rows that are read at a time."""


def read_with_layout(path: Path, known: Mapping[str, str]) -> Iterator[tuple[TableLayout, Rows]]:
    """Yield the rows of a file, each piece with the columns of the file; for the rest see `text_table.read`."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - not needed for anything else
    except ImportError:
        raise DataError(
            f"{path}: the library pyarrow is needed for .parquet and is not installed; pip install pyarrow, or save "
            "the table as .csv"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            originals = list(file.schema_arrow.names)
            names = named(originals, str(path))
            layout = check_columns(names, str(path), tuple(known))
            pairs = zip(originals, names, strict=True)
            read = {old: new for old, new in pairs if new not in layout.ignored and new not in known}
            line = 1
            for batch in file.iter_batches(batch_size=PIECE, columns=list(read)):
                if batch.num_rows:
                    renamed = batch.rename_columns([read[name] for name in batch.schema.names])
                    yield layout, _piece(str(path), line, renamed, layout, known)
                line += batch.num_rows
    except (ArrowException, OSError) as error:
        line_of_error = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: cannot be read ({line_of_error}); write the file anew, or save it as .csv") from None


def _piece(where: str, line: int, batch: Any, layout: TableLayout, known: Mapping[str, str]) -> Rows:
    count = batch.num_rows
    arm, seed, image, label = (
        constant(known[name], count) if name in known else _names(batch.column(name)) for name in KEYS
    )
    rows = Rows(where, line, arm, seed, image, label)
    probabilities = None
    if layout.classes:
        probabilities = np.empty((count, len(layout.classes)))
        for place, name in enumerate(layout.classes):
            values = batch.column(PREFIX + name).to_numpy(zero_copy_only=False)
            plain = values if values.dtype.kind in "fiu" else values.tolist()
            probabilities[:, place] = numbers(plain, PREFIX + name, rows)
    return replace(
        rows,
        predicted=_names(batch.column("predicted")) if layout.predicted else None,
        correct=zeros_and_ones(batch.column("correct").to_pylist(), rows) if layout.correct else None,
        cluster=_names(batch.column("cluster")) if layout.cluster else None,
        group=_names(batch.column("group")) if layout.group else None,
        fold=_names(batch.column("fold")) if layout.fold else None,
        probabilities=probabilities,
        classes=layout.classes,
    )


def _names(column: Any) -> Coded:
    """Return a column as names, each different value turned into text once."""
    from pyarrow import DictionaryArray  # noqa: PLC0415 - not needed for anything else

    coded = column if isinstance(column, DictionaryArray) else column.dictionary_encode()
    names = [name_of(value) for value in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy(zero_copy_only=False)
    if coded.null_count:
        codes = np.where(np.isnan(codes.astype(np.float64)), len(names), codes)
        names.append("")
    return Coded(codes.astype(np.int64), names)
