"""How far runs with an automatic budget go: on, twice as far each time, while an arm still gains on validation.

The seeds of the first look decide, and the horizon that they find holds for all later seeds. Until it is settled, no
test outcome is read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augexp.analysis.budget.validation import Floats, at_milestones
from augexp.errors import ResultsError
from augexp.experiment.budget import milestones, next_horizon
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan
from augexp.results.manifests import Horizon
from augexp.results.records import RunRecord


def readable(records: Sequence[RunRecord], horizon: Horizon | None) -> list[RunRecord]:
    """Return the records that an answer may rest on: those at the settled horizon, and failed runs.

    Args:
        records: of one experiment.
        horizon: of its results folder; None where the budget is fixed, which leaves none out.
    """
    if horizon is None:
        return list(records)
    return [r for r in records if not r.finished or (horizon.settled and epochs_of(r) == horizon.epochs)]


def epochs_of(record: RunRecord) -> int:
    """Return the epochs to which a finished run has gone."""
    return record.run.ledger.epochs if record.run.ledger else 0


def gain(values: Floats, horizon: int) -> float:
    """Return what an arm gained over the last doubling of the horizon, in the unit of v.

    That is the mean over the seeds at the best milestone up to `horizon`, minus that at the best one up to half of it.

    Args:
        values: v, float64 (n, K), at the milestones up to `horizon`.
        horizon: epochs.
    """
    course = values.mean(axis=0)
    earlier = course[np.array(milestones(horizon)) <= horizon / 2]
    return float(course.max() - earlier.max()) if len(earlier) else 0.0


def advance(
    experiment: Experiment, records: Sequence[RunRecord], current: Horizon | None, *, balanced: bool
) -> Horizon:
    """Return how far the runs have to go now: the same, twice as far, or settled.

    Args:
        experiment: with ``epochs = "auto"``.
        records: of the plan's arms, at any budget.
        current: what was written down before; None at the beginning.
        balanced: whether the primary metric is balanced accuracy.

    Raises:
        ResultsError: the runs have gone further than the plan's cap.
    """
    plan = experiment.plan
    if plan.horizon is not None:
        return Horizon(epochs=plan.horizon, settled=True)
    horizon = current or Horizon(epochs=experiment.first_horizon)
    if horizon.epochs > plan.max_epochs:
        raise ResultsError(
            f"max_epochs: received {plan.max_epochs}, but the runs of {experiment.name} have gone to {horizon.epochs} "
            f"epochs; allowed are {horizon.epochs} and more, or give this experiment a --name of its own"
        )
    if horizon.settled and horizon.still_gaining and horizon.epochs < plan.max_epochs:
        return Horizon(epochs=next_horizon(horizon.epochs, plan.max_epochs))
    if horizon.settled:
        return horizon
    seeds = experiment.blocks(plan.first_look)
    runs = {(r.arm, r.seed): r for r in records if r.finished and epochs_of(r) == horizon.epochs}
    if not runs.keys() >= {(arm, seed) for arm in plan.arms for seed in seeds}:
        return horizon
    gains = {
        arm: gain(at_milestones([runs[arm, seed] for seed in seeds], horizon.epochs, balanced=balanced), horizon.epochs)
        for arm in plan.arms
    }
    gaining = tuple(arm for arm, pp in gains.items() if pp > plan.equivalence)
    if gaining and horizon.epochs < plan.max_epochs:
        return Horizon(epochs=next_horizon(horizon.epochs, plan.max_epochs), gains=gains, still_gaining=gaining)
    return Horizon(epochs=horizon.epochs, settled=True, gains=gains, still_gaining=gaining, seeds=tuple(seeds))


def describe(horizon: Horizon, plan: Plan) -> str:
    """Say in a line how far the runs go, and why."""
    gaining = ", ".join(f"{arm} {horizon.gains[arm]:+.1f} pp" for arm in horizon.still_gaining)
    if not horizon.gains:
        source = "which the screening found" if plan.stage == "confirmation" else "as planned"
        return f"every run goes to {horizon.epochs} epochs, {source}"
    if not horizon.settled:
        before = "the last doubling of the epochs"
        return f"validation still gained with {before} ({gaining}), so every run goes on to {horizon.epochs} epochs"
    if gaining:
        return (
            f"validation still gained with the last doubling ({gaining}), but no run goes beyond {plan.max_epochs} "
            f"epochs; --max-epochs {2 * plan.max_epochs} goes on from there"
        )
    gains = ", ".join(f"{arm} {pp:+.1f} pp" for arm, pp in horizon.gains.items())
    return f"every arm has levelled off within {horizon.epochs} epochs (validation over the last doubling: {gains})"
