"""Collect the pieces of a table into runs, and check that these have the same images and labels.

Of each run and image, the predicted class, whether it is right, log loss, Brier score and confidence are kept: at most
37 bytes, and four for each of up to `MAX_RANKED` classes. The rows may come in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from augexp.analysis.measures.area import MAX_RANKED
from augexp.errors import DataError
from augexp.external.rows import Coded, Floats, Ints, Rows, TableLayout, check_correct, check_probabilities, name_at
from augexp.results import scores

MAX_NAME = 200
"""Letters of the name of an arm, an image or a class."""

Run = tuple[str, int]
"""Arm and seed; of cross-validated runs, arm and repeat."""


def run_name(run: Run, *, folded: bool) -> str:
    """Return the name of a run for messages; `folded` says that it is a repeat, as the table numbers it."""
    return f"{run[0]} {_unit(folded)} {run[1]}"


def _unit(folded: bool) -> str:
    return "repeat" if folded else "seed"


@dataclass(frozen=True)
class RunOutcome:
    """What is kept of one run, m images in the order of `Collected.images`.

    Attributes:
        correct: bool (m,).
        predicted: int32 (m,), place in `Collected.classes`; None where it is not known.
        log_loss, brier, confidence: float64 (m,); None without probabilities.
        fold: int32 (m,), of cross-validated runs, whose seeds are repeats.
        probabilities: float32 (m, C) of up to `MAX_RANKED` classes; None of more, and where there are none.
        other_than_argmax: images whose predicted class is not that of the highest probability.
    """

    correct: npt.NDArray[np.bool_]
    predicted: npt.NDArray[np.int32] | None
    log_loss: Floats | None
    brier: Floats | None
    confidence: Floats | None
    other_than_argmax: int = 0
    fold: npt.NDArray[np.int32] | None = None
    probabilities: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Collected:
    """All runs.

    Attributes:
        images: names of the m test images.
        labels: int64 (m,), place of the true class in `classes`.
        classes: names.
        clusters: int64 (m,), equal for images that count as one.
        groups: int64 (m,), place of each image's group in `group_names`; None where images are unrelated.
        group_names: of the groups.
        runs: by arm and seed.
        ignored: columns that were not read.
    """

    images: tuple[str, ...]
    labels: Ints
    classes: tuple[str, ...]
    clusters: Ints
    runs: dict[Run, RunOutcome]
    ignored: tuple[str, ...] = ()
    groups: Ints | None = None
    group_names: tuple[str, ...] = ()

    @property
    def has_probabilities(self) -> bool:
        """Whether losses and confidence are known."""
        return all(run.log_loss is not None for run in self.runs.values())

    @property
    def has_predicted(self) -> bool:
        """Whether predicted classes are known."""
        return all(run.predicted is not None for run in self.runs.values())

    def seeds(self, arm: str) -> list[int]:
        """Return the seeds of an arm, ascending."""
        return sorted(seed for name, seed in self.runs if name == arm)

    @property
    def arms(self) -> list[str]:
        """Names of the arms in alphabetical order."""
        return sorted({arm for arm, _ in self.runs})


@dataclass
class _Index:
    """Names and their places, in the order in which they came."""

    what: str
    places: dict[str, int] = field(default_factory=dict)

    def of(self, column: Coded, rows: Rows) -> Ints:
        """Return the place of each row's name, int64 (k,); raises DataError for one that is none."""
        for name in column.names:
            if name not in self.places:
                self._check(name, column, rows)
        own = np.array([self.places.setdefault(name, len(self.places)) for name in column.names], dtype=np.int64)
        places: Ints = own[column.codes]
        return places

    def _check(self, name: str, column: Coded, rows: Rows) -> None:
        if name.strip() and len(name) <= MAX_NAME and name.isprintable():
            return
        row = int(np.flatnonzero(column.codes == list(column.names).index(name))[0])
        shown = "nothing" if not name.strip() else repr(name[:40])
        raise DataError(
            f"{rows.place(row)}: {self.what}: received {shown}; allowed are 1 to {MAX_NAME} printable letters"
        )


