"""Which image is for training, validation and test: decided by what the image shows, not by where it lies.

An image's place is a number in [0, 1) hashed from its pixels (from those of its cluster's first member,
where it has near-duplicates). Below one threshold it is a test image, below a second one a validation
image. So images do not change sides when files are added, removed, renamed or listed in another order,
and equal images are always on the same side. Only a near-duplicate that joins two clusters can move one.
Where groups were declared, the place is hashed from the name of the image's group instead, see `augexp.data.groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.data.groups import Groups, places, units
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data  # loading it takes longer than all else that a decoder needs

TRAIN, VALIDATION, TEST, EXCLUDED = 0, 1, 2, 3
"""Values of a split array; excluded are training images that repeat an evaluation image."""

CODES = {"train": TRAIN, "validation": VALIDATION, "test": TEST}

FOLDER_SHARES = (0.2, 0.1)
"""Test and validation share of a class that is split by default."""

MAX_SHARES = (0.25, 0.15)
"""The default counts are not taken where they would be a larger share of the class than this."""

Codes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """The split of N images and how it came about, in words."""

    codes: Codes
    explanation: str
    rule: str
    excluded: int
    excluded_by_group: int = 0


def place(keys: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each content hash uint8 (N, 20); float64 (N,)."""
    ids = np.ascontiguousarray(keys[:, :8]).view(np.uint64)[:, 0]
    return seeds.uniforms(seeds.key("split"), ids, 1)[:, 0]


def wanted(data: Data) -> tuple[int | None, int | None]:
    """Return test and validation images per class where they are carved out; None means a share."""
    test, validation = data.kind.held_out
    return data.test_per_class or test, data.validation_per_class or validation


def split(
    data: Data,
    given: Codes,
    labels: Labels,
    clusters: npt.NDArray[np.int64],
    keys: npt.NDArray[np.uint8],
    classes: int,
    declared: Groups | None = None,
) -> Split:
    """Assign every image to a split.

    Args:
        data: the definition.
        given: uint8 (N,), where the source puts each image.
        labels: int64 (N,).
        clusters: int64 (N,), row of the first member of each image's cluster.
        keys: uint8 (N, 20), content hashes.
        classes: C.
        declared: the groups of the images; a group is on one side of every split.

    Raises:
        DataError: `test = "official"` without an official set, or too few images.
    """
    unit = units(clusters, declared.rows if declared else None)
    if data.test == "folds":
        return _pooled(given, labels, unit, classes)
    where = places(unit, declared.hashes) if declared else place(keys)[clusters]
    given = _usable(given, labels, classes)
    codes = given.copy()
    official = _official(given)
    rule = _rule(data, given, labels, classes, official)
    smallest = int(np.bincount(labels[given == TRAIN], minlength=classes).min())
    taken = 0.0
    if rule == "held-out":
        codes[given == TEST] = VALIDATION  # another evaluation set of the source, not needed for the test
        pool, taken = given == TRAIN, _share(data, 0, smallest)
        _carve(codes, pool, where, labels, TEST, 0.0, taken)
    elif official == VALIDATION:
        codes[given == VALIDATION] = TEST
    carved = not (codes == VALIDATION).any()
    if carved:
        share = min(_share(data, 1, smallest), (1.0 - taken) / 2)
        _carve(codes, codes == TRAIN, where, labels, VALIDATION, taken, taken + share)
    excluded = _exclude(codes, clusters)
    by_group = _exclude(codes, unit) if declared else 0
    counts = {name: np.bincount(labels[codes == code], minlength=classes) for name, code in CODES.items()}
    explanation = _explain(data, rule, official, carved, counts, excluded, by_group, grouped=declared is not None)
    return Split(codes, explanation, rule, excluded, by_group)


def _pooled(given: Codes, labels: Labels, clusters: npt.NDArray[np.int64], classes: int) -> Split:
    """Put every image into one pool, which folds are made of: each fit takes its test and validation images from it."""
    counts = np.array([len(np.unique(clusters[labels == label])) for label in range(classes)])
    official = int((given != TRAIN).sum())
    text = f"Every image is a test image of one fit in each repeat; images per class: {_span(counts)} different ones"
    if official:
        text += f"; the source's own {official:,} test and validation images are among them"
    return Split(np.full_like(given, TRAIN), f"{text}.", "folds", 0)


