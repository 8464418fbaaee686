"""The learning curve of one seed, and the size at which it reaches an accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Censoring = Literal["none", "above", "below"]
"""Whether a size was found, or is only known to be above the largest, or below the smallest one of the grid."""

TIED = 1e-9
"""Accuracies in percent that differ by less are equal."""


class Reached(NamedTuple):
    """Where a curve reaches an accuracy.

    Attributes:
        x: log2 of the size; where it is censored, that of the largest or the smallest size.
        censored: `above`: the accuracy is higher than the whole curve; `below`: it is lower.
    """

    x: float
    censored: Censoring


def isotonic(values: Sequence[float] | Floats) -> Floats:
    """Return the non-decreasing sequence that is nearest to `values` in least squares, float64 (K,).

    Pool adjacent violators (Barlow, Bartholomew, Bremner & Brunk 1972, Statistical inference under order
    restrictions): neighbours that fall are replaced by their mean until none does.
    """
    blocks: list[list[float]] = []  # sum and count
    for value in np.asarray(values, dtype=np.float64).tolist():
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    return np.concatenate([np.full(int(count), total / count) for total, count in blocks])


def reach(x: Sequence[float] | Floats, accuracies: Sequence[float] | Floats, target: float) -> Reached:
    """Return the smallest x at which the curve through `accuracies`, made non-decreasing, is at `target`.

    The curve is linear in x between the sizes.

    Args:
        x: log2 of the sizes, ascending, at least one.
        accuracies: of the runs at these sizes.
        target: the accuracy that is looked for, in the same unit.
    """
    places, curve = np.asarray(x, dtype=np.float64), isotonic(accuracies)
    if target > curve[-1] + TIED:
        return Reached(float(places[-1]), "above")
    if target < curve[0] - TIED:
        return Reached(float(places[0]), "below")
    right = int(np.argmax(curve >= target - TIED))
    if right == 0 or curve[right] <= target + TIED:
        return Reached(float(places[right]), "none")
    share = (target - curve[right - 1]) / (curve[right] - curve[right - 1])
    return Reached(float(places[right - 1] + share * (places[right] - places[right - 1])), "none")
