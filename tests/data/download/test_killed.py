"""`kill -9` at random moments."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lsun_bench import NAME
from lsun_server import Server, layout, make_catalogue, make_zip, pack

# -- killed ------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from augexp.data.download.categories import Settings, download
from augexp.data.download.catalogue import read_catalogue
catalogue = read_catalogue(Path(sys.argv[1]))
download(["bedroom"], split="val", data_dir=Path(sys.argv[2]), catalogue=catalogue, settings=Settings(first_delay=0.01))
"""


def kill_at(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    while process.poll() is None and not reached():
        time.sleep(0.002)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_killed_ten_times_at_random_moments_ends_verified(tmp_path: Path) -> None:
    content = make_zip(NAME, 5_000_000)
    archives = {("bedroom", "val"): content}
    chance = random.Random(20150610)
    with Server(layout(archives), rate=2_500_000) as server:
        make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        command = [sys.executable, "-c", CHILD, str(tmp_path / "catalogue.json"), str(tmp_path / "data")]
        for _ in range(10):
            process = subprocess.Popen(command, env={**os.environ})
            goal = server.sent + chance.randrange(1, len(content) // 16)
            kill_at(process, lambda goal=goal: server.sent >= goal)  # type: ignore[misc]
            assert process.returncode == -9
            assert not (tmp_path / "data" / "lsun" / NAME).exists()
        subprocess.run(command, check=True)
        assert server.sent < 1.2 * len(content)
    folder = tmp_path / "data" / "lsun" / NAME
    assert (folder / "data.mdb").stat().st_size == 5_000_000
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
    assert json.loads((folder / "augexp.json").read_text())["verified"] is True


@pytest.mark.slow
def test_killed_while_unpacking_is_never_taken_for_whole(tmp_path: Path) -> None:
    content = pack({f"{NAME}/data.mdb": random.Random(1).randbytes(60_000_000)})
    archives = {("bedroom", "val"): content}
    folder = tmp_path / "data" / "lsun" / NAME
    beside = folder.with_name(f"{NAME}.part-unpacking")
    with Server(layout(archives)) as server:
        make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        command = [sys.executable, "-c", CHILD, str(tmp_path / "catalogue.json"), str(tmp_path / "data")]
        process = subprocess.Popen(command)
        kill_at(process, lambda: (beside / "data.mdb").exists())
        assert process.returncode == -9
        assert not folder.exists()
        sent = server.sent
        subprocess.run(command, check=True)
        assert server.sent == sent
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
