"""The metrics of the runs over the epochs as arrays: gaps, and differences paired by seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from builders import run_manifest

from augexp.analysis import learning_curves
from augexp.results.records import COLUMNS, RunRecord


def record(arm: str, seed: int, accuracy: list[float]) -> RunRecord:
    epochs = {name: np.arange(1, len(accuracy) + 1) for name in COLUMNS}
    epochs["val_accuracy"] = np.array(accuracy)
    return RunRecord(Path("nowhere"), run_manifest(arm, seed), epochs)


def test_a_run_that_ended_early_leaves_gaps() -> None:
    runs = [record("a", 1, [0.5]), record("a", 0, [0.5, 0.75])]
    course = learning_curves.course(runs, "a", "val_accuracy", factor=100)
    assert course.seeds == (0, 1)
    np.testing.assert_array_equal(course.values, [[50, 75], [50, np.nan]])
    np.testing.assert_array_equal(course.mean, [50, np.nan])


def test_an_infinite_loss_is_a_gap() -> None:
    course = learning_curves.course([record("a", 0, [0.5, np.inf])], "a", "val_accuracy")
    np.testing.assert_array_equal(course.values, [[0.5, np.nan]])


def test_differences_are_paired_by_seed() -> None:
    first = learning_curves.course([record("a", s, [s / 8, 0.5]) for s in (0, 1, 2)], "a", "val_accuracy")
    second = learning_curves.course([record("b", s, [0.25, 0.75]) for s in (2, 1)], "b", "val_accuracy")
    both = learning_curves.paired(first, second)
    assert both.seeds == (1, 2)
    np.testing.assert_array_equal(both.values, [[0.125, 0.25], [0.0, 0.25]])


def test_no_common_seed_gives_no_row() -> None:
    one = learning_curves.course([record("a", 0, [0.5])], "a", "val_accuracy")
    two = learning_curves.course([record("b", 1, [0.5])], "b", "val_accuracy")
    assert learning_curves.paired(one, two).values.shape == (0, 1)
