"""Studies of one policy: which of its operations matter, and how strong it should be.

Both only name arms; what they show is computed like any other comparison. An ablation takes the whole policy
as the baseline and leaves one operation out of every other arm, so an arm that loses names an operation that
helps. A strength study multiplies the amounts of the policy; one trend over the strengths is tested, instead
of every pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augexp.errors import DefinitionError
from augexp.experiment import Experiment

Policies = dict[str, dict[str, Any]]

FEWEST_STRENGTHS = 2
"""Strengths from which there is a trend."""


def study(
    experiment: Experiment,
    *,
    ablate: str | None = None,
    strengths: Sequence[float] | None = None,
    arms: Sequence[str] | None = None,
) -> Experiment:
    """Return the study that is asked for: an ablation of a policy, or strengths of the one in `arms`.

    Raises:
        DefinitionError: both at once, arms beside an ablation, several arms to be strengthened; and what
            `ablation` and `strength_study` raise.
    """
    if ablate is not None and (strengths is not None or arms is not None):
        other = "strengths" if strengths is not None else "arms"
        raise DefinitionError(
            f"ablate: received together with {other}; its arms follow from the policy, so leave one out"
        )
    if ablate is not None:
        return ablation(experiment, ablate)
    named = [arm for arm in arms or ("standard",) if arm != experiment.plan.baseline]
    if len(named) != 1:
        raise DefinitionError(f"strengths: received {len(named)} policies in arms; name the one that is meant")
    return strength_study(experiment, named[0], strengths or ())


def ablation(experiment: Experiment, policy: str) -> Experiment:
    """Return the experiment that compares `policy` with itself without each of its operations.

    Raises:
        DefinitionError: an unknown policy, or one of fewer than two operations.
    """
    names = list(dict.fromkeys(operation.name for operation in experiment.policy(policy).operations))
    if len(names) < 2:
        raise DefinitionError(
            f"ablate: received {policy!r}, which has {len(names)} operations; a policy of at least two is needed"
        )
    made: Policies = {f"{policy}.no-{_word(name)}": {"policy": policy, "without": [name]} for name in names}
    return _with_arms(experiment, policy, (policy, *made), made)


def strength_study(experiment: Experiment, policy: str, levels: Sequence[float]) -> Experiment:
    """Return the experiment that compares `policy` at several strengths with the baseline.

    Args:
        experiment: with the baseline.
        policy: by name.
        levels: what multiplies the amounts of the policy; 1 is the policy itself.

    Raises:
        DefinitionError: fewer than two strengths, one of them twice or out of range, or a policy without amounts.
    """
    if len(set(levels)) != len(levels) or len(levels) < FEWEST_STRENGTHS:
        listed = ", ".join(f"{level:g}" for level in levels)
        raise DefinitionError(
            f"strengths: received {listed!r}; allowed are at least two different numbers, like 0.5,1,2"
        )
    made: Policies = {f"{policy}.x{level:g}": {"policy": policy, "strength": float(level)} for level in sorted(levels)}
    baseline = experiment.plan.baseline
    return _with_arms(experiment, baseline, (baseline, *made), made)


def _with_arms(experiment: Experiment, baseline: str, arms: Sequence[str], made: Policies) -> Experiment:
    policies = {**experiment.policies, **made}
    # Every arm is part of the question, so none is screened away.
    plan = {"baseline": baseline, "arms": list(arms), "screen": False}
    return experiment.replace(policies=policies, plan=plan)


def _word(name: str) -> str:
    return name.replace(":", "-").lower()
