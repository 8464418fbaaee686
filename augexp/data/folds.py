"""Which images each fit of a cross-validation trains on, validates on and is tested on: by content, units whole.

A unit is what must not be torn apart: near-duplicates of each other, and images of one group. Units are dealt into the
folds in the order of a hash of their content that is new in every repeat and the same in all arms, so neither names nor
the order of files decide anything. Within a class each unit goes to the fold that has least of that class: where every
unit is one image, the folds differ by one image per class at most. That balance has a price: an image that is added
moves others of its own class; those of other classes stay where they are, unless a unit holds several classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.errors import DataError

Ints = npt.NDArray[np.int64]

VALIDATION_SHARE = 0.1
"""Of the units of each class, the share that is for validation in every fit where no number is named."""

MIN_UNITS = 3
"""Units of a class without which no fit has one each for training, validation and test."""


class FitRows(NamedTuple):
    """Rows of a store by what one run does with them, int64, ascending."""

    train: Ints
    validation: Ints
    test: Ints


class _Units(NamedTuple):
    """The units of a store in the order in which they are dealt.

    Attributes:
        rows: of each unit.
        main: class of most of its images.
    """

    rows: list[Ints]
    main: list[int]


def check(labels: Ints, units: Ints, classes: Sequence[str], folds: int) -> None:
    """Raise DataError where a class has fewer units than there are folds, or than a fit needs."""
    needed = max(folds, MIN_UNITS)
    pairs = np.unique(np.stack([labels, units]), axis=1)
    counts = np.bincount(pairs[0], minlength=len(classes))
    short = np.flatnonzero(counts < needed)
    if len(short):
        name, count = classes[int(short[0])], int(counts[short[0]])
        fewer = f"allowed are 2 to {int(counts.min())}" if counts.min() >= MIN_UNITS else "no number of folds will do"
        raise DataError(
            f"folds: received {folds}, but class {name!r} has {count} different images (near-duplicates and groups "
            f"count once); {fewer}: add images, or name fewer folds"
        )


def partition(labels: Ints, units: Ints, ids: npt.NDArray[np.uint64], folds: int, root_seed: int, repeat: int) -> Ints:
    """Return the fold of every image in one repeat, int64 (N,), 0 to folds - 1.

    Args:
        labels: int64 (N,).
        units: int64 (N,), equal for images that stay together.
        ids: uint64 (N,), content hashes.
        folds: K.
        root_seed: of the experiment.
        repeat: from 0.
    """
    fold, load = np.empty(len(labels), dtype=np.int64), dict[int, list[float]]()
    key = seeds.key("folds", root_seed, repeat)
    ordered = _in_order(labels, units, seeds.uniforms(key, ids, 1)[:, 0])
    # Where several folds have least of a class, the first one of an order of the class's own takes the unit.
    turns: dict[int, list[int]] = {}
    totals = np.bincount(labels).tolist()
    for rows, main in zip(ordered.rows, ordered.main, strict=True):
        if main not in turns:
            turns[main] = seeds.stream(root_seed, repeat, "fold-order", main).permutation(folds).tolist()
        if len(rows) == 1:
            own = load.setdefault(main, [0.0] * folds)
            best = min(turns[main], key=own.__getitem__)
            own[best] += 1
        else:
            counts = np.bincount(labels[rows])
            present = [(int(c), int(counts[c])) for c in np.flatnonzero(counts)]
            columns = [(load.setdefault(c, [0.0] * folds), n, totals[c]) for c, n in present]
            costs = [sum((2 * own[k] * n + n * n) / total for own, n, total in columns) for k in range(folds)]
            best = min(turns[main], key=lambda k: round(costs[k], 9))  # noqa: B023 - called at once
            for own, n, _ in columns:
                own[best] += n
        fold[rows] = best
    return fold


def _in_order(labels: Ints, units: Ints, places: npt.NDArray[np.float64]) -> _Units:
    """Return the units, the largest first, then by the smallest place of their images."""
    order = np.lexsort((places, units))
    starts = np.flatnonzero(np.r_[len(order) > 0, np.diff(units[order]) != 0])
    groups = np.split(order, starts[1:])
    sizes, first = np.diff(np.r_[starts, len(order)]), places[order[starts]]
    dealt = [groups[i] for i in np.lexsort((first, -sizes)).tolist()]
    main = [int(labels[g[0]]) if len(g) == 1 else int(np.bincount(labels[g]).argmax()) for g in dealt]
    return _Units(dealt, main)


def rows_of_fit(
    labels: Ints,
    units: Ints,
    ids: npt.NDArray[np.uint64],
    folds: int,
    root_seed: int,
    fit: int,
    validation_per_class: int | None = None,
) -> FitRows:
    """Return the rows of fit f = repeat x folds + fold: its fold is for testing, a part of the rest for validation.

    Of every class, a tenth of its units outside the fold (or so many as are named, at most half of them) is for
    validation: those with the smallest hash in this repeat, at least one.

    Args:
        labels: int64 (N,).
        units: int64 (N,), equal for images that stay together.
        ids: uint64 (N,), content hashes.
        folds: K.
        root_seed: of the experiment.
        fit: f.
        validation_per_class: units of each class.
    """
    repeat, k = divmod(fit, folds)
    fold = partition(labels, units, ids, folds, root_seed, repeat)
    outside = fold != k
    places = seeds.uniforms(seeds.key("fold-validation", root_seed, repeat), ids, 1)[:, 0]
    rows = np.flatnonzero(outside)
    ordered = _in_order(labels[rows], units[rows], places[rows])
    by_class: dict[int, list[Ints]] = {}
    for own, main in zip(ordered.rows, ordered.main, strict=True):
        by_class.setdefault(main, []).append(rows[own])
    validation = np.zeros(len(labels), dtype=np.bool_)
    for members in by_class.values():
        members.sort(key=lambda own: float(places[own].min()))
        wanted = validation_per_class or round(VALIDATION_SHARE * len(members))
        for own in members[: min(max(wanted, 1), len(members) // 2)]:
            validation[own] = True
    return FitRows(np.flatnonzero(outside & ~validation), np.flatnonzero(validation), np.flatnonzero(fold == k))
