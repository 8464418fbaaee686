"""Cross-validated runs that somebody else trained: rows say fold and repeat, and a repeat has the place of a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from augexp.analysis.folds.variance import folded
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.statistics import Crossed, Floats, Ints
from augexp.errors import DataError, DefinitionError
from augexp.experiment.folds import MAX_FOLDS, MIN_FOLDS
from augexp.external.collector import Collected

FOLD, REPEAT, SEED = "fold", "repeat", "seed"

OF_THE_FIT = "seed of the fit"
"""What a column of seeds is called where repeats take its place; it is not read."""


def named(names: Sequence[str], where: str) -> list[str]:
    """Return the names of columns as they are read: with folds, the column of repeats is that of the seeds.

    Raises:
        DataError: one of the two columns is there alone.
    """
    for name, other in ((FOLD, REPEAT), (REPEAT, FOLD)):
        if name in names and other not in names:
            raise DataError(
                f"{where}: received a column {name!r} without {other!r}; cross-validated runs need both, the fold in "
                "which an image was tested and the repeat of the whole cross-validation; else leave the column out"
            )
    return [{SEED: OF_THE_FIT, REPEAT: SEED}.get(name, name) if REPEAT in names else name for name in names]


@dataclass(frozen=True)
class JudgedRepeats(PairedRuns):
    """Cross-validated runs: every row has an outcome for every image, and `seeds` are repeats.

    Attributes:
        size: K.
        folds_of: the fold of every image by repeat, int64 (images,).
    """

    size: int = 1
    folds_of: dict[int, Ints] = field(default_factory=dict)

    @property
    def folds(self) -> int:
        """K."""
        return self.size

    @cached_property
    def fold(self) -> Ints:
        """The fold of every column of D in every repeat, int64 (R, m)."""
        own = np.empty((len(self.seeds), len(self.columns)), dtype=np.int64)
        for row, seed in enumerate(self.seeds):
            own[row, self.columns.group] = self.folds_of[seed]
        return own

    def decompose(self, matrix: Floats, *, weights: Floats | None = None, columns: Ints | None = None) -> Crossed:
        """Take a matrix of differences apart, float64 (R, k); for the rest see `grouping`."""
        fold = self.fold if columns is None else self.fold[:, columns]
        return folded(matrix, fold, self.size, self.grouping(weights, columns))


def check(collected: Collected, design: str | None) -> tuple[int, dict[int, Ints]]:
    """Return the number of folds and the fold of every image by repeat; 1 and nothing without folds.

    Raises:
        DefinitionError: seeds that are no pairs.
        DataError: arms with other folds, a repeat with other numbers of folds, a cluster or a group in two folds.
    """
    by_repeat: dict[int, Ints] = {}
    for (arm, repeat), run in sorted(collected.runs.items()):
        if run.fold is None:
            return 1, {}
        known = by_repeat.setdefault(repeat, run.fold.astype(np.int64))
        wrong = np.flatnonzero(known != run.fold)
        if len(wrong):
            raise DataError(
                f"fold: in repeat {repeat}, image {collected.images[int(wrong[0])]!r} of {arm!r} is in another fold "
                "than in another arm; all arms need the same folds"
            )
    if design == "independent":
        raise DefinitionError(
            "design: received 'independent' with a column 'fold'; the folds are the same in all arms, so the fits are "
            "pairs: say --paired"
        )
    sizes = {repeat: len(np.unique(fold)) for repeat, fold in by_repeat.items()}
    folds = max(sizes.values())
    if min(sizes.values()) != folds or not MIN_FOLDS <= folds <= MAX_FOLDS:
        repeat = min(sizes, key=sizes.__getitem__)
        raise DataError(
            f"fold: received {sizes[repeat]} folds in repeat {repeat} and {folds} in another; every repeat has the "
            f"same number of folds, {MIN_FOLDS} to {MAX_FOLDS}"
        )
    for repeat, fold in by_repeat.items():
        for what, numbers in (("cluster", collected.clusters), ("group", collected.groups)):
            if numbers is not None:
                _check_whole(collected, repeat, fold, numbers, what)
    return folds, {repeat: np.unique(fold, return_inverse=True)[1].reshape(-1) for repeat, fold in by_repeat.items()}


def _check_whole(collected: Collected, repeat: int, fold: Ints, numbers: Ints, what: str) -> None:
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    torn = np.flatnonzero(fold != fold[first][inverse.reshape(-1)])
    if len(torn):
        raise DataError(
            f"fold: in repeat {repeat}, image {collected.images[int(torn[0])]!r} is in another fold than one of "
            f"its {what}; images that belong together have to be in one fold, or the test images are not new"
        )
