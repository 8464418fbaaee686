"""Running ahead: order, bounds, errors and a clean end."""

from __future__ import annotations

import threading
import time

import pytest

from augexp.training.prefetch import ahead


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "augexp-ahead"]


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("depth", [0, 1, 2, 7])
def test_items_come_in_order_and_the_thread_ends(depth):
    assert list(ahead(iter(range(50)), depth)) == list(range(50))
    assert list(ahead([], depth)) == []
    assert threads() == []


def test_it_runs_ahead_by_a_bounded_number_of_items():
    made = []

    def items():
        for i in range(100):
            made.append(i)
            yield i

    consumer = ahead(items(), depth=3)
    assert made == []  # nothing before the first item is asked for
    assert next(consumer) == 0
    wait_for(lambda: len(made) == 5)  # one taken, three waiting, one in the hand of the thread
    time.sleep(0.05)
    assert len(made) == 5
    consumer.close()
    assert threads() == []
    assert len(made) == 5


def test_an_error_arrives_where_its_item_was_due():
    def items():
        yield 1
        yield 2
        raise ZeroDivisionError("third")

    consumer = ahead(items(), depth=5)
    assert next(consumer) == 1
    assert next(consumer) == 2
    with pytest.raises(ZeroDivisionError, match="third"):
        next(consumer)
    assert threads() == []


def test_leaving_early_closes_the_items():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield bytes(10)
        finally:
            closed.set()

    for _ in ahead(endless(), depth=2):
        break
    assert closed.wait(10)
    wait_for(lambda: threads() == [])


def test_without_depth_there_is_no_thread():
    consumer = ahead(iter("ab"), depth=0)
    assert next(consumer) == "a"
    assert threads() == []
