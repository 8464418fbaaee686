"""Carry out matrices on images: one interpolation each, in the form in which OpenCV is fastest.

OpenCV interpolates 8-bit images of four channels several at a time, and only where no pixel is read from
beyond the edge. So an image gets a fourth channel and a mirrored margin as wide as its matrix needs, and
loses both again afterwards: less than half the time of warping it as it is. What is done to an image
depends on its own matrix alone, never on its batch.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np
import numpy.typing as npt

from augexp.augment.pixels import homographies

Image = npt.NDArray[np.uint8]
Matrices = npt.NDArray[np.float64]

cv2: Any = opencv  # its stubs know less than numpy's types do

_LINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_MIRROR = cv2.BORDER_REFLECT  # the edge pixel is repeated
_ADD, _DROP = cv2.COLOR_RGB2RGBA, cv2.COLOR_RGBA2RGB

_FLIPS = {1: 1, 2: 0, 3: -1}  # kinds of `_kinds` to the flip codes of OpenCV
_AFFINE, _PROJECTIVE = 4, 5

_WIDTHS = 16
"""Margins come in as many widths, the widest as wide as the image; what reads further away has none."""

_BLOCK = 1 << 18
"""Bytes of four-channel images at a time, so that they stay in the second-level cache."""


class _Scratch(threading.local):
    """Memory that a thread uses again and again: having the system clear new pages costs as much as warping."""

    def __init__(self) -> None:
        self._blocks: dict[str, Image] = {}

    def take(self, name: str, *shape: int) -> Image:
        """Return memory of `shape` with arbitrary content; it is the same for the same name."""
        size = math.prod(shape)
        if name not in self._blocks or len(self._blocks[name]) < size:
            self._blocks[name] = np.empty(size, dtype=np.uint8)
        return self._blocks[name][:size].reshape(shape)


_SCRATCH = _Scratch()


def warp(images: Sequence[Image] | Image, matrices: Matrices) -> Iterator[Image]:
    """Warp every image by its own matrix.

    Args:
        images: R images uint8 (S, S, 3), or an array of them; never written to.
        matrices: of `homographies`, (R, 3, 3).

    Yields:
        R images in their order, each to be used before the next one is asked for, since the memory is
        used again; one whose matrix is the unit matrix is handed back as it is.
    """
    side, kinds = images[0].shape[0], _kinds(matrices)
    moved = kinds >= _AFFINE
    interpolation = _Interpolation(matrices, kinds, side) if moved.any() else None
    size, listed = max(1, _BLOCK // (4 * side * side)), kinds.tolist()
    for start in range(0, len(listed), size):
        part = range(start, min(start + size, len(listed)))
        results = (
            interpolation.run(images, part) if interpolation and moved[start : part.stop].any() else images[start:]
        )
        for i, result in zip(part, results, strict=False):
            if listed[i] >= _AFFINE:
                yield result
            elif listed[i]:
                yield cv2.flip(images[i], _FLIPS[listed[i]])
            else:
                yield images[i]


def _kinds(matrices: Matrices) -> npt.NDArray[np.int64]:
    """Classify matrices (R, 3, 3): 0 identity, 1 to 3 mirror images, else `_AFFINE` or `_PROJECTIVE`."""
    kinds = np.full(len(matrices), _AFFINE)
    flat = matrices.reshape(-1, 9)
    kinds[flat[:, 6:8].any(axis=1)] = _PROJECTIVE
    rigid = ~flat[:, [1, 2, 3, 5, 6, 7]].any(axis=1)
    rigid &= (np.abs(flat[:, 0]) == 1.0) & (np.abs(flat[:, 4]) == 1.0)
    kinds[rigid] = ((flat[:, 0] < 0) + 2 * (flat[:, 4] < 0))[rigid]
    return kinds


class _Interpolation:
    """What the images that need interpolation share: matrices placed for OpenCV, margins and memory."""

    def __init__(self, matrices: Matrices, kinds: npt.NDArray[np.int64], side: int) -> None:
        step = -(-side // _WIDTHS)
        widths = _margins(matrices, side, step)
        self._placed = homographies.place(matrices, side, np.maximum(widths, 0) * step)
        self._side, self._kinds = side, kinds.tolist()
        self._margins = (np.maximum(widths, 0) * step).tolist()
        self._widest = 4 * (side + 2 * max(self._margins)) ** 2
        self._frames: dict[int, Image] = {}

    def run(self, images: Sequence[Image] | Image, part: range) -> Image:
        """Return the images of `part` (n, S, S, 3); those that need no interpolation are left out (arbitrary)."""
        side, count, size = self._side, len(part), (self._side, self._side)
        quads, out = _SCRATCH.take("quads", count, side, side, 4), _SCRATCH.take("out", count, side, side, 4)
        whole = isinstance(images, np.ndarray)
        if whole:
            cv2.cvtColor(images[part.start : part.stop].reshape(-1, side, 3), _ADD, quads.reshape(-1, side, 4))  # type: ignore[union-attr]
        for i, image, target in zip(part, quads, out, strict=True):
            if self._kinds[i] < _AFFINE:
                continue
            source, margin = image if whole else cv2.cvtColor(images[i], _ADD, image), self._margins[i]
            if margin:
                frame = self._frame(margin)
                source = cv2.copyMakeBorder(source, margin, margin, margin, margin, _MIRROR, frame)
            if self._kinds[i] == _AFFINE:
                cv2.warpAffine(source, self._placed[i, :2], size, target, _LINEAR, _MIRROR)
            else:
                cv2.warpPerspective(source, self._placed[i], size, target, _LINEAR, _MIRROR)
        flat = _SCRATCH.take("flat", count, side, side, 3)
        cv2.cvtColor(out.reshape(-1, side, 4), _DROP, flat.reshape(-1, side, 3))
        return flat

    def _frame(self, margin: int) -> Image:
        # All margins share one piece of memory: it is in the cache, and the rows of a frame lie close together.
        if margin not in self._frames:
            wide = self._side + 2 * margin
            self._frames[margin] = _SCRATCH.take("frame", self._widest)[: 4 * wide * wide].reshape(wide, wide, 4)
        return self._frames[margin]


def _margins(matrices: Matrices, side: int, step: int) -> npt.NDArray[np.int64]:
    """Return the margin that each of `matrices` (R, 3, 3) reads, in steps; -1 where it reads too far."""
    half = (side - 1) / 2.0
    corners = np.array([[-half, half, half, -half], [-half, -half, half, half], [1.0, 1.0, 1.0, 1.0]])
    seen = matrices @ corners
    # The corners are the outermost points that are read, unless the image is looked at from behind.
    behind = (seen[:, 2] <= 0.0).any(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.abs(seen[:, :2] / seen[:, 2:]).max(axis=(1, 2)) - half
    # Two more for the neighbour that is interpolated with, and for OpenCV's single precision.
    widths = np.ceil((reach + 2.0) / step)
    far = behind | ~(widths <= _WIDTHS)
    return np.where(far, -1, np.clip(np.where(far, 0.0, widths), 0, _WIDTHS)).astype(np.int64)
