"""Batches put together for augmentation and taken apart again are the batches one by one."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Draw

from augexp.augment import policy
from augexp.augment.pipeline import Augmenter
from augexp.training import feed as feeds
from augexp.training.feed import Lead, feed

RANDOM = np.random.default_rng(0)
DRAW = Draw(RANDOM.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), RANDOM.integers(0, 2**63, 40, dtype=np.uint64))
LABELS = np.arange(40) % 3


def batches(size=4):
    while True:
        for start in range(0, 40, size):
            rows = np.arange(start, start + size)
            yield DRAW[rows], LABELS[rows]


def augmenter(name):
    return Augmenter(policy.resolve(name), root_seed=0, seed=0, num_classes=3, partners=(DRAW, LABELS))


def listed(portions):
    return [(images.copy(), targets.copy()) for portion in portions for images, targets in portion.batches()]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("together", [1, 4, 16])
@pytest.mark.parametrize("name", ["none", "standard", "mixup", "trivialaugment"])
def test_neither_portions_nor_running_ahead_change_a_number(name, together, depth):
    one_by_one, source = augmenter(name), batches()
    expected = []
    for _ in range(7):
        batch, labels = next(source)
        images, targets = one_by_one(batch.images, labels, batch.ids, 2)
        expected.append((images.copy(), targets.copy()))
    source, seconds = batches(), []
    lead = Lead(depth, together)
    portions = feed(source, augmenter(name), steps=7, epoch=2, lead=lead, on_seconds=seconds.append)
    for (images, targets), (other, soft) in zip(listed(portions), expected, strict=True):
        np.testing.assert_array_equal(images, other)
        np.testing.assert_array_equal(targets, soft)
    assert len(seconds) == -(-7 // together)
    assert min(seconds) > 0
    np.testing.assert_array_equal(next(source)[0].ids, DRAW.ids[28:32])  # not one batch more was taken


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("name", ["none", "standard", "strong", "mixup", "augmix"])
def test_every_picture_is_seen_once_as_it_is_trained_on(name, depth):
    seen, lead = [], Lead(depth, batches=3)
    portions = feed(
        batches(), augmenter(name), steps=7, epoch=1, lead=lead, on_image=lambda image: seen.append(image.copy())
    )
    np.testing.assert_array_equal(np.stack(seen_after(portions)), seen)
    assert len(seen) == 28


def seen_after(portions):
    return [image for images, _ in listed(portions) for image in images]


def test_a_portion_is_bounded(monkeypatch):
    monkeypatch.setattr(feeds, "VALUES", 3 * 4 * 8 * 8 * 3 + 1)
    portions = list(feed(batches(), augmenter("standard"), steps=7, epoch=0))
    assert [len(portion.bounds) for portion in portions] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate([portion.ids for portion in portions]), DRAW.ids[:28])
    monkeypatch.setattr(feeds, "VALUES", 1)
    assert [len(portion.bounds) for portion in feed(batches(), augmenter("none"), steps=2, epoch=0)] == [1, 1]


@pytest.mark.parametrize(("waiting", "depth"), [(feeds.WAITING, 4), (3 * 2 * 4 * 8 * 8 * 3, 3), (1, 1)])
def test_what_waits_is_bounded_but_never_nothing(waiting, depth, monkeypatch):
    monkeypatch.setattr(feeds, "WAITING", waiting)
    depths, real = [], feeds.ahead
    monkeypatch.setattr(feeds, "ahead", lambda items, depth: depths.append(depth) or real(items, depth))
    source = batches()
    lead = Lead(4, batches=2)
    portions = feed(source, augmenter("none"), steps=7, epoch=0, lead=lead)
    assert [len(portion.bounds) for portion in portions] == [2, 2, 2, 1]
    assert depths == [depth]
    np.testing.assert_array_equal(next(source)[0].ids, DRAW.ids[28:32])


def test_batches_of_one():
    portions = list(feed(batches(1), augmenter("standard"), steps=40, epoch=0))
    assert [len(portion.bounds) for portion in portions] == [32, 8]
    assert listed(portions)[0][0].shape == (1, 8, 8, 3)
