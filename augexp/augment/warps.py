"""Carry out matrices on pictures: one interpolation each, in the form in which OpenCV is fastest.

OpenCV interpolates 8-bit pictures of four channels several at a time, and only where no pixel is read from
beyond the edge. So a picture gets a fourth channel and a mirrored margin as wide as its matrix needs, and
loses both again afterwards: less than half the time of warping it as it is. What is done to a picture
depends on its own matrix alone, never on its batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np
import numpy.typing as npt

from augexp.augment import geometry

Picture = npt.NDArray[np.uint8]
Matrices = npt.NDArray[np.float64]

cv2: Any = opencv  # its stubs know less than numpy's types do

_LINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_MIRROR = cv2.BORDER_REFLECT  # the edge pixel is repeated
_ADD, _DROP = cv2.COLOR_RGB2RGBA, cv2.COLOR_RGBA2RGB

_FLIPS = {1: 1, 2: 0, 3: -1}  # kinds of `_kinds` to the flip codes of OpenCV
_AFFINE, _PROJECTIVE = 4, 5

_WIDTHS = 16
"""Margins come in as many widths, the widest as wide as the picture; what reads further away has none."""


def warp(pictures: Sequence[Picture] | Picture, matrices: Matrices) -> list[Picture]:
    """Warp every picture by its own matrix.

    Args:
        pictures: R pictures uint8 (S, S, 3), or an array of them; never written to.
        matrices: of `geometry`, (R, 3, 3).

    Returns:
        R pictures; one whose matrix is the unit matrix is handed back as it is.
    """
    side, warped = pictures[0].shape[0], list(pictures)
    kinds = _kinds(matrices)
    moved = np.flatnonzero(kinds >= _AFFINE)
    for i in np.flatnonzero((kinds > 0) & (kinds < _AFFINE)).tolist():
        warped[i] = cv2.flip(warped[i], _FLIPS[int(kinds[i])])
    if len(moved):
        chosen = pictures if len(moved) == len(warped) else [warped[i] for i in moved.tolist()]
        whole = len(moved) == len(warped)
        results = _interpolate(chosen, matrices if whole else matrices[moved], kinds[moved], side)
        if whole:
            return results
        for i, result in zip(moved.tolist(), results, strict=True):
            warped[i] = result
    return warped


def _kinds(matrices: Matrices) -> npt.NDArray[np.int64]:
    """Classify matrices (R, 3, 3): 0 identity, 1 to 3 mirror images, else `_AFFINE` or `_PROJECTIVE`."""
    kinds = np.full(len(matrices), _AFFINE)
    flat = matrices.reshape(-1, 9)
    kinds[flat[:, 6:8].any(axis=1)] = _PROJECTIVE
    rigid = ~flat[:, [1, 2, 3, 5, 6, 7]].any(axis=1)
    rigid &= (np.abs(flat[:, 0]) == 1.0) & (np.abs(flat[:, 4]) == 1.0)
    kinds[rigid] = ((flat[:, 0] < 0) + 2 * (flat[:, 4] < 0))[rigid]
    return kinds


def _interpolate(
    pictures: Sequence[Picture] | Picture, matrices: Matrices, kinds: npt.NDArray[np.int64], side: int
) -> list[Picture]:
    count, size = len(pictures), (side, side)
    step = -(-side // _WIDTHS)
    widths = _margins(matrices, side, step)
    placed = geometry.place(matrices, side, np.maximum(widths, 0) * step)
    # One piece of memory for margins of every width: it is in the cache, and its rows lie close together.
    widest = max(int(widths.max()), 0)
    sides = [side + 2 * n * step for n in range(_WIDTHS + 1)]
    memory = np.empty(4 * sides[widest] ** 2, dtype=np.uint8)
    frames = [memory[: 4 * n * n].reshape(n, n, 4) for n in sides[: widest + 1]]
    out = np.empty((count * side, side, 4), dtype=np.uint8)
    quads = _four_channels(pictures, side)
    affine = placed[:, :2]
    rows = zip(quads, out.reshape(count, side, side, 4), widths.tolist(), kinds.tolist(), strict=True)
    for i, (picture, target, width, kind) in enumerate(rows):
        if width > 0:
            margin = width * step
            picture = cv2.copyMakeBorder(picture, margin, margin, margin, margin, _MIRROR, frames[width])  # noqa: PLW2901
        if kind == _AFFINE:
            cv2.warpAffine(picture, affine[i], size, target, _LINEAR, _MIRROR)
        else:
            cv2.warpPerspective(picture, placed[i], size, target, _LINEAR, _MIRROR)
    return list(cv2.cvtColor(out, _DROP).reshape(count, side, side, 3))


def _four_channels(pictures: Sequence[Picture] | Picture, side: int) -> list[Picture]:
    if isinstance(pictures, np.ndarray):
        return list(cv2.cvtColor(pictures.reshape(-1, side, 3), _ADD).reshape(-1, side, side, 4))
    return [cv2.cvtColor(picture, _ADD) for picture in pictures]


def _margins(matrices: Matrices, side: int, step: int) -> npt.NDArray[np.int64]:
    """Return the margin that each of `matrices` (R, 3, 3) reads, in steps; -1 where it reads too far."""
    half = (side - 1) / 2.0
    corners = np.array([[-half, half, half, -half], [-half, -half, half, half], [1.0, 1.0, 1.0, 1.0]])
    seen = matrices @ corners
    # The corners are the outermost points that are read, unless the picture is looked at from behind.
    behind = (seen[:, 2] <= 0.0).any(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.abs(seen[:, :2] / seen[:, 2:]).max(axis=(1, 2)) - half
    # Two more for the neighbour that is interpolated with, and for OpenCV's single precision.
    widths = np.ceil((reach + 2.0) / step)
    far = behind | ~(widths <= _WIDTHS)
    return np.where(far, -1, np.clip(np.where(far, 0.0, widths), 0, _WIDTHS)).astype(np.int64)
