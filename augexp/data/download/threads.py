"""Work on the items of a list in a few threads, whose events all reach the calling thread.

The threads are daemons and are not waited for after Ctrl-C: one of them may hang in a connection for a
minute, and everything that they leave on disk can be taken up again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from augexp.errors import AugexpError, DownloadError, Interrupted

Item = TypeVar("Item")
Result = TypeVar("Result")
Event = TypeVar("Event")

TIMEOUT = 2.0
"""Seconds that the threads get to end after Ctrl-C."""


@dataclass(frozen=True)
class _Ended:
    position: int
    result: Any
    error: BaseException | None


def run_in_threads(
    items: Sequence[Item],
    work: Callable[[Item, Callable[[Event], None]], Result],
    *,
    jobs: int,
    stop: threading.Event,
    on_event: Callable[[Event], None] | None,
) -> list[Result]:
    """Call `work(item, emit)` for all `items`, `jobs` at once.

    Args:
        items: what to do.
        work: runs in a thread; what it emits reaches `on_event` in the calling thread.
        jobs: number of threads.
        stop: set here when the work has to end early; `work` looks at it.
        on_event: gets the events.

    Returns:
        The results in the order of `items`.

    Raises:
        AugexpError: of the one item that failed, or a DownloadError that names all that did; the others
            are finished first.
        Interrupted: Ctrl-C.
    """
    events: queue.SimpleQueue[Event | _Ended] = queue.SimpleQueue()
    waiting: queue.SimpleQueue[tuple[int, Item]] = queue.SimpleQueue()
    for numbered in enumerate(items):
        waiting.put(numbered)

    def worker() -> None:
        while not stop.is_set():
            try:
                position, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                events.put(_Ended(position, work(item, events.put), None))
            except BaseException as error:  # noqa: BLE001 - handed to the calling thread, which raises it
                events.put(_Ended(position, None, error))

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(jobs, len(items)))]
    for thread in threads:
        thread.start()
    try:
        ended = _listen(events, len(items), on_event)
    except BaseException as error:
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("stopped; the same command goes on where this one ended") from None
        raise
    return _results(ended)


def _listen(events: queue.SimpleQueue[Any], count: int, on_event: Callable[[Any], None] | None) -> list[_Ended]:
    ended: list[_Ended] = []
    while len(ended) < count:
        try:
            # With a timeout, because Windows delivers Ctrl-C only between two waits.
            event = events.get(timeout=0.2)
        except queue.Empty:
            continue
        if isinstance(event, _Ended):
            ended.append(event)
        elif on_event is not None:
            on_event(event)
    return sorted(ended, key=lambda end: end.position)


def _results(ended: Sequence[_Ended]) -> list[Any]:
    errors = [end.error for end in ended if end.error is not None]
    for error in errors:
        if not isinstance(error, AugexpError) or len(errors) == 1:
            raise error
    if errors:
        raise DownloadError(f"{len(errors)} of {len(ended)} archives failed: " + " | ".join(map(str, errors)))
    return [end.result for end in ended]
