"""How the interval narrows with more repeats and images, and what folds would give where there are none."""

from __future__ import annotations

import math

from augexp.analysis.critical_values import Level, level
from augexp.analysis.folds.schema import FoldsOutlook
from augexp.analysis.power import POWER, half_width, upper_sd
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Crossed
from augexp.analysis.values import Outlook
from augexp.experiment.folds import DEFAULT, MIN_REPEATS, REPEAT_LOOKS

REPEATS = (3, 4, 6, 8, 12)
"""Numbers of repeats for which the half-width is said."""

MIN_WORTH_NAMING = 3
"""Folds below which a fit would train on half of the images or less."""

MAX_REPEATS = 100
"""Repeats up to which a number is worth naming."""


def power(effect: float, repeats: int, folds: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided t test with R repeats of K folds.

    Args:
        effect: difference in standard deviations of the difference of one repeat.
        repeats: R, from 2.
        folds: K.
        alpha: of the test.
    """
    from scipy.special import nctdtr, stdtrit  # noqa: PLC0415 - scipy.stats takes a second to load

    degrees, shift = (repeats - 1) * folds, abs(effect) * math.sqrt(repeats)
    critical = float(stdtrit(degrees, 1 - alpha / 2))
    return 1.0 - float(nctdtr(degrees, shift, critical)) + float(nctdtr(degrees, shift, -critical))


def repeats_needed(effect: float, folds: int, alpha: float = 0.05) -> int | None:
    """Return the repeats for 80 % power, at least 2; None beyond `MAX_REPEATS`."""
    if not math.isfinite(effect):
        return None
    return next((n for n in range(2, MAX_REPEATS + 1) if power(effect, n, folds, alpha) >= POWER), None)


def look_ahead(parts: Crossed, settings: AnalysisSettings, *, decided: bool) -> Outlook:
    """Say how more repeats and more images would narrow the interval; everything in pp.

    Args:
        parts: of cross-validated runs with at least 2 repeats, not without variance.
        settings: with the level of the interval and the region of practical equivalence.
        decided: whether the verdict stands.
    """
    own, r = settings.level, settings.plan.equivalence
    now = half_width(parts, own, parts.n, parts.m)
    floor = own.z * math.sqrt(parts.image_variance)
    numbers = [parts.n, *[n for n in REPEATS if n > parts.n][:4]]
    sd, upper = parts.seed_sd, upper_sd(parts.seed_sd, parts.degrees + 1)
    alpha = level("fixed", own.comparisons).alpha
    return Outlook(
        half_width=now,
        image_floor=floor,
        with_seeds={n: half_width(parts, own, n, parts.m) for n in numbers},
        with_images={factor * parts.m: half_width(parts, own, parts.n, factor * parts.m) for factor in (1, 2, 4)},
        sd_seeds=sd,
        sd_upper=upper,
        seeds_needed=repeats_needed(parts.estimate / upper, parts.folds, alpha) if upper > 0 else None,
        buy="nothing" if decided else "images" if floor > r and floor > 0.7 * now else "seeds",
    )


def with_folds(parts: Crossed, own: Level, images: int, seeds: int) -> FoldsOutlook | None:
    """Say what folds would give with the runs that a comparison with a held-out test set may reach anyway.

    Every image becomes a test image, and a fit says about one fold what a seed said about the test set. The parts of
    the variance are taken to be those of this comparison, so that it is an estimate: each fit trains on other images.

    Args:
        parts: of the comparison.
        own: level of its interval.
        images: all there are, near-duplicates counted once.
        seeds: that the plan may reach: runs of each arm.

    Returns:
        None where the runs are too few for two repeats of three folds, or all images are test images.
    """
    folds = min(DEFAULT, seeds // MIN_REPEATS)
    if folds < MIN_WORTH_NAMING or images <= parts.m or not math.isfinite(own.t(seeds)):
        return None
    repeats = seeds // folds
    interaction = parts.residual * parts.n * parts.m
    of_fits = max(parts.seeds * parts.n - interaction / parts.m, 0.0)
    seed_part = of_fits / (repeats * folds) + interaction / (repeats * images)
    image_part = parts.image_variance * parts.m / images
    folded = level(own.rule, own.comparisons, REPEAT_LOOKS, folds)
    return FoldsOutlook(
        folds=folds,
        repeats=repeats,
        images=images,
        half_width=math.hypot(folded.t(repeats) * math.sqrt(seed_part), folded.z * math.sqrt(image_part)),
        seeds=seeds,
        held_out=half_width(parts, own, seeds, parts.m),
    )
