from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augexp.data.generator import cyclic_generator, generator, pass_order
from augexp.errors import DataError


def numbered(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, 2) and labels (n,) that tell which row they are."""
    rows = np.arange(n)
    return np.stack([rows, 10 * rows], axis=1), 100 + rows


def test_one_pass_in_the_order_given_without_the_incomplete_batch() -> None:
    features, labels = numbered(7)
    batches = list(generator(features, labels, 3))
    assert [x.tolist() for x, _ in batches] == [[[0, 0], [1, 10], [2, 20]], [[3, 30], [4, 40], [5, 50]]]
    assert [y.tolist() for _, y in batches] == [[100, 101, 102], [103, 104, 105]]


@pytest.mark.parametrize(("n", "size", "count"), [(6, 3, 2), (6, 6, 1), (6, 4, 1), (6, 1, 6)])
def test_number_of_batches_in_one_pass(n: int, size: int, count: int) -> None:
    batches = list(generator(*numbered(n), size))
    assert len(batches) == count
    assert {len(x) for x, _ in batches} == {size}


def test_cyclic_shows_every_item_once_per_pass_and_reorders_it() -> None:
    features, labels = numbered(12)
    batches = list(islice(cyclic_generator(features, labels, 4, seed=3), 9))
    passes = [np.concatenate([y for _, y in batches[start : start + 3]]) for start in (0, 3, 6)]
    for shown in passes:
        assert sorted(shown.tolist()) == labels.tolist()
    assert len({tuple(shown.tolist()) for shown in passes}) == 3
    assert passes[0].tolist() != labels.tolist()


def test_cyclic_permutes_features_and_labels_together() -> None:
    for x, y in islice(cyclic_generator(*numbered(11), 4, seed=0), 20):
        assert (x[:, 0] + 100 == y).all()
        assert (x[:, 1] == 10 * x[:, 0]).all()


def test_cyclic_drops_the_incomplete_batch_of_every_pass() -> None:
    batches = [y for _, y in islice(cyclic_generator(*numbered(11), 4, seed=1), 6)]
    assert {len(y) for y in batches} == {4}
    for start in (0, 2, 4):  # two batches a pass: nothing of a pass is carried into the next one
        assert len(set(np.concatenate(batches[start : start + 2]).tolist())) == 8
    left_out = [set(range(100, 111)) - set(np.concatenate(batches[s : s + 2]).tolist()) for s in (0, 2, 4)]
    assert len({frozenset(one) for one in left_out}) > 1


def test_seed_fixes_the_order_and_none_draws_one() -> None:
    def shown(seed: int | None) -> list[int]:
        return [int(v) for _, y in islice(cyclic_generator(*numbered(40), 10, seed=seed), 8) for v in y]

    assert shown(5) == shown(5)
    assert shown(5) != shown(6)
    assert shown(None) != shown(None)


def test_order_is_the_published_one() -> None:
    # Frozen: a changed order changes every result that was ever recorded.
    assert pass_order(8, 0, 0).tolist() == [5, 3, 0, 6, 4, 7, 2, 1]
    assert pass_order(8, 0, 1).tolist() == [6, 1, 2, 5, 7, 3, 4, 0]


def test_a_later_pass_can_come_first() -> None:
    whole = [y.tolist() for _, y in islice(cyclic_generator(*numbered(9), 3, seed=4), 9)]
    late = [y.tolist() for _, y in islice(cyclic_generator(*numbered(9), 3, seed=4, first_pass=2), 3)]
    assert late == whole[6:]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**40))
def test_any_size(n: int, size: int, seed: int) -> None:
    size = min(size, n)
    per_pass = n // size
    features, labels = numbered(n)
    shown = [y for _, y in islice(cyclic_generator(features, labels, size, seed=seed), 2 * per_pass)]
    for half in (shown[:per_pass], shown[per_pass:]):
        items = np.concatenate(half)
        assert len(items) == per_pass * size == len(set(items.tolist()))


def test_memory_map_is_read_a_batch_at_a_time(tmp_path: Path) -> None:
    features, labels = numbered(30)
    np.save(tmp_path / "x.npy", features)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    plain = list(islice(cyclic_generator(features, labels, 7, seed=2), 8))
    from_disk = list(islice(cyclic_generator(mapped, labels, 7, seed=2), 8))
    for (x, y), (x_disk, y_disk) in zip(plain, from_disk, strict=True):
        assert (x == x_disk).all()
        assert (y == y_disk).all()


class Watched:
    """Something indexable that is no array and remembers what it was asked for."""

    def __init__(self, n: int) -> None:
        self.n, self.asked = n, []

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        self.asked.append(len(rows))
        return np.asarray(rows)


def test_anything_indexable_is_asked_for_one_batch_at_a_time() -> None:
    watched = Watched(1_000)
    batches = cyclic_generator(watched, np.arange(1_000), 8, seed=0)
    assert watched.asked == []
    x, y = next(batches)
    assert watched.asked == [8]
    assert (x == y).all()


@pytest.mark.parametrize("make", [generator, cyclic_generator])
def test_wrong_arguments_are_one_line_at_the_call(make: object) -> None:
    features, labels = numbered(4)
    with pytest.raises(DataError, match="received 4 features and 3 labels; they belong together"):
        make(features, labels[:3], 2)
    for size in (0, -1, 5):
        with pytest.raises(DataError, match=f"batch_size: received {size} for 4 images; allowed are 1 to 4"):
            make(features, labels, size)
