"""Messages between processes: whole, or the other end is gone; and a child ends when it has to."""

from __future__ import annotations

import io
import pickle
import subprocess

import pytest

from augexp import child_process
from augexp.child_process import Channel, ChildProcess

CHILD = """
import sys, time
from augexp import child_process
parent = child_process.parent()
print("chatter")
try:
    while True:
        message = parent.receive()
        if message == "sleep":
            time.sleep(60)
        parent.send((message, __name__, len(sys.path)))
except EOFError:
    sys.exit(5)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    (tmp_path / "echo.py").write_text(CHILD, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = ChildProcess("echo", {}, stderr=subprocess.PIPE)
    yield process
    process.close()
    process.process.stderr.close()


def test_values_go_to_and_fro_and_what_is_printed_is_no_message(child):
    for message in (list(range(64)), {"a": ValueError("b")}, "x" * 1_000_000):
        child.send(message)
        answer = child.receive()
        assert repr(answer[0]) == repr(message)
        assert answer[1] == "__main__"
    assert child.wait() == 5
    assert child.process.stderr.read() == b"chatter\n"
    with pytest.raises(EOFError):
        child.receive()
    with pytest.raises(OSError):
        child.send("more")


def test_one_that_does_not_end_is_killed(child, monkeypatch):
    monkeypatch.setattr(child_process, "TIMEOUT", 0.1)
    child.send("sleep")
    assert child.wait() == -9


def test_half_a_message_is_the_end():
    whole = pickle.dumps(("event", {"loss": 1.5, "text": "x" * 300, "rows": list(range(300))}, OSError(1, "a")))
    for length in range(len(whole)):
        with pytest.raises(EOFError):
            Channel(io.BytesIO(whole[:length]), io.BytesIO()).receive()
    assert Channel(io.BytesIO(whole), io.BytesIO()).receive()[0] == "event"


def test_what_is_no_message_is_the_end():
    for noise in (b"a library says hello\n", b"{}\n", b"\x80\x05cos\nnothing\n.", bytes(20)):
        with pytest.raises(EOFError):
            Channel(io.BytesIO(noise), io.BytesIO()).receive()


def test_the_folder_of_the_caller_is_not_searched(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)", encoding="utf-8")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "probe.py").write_text("import numpy", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "place"))
    monkeypatch.chdir(tmp_path)
    process = ChildProcess("probe", {})
    assert process.process.wait(60) == 0
    process.close()
