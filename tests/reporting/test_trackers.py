"""What a tracker was handed is read back; the records come from files, not from training."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from builders import LEDGER, run_manifest

from augexp.errors import ResultsError, RunError
from augexp.reporting import trackers
from augexp.results import records

ANSWER = {
    "contrasts": [
        {
            "arm": "standard",
            "estimate": 0.0312,
            "interval": [0.01, 0.05],
            "seeds": {"sd": 0.002},
            "decided": True,
            "verdict": "HELPS",
            "sentence": "It helps by 3.1 points.",
        }
    ]
}


@pytest.fixture
def runs(tmp_path):
    """Two finished runs of three epochs and a failed one."""
    found = tmp_path / "results" / "tiny"
    ledger = {**LEDGER, "epochs": 3, "steps": 24, "batch_size": 1, "images_seen": 24}
    for arm in ("none", "standard"):
        folder = records.run_folder(found, arm, 0)
        folder.mkdir(parents=True)
        rows = [
            {**dict.fromkeys(records.INTEGER_COLUMNS, 8 * n), "epoch": n, **dict.fromkeys(records.FLOAT_COLUMNS, n / 8)}
            for n in (1, 2, 3)
        ]
        (folder / records.EPOCHS).write_bytes(records.epochs_bytes(rows))
        (folder / records.RUN).write_bytes(records.run_bytes(run_manifest(arm, ledger=ledger)))
        timing = {"started": "2020-01-02T03:04:05+00:00", "epochs": [{"seconds": 10.0}] * 3}
        (folder / records.TIMING).write_bytes(records.json_bytes(timing))
    records.write_failure(records.run_folder(found, "none", 1), "e", "none", "a" * 16, 1, "its own error")
    return records.read_runs(found)


def test_tensorboard_reads_back_curves_test_and_sentence(runs, tmp_path):
    pytest.importorskip("tensorboard", reason="the extra augexp[tensorboard] is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    line = trackers.export_tensorboard(runs, ANSWER, tmp_path / "logs")
    assert trackers.export_tensorboard(runs, ANSWER, tmp_path / "logs") == line
    assert line.startswith("2 runs were written")
    assert {path.parent.relative_to(tmp_path / "logs").as_posix() for path in (tmp_path / "logs").rglob("events*")} == {
        "comparison",
        "none/seed-0",
        "standard/seed-0",
    }
    found = EventAccumulator(str(tmp_path / "logs" / "standard" / "seed-0")).Reload()
    points = found.Scalars("epochs/val_accuracy")
    assert [(point.step, point.value) for point in points] == [(1, 0.125), (2, 0.25), (3, 0.375)]
    assert [point.wall_time - points[0].wall_time for point in points] == [0, 10, 20]
    assert [point.value for point in found.Scalars("epochs/unique_images")] == [8, 16, 24]
    assert found.Scalars("test/accuracy")[0].value == 0.75
    answer = EventAccumulator(str(tmp_path / "logs" / "comparison")).Reload()
    assert answer.Scalars("standard/estimate")[0].value == np.float32(0.0312)
    assert answer.Scalars("standard/interval/high")[0].value == np.float32(0.05)
    assert answer.Tensors("sentences")[0].tensor_proto.string_val[0] == b"It helps by 3.1 points."


def folded(runs):
    """Return the finished runs as the third fit of the second of two repeats of five folds."""
    return [replace(run, run=run.run.model_copy(update={"seed": 7, "repeat": 1, "fold": 2})) for run in runs[::2]]


def test_tensorboard_calls_fits_by_their_names(runs, tmp_path):
    pytest.importorskip("tensorboard", reason="the extra augexp[tensorboard] is not installed")
    fits, logs = folded(runs), tmp_path / "logs"
    (logs / "none" / "seed-7").mkdir(parents=True)
    (logs / "none" / "seed-7" / trackers.EVENTS).write_bytes(b"of an earlier version")
    trackers.export_tensorboard(fits, {}, logs)
    assert {path.parent.relative_to(logs).as_posix() for path in logs.rglob("events*")} == {
        "none/repeat-2-fold-3",
        "standard/repeat-2-fold-3",
    }


def test_mlflow_calls_fits_by_their_names(runs, tmp_path, monkeypatch):
    for library in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(library, reason="the extra augexp[mlflow] is not installed")
    monkeypatch.chdir(tmp_path)
    trackers.export_mlflow(folded(runs), {}, str(tmp_path / "tracker"))
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/tracker/mlflow.db")
    logged = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    assert {run.info.run_name for run in logged} == {"none repeat 2 fold 3", "standard repeat 2 fold 3"}
    assert {tuple(run.data.params[name] for name in ("seed", "repeat", "fold")) for run in logged} == {("7", "1", "2")}


def test_mlflow_reads_back_curves_test_and_sentence(runs, tmp_path, monkeypatch):
    for library in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(library, reason="the extra augexp[mlflow] is not installed")
    monkeypatch.chdir(tmp_path)
    target = str(tmp_path / "tracker")
    assert trackers.export_mlflow(runs, ANSWER, target).startswith("2 of 2 runs were new")
    assert trackers.export_mlflow(runs, ANSWER, target).startswith("0 of 2 runs were new")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/tracker/mlflow.db")
    experiment = client.get_experiment_by_name("tiny").experiment_id
    logged = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(logged) == {"none seed 0", "standard seed 0", "comparison"}
    one, answer = logged["standard seed 0"], logged["comparison"]
    history = client.get_metric_history(one.info.run_id, "val_accuracy")
    assert [(point.step, point.value) for point in history] == [(1, 0.125), (2, 0.25), (3, 0.375)]
    assert one.data.metrics["test_accuracy"] == 0.75
    assert (one.data.params["arm"], one.data.params["batch_size"], one.info.status) == ("standard", "1", "FINISHED")
    assert answer.data.metrics == {
        "standard/estimate": 0.0312,
        "standard/interval/low": 0.01,
        "standard/interval/high": 0.05,
        "standard/seeds/sd": 0.002,
    }
    assert answer.data.params == {"standard/verdict": "HELPS"}
    assert answer.data.tags["mlflow.note.content"] == "It helps by 3.1 points."
    kept = next((tmp_path / "tracker" / "artifacts").rglob("comparison.json"))
    assert json.loads(kept.read_text(encoding="utf-8")) == ANSWER
    assert trackers.export_mlflow(runs, ANSWER, f"sqlite:///{tmp_path}/tracker/other.db").startswith("2 of 2")
    assert {path.name for path in tmp_path.iterdir()} == {"results", "tracker"}


@pytest.mark.parametrize("library", ["sqlalchemy", "mlflow"])
def test_mlflow_that_is_missing_is_one_line(library, runs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.exceptions", None)
    with pytest.raises(RunError, match=r"received 'mlflow', .* pip install 'augexp\[mlflow\]'"):
        trackers.export_mlflow(runs, {}, str(tmp_path / "tracker"))


def test_tensorboard_that_is_missing_is_one_line(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(RunError, match=r"received 'tensorboard', .* pip install 'augexp\[tensorboard\]'"):
        trackers.export_tensorboard(runs, {}, tmp_path / "logs")


def test_targets_that_cannot_be_written_are_one_line(runs, tmp_path):
    for library in ("tensorboard", "mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(library, reason="the extras augexp[tensorboard,mlflow] are not installed")
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be written"):
        trackers.export_tensorboard(runs, {}, tmp_path / "file" / "logs")
    with pytest.raises(ResultsError, match="cannot be written"):
        trackers.export_mlflow(runs, {}, str(tmp_path / "file" / "tracker"))
    with pytest.raises(ResultsError, match="MLflow cannot log there"):
        trackers.export_mlflow(runs, {}, "nonsense://nowhere")


def test_trackers_do_without_tensorflow(tmp_path):
    pytest.importorskip("tensorboard", reason="the extra augexp[tensorboard] is not installed")
    program = f"""
import sys
from pathlib import Path
from augexp.reporting import trackers
assert not {{"tensorboard", "mlflow"}} & set(sys.modules)
trackers.export_tensorboard([], {{"contrasts": []}}, Path({str(tmp_path)!r}))
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