@dataclass
class _Kept:
    """The pieces of one run as they come."""

    images: list[npt.NDArray[np.int32]] = field(default_factory=list)
    columns: dict[str, list[npt.NDArray[np.generic]]] = field(default_factory=dict)
    other: int = 0


class _Places:
    """One number for every image, which every run has to repeat; -1 where none is known yet."""

    def __init__(self) -> None:
        self.values = np.full(1024, -1, dtype=np.int64)

    def learn(self, images: Ints, values: Ints) -> Ints:
        """Take the values of images that have none yet; return the rows that contradict what is known."""
        highest = int(images.max()) + 1
        if highest > len(self.values):
            grown = np.full(max(highest, 2 * len(self.values)), -1, dtype=np.int64)
            grown[: len(self.values)] = self.values
            self.values = grown
        new = self.values[images] < 0
        self.values[images[new][::-1]] = values[new][::-1]  # of an image that comes twice, the first row counts
        return np.flatnonzero(self.values[images] != values)


class Collector:
    """Takes the pieces of one or of several tables, and gives the runs."""

    def __init__(self) -> None:
        self._arms, self._images = _Index("arm"), _Index("image")
        self._classes, self._labels = _Index("class"), _Places()
        self._folds = _Index("fold")
        self._joined = {name: (_Index(name), _Places()) for name in ("cluster", "group")}
        self._runs: dict[Run, _Kept] = {}
        self._seeds: dict[str, int] = {}
        self._layout: tuple[TableLayout, str] | None = None
        self._declared_classes: tuple[str, ...] = ()
        self._ignored: dict[str, None] = {}

    def add(self, layout: TableLayout, rows: Rows) -> None:
        """Take a piece.

        Raises:
            DataError: a row that is wrong, or that contradicts an earlier one.
        """
        self._check_layout(layout, rows)
        images = self._images.of(rows.image, rows)
        labels = self._class(rows.label, rows, "label")
        self._learn(images, labels, rows)
        kept = self._outcomes(rows, labels)
        if rows.fold is not None:
            kept["fold"] = self._folds.of(rows.fold, rows)
        for (arm, seed), mine in self._by_run(rows):
            run = self._runs.setdefault((arm, seed), _Kept())
            run.images.append(images[mine].astype(np.int32))
            for name, values in kept.items():
                run.columns.setdefault(name, []).append(values[mine])
            if "argmax" in kept and "predicted" in kept:
                run.other += int((kept["argmax"][mine] != kept["predicted"][mine]).sum())

    def finish(self) -> Collected:
        """Return the runs.

        Raises:
            DataError: there is none, a run lacks an image or has it twice, or there is one class alone.
        """
        if not self._runs:
            raise DataError("no rows: a table has one row for each run and test image")
        names, count = list(self._images.places), len(self._images.places)
        runs = {}
        for run, kept in self._runs.items():
            runs[run] = _whole(kept, names, count, run)
            kept.images.clear()
            kept.columns.clear()
        labels = self._labels.values[:count]
        classes, order = self._in_order(labels, runs)
        if len(np.unique(labels)) < 2:
            raise DataError(
                f"label: received the single class {classes[order[labels[0]]]!r}; test images of at least two are "
                "needed"
            )
        if order is not None:
            runs = {run: _renamed(outcome, order) for run, outcome in runs.items()}
        layout = self._layout[0] if self._layout else None
        clusters, groups = (places.values[:count].astype(np.int64) for _, places in self._joined.values())
        clusters = clusters if layout and layout.cluster else np.arange(count)
        collected = Collected(tuple(names), order[labels], classes, clusters, runs, tuple(self._ignored))
        if not (layout and layout.group):
            return collected
        return replace(collected, groups=groups, group_names=tuple(self._joined["group"][0].places))

    # -- what is checked -------------------------------------------------------------------------

    def _check_layout(self, layout: TableLayout, rows: Rows) -> None:
        self._ignored |= dict.fromkeys(layout.ignored)
        if rows.classes and self._declared_classes and rows.classes != self._declared_classes:
            raise DataError(
                f"{rows.where}: received the classes {', '.join(rows.classes[:8])}, in this order; the others have "
                f"{', '.join(self._declared_classes[:8])}: write the same ones in the same order into every file"
            )
        if rows.classes and not self._declared_classes:
            self._declared_classes = rows.classes
            self._classes.of(Coded(np.arange(len(rows.classes)), rows.classes), rows)
        if self._layout is None:
            self._layout = (layout, rows.where)
            return
        first, where = self._layout
        for name in ("classes", "predicted", "correct", "cluster", "group", "fold"):
            if bool(getattr(layout, name)) != bool(getattr(first, name)):
                has, lacks = (rows.where, where) if getattr(layout, name) else (where, rows.where)
                what = "probabilities" if name == "classes" else name
                raise DataError(f"{lacks}: has no {what}, which {has} has; write the same columns into every file")

    def _class(self, column: Coded, rows: Rows, what: str) -> Ints:
        if self._declared_classes:
            outside = [name for name in column.names if name not in self._classes.places]
            used = [name for name in outside if (column.codes == list(column.names).index(name)).any()]
            if used:
                row = int(np.flatnonzero(column.codes == list(column.names).index(used[0]))[0])
                raise DataError(
                    f"{rows.place(row)}: {what}: received {used[0]!r}, which is none of the classes "
                    f"{', '.join(self._declared_classes[:8])}; write labels as the classes are called"
                )
        return self._classes.of(column, rows)

    def _learn(self, images: Ints, labels: Ints, rows: Rows) -> None:
        wrong = self._labels.learn(images, labels)
        if len(wrong):
            names, row = list(self._classes.places), int(wrong[0])
            raise DataError(
                f"{rows.place(row)}: image {name_at(rows.image, row)!r} has the label {names[labels[row]]!r}, and in "
                f"an earlier row {names[self._labels.values[images[row]]]!r}; an image has one label in every run, and "
                "two images have two names, such as cat/1.jpg and dog/1.jpg"
            )
        for what, column in (("cluster", rows.cluster), ("group", rows.group)):
            if column is None:
                continue
            index, places = self._joined[what]
            wrong = places.learn(images, index.of(column, rows))
            if len(wrong):
                row = int(wrong[0])
                other = f"image {name_at(rows.image, row)!r} has another {what} than in an earlier row"
                raise DataError(f"{rows.place(row)}: {other}; an image has one {what} in every run")

    def _by_run(self, rows: Rows) -> Iterator[tuple[Run, npt.NDArray[np.intp] | slice]]:
        self._arms.of(rows.arm, rows)
        seeds = [self._seed(name, rows) for name in rows.seed.names]
        pairs = rows.arm.codes * len(seeds) + rows.seed.codes
        if len(pairs) and (pairs == pairs[0]).all():
            yield (rows.arm.names[int(rows.arm.codes[0])], seeds[int(rows.seed.codes[0])]), slice(None)
            return
        for pair in np.unique(pairs).tolist():
            arm, seed = divmod(pair, len(seeds))
            yield (rows.arm.names[arm], seeds[seed]), np.flatnonzero(pairs == pair)

    def _seed(self, name: str, rows: Rows) -> int:
        if name not in self._seeds:
            try:
                value = float(name)
                seed = int(name) if name.strip().isdigit() else int(value)
                if seed != value or not 0 <= seed < 2**63:
                    raise ValueError
            except (ValueError, OverflowError):
                row = int(np.flatnonzero(rows.seed.codes == list(rows.seed.names).index(name))[0])
                shown = repr(name) if name.strip() else "nothing"
                raise DataError(
                    f"{rows.place(row)}: seed: received {shown}; allowed are whole numbers from 0"
                ) from None
            self._seeds[name] = seed
        return self._seeds[name]

    # -- what is kept ----------------------------------------------------------------------------

    def _outcomes(self, rows: Rows, labels: Ints) -> dict[str, npt.NDArray[np.generic]]:
        kept: dict[str, npt.NDArray[np.generic]] = {}
        predicted = None
        if rows.predicted is not None:
            predicted = self._class(rows.predicted, rows, "predicted")
        if rows.probabilities is not None:
            check_probabilities(rows.probabilities, rows)
            highest = rows.probabilities.argmax(axis=1)
            kept["argmax"] = highest.astype(np.int32)
            predicted = highest if predicted is None else predicted
            kept["log_loss"] = scores.log_loss(rows.probabilities, labels)
            kept["brier"] = scores.brier(rows.probabilities, labels)
            kept["confidence"] = scores.confidence(rows.probabilities, predicted)
            if rows.probabilities.shape[1] <= MAX_RANKED:
                kept["probabilities"] = rows.probabilities.astype(np.float32)
        if predicted is not None:
            kept["predicted"] = predicted.astype(np.int32)
            kept["correct"] = predicted == labels
            check_correct(rows, kept["correct"])
        elif rows.correct is not None:
            kept["correct"] = rows.correct == 1
        return kept

    def _in_order(self, labels: Ints, runs: dict[Run, RunOutcome]) -> tuple[tuple[str, ...], Ints]:
        """Return the classes in the order of the report, and the place there of each as it was collected."""
        names = list(self._classes.places)
        if self._declared_classes:
            return tuple(names), np.arange(len(names))
        true = set(np.unique(labels).tolist())
        for run, outcome in runs.items():
            said = set(np.unique(outcome.predicted).tolist()) if outcome.predicted is not None else set()
            if said - true:
                name = run_name(run, folded=outcome.fold is not None)
                raise DataError(
                    f"{name}: predicted: received {names[min(said - true)]!r}, which is the label of no "
                    f"test image; labels are {', '.join(names[c] for c in sorted(true)[:8])}: write both in the same "
                    "way, or give one p_<class> for each class"
                )
        ordered = sorted(names, key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name))
        place = {name: index for index, name in enumerate(ordered)}
        return tuple(ordered), np.array([place[name] for name in names], dtype=np.int64)


