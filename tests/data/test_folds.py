"""Folds: units whole, classes even, the same partition whatever names and order files have."""

from __future__ import annotations

import numpy as np
import pytest
from builders import DataFolders, write_classes

from augexp.data import folds
from augexp.errors import DataError
from augexp.experiment.definition import Data

DATA_SETS = 10_000


def random_units(generator, images, grouping):
    """Return units of images, int64 (N,), numbered by their first row: single images, twins, or groups of many."""
    owners = np.arange(images) if grouping == 0 else generator.integers(0, max(2, images // grouping), images)
    _, first, inverse = np.unique(owners, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def test_no_unit_straddles_a_fold_or_a_split_in_ten_thousand_data_sets():
    generator = np.random.default_rng(19)
    for number in range(DATA_SETS):
        images, size = int(generator.integers(6, 40)), int(generator.integers(2, 7))
        labels = generator.integers(0, int(generator.integers(1, 4)), images)
        units = random_units(generator, images, number % 4)
        ids = generator.integers(0, 2**64, images, dtype=np.uint64)
        fit = int(generator.integers(0, 3 * size))
        fold = folds.partition(labels, units, ids, size, 5, fit // size)
        assert ((fold >= 0) & (fold < size)).all()
        assert (fold == fold[units]).all()
        rows = folds.rows_of_fit(labels, units, ids, size, 5, fit)
        assert np.array_equal(rows.test, np.flatnonzero(fold == fit % size))
        assert np.array_equal(np.sort(np.concatenate(rows)), np.arange(images))
        for first, second in ((rows.train, rows.validation), (rows.train, rows.test), (rows.validation, rows.test)):
            assert not np.isin(units[first], units[second]).any()


def images(generator, counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    return labels, np.arange(len(labels)), generator.integers(0, 2**64, len(labels), dtype=np.uint64)


@pytest.mark.parametrize("size", [2, 5, 10])
def test_folds_of_single_images_differ_by_one_per_class(size):
    labels, units, ids = images(np.random.default_rng(1), (53, 101, 20))
    fold = folds.partition(labels, units, ids, size, 0, 0)
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=size)
        assert counts.max() - counts.min() <= 1


def test_groups_of_unequal_size_give_folds_of_nearly_equal_size():
    generator = np.random.default_rng(2)
    sizes = generator.integers(1, 20, 60)
    units = np.repeat(np.cumsum(sizes) - sizes, sizes)
    labels, ids = generator.integers(0, 2, len(units)), generator.integers(0, 2**64, len(units), dtype=np.uint64)
    counts = np.bincount(folds.partition(labels, units, ids, 5, 0, 0), minlength=5)
    assert counts.max() <= 1.1 * len(units) / 5


def test_every_repeat_is_dealt_anew_and_every_root_seed_too():
    labels, units, ids = images(np.random.default_rng(3), (60, 60))
    partitions = [folds.partition(labels, units, ids, 5, root, repeat) for root in (0, 1) for repeat in range(3)]
    for i, first in enumerate(partitions):
        for second in partitions[i + 1 :]:
            assert (first == second).mean() < 0.4  # a fifth by chance


def test_the_order_of_the_images_decides_nothing():
    generator = np.random.default_rng(4)
    labels, _, ids = images(generator, (40, 30))
    groups = generator.integers(0, 25, 70)
    _, inverse = np.unique(groups, return_inverse=True)
    order = generator.permutation(70)
    fold = folds.partition(labels, inverse, ids, 4, 0, 1)
    assert np.array_equal(folds.partition(labels[order], inverse[order], ids[order], 4, 0, 1), fold[order])


def test_an_added_image_moves_images_of_its_own_class_alone():
    generator = np.random.default_rng(5)
    labels, units, ids = images(generator, (50, 70, 40))
    fold = folds.partition(labels, units, ids, 5, 0, 0)
    more = folds.partition(np.r_[labels, 1], np.r_[units, 160], np.r_[ids, np.uint64(17)], 5, 0, 0)
    others = labels != 1
    assert np.array_equal(more[:160][others], fold[others])


def test_validation_is_a_tenth_of_the_units_outside_the_fold_and_less_than_half():
    labels, units, ids = images(np.random.default_rng(6), (100, 50))
    rows = folds.rows_of_fit(labels, units, ids, 5, 0, 3)
    assert np.bincount(labels[rows.validation]).tolist() == [8, 4]
    assert np.bincount(labels[rows.train]).tolist() == [72, 36]
    named = folds.rows_of_fit(labels, units, ids, 5, 0, 3, validation_per_class=30)
    assert np.bincount(labels[named.validation]).tolist() == [30, 20]


def test_classes_with_fewer_units_than_folds_are_refused():
    labels = np.repeat([0, 1], [10, 8])
    units = np.r_[np.arange(10), np.repeat([10, 14], 4)]
    with pytest.raises(
        DataError, match=r"folds: received 5, but class 'b' has 2 different images .* no number of folds"
    ):
        folds.check(labels, units, ("a", "b"), 5)
    with pytest.raises(DataError, match="allowed are 2 to 8"):
        folds.check(labels, np.arange(18), ("a", "b"), 9)
    folds.check(labels, np.arange(18), ("a", "b"), 8)


# -- the store -----------------------------------------------------------------------------------


def test_a_store_for_folds_pools_every_image(tmp_path):
    place = DataFolders(tmp_path)
    write_classes(place.images, {"train/a": range(10), "train/b": range(20, 30), "test/a": range(40, 44)})
    write_classes(place.images, {"test/b": range(50, 54)})
    store = place.prepare(folds=4, test="folds")
    assert len(store.rows("train")) == len(store) == 28
    assert "8 test and validation images are among them" in store.manifest.split.explanation
    data = Data(source="folder", path=str(place.images), image_size=16, test="folds", folds=4)
    tested = np.concatenate([store.rows_of_run(data, 0, fit).test for fit in range(4)])
    assert np.array_equal(np.sort(tested), np.arange(28))
    assert np.array_equal(store.training_rows(data, 0, 2), store.rows_of_run(data, 0, 2).train)
    assert store.draw_mode(data) == "folds"
    # The number of folds makes no other images.
    assert place.prepare(folds=5, test="folds").path == store.path
