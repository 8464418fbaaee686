"""The unfinished arrays of a store: whoever decodes writes into them, and they say what is still to be done.

images.npy   uint8 (N, S, S, 3)     thumbnails.npy  uint8 (N, 8, 9), what near-duplicates are found by
keys.npy     uint8 (N, 20)          sides.npy       int32 (N,), shorter side of the original
state.npy    uint8 (N,)             skipped.jsonl   one line per record that is not used
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_TODO, _DONE, _SKIPPED = 0, 1, 2


class Desk:
    """The unfinished arrays of one store, on disk, in the order of the listing.

    Attributes:
        images, keys, thumbnails, sides: as the module says; valid where `good` says so.
    """

    def __init__(self, part: Path, count: int, size: int) -> None:
        self._part = part
        self.images = self._array("images", (count, size, size, 3), np.uint8)
        self.keys = self._array("keys", (count, 20), np.uint8)
        self.thumbnails = self._array("thumbnails", (count, 8, 9), np.uint8)
        self.sides = self._array("sides", (count,), np.int32)
        self._state = self._array("state", (count,), np.uint8)
        self._reasons = part / "skipped.jsonl"

    def _array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        path = self._part / f"{name}.npy"
        with contextlib.suppress(OSError, ValueError):  # missing, or cut off while it was made
            held = np.load(path, mmap_mode="r+")
            if held.shape == shape and held.dtype == dtype:
                return held
        return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)

    def put(
        self,
        rows: list[int],
        images: npt.NDArray[np.uint8],
        keys: npt.NDArray[np.uint8],
        thumbnails: npt.NDArray[np.uint8],
        sides: list[int],
    ) -> None:
        """Put decoded pictures on the desk, n `rows` in ascending order; raises OSError where the disk is full."""
        start = 0
        for stop in range(1, len(rows) + 1):
            if stop == len(rows) or rows[stop] != rows[stop - 1] + 1:
                self._write(rows[start], images[start:stop])
                start = stop
        self.keys[rows], self.thumbnails[rows], self.sides[rows] = keys, thumbnails, sides

    def _write(self, row: int, images: npt.NDArray[np.uint8]) -> None:
        """Write the pictures from `row` on: in one call, as a mapping costs a fault for every page that is new."""
        with (self._part / "images.npy").open("r+b", buffering=0) as file:
            file.seek(self.images.offset + row * images[0].nbytes)
            left = images.data.cast("B")
            while left:
                left = left[file.write(left) :]

    def good(self) -> npt.NDArray[np.int64]:
        """Return the rows of the records that could be decoded, int64, ascending."""
        return np.flatnonzero(self._state == _DONE)

    def skipped(self) -> int:
        """Return how many records could not be decoded."""
        return int(np.count_nonzero(self._state == _SKIPPED))

    def missing(self, start: int, stop: int) -> list[int]:
        """Return the rows of start..stop-1 that have not been looked at."""
        return [int(row) for row in start + np.flatnonzero(self._state[start:stop] == _TODO)]

    def todo(self) -> int:
        """Return how many records have not been looked at."""
        return int(np.count_nonzero(self._state == _TODO))

    def note(self, done: list[int], failed: list[tuple[int, str]]) -> None:
        """Note which rows are finished, and why some have no picture."""
        # Pixels and reasons reach the disk before the note that they are there.
        for name in ("images", "keys", "thumbnails", "sides"):
            self._to_disk(name)
        with self._reasons.open("a", encoding="utf-8") as log:
            log.writelines(json.dumps({"row": row, "reason": reason}) + "\n" for row, reason in failed)
        self._state[done] = _DONE
        self._state[[row for row, _ in failed]] = _SKIPPED
        self._to_disk("state")

    def _to_disk(self, name: str) -> None:
        if sys.platform != "linux":
            getattr(self, "_state" if name == "state" else name).flush()
            return
        # The same pages, but numpy's flush would hold the interpreter's lock until the disk has them.
        with (self._part / f"{name}.npy").open("rb") as file:
            os.fsync(file.fileno())

    def reasons(self) -> Iterator[tuple[int, str]]:
        """Yield row and reason of the records that are not used, by row."""
        seen: dict[int, str] = {}
        with contextlib.suppress(FileNotFoundError), self._reasons.open(encoding="utf-8") as log:
            for line in log:
                with contextlib.suppress(ValueError, KeyError):  # cut off by a crash, and written again
                    note = json.loads(line)
                    seen[int(note["row"])] = str(note["reason"])
        yield from sorted((row, reason) for row, reason in seen.items() if self._state[row] == _SKIPPED)
