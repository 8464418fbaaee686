"""Workers that come and go: order, death, errors, Ctrl-C, locks; and that numbers do not depend on them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from augexp.engines import base, resources, worker_process
from augexp.engines.local import LocalEngine
from augexp.errors import Interrupted, ResultsError, RunError
from augexp.experiment import definition
from augexp.results import locks, records
from augexp.training.task import RunTask

HELPERS = Path(__file__).resolve().parents[1] / "helpers"
ARMS = ["none", "dies", "dies-once", "killed-once", "half", "fails", "full", "slow", "two"]


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Return tasks whose worker is a stand-in that behaves as the arm says."""
    monkeypatch.setattr(worker_process, "MODULE", "stand_in_worker")
    monkeypatch.setenv("PYTHONPATH", str(HELPERS))
    policies = {arm: {"policy": "none"} for arm in ARMS if arm not in ("none", "two")}
    policies["two"] = {"operations": [{"op": "horizontal_flip"}, {"op": "horizontal_flip"}]}
    experiment = definition.parse({"name": "play", "plan": {"arms": ARMS}, "policies": policies}, origin="test")

    def tasks(*arms, seeds=1):
        return [
            RunTask(experiment, arm, seed, tmp_path, records.run_folder(tmp_path, arm, seed))
            for seed in range(seeds)
            for arm in arms
        ]

    return tasks


def collect(tasks, jobs=1):
    events = []
    with LocalEngine(jobs) as engine:
        return engine.execute(tasks, events.append), events


def test_blocks_come_first_and_long_arms_first_inside(play):
    order = [(task.seed, task.arm) for task in base.in_order(list(reversed(play("none", "two", seeds=3))))]
    assert order == [(0, "two"), (0, "none"), (1, "two"), (1, "none"), (2, "two"), (2, "none")]


def test_a_run_whose_worker_dies_is_tried_once_more(play):
    outcome, events = collect(play("dies-once", "none"))
    assert (outcome.executed, outcome.failures) == (2, ())
    assert [event.kind for event in events if event.arm == "dies-once"] == ["started", "note", "started", "finished"]
    assert "exit code 3" in events[1].message or "exit code 3" in events[2].message


def test_a_worker_that_dies_twice_fails_its_run_and_no_other(play):
    outcome, events = collect(play("dies", "none"))
    assert outcome.executed == 1
    assert [failure.arm for failure in outcome.failures] == ["dies"]
    assert "ended 2 times (exit code 3); last words" in outcome.failures[0].message
    record = records.read_run(play("dies")[0].folder)
    assert (record.status, record.finished) == ("failed", False)


def test_memory_that_runs_out_is_named_and_takes_a_worker_away(play, monkeypatch):
    tasks = play("killed-once", "none")
    before = tasks[0].folder / "tried"
    monkeypatch.setattr(resources, "out_of_memory_kills", lambda: 7 + before.exists())
    events = []
    with LocalEngine(2) as engine:
        outcome = engine.execute(tasks, events.append)
        assert engine.jobs == 1
    assert (outcome.executed, outcome.failures) == (2, ())
    assert "memory ran out: one worker less" in next(event.message for event in events if event.kind == "note")


def test_after_memory_ran_out_nothing_is_prepared_ahead(play, monkeypatch):
    tasks = play("killed-once")
    before = tasks[0].folder / "tried"
    monkeypatch.setattr(resources, "out_of_memory_kills", lambda: 7 + before.exists())
    monkeypatch.setattr(resources, "worker_slots", lambda jobs: [resources.WorkerSlot(spare_core=True)])
    with LocalEngine(1) as engine:
        engine.start(1)
        assert [worker.slot.spare_core for worker in engine._workers] == [True]
        assert engine.execute(tasks).executed == 1
        assert [worker.slot.spare_core for worker in engine._workers] == [False]


def test_a_kill_by_somebody_is_not_taken_for_memory(play):
    events = []
    with LocalEngine(2) as engine:
        assert engine.execute(play("killed-once"), events.append).executed == 1
        assert engine.jobs == 2
    assert "killed by SIGKILL" in next(event.message for event in events if event.kind == "note")


def test_a_worker_that_ends_in_the_middle_of_a_message_has_ended(play):
    outcome, events = collect(play("half", "none"))
    assert (outcome.executed, outcome.failures) == (2, ())
    assert [event.kind for event in events if event.arm == "half"] == ["started", "note", "started", "finished"]
    assert "exit code 4" in next(event.message for event in events if event.kind == "note")


def test_an_error_of_the_run_is_not_repeated(play):
    outcome, events = collect(play("fails", "none"))
    assert [event.kind for event in events if event.arm == "fails"] == ["started", "failed"]
    assert outcome.failures[0].message == "its own error"
    assert outcome.executed == 1


def test_a_full_disk_ends_everything_with_one_line(play):
    with pytest.raises(ResultsError, match="the disk is full"):
        collect(play("full", "none"))


def test_workers_that_cannot_start_are_one_line(play, monkeypatch, tmp_path):
    (tmp_path / "broken_worker.py").write_text("raise SystemExit('no such library')", encoding="utf-8")
    monkeypatch.setattr(worker_process, "MODULE", "broken_worker")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RunError, match="cannot be started .exit code 1.: no such library"):
        collect(play("none"))


