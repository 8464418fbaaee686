"""The runs of one size: accuracies by seed, budgets, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augexp.analysis.paired_runs import PairedRuns, finished_blocks, pair_runs
from augexp.analysis.schema import Missing
from augexp.analysis.warnings import words
from augexp.analysis.worth.schema import ArmAtSize, TrainingSize
from augexp.errors import AnalysisError
from augexp.experiment.definition import Experiment
from augexp.results.manifests import Horizon
from augexp.results.records import RunRecord


@dataclass(frozen=True)
class SizeRecords:
    """What there is of one size.

    Attributes:
        factor: multiple of the photos at which augmentation is judged.
        experiment: its definition; the arms of its plan are those that are trained at this size.
        records: of these arms, as `augexp.analysis.budget.horizon.readable` leaves them.
        horizon: how far its runs go; None with a fixed budget.
    """

    factor: float
    experiment: Experiment
    records: Sequence[RunRecord]
    horizon: Horizon | None = None

    @property
    def seeds(self) -> set[int]:
        """The seeds of which every arm is there."""
        return set(finished_blocks(self.records, self.experiment.plan.arms))

    def missing(self) -> tuple[Missing, ...]:
        """Return the runs that the plan asks for and that are not there."""
        plan, known = self.experiment.plan, {(record.arm, record.seed): record for record in self.records}
        missing = []
        for seed in self.experiment.blocks(plan.max_seeds):
            for arm in plan.arms:
                record = known.get((arm, seed))
                if record is None or not record.finished:
                    reason = words.NOT_RUN if record is None else record.run.error or "failed"
                    missing.append(Missing(arm=arm, seed=seed, reason=reason, name=self.experiment.run_name(arm, seed)))
        return tuple(missing)

    def pair(self, seeds: Sequence[int]) -> PairedRuns:
        """Return the runs of `seeds`, each at its budget; raises AnalysisError where they do not belong together."""
        plan = self.experiment.plan
        return pair_runs(
            self.records, plan.arms, seeds, plan.metric, positive=plan.positive, choose=self.experiment.training.auto
        )


def at_size(size: SizeRecords, runs: PairedRuns) -> TrainingSize:
    """Return accuracies, budgets and cost of the runs of a size."""
    counts = next(iter(runs.records.values())).run.counts
    images = counts.train if counts else 0
    arms = tuple(_arm(runs, arm) for arm in runs.arms)
    return TrainingSize(factor=size.factor, images=images, arms=arms, horizon=size.horizon)


def _arm(runs: PairedRuns, arm: str) -> ArmAtSize:
    scores, whole = 100.0 * runs.scores(arm), runs.up_to_the_horizon(arm)
    seconds = [record.timing.wall_seconds for record in whole]
    known = [second for second in seconds if second is not None]
    return ArmAtSize(
        arm=arm,
        mean=float(scores.mean()),
        accuracies=tuple(scores.tolist()),
        epochs=tuple(len(record.epochs["epoch"]) for record in runs.of(arm)),
        images_trained=sum(record.run.ledger.images_seen for record in whole if record.run.ledger),
        seconds=float(sum(known)) if len(known) == len(seconds) else None,
    )


def check_same_images(all_runs: Sequence[PairedRuns]) -> None:
    """Check that every size was tested on the same images, and that each seed starts from the same weights in all.

    Raises:
        AnalysisError: names the size that differs.
    """
    first = all_runs[0]
    for runs in all_runs[1:]:
        record = runs.of(runs.arms[0])[0]
        if not np.array_equal(runs.first.ids, first.first.ids):
            raise AnalysisError(
                f"{record.folder.parents[2]}: was tested on other images than the other sizes; delete that folder and "
                "repeat augexp worth"
            )
        for seed in runs.seeds:
            starts = {part.records[part.arms[0], seed].run.weights_initial for part in (first, runs)}
            if len(starts) > 1:
                raise AnalysisError(
                    f"{record.folder.parents[2]}: seed {seed} starts from other weights than at the other sizes; "
                    "delete that folder and repeat augexp worth"
                )
