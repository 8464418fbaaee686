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
