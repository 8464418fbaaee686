"""``runs.csv``: one row per run and epoch, in full precision."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from builders import run_manifest

from augexp.reporting import formats
from augexp.results.manifests import EpochTiming, Timing
from augexp.results.records import COLUMNS, RunRecord


def record(arm: str, seed: int, accuracy: list[float], *, status: str = "complete", timed: int = 99) -> RunRecord:
    epochs = {name: np.arange(1, len(accuracy) + 1) for name in COLUMNS}
    epochs["val_accuracy"] = np.array(accuracy)
    timing = Timing(epochs=tuple(EpochTiming(seconds=0.5) for _ in accuracy[:timed]))
    return RunRecord(Path("nowhere"), run_manifest(arm, seed, status=status), epochs, timing)


def rows(*records: RunRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(formats.runs_csv(records))))


def test_runs_csv_has_one_row_per_run_and_epoch_in_full_precision() -> None:
    found = rows(record("b", 0, [0.1]), record("a", 3, [1 / 3, 2 / 3]))
    assert [(row["arm"], row["seed"], row["epoch"]) for row in found] == [
        ("a", "3", "1"),
        ("a", "3", "2"),
        ("b", "0", "1"),
    ]
    assert float(found[0]["val_accuracy"]) == 1 / 3
    assert found[0]["seconds"] == "0.5"
    assert list(found[0]) == ["arm", "seed", "status", *COLUMNS, "seconds"]


def test_counts_are_written_as_whole_numbers() -> None:
    (row,) = rows(record("a", 0, [0.5]))
    assert (row["epoch"], row["steps"], row["images_seen"], row["unique_images"]) == ("1", "1", "1", "1")


def test_seeds_are_in_numeric_order() -> None:
    assert [row["seed"] for row in rows(*(record("a", seed, [0.5]) for seed in (10, 9, 2)))] == ["2", "9", "10"]


def test_unknown_times_are_empty() -> None:
    assert [row["seconds"] for row in rows(record("a", 0, [0.5, 0.5], timed=1))] == ["0.5", ""]
    assert [row["seconds"] for row in rows(record("a", 0, [0.5], timed=0))] == [""]


def test_a_diverged_run_is_listed_and_a_failed_one_has_no_rows() -> None:
    found = rows(record("a", 0, [0.5, float("nan")], status="diverged"), record("a", 1, [], status="failed"))
    assert [(row["status"], row["val_accuracy"]) for row in found] == [("diverged", "0.5"), ("diverged", "nan")]


def test_names_with_commas_and_quotes_survive() -> None:
    assert rows(record('a,"b"\n', 0, [0.5]))[0]["arm"] == 'a,"b"\n'
