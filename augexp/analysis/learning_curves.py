"""The metrics of the runs over the epochs as arrays, and the paired gain in validation accuracy by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augexp.analysis import statistics
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.values import Gain, Interval
from augexp.results.records import RunRecord

Floats = npt.NDArray[np.float64]

LAST_PART = 3
"""The slope is taken over the last one in so many parts of the budget."""

MIN_EPOCHS = 3
"""Epochs in that part without which a slope says nothing."""


@dataclass(frozen=True)
class Course:
    """One column of ``epochs.csv`` over the runs of one arm.

    Attributes:
        epochs: float64 (E,), 1 to the longest run's last epoch.
        values: float64 (S, E), one row per seed in the order of `seeds`; NaN after a run has ended.
        seeds: the S seeds, ascending.
    """

    epochs: Floats
    values: Floats
    seeds: tuple[int, ...]

    @property
    def mean(self) -> Floats:
        """Mean over the seeds, float64 (E,); NaN at epochs where a run has no finite value."""
        return self.values.mean(axis=0) if len(self.values) else np.full(len(self.epochs), np.nan)


def course(records: Sequence[RunRecord], arm: str, column: str, *, factor: float = 1.0) -> Course:
    """Collect `column` of all runs of `arm` that have epochs.

    Args:
        records: runs of one experiment, in any order.
        arm: name of the arm.
        column: a column of ``epochs.csv``.
        factor: multiplies the values; 100 turns an accuracy into percent.
    """
    runs = sorted((r for r in records if r.arm == arm and len(r.epochs.get(column, ()))), key=lambda r: r.seed)
    length = max((len(run.epochs[column]) for run in runs), default=0)
    values = np.full((len(runs), length), np.nan)
    for row, run in enumerate(runs):
        values[row, : len(run.epochs[column])] = factor * run.epochs[column].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return Course(np.arange(1, length + 1, dtype=np.float64), values, tuple(run.seed for run in runs))


def paired(first: Course, second: Course) -> Course:
    """Subtract `first` from `second` seed by seed, over the seeds and epochs that both have."""
    seeds = tuple(seed for seed in first.seeds if seed in second.seeds)
    length = min(len(first.epochs), len(second.epochs))
    ours, theirs = (part.values[[part.seeds.index(seed) for seed in seeds], :length] for part in (second, first))
    return Course(first.epochs[:length], ours - theirs, seeds)


def differences(records: Sequence[RunRecord], baseline: str, arm: str) -> Course:
    """Return the paired difference of validation accuracy by epoch, in pp."""
    first, second = (course(records, name, "val_accuracy", factor=100.0) for name in (baseline, arm))
    return paired(first, second)


def gain(records: Sequence[RunRecord], baseline: str, arm: str, settings: AnalysisSettings) -> Gain | None:
    """Return the paired gain by epoch in percentage points; None without a pair that has epochs.

    Args:
        records: runs of the complete blocks.
        baseline: the arm that `arm` is compared with.
        arm: the other one.
        settings: of the comparison; where nothing is claimed, there is neither a band nor the slope's interval.
    """
    both = differences(records, baseline, arm)
    if not both.seeds or not len(both.epochs) or not np.isfinite(both.values).all():
        return None
    bands = [statistics.mean_interval(column) for column in both.values.T] if settings.claims else []
    low = tuple(band[0] for band in bands if band) or None
    slope, interval = _slope(both, settings)
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


def _slope(both: Course, settings: AnalysisSettings) -> tuple[float | None, Interval | None]:
    part = max(len(both.epochs) // LAST_PART, MIN_EPOCHS)
    if len(both.epochs) < 2 * MIN_EPOCHS:
        return None, None
    slopes = statistics.slopes(both.epochs[-part:], both.values[:, -part:])
    ends = statistics.mean_interval(slopes) if settings.claims else None
    return float(slopes.mean()), Interval(low=ends[0], high=ends[1]) if ends else None
