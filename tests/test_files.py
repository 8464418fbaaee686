"""The one way in which files are written, and the one lock."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from augexp import files
from augexp.errors import ResultsError
from augexp.files import check_inside, hold_lock, remove_leftovers, replacing, write_atomically


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


# -- links -----------------------------------------------------------------------------------------


def test_a_temporary_name_cannot_be_foreseen_and_a_link_of_that_name_is_not_followed(
    tmp_path: Path, monkeypatch
) -> None:
    assert files.temporary_path(tmp_path / "a.csv") != files.temporary_path(tmp_path / "a.csv")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ".guessed.part").symlink_to(tmp_path / "mine")
    monkeypatch.setattr(files, "temporary_path", lambda path: tmp_path / ".guessed.part")
    with pytest.raises(ResultsError, match="cannot be written .File exists"):
        write_atomically(tmp_path / "a.csv", "new")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.csv").symlink_to(tmp_path / "mine")
    write_atomically(tmp_path / "a.csv", "new")
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "a.csv").read_text() == "new"


def test_links_inside_a_folder_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "loop").symlink_to(tmp_path / "folder" / "below")
    (tmp_path / "named").symlink_to(tmp_path / "folder")
    check_inside(tmp_path / "named")
    check_inside(tmp_path / "missing")
    (tmp_path / "folder" / "below" / "out").symlink_to(tmp_path / "folder-of-another")
    with pytest.raises(ResultsError, match="below/out: is a link that leads out of this folder"):
        check_inside(tmp_path / "named")


# -- what power cuts leave -------------------------------------------------------------------------


def test_content_and_name_reach_the_disk_in_that_order(tmp_path: Path, monkeypatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(files, "sync", lambda path: order.append("names" if path.is_dir() else "content"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (order.append("replace"), replace(old, new)))
    write_atomically(tmp_path / "run.json", "{}", durable=True)
    assert order == ["content", "replace", "names"]


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
def test_on_a_disk_without_locks_a_file_stands_for_one_and_that_is_said_once(
    tmp_path: Path, monkeypatch, caplog, refusal: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(files, "_warned", set())
    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    for _ in range(2):
        with hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
            lines = (tmp_path / "a.lock.held").read_text().splitlines()
            assert lines[:2] == [str(os.getpid()), socket.gethostname()]
            turned_away = pytest.raises(RuntimeError, match=rf"^busy \(process {os.getpid()}\)$")
            with turned_away, hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
                pytest.fail("two hold the lock")
        assert list(tmp_path.iterdir()) == []
    assert [record.getMessage().split(";")[0] for record in caplog.records] == [
        f"warning: {tmp_path}: this file system has no locks"
    ]


def test_a_file_that_stands_for_a_lock_is_given_up_where_its_process_has_ended(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    held = tmp_path / "a.lock.held"
    code = f"import filelock, os\nlock = filelock.SoftFileLock({str(held)!r})\nlock.acquire()\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert held.exists()
    with hold_lock(tmp_path / "a.lock", RuntimeError("busy")):
        pass
    held.write_text("1\nanother-machine\n")
    with (
        pytest.raises(
            RuntimeError, match=r"busy \(process 1 on another-machine; delete .*a.lock.held if that has ended"
        ),
        hold_lock(tmp_path / "a.lock", RuntimeError("busy")),
    ):
        pytest.fail("taken from another machine")


def test_a_stopped_process_that_holds_a_lock_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = (
        "import pathlib, sys\nfrom augexp.files import hold_lock\n"
        f"with hold_lock(pathlib.Path({str(path)!r}), SystemExit(3)):\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            with (
                pytest.raises(
                    RuntimeError, match=rf"process {process.pid}; it is stopped: kill -CONT {process.pid} lets"
                ),
                hold_lock(path, RuntimeError("busy")),
            ):
                pytest.fail("two hold the lock")
        finally:
            process.send_signal(signal.SIGCONT)
            process.communicate()


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), hold_lock(tmp_path / "file" / "a.lock", RuntimeError("busy")):
        pytest.fail("held without a file")
