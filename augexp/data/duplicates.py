"""Images that are the same, or nearly: they have to stand on one side of a split.

Candidates come from a difference hash (64 bits: is a point of the 9 x 8 thumbnail clearly darker than its
right neighbour?) and are confirmed on the pixels themselves, since flat images share their hash by chance. What makes
two images one has to be their detail: stars on black, scratches on a sheet and drawings on white differ in few pixels.
So the images have to agree in what each shows beside its own mean, and beside the scene where all images of a class
show the same one. Where too little is left to compare, a pair is undecided, and only exact repeats are kept together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

MAX_BITS = 4
"""Hash bits in which near-duplicates may differ."""

MAX_DIFFERENCE = 8.0
"""Mean absolute difference of the pixels, of 255, up to which a candidate is confirmed."""

MIN_CORRELATION = 0.9
"""Correlation of the details from which a candidate is confirmed; saving again or changing the light leaves more."""

STRICT = (1, 3.0, 0.98)
"""Bits, difference and correlation where only what is all but equal is to count."""

BLANK = 0.5
"""Standard deviation of the pixels, of 255, below which an image shows nothing; two of one grey are the same."""

SCENE_SHARE = 0.6
"""Part of the images' detail from which what they have in common is a scene: a fixed camera, aligned faces."""

SCENE_SAMPLE = 256
"""Images of a class by which its scene is known; fewer than a fifth of that tell nothing."""

Rule = Literal["usual", "strict", "off"]

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


class Clusters(NamedTuple):
    """Groups of images that are equal or nearly so.

    Attributes:
        clusters: int64 (N,), the lowest row of each image's group.
        exact: number of images that repeat an earlier one exactly.
        near: the confirmed near-duplicate pairs.
        undecided: number of pairs that look alike and have too little detail to be told apart or taken for one.
    """

    clusters: npt.NDArray[np.int64]
    exact: int
    near: list[tuple[int, int]]
    undecided: int


def find_clusters(
    images: npt.NDArray[np.uint8],
    hashes: npt.NDArray[np.uint64],
    keys: Keys,
    labels: npt.NDArray[np.int64] | None = None,
    rule: Rule = "usual",
) -> Clusters:
    """Group images that are equal or nearly so.

    Args:
        images: uint8 (N, S, S, 3), a memory map; only candidates are read.
        hashes: uint64 (N,), from `difference_hashes`.
        keys: uint8 (N, 20), content hashes; rows in ascending order of these.
        labels: int64 (N,), the classes; None for one.
        rule: `usual`, `strict`, or `off` for exact repeats alone.
    """
    parent = np.arange(len(hashes), dtype=np.int64)
    equal = np.flatnonzero((keys[1:] == keys[:-1]).all(axis=1)) if len(keys) > 1 else np.array([], int)
    for row in equal:
        _join(parent, int(row), int(row) + 1)
    confirmed: set[tuple[int, int]] = set()
    undecided: set[tuple[int, int]] = set()
    if rule != "off":
        limits = STRICT if rule == "strict" else (MAX_BITS, MAX_DIFFERENCE, MIN_CORRELATION)
        details = _Details(images, np.zeros(len(hashes), np.int64) if labels is None else labels)
        for pairs in _candidates(hashes, limits[0]):
            alike, unclear = _confirm(images, keys, pairs, details, limits)
            confirmed.update(alike)
            undecided.update(unclear)
    near = sorted(confirmed)
    for first, second in near:
        _join(parent, first, second)
    while not (parent[parent] == parent).all():
        parent = parent[parent]
    return Clusters(parent, len(equal), near, len(undecided - confirmed))


def exact_clusters(keys: Keys) -> npt.NDArray[np.int64]:
    """Return the lowest row of those that equal each image, int64 (N,), for keys in ascending order."""
    if not len(keys):
        return np.zeros(0, np.int64)
    first = np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)])
    lowest: npt.NDArray[np.int64] = np.flatnonzero(first)[np.cumsum(first) - 1]
    return lowest


