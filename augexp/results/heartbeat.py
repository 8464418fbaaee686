"""The heartbeat of a run that is going on: a small file beside its records.

It says how far the run is and which process is at it. It is not part of the records and goes away with
the end of the run.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import Field, TypeAdapter

from augexp import files

NAME = "pulse.json"

STALE = 600.0
"""Seconds without a heartbeat after which a run on another machine counts as interrupted."""

_MIN_PAUSE = 0.5  # seconds between two heartbeats


@dataclass(frozen=True)
class Heartbeat:
    """How far a run is.

    Attributes:
        epoch, epochs: done, and in all.
        seconds: of the last epoch.
        host, process, born: which process executes it, and when that process was started, see `_born`.
        written: Unix time of this heartbeat.
    """

    epoch: Annotated[int, Field(ge=0)]
    epochs: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    host: str
    process: Annotated[int, Field(ge=1, lt=2**31)]
    born: Annotated[float, Field(allow_inf_nan=False)]
    written: Annotated[float, Field(allow_inf_nan=False)]

    @property
    def alive(self) -> bool:
        """Whether the run goes on; by its process here, and by the heartbeat's age on another machine."""
        if self.host != socket.gethostname():
            return abs(time.time() - self.written) < STALE
        try:
            # The number of a dead process may have been given to another one.
            return abs(_born(psutil.Process(self.process)) - self.born) < 2.0
        except psutil.Error:
            return False


def _born(process: psutil.Process) -> float:
    """Return the second in which a process was started, on a clock that a changed date does not move.

    Linux counts from the start of the machine and moves that start with the date; elsewhere the system
    keeps the date that it had.
    """
    created = float(process.create_time())
    return created - float(psutil.boot_time()) if sys.platform == "linux" else created


_CONTENT = TypeAdapter(Heartbeat)


class HeartbeatWriter:
    """Writes the heartbeats of one run, at most twice a second.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._born = _born(psutil.Process())
        self._last = -_MIN_PAUSE

    def write(self, epoch: int, epochs: int, seconds: float) -> None:
        """Say how far the run is."""
        now = time.monotonic()
        if epoch and now - self._last < _MIN_PAUSE:
            return
        self._last = now
        heartbeat = Heartbeat(epoch, epochs, seconds, socket.gethostname(), os.getpid(), self._born, time.time())
        files.write_atomically(self._path, json.dumps(asdict(heartbeat)).encode())

    def stop(self) -> None:
        """Remove the file: the run is over."""
        self._path.unlink(missing_ok=True)


def read(folder: Path) -> Heartbeat | None:
    """Return the last heartbeat in a run's folder; None where there is none or it cannot be read."""
    try:
        return _CONTENT.validate_json((folder / NAME).read_bytes(), strict=True)
    except (OSError, ValueError):
        return None
