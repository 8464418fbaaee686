"""Many policies in two stages: a screening that only ranks them, and a confirmation of the best.

Comparing many policies with one error probability widens every interval. So every policy is first run with
three seeds and evaluated on one half of the test images; nothing is claimed from these runs. The best two are
then run with fresh seeds and evaluated on the other half of the test images, which had no part in their choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augexp.errors import DefinitionError
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import MANY_POLICIES, SCREENING_SEEDS

MAX_CONFIRMED = 2
"""Policies that are confirmed at most."""

MIN_POLICIES = 3
"""Policies from which there is something to choose."""

SUFFIX = "-screening"
"""What the results folder of a screening has after the name of the experiment."""

MAX_NAME = 63
"""Characters of a name."""


def folder_name(name: str) -> str:
    """Return the name of the results folder of a screening."""
    return f"{name[: MAX_NAME - len(SUFFIX)]}{SUFFIX}"


def policies(experiment: Experiment) -> list[str]:
    """Return the arms that can be ranked: all but the baseline and controls that are defined as it is."""
    baseline = experiment.policy(experiment.plan.baseline).definition()
    return [arm for arm in experiment.plan.arms if experiment.policy(arm).definition() != baseline]


def is_wanted(experiment: Experiment) -> bool:
    """Tell whether a screening comes first: it is asked for, or planned looks would compare many policies."""
    plan = experiment.plan
    if plan.stage != "whole":
        return False
    if plan.screen is not None or experiment.data.folds is not None:
        return bool(plan.screen)
    return plan.seeds is None and len(policies(experiment)) > MANY_POLICIES


def screening(experiment: Experiment) -> Experiment:
    """Return the first stage: every policy, few seeds, one half of the test images, a results folder of its own.

    Raises:
        DefinitionError: too few policies to choose from.
    """
    ranked = policies(experiment)
    if len(ranked) < MIN_POLICIES:
        raise DefinitionError(
            f"screen: received {', '.join(ranked) or 'no policy'} to choose from; at least {MIN_POLICIES} policies are "
            "needed beside the baseline, so name more of them, or say --no-screen"
        )
    arms = [experiment.plan.baseline, *ranked]
    return _stage(experiment, folder_name(experiment.name), stage="screening", arms=arms, seeds=SCREENING_SEEDS)


def confirmation(experiment: Experiment, differences: Mapping[str, float], horizon: int | None = None) -> Experiment:
    """Return the second stage: the best policies, fresh seeds, the other half of the test images.

    The second best takes part only where its mean is above the baseline's.

    Args:
        experiment: as it was asked for.
        differences: mean difference from the baseline that the screening found, in pp, per policy, in the order
            of the plan.
        horizon: that the screening found, in epochs; None with a fixed budget.
    """
    ranked = sorted(differences, key=lambda arm: -differences[arm])  # a stable order: ties as in the plan
    chosen = [arm for place, arm in enumerate(ranked[:MAX_CONFIRMED]) if place == 0 or differences[arm] > 0]
    arms = [arm for arm in experiment.plan.arms if arm in (experiment.plan.baseline, *chosen)]
    return _stage(experiment, experiment.name, stage="confirmation", arms=arms, screened=ranked, horizon=horizon)


def whole(experiment: Experiment) -> Experiment:
    """Return what was asked for where `experiment` is one of the two stages; else the experiment itself."""
    asked = experiment.plan.asked
    if asked is None:
        return experiment
    plan = {"arms": list(asked.arms), "seeds": asked.seeds, "screen": asked.screen}
    return experiment.replace(
        name=asked.name, plan={**plan, "stage": "whole", "screened": [], "horizon": None, "asked": None}
    )


def describe(confirmed: Experiment, differences: Mapping[str, float]) -> str:
    """Say in a line what a screening found and what is confirmed."""
    plan = confirmed.plan
    ranking = ", ".join(f"{arm} {differences[arm]:+.1f} pp" for arm in plan.screened)
    chosen = " and ".join(arm for arm in plan.screened if arm in plan.arms)
    text = f"screening: {ranking}; now confirming {chosen} on fresh seeds and the other half of the test images"
    controls = [arm for arm in (plan.asked.arms if plan.asked else ()) if arm not in (plan.baseline, *plan.screened)]
    return f"{text}; left out as controls: {', '.join(controls)}" if controls else text


def _stage(experiment: Experiment, name: str, **changes: Any) -> Experiment:
    """Return a stage of `experiment`, whose plan is changed and records what was asked for."""
    plan = experiment.plan
    asked = {"name": experiment.name, "arms": list(plan.arms), "seeds": plan.seeds, "screen": plan.screen}
    return experiment.replace(name=name, plan={**changes, "screen": None, "asked": asked})
