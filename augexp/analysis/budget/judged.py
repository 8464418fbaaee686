"""Runs as they stood at the epoch at which they are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from augexp.analysis.schema import Comparison
from augexp.results.predictions import Milestone, Predictions
from augexp.results.records import RunRecord


@dataclass(frozen=True)
class JudgedRecord(RunRecord):
    """A run up to its budget: its columns end there, and its predictions are those of that milestone.

    Of the probabilities, only that of the true class is known; the others are NaN.

    Attributes:
        whole: the run up to its horizon.
    """

    whole: RunRecord | None = None

    @cached_property
    def _predictions(self) -> Predictions:
        assert self.whole is not None  # noqa: S101 - `judge` always sets it
        milestone = self.whole.milestones()[len(self.epochs["epoch"])]
        return predictions_at(self.whole.predictions(), milestone)


def predictions_at(final: Predictions, milestone: Milestone) -> Predictions:
    """Return the predictions at a milestone for the test images of `final`."""
    probabilities = np.full_like(final.probabilities, np.nan)
    probabilities[np.arange(len(final.labels)), final.labels] = np.exp(milestone.log_probability)
    correct = milestone.predicted == final.labels
    return replace(final, predicted=milestone.predicted, correct=correct, probabilities=probabilities)


def judge(record: RunRecord, budget: int) -> JudgedRecord:
    """Return a run as it stood after `budget` epochs, a milestone."""
    epochs = {name: column[:budget] for name, column in record.epochs.items()}
    measured = record.timing.epochs[:budget]
    seconds = {
        "epochs": measured,
        "wall_seconds": sum(epoch.seconds for epoch in measured) if measured else None,
        "cpu_seconds": sum(epoch.cpu_seconds for epoch in measured) if measured else None,
    }
    timing = record.timing.model_copy(update=seconds)
    return JudgedRecord(record.folder, record.run, epochs, timing, whole=record)


def judge_all(
    records: Mapping[tuple[str, int], RunRecord], budgets: Mapping[str, Sequence[int]], seeds: Sequence[int]
) -> dict[tuple[str, int], RunRecord]:
    """Return every run at its budget.

    Args:
        records: by arm and seed.
        budgets: of every arm, in the order of `seeds`.
        seeds: of the runs.
    """
    own = {(arm, seed): budget for arm, chosen in budgets.items() for seed, budget in zip(seeds, chosen, strict=True)}
    return {key: judge(record, own[key]) for key, record in records.items()}


def as_judged(records: Sequence[RunRecord], comparison: Comparison) -> list[RunRecord]:
    """Return those of the runs behind a comparison, as they were judged there; all as they are at a fixed budget."""
    budgets = {arm.name: arm.budget.epochs for arm in comparison.arms if arm.budget}
    if not budgets or not comparison.contrasts:
        return list(records)
    seeds = comparison.numbers(comparison.contrasts[0])
    known = {(record.arm, record.seed): record for record in records if record.seed in seeds}
    return list(judge_all(known, budgets, seeds).values())
