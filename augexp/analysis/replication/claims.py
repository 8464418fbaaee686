"""Whether an interval confirms or contradicts a claim, and how sure the paper's own test images are."""

from __future__ import annotations

import math
from typing import Literal

from augexp.analysis.replication.schema import Status
from augexp.analysis.statistics import normal_quantile
from augexp.analysis.values import Interval


def classify(interval: Interval | None, expects: Literal["gain", "no gain"], r: float) -> Status:
    """Say what an interval of arm minus reference says of a claim.

    An interval below r shows that there is no gain that counts, one above zero (that is not below r) that there is a
    gain; any other decides nothing.

    Args:
        interval: in pp, simultaneous over the claims; None decides nothing.
        expects: what is claimed.
        r: half-width of the region of practical equivalence in pp.
    """
    if interval is None:
        return "undecidable"
    if interval.high < r:
        return "contradicted" if expects == "gain" else "confirmed"
    if interval.low > 0:
        return "confirmed" if expects == "gain" else "contradicted"
    return "undecidable"


def sampling_error(first: float, second: float, images: int) -> float:
    """Return the 95 % half-width, in pp, of a difference of two accuracies from the choice of the test images alone.

    Binomial, as if the two had been measured on different images. Which images both got right was not published; two
    arms that are right about the same images have a smaller error, and those that are right about others a larger one.

    Args:
        first: accuracy in percent.
        second: the other one.
        images: test images.
    """
    variance = sum(share * (1 - share) / images for share in (first / 100, second / 100))
    return 100 * normal_quantile(0.975) * math.sqrt(variance)
