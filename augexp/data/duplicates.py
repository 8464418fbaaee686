"""Images that are the same, or nearly: they have to stand on one side of a split.

Candidates come from a difference hash (64 bits: is a point of the 9 x 8 thumbnail clearly darker than its
right neighbour?) and are confirmed on the pixels themselves, since flat images share their hash by chance.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

MAX_BITS = 4
"""Hash bits in which near-duplicates may differ."""

MAX_DIFFERENCE = 8.0
"""Mean absolute difference of the pixels, of 255, up to which a candidate is confirmed."""

_CLEARLY = 1  # of 255: in flat areas rounding and compression would decide the bit

_BANDS = 5  # 4 differing bits leave at least one of 5 bands equal
_PAIRS, _BLOCK = 256, 4096  # looked at a time, which bounds the memory
_WINDOW = 16
"""Neighbours that are compared inside a run of equal bands; longer runs are searched only that far."""

Keys = npt.NDArray[np.uint8]


def difference_hashes(thumbnails: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the 64 bits of each thumbnail uint8 (N, 8, 9); uint64 (N,)."""
    hashes = np.empty(len(thumbnails), np.uint64)
    for start in range(0, len(thumbnails), _BLOCK):
        some = thumbnails[start : start + _BLOCK]
        clearly = some[:, :, 1:] > some[:, :, :-1].astype(np.int16) + _CLEARLY
        hashes[start : start + _BLOCK] = np.packbits(clearly.reshape(len(some), 64), axis=1).view("<u8")[:, 0]
    return hashes


def find_clusters(
    images: npt.NDArray[np.uint8], hashes: npt.NDArray[np.uint64], keys: Keys
) -> tuple[npt.NDArray[np.int64], int, list[tuple[int, int]]]:
    """Group images that are equal or nearly so.

    Args:
        images: uint8 (N, S, S, 3), a memory map; only candidates are read.
        hashes: uint64 (N,), from `difference_hashes`.
        keys: uint8 (N, 20), content hashes; rows in ascending order of these.

    Returns:
        clusters int64 (N,), the lowest row of each image's group; the number of images that repeat
        an earlier one exactly; the confirmed near-duplicate pairs.
    """
    parent = np.arange(len(hashes), dtype=np.int64)
    equal = np.flatnonzero((keys[1:] == keys[:-1]).all(axis=1)) if len(keys) > 1 else np.array([], int)
    for row in equal:
        _join(parent, int(row), int(row) + 1)
    confirmed: set[tuple[int, int]] = set()
    for pairs in _candidates(hashes):
        confirmed.update(_confirm(images, keys, pairs))
    near = sorted(confirmed)
    for first, second in near:
        _join(parent, first, second)
    while not (parent[parent] == parent).all():
        parent = parent[parent]
    return parent, len(equal), near


def count_mixed(clusters: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> int:
    """Return how many images have an equal or nearly equal one in another class."""
    mixed = np.unique(clusters[labels != labels[clusters]])
    return int(np.isin(clusters, mixed).sum())


def _candidates(hashes: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.int64]]:
    """Yield pairs of rows, int64 (M, 2), M < N, whose hashes differ in few bits; the lower row first."""
    edges = np.linspace(0, 64, _BANDS + 1).astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.lexsort((hashes, band))
        for step in range(1, _WINDOW + 1):
            left, right = order[:-step], order[step:]
            close = (band[left] == band[right]) & (np.bitwise_count(hashes[left] ^ hashes[right]) <= MAX_BITS)
            yield np.sort(np.stack([left[close], right[close]], axis=1), axis=1)


def _confirm(images: npt.NDArray[np.uint8], keys: Keys, pairs: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return those of `pairs` that look nearly the same, without those that are equal."""
    pairs = pairs[(keys[pairs[:, 0]] != keys[pairs[:, 1]]).any(axis=1)]
    near: list[tuple[int, int]] = []
    for start in range(0, len(pairs), _PAIRS):
        some = pairs[start : start + _PAIRS]
        first, second = (np.asarray(images[rows]).reshape(len(some), -1) for rows in some.T)
        # max - min is the absolute difference without leaving eight bits.
        difference = (np.maximum(first, second) - np.minimum(first, second)).mean(axis=1)
        near += [(int(a), int(b)) for a, b in some[difference <= MAX_DIFFERENCE]]
    return near


def _root(parent: npt.NDArray[np.int64], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row


def _join(parent: npt.NDArray[np.int64], first: int, second: int) -> None:
    a, b = _root(parent, first), _root(parent, second)
    parent[max(a, b)] = min(a, b)
