"""What a results folder says about itself, while it is being filled and later."""

from __future__ import annotations

import json
import sys
import time

import psutil
import pytest
from builders import LEDGER, run_manifest

from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.results import heartbeat, records, status


@pytest.fixture
def results(tmp_path):
    experiment = definition.parse(
        {"name": "play", "training": {"epochs": 10}, "plan": {"looks": [3, 5]}}, origin="test"
    )
    (tmp_path / "experiment.toml").write_text(definition.dumps(experiment), encoding="utf-8")
    return tmp_path


def end(results, arm, seed, state="complete", seconds=20.0, error=None):
    folder = records.run_folder(results, arm, seed)
    folder.mkdir(parents=True)
    run = run_manifest(arm, seed, status=state, error=error, ledger={**LEDGER, "epochs": 10})
    (folder / records.RUN).write_bytes(records.json_bytes(run.values()))
    (folder / records.TIMING).write_text(json.dumps({"wall_seconds": seconds}), encoding="utf-8")


def test_a_folder_without_definition_is_one_line(tmp_path):
    with pytest.raises(ResultsError, match="no results of augexp"):
        status.read(tmp_path)


def test_nothing_begun(results):
    found = status.read(results)
    assert (found.seeds, found.max_seeds) == (3, 5)
    assert found.counts == {"waiting": 6}
    assert found.seconds_left is None


def test_done_failed_running_interrupted_and_time_left(results):
    end(results, "none", 0)
    end(results, "standard", 0, "failed", error="its own error")
    writer = heartbeat.HeartbeatWriter(records.run_folder(results, "none", 1))
    records.run_folder(results, "none", 1).mkdir()
    writer.write(0, 10, 0.0)
    writer._last = -1.0
    writer.write(4, 10, 2.0)
    stopped = records.run_folder(results, "standard", 1)
    stopped.mkdir()
    (stopped / records.CHECKPOINT).touch()
    found = status.read(results)
    states = {(run.arm, run.seed): run for run in found.runs}
    assert states["none", 0].state == "complete"
    assert states["standard", 0].error == "its own error"
    assert (states["none", 1].state, states["none", 1].epoch) == ("running", 4)
    assert states["standard", 1].state == "interrupted"
    assert found.counts == {"complete": 1, "failed": 1, "interrupted": 1, "running": 1, "waiting": 2}
    assert found.seconds_left == 2.0 * (6 + 10 + 20)  # one worker, two seconds per epoch
    assert json.loads(json.dumps(found.to_json()))["finished"] == 1


def test_a_dead_process_is_not_running(results):
    folder = records.run_folder(results, "none", 0)
    folder.mkdir(parents=True)
    writer = heartbeat.HeartbeatWriter(folder)
    writer._born -= 100  # the number of the process has been given to another one since
    writer.write(0, 10, 0.0)
    assert status.read(results).counts["interrupted"] == 1
    writer.stop()
    assert status.read(results).counts == {"waiting": 6}


def test_a_date_that_jumps_leaves_a_running_run_running(results, monkeypatch):
    folder = records.run_folder(results, "none", 0)
    folder.mkdir(parents=True)
    heartbeat.HeartbeatWriter(folder).write(0, 10, 0.0)
    real_boot, real_create, real_time = psutil.boot_time, psutil.Process.create_time, time.time
    shift = 86_400.0 if sys.platform == "linux" else 0.0  # elsewhere the system keeps the date of the start
    monkeypatch.setattr(psutil, "boot_time", lambda: real_boot() + shift)
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: real_create(self) + shift)
    monkeypatch.setattr(time, "time", lambda: real_time() + 86_400.0)
    assert status.read(results).counts["running"] == 1


def test_another_machine_is_believed_for_a_while(tmp_path):
    last = heartbeat.Heartbeat(1, 10, 1.0, "elsewhere", 1, 0.0, time.time())
    assert last.alive
    assert not heartbeat.Heartbeat(1, 10, 1.0, "elsewhere", 1, 0.0, time.time() - 2 * heartbeat.STALE).alive


def test_the_next_look_counts_once_it_is_begun(results):
    for seed in range(3):
        for arm in ("none", "standard"):
            end(results, arm, seed)
    assert (status.read(results).seeds, status.read(results).seconds_left) == (3, 0.0)
    records.run_folder(results, "none", 3).mkdir()
    assert status.read(results).seeds == 5
