"""The difference on test images at equal budgets: one point for every milestone."""

from __future__ import annotations

import math

from augexp.analysis.contrast import intervals
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.values import EqualBudget
from augexp.experiment.budget import milestones


def curve(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> tuple[EqualBudget, ...]:
    """Return what a fixed budget would have given at every milestone: both arms after the same number of epochs.

    The interval of each point is the one that a comparison planned for that budget alone has.

    Args:
        runs: with an automatic budget; others have no milestones, which gives no point.
        baseline: the arm that `arm` is compared with.
        arm: the other one.
        settings: of the comparison; where nothing is claimed, there is no interval.
    """
    if runs.horizon is None or not runs.seeds:
        return ()
    return tuple(_point(runs, baseline, arm, settings, epochs) for epochs in milestones(runs.horizon))


def _point(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings, epochs: int) -> EqualBudget:
    first, second = (100.0 * runs.correct_at(name, epochs) * runs.weights for name in (baseline, arm))
    parts = runs.take_apart(first, second, weights=runs.weights)
    enough = parts.enough and math.isfinite(settings.level.t(parts.n)) and parts.seeds > 0
    new, these = intervals(parts, settings.level) if settings.claims and enough else (None, None)
    return EqualBudget(
        epochs=epochs,
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=parts.estimate,
        differences=tuple(parts.by_seed.tolist()),
        interval=new or these,
        scope="new images" if new else "these images",
    )
