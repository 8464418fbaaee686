"""The count of what the network received, against a plain set."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.training import image_counter
from augexp.training.image_counter import ImageCounter


def images(values):
    return np.repeat(np.asarray(values, np.float32), 12).reshape(-1, 2, 2, 3)


def ids(values):
    return np.asarray(values, np.uint64)


def add(counter, batch, identities):
    for image in batch:
        counter.count(image)
    counter.note_order(identities)


def test_counts_as_a_set_does_also_across_slices(tmp_path, monkeypatch):
    monkeypatch.setattr(image_counter, "_SLICE", 7)
    generator, counter, seen = np.random.default_rng(0), ImageCounter(tmp_path), set()
    for _ in range(6):
        for _ in range(3):
            batch = generator.integers(0, 60, 10)
            add(counter, images(batch), ids(batch))
            seen |= set(batch.tolist())
        counter.close_epoch()
        assert counter.unique == len(seen)
    assert [path.name for path in tmp_path.iterdir()] == [".unique-6"]
    counter.clear()
    assert not list(tmp_path.iterdir())


def test_one_changed_bit_is_another_image(tmp_path):
    counter = ImageCounter(tmp_path)
    batch = images([1, 1])
    batch[1, 0, 0, 0] = np.nextafter(np.float32(1), np.float32(2))
    add(counter, batch, ids([5, 5]))
    counter.close_epoch()
    assert counter.unique == 2


def test_order_is_told_apart_and_does_not_depend_on_the_batches(tmp_path):
    def order(*batches):
        counter = ImageCounter(tmp_path)
        for batch in batches:
            add(counter, images(batch), ids(batch))
        counter.close_epoch()
        return counter.order

    assert order([1, 2], [3, 4]) == order([1, 2, 3], [4])
    assert order([1, 2], [3, 4]) != order([1, 2], [4, 3])


def test_goes_on_from_the_epoch_of_the_checkpoint(tmp_path):
    counter = ImageCounter(tmp_path)
    add(counter, images([1, 2, 3]), ids([1, 2, 3]))
    counter.close_epoch()
    counter.before_checkpoint()
    counter.after_checkpoint()
    state = counter.unique, counter.order
    add(counter, images([3, 4]), ids([3, 4]))
    counter.close_epoch()
    again = ImageCounter(tmp_path)
    again.restore(1, *state)
    add(again, images([3, 4]), ids([3, 4]))
    again.close_epoch()
    assert (again.unique, again.order) == (counter.unique, counter.order) == (4, again.order)


def test_a_missing_state_is_refused(tmp_path):
    with pytest.raises(ValueError, match="missing or damaged"):
        ImageCounter(tmp_path).restore(3, 10, "")
