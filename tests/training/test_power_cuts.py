"""A command whose power fails at any of its writes ends byte for byte as an undisturbed one.

It is executed once while its writes are noted. Then, for every such moment, the folder is made as a power cut may leave
it (see `power_cuts`), and the same command goes on from there: a run, the preparation of images, and a comparison whose
runs are finished, with its plan, its definition and its answer.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from power_cuts import Disk, Tree, cut_everywhere

import augexp
from augexp.commands import answer
from augexp.data.preparation import prepare
from augexp.data.store import open_store
from augexp.files import write_atomically
from augexp.results import records
from augexp.training import run

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES)

DISK = Disk()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="names of a folder are synchronised on POSIX systems alone"),
]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        DISK.synced(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    yield DISK
    DISK.folder = None


def files_of(folder: Path, *patterns: str) -> Tree:
    """Return the files of some patterns, without temporary ones, which a cut leaves behind."""
    paths = [path for pattern in patterns for path in folder.glob(pattern) if path.is_file()]
    paths = [path for path in paths if ".part" not in path.name]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def cut_a_run_everywhere(disk: Disk, task: Any, networks: Any) -> int:
    def execute() -> None:
        if not task.is_finished:
            run.execute(task, networks=networks, checkpoint_seconds=0)
        assert {records.RUN, records.EPOCHS, records.PREDICTIONS} <= {*os.listdir(task.folder)}

    return cut_everywhere(disk, task.folder, execute, lambda: files_of(task.folder, *SAME))


def test_a_run_that_loses_power_at_any_write(disk: Disk, make_task, networks, tmp_path: Path) -> None:
    assert cut_a_run_everywhere(disk, make_task(tmp_path, "standard"), networks) > 20


def test_a_run_that_goes_on_to_a_further_horizon_loses_power_at_any_write(
    disk: Disk, make_task, tiny, networks, tmp_path: Path
) -> None:
    experiment = tiny.replace(training={"epochs": "auto"}, plan={"max_epochs": 20})
    task = replace(make_task(tmp_path, "standard", 0, experiment), horizon=4, extendable=True)
    run.execute(task, networks=networks, checkpoint_seconds=0)
    further = replace(task, horizon=6, extendable=False)
    assert cut_a_run_everywhere(disk, further, networks) > 20


def test_the_preparation_of_images_loses_power_at_any_write(disk: Disk, tiny, tmp_path: Path) -> None:
    def execute() -> None:
        prepared = prepare(tiny.data, tmp_path / "data", jobs=1)
        open_store(prepared.path).check_images()

    def content() -> Tree:
        found = files_of(tmp_path / "data" / "stores", "*px-*/*", "requests/*")
        return {name: content for name, content in found.items() if not name.endswith(".checked")}

    assert cut_everywhere(disk, tmp_path / "data", execute, content) > 20
    assert {"images.npy", "keys.npy", "store.json"} <= {Path(name).name for name in content()}


def test_a_comparison_loses_power_at_any_write(disk: Disk, tiny, store, finished, tmp_path: Path, monkeypatch) -> None:
    def draw(_: Any, comparison: Any, records: Any, images: Any, folder: Path) -> list[Path]:
        """Write what takes no second, as the figures are written."""
        paths = [folder / name for name in ("comparison.json", "runs.csv", "report.html")]
        for path in paths:
            write_atomically(path, f"{path.name} {comparison.model_dump_json()}")
        return paths

    monkeypatch.setattr(answer, "_draw", draw)
    experiment = tiny.replace(plan={"seeds": 2, "arms": ["none", "standard"]})
    results = tmp_path / "results"
    for (arm, seed), record in finished.items():
        if arm in experiment.plan.arms:
            shutil.copytree(record.folder, results / "tiny" / "runs" / arm / f"seed-{seed}")

    def execute() -> None:
        augexp.compare(experiment, results_dir=results, data_dir=store.path.parents[1])

    def content() -> Tree:
        return files_of(results, "tiny/*", "tiny/comparison/*", "tiny/comparison/.made", "tiny/runs/*/*/*")

    assert cut_everywhere(disk, results, execute, content) > 20
    written = {"tiny/plan.json", "tiny/experiment.toml", "tiny/comparison/.made", "tiny/comparison/report.html"}
    assert written <= {*content()}
