"""A batch of images with changes that are not carried out yet.

Operations note their change per image: one matrix, then one curve, then one colour matrix. A change
that does not fit behind what is noted already (a curve after a colour matrix, say) or that looks at
pixels (blur) first carries out what is noted. So an image is interpolated once for any number of
geometric operations in a row, and reaches floating point in one table look-up.

Geometry may be noted before or after a curve: with a mirrored border the two commute, up to
interpolation.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np
import numpy.typing as npt

from augexp.augment.pixels import colours, homographies, warp

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

cv2: Any = opencv  # its stubs know less than numpy's types do

_RAMP = np.arange(256, dtype=np.float32)

ALIGNMENT = 64
"""Bytes: finished batches start at multiples of it, so that TensorFlow shares their memory instead of copying."""


def rescale(images: Images, out: Floats | None = None) -> Floats:
    """Return `images` on the scale 0 to 1, in float32: what every image goes through, augmented or not.

    Args:
        images: uint8 of any shape.
        out: float32 of the same shape to write to; None takes new memory.
    """
    return np.divide(images, np.float32(255), out=out, dtype=np.float32)


class Buffers:
    """Memory for finished batches, used again once nothing else refers to it.

    Fresh memory for a batch costs several times what filling it does, because the system hands it out
    page by page. A batch that is still referred to (by a queue, a view, a tensor that shares its memory)
    is never handed out again; beyond `limit` batches in use at once the memory is simply new.
    """

    def __init__(self, limit: int = 8) -> None:
        self._limit = limit
        self._blocks: list[Images] = []
        self._free = self._count([np.empty(0, dtype=np.uint8)])[0]

    @staticmethod
    def _count(blocks: list[Images]) -> list[int]:
        return [sys.getrefcount(block) for block in blocks]

    def take(self, shape: tuple[int, ...]) -> Floats:
        """Return a float32 array of `shape` with arbitrary content, aligned for vector units."""
        values: Floats = self._block(4 * math.prod(shape)).view(np.float32).reshape(shape)
        return values

    def joined(self, arrays: list[Images]) -> Images:
        """Return uint8 arrays one after the other in such memory; a single one as it is."""
        if len(arrays) == 1:
            return arrays[0]
        shape = (sum(len(array) for array in arrays), *arrays[0].shape[1:])
        return np.concatenate(arrays, out=self._block(math.prod(shape)).reshape(shape))

    def _block(self, size: int) -> Images:
        free = [place for place, count in enumerate(self._count(self._blocks)) if count <= self._free]
        large = [place for place in free if len(self._blocks[place]) >= size + ALIGNMENT]
        if large:
            return _aligned(self._blocks[large[0]], size)
        block = np.empty(size + ALIGNMENT, dtype=np.uint8)
        if free:
            self._blocks[free[0]] = block
        elif len(self._blocks) < self._limit:
            self._blocks.append(block)
        return _aligned(block, size)


def _aligned(block: Images, size: int) -> Images:
    """Return `size` bytes of `block`: a view, and views of it, refer to the block, whose references are counted."""
    start = -block.ctypes.data % ALIGNMENT
    return block[start : start + size]


class Canvas:
    """Images and their noted changes.

    Args:
        images: uint8 (B, S, S, 3); never written to.
        ids: uint64 (B,), content identity of each image.

    Attributes:
        side: S.
        count: B.
    """

    def __init__(self, images: Images, ids: npt.NDArray[np.uint64]) -> None:
        images = np.ascontiguousarray(images)
        self.count, self.side = images.shape[0], images.shape[1]
        self.ids = ids
        self._whole: Images | None = images
        self._images: list[Images] = []
        self._matrices: npt.NDArray[np.float64] | None = None
        self._tables: Floats | None = None
        self._tabled = np.zeros(self.count, dtype=bool)
        self._colours: npt.NDArray[np.float64] | None = None
        self._coloured = np.zeros(self.count, dtype=bool)

    # -- noting ----------------------------------------------------------------------------

    def warp(self, rows: Rows, matrices: npt.NDArray[np.float64]) -> None:
        """Note `matrices` (R, 3, 3) of `homographies` for the images `rows` (R,)."""
        if self._matrices is None:
            self._matrices = homographies.identities(self.count)
        if len(rows) == self.count:
            self._matrices = self._matrices @ matrices
        elif len(rows):
            self._matrices[rows] = self._matrices[rows] @ matrices

    def curve(self, rows: Rows, change: Callable[[Floats], Floats]) -> None:
        """Note a change of the curves (R, 256) of the images `rows` (R,)."""
        if self._coloured.any():
            self.carry_out(rows[self._coloured[rows]])
        if self._tables is None:
            self._tables = np.empty((self.count, 256), dtype=np.float32)
            self._tables[:] = _RAMP
        if len(rows) == self.count:
            self._tables = change(self._tables)
            self._tabled[:] = True
        elif len(rows):
            self._tables[rows] = change(self._tables[rows])
            self._tabled[rows] = True

    def colour(self, rows: Rows, matrices: npt.NDArray[np.float64]) -> None:
        """Note colour matrices (R, 3, 4) on the scale 0 to 255 for the images `rows` (R,)."""
        if self._colours is None:
            self._colours = np.zeros((self.count, 3, 4))
        noted = rows[self._coloured[rows]]
        if len(noted):
            # Two matrices are one only if nothing is clipped between them.
            self.carry_out(noted[~colours.stays_inside(self._colours[noted])])
            second = self._coloured[rows]
            matrices = matrices.copy()
            matrices[second] = colours.chain(self._colours[rows[second]], matrices[second])
        self._colours[rows] = matrices
        self._coloured[rows] = True

    def change(self, rows: Rows, function: Callable[[Images, int], Images]) -> None:
        """Carry out what is noted for `rows`, then replace each image by ``function(image, i)``.

        `i` counts within `rows`. The image may not be written to unless `function` copies it.
        """
        self.carry_out(rows)
        images = self._each()
        for i, row in enumerate(rows.tolist()):
            images[row] = function(images[row], i)

    def images(self, rows: Rows) -> list[Images]:
        """Return the images `rows` (R,) as they are after everything noted so far, each (S, S, 3) uint8."""
        self.carry_out(rows)
        images = self._each()
        return [images[row] for row in rows.tolist()]

    # -- carrying out ----------------------------------------------------------------------

    def carry_out(self, rows: Rows) -> None:
        """Turn what is noted for `rows` (R,) into 8-bit images."""
        if not len(rows):
            return
        if self._matrices is None:
            self._each()  # so that an image that does not change is recognised
        warped, images = self._warped(rows), self._each()
        for image, row in zip(warped, rows.tolist(), strict=True):
            if self._coloured[row]:
                images[row] = self._blend(image, row)
            elif self._tabled[row]:
                table = np.rint(self._tables[row]).astype(np.uint8)  # type: ignore[index]
                images[row] = cv2.LUT(image, table)
            elif image is not images[row]:
                images[row] = image.copy()
        if self._matrices is not None:
            self._matrices[rows] = np.eye(3)
        if self._tables is not None:
            self._tables[rows] = _RAMP
        self._tabled[rows] = False
        self._coloured[rows] = False

    def finish(self, out: Floats | None = None, on_image: Callable[[Floats], None] | None = None) -> Floats:
        """Carry out everything and return the images on the scale 0 to 1.

        Args:
            out: float32 (B, S, S, 3) to write to; None takes new memory.
            on_image: is called with every image, float32 (S, S, 3), as soon as it is finished.
        """
        if out is None:
            out = np.empty((self.count, self.side, self.side, 3), dtype=np.float32)
        images = self._warped(np.arange(self.count))
        tables = (_RAMP[None] if self._tables is None else self._tables) / np.float32(255)
        coloured, look_up = self._coloured.tolist(), cv2.LUT
        for row, (image, table, target) in enumerate(zip(images, cycle(tables), out, strict=False)):
            look_up(image, table, target)
            if coloured[row]:
                mixed = cv2.transform(target, self._scaled_colours(row))
                np.clip(mixed, 0.0, 1.0, out=target)
            if on_image:
                on_image(target)
        return out

    def _each(self) -> list[Images]:
        if not self._images:
            whole = self._whole
            self._images = [] if whole is None else list(whole)
        self._whole = None
        return self._images

    def _warped(self, rows: Rows) -> Iterable[Images]:
        """Yield the images `rows` (R,) with their geometry, and nothing else, carried out.

        Each is to be used before the next is asked for.
        """
        every = len(rows) == self.count
        if self._whole is not None and every:
            images: Sequence[Images] | Images = self._whole
        else:
            each = self._each()
            images = each if every else [each[row] for row in rows.tolist()]
        if self._matrices is None:
            return images
        return warp.warp(images, self._matrices if every else self._matrices[rows])

    def _blend(self, image: Images, row: int) -> Images:
        tables = _RAMP if self._tables is None else self._tables[row]
        mixed = cv2.transform(cv2.LUT(image, tables / np.float32(255)), self._scaled_colours(row))
        blended: Images = np.rint(np.clip(mixed, 0.0, 1.0) * np.float32(255)).astype(np.uint8)
        return blended

    def _scaled_colours(self, row: int) -> npt.NDArray[np.float64]:
        scaled: npt.NDArray[np.float64] = self._colours[row].copy()  # type: ignore[index]
        scaled[:, 3] /= 255.0
        return scaled
