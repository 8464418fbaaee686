"""From an interval to words: one interval [L, U] against a region of practical equivalence ±r.

The region is fixed in the plan and never scaled by what was observed. Null and negative results have
their own words, as carefully chosen as those of a gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from augexp.analysis.schema import Tone
from augexp.analysis.wording import number

SMOKE = "NO VERDICT: fewer than five seeds are a smoke run"
SCREENING = "NO CLAIM: only a ranking"
MISSING = "NO VERDICT YET: runs are missing"
EQUAL = "NO VERDICT: the arms gave the same predictions"
TIED = "NO VERDICT: all seeds gave the same difference"
CONTROL = "NO DIFFERENCE AT ALL, as a control must have it"

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
        return Verdict("UNDECIDED", "open", decided=False)
    if low > r:
        return Verdict(f"HELPS, by at least {number(low, 1)} pp", "helps")
    if high < -r:
        return Verdict(f"HURTS, by at least {number(-high, 1)} pp", "hurts")
    if -r < low and high < r:
        known = low > 0 or high < 0
        return Verdict("NO PRACTICAL DIFFERENCE" + (" (detectable but negligible)" if known else ""), "same")
    if low > 0:
        return Verdict("HELPS, size uncertain", "helps")
    if high < 0:
        return Verdict("HURTS, size uncertain", "hurts")
    if low > -r:
        return Verdict("DOES NOT HURT, may help", "open")
    if high < r:
        return Verdict("DOES NOT HELP, may hurt", "open")
    return Verdict("UNDECIDED", "open", decided=False)


def without(words: str) -> Verdict:
    """Return one of the verdicts that are none."""
    return Verdict(words, "open", decided=False)
