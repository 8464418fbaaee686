"""Decode the records of a source on all cores into arrays on disk, and go on where an earlier attempt stopped.

images.npy   uint8 (N, S, S, 3)     hashes.npy   uint64 (N,), perceptual
keys.npy     uint8 (N, 20)          sides.npy    int32 (N,), shorter side of the original
state.npy    uint8 (N,)             skipped.jsonl, one line per record that is not used
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.data.listing import Entry, Listing
from augexp.data.pictures import Undecodable, decode
from augexp.data.sources import Source
from augexp.data.store import Progress
from augexp.errors import DataError
from augexp.experiment import Data

CHUNK = 512
"""Records that are handed to the threads at a time."""

NOTED_EVERY = 10.0
"""Seconds between two notes of what is done: as much work is lost when the power fails."""

_TASK = 16  # records a thread takes at a time, since handing over costs as much as a small picture

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
        for array in (self.images, self.keys, self.thumbnails, self.sides):
            array.flush()
        with self._reasons.open("a", encoding="utf-8") as log:
            log.writelines(json.dumps({"row": row, "reason": reason}) + "\n" for row, reason in failed)
        self._state[done] = _DONE
        self._state[[row for row, _ in failed]] = _SKIPPED
        self._state.flush()

    def reasons(self) -> Iterator[tuple[int, str]]:
        """Yield row and reason of the records that are not used, by row."""
        seen: dict[int, str] = {}
        with contextlib.suppress(FileNotFoundError), self._reasons.open(encoding="utf-8") as log:
            for line in log:
                with contextlib.suppress(ValueError, KeyError):  # cut off by a crash, and written again
                    note = json.loads(line)
                    seen[int(note["row"])] = str(note["reason"])
        yield from sorted((row, reason) for row, reason in seen.items() if self._state[row] == _SKIPPED)


def decode_all(data: Data, source: Source, listing: Listing, part: Path, progress: Progress, jobs: int) -> Desk:
    """Decode what is not decoded yet into the arrays of the folder `part` and return them.

    Raises:
        DataError: too little room on the disk, or more undecodable records than `data.max_skipped`.
    """
    _check_room(part, len(listing), data.image_size)
    desk = Desk(part, len(listing), data.image_size)
    finished = len(listing) - desk.todo()
    done: list[int] = []
    failed: list[tuple[int, str]] = []

    def work(rows: list[int]) -> list[tuple[int, str]]:
        return [(row, _decode_one(data, source, listing[row], row, desk)) for row in rows]

    def note() -> None:
        desk.note(done, failed)
        done.clear()
        failed.clear()

    progress("decoding images", finished, len(listing))
    noted = time.monotonic()
    with warnings.catch_warnings(), ThreadPoolExecutor(jobs) as pool:
        # Pillow warns of oddities in pictures that it can read; what it cannot read is listed.
        warnings.filterwarnings("ignore", module="PIL")
        try:
            for start in range(0, len(listing), CHUNK):
                rows = desk.missing(start, start + CHUNK)
                for some in pool.map(work, [rows[low : low + _TASK] for low in range(0, len(rows), _TASK)]):
                    done += [row for row, reason in some if not reason]
                    failed += [(row, reason) for row, reason in some if reason]
                    finished += len(some)
                    progress("decoding images", finished, len(listing))
                if time.monotonic() - noted > NOTED_EVERY:
                    note()
                    _check_desk(data, source, listing, desk)
                    noted = time.monotonic()
        finally:
            note()
    progress("decoding images", finished, len(listing))
    _check_desk(data, source, listing, desk)
    return desk


def _decode_one(data: Data, source: Source, entry: Entry, row: int, desk: Desk) -> str:
    """Decode one record into its row and return an empty text, or the reason why it is skipped."""
    try:
        picture = decode(source.read(entry), data.image_size)
    except Undecodable as reason:
        return str(reason)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    desk.images[row] = picture.pixels
    desk.keys[row] = np.frombuffer(hashlib.blake2b(picture.pixels.tobytes(), digest_size=20).digest(), np.uint8)
    desk.thumbnails[row] = picture.thumbnail
    desk.sides[row] = picture.side
    return ""


def _check_desk(data: Data, source: Source, listing: Listing, desk: Desk) -> None:
    first = (f"{source.name_of(listing[row])}: {reason}" for row, reason in desk.reasons())
    check_skipped(data, desk.skipped(), len(listing), first)


def check_skipped(data: Data, skipped: int, records: int, reasons: Iterable[str]) -> None:
    """Raise DataError, with the first of `reasons`, where more was skipped than `data.max_skipped` allows."""
    if skipped > data.max_skipped * records:
        raise DataError(
            f"{skipped:,} of {records:,} images cannot be decoded, more than the ceiling of "
            f"{data.max_skipped:.0%} (data.max_skipped); the first: {'; '.join(islice(reasons, 3))}"
        )


def _check_room(part: Path, count: int, size: int) -> None:
    # A write to a mapped file on a full disk is a signal that kills the process, not an exception.
    needed = 2 * count * (3 * size * size + 64)  # in the order of the listing, then in that of the hashes
    held = sum(path.stat().st_blocks * 512 for path in part.iterdir()) if hasattr(part.stat(), "st_blocks") else 0
    free = shutil.disk_usage(part).free
    if needed - held > free:
        raise DataError(
            f"{part.parent}: {count:,} images of {size} x {size} pixels need {needed / 1e9:,.1f} GB, "
            f"{free / 1e9:,.1f} GB are free; free some space, choose another --data-dir, a smaller --image-size "
            "or fewer images with --limit"
        )
