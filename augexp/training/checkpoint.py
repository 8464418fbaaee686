"""The position of an unfinished run, from which it goes on to the same bits.

One file beside the records, written after an epoch, beside its place and renamed. How often is a
matter of cost: at most about one part in a hundred of the time may go into it, so a run of seconds
writes few of them and a run of hours writes one after nearly every epoch. Streams need no saving:
order, augmentation and mixing are addressed by epoch, and dropout's position is a variable.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import files
from augexp.results import records
from augexp.results.predictions import Milestone

MAX_SHARE = 0.01
"""Part of the time that may go into writing checkpoints."""

MIN_SECONDS = 2.0
"""Seconds between two checkpoints even where they cost nothing."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    Attributes:
        identity: what the run is (definition, seed, images, versions); must be equal to go on.
        position: epoch, rows, counts: plain JSON values.
        state: the network's variables, see `Network.state`.
        milestones: what was predicted on the way, by epoch.
    """

    identity: Mapping[str, Any]
    position: Mapping[str, Any]
    state: list[npt.NDArray[Any]]
    milestones: Mapping[int, Milestone] = field(default_factory=dict)


def read(folder: Path, identity: Mapping[str, Any]) -> tuple[Checkpoint | None, str]:
    """Read the checkpoint in `folder`.

    Returns:
        The checkpoint, or None and a line that says why there is none to go on from (an empty line
        where there simply is no file).
    """
    path = folder / records.CHECKPOINT
    if not path.exists():
        return None, ""
    try:
        # From memory: np.load leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            meta = json.loads(bytes(arrays["meta"]).decode())
            state = [arrays[f"v{number}"] for number in range(meta["variables"])]
            milestones = {
                epoch: Milestone(arrays[f"predicted{epoch}"], arrays[f"log_probability{epoch}"])
                for epoch in meta.get("milestones", ())
            }
    except Exception:  # damage shows in zipfile, zlib, numpy and json, each with its own exceptions
        return None, "its checkpoint is damaged, so it starts afresh"
    if meta["identity"] != dict(identity):
        differing = sorted(key for key in identity if meta["identity"].get(key) != identity[key])
        return None, f"its checkpoint belongs to another definition ({', '.join(differing)}), so it starts afresh"
    return Checkpoint(meta["identity"], meta["position"], state, milestones), ""


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint atomically; raises ResultsError where the disk does not take it."""
    meta = {
        "identity": dict(checkpoint.identity),
        "position": dict(checkpoint.position),
        "variables": len(checkpoint.state),
        "milestones": sorted(checkpoint.milestones),
    }
    arrays: dict[str, Any] = {f"v{number}": value for number, value in enumerate(checkpoint.state)}
    for epoch, milestone in checkpoint.milestones.items():
        arrays |= {f"predicted{epoch}": milestone.predicted, f"log_probability{epoch}": milestone.log_probability}
    buffer = io.BytesIO()
    np.savez(buffer, meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8), **arrays)
    files.write_atomically(folder / records.CHECKPOINT, buffer.getvalue(), durable=True)


def remove(folder: Path) -> None:
    """Remove the checkpoint, if there is one."""
    (folder / records.CHECKPOINT).unlink(missing_ok=True)


class Pace:
    """Decides whether it is time for a checkpoint, by what the last one cost.

    Args:
        min_seconds: between two checkpoints at least; 0 writes one after every epoch.
    """

    def __init__(self, min_seconds: float = MIN_SECONDS) -> None:
        self._min_seconds = min_seconds
        self._cost = 0.0
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether enough time has passed."""
        wait = max(self._min_seconds, self._cost / MAX_SHARE) if self._min_seconds else 0.0
        return time.monotonic() - self._last >= wait

    def written(self, seconds: float) -> None:
        """Tell what one cost."""
        self._cost, self._last = seconds, time.monotonic()
