"""The slope of the primary metric over the strengths of a policy, in place of a contrast for every pair of them.

The slope is a weighted sum of the arms, per seed and test image. Its variance has the same two sources,
seeds and images, as that of a difference of two arms, and it has the same two intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.contrast import intervals
from augexp.analysis.critical_values import Level
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.schema import Trend
from augexp.analysis.statistics import Floats
from augexp.experiment.definition import Experiment

TIED = 1e-9
"""Range of the slopes of all seeds, in pp, below which they are the same."""

MIN_STRENGTHS = 2
"""Strengths of one policy from which there is a trend."""


def strengths(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Return, for every policy of which the plan has several strengths, the strength of each such arm.

    An arm that is the policy itself has strength 1.
    """
    by_policy: dict[str, dict[str, float]] = {}
    for arm in experiment.plan.arms:
        values: Mapping[str, object] = experiment.policies.get(arm, {})
        if set(values) == {"policy", "strength"}:
            by_policy.setdefault(str(values["policy"]).partition("@")[0], {})[arm] = float(values["strength"])  # type: ignore[arg-type]
    for policy, arms in by_policy.items():
        if policy in experiment.plan.arms and 1.0 not in arms.values():
            arms[policy] = 1.0
    return {policy: arms for policy, arms in by_policy.items() if len(set(arms.values())) >= MIN_STRENGTHS}


def trends(experiment: Experiment, runs: PairedRuns, level: Level, *, missing: bool) -> tuple[Trend, ...]:
    """Return the trend over the strengths of every policy that has several; none while runs are missing.

    Arms that a screening has chosen, or is to choose from, say nothing about a trend either.

    Args:
        experiment: with the arms.
        runs: of these arms.
        level: of one interval, since a trend is one question.
        missing: whether runs that the plan asks for are missing.
    """
    if missing or not runs.seeds or experiment.plan.stage != "whole":
        return ()
    return tuple(_trend(policy, arms, runs, level) for policy, arms in strengths(experiment).items())


def slope_matrix(runs: PairedRuns, arms: Sequence[str], amounts: Floats) -> Floats:
    """Return the least-squares slope of the primary metric over `amounts`, in pp; float64 (n, m)."""
    centred = amounts - amounts.mean()
    outcomes = np.stack([100.0 * runs.outcomes(arm) * runs.weights for arm in arms])
    # From the first arm on: weights that sum to nearly zero would make a slope of equal arms.
    slopes: Floats = np.tensordot(centred / float(centred @ centred), outcomes - outcomes[0], axes=1)
    return slopes


def _trend(policy: str, arms: Mapping[str, float], runs: PairedRuns, level: Level) -> Trend:
    ordered = sorted(arms, key=arms.__getitem__)
    amounts = np.array([arms[arm] for arm in ordered])
    parts = runs.decompose(slope_matrix(runs, ordered, amounts), weights=runs.weights)
    tied = parts.tied or float(np.ptp(parts.by_seed)) < TIED  # their spread cannot be estimated
    enough = parts.enough and math.isfinite(level.t(parts.n)) and not tied
    new, these = intervals(parts, level) if enough else (None, None)
    return Trend(
        policy=policy,
        arms=tuple(ordered),
        strengths=tuple(amounts.tolist()),
        slope=parts.estimate,
        slopes=tuple(parts.by_seed.tolist()),
        new_images=new,
        these_images=these,
        p=statistics.p_value(parts) if new else None,
    )