def test_one_engine_serves_several_calls_with_the_same_workers(play):
    with LocalEngine(2) as engine:
        engine.start(2)
        before = [worker.process.pid for worker in engine._workers]
        assert engine.execute(play("none", "two")).executed == 2
        assert engine.execute(play("none", "two", seeds=2)).executed == 4
        assert [worker.process.pid for worker in engine._workers] == before
    assert not any(psutil.pid_exists(pid) for pid in before)


def test_spare_time_is_told_once_while_the_last_run_goes_on(play):
    calls, epochs = [], []

    def listen(event):
        epochs.extend([event] if event.kind == "epoch" else [])
        if calls or len(epochs) == 100:  # ten seconds of it: nobody was told
            signal.raise_signal(signal.SIGINT)

    with LocalEngine(2, when_spare=lambda: calls.append("spare")) as engine:
        assert engine.execute([]).executed == 0
        assert not calls
        with pytest.raises(Interrupted, match=r"1 of 2 runs finished|stopped at once"):
            engine.execute(play("none", "slow"), listen)
    assert calls == ["spare"]


def test_ctrl_c_once_stops_cleanly(play):
    seen, handler = [], signal.getsignal(signal.SIGINT)

    def interrupt(event):
        seen.append(event.kind)
        if seen.count("epoch") == 1 and event.kind == "epoch":
            signal.raise_signal(signal.SIGINT)

    with LocalEngine(1) as engine, pytest.raises(Interrupted, match="0 of 2 runs finished.*repeat the same command"):
        engine.execute(play("slow", seeds=2), interrupt)
    assert seen.count("started") == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_twice_stops_at_once(play):
    def interrupt(event):
        if event.kind == "started":
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with LocalEngine(1) as engine, pytest.raises(Interrupted, match="stopped at once"):
        engine.execute(play("slow"), interrupt)


def test_workers_end_with_the_process_that_started_them(play, tmp_path):
    program = f"""
import os, sys
from augexp.engines import resources, worker_process
import queue
worker_process.MODULE = {worker_process.MODULE!r}
worker = worker_process.Worker(resources.WorkerSlot(), queue.SimpleQueue())
print(worker.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid = int(answer.stdout)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker is an orphan"
        time.sleep(0.05)


def test_a_results_folder_has_one_command_at_a_time(tmp_path):
    folder = tmp_path / "results"
    refused = pytest.raises(ResultsError, match="another augexp command")
    with locks.lock_results(folder), refused, locks.lock_results(folder):
        pass
    with locks.lock_results(tmp_path / "results"):
        pass


def test_the_lock_of_a_killed_command_is_no_obstacle(tmp_path):
    program = f"""
import os
from pathlib import Path
from augexp.results import locks
with locks.lock_results(Path({str(tmp_path)!r})):
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    with locks.lock_results(tmp_path):
        pass


def test_a_results_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be written"), locks.lock_results(tmp_path / "file" / "results"):
        pass


def test_jobs_are_bounded_by_cores_and_memory(monkeypatch):
    monkeypatch.setattr(resources, "gpu_memory", list)
    monkeypatch.setattr(resources, "cores", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(resources, "available_memory", lambda: 64 * 2**30)
    assert resources.automatic_jobs() == 4
    monkeypatch.setattr(resources, "available_memory", lambda: 2 * 2**30)
    assert resources.automatic_jobs() == 2
    monkeypatch.setattr(resources, "available_memory", lambda: 0)
    assert resources.automatic_jobs() == 1
    with pytest.raises(RunError, match="jobs: received 0"):
        LocalEngine(0)


def test_gpus_are_shared_within_their_memory(monkeypatch):
    monkeypatch.setattr(resources, "gpu_memory", lambda: [24_000, 24_000])
    monkeypatch.setattr(resources, "cores", lambda: list(range(16)))
    assert resources.automatic_jobs() == 8
    slots = resources.worker_slots(4)
    assert [slot.gpu for slot in slots] == [0, 1, 0, 1]
    assert all(slot.memory_limit == 10_800 for slot in slots)


@pytest.mark.parametrize(("jobs", "spare"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_core_is_spare_where_every_worker_has_a_second_one(jobs, spare, monkeypatch):
    monkeypatch.setattr(resources, "gpu_memory", list)
    monkeypatch.setattr(resources, "cores", lambda: [0, 1, 2, 3])
    assert [slot.spare_core for slot in resources.worker_slots(jobs)] == [spare] * jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_workers_give_the_bytes_of_runs_in_this_process(jobs, finished, make_task, tmp_path):
    tasks = [make_task(tmp_path, arm, seed) for arm in ("none", "standard") for seed in (0, 1)]
    with LocalEngine(jobs) as engine:
        outcome = engine.execute(tasks)
    assert (outcome.executed, outcome.failures) == (4, ())
    for task in tasks:
        for name in (records.RUN, records.EPOCHS, records.PREDICTIONS):
            assert (task.folder / name).read_bytes() == (finished[task.arm, task.seed].folder / name).read_bytes()
    assert json.loads((tasks[0].folder / records.TIMING).read_text(encoding="utf-8"))["wall_seconds"] > 0
    with LocalEngine(jobs) as engine:
        assert engine.execute(tasks) == base.Outcome(finished_before=4)
