"""Who may write where: one command per results folder, one process per run.

Both are locks of the operating system that die with their holder: after a crash nothing has to be
cleaned up, and a lock file that was left behind means nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from augexp import files
from augexp.errors import ResultsError

LOCK = ".lock"

TIMEOUT = 10.0
"""Seconds that a run waits for a process that still holds its folder."""


@contextlib.contextmanager
def lock_results(results_folder: Path) -> Iterator[None]:
    """Hold the results folder for one command; raises ResultsError at once where another one has it."""
    busy = ResultsError(
        f"{results_folder}: another augexp command is working in this folder; wait for it to end, or choose another "
        "--results-dir"
    )
    with contextlib.ExitStack() as stack:
        _enter(stack, results_folder, busy)
        yield


@contextlib.contextmanager
def claim_run(folder: Path) -> Iterator[None]:
    """Hold a run's folder, which is made if missing.

    A worker whose driver was killed ends within moments, but the next driver may be quicker: so this
    waits a while before it raises ResultsError.
    """
    busy = ResultsError(f"{folder}: another process is executing this run; wait for it to end")
    with contextlib.ExitStack() as stack:
        _enter(stack, folder, busy, TIMEOUT)
        yield


def _enter(stack: contextlib.ExitStack, folder: Path, busy: ResultsError, seconds: float = 0.0) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(files.wait_for_lock(folder / LOCK, busy, seconds))
    except OSError as error:
        raise files.unwritable(folder, error) from None
