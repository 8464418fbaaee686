"""A piece of a table, and how its columns are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.errors import DataError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

KEYS = ("arm", "seed", "image", "label")
"""Columns that every table has."""

OPTIONAL = ("predicted", "correct", "cluster", "group", "fold")
"""Columns that a table may have."""

PREFIX = "p_"
"""What the name of a column of probabilities begins with; the class follows."""

SUM = 0.01
"""How far the probabilities of an image may sum up to something else than one, for rounding."""

EDGE = 1e-6
"""How far a probability may lie outside [0, 1], for arithmetic in single precision."""

PIECE = 16_384
"""Rows that are read at a time."""


@dataclass(frozen=True)
class Coded:
    """A column of names.

    Attributes:
        codes: int64 (k,), place of each row's name in `names`.
        names: different ones.
    """

    codes: Ints
    names: Sequence[str]


@dataclass(frozen=True)
class TableLayout:
    """Which columns a table has.

    Attributes:
        classes: of the columns of probabilities, in their order; empty without.
        predicted, correct, cluster, group, fold: whether there is such a column.
        ignored: columns that mean nothing here.
    """

    classes: tuple[str, ...]
    predicted: bool
    correct: bool
    cluster: bool = False
    group: bool = False
    ignored: tuple[str, ...] = ()
    fold: bool = False


@dataclass(frozen=True)
class Rows:
    """A piece of a table of k rows.

    Attributes:
        where: file or what else holds it, for errors.
        line: number of the first row in `where`, as people count.
        arm, seed, image, label: of each row.
        predicted: class that the network said; None where it is not known.
        probabilities: float64 (k, C) in the order of `classes`; None where they are not known.
        classes: of the probabilities; may be empty.
        correct: int64 (k,), 0 or 1; None where it follows from the others.
        cluster: images with the same one count as one; None where every image counts.
        group: what the images belong to (patient, camera); None where they are unrelated.
        fold: in which an image was tested, of cross-validated runs, whose seeds are repeats.
    """

    where: str
    line: int
    arm: Coded
    seed: Coded
    image: Coded
    label: Coded
    predicted: Coded | None = None
    probabilities: Floats | None = None
    classes: tuple[str, ...] = ()
    correct: Ints | None = None
    cluster: Coded | None = None
    group: Coded | None = None
    fold: Coded | None = None

    def place(self, row: int) -> str:
        """Name a row for an error."""
        return f"{self.where}: row {self.line + row}"


def code(values: Sequence[str]) -> Coded:
    """Return a column of names with each name once."""
    index = {name: place for place, name in enumerate(dict.fromkeys(values))}
    if len(index) == 1:
        return constant(values[0], len(values))
    return Coded(np.fromiter(map(index.__getitem__, values), dtype=np.int64, count=len(values)), list(index))


def constant(name: str, count: int) -> Coded:
    """Return a column of `count` rows that all have the same name."""
    return Coded(np.zeros(count, dtype=np.int64), [name])


def check_columns(names: Sequence[str], where: str, known: Sequence[str] = ()) -> TableLayout:
    """Find out what the columns of a table are.

    Args:
        names: of the columns.
        where: what an error names.
        known: of `KEYS`, those that are known without a column.

    Raises:
        DataError: a column is missing, or twice there.
    """
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{where}: received two columns {twice[0]!r}; give each column a name of its own")
    missing = [name for name in KEYS if name not in names and name not in known]
    if missing:
        shown = ", ".join(names[:12]) or "none"
        raise DataError(
            f"{where}: the column {missing[0]!r} is missing; received {shown}; needed are {', '.join(KEYS)}, and "
            "predicted, correct or one p_<class> for each class"
        )
    classes = tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    if len(classes) == 1:
        raise DataError(
            f"{where}: received the probabilities of one class alone (p_{classes[0]}); give one p_<class> for each "
            "class, also with two classes, or give predicted"
        )
    layout = TableLayout(
        classes,
        "predicted" in names,
        "correct" in names,
        "cluster" in names,
        "group" in names,
        tuple(n for n in names if n not in (*KEYS, *OPTIONAL) and not n.startswith(PREFIX)),
        "fold" in names,
    )
    if not (layout.classes or layout.predicted or layout.correct):
        raise DataError(
            f"{where}: nothing says what the networks predicted; give a column predicted, or correct, or one p_<class> "
            "for each class"
        )
    return layout


def numbers(values: Sequence[Any] | npt.NDArray[np.generic], name: str, rows_of: Rows) -> Floats:
    """Return a column as float64 (k,); raises DataError that names the first row that is no number."""
    try:
        if isinstance(values, np.ndarray):
            return values.astype(np.float64)
        return np.fromiter(map(float, values), dtype=np.float64, count=len(values))
    except (ValueError, TypeError):
        for row, value in enumerate(values):
            try:
                float(value)
            except (ValueError, TypeError):
                raise DataError(
                    f"{rows_of.place(row)}: {name}: received {value!r}; allowed are numbers with a decimal point"
                ) from None
        raise


def zeros_and_ones(values: Sequence[object], rows_of: Rows) -> Ints:
    """Return a column `correct` as int64 (k,); raises DataError that names the first row that is neither."""
    words = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
    coded = code([str(value).strip().lower() for value in values])
    wrong = [place for place, name in enumerate(coded.names) if name not in words]
    if wrong:
        row = int(np.flatnonzero(coded.codes == wrong[0])[0])
        raise DataError(f"{rows_of.place(row)}: correct: received {values[row]!r}; allowed are 0 and 1, true and false")
    return np.array([words[name] for name in coded.names], dtype=np.int64)[coded.codes]


def name_at(column: Coded, row: int) -> str:
    """Return the name in a row of a column."""
    return column.names[int(column.codes[row])]


def check_probabilities(values: Floats, rows: Rows) -> None:
    """Raise DataError where an image has a number that is no probability, or a sum that is not 1."""
    bad = ~(np.isfinite(values) & (values >= -EDGE) & (values <= 1 + EDGE))
    if bad.any():
        row, place = (int(i) for i in np.argwhere(bad)[0])
        value = float(values[row, place])
        hint = "" if np.isnan(value) else "; are these logits or percent? take the softmax first, or divide by 100"
        raise DataError(
            f"{rows.place(row)}: p_{rows.classes[place]}: received {value:g}, which is no probability{hint}"
        )
    sums = values.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > SUM)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{rows.place(row)}: the probabilities sum up to {sums[row]:.4g}; they have to sum up to 1: give every "
            "class a column, and take the softmax of logits first"
        )


def check_correct(rows: Rows, correct: npt.NDArray[np.generic]) -> None:
    """Raise DataError where the column `correct` contradicts labels and predictions."""
    if rows.correct is None:
        return
    wrong = np.flatnonzero(rows.correct != correct)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{rows.place(row)}: correct: received {rows.correct[row]}, but the label is {name_at(rows.label, row)!r} "
            f"and the prediction says {'the same' if correct[row] else 'another class'}; leave the column out, or "
            "mend it"
        )
