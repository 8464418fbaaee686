"""How the interval of independent arms narrows with more seeds and with more test images.

As `augexp.analysis.power`, which is about pairs; a number of seeds is that of every arm.
"""

from __future__ import annotations

import math
from dataclasses import replace

from augexp.analysis.critical_values import Level, level
from augexp.analysis.power import MAX_SEEDS, POWER, upper_sd
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Crossed
from augexp.analysis.values import Outlook


def power(effect: float, n: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided t test with n seeds in each of two arms.

    Args:
        effect: difference of the arms in standard deviations of the difference of two runs, one of each arm.
        n: from 2.
        alpha: of the test.
    """
    from scipy.special import nctdtr, stdtrit  # noqa: PLC0415 - scipy.stats takes a second to load

    critical, shift = float(stdtrit(2 * n - 2, 1 - alpha / 2)), abs(effect) * math.sqrt(n)
    return 1.0 - float(nctdtr(2 * n - 2, shift, critical)) + float(nctdtr(2 * n - 2, shift, -critical))


def seeds_needed(effect: float, alpha: float = 0.05) -> int | None:
    """Return the seeds in each arm for 80 % power, at least 3; None beyond `power.MAX_SEEDS`."""
    if not math.isfinite(effect):
        return None
    return next((n for n in range(3, MAX_SEEDS + 1) if power(effect, n, alpha) >= POWER), None)


def half_width(parts: Crossed, own: Level, n: int, m: int) -> float:
    """Return the half-width for new images that n seeds in each arm and m test images would give."""
    assert parts.arms is not None  # noqa: S101 - independent arms
    return _half_width(parts, own, (_with(parts.arms[0], n, m), _with(parts.arms[1], n, m)))


def _half_width(parts: Crossed, own: Level, arms: tuple[Crossed, Crossed]) -> float:
    """Return the half-width for new images of arms that have grown out of those of `parts`."""
    m, seeds = arms[0].m, arms[0].seeds + arms[1].seeds
    grown = replace(parts, n=min(arms[0].n, arms[1].n), m=m, seeds=seeds, arms=arms)
    images = own.of_images(parts, m / parts.m) * math.sqrt(parts.image_variance * parts.m / m)
    return math.hypot(own.of(grown) * math.sqrt(seeds), images)


def _with(arm: Crossed, n: int, m: int) -> Crossed:
    """Return the parts that an arm would have with n seeds and m images."""
    interaction = arm.residual * arm.n * arm.m
    seeds = max(arm.seeds * arm.n - interaction / arm.m, 0.0)
    return replace(arm, n=n, m=m, seeds=(seeds + interaction / m) / n)


def look_ahead(parts: Crossed, settings: AnalysisSettings, *, decided: bool) -> Outlook:
    """Say how more seeds in every arm and more images would narrow the interval; everything in pp.

    Args:
        parts: of independent arms with at least 3 seeds each, not without variance.
        settings: with the level of the interval and the region of practical equivalence.
        decided: whether the verdict stands.
    """
    assert parts.arms is not None  # noqa: S101 - independent arms
    own, r = settings.level, settings.plan.equivalence
    now = math.hypot(own.of(parts) * math.sqrt(parts.seeds), own.of_images(parts) * math.sqrt(parts.image_variance))
    floor = own.of_images(parts) * math.sqrt(parts.image_variance)
    most = max(arm.n for arm in parts.arms)
    numbers = sorted({n for n in (5, 8, 12, 20, 40) if n > most})[:4]
    sd = math.hypot(*(arm.seed_sd for arm in parts.arms))
    spread = sum(arm.seed_sd**4 / (arm.n - 1) for arm in parts.arms)
    upper = upper_sd(sd, sd**4 / spread + 1) if spread > 0 else sd
    needs_images = floor > r and floor > 0.7 * now
    return Outlook(
        half_width=now,
        image_floor=floor,
        with_seeds={parts.n: now, **{n: half_width(parts, own, n, parts.m) for n in numbers}},
        with_images={parts.m: now, **{f * parts.m: _with_images(parts, own, f * parts.m) for f in (2, 4)}},
        sd_seeds=sd,
        sd_upper=upper,
        seeds_needed=seeds_needed(parts.estimate / upper, level("fixed", own.comparisons).alpha) if upper > 0 else None,
        buy="nothing" if decided else "images" if needs_images else "seeds",
    )


def _with_images(parts: Crossed, own: Level, m: int) -> float:
    """Return the half-width with the seeds that there are and m test images."""
    assert parts.arms is not None  # noqa: S101 - independent arms
    first, second = parts.arms
    return _half_width(parts, own, (_with(first, first.n, m), _with(second, second.n, m)))
