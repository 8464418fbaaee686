from __future__ import annotations

import errno
from pathlib import Path

import pytest

from augexp.data import locks


def test_second_holder_is_turned_away_and_the_third_let_in(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with locks.hold(path, RuntimeError("busy")):
        with pytest.raises(RuntimeError, match="busy"), locks.hold(path, RuntimeError("busy")):
            pytest.fail("two hold the lock")
        assert path.exists()
    with locks.hold(path, RuntimeError("busy")):
        pass
    assert not path.exists()


def test_left_over_file_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("from a machine that lost power")
    with locks.hold(tmp_path / "a.lock", RuntimeError("busy")):
        pass


def test_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locks.hold(tmp_path / "a.lock", RuntimeError("busy")):
        raise KeyError
    with locks.hold(tmp_path / "a.lock", RuntimeError("busy")):
        pass


def test_disk_without_locks_is_worked_on_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", refuse)
    with locks.hold(tmp_path / "a.lock", RuntimeError("busy")):
        pass


def test_lock_on_a_file_that_was_removed_meanwhile_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock, attempts = tmp_path / "a.lock", locks._lock, []

    def remove_first(descriptor: int) -> None:
        if not attempts:  # the holder before lets go just now
            path.unlink()
        attempts.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(locks, "_lock", remove_first)
    with (
        locks.hold(path, RuntimeError("busy")),
        pytest.raises(RuntimeError, match="busy"),
        locks.hold(path, RuntimeError("busy")),
    ):
        pytest.fail("two hold the lock")
    assert len(attempts) == 3
