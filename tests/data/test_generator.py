from __future__ import annotations

from collections.abc import Callable
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


class Table:
    """A Series or DataFrame of pandas with an index of its own: ``[]`` takes labels, ``iloc`` positions."""

    def __init__(self, values: np.ndarray, labels: list[int]) -> None:
        self._by_label = dict(zip(labels, values, strict=True))
        self.iloc = values

    def __len__(self) -> int:
        return len(self.iloc)

    def __getitem__(self, labels: np.ndarray) -> np.ndarray:
        return np.array([self._by_label[label] for label in labels])


class Orthogonal:
    """An array of zarr: no length, and rows through `oindex`."""

    def __init__(self, values: np.ndarray) -> None:
        self.oindex, self.shape = values, values.shape


def wrappers(tmp_path: Path) -> dict[str, Callable[[np.ndarray], object]]:
    def of_h5py(values: np.ndarray) -> object:
        h5py = pytest.importorskip("h5py")
        return h5py.File(tmp_path / "x.h5", "a").create_dataset(str(id(values)), data=values)

    def of_tensorflow(values: np.ndarray) -> object:
        return pytest.importorskip("tensorflow").constant(values)

    return {
        "list": lambda values: values.tolist(),
        "tuple": lambda values: tuple(values.tolist()),
        "table with shuffled labels": lambda values: Table(values, list(range(len(values)))[::-1]),
        "table with text for labels": lambda values: Table(values, [f"{n}.jpg" for n in range(len(values))]),
        "array of zarr": Orthogonal,
        "data set of h5py": of_h5py,
        "memory view": lambda values: memoryview(np.ascontiguousarray(values)),
        "tensor": of_tensorflow,
    }


@pytest.mark.parametrize("name", wrappers(Path()))
def test_everything_is_read_by_position(name: str, tmp_path: Path) -> None:
    features, labels = numbered(23)
    wrap = wrappers(tmp_path)[name]
    expected = list(islice(cyclic_generator(features, labels, 4, seed=3), 12))
    for own, theirs in ((wrap(features), labels), (features, wrap(labels))):
        for (x, y), (x_wrapped, y_wrapped) in zip(expected, cyclic_generator(own, theirs, 4, seed=3), strict=False):
            np.testing.assert_array_equal(np.asarray(x_wrapped), x)
            np.testing.assert_array_equal(np.asarray(y_wrapped), y)


def test_a_range_is_labels() -> None:
    features, _ = numbered(9)
    assert [y.tolist() for _, y in generator(features, range(100, 109), 3)] == [
        [100, 101, 102],
        [103, 104, 105],
        [106, 107, 108],
    ]


class OneByOne:
    """A data set of PyTorch: one item at a time."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, row: int) -> int:
        return int(row)


@pytest.mark.parametrize(
    "wrong",
    [dict.fromkeys(range(4)), {1, 2, 3, 4}, "four", iter(range(4)), None, 4, np.array(4), [[1], [1, 2], [], []]],
)
@pytest.mark.parametrize("make", [generator, cyclic_generator])
def test_what_cannot_be_indexed_is_refused_at_the_call(wrong: object, make: object) -> None:
    features, labels = numbered(4)
    for pair in ((wrong, labels), (features, wrong)):
        with pytest.raises(DataError, match=r"^(features|labels): received \S+") as caught:
            make(*pair, 2)
        assert "\n" not in str(caught.value)


def test_what_takes_one_row_at_a_time_is_one_line_at_the_first_batch() -> None:
    with pytest.raises(DataError, match=r"features: received .*OneByOne, which an array of row numbers does not index"):
        next(generator(OneByOne(), np.arange(8), 4))


@pytest.mark.parametrize("size", [8.0, "8", None, True, np.float64(8)])
def test_a_batch_size_is_a_whole_number(size: object) -> None:
    with pytest.raises(DataError, match="^batch_size: received .* for 40 images; allowed are 1 to 40$"):
        generator(*numbered(40), size)


@pytest.mark.parametrize("name", ["seed", "first_pass"])
@pytest.mark.parametrize("number", [-1, 1.5, "a", True])
def test_seed_and_pass_are_whole_numbers(name: str, number: object) -> None:
    with pytest.raises(DataError, match=f"^{name}: received .*; allowed are whole numbers from 0$"):
        cyclic_generator(*numbered(8), 4, **{name: number})


def test_an_integer_of_numpy_is_the_same_seed() -> None:
    orders = [next(cyclic_generator(*numbered(40), 8, seed=seed))[1].tolist() for seed in (3, np.int64(3), np.uint8(3))]
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("make", [generator, cyclic_generator])
def test_wrong_arguments_are_one_line_at_the_call(make: object) -> None:
    features, labels = numbered(4)
    with pytest.raises(DataError, match="received 4 features and 3 labels; they belong together"):
        make(features, labels[:3], 2)
    for size in (0, -1, 5):
        with pytest.raises(DataError, match=f"batch_size: received {size} for 4 images; allowed are 1 to 4"):
            make(features, labels, size)
