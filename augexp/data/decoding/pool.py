"""Decode the records of a source on all cores into its desk, and go on where an earlier attempt stopped."""

from __future__ import annotations

import contextlib
import shutil
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from augexp.data.decoding.process import Decoder, Reasons, decode_rows
from augexp.data.decoding.staging import Desk
from augexp.data.listing import Listing
from augexp.data.sources.base import Source
from augexp.errors import DataError
from augexp.experiment.sources import Data
from augexp.progress import StageProgress

NOTED_EVERY = 10.0
"""Seconds between two notes of what is done: as much work is lost when the power fails. Those who decode wait
for pages that are on their way to the disk, so that every 2 seconds would cost them a twentieth."""

PROCESSES_FROM = 4000
"""Records that are worth a process per core: it takes 0.2 seconds to start one."""

_TASK = 64  # records that are handed over at a time, since handing over costs as much as a small picture

_AHEAD = 2  # tasks per core that are handed over before the first is finished: nobody waits for the next one

_LOOKED_AT = 4096  # rows whose state is looked at a time


def decode_all(data: Data, source: Source, listing: Listing, part: Path, progress: StageProgress, jobs: int) -> Desk:
    """Decode what is not decoded yet into the arrays of the folder `part` and return them.

    Raises:
        DataError: too little room on the disk, or more undecodable records than `data.max_skipped`.
    """
    _check_room(part, len(listing), data.image_size)
    desk = Desk(part, len(listing), data.image_size)
    finished = len(listing) - desk.todo()
    progress("decoding images", finished, len(listing))
    notes = _Notes(desk)
    with ThreadPoolExecutor(1) as clerk, contextlib.closing(notes), _work(source, listing, desk, part, jobs) as results:
        for some in results:
            notes.add(some)
            finished += len(some)
            progress("decoding images", finished, len(listing))
            if notes.due():
                notes.write(clerk)
                _check_desk(data, source, listing, desk)
    progress("decoding images", finished, len(listing))
    _check_desk(data, source, listing, desk)
    return desk


class _Notes:
    """What was decoded and is not noted on the desk yet; noted while the next pictures are decoded."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._done: list[int] = []
        self._failed: Reasons = []
        self._written = time.monotonic()
        self._writing: Future[None] | None = None

    def add(self, some: Reasons) -> None:
        self._done += [row for row, reason in some if not reason]
        self._failed += [(row, reason) for row, reason in some if reason]

    def due(self) -> bool:
        return time.monotonic() - self._written > NOTED_EVERY

    def write(self, clerk: ThreadPoolExecutor) -> None:
        """Have the clerk note them, as soon as the notes before are written."""
        if self._writing:
            self._writing.result()
        self._writing = clerk.submit(self._desk.note, self._done, self._failed)
        self._done, self._failed, self._written = [], [], time.monotonic()

    def close(self) -> None:
        """Note what is left."""
        try:
            if self._writing:
                self._writing.result()
        finally:
            self._desk.note(self._done, self._failed)


@contextlib.contextmanager
def _work(source: Source, listing: Listing, desk: Desk, part: Path, jobs: int) -> Iterator[Iterator[Reasons]]:
    """Have `jobs` threads, or as many processes, decode what is missing; gives what comes of each task."""
    here = partial(decode_rows, source, listing, desk)
    idle: SimpleQueue[Callable[[list[int]], Reasons]] = SimpleQueue()

    def work(rows: list[int]) -> Reasons:
        hands = idle.get()
        try:
            return hands(rows)
        finally:
            idle.put(hands)

    with contextlib.ExitStack() as stack, warnings.catch_warnings():
        # Pillow warns of oddities in pictures that it can read; what it cannot read is listed.
        warnings.filterwarnings("ignore", module="PIL")
        apart = jobs > 1 and desk.todo() >= PROCESSES_FROM
        ends: list[Callable[[], None]] = []
        for _ in range(jobs):
            if apart:
                decoder = Decoder(part, desk.images.shape[1], source, here)
                stack.callback(decoder.close)
                ends.append(decoder.finish)
                idle.put(decoder.decode_rows)
            else:
                idle.put(here)
        for finish in ends:  # all of them, before the first is waited for
            stack.callback(finish)
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        waiting: deque[Future[Reasons]] = deque()
        stack.callback(lambda: [one.cancel() for one in waiting])
        yield _in_order(pool, work, desk, waiting, _AHEAD * jobs)


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[list[int]], Reasons],
    desk: Desk,
    waiting: deque[Future[Reasons]],
    ahead: int,
) -> Iterator[Reasons]:
    for rows in _tasks(desk):
        waiting.append(pool.submit(work, rows))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _tasks(desk: Desk) -> Iterator[list[int]]:
    for start in range(0, len(desk.sides), _LOOKED_AT):
        rows = desk.missing(start, start + _LOOKED_AT)
        for low in range(0, len(rows), _TASK):
            yield rows[low : low + _TASK]


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