def _whole(kept: _Kept, names: Sequence[str], count: int, run: Run) -> RunOutcome:
    """Put the pieces of a run together in the order of the images."""
    folded = "fold" in kept.columns
    name = run_name(run, folded=folded)
    images = np.concatenate(kept.images)
    order = np.argsort(images, kind="stable")
    images = images[order]
    twice = np.flatnonzero(images[1:] == images[:-1])
    if len(twice):
        raise DataError(
            f"{name}: image {names[images[twice[0]]]!r} is there {int((images == images[twice[0]]).sum())} times; an "
            f"image stands once in every run, and every run has its own arm and {_unit(folded)}"
        )
    if len(images) != count:
        missing = np.setdiff1d(np.arange(count), images)
        raise DataError(
            f"{name}: has {len(images):,} of the {count:,} test images, {names[missing[0]]!r} is missing; every run "
            "has to be tested on the same images"
        )
    columns = {name: np.concatenate(parts)[order] for name, parts in kept.columns.items()}
    return RunOutcome(
        columns["correct"].astype(np.bool_),
        columns["predicted"].astype(np.int32) if "predicted" in columns else None,
        columns["log_loss"].astype(np.float64) if "log_loss" in columns else None,
        columns["brier"].astype(np.float64) if "brier" in columns else None,
        columns["confidence"].astype(np.float64) if "confidence" in columns else None,
        kept.other,
        columns["fold"].astype(np.int32) if "fold" in columns else None,
        columns["probabilities"].astype(np.float32) if "probabilities" in columns else None,
    )


def _renamed(run: RunOutcome, order: Ints) -> RunOutcome:
    if run.predicted is None:
        return run
    return replace(run, predicted=order[run.predicted].astype(np.int32))
