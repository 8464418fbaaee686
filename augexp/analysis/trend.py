"""Is stronger better? One slope over the strengths of a policy, in place of every pair of them.

The slope is a weighted sum of the arms, per seed and test image, so it has the same crossed sources of
chance as a difference of two arms, and the same two intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.critical_values import Level
from augexp.analysis.paired_runs import Evidence
from augexp.analysis.schema import Interval, Trend
from augexp.analysis.statistics import FEWEST_IMAGES, FEWEST_SEEDS, Floats
from augexp.analysis.verdict import FIRST_LOOK
from augexp.analysis.wording import number
from augexp.experiment.definition import Experiment

TIED = 1e-9
"""Range of the slopes of all seeds, in pp, below which they are the same."""

FEWEST = 2
"""Strengths of one policy from which there is a trend."""


def strengths(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Return, for every policy of which the plan has several strengths, the strength of each such arm.

    An arm that is the policy itself has strength 1.
    """
    found: dict[str, dict[str, float]] = {}
    for arm in experiment.plan.arms:
        values: Mapping[str, object] = experiment.policies.get(arm, {})
        if set(values) == {"policy", "strength"}:
            found.setdefault(str(values["policy"]).partition("@")[0], {})[arm] = float(values["strength"])  # type: ignore[arg-type]
    for policy, arms in found.items():
        if policy in experiment.plan.arms and 1.0 not in arms.values():
            arms[policy] = 1.0
    return {policy: arms for policy, arms in found.items() if len(set(arms.values())) >= FEWEST}


def trends(experiment: Experiment, found: Evidence, own: Level, *, missing: bool) -> tuple[Trend, ...]:
    """Return the trend over the strengths of every policy that has several; none while runs are missing.

    Arms that a screening has chosen, or is to choose from, say nothing about a trend either.

    Args:
        experiment: with the arms.
        found: their runs.
        own: level of one interval, since a trend is one question.
        missing: whether runs that the plan asks for are missing.
    """
    if missing or not found.seeds or experiment.plan.stage != "whole":
        return ()
    return tuple(_trend(policy, arms, found, own) for policy, arms in strengths(experiment).items())


def slope_matrix(found: Evidence, arms: Sequence[str], levels: Floats) -> Floats:
    """Return the least-squares slope of the primary metric over `levels`, in pp; float64 (n, m)."""
    centred = levels - levels.mean()
    outcomes = np.stack([100.0 * found.correct(arm) * found.weights for arm in arms])
    # From the first arm on: weights that sum to nearly zero would make a slope of equal arms.
    slopes: Floats = np.tensordot(centred / float(centred @ centred), outcomes - outcomes[0], axes=1)
    return slopes


def _trend(policy: str, arms: Mapping[str, float], found: Evidence, own: Level) -> Trend:
    ordered = sorted(arms, key=arms.__getitem__)
    levels = np.array([arms[arm] for arm in ordered])
    parts = statistics.crossed(slope_matrix(found, ordered, levels))
    these, new, t = None, None, own.t(parts.n)
    tied = float(np.ptp(parts.by_seed)) < TIED  # their spread cannot be estimated
    if parts.n >= FEWEST_SEEDS and math.isfinite(t) and not tied:
        narrow, wide = statistics.half_widths(parts, t, own.z)
        these = Interval(low=parts.estimate - narrow, high=parts.estimate + narrow)
        if parts.m >= FEWEST_IMAGES:
            new = Interval(low=parts.estimate - wide, high=parts.estimate + wide)
    return Trend(
        policy=policy,
        arms=tuple(ordered),
        strengths=tuple(levels.tolist()),
        slope=parts.estimate,
        slopes=tuple(parts.by_seed.tolist()),
        new_images=new,
        these_images=these,
        p=statistics.p_value(parts) if new else None,
    )


def sentence(one: Trend, metric: str, confidence: str, scope: str) -> str:
    """Say what a trend shows.

    Args:
        one: the trend.
        metric: in words.
        confidence: kind of interval, like "95 % interval".
        scope: what new images are.
    """
    listed = ", ".join(f"{level:g}" for level in one.strengths)
    interval, where = one.new_images or one.these_images, scope if one.new_images else "these test images"
    start = (
        f"Over the strengths {listed} of `{one.policy}`, {metric} changed by {number(one.slope, 1, signed=True)} pp "
        "per unit of strength"
    )
    if interval is None:
        return f"{start} ({len(one.slopes)} seeds, no interval)."
    ends = f"{number(interval.low, 1, signed=True)} to {number(interval.high, 1, signed=True)}"
    few = len(one.slopes) < FIRST_LOOK
    words = "fewer than five seeds tell no trend" if few else _direction(interval)
    return f"{start} (on {where}, {confidence} {ends}; {len(one.slopes)} paired seeds): {words}."


def _direction(interval: Interval) -> str:
    return "stronger is better" if interval.low > 0 else "weaker is better" if interval.high < 0 else "no clear trend"
