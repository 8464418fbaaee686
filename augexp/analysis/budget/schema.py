"""The models of budgets in a comparison."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _BudgetValue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Budget(_BudgetValue):
    """The budget of one arm that the validation images have chosen.

    Attributes:
        epochs: per seed, each chosen by the other seeds.
        typical: the one that all seeds together choose.
        steps: optimiser steps up to there, mean over the seeds.
        seconds: wall time of the training up to there, mean over the seeds; None where not measured.
    """

    epochs: tuple[int, ...]
    typical: int
    steps: float
    seconds: float | None = None


class EqualSteps(_BudgetValue):
    """Two arms after about the same number of steps, where the epochs of one are longer: it shows fixed copies.

    Attributes:
        epochs: of the baseline and of the arm.
        steps: of the baseline and of the arm.
        baseline, arm: the primary metric of both in percent, mean over the seeds.
        difference: of both, in pp.
        differences: the same by seed.
        low, high: interval of the difference, of a comparison planned for this budget alone; None where nothing is
            claimed or there are too few pairs.
        scope: what the interval is for: `new images` or `these images`.
    """

    epochs: tuple[int, int]
    steps: tuple[int, int]
    baseline: float
    arm: float
    difference: float
    differences: tuple[float, ...]
    low: float | None = None
    high: float | None = None
    scope: str = ""
