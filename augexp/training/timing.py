"""How long a run took, also over several sessions."""

from __future__ import annotations

import platform
import socket
import time
from datetime import UTC, datetime
from typing import Any

from augexp.results.manifests import EpochTiming, Timing


class RunTimer:
    """Measures a run, its epochs and its augmentation; monotonic, so that a changed date does no harm."""

    def __init__(self) -> None:
        self._begin = (time.perf_counter(), time.process_time())
        self._before = (0.0, 0.0)
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._epochs: list[dict[str, float]] = []
        self._augmentation = 0.0

    def start_epoch(self) -> None:
        """Begin an epoch."""
        self._epoch = (time.perf_counter(), time.process_time())
        self._augmentation = 0.0

    def add_augmentation(self, seconds: float) -> None:
        """Add what a batch's augmentation took."""
        self._augmentation += seconds

    def end_epoch(self) -> float:
        """Note the epoch down and return its seconds."""
        seconds, cpu = time.perf_counter() - self._epoch[0], time.process_time() - self._epoch[1]
        entry = {"seconds": seconds, "cpu_seconds": cpu, "augment_seconds": self._augmentation}
        self._epochs.append({name: round(value, 4) for name, value in entry.items()})
        return seconds

    def wall(self) -> float:
        """Return the seconds that the run has taken in all its sessions."""
        return self._before[0] + time.perf_counter() - self._begin[0]

    def _cpu(self) -> float:
        return self._before[1] + time.process_time() - self._begin[1]

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"wall": self.wall(), "cpu": self._cpu(), "started": self._started, "epochs": self._epochs}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._before, self._started = (state["wall"], state["cpu"]), state["started"]
        self._epochs = list(state["epochs"])

    def report(self) -> Timing:
        """Return the content of ``timing.json``."""
        return Timing(
            started=self._started,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            wall_seconds=round(self.wall(), 3),
            cpu_seconds=round(self._cpu(), 3),
            host=socket.gethostname(),
            processor=_processor(),
            epochs=tuple(EpochTiming.from_values(epoch) for epoch in self._epochs),
        )


def _processor() -> str:
    """Return the name of the processor, which decides how sums are rounded."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
