"""Run an iterator ahead of its consumer, in one background thread with bounded memory.

Worth it where the training step leaves a processor core idle, as on a GPU. On a machine whose cores are
all training it only moves the work about, so nothing here is used unless it is asked for.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

_POLL_SECONDS = 0.1  # seconds between two looks at whether the consumer has left


class _End:
    """The last thing in the queue: why the producer stopped."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yield `items` in order while a thread already makes the next ones.

    At most ``depth + 1`` finished items wait at any time. The thread ends when the items do, when making
    one fails (the exception is raised here, where the item was due), and when the returned generator is
    closed or dropped; closing waits for the item in the making.

    Args:
        items: consumed in the thread; closed there, if it is a generator, when the consumer leaves.
        depth: number of items to keep ready; 0 makes them when they are asked for, without a thread.
    """
    if depth < 1:
        yield from items
        return
    ready: queue.Queue[Item | _End] = queue.Queue(maxsize=depth)
    left = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, ready, left), name="augexp-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
            del item  # the consumer may be slow; do not hold its batch for it
    finally:
        left.set()
        thread.join()


def _produce(items: Iterable[Item], ready: queue.Queue[Item | _End], left: threading.Event) -> None:
    error: BaseException | None = None
    iterator = iter(items)
    try:
        for item in iterator:
            if not _put(ready, item, left):
                break
    except BaseException as caught:  # noqa: BLE001 - raised again in the consumer's thread
        error = caught
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    _put(ready, _End(error), left)


def _put(ready: queue.Queue[Item | _End], item: Item | _End, left: threading.Event) -> bool:
    """Wait for a free place; return False once the consumer has left."""
    while not left.is_set():
        try:
            ready.put(item, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