def count_mixed(clusters: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> int:
    """Return how many images have an equal or nearly equal one in another class."""
    mixed = np.unique(clusters[labels != labels[clusters]])
    return int(np.isin(clusters, mixed).sum())


def _candidates(hashes: npt.NDArray[np.uint64], bits: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield pairs of rows, int64 (M, 2), M < N, whose hashes differ in few bits; the lower row first."""
    edges = np.linspace(0, 64, _BANDS + 1).astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.lexsort((hashes, band))
        for step in range(1, _WINDOW + 1):
            left, right = order[:-step], order[step:]
            close = (band[left] == band[right]) & (np.bitwise_count(hashes[left] ^ hashes[right]) <= bits)
            yield np.sort(np.stack([left[close], right[close]], axis=1), axis=1)


Pairs = list[tuple[int, int]]


def _confirm(
    images: npt.NDArray[np.uint8],
    keys: Keys,
    pairs: npt.NDArray[np.int64],
    details: _Details,
    limits: tuple[int, float, float],
) -> tuple[Pairs, Pairs]:
    """Return those of `pairs` that look nearly the same, without equal ones, and those that cannot be told."""
    pairs = pairs[(keys[pairs[:, 0]] != keys[pairs[:, 1]]).any(axis=1)]
    near: Pairs = []
    undecided: Pairs = []
    for start in range(0, len(pairs), _PAIRS):
        some = pairs[start : start + _PAIRS]
        first, second = (np.asarray(images[rows]).reshape(len(some), -1) for rows in some.T)
        # max - min is the absolute difference without leaving eight bits.
        close = (np.maximum(first, second) - np.minimum(first, second)).mean(axis=1) <= limits[1]
        if not close.any():
            continue
        alike = details.agree(some[close], first[close], second[close], limits[2])
        near += [(int(a), int(b)) for a, b in some[close][alike]]
        undecided += [(int(a), int(b)) for a, b in some[close][~alike]]
    return near, undecided


class _Details:
    """What each image shows beside its mean, and beside the scene of its class where there is one."""

    def __init__(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> None:
        self._images, self._labels = images, labels
        self._scenes: dict[int, npt.NDArray[np.float32]] = {}

    def agree(
        self,
        pairs: npt.NDArray[np.int64],
        first: npt.NDArray[np.uint8],
        second: npt.NDArray[np.uint8],
        least: float,
    ) -> npt.NDArray[np.bool_]:
        """Tell which pairs of images, uint8 (M, values), are blank or agree in their details."""
        one, other = self._of(first, pairs[:, 0]), self._of(second, pairs[:, 1])
        lengths = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
        correlation = (one * other).sum(axis=1) / np.maximum(lengths[0] * lengths[1], 1e-9)
        plain = np.maximum(_centred(first).std(axis=1), _centred(second).std(axis=1))
        agreed: npt.NDArray[np.bool_] = (correlation >= least) | (plain < BLANK)
        return agreed

    def _of(self, values: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return _centred(values) - np.stack([self._scene(int(label)) for label in self._labels[rows]])

    def _scene(self, label: int) -> npt.NDArray[np.float32]:
        """Return what the images of a class have in common, zeros where that is next to nothing."""
        if label not in self._scenes:
            rows = np.flatnonzero(self._labels == label)
            rows = rows[:: max(1, len(rows) // SCENE_SAMPLE)][:SCENE_SAMPLE]
            values = _centred(np.asarray(self._images[rows]).reshape(len(rows), -1))
            scene = values.mean(axis=0)
            known = len(rows) >= SCENE_SAMPLE // 5
            share = float((scene**2).mean() / max(float((values**2).mean()), 1e-9))
            self._scenes[label] = scene if known and share >= SCENE_SHARE**2 else np.zeros_like(scene)
        return self._scenes[label]


def _centred(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    centred: npt.NDArray[np.float32] = values - values.mean(axis=1, keepdims=True, dtype=np.float32)
    return centred


def _root(parent: npt.NDArray[np.int64], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row


def _join(parent: npt.NDArray[np.int64], first: int, second: int) -> None:
    a, b = _root(parent, first), _root(parent, second)
    parent[max(a, b)] = min(a, b)
