"""Decode the records of a source on all cores, and go on where an earlier attempt stopped."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from augexp.data.decoding.numeric import Measured, Scale, scale_of
from augexp.data.decoding.pillow import own_settings
from augexp.data.decoding.process import Decoder, DecodeRows, Reasons, decode_rows
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import Listing
from augexp.data.sources.base import Source
from augexp.errors import DataError
from augexp.experiment.sources import Data
from augexp.progress import StageProgress

SAVE_INTERVAL = 10.0
"""Seconds after which what was decoded is marked on disk: as much work is lost when the power fails. Decoding waits
for pages that are on their way to the disk, so that every 2 seconds would cost a twentieth of its time."""

PROCESSES_FROM = 4000
"""Number of records that are worth a process per core: it takes 0.2 seconds to start one."""

_TASK = 64  # records that are handed over at a time, since handing over costs as much as a small image

_AHEAD = 2  # tasks per core that are handed over before the first is finished, so that no core waits for the next one

_STATE_ROWS = 4096  # rows whose state is read at a time


def decode_all(
    data: Data, source: Source, listing: Listing, part: Path, progress: StageProgress, jobs: int
) -> StagingArrays:
    """Decode what is not decoded yet into the arrays of the folder `part` and return them.

    Raises:
        DataError: too little room on the disk, or more undecodable records than `data.max_skipped`.
    """
    _check_room(part, len(listing), data.image_size)
    arrays = StagingArrays(part, len(listing), data.image_size)
    for scales_known in (False, True):
        # Of the pictures of more than 8 bits, once all have been seen.
        scales = scales_of(arrays.measured().values()) if scales_known else {}
        finished = len(listing) - arrays.count_pending(measured=scales_known)
        progress("decoding images", finished, len(listing))
        unsaved = _Unsaved(arrays)
        with (
            ThreadPoolExecutor(1) as writer,
            contextlib.closing(unsaved),
            _decode_tasks(source, listing, arrays, scales, part, jobs) as results,
        ):
            for reasons in results:
                unsaved.add(reasons)
                finished += len(reasons)
                progress("decoding images", finished, len(listing))
                if unsaved.due():
                    unsaved.save(writer)
                    _check_arrays(data, source, listing, arrays)
        progress("decoding images", finished, len(listing))
        _check_arrays(data, source, listing, arrays)
    return arrays


def scales_of(measured: Iterable[Measured]) -> dict[str, Scale]:
    """Return what is black and white in each kind of values, given the ranges of all pictures."""
    ranges: dict[str, tuple[float, float]] = {}
    for kind, lowest, highest in measured:
        low, high = ranges.get(kind, (lowest, highest))
        ranges[kind] = min(low, lowest), max(high, highest)
    return {kind: scale_of(kind, *values) for kind, values in sorted(ranges.items())}


class _Unsaved:
    """Rows that are finished and not marked on disk yet; they are marked while the next images are decoded."""

    def __init__(self, arrays: StagingArrays) -> None:
        self._arrays = arrays
        self._decoded: list[int] = []
        self._skipped: list[tuple[int, str]] = []
        self._measured: list[tuple[int, Measured]] = []
        self._saved_at = time.monotonic()
        self._saving: Future[None] | None = None

    def add(self, reasons: Reasons) -> None:
        for row, reason in reasons:
            if isinstance(reason, Measured):
                self._measured.append((row, reason))
            elif reason:
                self._skipped.append((row, reason))
            else:
                self._decoded.append(row)

    def due(self) -> bool:
        return time.monotonic() - self._saved_at > SAVE_INTERVAL

    def save(self, writer: ThreadPoolExecutor) -> None:
        """Mark them in the thread of `writer`, as soon as those before are marked."""
        if self._saving:
            self._saving.result()
        self._saving = writer.submit(self._arrays.mark, self._decoded, self._skipped, self._measured)
        self._decoded, self._skipped, self._measured, self._saved_at = [], [], [], time.monotonic()

    def close(self) -> None:
        """Mark what is left."""
        try:
            if self._saving:
                self._saving.result()
        finally:
            self._arrays.mark(self._decoded, self._skipped, self._measured)


@contextlib.contextmanager
def _decode_tasks(
    source: Source, listing: Listing, arrays: StagingArrays, scales: dict[str, Scale], part: Path, jobs: int
) -> Iterator[Iterator[Reasons]]:
    """Decode rows in `jobs` threads, or as many processes; gives the results of the tasks in order.

    Without `scales` those are the pending rows, with them the ones that have been measured.
    """
    here = partial(decode_rows, source, listing, arrays, scales=scales)
    count = arrays.count_pending(measured=bool(scales))
    idle: SimpleQueue[DecodeRows] = SimpleQueue()

    def work(rows: list[int]) -> Reasons:
        decode = idle.get()
        try:
            return decode(rows)
        finally:
            idle.put(decode)

    with contextlib.ExitStack() as stack, own_settings():
        apart = jobs > 1 and count >= PROCESSES_FROM
        closings: list[Callable[[], None]] = []
        for _ in range(jobs):
            if apart:
                decoder = Decoder(part, arrays.images.shape[1], source, here, scales)
                stack.callback(decoder.close)
                closings.append(decoder.finish)
                idle.put(decoder.decode_rows)
            else:
                idle.put(here)
        for close_input in closings:  # of all processes, before the first is waited for
            stack.callback(close_input)
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        waiting: deque[Future[Reasons]] = deque()
        stack.callback(lambda: [future.cancel() for future in waiting])
        yield _in_order(pool, work, _tasks(arrays, measured=bool(scales)), waiting, _AHEAD * jobs)


def _in_order(
    pool: ThreadPoolExecutor,
    work: DecodeRows,
    tasks: Iterable[list[int]],
    waiting: deque[Future[Reasons]],
    ahead: int,
) -> Iterator[Reasons]:
    for rows in tasks:
        waiting.append(pool.submit(work, rows))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _tasks(arrays: StagingArrays, *, measured: bool) -> Iterator[list[int]]:
    for start in range(0, len(arrays.sides), _STATE_ROWS):
        rows = arrays.pending_rows(start, start + _STATE_ROWS, measured=measured)
        for low in range(0, len(rows), _TASK):
            yield rows[low : low + _TASK]


def _check_arrays(data: Data, source: Source, listing: Listing, arrays: StagingArrays) -> None:
    reasons = (f"{source.name_of(listing[row])}: {reason}" for row, reason in arrays.skip_reasons())
    check_skipped(data, arrays.count_skipped(), len(listing), reasons)


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
    taken = sum(path.stat().st_blocks * 512 for path in part.iterdir()) if hasattr(part.stat(), "st_blocks") else 0
    free = shutil.disk_usage(part).free
    if needed - taken > free:
        unit, name = (1e9, "GB") if needed >= 5e7 else (1e6, "MB")  # so that neither number is 0.0 for want of digits
        raise DataError(
            f"{part.parent}: {count:,} images of {size} x {size} pixels need {needed / unit:,.1f} {name}, "
            f"{free / unit:,.1f} {name} are free; free some space, choose another --data-dir, a smaller --image-size "
            "or fewer images with --limit"
        )
