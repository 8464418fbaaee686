"""The arrays of a store that is being made, on disk: threads and processes that decode write into them.

images.npy   uint8 (N, S, S, 3)     thumbnails.npy  uint8 (N, 8, 9), grey, for the search of near-duplicates
keys.npy     uint8 (N, 20)          sides.npy       int32 (N,), shorter side of the original
state.npy    uint8 (N,)             skipped.jsonl   one line per record that is not used
measured.jsonl                     one line per record of more than 8 bits: the range of its values
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import files
from augexp.data.decoding.numeric import Measured

Bytes = npt.NDArray[np.uint8]

_PENDING, _DECODED, _SKIPPED, _MEASURED = 0, 1, 2, 3


class StagingArrays:
    """The arrays of one store, on disk, in the order of the listing; those of an earlier attempt are taken up.

    Args:
        part: the folder of the arrays.
        count: N, number of records.
        size: S, side of the images in pixels.

    Attributes:
        images, keys, thumbnails, sides: as the module says; valid in `decoded_rows`.
    """

    def __init__(self, part: Path, count: int, size: int) -> None:
        self._part = part
        self.images = self._array("images", (count, size, size, 3), np.uint8)
        self.keys = self._array("keys", (count, 20), np.uint8)
        self.thumbnails = self._array("thumbnails", (count, 8, 9), np.uint8)
        self.sides = self._array("sides", (count,), np.int32)
        self._state = self._array("state", (count,), np.uint8)
        self._reasons, self._ranges = part / "skipped.jsonl", part / "measured.jsonl"

    def _array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        path = self._part / f"{name}.npy"
        with contextlib.suppress(OSError, ValueError):  # missing, or cut off while it was made
            array = np.load(path, mmap_mode="r+")
            if array.shape == shape and array.dtype == dtype:
                return self._with_room(path, array)
        return self._with_room(path, np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape))

    def _with_room(self, path: Path, array: Any) -> Any:
        """Return a mapped array once the disk has room for it; images are written, which tells."""
        if path.name != "images.npy":
            files.allocate(path, array.offset + array.nbytes)
        return array

    def write(self, rows: list[int], images: Bytes, keys: Bytes, thumbnails: Bytes, sides: list[int]) -> None:
        """Write decoded images to n `rows`, in ascending order; raises OSError where the disk is full."""
        start = 0
        for stop in range(1, len(rows) + 1):
            if stop == len(rows) or rows[stop] != rows[stop - 1] + 1:
                self._write_images(rows[start], images[start:stop])
                start = stop
        self.keys[rows], self.thumbnails[rows], self.sides[rows] = keys, thumbnails, sides

    def _write_images(self, row: int, images: Bytes) -> None:
        """Write images from `row` on: in one call, as a mapping costs a fault for every page that is new."""
        with (self._part / "images.npy").open("r+b", buffering=0) as file:
            file.seek(self.images.offset + row * images[0].nbytes)
            left = images.data.cast("B")
            while left:
                left = left[file.write(left) :]

    def decoded_rows(self) -> npt.NDArray[np.int64]:
        """Return the rows of the records that were decoded, int64, ascending."""
        return np.flatnonzero(self._state == _DECODED)

    def count_skipped(self) -> int:
        """Return how many records could not be decoded."""
        return int(np.count_nonzero(self._state == _SKIPPED))

    def pending_rows(self, start: int, stop: int, *, measured: bool = False) -> list[int]:
        """Return the rows among start..stop-1 that are to be looked at, or that have been `measured` alone."""
        state = self._state[start:stop]
        return [int(row) for row in start + np.flatnonzero(state == (_MEASURED if measured else _PENDING))]

    def count_pending(self, *, measured: bool = False) -> int:
        """Return how many records are to be looked at, or have been `measured` alone."""
        return int(np.count_nonzero(self._state == (_MEASURED if measured else _PENDING)))

    def mark(
        self, decoded: list[int], skipped: list[tuple[int, str]], measured: Sequence[tuple[int, Measured]] = ()
    ) -> None:
        """Record on disk which rows are decoded, which are skipped and why, and which ranges were measured."""
        # Pixels and reasons reach the disk before the state that says that they are there.
        for name in ("images", "keys", "thumbnails", "sides"):
            self._sync(name)
        self._append(self._reasons, [{"row": row, "reason": reason} for row, reason in skipped])
        self._append(self._ranges, [{"row": row, **values._asdict()} for row, values in measured])
        self._state[decoded] = _DECODED
        self._state[[row for row, _ in measured]] = _MEASURED
        self._state[[row for row, _ in skipped]] = _SKIPPED
        self._sync("state")

    def _append(self, path: Path, lines: Sequence[dict[str, Any]]) -> None:
        if lines:
            with path.open("a", encoding="utf-8") as log:
                log.writelines(json.dumps(line) + "\n" for line in lines)
                log.flush()
                os.fsync(log.fileno())

    def _sync(self, name: str) -> None:
        if sys.platform != "linux":
            getattr(self, "_state" if name == "state" else name).flush()
            return
        # The same pages, but numpy's flush would hold the interpreter's lock until the disk has them.
        with (self._part / f"{name}.npy").open("rb") as file:
            os.fsync(file.fileno())

    def skip_reasons(self) -> Iterator[tuple[int, str]]:
        """Yield row and reason of the skipped records, by row."""
        reasons: dict[int, str] = {}
        with contextlib.suppress(FileNotFoundError), self._reasons.open(encoding="utf-8") as log:
            for line in log:
                with contextlib.suppress(ValueError, KeyError):  # cut off by a crash, and written again
                    record = json.loads(line)
                    reasons[int(record["row"])] = str(record["reason"])
        yield from sorted((row, reason) for row, reason in reasons.items() if self._state[row] == _SKIPPED)

    def measured(self) -> dict[int, Measured]:
        """Return the range of values of every record of more than 8 bits that could be decoded, by row."""
        ranges: dict[int, Measured] = {}
        with contextlib.suppress(FileNotFoundError), self._ranges.open(encoding="utf-8") as log:
            for line in log:
                with contextlib.suppress(ValueError, KeyError):  # as above
                    record = json.loads(line)
                    ranges[int(record["row"])] = Measured(record["kind"], record["lowest"], record["highest"])
        return {row: values for row, values in ranges.items() if self._state[row] in (_DECODED, _MEASURED)}
