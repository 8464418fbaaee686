"""The course of the runs over the epochs, as arrays: what the curves draw and ``runs.csv`` lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.results.records import COLUMNS, INTEGER_COLUMNS, RunRecord

Floats = npt.NDArray[np.float64]


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
    one = first.values[[first.seeds.index(seed) for seed in seeds], :length]
    two = second.values[[second.seeds.index(seed) for seed in seeds], :length]
    return Course(first.epochs[:length], two - one, seeds)


def tidy(records: Sequence[RunRecord]) -> str:
    """Return ``runs.csv``: one row per run and epoch, with arm, seed, status and the seconds of the epoch.

    Numbers are in full precision; `seconds` is empty where the times of a run are not known. It is the
    only column that differs between two equal runs.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("arm", "seed", "status", *COLUMNS, "seconds"))
    for record in sorted(records, key=lambda r: (r.arm, r.seed)):
        times = [epoch.seconds for epoch in record.timing.epochs]
        for row in range(len(record.epochs.get("epoch", ()))):
            cells = [_cell(record, name, row) for name in COLUMNS]
            seconds = times[row] if row < len(times) else ""
            writer.writerow((record.arm, record.seed, record.status, *cells, seconds))
    return text.getvalue()


def _cell(record: RunRecord, name: str, row: int) -> Any:
    value = record.epochs[name][row]
    return int(value) if name in INTEGER_COLUMNS else repr(float(value))
