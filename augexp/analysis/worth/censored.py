"""Mean and interval of numbers of which some are only known to lie beyond an end of the grid.

The numbers are taken as normal: those that are known count with their density, the others with the probability of
lying beyond (Tobin 1958, Econometrica 26; Cohen 1959, Technometrics 1). The interval holds the means mu that the
profile likelihood does not reject: W(mu) = 2 (l(best) - l(best with mu)) <= n log(1 + t^2 / (n - 1)). Without a
censored number W(mu) is n log(1 + t(mu)^2 / (n - 1)) exactly, so that the interval is Student's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MIN_KNOWN = 2
"""Known numbers without which a spread cannot be told from the distance to the end of the grid."""

WIDEST = 64.0
"""Doublings from the grid beyond which an end of an interval is infinite."""


class Estimate(NamedTuple):
    """A mean with its interval.

    Attributes:
        mean: the most likely one.
        sd: of the numbers, with n - 1 where none is censored.
        low, high: ends of the interval; infinite where the numbers set none.
    """

    mean: float
    sd: float
    low: float
    high: float


def estimate(x: Floats, above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_], t: float) -> Estimate | None:
    """Return mean and interval; None with fewer than `MIN_KNOWN` known numbers, or where none of them differ.

    Args:
        x: float64 (n,); of a censored number the end of the grid.
        above: bool (n,), which are only known to be larger.
        below: bool (n,), which are only known to be smaller.
        t: quantile of Student's distribution with n - 1 degrees of freedom.
    """
    known = x[~(above | below)]
    if len(known) < MIN_KNOWN or np.ptp(x) <= 0:
        return None
    if len(known) == len(x):
        mean, sd = float(x.mean()), float(x.std(ddof=1))
        half = t * sd / math.sqrt(len(x))
        return Estimate(mean, sd, mean - half, mean + half)
    return _censored(x, above, below, t)


def _censored(x: Floats, above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_], t: float) -> Estimate:
    from scipy.optimize import brentq, minimize_scalar  # noqa: PLC0415 - half a second

    n, middle, scale = len(x), float(x.mean()), float(np.ptp(x))
    limit = n * math.log1p(t * t / (n - 1))

    def profile(mean: float) -> tuple[float, float]:
        found = minimize_scalar(
            lambda log_sd: -_log_likelihood(x, above, below, mean, math.exp(log_sd)),
            bounds=(math.log(scale) - 7, math.log(scale) + 7), method="bounded", options={"xatol": 1e-7},
        )  # fmt: skip
        return -float(found.fun), math.exp(float(found.x))

    best = minimize_scalar(
        lambda mean: -profile(mean)[0], bounds=(middle - 6 * scale, middle + 6 * scale), method="bounded",
        options={"xatol": 1e-7},
    )  # fmt: skip
    mean = float(best.x)
    top, sd = profile(mean)

    def excess(place: float) -> float:
        return 2 * (top - profile(place)[0]) - limit

    ends = [_end(excess, mean, step * scale, brentq) for step in (-1.0, 1.0)]
    return Estimate(mean, sd, *ends)


def _end(excess: Callable[[float], float], mean: float, step: float, root: Callable[..., float]) -> float:
    """Return where the profile likelihood crosses its limit on one side of `mean`; infinite where it does not."""
    inner, outer = mean, mean + step
    while excess(outer) < 0:
        inner, step = outer, 2 * step
        outer = mean + step
        if abs(step) > WIDEST:
            return math.copysign(math.inf, step)
    return float(root(excess, min(inner, outer), max(inner, outer), xtol=1e-6))


def _log_likelihood(
    x: Floats, above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_], mean: float, sd: float
) -> float:
    from scipy.special import log_ndtr  # noqa: PLC0415

    z = (x - mean) / sd
    known = ~(above | below)
    density = -0.5 * np.square(z[known]) - math.log(sd) - 0.5 * math.log(2 * math.pi)
    return float(density.sum() + log_ndtr(-z[above]).sum() + log_ndtr(z[below]).sum())
