"""Which images belong together because somebody said so: patients, cameras, houses.

A group has a name. Its place among the splits is hashed from that name alone, so that other groups do not move when
files are added, removed or renamed. Groups that share near-duplicates are joined: they are on one side of a split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augexp import seeds

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Groups(NamedTuple):
    """The groups of N images.

    Attributes:
        rows: int64 (N,), the first row of each image's group.
        hashes: uint64 (N,), of the name of each image's group, the same in every store.
        names: of the groups, by hash.
    """

    rows: Ints
    hashes: Hashes
    names: dict[int, str]


def name_hash(name: str) -> int:
    """Return 64 bits of a group's name."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8, person=b"group")
    return int.from_bytes(digest.digest(), "little")


def named(names: Iterable[str]) -> Groups:
    """Return the groups of images whose groups have these names, one name for each image."""
    known: dict[int, str] = {}
    hashes = []
    for name in names:
        number = name_hash(name)
        known.setdefault(number, name)
        hashes.append(number)
    values = np.array(hashes, np.uint64)
    _, first, which = np.unique(values, return_index=True, return_inverse=True)
    return Groups(first[which].astype(np.int64), values, known)


def units(clusters: Ints, groups: Ints | Hashes | None) -> Ints:
    """Return what is kept whole: near-duplicates joined with groups, int64 (N,), the lowest row of each.

    Args:
        clusters: int64 (N,), near-duplicates share a number.
        groups: int64 or uint64 (N,), images of one group share a number; None for no groups.
    """
    if groups is None:
        return clusters
    from scipy.sparse import coo_matrix  # noqa: PLC0415 - loads slowly
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    count = len(clusters)
    first = np.unique(clusters, return_inverse=True)[1].reshape(-1)
    second = np.unique(groups, return_inverse=True)[1].reshape(-1) + (int(first.max()) + 1 if count else 0)
    size = int(second.max()) + 1 if count else 0
    graph = coo_matrix((np.ones(count, np.int8), (first, second)), shape=(size, size))
    parts = connected_components(graph, directed=False)[1][first]
    lowest = np.full(int(parts.max()) + 1 if count else 0, count, np.int64)
    np.minimum.at(lowest, parts, np.arange(count))
    found: Ints = lowest[parts]
    return found


def places(unit: Ints, hashes: Hashes) -> npt.NDArray[np.float64]:
    """Return the place of each image among the splits, float64 (N,) in [0, 1), the same for a whole unit.

    It is hashed from the name of the unit's group; where near-duplicates join several, the lowest of theirs counts.

    Args:
        unit: int64 (N,), from `units`.
        hashes: uint64 (N,), of the groups' names.
    """
    own = seeds.uniforms(seeds.key("split-groups"), hashes, 1)[:, 0]
    lowest = np.ones(len(unit))
    np.minimum.at(lowest, unit, own)
    placed: npt.NDArray[np.float64] = lowest[unit]
    return placed


def count_joined(groups: Ints, unit: Ints) -> int:
    """Return how many groups share near-duplicates with another."""
    names, first = np.unique(groups, return_index=True)
    joined = np.unique(unit[first], return_counts=True)[1]
    return int(joined[joined > 1].sum()) if len(names) else 0
