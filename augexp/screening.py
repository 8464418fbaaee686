"""Many policies in two stages: a screening that only ranks them, and a confirmation of the best.

Comparing many policies with one error probability widens every interval. So three seeds of every policy
are run first and looked at on one half of the test images; nothing is claimed from them. The best two then
get seeds of their own, and the half of the test images that their choice did not touch.
"""

from __future__ import annotations

from collections.abc import Mapping

from augexp.errors import DefinitionError
from augexp.experiment import Experiment
from augexp.plan import SCREENING_SEEDS

CONFIRMED = 2
"""Policies that are confirmed at most."""

SUFFIX = "-screening"
"""What the results folder of a screening has after the name of the experiment."""


def screening(experiment: Experiment) -> Experiment:
    """Return the first stage: every arm, few seeds, one half of the test images, a results folder of its own."""
    name = f"{experiment.name[: 63 - len(SUFFIX)]}{SUFFIX}"
    return experiment.replace(name=name, plan={"seeds": SCREENING_SEEDS, "stage": "screening", "screen": None})


def confirmation(experiment: Experiment, differences: Mapping[str, float]) -> Experiment:
    """Return the second stage: the best policies, fresh seeds, the other half of the test images.

    The second best takes part only where its mean is above the baseline's.

    Args:
        experiment: as it was asked for.
        differences: mean difference from the baseline that the screening found, in pp, per policy; without
            arms that are defined as the baseline is.

    Raises:
        DefinitionError: there is no such policy.
    """
    if not differences:
        raise DefinitionError("arms: every arm is defined as the baseline is; name policies that can be ranked")
    ranked = sorted(differences, key=lambda arm: -differences[arm])  # a stable order: ties as in the plan
    chosen = [arm for place, arm in enumerate(ranked[:CONFIRMED]) if place == 0 or differences[arm] > 0]
    arms = [arm for arm in experiment.plan.arms if arm in (experiment.plan.baseline, *chosen)]
    plan = {"arms": arms, "stage": "confirmation", "screened": ranked, "screen": None}
    return experiment.replace(plan=plan)


def describe(confirmed: Experiment, differences: Mapping[str, float]) -> str:
    """Say in a line what a screening found and what is confirmed."""
    ranking = ", ".join(f"{arm} {differences[arm]:+.1f} pp" for arm in confirmed.plan.screened)
    chosen = " and ".join(arm for arm in confirmed.plan.screened if arm in confirmed.plan.arms)
    return f"screening: {ranking}; now confirming {chosen} on fresh seeds and the other half of the test images"


def whole(experiment: Experiment) -> Experiment:
    """Return what both stages came from, for repeating it; controls take no part in the ranking and are left out."""
    plan = experiment.plan
    if plan.stage == "whole":
        return experiment
    arms = [plan.baseline, *plan.screened] if plan.stage == "confirmation" else list(plan.arms)
    name = experiment.name.removesuffix(SUFFIX) if plan.stage == "screening" else experiment.name
    return experiment.replace(name=name, plan={"arms": arms, "stage": "whole", "screened": [], "screen": True})
