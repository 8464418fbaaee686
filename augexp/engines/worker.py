"""A worker: a process that loads TensorFlow once and then executes the runs that it is handed.

It is started as ``python -m augexp.engines.worker`` and not through `multiprocessing`, so that a user's
script needs no ``if __name__ == "__main__"`` and is never imported a second time. Commands come as
lines of JSON on standard input, answers go as lines of JSON to standard output. When the process that
started it is gone, standard input ends, and the worker ends with it at once.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Literal, TextIO

from augexp.errors import AugexpError, Interrupted, ResultsError
from augexp.progress import RunEvent
from augexp.training.task import RunTask

Ending = Literal["finished", "stopped", "unwritable", "failed"]

NOT_NEEDED = ("h5py", "matplotlib", "pandas", "scipy")
"""Libraries that TensorFlow and Keras load where they find them and that training, if at all, asks for later."""


def main(arguments: list[str] | None = None) -> None:
    """Serve commands until standard input ends."""
    parser = argparse.ArgumentParser(prog="augexp.engines.worker")
    parser.add_argument("--core", type=int, default=None, help="processor core to stay on (Linux)")
    parser.add_argument("--memory-limit", type=int, default=None, help="MiB of GPU memory")
    parser.add_argument("--spare-core", action="store_true", help="a second core is idle and may augment")
    options = parser.parse_args(arguments)
    # Ctrl-C in a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker(_own_output(), options.core, options.memory_limit, options.spare_core).serve()


def _own_output() -> TextIO:
    """Keep standard output for answers; whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


@contextlib.contextmanager
def _without(*libraries: str) -> Iterator[None]:
    """Make optional imports of `libraries` fail while the block runs, as if they were not installed."""
    hidden = [name for name in libraries if name not in sys.modules]
    hide: dict[str, Any] = dict.fromkeys(hidden)
    sys.modules.update(hide)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Import without looking for garbage, and never look at what was imported: a tenth of the start-up."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def attempt(work: Callable[[], None]) -> tuple[Ending, str]:
    """Do `work` and say how it ended; the traceback of a defect goes to standard error.

    Returns:
        The ending: `unwritable` concerns all runs, `failed` this one. And the message, one line.
    """
    try:
        work()
    except Interrupted as error:
        return "stopped", str(error)
    except ResultsError as error:
        return "unwritable", str(error)
    except AugexpError as error:
        return "failed", str(error)
    except MemoryError:
        return "failed", "memory ran out; try fewer --jobs or a smaller batch_size"
    except Exception as error:  # noqa: BLE001 - the worker serves on; the driver tells the user
        traceback.print_exc()
        return "failed", f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
    return "finished", ""


class _Worker:
    def __init__(self, answers: TextIO, core: int | None, memory_limit: int | None, spare_core: bool) -> None:
        self._answers, self._spare_core = answers, spare_core
        self._core, self._memory_limit = core, memory_limit
        self._commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self) -> None:
        with _without(*NOT_NEEDED), _uncollected():
            from augexp.training import backend, run  # noqa: PLC0415 - loads TensorFlow
            from augexp.training.network import Workshop  # noqa: PLC0415 - loads TensorFlow

        # Not sooner: while images are prepared, a core of its own would be one that others work on.
        if self._core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {self._core})
        backend.configure(threads=1, memory_limit=self._memory_limit)
        workshop = Workshop()
        self._answer({"is": "ready"})
        while True:
            command = self._commands.get()
            if command["do"] == "warm":
                workshop.warm(RunTask.from_json(command["task"]).experiment, command["classes"])
            else:
                self._execute(run, workshop, command)

    def _execute(self, run: Any, workshop: Any, command: dict[str, Any]) -> None:
        task = RunTask.from_json(command["task"])

        def work() -> None:
            run.execute(
                task,
                workshop=workshop,
                report=self._report,
                stop=self._stop.is_set,
                checkpoint_seconds=command["checkpoint_seconds"],
                spare_core=self._spare_core,
            )

        ending, message = attempt(work)
        self._stop.clear()
        self._answer({"is": "end", "ending": ending, "message": message})

    def _report(self, event: RunEvent) -> None:
        self._answer({"is": "event", "event": event.to_json()})

    def _answer(self, value: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(value) + "\n")
        except OSError:
            os._exit(1)  # nobody is there any more

    def _listen(self) -> None:
        for line in sys.stdin:
            command = json.loads(line)
            if command["do"] == "stop":
                self._stop.set()
            else:
                self._commands.put(command)
        os._exit(0)  # at once, also in the middle of a step: what counts is on disk


if __name__ == "__main__":
    main()
