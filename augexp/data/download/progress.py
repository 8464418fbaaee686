"""What a download reports while it works: events with bytes, speed and time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["waiting", "rehashing", "downloading", "verifying", "unpacking", "done", "failed"]

WINDOW = 15.0
"""Seconds over which the speed is averaged."""


@dataclass(frozen=True)
class DownloadProgress:
    """One event of one archive.

    Attributes:
        archive: file name, for instance ``bedroom_val_lmdb.zip``.
        stage: what happens now; `rehashing` reads what an earlier run left, `verifying` a whole archive.
        done: bytes of this stage done so far.
        total: bytes of this stage; None where the server does not say.
        speed: bytes per second over the last seconds; None before there is anything to measure.
        seconds_left: of this stage; None where it cannot be told.
        message: a line that should be shown and stay (a retry, a start from the beginning), which begins
            with the name of the archive; else None.
        warning: whether `message` is one that the user must not miss.
    """

    archive: str
    stage: Stage
    done: int
    total: int | None
    speed: float | None = None
    seconds_left: float | None = None
    message: str | None = None
    warning: bool = False


class Reporter:
    """Makes the events of one archive: measures the speed, and sends at most one event per interval."""

    def __init__(
        self,
        archive: str,
        emit: Callable[[DownloadProgress], None],
        *,
        interval: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Send events of `archive` to `emit`, at most one per `interval` seconds of `clock`."""
        self._archive = archive
        self._emit = emit
        self._interval = interval
        self._clock = clock
        self._stage: Stage = "waiting"
        self._done = 0
        self._total: int | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self._last = float("-inf")

    def enter(self, stage: Stage, total: int | None, done: int = 0) -> None:
        """Begin a stage; `done` bytes of it came from before and do not count for the speed."""
        self._stage, self._total, self._done = stage, total, done
        self._marks.clear()
        self._marks.append((self._clock(), done))
        self._send(None)

    def move(self, done: int) -> None:
        """Say that `done` bytes of the stage are done."""
        now = self._clock()
        if done < self._done:  # a start from the beginning
            self._marks.clear()
        self._done = done
        if now - self._last < self._interval and done != self._total:
            return
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW:
            self._marks.popleft()
        self._send(None)

    def note(self, message: str, *, warning: bool = False) -> None:
        """Say something that should stay on the screen."""
        self._send(f"{self._archive}: {message}", warning=warning)

    def _send(self, message: str | None, *, warning: bool = False) -> None:
        self._last = self._clock()
        speed = self._speed()
        left = (self._total - self._done) / speed if speed and self._total is not None else None
        self._emit(DownloadProgress(self._archive, self._stage, self._done, self._total, speed, left, message, warning))

    def _speed(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end > start and last > first else None
