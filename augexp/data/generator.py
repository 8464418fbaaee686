"""The two generators of the method: one pass over the images, and passes without end.

Holding all images in an array can need more memory than there is; a generator holds one batch. Both
work on anything that an integer array can index: arrays, memory maps, a view of a store; and on lists, tables of
pandas, data sets of h5py and zarr, and tensors, all by position (see `augexp.data.positional`).
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.data.positional import Indexable, by_position
from augexp.errors import DataError


def generator(features: Indexable, labels: Indexable, batch_size: int) -> Iterator[tuple[Any, Any]]:
    """Yield the batches of one pass in the order given; an incomplete last batch is dropped.

    Args:
        features: N items, such as uint8 images (N, S, S, 3).
        labels: N labels.
        batch_size: B, items per batch, from 1 to N.

    Yields:
        ``(features[rows], labels[rows])`` for rows 0..B-1, B..2B-1, and so on; N // B batches.

    Raises:
        DataError: lengths that differ, a batch size out of range, or something that cannot be indexed.
    """
    features, labels, batch_size = _checked(features, labels, batch_size)
    return _one_pass(features, labels, batch_size, np.arange(len(features)))


def cyclic_generator(
    features: Indexable,
    labels: Indexable,
    batch_size: int,
    *,
    seed: int | None = None,
    first_pass: int = 0,
) -> Iterator[tuple[Any, Any]]:
    """Yield batches without end; every pass shows all items once, in an order of its own.

    Features and labels are permuted together for each pass, and the incomplete last batch of a pass is
    dropped. The first pass is permuted as well: class-sorted data would otherwise start with one class.
    The order of a pass depends on `seed` and its number alone, so a later pass can be the first one.

    Args:
        features: N items, such as uint8 images (N, S, S, 3).
        labels: N labels.
        batch_size: B, items per batch, from 1 to N.
        seed: non-negative; the same one gives the same orders on every machine. None draws one.
        first_pass: number of the pass to begin with, from 0.

    Yields:
        ``(features[rows], labels[rows])``, N // B batches per pass.

    Raises:
        DataError: lengths that differ, a number out of range, or something that cannot be indexed (at the call, and
            not at the first batch, where that can be told without reading a row).
    """
    features, labels, batch_size = _checked(features, labels, batch_size)
    first_pass = _whole("first_pass", first_pass)
    seed = int(np.random.default_rng().integers(2**31)) if seed is None else _whole("seed", seed)
    return _passes(features, labels, batch_size, seed, first_pass)


def pass_order(n: int, seed: int, pass_number: int) -> npt.NDArray[np.int64]:
    """Return the permutation of 0..n-1, int64 (n,), that pass `pass_number` of `seed` shows."""
    return seeds.stream(0, seed, "pass", pass_number).permutation(n)


def _passes(
    features: Indexable, labels: Indexable, batch_size: int, seed: int, number: int
) -> Iterator[tuple[Any, Any]]:
    while True:
        yield from _one_pass(features, labels, batch_size, pass_order(len(features), seed, number))
        number += 1


def _one_pass(
    features: Indexable, labels: Indexable, batch_size: int, order: npt.NDArray[np.int64]
) -> Iterator[tuple[Any, Any]]:
    for start in range(0, len(order) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        yield features[rows], labels[rows]


def _checked(features: Any, labels: Any, batch_size: Any) -> tuple[Indexable, Indexable, int]:
    """Return the arguments as arrays or the like, and a Python integer; raises DataError."""
    features, labels = by_position(features, "features"), by_position(labels, "labels")
    count = len(features)
    if count != len(labels):
        raise DataError(
            f"generator: received {count} features and {len(labels)} labels; they belong together one by one"
        )
    try:
        size = 0 if isinstance(batch_size, (bool, np.bool_)) else index(batch_size)
    except TypeError:
        size = 0
    if not 1 <= size <= count:
        allowed = f"allowed are 1 to {count}" if count else "there has to be one at least"
        raise DataError(f"batch_size: received {size or repr(batch_size)} for {count} images; {allowed}")
    return features, labels, size


def _whole(name: str, number: Any) -> int:
    """Return a non-negative number as a Python integer; one of NumPy would name another random stream."""
    try:
        whole = index(number)
    except TypeError:
        whole = -1
    if isinstance(number, (bool, np.bool_)) or whole < 0:
        raise DataError(f"{name}: received {number!r}; allowed are whole numbers from 0")
    return whole
