"""``learned.npz`` of a run: the weights of the network that a learned policy has trained, for people to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

NAME = "learned.npz"

SECOND_LOSS = "second_loss"
"""A column more in ``epochs.csv`` where there is a second loss: its mean over the steps of an epoch."""

Floats = npt.NDArray[np.float32]


def to_bytes(weights: Sequence[Floats]) -> bytes:
    """Encode kernels and biases in their order; equal ones give equal bytes."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"w{number:02}": value for number, value in enumerate(weights)}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read(path: Path, shapes: Sequence[tuple[int, ...]]) -> list[Floats] | None:
    """Return the weights in a file; None where there is no file, or not of a network of these shapes."""
    try:
        # From memory: np.load leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            weights = [np.asarray(arrays[name], dtype=np.float32) for name in sorted(arrays.files)]
    except Exception:  # noqa: BLE001 - damage shows in zipfile, zlib and numpy, each with its own exceptions
        return None
    return weights if [weight.shape for weight in weights] == [tuple(shape) for shape in shapes] else None
