"""The one way in which files are written, and the one lock."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from augexp.errors import ResultsError
from augexp.files import hold_lock, remove_leftovers, replacing, write_atomically


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("step", "durable"), [("replace", False), ("replace", True), ("fsync", True)])
def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path, monkeypatch, step: str, durable: bool) -> None:
    path = tmp_path / "plan.json"
    write_atomically(path, "old\n")
    monkeypatch.setattr(os, step, _full)
    with pytest.raises(ResultsError, match=r"cannot be written .No space left on device.; free some space"):
        write_atomically(path, b"new\n", durable=durable)
    assert path.read_bytes() == b"old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_text_is_written_as_it_is_and_its_folder_is_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "file", "ü\n\r\n")
    assert (tmp_path / "new" / "file").read_bytes() == "ü\n\r\n".encode()


def test_a_folder_that_cannot_be_made_is_named_with_the_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"below: cannot be written .*; take another place"):
        write_atomically(tmp_path / "file" / "below", "text", advice="take another place")


def test_the_temporary_file_has_the_suffix_and_is_removed_where_the_block_fails(tmp_path: Path) -> None:
    def save() -> None:
        with replacing(tmp_path / "model.keras") as beside:
            assert (beside.parent, beside.suffix) == (tmp_path, ".keras")
            beside.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        save()
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_killed_processes_go_and_nothing_else(tmp_path: Path) -> None:
    for name in (".run.17.part.json", ".checkpoint.9.part.npz", ".lock", ".unique-3", "run.json"):
        (tmp_path / name).write_text("")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".lock", ".unique-3", "run.json"}


# -- the lock ------------------------------------------------------------------------------------


def test_second_holder_is_turned_away_and_the_third_let_in(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold_lock(path, RuntimeError("busy")):
        with pytest.raises(RuntimeError, match="busy"), hold_lock(path, RuntimeError("busy")):
            pytest.fail("two hold the lock")
        assert path.exists()
    with hold_lock(path, RuntimeError("busy")):
        pass
    assert not path.exists()


def test_another_process_is_turned_away(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = f"from augexp.files import hold_lock\nwith hold_lock({str(path)!r}, SystemExit(3)): pass"
    code = code.replace("hold_lock('", "hold_lock(__import__('pathlib').Path('").replace("',", "'),")
    with hold_lock(path, RuntimeError("busy")):
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_left_over_file_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("from a machine that lost power")
    with hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
        pass


def test_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
        raise KeyError
    with hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
        pass


@pytest.mark.parametrize("refusal", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError()])
def test_disk_without_locks_is_worked_on_without(tmp_path: Path, monkeypatch, refusal: Exception) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
        pass


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), hold_lock(tmp_path / "file" / "a.lock", RuntimeError("busy")):
        pytest.fail("held without a file")
