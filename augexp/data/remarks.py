"""What a reader of an answer on some images has to know of them: the warnings in the description of a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from augexp.data.decoding.numeric import COLOUR
from augexp.data.decoding.pool import scales_of
from augexp.data.store_manifest import Duplicates, GroupCounts, ValueScale

if TYPE_CHECKING:
    from augexp.data.decoding.staging import StagingArrays
    from augexp.data.sources.base import Source

MIN_TEST_IMAGES = 30
"""Test images of a class below which it gets no interval of its own."""

MAX_NAMED = 10
"""Classes that are named one by one."""

_PLAIN_SCALES = (("16-bit", 0, 65535), (COLOUR, 0, 65535), ("float", 0, 1))
"""Scales that are worth no warning: what these kinds of values mean by themselves."""


def scales(arrays: StagingArrays) -> tuple[ValueScale, ...]:
    """Return what became black and white in the pictures of more than 8 bits."""
    measured = list(arrays.measured().values())
    return tuple(
        ValueScale(
            kind=kind,
            images=sum(values.kind == kind for values in measured),
            lowest=min(values.lowest for values in measured if values.kind == kind),
            highest=max(values.highest for values in measured if values.kind == kind),
            black=scale.black,
            white=scale.white,
        )
        for kind, scale in scales_of(measured).items()
    )


def warnings(
    source: Source,
    arrays: StagingArrays,
    test_images: Mapping[str, int],
    duplicates: Duplicates,
    exact_across_classes: int,
) -> tuple[str, ...]:
    """Return what stands beside every answer on these images.

    Args:
        source: the images.
        arrays: what was decoded.
        test_images: by class.
        duplicates: of the images.
        exact_across_classes: images with an exactly equal one in another class.
    """
    return (
        *_unread(source),
        *_scaled(arrays),
        *_small(arrays),
        *_few(test_images),
        *_alike(duplicates, exact_across_classes),
    )


def of_groups(counts: GroupCounts) -> tuple[str, ...]:
    """Return what stands beside every answer on images that belong to groups."""
    texts = []
    if counts.excluded:
        texts.append(
            f"{counts.excluded:,} training or validation images were left out because their group has an evaluation "
            "image: the source's own splits share groups"
        )
    if counts.joined:
        texts.append(
            f"{counts.joined:,} of the {counts.count:,} groups share near-duplicates with another; such groups count "
            "as one (--near-duplicates strict or off tells)"
        )
    return tuple(texts)


def _unread(source: Source) -> Iterator[str]:
    for files in source.unread():
        if files.image:
            yield f"{files.count:,} files are not read: those {files.reason}, such as {files.examples[0]}"


def _scaled(arrays: StagingArrays) -> Iterator[str]:
    for scale in scales(arrays):
        if (scale.kind, scale.black, scale.white) not in _PLAIN_SCALES:
            yield (
                f"{scale.images:,} pictures have {scale.kind} values from {scale.lowest:,g} to {scale.highest:,g}: "
                f"{scale.black:,g} was taken for black and {scale.white:,g} for white"
            )


def _small(arrays: StagingArrays) -> Iterator[str]:
    sides, size = arrays.sides[arrays.decoded_rows()], arrays.images.shape[1]
    smaller = int((sides < size).sum())
    if smaller > len(sides) / 2:
        yield (
            f"{smaller:,} of {len(sides):,} images are smaller than {size} pixels (median "
            f"{int(np.median(sides))}); a smaller --image-size is faster and loses nothing"
        )


def _few(test_images: Mapping[str, int]) -> Iterator[str]:
    few = {name: count for name, count in test_images.items() if count < MIN_TEST_IMAGES}
    for name, count in list(few.items())[: MAX_NAMED if len(few) > MAX_NAMED else None]:
        yield f"class {name!r} has only {count} test images; its own interval is not reported below {MIN_TEST_IMAGES}"
    if len(few) > MAX_NAMED:
        rest = len(few) - MAX_NAMED
        yield f"so have {rest:,} more of the {len(test_images):,} classes, with {min(few.values())} or more"


def _alike(duplicates: Duplicates, exact: int) -> Iterator[str]:
    if exact:
        yield f"{exact:,} pictures are in more than one class: no network can be right about all"
    if (near := duplicates.across_classes - exact) > 0:
        yield (
            f"{near:,} pictures look nearly like one of another class; where they are the same, "
            "no network can be right about both (--near-duplicates strict or off tells)"
        )
    if duplicates.dissolved:
        yield (
            f"{duplicates.dissolved:,} pictures look so alike that a class could not have been split with them on one "
            "side; only exact repeats were kept together, so that test pictures may resemble training ones"
        )
    elif duplicates.undecided:
        yield (
            f"{duplicates.undecided:,} pairs of pictures look alike and show too little to tell whether they are the "
            "same; only exact repeats of those were kept on one side of the split"
        )
