"""Studies of one policy: which of its operations matter, and how strong it should be.

A study only defines arms; its runs are executed and compared like those of any other experiment. An ablation takes
the whole policy as the baseline and leaves one operation out of every other arm: where an arm is worse than the
baseline, the operation that it lacks helps. A strength study multiplies the amounts of the policy; one trend over the
strengths is tested, instead of every pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augexp.errors import DefinitionError
from augexp.experiment.definition import Experiment

Policies = dict[str, dict[str, Any]]

MIN_STRENGTHS = 2
"""Strengths from which there is a trend."""


def study(
    experiment: Experiment,
    *,
    named: bool = False,
    ablate: Any = None,
    strengths: Any = None,
    arms: Any = None,
    baseline: str | None = None,
    screen: bool | None = None,
) -> Experiment:
    """Return the study that is asked for: an ablation of a policy, or strengths of the one in `arms`.

    Args:
        experiment: what is studied on.
        named: whether the experiment keeps its name; else the study gets a results folder of its own.
        ablate: name of a policy.
        strengths: numbers that multiply its amounts.
        arms: the policy that is meant by `strengths`; None takes `standard`.
        baseline: what strengths are compared with; None keeps the experiment's.
        screen: True is refused, since every arm of a study is part of the question.

    Raises:
        DefinitionError: options that do not go together, values of another kind, and what `ablation` and
            `strength_study` raise.
    """
    kind = "ablate" if ablate is not None else "strengths"
    if screen:
        raise DefinitionError(
            f"{kind}: received together with screen; every arm of a study is needed, so leave that out"
        )
    if ablate is not None:
        for other, value in (("strengths", strengths), ("arms", arms), ("baseline", baseline)):
            if value is not None:
                raise DefinitionError(
                    f"ablate: received together with {other}, which follows from the policy; leave it out"
                )
        if not isinstance(ablate, str):
            raise DefinitionError(f"ablate: received {ablate!r}; allowed is the name of a policy")
        ablated = ablation(experiment, ablate)
        return ablated if named else ablated.replace(name=_name(experiment, f"ablation-{ablate}"))
    if isinstance(strengths, str) or not all(isinstance(level, (int, float)) for level in strengths):
        raise DefinitionError(f"strengths: received {strengths!r}; allowed is a list of numbers, like 0.5, 1, 2")
    against = baseline or experiment.plan.baseline
    policies = [arm for arm in arms or ("standard",) if arm != against]
    if len(policies) != 1:
        raise DefinitionError(
            f"strengths: received {', '.join(policies) or 'no policy'} in arms; name the one that is meant"
        )
    graded = strength_study(experiment, policies[0], strengths, against)
    return graded if named else graded.replace(name=_name(experiment, f"strengths-{policies[0]}"))


def ablation(experiment: Experiment, policy: str) -> Experiment:
    """Return the experiment that compares `policy` with itself without each of its operations.

    Raises:
        DefinitionError: an unknown policy, or one of fewer than two operations.
    """
    names = list(dict.fromkeys(operation.name for operation in experiment.policy(policy).operations))
    if len(names) < 2:
        raise DefinitionError(
            f"ablate: received {policy!r}, which has {', '.join(names) or 'no operation'} alone; a policy of at least "
            "two operations is needed"
        )
    ablations: Policies = {f"{policy}.no-{_word(name)}": {"policy": policy, "without": [name]} for name in names}
    return _with_arms(experiment, policy, (policy, *ablations), ablations)


def strength_study(experiment: Experiment, policy: str, levels: Sequence[float], baseline: str = "none") -> Experiment:
    """Return the experiment that compares `policy` at several strengths with a baseline.

    Args:
        experiment: what is studied on.
        policy: by name.
        levels: what multiplies the amounts of the policy; 1 is the policy itself.
        baseline: the arm that they are compared with.

    Raises:
        DefinitionError: fewer than two strengths, one of them twice or out of range, or a policy without amounts.
    """
    if len({f"{level:g}" for level in levels}) != len(levels) or len(levels) < MIN_STRENGTHS:
        listed = ", ".join(f"{level:g}" for level in levels)
        raise DefinitionError(
            f"strengths: received {listed!r}; allowed are at least two different numbers, like 0.5,1,2"
        )
    graded: Policies = {f"{policy}.x{x:g}": {"policy": policy, "strength": float(x)} for x in sorted(levels)}
    return _with_arms(experiment, baseline, (baseline, *graded), graded)


def _with_arms(experiment: Experiment, baseline: str, arms: Sequence[str], derived: Policies) -> Experiment:
    policies = {**experiment.policies, **derived}
    # Every arm is part of the question, so none is screened away.
    plan = {"baseline": baseline, "arms": list(arms), "screen": False}
    return experiment.replace(policies=policies, plan=plan)


def _name(experiment: Experiment, study_name: str) -> str:
    return f"{experiment.name[: 62 - len(study_name)]}-{study_name}"


def _word(name: str) -> str:
    return name.replace(":", "-").lower()
