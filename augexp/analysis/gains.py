"""When it pays: the paired difference of validation accuracy over the epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.learning_curves import Floats, course, paired
from augexp.analysis.schema import Gain, Interval
from augexp.results.records import RunRecord

LAST = 3
"""The slope is taken over the last one in so many parts of the budget."""

FEWEST_EPOCHS = 3
"""Epochs in that part without which a slope says nothing."""


def gain(records: Sequence[RunRecord], baseline: str, arm: str) -> Gain | None:
    """Return the paired gain by epoch in percentage points; None without a pair that has epochs.

    Args:
        records: runs of the complete blocks.
        baseline: the arm that `arm` is compared with.
        arm: the other one.
    """
    first = course(records, baseline, "val_accuracy", factor=100.0)
    both = paired(first, course(records, arm, "val_accuracy", factor=100.0))
    if not both.seeds or not len(both.epochs) or not np.isfinite(both.values).all():
        return None
    bands = [statistics.mean_interval(column) for column in both.values.T]
    low = tuple(band[0] for band in bands if band) or None
    slope, interval = _slope(both.epochs, both.values)
    return Gain(
        mean=tuple(both.mean.tolist()),
        low=low,
        high=tuple(band[1] for band in bands if band) or None,
        pairs=len(both.seeds),
        ahead_from=_stays_above(both.mean),
        surely_ahead_from=_stays_above(np.array(low)) if low else None,
        slope=slope,
        slope_interval=interval,
        still_gaining=interval is not None and interval.low > 0,
    )


def _stays_above(values: Floats) -> int | None:
    """Return the first epoch, from 1, from which `values` are above zero to the end."""
    below = np.flatnonzero(values <= 0)
    start = int(below[-1]) + 1 if len(below) else 0
    return start + 1 if start < len(values) else None


def _slope(epochs: Floats, values: Floats) -> tuple[float | None, Interval | None]:
    part = max(len(epochs) // LAST, FEWEST_EPOCHS)
    if len(epochs) < 2 * FEWEST_EPOCHS:
        return None, None
    found = statistics.slopes(epochs[-part:], values[:, -part:])
    ends = statistics.mean_interval(found)
    return float(found.mean()), Interval(low=ends[0], high=ends[1]) if ends else None
