"""A worker: a process that loads TensorFlow once and then executes the runs that it is given.

See `augexp.engines.worker_process` for the messages. When the process that started it is gone, its input ends,
and the worker ends with it at once.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

from augexp import child_process, surroundings
from augexp.child_process import Channel
from augexp.engines.resources import WorkerSlot
from augexp.errors import AugexpError, Interrupted, ResultsError, RunError
from augexp.training.task import RunTask

Ending = Literal["finished", "stopped", "unwritable", "failed"]

NOT_NEEDED = ("h5py", "matplotlib", "pandas", "scipy")
"""Libraries that TensorFlow and Keras load where they find them and that training, if at all, asks for later."""


def main() -> None:
    """Execute what the driver asks for until it is gone."""
    driver = child_process.parent()
    _Worker(driver, driver.receive()).serve()


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


def without_needless_imports() -> contextlib.AbstractContextManager[None]:
    """Import TensorFlow and Keras inside without what they load where they find it."""
    # Other backends than TensorFlow may need them.
    return _without(*(NOT_NEEDED if surroundings.keras_backend() == "tensorflow" else ()))


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
    def __init__(self, driver: Channel, slot: WorkerSlot) -> None:
        self._driver, self._slot = driver, slot
        self._commands: queue.SimpleQueue[tuple[str, RunTask, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self) -> None:
        with without_needless_imports(), _uncollected():
            from augexp.training import backend, run  # noqa: PLC0415 - loads TensorFlow
            from augexp.training.network import NetworkCache  # noqa: PLC0415 - loads TensorFlow

        # Not sooner: while images are prepared, a core of its own would be one that others work on.
        if self._slot.core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {self._slot.core})
        backend.configure(threads=1, memory_limit=self._slot.memory_limit)
        networks = NetworkCache()
        self._send("ready")
        while True:
            kind, task, detail = self._commands.get()
            if kind == "warm":
                with contextlib.suppress(RunError):  # the first run meets it again, and says so
                    networks.warm(task.experiment, num_classes=detail)
                continue
            work = partial(
                run.execute,
                task,
                networks=networks,
                report=lambda event: self._send("event", event),
                stop=self._stop.is_set,
                checkpoint_seconds=detail,
                spare_core=self._slot.spare_core,
            )
            ending, message = attempt(work)
            self._stop.clear()
            self._send("end", ending, message)

    def _send(self, *message: object) -> None:
        try:
            self._driver.send(message)
        except OSError:
            os._exit(1)  # the driver has ended

    def _listen(self) -> None:
        with contextlib.suppress(EOFError):
            while True:
                command = self._driver.receive()
                if command == ("stop",):
                    self._stop.set()
                else:
                    self._commands.put(command)
        os._exit(0)  # at once, also in the middle of a step: what counts is on disk


if __name__ == "__main__":
    main()
