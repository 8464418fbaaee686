"""From a batch of 8-bit images to what the network is trained on.

Every random number has an address: (root seed, seed, epoch, operation, image, index). So the images
of a run do not depend on batch size, order, worker or machine, and removing an operation from a policy
leaves the draws of all others as they were. Nothing is addressed by the arm: two arms with the same
operation draw the same numbers for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.augment.catalogue.base import Operation
from augexp.augment.catalogue.keras_layers import KERAS
from augexp.augment.catalogue.registry import spec_of
from augexp.augment.pixels import mixing
from augexp.augment.pixels.base import Draws
from augexp.augment.pixels.canvas import Buffers, Canvas, Floats, Images, rescale
from augexp.augment.pixels.registry import FUNCTIONS
from augexp.augment.policy import Policy
from augexp.errors import RunError

__all__ = ["Augmenter", "Floats", "Ids", "Images", "apply", "draws_of", "rescale"]

Ids = npt.NDArray[np.uint64]
Labels = npt.NDArray[np.integer[Any]]
OnImage = Callable[[Floats], None]

_CACHED = 1 << 16
"""Values that are rescaled at a time, so that `on_image` finds them in the second-level cache."""

_SMALL = 16
"""Draws per image up to which operations are drawn for together, in one pass over the batch."""


def apply(operation: Operation, canvas: Canvas, draws: Draws) -> None:
    """Apply one operation that does not mix labels, with given numbers.

    Args:
        operation: from a policy.
        canvas: the images.
        draws: numbers in [0, 1), shape (B, at least `draws_of`): the first is compared with `p`.
    """
    p = 1.0 if operation.name.startswith(KERAS) else operation["p"]
    rows = np.arange(canvas.count) if p >= 1.0 else np.flatnonzero(draws[:, 0] < p)
    if not len(rows):
        return
    chosen = draws[:, 1:] if len(rows) == canvas.count else draws[rows, 1:]
    FUNCTIONS[operation.name](canvas, rows, chosen, operation)


class Augmenter:
    """Applies a policy with the random numbers of one block.

    Args:
        policy: resolved.
        root_seed: of the experiment.
        seed: of the block; a name stands for a purpose that all blocks share.
        num_classes: C, the length of a target.
        partners: (features, labels) of the block's whole training draw, indexable by integer arrays;
            ``features[rows]`` has the fields ``images`` uint8 (R, S, S, 3) and ``ids`` uint64 (R,). Only
            policies that mix labels need it.

    Raises:
        RunError: the policy mixes labels and there are no partners.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        root_seed: int,
        seed: int | str,
        num_classes: int,
        partners: tuple[Any, Any] | None = None,
    ) -> None:
        if policy.mixes_labels and partners is None:
            raise RunError(f"policy {policy.name!r} mixes pictures of the training draw; hand it over as partners")
        self.policy = policy
        self._scope = (root_seed, seed)
        self._classes = num_classes
        self._partners = partners
        self._buffers = Buffers()
        self._plain: list[tuple[Operation, str]] = []
        self._mixing: list[tuple[Operation, str]] = []
        occurrences: Counter[str] = Counter()
        for operation in policy.operations:
            address = f"{operation.name}#{occurrences[operation.name]}"
            occurrences[operation.name] += 1
            mixes = spec_of(operation).family == "mixing"
            (self._mixing if mixes else self._plain).append((operation, address))
        self._counts = [draws_of(operation) for operation, _ in self._plain]
        self._small = [i for i, count in enumerate(self._counts) if count <= _SMALL]
        self._max_small = max((self._counts[i] for i in self._small), default=0)
        self._keys_epoch: int | str = -1
        self._keys = list[int]()
        self._small_keys = np.empty(0, dtype=np.uint64)

    def __call__(
        self,
        images: Images | list[Images],
        labels: Labels,
        ids: Ids,
        epoch: int | str,
        on_image: OnImage | None = None,
    ) -> tuple[Floats, Floats]:
        """Augment a batch.

        Args:
            images: uint8 (B, S, S, 3), or several such arrays that together have B images; not changed.
            labels: integers (B,) from 0 to C - 1.
            ids: uint64 (B,), content identity of each image.
            epoch: passes over the training draw so far, from 0; a name stands for draws that all epochs share.
            on_image: is called with every finished image, float32 (S, S, 3), in their order; where possible
                while the processor still has it in a cache.

        Returns:
            float32 (B, S, S, 3) on the scale 0 to 1, and float32 targets (B, C): one-hot, or the
            weights of two classes where images were mixed.
        """
        parts = images if isinstance(images, list) else [images]
        augmented = self._augment(parts, ids, epoch, None if self._mixing else on_image)
        targets = self.one_hot(labels)
        for operation, address in self._mixing:
            self._mix(operation, address, augmented, targets, ids, epoch)
        if self._mixing and on_image:
            for image in augmented:
                on_image(image)
        return augmented, targets

    def _augment(self, parts: list[Images], ids: Ids, epoch: int | str, on_image: OnImage | None) -> Floats:
        out = self.buffer((len(ids), *parts[0].shape[1:]))
        if not self._plain:
            _rescale(parts, out, on_image)
            return out
        canvas = Canvas(self._buffers.joined(parts), ids)
        for (operation, _), draws in zip(self._plain, self._draw(ids, epoch), strict=True):
            apply(operation, canvas, draws)
        return canvas.finish(out, on_image)

    def _draw(self, ids: Ids, epoch: int | str) -> list[Draws]:
        """Draw for every operation; the few-number operations in one pass, since the pass is what costs."""
        if self._keys_epoch != epoch:
            self._keys = [self.key(address, epoch) for _, address in self._plain]
            self._small_keys = np.array([self._keys[i] for i in self._small], dtype=np.uint64)
            self._keys_epoch = epoch
        together = iter(seeds.uniforms_of(self._small_keys, ids, self._max_small) if self._small else ())
        return [
            next(together) if count <= _SMALL else seeds.uniforms(key, ids, count)
            for key, count in zip(self._keys, self._counts, strict=True)
        ]

    def key(self, address: str, epoch: int | str) -> int:
        """Return the key of the draws of a purpose in an epoch, for `augexp.seeds.uniforms`."""
        return seeds.key("augment", *self._scope, epoch, address)

    def buffer(self, shape: tuple[int, ...]) -> Floats:
        """Return memory for a finished batch, float32 of `shape` with arbitrary content, see `Buffers`."""
        return self._buffers.take(shape)

    def one_hot(self, labels: Labels) -> Floats:
        """Return targets, float32 (B, C), of labels (B,)."""
        targets = np.zeros((len(labels), self._classes), dtype=np.float32)
        targets[np.arange(len(labels)), labels] = 1.0
        return targets

    def _mix(
        self, operation: Operation, address: str, images: Floats, targets: Floats, ids: Ids, epoch: int | str
    ) -> None:
        draws = seeds.uniforms(self.key(address, epoch), ids, draws_of(operation))
        rows = np.flatnonzero(draws[:, 0] < operation["p"])
        if not len(rows) or self._partners is None:
            return
        features, labels = self._partners
        chosen = np.floor(draws[rows, 1] * len(features)).astype(np.int64)
        batch = features[chosen]
        others = self._augment([batch.images], batch.ids, epoch, None)
        mixed, soft = images[rows], targets[rows]
        mixing.mix(mixed, soft, others, self.one_hot(np.asarray(labels)[chosen]), draws[rows, 2:], operation)
        images[rows], targets[rows] = mixed, soft


def _rescale(parts: list[Images], out: Floats, on_image: OnImage | None) -> None:
    together, done = max(1, _CACHED // out[:1].size), 0
    for part in parts:
        for start in range(0, len(part), together):
            images = part[start : start + together]
            rescaled = rescale(images, out[done : done + len(images)])
            done += len(images)
            if on_image:
                for image in rescaled:
                    on_image(image)


def draws_of(operation: Operation) -> int:
    """Return how many numbers per image `apply` takes, the one for `p` included."""
    return 1 + spec_of(operation).draws
