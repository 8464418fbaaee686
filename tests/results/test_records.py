"""Records: what is written is what is read, damage is one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import run_manifest, seal, summary

from augexp.errors import ResultsError
from augexp.results import records
from augexp.results.manifests import RunManifest
from augexp.results.predictions import Predictions, predictions_bytes, read_predictions

ROW = dict.fromkeys(records.INTEGER_COLUMNS, 3) | dict.fromkeys(records.FLOAT_COLUMNS, 1 / 3)


def predictions(m=13):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, m)
    probabilities = generator.dirichlet([1, 1, 1], m).astype(np.float32)
    predicted = probabilities.argmax(axis=1)
    return Predictions(
        labels=labels,
        predicted=predicted,
        correct=labels == predicted,
        probabilities=probabilities,
        ids=generator.integers(0, 2**63, m).astype(np.uint64),
        clusters=np.arange(m),
        classes=("a", "b", "ü"),
    )


def test_predictions_round_trip_and_equal_ones_are_equal_bytes(tmp_path):
    path = tmp_path / records.PREDICTIONS
    path.write_bytes(predictions_bytes(predictions()))
    again = read_predictions(path)
    for name, value in vars(predictions()).items():
        assert np.array_equal(getattr(again, name), value)
    assert again.correct.dtype == np.bool_
    assert predictions_bytes(again) == path.read_bytes()


def test_epochs_round_trip_in_full_precision(tmp_path):
    path = tmp_path / records.EPOCHS
    path.write_bytes(records.epochs_bytes([]))
    for number in (1, 2):
        records.append_epoch(path, {**ROW, "epoch": number, "val_loss": float("nan")})
    columns = records.read_epochs(path)
    assert list(columns["epoch"]) == [1, 2]
    assert columns["train_loss"][0] == 1 / 3
    assert np.isnan(columns["val_loss"]).all()
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(records.COLUMNS)


def write_run(folder, **changes):
    folder.mkdir(parents=True)
    outcome, values = predictions(), run_manifest().values()
    values |= {"classes": outcome.classes, "counts": {"train": 3, "validation": 0, "test": len(outcome.labels)}}
    run = RunManifest.from_values({**values, "test": summary(outcome).values(), **changes})
    rows = [{**ROW, "epoch": n, "steps": 10 * n, "images_seen": 320 * n} for n in range(1, 10)]
    (folder / records.EPOCHS).write_bytes(records.epochs_bytes(rows))
    (folder / records.PREDICTIONS).write_bytes(predictions_bytes(outcome))
    (folder / records.RUN).write_bytes(records.run_bytes(run))
    if run.format == 1:
        seal(folder)


def test_runs_are_read_in_order_and_unfinished_ones_left_out(tmp_path):
    for arm in ("standard", "none"):
        for seed in (10, 2):
            write_run(records.run_folder(tmp_path, arm, seed), arm=arm, seed=seed)
    records.run_folder(tmp_path, "none", 3).mkdir()
    found = records.read_runs(tmp_path)
    assert [(one.arm, one.seed) for one in found] == [("none", 2), ("none", 10), ("standard", 2), ("standard", 10)]
    assert found[0].predictions() is found[0].predictions()
    assert found[0].epochs["epoch"].tolist() == [*range(1, 10)]
    assert records.read_runs(tmp_path / "nothing") == []


@pytest.mark.parametrize("name", [records.RUN, records.EPOCHS, records.PREDICTIONS])
def test_damage_names_the_file_and_the_way_out(tmp_path, name):
    folder = tmp_path / "run"
    write_run(folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    with pytest.raises(ResultsError, match=f"{name}: cannot be read .*; delete the folder") as caught:
        records.read_run(folder).predictions()
    assert "\n" not in str(caught.value)


def test_another_schema_is_refused(tmp_path):
    write_run(tmp_path / "run", schema=99)
    with pytest.raises(ResultsError, match="schema 99"):
        records.read_run(tmp_path / "run")


def test_finished_means_complete_or_diverged_of_this_very_definition(tmp_path):
    assert not records.is_finished(tmp_path / "none", "h", 9)
    for status, expected in (("complete", True), ("diverged", True), ("failed", False)):
        write_run(tmp_path / status, status=status)
        assert records.is_finished(tmp_path / status, "a" * 16, 9) is expected
        assert not records.is_finished(tmp_path / status, "a" * 16, 18)
    with pytest.raises(ResultsError, match="another definition"):
        records.is_finished(tmp_path / "complete", "other", 9)


def test_json_has_no_nan(tmp_path):
    with pytest.raises(ValueError):
        records.json_bytes({"loss": float("nan")})
    assert json.loads(records.json_bytes({"b": "ü", "a": 1})) == {"a": 1, "b": "ü"}
