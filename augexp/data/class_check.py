"""Whether every class has images for every split, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp.data import folds, splits
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.data.listing import Listing
    from augexp.data.sources.base import Source

Labels = npt.NDArray[np.int64]


def check_listing(source: Source, listing: Listing) -> None:
    """Raise DataError where a class has fewer than three training images to begin with."""
    counts = np.bincount(listing.labels[listing.given == splits.TRAIN], minlength=len(source.classes))
    for label, (name, count) in enumerate(zip(source.classes, counts, strict=True)):
        if count < 3:
            plural, unread = "" if count == 1 else "s", source.unread_in(label)
            raise DataError(
                f"class {name!r} has {count} training image{plural}; at least 3 are needed, one each "
                f"for training, validation and test: add images, or remove the class{unread and f' ({unread})'}"
            )


def lacks_a_split(codes: splits.Codes, labels: Labels, classes: int) -> bool:
    """Tell whether a class has no image in one of the splits."""
    return any(not np.bincount(labels[codes == code], minlength=classes).all() for code in splits.CODES.values())


def lacks_units(labels: Labels, clusters: npt.NDArray[np.int64], classes: int) -> bool:
    """Tell whether a class has fewer different images than a cross-validation needs."""
    pairs = np.unique(np.stack([labels, clusters]), axis=1)
    return bool((np.bincount(pairs[0], minlength=classes) < folds.MIN_UNITS).any())


def check_splits(
    classes: tuple[str, ...],
    labels: Labels,
    codes: splits.Codes,
    clusters: npt.NDArray[np.int64],
    images: npt.NDArray[np.uint8],
    groups: npt.NDArray[np.int64] | None = None,
) -> None:
    """Raise DataError with the cause where a class has no image in one of the splits.

    Args:
        classes: C names.
        labels: int64 (N,).
        codes: uint8 (N,), the splits.
        clusters: int64 (N,), images that are equal or nearly so share a number.
        images: uint8 (N, S, S, 3).
        groups: int64 (N,), images of one declared group share a number; None without groups.
    """
    for label, name in enumerate(classes):
        rows = np.flatnonzero(labels == label)
        missing = [split for split, code in splits.CODES.items() if not (codes[rows] == code).any()]
        if missing:
            used = int((codes[rows] != splits.EXCLUDED).sum())
            mend = _mend_groups(rows, codes, groups) if groups is not None else ""
            mend = mend or _mend(rows, codes, clusters, images)
            raise DataError(f"class {name!r} has no {missing[0]} image left after {used} could be used{mend}")


def _mend_groups(rows: npt.NDArray[np.int64], codes: splits.Codes, groups: npt.NDArray[np.int64]) -> str:
    count = len(np.unique(groups[rows]))
    if count < 3:
        return (
            f": its {len(rows):,} images belong to {count} group{'s' * (count > 1)}, and each is on one side of the "
            "splits; at least 3 groups are needed in every class, one each for training, validation and test"
        )
    excluded = int((codes[rows] == splits.EXCLUDED).sum())
    if excluded:
        return (
            f": {excluded:,} of its {len(rows):,} images belong to groups with a validation or test image and were "
            "left out; put each group into one split, or say --test held-out"
        )
    return f"; its {count:,} groups are too few or too large for three splits: add groups"


def _mend(
    rows: npt.NDArray[np.int64],
    codes: splits.Codes,
    clusters: npt.NDArray[np.int64],
    images: npt.NDArray[np.uint8],
) -> str:
    different = len(np.unique(clusters[rows]))
    if len(rows) and different < 3 and all(images[row].min() == images[row].max() for row in rows[:100]):
        return (
            f"; add images that show something, or remove it: its {len(rows):,} images are blank, of one colour each, "
            "once they are decoded"
        )
    if len(rows) and different < 3:
        return f"; add images that differ, or remove it: its {len(rows):,} images show {_pictures(different)}"
    excluded = int((codes[rows] == splits.EXCLUDED).sum())
    if excluded:
        return (
            f": {excluded:,} of its {len(rows):,} images repeat a validation or test image and were left out; take the "
            "copies out of one of the folders"
        )
    return "; add images of this class, or remove it"


def _pictures(count: int) -> str:
    return "one picture" if count == 1 else f"{count} different pictures"
