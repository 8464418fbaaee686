"""The two halves of the test images: one to choose policies by, one to confirm them on."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.analysis import sample_splitting
from augexp.errors import DataError


def split(labels, clusters, ids) -> np.ndarray:
    """Return which images are in the half of the screening, bool (m,)."""
    return sample_splitting.screening_half(np.asarray(labels), np.asarray(clusters), np.asarray(ids, dtype=np.uint64))


def test_halves_are_dealt_out_by_hash_within_each_class() -> None:
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    ids = [40, 10, 30, 20, 7, 5, 8, 6]
    half = split(labels, range(8), ids)
    # class 0 by hash: rows 1, 3, 2, 0; class 1: rows 5, 7, 4, 6; the first, third, ... are for the screening
    assert np.flatnonzero(half).tolist() == [1, 2, 4, 5]


def test_near_duplicates_stay_in_one_half_and_classes_keep_their_shares() -> None:
    rng = np.random.default_rng(0)
    clusters = np.sort(rng.integers(0, 150, 400))
    labels = clusters % 3
    half = split(labels, clusters, rng.permutation(400))
    for cluster in np.unique(clusters):
        assert len(set(half[clusters == cluster].tolist())) == 1
    for label in range(3):
        groups = np.unique(clusters[labels == label])
        chosen = np.unique(clusters[(labels == label) & half])
        assert 0 <= 2 * len(chosen) - len(groups) <= 1


def test_halves_do_not_depend_on_the_order_of_rows_or_the_numbers_of_clusters() -> None:
    rng = np.random.default_rng(1)
    clusters, ids = rng.integers(0, 60, 200), rng.permutation(200)
    labels, order = clusters % 3, rng.permutation(200)
    first = split(labels, clusters, ids)
    again = split(labels[order], 1000 - clusters[order], ids[order])
    np.testing.assert_array_equal(first[order], again)


def test_halves_that_cannot_be_judged_by_are_refused() -> None:
    ids = np.arange(80, dtype=np.uint64)
    sample_splitting.check(np.arange(80) % 2, np.arange(80), ids, ("a", "b"))
    with pytest.raises(DataError, match=r"received 58 test images, of which one half has 28 images.*--no-screen"):
        sample_splitting.check(np.arange(58) % 2, np.arange(58), ids[:58], ("a", "b"))
    with pytest.raises(DataError, match="one half has no image of b"):
        sample_splitting.check((np.arange(80) == 0).astype(int), np.arange(80), ids, ("a", "b"))
