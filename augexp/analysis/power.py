"""How the interval for new images narrows with more seeds and with more test images."""

from __future__ import annotations

import math

from augexp.analysis.critical_values import Level, level
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Crossed
from augexp.analysis.values import Outlook

POWER = 0.8
"""Probability of seeing a difference that is there, which seeds are planned for."""

MAX_SEEDS = 1000
"""Seeds up to which a number is worth naming."""


def power(effect: float, n: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided paired t test with n seeds, for an effect in standard deviations."""
    from scipy.special import nctdtr, stdtrit  # noqa: PLC0415 - scipy.stats takes a second to load

    critical = float(stdtrit(n - 1, 1 - alpha / 2))
    shift = abs(effect) * math.sqrt(n)
    return 1.0 - float(nctdtr(n - 1, shift, critical)) + float(nctdtr(n - 1, shift, -critical))


def seeds_needed(effect: float, alpha: float = 0.05) -> int | None:
    """Return the seeds for 80 % power, at least 3, for |difference| / sd; None beyond `MAX_SEEDS`."""
    if not math.isfinite(effect):
        return None
    # Upwards, since the noncentral t is not computed reliably far beyond the answer.
    return next((n for n in range(3, MAX_SEEDS + 1) if power(effect, n, alpha) >= POWER), None)


def upper_sd(sd: float, n: float) -> float:
    """Return the 80 % upper confidence limit of a standard deviation measured with n seeds.

    s sqrt((n - 1) / q) with q the .20 quantile of chi-squared with n - 1 degrees of freedom.
    """
    from scipy.special import chdtri  # noqa: PLC0415

    return sd * math.sqrt((n - 1) / float(chdtri(n - 1, 0.80)))


def half_width(parts: Crossed, own: Level, n: int, m: int) -> float:
    """Return the half-width for new images that n seeds and m test images would give.

    Var(d_s) is the variance of the seeds plus the interaction over the images, so more images narrow
    that part too. Where they belong to groups, so do more images: groups of the same sizes.
    """
    interaction = parts.residual * parts.n * parts.m
    seeds = max(parts.seeds * parts.n - interaction / parts.m, 0.0)
    seed_part = (seeds + interaction / m) / n
    image_part = parts.image_variance * parts.m / m
    return math.hypot(own.t(n) * math.sqrt(seed_part), own.of_images(parts, m / parts.m) * math.sqrt(image_part))


def look_ahead(parts: Crossed, settings: AnalysisSettings, *, decided: bool) -> Outlook:
    """Say how more seeds and more images would narrow the interval; everything in pp.

    Args:
        parts: of the contrast, n >= 3 and not without variance.
        settings: with the level of the interval and the region of practical equivalence.
        decided: whether the verdict stands.
    """
    own, r = settings.level, settings.plan.equivalence
    now = half_width(parts, own, parts.n, parts.m)
    floor = own.of_images(parts) * math.sqrt(parts.image_variance)
    numbers = sorted({parts.n, *(n for n in (5, 8, 12, 20, 40) if n > parts.n)})[:5]
    sd, upper = parts.seed_sd, upper_sd(parts.seed_sd, parts.n)
    # Seeds cannot decide where the images alone leave more than the region; then images have to.
    needs_images = floor > r and floor > 0.7 * now
    return Outlook(
        half_width=now,
        image_floor=floor,
        with_seeds={n: half_width(parts, own, n, parts.m) for n in numbers if math.isfinite(own.t(n))},
        with_images={factor * parts.m: half_width(parts, own, parts.n, factor * parts.m) for factor in (1, 2, 4)},
        sd_seeds=sd,
        sd_upper=upper,
        seeds_needed=seeds_needed(parts.estimate / upper, level("fixed", own.comparisons).alpha) if upper > 0 else None,
        buy="nothing" if decided else "images" if needs_images else "seeds",
    )
