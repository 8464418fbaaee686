"""The driver's end of a worker process: start it, hand it work, hear what it says, notice its death."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import Any

from augexp import version
from augexp.engines.resources import Seat
from augexp.training.task import RunTask

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""Environment variables that say 1 to the numerical libraries before they are loaded."""

PROGRAM = ("-P", "-m", "augexp.engines.worker")
"""What a worker executes; without the current folder on the import path, where anything may lie."""

PATIENCE = 5.0
"""Seconds that a worker gets to end after its input was closed."""


@dataclass(frozen=True)
class Message:
    """What came from a worker: `ready`, `event`, `end` (of a run), or `death` of the process itself."""

    worker: Worker
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """First of what the class names."""
        return str(self.content["is"])


class Worker:
    """One worker process.

    Args:
        seat: where it computes.
        inbox: receives a `Message` for everything that it says, from a thread.
    """

    def __init__(self, seat: Seat, inbox: queue.SimpleQueue[Message]) -> None:
        self.seat = seat
        self.ready = False
        self.task: RunTask | None = None
        self._inbox = inbox
        # A file and not a pipe: nobody has to read it for the worker to go on.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        command = [sys.executable, *PROGRAM]
        if seat.core is not None:
            command += ["--core", str(seat.core)]
        if seat.memory_limit is not None:
            command += ["--memory-limit", str(seat.memory_limit)]
        if seat.spare_core:
            command += ["--spare-core"]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_environment(seat),
            text=True,
            encoding="utf-8",
        )
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    def give(self, task: RunTask, checkpoint_seconds: float) -> None:
        """Hand over a run; the worker must be idle."""
        self.task = task
        self._send({"do": "run", "task": task.to_json(), "checkpoint_seconds": checkpoint_seconds})

    def warm(self, task: RunTask, num_classes: int) -> None:
        """Have the network built and traced before the first run comes."""
        self._send({"do": "warm", "task": task.to_json(), "classes": num_classes})

    def ask_to_stop(self) -> None:
        """Ask for a checkpoint and an end after the current epoch."""
        self._send({"do": "stop"})

    def close(self) -> None:
        """End the process: by closing its input, or by force where that takes too long."""
        try:
            if self.process.stdin is not None:
                self.process.stdin.close()
        except OSError:
            pass  # it is dead already
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._ear.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._complaints.close()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.close()

    def last_words(self) -> str:
        """Return the last line that the process wrote to standard error, where there is one."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:300] if said else ""

    def _send(self, value: dict[str, Any]) -> None:
        if self.process.stdin is None:
            return
        try:
            self.process.stdin.write(json.dumps(value) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has died; the thread that listens tells

    def _listen(self) -> None:
        if self.process.stdout is not None:
            for line in self.process.stdout:
                try:
                    content = json.loads(line)
                except ValueError:  # half a line of a process that was killed
                    continue
                self._inbox.put(Message(self, content))
        self._inbox.put(Message(self, {"is": "death", "code": self.process.wait()}))


def _environment(seat: Seat) -> dict[str, str]:
    values = dict(os.environ)
    values.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    values["TF_CPP_MIN_LOG_LEVEL"] = values.get("TF_CPP_MIN_LOG_LEVEL", "2")
    values["PYTHONIOENCODING"] = "utf-8"
    # The worker must find this very package, wherever the caller found it.
    paths = [str(version.PACKAGE.parent), values.get("PYTHONPATH", "")]
    values["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    if seat.gpu is not None:
        values["CUDA_VISIBLE_DEVICES"] = str(seat.gpu)
    return values
