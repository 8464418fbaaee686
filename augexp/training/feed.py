"""The batches of an epoch, augmented: several at a time, and ahead of the network where that helps.

A training step leaves nothing in the processor's caches of what augments and counts, and some calls cost
the same for one batch as for ten. So batches are put together for all that and are trained on one after
the other; where a thread runs ahead on a core with caches of its own, fewer at a time, so that the network
waits less for the first. What is done to an image does not depend on its batch, so the numbers are the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.augment.pipeline import Augmenter, Floats, Ids
from augexp.training.prefetch import ahead

VALUES = 6_400_000
"""Values of the images that are augmented at a time: 26 MB of float32, or 16 batches of 32 images of 64 pixels."""

MAX_BATCHES = 32
"""Batches at a time."""

WAITING = 2 * VALUES
"""Values of the images that may wait for the network, or one portion: 51 MB of float32."""


@dataclass(frozen=True)
class Lead:
    """How far augmentation runs ahead of the network.

    Attributes:
        depth: how many portions a thread prepares ahead, fewer where they are large; 0 for none and no thread.
        batches: most batches of a portion.
    """

    depth: int = 0
    batches: int = MAX_BATCHES


ON_THE_SAME_CORE = Lead()
"""Step and augmentation take turns."""

ON_A_DEVICE = Lead(2)
"""The step runs on a device; augmentation is what takes time."""

ON_A_SPARE_CORE = Lead(4, batches=4)
"""Augmentation has a core to itself."""


@dataclass(frozen=True)
class Portion:
    """Some batches in a row.

    Attributes:
        images: float32 (K, S, S, 3) on the scale 0 to 1, the images of all of them; sets of P images, float32
            (K, P, S, S, 3), where a learned policy needs them.
        targets: float32 (K, C).
        ids: uint64 (K,), content identity of each image.
        bounds: where each batch begins and ends.
    """

    images: Floats
    targets: Floats
    ids: Ids
    bounds: tuple[tuple[int, int], ...]

    def batches(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield images (B, S, S, 3) and targets (B, C) of each batch, as views."""
        for start, stop in self.bounds:
            yield self.images[start:stop], self.targets[start:stop]


def feed(
    batches: Iterator[tuple[Any, Any]],
    augment: Augmenter,
    *,
    steps: int,
    epoch: int,
    lead: Lead = ON_THE_SAME_CORE,
    on_seconds: Callable[[float], None] = lambda seconds: None,
    on_image: Callable[[Floats], None] | None = None,
) -> Generator[Portion, None, None]:
    """Yield the next `steps` batches, augmented for `epoch`, in portions of up to 26 MB or one batch.

    Args:
        batches: pairs of a batch with ``images`` and ``ids``, and labels (B,); no more than `steps` are taken.
        augment: what is done to them.
        steps: batches to yield.
        epoch: passes over the training draw so far, from 0.
        lead: how far a thread runs ahead, if there is one.
        on_seconds: is told the seconds that each portion took to augment.
        on_image: is given every finished image, float32 (S, S, 3), in their order; by that thread, if there is one.
    """
    depth = 0
    if lead.depth and steps:
        first = next(batches)
        size = _size(first, augment)
        depth = max(1, min(lead.depth, WAITING // (size * _together(size, steps, lead.batches))))
        batches = chain([first], batches)
    yield from ahead(_portions(batches, augment, steps, epoch, lead.batches, on_seconds, on_image), depth)


def _size(pair: tuple[Any, Any], augment: Augmenter) -> int:
    """Return how many values are made of a batch."""
    size: int = pair[0].images.size * getattr(augment, "pictures", 1)
    return size


def _together(size: int, steps: int, most: int) -> int:
    """Return how many batches of `size` values are put together."""
    return min(steps, most, max(1, VALUES // size))


def _portions(
    batches: Iterator[tuple[Any, Any]],
    augment: Augmenter,
    steps: int,
    epoch: int,
    most: int,
    on_seconds: Callable[[float], None],
    on_image: Callable[[Floats], None] | None,
) -> Generator[Portion, None, None]:
    while steps:
        pairs = [next(batches)]
        pairs += islice(batches, _together(_size(pairs[0], augment), steps, most) - 1)
        steps -= len(pairs)
        begin = time.perf_counter()
        portion = _augment(pairs, augment, epoch, on_image)
        on_seconds(time.perf_counter() - begin)
        yield portion
        del portion, pairs  # so that their memory can be used again


def _augment(
    pairs: list[tuple[Any, Any]], augment: Augmenter, epoch: int, on_image: Callable[[Floats], None] | None
) -> Portion:
    ids = _joined([batch.ids for batch, _ in pairs])
    labels = _joined([labels for _, labels in pairs])
    images, targets = augment([batch.images for batch, _ in pairs], labels, ids, epoch, on_image)
    ends = np.cumsum([len(labels) for _, labels in pairs]).tolist()
    return Portion(images, targets, ids, tuple(zip([0, *ends[:-1]], ends, strict=True)))


def _joined(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
