"""Pair the runs of a comparison by seed and check that a pair differs in its policy alone.

Every record says with which weights its run started, in which order it saw the images and what it cost.
Runs that differ in their budget, test images, initial weights or order are refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt

from augexp.analysis import statistics
from augexp.analysis.budget import own_best
from augexp.analysis.budget.horizon import epochs_of
from augexp.analysis.budget.judged import judge_all
from augexp.analysis.budget.own_best import Choice
from augexp.analysis.groups import grouping
from augexp.analysis.groups.grouping import Grouping
from augexp.analysis.measures import area
from augexp.analysis.statistics import Columns, Crossed, Floats, Ints
from augexp.analysis.values import Metric
from augexp.data.groups import units
from augexp.errors import AnalysisError
from augexp.experiment.nouns import nouns, run_title
from augexp.results.manifests import Ledger
from augexp.results.predictions import Predictions
from augexp.results.records import RunRecord

BUDGET = tuple(Ledger.model_fields)
"""What has to be equal in two runs with the same budget."""

OF_THE_POLICY = ("copies", "generated")
"""Fields of a budget that say what a policy shows beside the images."""


@dataclass(frozen=True)
class PairedRuns:
    """The finished runs of the complete blocks, paired by seed.

    Attributes:
        arms: names in the order of the plan.
        seeds: of the complete blocks, ascending.
        records: by (arm, seed), for every arm and each of `seeds`.
        metric: the primary one.
        positive: the class whose AUROC that is; None takes the mean over the classes.
        horizon: epochs to which the runs went, where budgets are chosen; None where they were fixed.
        budgets: of every arm, in the order of `seeds`, where they were chosen; then `records` end there.
        whole: the same records up to the horizon.
    """

    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    records: Mapping[tuple[str, int], RunRecord]
    metric: Metric
    positive: str | None = None
    horizon: int | None = None
    budgets: Mapping[str, Choice] = field(default_factory=dict)
    whole: Mapping[tuple[str, int], RunRecord] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether the primary metric weighs all classes alike."""
        return self.metric == "balanced_accuracy"

    @property
    def independent(self) -> bool:
        """Whether the seeds of two arms are no pairs."""
        return False

    @property
    def folds(self) -> int:
        """K, of cross-validated runs; 1 where every run has the same test images."""
        return 1

    @cached_property
    def first(self) -> Predictions:
        """Predictions of any run, for what is equal in all of them; raises IndexError without a block."""
        return self.records[self.arms[0], self.seeds_of(self.arms[0])[0]].predictions()

    @property
    def names(self) -> Sequence[str]:
        """Names of the test images in the order of the predictions: their content hashes where they have no others."""
        return self.first.names or [f"{image:016x}" for image in self.first.ids.tolist()]

    @cached_property
    def columns(self) -> Columns:
        """How the test images become the columns of D."""
        first = self.first
        together = None if first.groups is None else units(first.clusters, first.groups)
        return statistics.columns(first.labels, first.clusters, together)

    @cached_property
    def weights(self) -> Floats:
        """Weight of each column in the primary metric, mean 1."""
        if self.balanced:
            return self.columns.weights(len(self.first.classes))
        return np.ones(len(self.columns))

    def seeds_of(self, arm: str) -> tuple[int, ...]:
        """Return the seeds of an arm: the same in all of them."""
        del arm
        return self.seeds

    def blocks_of(self, arm: str) -> tuple[int, ...]:
        """Return what the rows of an arm's outcomes are: its seeds, or with folds the repeats, from 0."""
        return self.seeds_of(arm)

    def run_name(self, record: RunRecord) -> str:
        """Return the name of a run for messages."""
        return f"{record.arm} seed {record.seed}"

    def named(self, seeds: Sequence[int]) -> Sequence[int]:
        """Return what the seeds of some runs are called: with folds the repeats that they belong to, from 1."""
        return sorted({seed // self.folds + 1 for seed in seeds}) if self.folds > 1 else seeds

    def of(self, *arms: str) -> list[RunRecord]:
        """Return the records of some arms, arm after arm, each in the order of `seeds`."""
        return [self.records[arm, seed] for arm in arms for seed in self.seeds_of(arm)]

    def up_to_the_horizon(self, *arms: str) -> list[RunRecord]:
        """Return the records of some arms with all epochs of theirs, in the order of `of`."""
        return [(self.whole or self.records)[arm, seed] for arm in arms for seed in self.seeds_of(arm)]

    def predictions(self, arm: str) -> list[Predictions]:
        """Return the predictions of an arm in the order of `seeds`."""
        return [record.predictions() for record in self.of(arm)]

    def correct(self, arm: str) -> Floats:
        """Return what an arm got right, float64 (n, m) in [0, 1], near-duplicates averaged."""
        return self.columns.collapse(np.stack([predictions.correct for predictions in self.predictions(arm)]))

    def outcomes(self, arm: str) -> Floats:
        """Return the numbers whose weighted mean over the columns is the primary metric of each seed, float64 (n, m).

        For accuracies what is right, in [0, 1]; for the AUROC those of `measures.ranking.influence`, which may lie
        outside, and whose weights are 1.
        """
        if self.metric != "auroc":
            return self.correct(arm)
        return area.percent(self.predictions(arm), self.columns, self.positive) / 100.0

    def scores(self, arm: str) -> Floats:
        """Return the primary metric of each seed, float64 (n,) in [0, 1]."""
        scores: Floats = (self.outcomes(arm) * self.weights).mean(axis=1)
        return scores

    def differences(self, baseline: str, arm: str) -> Floats:
        """Return D of the primary metric in percentage points, float64 (n, m)."""
        return 100.0 * (self.outcomes(arm) - self.outcomes(baseline)) * self.weights

    def equal(self, baseline: str, arm: str) -> bool:
        """Tell whether two arms have the same outcome on every image in every seed."""
        return not self.differences(baseline, arm).any()

    def grouping(self, weights: Floats | None = None, columns: Ints | None = None) -> Grouping | None:
        """Return how columns belong to groups; None where no groups were declared.

        Args:
            weights: float64 (m,), what the columns of D are multiplied by; None where it is 1.
            columns: int64 (k,), which of the columns; None for all.
        """
        groups = self.columns.groups
        if groups is None:
            return None
        return grouping.grouping(groups if columns is None else groups[columns], weights)

    def parts(self, baseline: str, arm: str) -> Crossed:
        """Take the difference of the primary metric apart, in percentage points."""
        return self.decompose(self.differences(baseline, arm), weights=self.weights)

    def parts_by_images(self, baseline: str, arm: str) -> Crossed:
        """Take it apart as if every image counted as its own, whatever groups there are."""
        return statistics.crossed(self.differences(baseline, arm))

    def take_apart(
        self, first: Floats, second: Floats, *, weights: Floats | None = None, columns: Ints | None = None
    ) -> Crossed:
        """Take `second` minus `first` apart, outcomes of two arms, float64 (n, k) each; see `grouping` for the rest."""
        return self.decompose(second - first, weights=weights, columns=columns)

    def decompose(self, matrix: Floats, *, weights: Floats | None = None, columns: Ints | None = None) -> Crossed:
        """Take a matrix of differences apart, float64 (n, k); for the rest see `grouping`."""
        return statistics.crossed(matrix, self.grouping(weights, columns))

    def correct_at(self, arm: str, epochs: int) -> Floats:
        """Return what an arm got right after a milestone, of runs with an automatic budget; see `correct`."""
        outcomes = [
            record.milestones()[epochs].predicted == self.first.labels for record in self.up_to_the_horizon(arm)
        ]
        return self.columns.collapse(np.stack(outcomes))

    def to_be_equal(self) -> Iterator[tuple[RunRecord, RunRecord, Collection[str], bool]]:
        """Yield pairs of runs that belong together: the fields of their budgets to be equal, and whether the images."""
        first, *others = self.records.values()
        yield from ((first, record, BUDGET, True) for record in others)

    def interval_of_means(self, first: Floats, second: Floats, alpha: float) -> tuple[float, float] | None:
        """Return the t interval of `second` minus `first`, numbers of whole runs, float64 (n,); None with too few."""
        return statistics.mean_interval(second - first, alpha)


def primary(metric: str, labels: npt.NDArray[np.int64], classes: int) -> Metric:
    """Return the primary metric that a plan asks for: `auto` takes balanced accuracy where class sizes differ."""
    if metric == "auto":
        return "balanced_accuracy" if len(set(np.bincount(labels, minlength=classes).tolist())) > 1 else "accuracy"
    return cast(Metric, metric)


def finished_blocks(records: Iterable[RunRecord], arms: Sequence[str]) -> list[int]:
    """Return the seeds whose runs are finished in every one of `arms`, ascending."""
    done: dict[int, set[str]] = {}
    for record in records:
        if record.finished:
            done.setdefault(record.seed, set()).add(record.arm)
    return sorted(seed for seed, finished in done.items() if finished >= set(arms))


def pair_runs(
    records: Iterable[RunRecord],
    arms: Sequence[str],
    seeds: Sequence[int],
    metric: str,
    *,
    positive: str | None = None,
    choose: bool = False,
    make: Callable[..., PairedRuns] = PairedRuns,
) -> PairedRuns:
    """Pair the runs of `seeds` and check that they belong together.

    Args:
        records: all of them.
        arms: in the order of the plan.
        seeds: blocks that are complete in `records`.
        metric: of the plan.
        positive: see `PairedRuns`.
        choose: whether the validation images choose the budget of every arm and seed; with fewer than three seeds
            every run is judged at its last epoch.
        make: of arms, seeds, records and the primary metric.

    Raises:
        AnalysisError: runs that do not belong together.
    """
    wanted = {(arm, seed) for arm in arms for seed in seeds}
    paired = {(record.arm, record.seed): record for record in records if (record.arm, record.seed) in wanted}
    runs = make(tuple(arms), tuple(seeds), paired, "accuracy")
    if seeds:
        runs = replace(runs, metric=primary(metric, runs.first.labels, len(runs.first.classes)), positive=positive)
        _check(runs)
    return _at_their_budgets(runs) if choose and seeds else runs


def _at_their_budgets(runs: PairedRuns) -> PairedRuns:
    horizon = epochs_of(runs.records[runs.arms[0], runs.seeds[0]])
    by_arm = {arm: runs.of(arm) for arm in runs.arms}
    budgets = own_best.choose(by_arm, horizon, balanced=runs.balanced)
    by_seed = {arm: choice.by_seed for arm, choice in budgets.items()}
    judged = judge_all(runs.records, by_seed, runs.seeds) if budgets else runs.records
    return replace(runs, records=judged, horizon=horizon, budgets=budgets, whole=runs.records)


def _check(runs: PairedRuns) -> None:
    for first, record, fields, same_images in runs.to_be_equal():
        _check_budget(first, record, fields)
        if same_images and not _same_images(first.predictions(), record.predictions()):
            raise AnalysisError(
                f"{record.folder}: was tested on other images than {first.folder}; "
                "delete the folder of the wrong one, and repeat augexp compare"
            )
    for seed in runs.seeds:
        for name, what in (("weights_initial", "initial weights"), ("order", "image order")):
            # Images and their copies are put in an order of their own.
            orders = {_copies(runs.records[arm, seed]) if name == "order" else 0 for arm in runs.arms}
            values = {
                (_copies(runs.records[arm, seed]) if name == "order" else 0, getattr(runs.records[arm, seed].run, name))
                for arm in runs.arms
            }
            if len(values) > len(orders):
                raise AnalysisError(
                    f"{run_title(seed, runs.folds)}: the arms differ in {what}, so they are no pair; "
                    f"delete runs/*/seed-{seed} and repeat augexp compare"
                )
    starts = {record.run.weights_initial for record in runs.of(runs.arms[0])}
    ledger = runs.of(runs.arms[0])[0].run.ledger if starts else None
    trained_before = ledger is not None and ledger.drawn == 0  # a saved network with its own head
    if len(runs.seeds) > 1 and len(starts) == 1 and not trained_before:
        raise AnalysisError(
            f"all {len(runs.seeds)} {nouns(runs.folds).runs} start from the same weights: the seed does not reach the "
            "network; these runs say nothing about other seeds and have to be made again"
        )


def _same_images(first: Predictions, second: Predictions) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("ids", "labels", "clusters"))


def _copies(record: RunRecord) -> int:
    return (record.run.ledger.copies if record.run.ledger else None) or 0


def _check_budget(first: RunRecord, record: RunRecord, fields: Collection[str]) -> None:
    # What a policy shows beside the images makes its epochs longer; that its counts fit is checked where they are read.
    shown = [tuple(getattr(each.run.ledger, name, None) for name in OF_THE_POLICY) for each in (first, record)]
    for name in fields:
        if name in OF_THE_POLICY or (shown[0] != shown[1] and name in ("steps", "images_seen")):
            continue
        expected, received = getattr(first.run.ledger, name, None), getattr(record.run.ledger, name, None)
        if expected != received:
            raise AnalysisError(
                f"{record.folder}: unequal budget: {name} is {received!r}, but {expected!r} in "
                f"{first.folder}; delete the folder of the wrong one, and repeat augexp compare"
            )
