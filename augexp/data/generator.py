"""The two generators of the method: one pass over the images, and passes without end.

Holding all images in an array can need more memory than there is; a generator holds one batch. Both
work on anything that an integer array can index: arrays, memory maps, a view of a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.errors import DataError


class Indexable(Protocol):
    """N items; indexing with an int64 array of n row numbers returns those n items as one batch."""

    def __len__(self) -> int:
        """Return N."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Return the items `rows`."""


def generator(features: Indexable, labels: Indexable, batch_size: int) -> Iterator[tuple[Any, Any]]:
    """Yield the batches of one pass in the order given; an incomplete last batch is dropped.

    Args:
        features: N items, such as uint8 images (N, S, S, 3).
        labels: N labels.
        batch_size: B, items per batch, from 1 to N.

    Yields:
        ``(features[rows], labels[rows])`` for rows 0..B-1, B..2B-1, and so on; N // B batches.

    Raises:
        DataError: lengths that differ, or a batch size out of range (at the call, not at the first batch).
    """
    _check(features, labels, batch_size)
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
        DataError: lengths that differ, or a batch size out of range (at the call, not at the first batch).
    """
    _check(features, labels, batch_size)
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
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


def _check(features: Indexable, labels: Indexable, batch_size: int) -> None:
    if len(features) != len(labels):
        raise DataError(
            f"generator: received {len(features)} features and {len(labels)} labels; they belong together one by one"
        )
    if not 1 <= batch_size <= len(features):
        raise DataError(
            f"batch_size: received {batch_size} for {len(features)} images; allowed are 1 to {len(features)}"
        )
