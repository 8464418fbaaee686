"""Full disks and clocks that jump: one clear line, nothing lost, and the bytes of a quiet day."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from pathlib import Path

import pytest

from augexp import files
from augexp.errors import ResultsError
from augexp.results import heartbeat, records
from augexp.training import run

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS)
FULL = Path("/dev/full")
"""A device of Linux that takes no byte: "No space left on device"."""

WRITTEN = (records.EPOCHS, heartbeat.NAME, records.CHECKPOINT, records.PREDICTIONS, records.TIMING, records.RUN)


def content(folder):
    return {name: (folder / name).read_bytes() for name in SAME}


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("name", [*WRITTEN, ".unique-3"])
def test_a_full_disk_is_one_line_and_loses_nothing(name, finished, make_task, networks, tmp_path, monkeypatch):
    task = make_task(tmp_path, "standard", 0)
    task.folder.mkdir(parents=True)
    if name.startswith(".unique"):  # a fresh start removes those of before
        report, seconds = (lambda event: event.epoch == 2 and (task.folder / name).symlink_to(FULL)), 999
    else:
        report, seconds = (lambda event: None), 0
    replacing = files.replacing

    @contextlib.contextmanager
    def full(path, **options):
        if path == task.folder / name:
            yield FULL  # stands for the whole disk
        with replacing(path, **options) as beside:
            yield beside

    with monkeypatch.context() as patch:
        patch.setattr(files, "replacing", full)
        with pytest.raises(ResultsError, match=r"No space left on device.; free some space .* finished runs are kept"):
            run.execute(task, networks=networks, report=report, checkpoint_seconds=seconds)
    assert not task.is_finished
    if name.startswith(".unique"):
        (task.folder / name).unlink(missing_ok=True)  # now there is space
    run.execute(task, networks=networks)
    assert content(task.folder) == content(finished["standard", 0].folder)
    assert {path.name for path in task.folder.iterdir()} == {*SAME, records.TIMING}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # inside of Keras
def test_a_model_that_does_not_fit_is_one_line(make_task, networks, tmp_path, monkeypatch, tiny):
    task = dataclasses.replace(make_task(tmp_path, "none", 0), keep_model=True)
    model = networks.network(tiny.training, 16, 2, 15).model

    def half(path):
        Path(path).write_bytes(b"half")
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(model, "save", half)
        with pytest.raises(ResultsError, match=r"model\.keras: cannot be written .No space left on device"):
            run.execute(task, networks=networks)
    assert not list(task.folder.glob("*model*"))
    run.execute(task, networks=networks)
    assert (task.folder / records.MODEL).stat().st_size > 1000


def test_a_date_that_jumps_changes_neither_numbers_nor_seconds(finished, make_task, networks, tmp_path, monkeypatch):
    real, calls = time.time, iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: real() + 86_400.0 * (-1) ** next(calls))
    task = make_task(tmp_path, "standard", 0)
    run.execute(task, networks=networks, checkpoint_seconds=0)
    assert content(task.folder) == content(finished["standard", 0].folder)
    timing = records.read_run(task.folder).timing
    assert 0 < timing.wall_seconds < 600
    assert all(0 < epoch.seconds < 600 for epoch in timing.epochs)
