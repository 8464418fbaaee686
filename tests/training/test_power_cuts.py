"""A run whose power fails at any of its writes ends byte for byte as an undisturbed one.

The run is executed once while every file that it opens for writing, renames or removes is noted, with what its folder
holds at that moment and what has reached the disk: the content of a file at its last fsync, the names of the folder at
the folder's last fsync. Then, for every such moment, the folder is made as a power cut may leave it, and the same run
goes on from there.

- dropped: names and contents as they were synchronised last; everything since then is gone;
- zeroed: all names are there, and what was not synchronised is zeros of the same length.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from augexp.results import records
from augexp.training import run

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names of a folder are synchronised on POSIX systems alone")


@dataclass(frozen=True)
class Moment:
    """What a folder holds just before a write, and what of that is on the disk.

    Attributes:
        event: what is about to happen.
        names: number of the file by name.
        contents: by number.
        synced_names, synced_contents: the same as of the last fsync; a file without one has no content there.
    """

    event: str
    names: dict[str, int]
    contents: dict[int, bytes]
    synced_names: dict[str, int]
    synced_contents: dict[int, bytes]

    def dropped(self) -> dict[str, bytes]:
        return {name: self.synced_contents.get(number, b"") for name, number in self.synced_names.items()}

    def zeroed(self) -> dict[str, bytes]:
        files = {}
        for name, number in self.names.items():
            synced, content = self.synced_contents.get(number, b""), self.contents[number]
            files[name] = synced + bytes(max(0, len(content) - len(synced)))
        return files


class Disk:
    """Notes the moments of one folder."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.moments: list[Moment] = []
        sys.addaudithook(self._hook)

    def begin(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.moments, self._open = [], dict[int, int]()
        self._names, self._contents = self._look(folder)  # what is there has been there for long

    def end(self) -> list[Moment]:
        self.folder = None
        for descriptor in self._open.values():
            os.close(descriptor)
        return self.moments

    def synced(self, descriptor: int) -> None:
        """Note that a file, or the names of the folder, have reached the disk."""
        folder, status = self.folder, os.fstat(descriptor)
        if folder is None:
            return
        names, contents = self._look(folder)
        if status.st_ino == folder.stat().st_ino:
            self._names = names
        elif status.st_ino in contents:
            self._contents = {**self._contents, status.st_ino: contents[status.st_ino]}

    def _look(self, folder: Path) -> tuple[dict[str, int], dict[int, bytes]]:
        self.folder = None  # what is done here is not of the run
        names, contents = {}, {}
        for path in sorted(folder.iterdir()):
            if path.name != ".lock":
                number = path.stat().st_ino
                names[path.name], contents[number] = number, path.read_bytes()
                if number not in self._open:
                    self._open[number] = os.open(path, os.O_RDONLY)  # so that no other file gets its number
        self.folder = folder
        return names, contents

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        folder = self.folder
        if folder is None or event not in ("open", "os.rename", "os.remove"):
            return
        if not isinstance(arguments[0], (str, os.PathLike)) or Path(arguments[0]).parent != folder:
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if Path(arguments[0]).name == ".lock":
            return
        names, contents = self._look(folder)
        label = f"{event} {Path(arguments[0]).name}"
        self.moments.append(Moment(label, names, contents, dict(self._names), dict(self._contents)))


DISK = Disk()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        DISK.synced(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    yield DISK
    DISK.folder = None


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in SAME if (folder / name).exists()}


def crash_everywhere(disk: Disk, task: Any, networks: Any) -> int:
    """Execute `task` once undisturbed, then go on after each crash; return how many different ones there were."""
    disk.begin(task.folder)
    run.execute(task, networks=networks, checkpoint_seconds=0)
    moments = disk.end()
    expected, wrong, states = content(task.folder), [], 0
    assert {records.RUN, records.EPOCHS, records.PREDICTIONS} <= {*expected}
    seen = set()
    for number, moment in enumerate(moments):
        for how, files in (("dropped", moment.dropped()), ("zeroed", moment.zeroed())):
            key = tuple(sorted(files.items()))
            if key in seen:
                continue
            seen.add(key)
            states += 1
            shutil.rmtree(task.folder)
            task.folder.mkdir(parents=True)
            for name, data in files.items():
                (task.folder / name).write_bytes(data)
            if not task.is_finished:
                run.execute(task, networks=networks, checkpoint_seconds=0)
            if content(task.folder) != expected:
                wrong.append(f"{number} {moment.event} {how}")
    assert wrong == []
    return states


@pytest.mark.slow
def test_a_run_that_loses_power_at_any_write(disk: Disk, make_task, networks, tmp_path: Path) -> None:
    states = crash_everywhere(disk, make_task(tmp_path, "standard"), networks)
    assert states > 20


@pytest.mark.slow
def test_a_run_that_goes_on_to_a_further_horizon_loses_power_at_any_write(
    disk: Disk, make_task, tiny, networks, tmp_path: Path
) -> None:
    experiment = tiny.replace(training={"epochs": "auto"}, plan={"max_epochs": 20})
    task = replace(make_task(tmp_path, "standard", 0, experiment), horizon=4, extendable=True)
    run.execute(task, networks=networks, checkpoint_seconds=0)
    further = replace(task, horizon=6, extendable=False)
    assert crash_everywhere(disk, further, networks) > 20
