"""A disk that is full, for real: one line, and the same command goes on when there is room again.

A file system of a few hundred kilobytes in memory is mounted, which takes the rights to do so. The records at the end
are those of a command that always had room, byte by byte.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from augexp.results import records

ROOT = Path(__file__).resolve().parents[2]
SMOKE = str(ROOT / "experiments" / "smoke.toml")
PROGRAM = "import sys; from augexp.cli import main; sys.exit(main())"
SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES, "plan.json", "experiment.toml")
ENOUGH = 200_000_000

FILLED = """
import os
from pathlib import Path
from augexp.data import preparation

put_in_order, filler = preparation._put_in_order, Path(os.environ["DISK"]) / "filler"

def full(path, *arguments):
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            file.truncate(file.tell() - 200_000)
    return put_in_order(path, *arguments)

preparation._put_in_order = full
"""
"""Has the disk filled by somebody else just before the images are put in order."""


class Disk:
    """A file system of its own, whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, size: int) -> None:
        """Give it so many bytes."""
        self._mount(f"remount,size={size}")

    def free(self) -> int:
        """Return the bytes that are free."""
        status = os.statvfs(self.folder)
        return status.f_bfree * status.f_frsize

    def used(self) -> int:
        """Return the bytes that are not."""
        status = os.statvfs(self.folder)
        return (status.f_blocks - status.f_bfree) * status.f_frsize

    def mount(self) -> None:
        """Mount it, or skip the test."""
        self.folder.mkdir()
        try:
            self._mount(f"size={ENOUGH}")
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no file system can be mounted here (needs Linux and the rights of root)")

    def unmount(self) -> None:
        """Unmount it, also where a process that is about to end still has it."""
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    one = Disk(tmp_path / "disk")
    one.mount()
    yield one
    one.unmount()


def call(*words: object, disk: Disk, before: str = "") -> tuple[int, str]:
    """Call augexp in a process of its own; return exit code and stderr."""
    done = subprocess.run(
        [sys.executable, "-c", before + PROGRAM, *map(str, words), "--quiet"],
        capture_output=True, text=True, check=False, env={**os.environ, "DISK": str(disk.folder)},
    )  # fmt: skip
    return done.returncode, done.stderr


def is_one_line(code: int, err: str, folder: Path) -> bool:
    lines = [line for line in err.splitlines() if not line.startswith("warning: ")]
    return code == 1 and len(lines) == 1 and lines[0].startswith("augexp: ") and str(folder) in err


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.name in SAME}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "compare"])
def test_runs_on_a_disk_that_is_too_small(command: str, smoke, disk: Disk, tmp_path: Path) -> None:
    further = ["--arm", "standard", "--seed", "1", "--save-model"] if command == "train" else ["--jobs", "2"]

    def words(results: Path) -> list[object]:
        return [command, SMOKE, "--results-dir", results, "--data-dir", smoke.data_dir, *further]

    assert call(*words(disk.folder / "whole"), disk=disk)[0] == 0
    expected, size = content(disk.folder / "whole"), disk.used()
    assert len(expected) == {"train": 4, "compare": 20}[command]
    told = 0
    shares = {"train": (0.0, 0.4, 0.9), "compare": (0.4,)}[command]
    for number, share in enumerate(shares):
        results = disk.folder / f"results-{number}"
        disk.resize(disk.used() + int(share * size) + 4096)
        code, err = call(*words(results), disk=disk)
        assert code == 0 or is_one_line(code, err, results), f"{share}: {code} {err}"
        told += code
        disk.resize(ENOUGH)
        assert call(*words(results), disk=disk)[0] == 0
        assert content(results) == expected
    assert told >= {"train": 2, "compare": 1}[command]


@pytest.mark.slow
def test_images_on_a_disk_that_somebody_fills_meanwhile(disk: Disk) -> None:
    def stores(data: Path) -> dict[str, bytes]:
        folder = data / "stores"
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.glob("*px-*/*")
            if path.is_file() and path.name != ".checked"
        }

    assert call("index", SMOKE, "--data-dir", disk.folder / "whole", disk=disk) == (0, "")
    code, err = call("index", SMOKE, "--data-dir", disk.folder / "data", disk=disk, before=FILLED)
    assert is_one_line(code, err, disk.folder / "data"), err
    assert "No space left" in err
    assert not stores(disk.folder / "data")
    (disk.folder / "filler").unlink()
    assert call("index", SMOKE, "--data-dir", disk.folder / "data", disk=disk) == (0, "")
    assert stores(disk.folder / "data") == stores(disk.folder / "whole")
