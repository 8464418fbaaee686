"""The nominal probabilities of planned looks at repeats, and what holds at any number of repeats."""

from __future__ import annotations

NOMINAL = (0.0258, 0.0128, 0.0086, 0.0065, 0.0052, 0.0043)
"""Nominal probability at each look of 2, 3, 4 repeats for one to six comparisons.

Found by simulation of fits whose differences are independent and normal, which is the worst case for the formula; the
smallest of those for 2, 3, 4, 5, 7, 10 and 20 folds (that of 20 folds), so that some look misses in at most 5 %.
"""


def anytime(alpha: float, repeats: int) -> float:
    """Return the nominal probability after so many repeats, where their number was not planned.

    alpha / (R (R - 1)) sums up to alpha over R = 2, 3, ..., so the intervals hold together at any number of repeats.
    """
    return alpha / (repeats * (repeats - 1))
