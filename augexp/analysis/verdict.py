"""The verdict of an interval [L, U] against a region of practical equivalence ±r.

The region is fixed in the plan and never scaled by what was observed. Null and negative results have
their own words, as carefully chosen as those of a gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from augexp.analysis import wording
from augexp.analysis.values import Tone

FIRST_LOOK = 5
"""Seeds from which there is a verdict."""


@dataclass(frozen=True)
class Verdict:
    """What an interval says.

    Attributes:
        words: the verdict.
        tone: what it is coloured by.
        decided: False only for UNDECIDED and where there is no verdict.
    """

    words: str
    tone: Tone
    decided: bool = True


def decide(low: float, high: float, r: float) -> Verdict:
    """Return the verdict of the interval [low, high] with the region ±r; all in pp."""
    if not math.isfinite(high - low):
        return no_verdict(wording.UNDECIDED)
    if low > r:
        return Verdict(wording.helps(low), "helps")
    if high < -r:
        return Verdict(wording.hurts(-high), "hurts")
    if -r < low and high < r:
        return Verdict(wording.NEGLIGIBLE if low > 0 or high < 0 else wording.NO_DIFFERENCE, "same")
    if low > 0:
        return Verdict(wording.HELPS, "helps")
    if high < 0:
        return Verdict(wording.HURTS, "hurts")
    if low > -r:
        return Verdict(wording.MAY_HELP, "open")
    if high < r:
        return Verdict(wording.MAY_HURT, "open")
    return no_verdict(wording.UNDECIDED)


def no_verdict(words: str) -> Verdict:
    """Return a verdict that decides nothing, in one of the wordings for that."""
    return Verdict(words, "open", decided=False)
