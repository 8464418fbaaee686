"""The fits of a comparison, put together into one outcome for every image and repeat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from augexp.analysis.folds.variance import folded
from augexp.analysis.paired_runs import BUDGET, PairedRuns, pair_runs
from augexp.analysis.statistics import Crossed, Floats, Ints
from augexp.data.groups import name_hash
from augexp.errors import AnalysisError
from augexp.experiment.definition import Experiment
from augexp.experiment.nouns import run_name
from augexp.results.predictions import Predictions
from augexp.results.records import RunRecord

BY_SIZE = ("steps", "images_seen")
"""Fields of a budget that follow from the number of training images, which differs from fold to fold by a few."""


@dataclass(frozen=True)
class FoldedRuns(PairedRuns):
    """The fits of whole repeats: `seeds` and `records` are those of single fits, everything else is about repeats.

    Attributes:
        size: K.
    """

    size: int = 1

    @property
    def folds(self) -> int:
        """K."""
        return self.size

    @cached_property
    def repeats(self) -> tuple[int, ...]:
        """Numbers of the repeats, ascending."""
        return tuple(sorted({seed // self.size for seed in self.seeds}))

    def blocks_of(self, arm: str) -> tuple[int, ...]:
        """Return the repeats."""
        del arm
        return self.repeats

    @cached_property
    def _together(self) -> dict[str, list[Predictions]]:
        return {}

    def run_name(self, record: RunRecord) -> str:
        """Return the name of a fit for messages."""
        return run_name(record.arm, record.seed, self.size)

    def predictions(self, arm: str) -> list[Predictions]:
        """Return the out-of-fold predictions of an arm for all images, in the order of `repeats`."""
        if arm not in self._together:
            self._together[arm] = [together(self._fits(arm, repeat))[0] for repeat in self.repeats]
        return self._together[arm]

    @cached_property
    def first(self) -> Predictions:
        """Predictions of the first repeat of any arm, for what is equal in all of them."""
        return together(self._fits(self.arms[0], self.repeats[0]))[0]

    @cached_property
    def fold(self) -> Ints:
        """The fold of every column of D in every repeat, int64 (R, m)."""
        own = np.empty((len(self.repeats), len(self.columns)), dtype=np.int64)
        for row, repeat in enumerate(self.repeats):
            predictions, fold = together(self._fits(self.arms[0], repeat))
            if not np.array_equal(predictions.ids, self.first.ids):
                raise AnalysisError(
                    f"repeat {repeat + 1}: its folds have other images than repeat {self.repeats[0] + 1}; "
                    "delete the runs that were made on other images, and repeat augexp compare"
                )
            own[row, self.columns.group] = fold
        return own

    def decompose(self, matrix: Floats, *, weights: Floats | None = None, columns: Ints | None = None) -> Crossed:
        """Take a matrix of differences apart, float64 (R, k); for the rest see `grouping`."""
        fold = self.fold if columns is None else self.fold[:, columns]
        return folded(matrix, fold, self.size, self.grouping(weights, columns))

    def correct_at(self, arm: str, epochs: int) -> Floats:
        """Return what an arm got right after a milestone, float64 (R, m) in [0, 1]."""
        rows = []
        for repeat in self.repeats:
            fits = [(self.whole or self.records)[arm, seed] for seed in self._seeds(repeat)]
            right = [fit.milestones()[epochs].predicted == fit.predictions().labels for fit in fits]
            rows.append(np.concatenate(right)[order_of([fit.predictions() for fit in fits])])
        return self.columns.collapse(np.stack(rows))

    def to_be_equal(self) -> Iterator[tuple[RunRecord, RunRecord, Collection[str], bool]]:
        """Yield the fits of one fold, which have the same budget and images, and then those of different folds."""
        first = self.records[self.arms[0], self.seeds[0]]
        for seed in self.seeds:
            own = self.records[self.arms[0], seed]
            yield from ((own, self.records[arm, seed], BUDGET, True) for arm in self.arms[1:])
            yield first, own, [name for name in BUDGET if name not in BY_SIZE], False

    def _seeds(self, repeat: int) -> range:
        return range(repeat * self.size, (repeat + 1) * self.size)

    def _fits(self, arm: str, repeat: int) -> list[Predictions]:
        return [self.records[arm, seed].predictions() for seed in self._seeds(repeat)]


def together(fits: Sequence[Predictions]) -> tuple[Predictions, Ints]:
    """Put the test sets of the K fits of a repeat together, in the order of the store.

    Returns:
        Predictions of all m images, and the fold of each, int64 (m,).

    Raises:
        AnalysisError: two fits were tested on the same image.
    """
    order = order_of(fits)
    fold = np.repeat(np.arange(len(fits)), [len(fit.labels) for fit in fits])[order]
    names = ("labels", "predicted", "correct", "probabilities", "ids", "clusters")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(fit, name) for fit in fits])[order] for name in names}
    if fits[0].groups is not None:
        arrays["groups"] = np.concatenate([fit.groups for fit in fits if fit.groups is not None])[order]
        arrays["group_names"] = tuple(sorted({name for fit in fits for name in fit.group_names}, key=name_hash))
    ids = arrays["ids"]
    if (fold[1:] != fold[:-1])[ids[1:] == ids[:-1]].any():
        raise AnalysisError(
            "two folds of a repeat were tested on the same image; delete the runs that were made on other images, "
            "and repeat augexp compare"
        )
    return replace(fits[0], **arrays), fold


def out_of_fold(records: Sequence[RunRecord], arm: str, folds: int) -> dict[int, Predictions]:
    """Return the predictions of an arm for all images, by repeat: of those repeats whose fits are all complete."""
    fits = {record.seed: record for record in records if record.arm == arm and record.status == "complete"}
    whole = whole_repeats(sorted(fits), folds)
    by_repeat = {seed // folds: [fits[seed + k].predictions() for k in range(folds)] for seed in whole[::folds]}
    return {repeat: together(predictions)[0] for repeat, predictions in by_repeat.items()}


def order_of(fits: Sequence[Predictions]) -> Ints:
    """Return the order of the store for the images of some fits, one after the other: by content hash, then label."""
    ids, labels = (np.concatenate([getattr(fit, name) for fit in fits]) for name in ("ids", "labels"))
    return np.lexsort((labels, ids.astype("<u8").byteswap()))


def whole_repeats(seeds: Sequence[int], folds: int | None) -> list[int]:
    """Return the fits of those repeats that have all of theirs; without folds all of `seeds`."""
    if folds is None:
        return list(seeds)
    there = set(seeds)
    return [seed for seed in seeds if all(seed // folds * folds + k in there for k in range(folds))]


def runs_of(experiment: Experiment, records: Sequence[RunRecord], seeds: Sequence[int]) -> PairedRuns:
    """Return the runs of some blocks of an experiment, seed by seed or repeat by repeat; see `pair_runs`."""
    plan, folds, auto = experiment.plan, experiment.data.folds, experiment.training.auto
    if folds is None:
        return pair_runs(records, plan.arms, seeds, plan.metric, positive=plan.positive, choose=auto)
    return pair_runs(records, plan.arms, seeds, plan.metric, choose=auto, make=partial(FoldedRuns, size=folds))
