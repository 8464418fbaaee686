"""The driver's end of a worker process: start it, its messages, its death.

The messages are tuples that begin with their kind. To the worker go first its `WorkerSlot` and then ``warm``,
``run`` and ``stop``, see the methods of `Worker`; from it come those of `Message`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import tempfile
import threading
from typing import Any, NamedTuple

from augexp.child_process import ChildProcess
from augexp.engines.resources import WorkerSlot
from augexp.training.task import RunTask

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""Environment variables that say 1 to the numerical libraries before they are loaded."""

MODULE = "augexp.engines.worker"
"""What a worker executes."""


class Message(NamedTuple):
    """What came from a worker.

    Attributes:
        worker: from which one.
        content: ``("ready",)`` once TensorFlow is loaded; ``("event", RunEvent)``; ``("end", ending, message)`` of
            a run, see `worker.attempt`; or ``("exit", code)`` of the process itself.
    """

    worker: Worker
    content: tuple[Any, ...]


class Worker(ChildProcess):
    """One worker process.

    Args:
        slot: where it computes.
        inbox: receives a `Message` for everything that comes from it, from a thread.
    """

    def __init__(self, slot: WorkerSlot, inbox: queue.SimpleQueue[Message]) -> None:
        # A file and not a pipe: a worker blocks on a pipe that is full.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        super().__init__(MODULE, _environment(slot), stderr=self._stderr)
        self.slot = slot
        self.ready = False
        self.task: RunTask | None = None
        self._inbox = inbox
        self._reader_thread = threading.Thread(target=self._listen, daemon=True)
        self._reader_thread.start()
        self._send(slot)

    def give(self, task: RunTask, checkpoint_seconds: float) -> None:
        """Hand over a run; the worker must be idle."""
        self.task = task
        self._send(("run", task, checkpoint_seconds))

    def warm(self, task: RunTask, num_classes: int) -> None:
        """Have the network built and traced before the first run comes."""
        self._send(("warm", task, num_classes))

    def ask_to_stop(self) -> None:
        """Ask for a checkpoint and an end after the current epoch."""
        self._send(("stop",))

    def close(self) -> None:
        """End the process: by closing its input, or by force where that takes too long."""
        self.wait()
        self._reader_thread.join()
        super().close()
        self._stderr.close()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.close()

    def last_stderr_line(self) -> str:
        """Return the last line that the process wrote to standard error, where there is one."""
        self._stderr.seek(0)
        lines = [line.strip() for line in self._stderr.read().decode(errors="replace").split("\n")]
        return next((line[:300] for line in reversed(lines) if line), "")

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # it has ended; the thread that listens tells
            self.send(message)

    def _listen(self) -> None:
        with contextlib.suppress(EOFError):
            while True:
                self._inbox.put(Message(self, self.receive()))
        self._inbox.put(Message(self, ("exit", self.wait())))


def _environment(slot: WorkerSlot) -> dict[str, str]:
    values = dict.fromkeys(THREAD_VARIABLES, "1")
    values["TF_CPP_MIN_LOG_LEVEL"] = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")
    values["PYTHONIOENCODING"] = "utf-8"
    if slot.gpu is not None:
        values["CUDA_VISIBLE_DEVICES"] = str(slot.gpu)
    return values
