"""The count of what the network received, against a plain set."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.training import image_counter
from augexp.training.image_counter import Tally


def images(values):
    return np.repeat(np.asarray(values, np.float32), 12).reshape(-1, 2, 2, 3)


def ids(values):
    return np.asarray(values, np.uint64)


def add(counted, batch, identities):
    for image in batch:
        counted.see(image)
    counted.follow(identities)


def test_counts_as_a_set_does_also_across_slices(tmp_path, monkeypatch):
    monkeypatch.setattr(image_counter, "_SLICE", 7)
    generator, counted, seen = np.random.default_rng(0), Tally(tmp_path), set()
    for _ in range(6):
        for _ in range(3):
            batch = generator.integers(0, 60, 10)
            add(counted, images(batch), ids(batch))
            seen |= set(batch.tolist())
        counted.close_epoch()
        assert counted.unique == len(seen)
    assert [path.name for path in tmp_path.iterdir()] == [".unique-6"]
    counted.clear()
    assert not list(tmp_path.iterdir())


def test_one_changed_bit_is_another_image(tmp_path):
    counted = Tally(tmp_path)
    batch = images([1, 1])
    batch[1, 0, 0, 0] = np.nextafter(np.float32(1), np.float32(2))
    add(counted, batch, ids([5, 5]))
    counted.close_epoch()
    assert counted.unique == 2


def test_order_is_told_apart_and_does_not_depend_on_the_batches(tmp_path):
    def order(*batches):
        counted = Tally(tmp_path)
        for batch in batches:
            add(counted, images(batch), ids(batch))
        counted.close_epoch()
        return counted.order

    assert order([1, 2], [3, 4]) == order([1, 2, 3], [4])
    assert order([1, 2], [3, 4]) != order([1, 2], [4, 3])


def test_goes_on_from_the_epoch_of_the_checkpoint(tmp_path):
    counted = Tally(tmp_path)
    add(counted, images([1, 2, 3]), ids([1, 2, 3]))
    counted.close_epoch()
    counted.keep()
    counted.kept()
    state = counted.unique, counted.order
    add(counted, images([3, 4]), ids([3, 4]))
    counted.close_epoch()
    again = Tally(tmp_path)
    again.restore(1, *state)
    add(again, images([3, 4]), ids([3, 4]))
    again.close_epoch()
    assert (again.unique, again.order) == (counted.unique, counted.order) == (4, again.order)


def test_a_missing_state_is_refused(tmp_path):
    with pytest.raises(ValueError, match="missing or damaged"):
        Tally(tmp_path).restore(3, 10, "")