def _usable(given: Codes, labels: Labels, classes: int) -> Codes:
    """Return `given` without the sets that some class lacks (an LSUN object has no val): train takes them in."""
    usable = given.copy()
    for code in (TEST, VALIDATION):
        if not np.bincount(labels[given == code], minlength=classes).all():
            usable[given == code] = TRAIN
    return usable


def _official(given: Codes) -> int | None:
    return TEST if (given == TEST).any() else VALIDATION if (given == VALIDATION).any() else None


def _rule(data: Data, given: Codes, labels: Labels, classes: int, official: int | None) -> str:
    if data.test == "official" and official is None:
        raise DataError(
            'test: received "official", but the source has no test or validation set of its own for every class; '
            'allowed are "held-out" and "auto"'
        )
    if data.test != "auto":
        return data.test
    if official is None:
        return "held-out"
    if data.kind.keeps_official_test or data.train_per_class is None:
        return "official"
    available = int(np.bincount(labels[given == TRAIN], minlength=classes).min())
    test, validation = wanted(data)
    needed = data.train_per_class + (test or round(FOLDER_SHARES[0] * available))
    needed += 0 if (given != TRAIN).any() else (validation or 0)
    return "held-out" if available >= needed else "official"


def _share(data: Data, which: int, smallest: int) -> float:
    """Return the share of every class that is carved out for test (0) or validation (1).

    Where counts are wanted they are met in the class of `smallest` training images, and the share is a
    multiple of 1/64, so that a few more files move no image. A count that the user names may take half
    of a class, a default one no more than `MAX_SHARES`.
    """
    count = wanted(data)[which]
    if count is None:
        return FOLDER_SHARES[which]
    named = (data.test_per_class, data.validation_per_class)[which]
    most = 0.5 if named else MAX_SHARES[which]
    return min(max(round(64 * count / max(smallest, 1)), 1) / 64, most)


def _carve(
    codes: Codes,
    pool: npt.NDArray[np.bool_],
    where: npt.NDArray[np.float64],
    labels: Labels,
    code: int,
    low: float,
    high: float,
) -> None:
    """Move the images of `pool` whose place is in [low, high) to split `code`.

    Every class gives at least one image, and keeps one for each split that is still to be filled,
    so that a class of three different images has one for each.
    """
    keep = 2 if code == TEST else 1
    chosen = pool & (where >= low) & (where < high)
    for label in np.unique(labels[pool]):
        own = pool & (labels == label)
        places, taken = np.unique(where[own]), np.unique(where[own & chosen])
        if not len(taken):
            chosen |= pool & (where == places[np.argmin(np.abs(places - low))])
        elif len(places) - len(taken) < keep:
            chosen &= ~np.isin(where, taken[max(len(places) - keep, 1) :])
    codes[chosen] = code


def _exclude(codes: Codes, clusters: npt.NDArray[np.int64]) -> int:
    """Take out of training (and validation) what repeats a test (or validation) image; return how many."""
    excluded = 0
    for code, lower in ((TEST, (TRAIN, VALIDATION)), (VALIDATION, (TRAIN,))):
        taken = np.isin(clusters, clusters[codes == code]) & np.isin(codes, lower)
        excluded += int(taken.sum())
        codes[taken] = EXCLUDED
    return excluded


def _explain(
    data: Data,
    rule: str,
    official: int | None,
    carved: bool,
    counts: dict[str, npt.NDArray[np.int64]],
    excluded: int,
    by_group: int,
    *,
    grouped: bool,
) -> str:
    own = "test" if official == TEST else "val"
    if rule == "held-out":
        by = "the hash of the group's name, each group whole" if grouped else "content hash"
        reason = "as asked for" if data.test == rule else "which leaves a whole training draw"
        reason = "since the source has none for every class" if official is None else reason
        text = f"The test set was carved out of the training images by {by}, {reason}"
    else:
        text = f"The test set is the source's own {own} set"
        if data.test == "auto" and not data.kind.keeps_official_test:
            few = (
                "every training image is trained on" if data.train_per_class is None else "the training images are few"
            )
            text += f", since {few}"
    if carved:
        text += "; validation was carved out of the training images"
    elif rule == "held-out":
        text += f"; the source's own {own} set is for validation"
    sizes = ", ".join(f"{_span(counts[name])} {name}" for name in CODES)
    text += f"; images per class: {sizes}."
    if excluded:
        text += f" {excluded:,} training or validation images were left out because they repeat an evaluation image."
    if by_group:
        text += f" {by_group:,} more were left out because their group has an evaluation image."
    return text


def _span(values: npt.NDArray[np.int64]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
