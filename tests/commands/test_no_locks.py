"""Two commands at the same time on a file system that has no locks: the records are those of one command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from augexp.results import records

ROOT = Path(__file__).resolve().parents[2]
SMOKE = str(ROOT / "experiments" / "smoke.toml")
PROGRAM = "import sys; from augexp.cli import main; sys.exit(main())"
SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS, "plan.json", "experiment.toml", "comparison.csv")

NO_LOCKS = """
import errno, fcntl, os

def flock(descriptor, operation):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

fcntl.flock = flock
"""
"""Executed by every interpreter that starts with the folder of this file in its path, workers too."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="locks of POSIX systems are taken away")]


def start(folder: Path, results: str) -> subprocess.Popen[str]:
    (folder / "sitecustomize.py").write_text(NO_LOCKS, "utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = ["compare", SMOKE, "--quiet", "--jobs", "1", "--results-dir", folder / results, "--data-dir", folder / "d"]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.name in SAME}


@pytest.mark.parametrize("places", [("same", "same"), ("one", "two")], ids=["same results", "same images"])
def test_two_comparisons_without_locks(places: tuple[str, str], smoke, tmp_path: Path) -> None:
    both = [start(tmp_path, results) for results in places]
    told = [process.communicate(timeout=300)[1] for process in both]
    assert all("this file system has no locks" in err for err in told)
    codes = [process.returncode for process in both]
    if places[0] != places[1]:
        assert codes == [0, 0], told
    else:
        assert 0 in codes, told
        for code, err in zip(codes, told, strict=True):
            lines = [line for line in err.splitlines() if not line.startswith("warning: ")]
            assert not code or (len(lines) == 1 and "another augexp command is working in this folder" in err)
        again = start(tmp_path, "same")
        again.communicate(timeout=300)
        assert again.returncode == 0
    for results in set(places):
        assert content(tmp_path / results / "smoke") == content(smoke.folder)
    assert len(content(smoke.folder)) == 21
    assert not list(tmp_path.rglob("*.held"))
