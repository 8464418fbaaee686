from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from builders import LSUN, DataFolders, png, write_lmdb, write_scene

from augexp.data.decoding import pool
from augexp.data.decoding import process as decoder
from augexp.data.decoding.process import Decoder
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import write_listing
from augexp.data.sources.folder import FolderSource
from augexp.data.sources.lsun import LsunSource
from augexp.data.store import Store
from augexp.errors import DataError


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every index is decoded in processes from now on: these."""
    monkeypatch.setattr(pool, "PROCESSES_FROM", 1)
    monkeypatch.setattr(pool, "_TASK", 4)
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def watched(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    return started


def elsewhere(folder: DataFolders, name: str) -> DataFolders:
    other = DataFolders(folder.data_dir.parent / name)
    other.images = folder.images
    return other


def bits(store: Store) -> list[bytes]:
    return [(store.path / name).read_bytes() for name in sorted(os.listdir(store.path))]


def test_processes_and_threads_make_the_same_store(
    folder: DataFolders, decoded: list[bytes], request: pytest.FixtureRequest
) -> None:
    (folder.images / "a" / "page.png").write_bytes(b"<html>")
    threads = folder.prepare()
    assert len(decoded) == 71
    started = request.getfixturevalue("processes")
    apart = elsewhere(folder, "apart").prepare()
    assert len(started) == 2
    assert all(process.returncode == 0 for process in started)
    assert len(decoded) == 71  # none in this process
    assert bits(apart) == bits(threads)


def test_databases_are_opened_by_the_processes(
    place: DataFolders, decoded: list[bytes], request: pytest.FixtureRequest
) -> None:
    write_lmdb(
        place.images / "a_train_lmdb", {b"%040x" % number: png(number) for number in range(30)} | {b"f" * 40: b""}
    )
    write_scene(place.images, "b", range(100, 130))
    threads = place.prepare(**LSUN)
    request.getfixturevalue("processes")
    decoded.clear()
    assert bits(elsewhere(place, "apart").prepare(**LSUN)) == bits(threads)
    assert not decoded


def test_error_of_a_process_is_raised_here(place: DataFolders, tmp_path: Path) -> None:
    write_scene(place.images, "a", range(20))
    source = LsunSource(place.images, ("a",), None)
    part = tmp_path / "part"
    part.mkdir()
    write_listing(part, source.records())
    path = place.images / "a_train_lmdb" / "data.mdb"
    content = path.read_bytes()
    path.unlink()  # this process may have it mapped
    path.write_bytes(content[:10_000])
    worker = Decoder(part, 16, source, lambda rows: pytest.fail("decoded here"))
    with pytest.raises(DataError, match=rf"{path}: truncated: .* download it again"):
        worker.decode_rows([0, 1])
    worker.close()


def test_what_a_dead_process_leaves_is_decoded_here(
    folder: DataFolders, decoded: list[bytes], processes: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    source = FolderSource(folder.images, None)
    part = tmp_path / "part"
    part.mkdir()
    listing = write_listing(part, source.records())
    arrays = StagingArrays(part, len(listing), 16)
    worker = Decoder(part, 16, source, lambda rows: decoder.decode_rows(source, listing, arrays, rows))
    assert worker.decode_rows([0, 1]) == [(0, ""), (1, "")]
    assert not decoded
    os.kill(processes[0].pid, signal.SIGKILL)
    processes[0].wait()
    assert worker.decode_rows([2, 3]) == [(2, ""), (3, "")]
    assert len(decoded) == 2
    worker.close()
    assert arrays.images[:4].any(axis=(1, 2, 3)).all()
    assert not arrays.images[4:].any()
