"""What the best of many epochs would have claimed, on curves that are made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from augexp.analysis.replication import optimism
from augexp.results.records import TEST_ACCURACY, RunRecord

BASELINE = np.array([[60.0, 72.0, 70.0], [64.0, 66.0, 66.0]])
ARM = np.array([[70.0, 71.0, 75.0], [80.0, 60.0, 70.0]])


def test_the_bias_is_the_best_minus_the_last_epoch_of_every_seed() -> None:
    alone, arm = optimism.best_of(BASELINE), optimism.best_of(ARM, BASELINE)
    assert (alone.best, alone.final, alone.bias, alone.bias_by_seed) == (69.0, 68.0, 1.0, (2.0, 0.0))
    assert alone.gain is None
    assert (arm.epochs, arm.best, arm.final, arm.bias, arm.bias_by_seed) == (3, 77.5, 72.5, 5.0, (0.0, 10.0))
    assert (arm.gain, arm.gain_bias) == (8.5, 4.0)


def test_a_curve_that_never_falls_has_no_bias() -> None:
    rising = np.sort(ARM, axis=1)
    assert optimism.best_of(rising).bias == 0.0


def test_folds_of_a_repeat_count_together() -> None:
    folds = optimism.best_of(np.array([[50.0, 40.0], [60.0, 60.0], [70.0, 50.0], [80.0, 80.0]]), size=2)
    assert folds.bias_by_seed == (5.0, 10.0)
    assert folds.bias == 7.5


def record(**columns: np.ndarray) -> RunRecord:
    return RunRecord(Path(), None, columns)  # type: ignore[arg-type]


def test_curves_end_at_the_epochs_that_are_asked_for() -> None:
    runs = [record(**{TEST_ACCURACY: np.array(values) / 100}) for values in BASELINE]
    assert np.allclose(optimism.curves_of(runs, 2), BASELINE[:, :2])
    assert optimism.curves_of(runs, 4) is None
    assert optimism.curves_of([*runs, record()], 2) is None
    assert optimism.curves_of([], 2) is None
