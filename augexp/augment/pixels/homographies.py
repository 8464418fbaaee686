"""Geometric changes as 3 x 3 matrices, a whole batch at once.

A matrix takes a point of the *new* image to the point of the *old* one where its colour is read. Points
are (x, y, 1) in pixels from the centre of the image, x to the right and y down. Doing A first and B
after it is therefore the product ``A @ B``: however many operations stand in a row, every pixel is
interpolated once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_UNIT = np.eye(3)


def identities(count: int) -> Array:
    """Return `count` unit matrices, shape (count, 3, 3)."""
    matrices = np.empty((count, 3, 3))
    matrices[:] = _UNIT
    return matrices


def mirrors(count: int, *, horizontal: bool) -> Array:
    """Return matrices that swap left and right, or top and bottom; shape (count, 3, 3)."""
    matrices = identities(count)
    axis = 0 if horizontal else 1
    matrices[:, axis, axis] = -1.0
    return matrices


def rotations(degrees: Array) -> Array:
    """Return counter-clockwise turns by `degrees` (R,), as seen on the screen; shape (R, 3, 3)."""
    radians = np.deg2rad(degrees)
    matrices = identities(len(degrees))
    cosine, sine = np.cos(radians), np.sin(radians)
    matrices[:, 0, 0] = matrices[:, 1, 1] = cosine
    matrices[:, 0, 1], matrices[:, 1, 0] = -sine, sine
    return matrices


def shifts(right: Array, down: Array) -> Array:
    """Return moves by `right` and `down` pixels, each (R,); shape (R, 3, 3)."""
    matrices = identities(len(right))
    matrices[:, 0, 2], matrices[:, 1, 2] = -right, -down
    return matrices


def zooms(factors: Array) -> Array:
    """Return magnifications by `factors` (R,), above 1 larger; shape (R, 3, 3)."""
    matrices = identities(len(factors))
    matrices[:, 0, 0] = matrices[:, 1, 1] = 1.0 / factors
    return matrices


def shears(x: Array, y: Array) -> Array:
    """Return slants: rows are read `x` pixels further right per pixel down, columns alike with `y`; (R, 3, 3)."""
    matrices = identities(len(x))
    matrices[:, 0, 1], matrices[:, 1, 0] = x, y
    return matrices


def crops(centre_x: Array, centre_y: Array, width: Array, height: Array) -> Array:
    """Return the stretching of a box to the whole image.

    Args:
        centre_x: middle of the box in pixels right of the centre of the image, (R,).
        centre_y: the same downwards, (R,).
        width: of the box as a fraction of the side, (R,).
        height: the same, (R,).
    """
    matrices = identities(len(width))
    matrices[:, 0, 0], matrices[:, 1, 1] = width, height
    matrices[:, 0, 2], matrices[:, 1, 2] = centre_x, centre_y
    return matrices


def perspectives(inwards: Array, side: int) -> Array:
    """Return projections that squeeze the image into a quadrangle.

    Args:
        inwards: how far each corner moves towards the centre, in fractions of the side, shape (R, 4, 2);
            corners in the order upper left, upper right, lower right, lower left, each (x, y).
        side: of the image in pixels.
    """
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * (side / 2.0)
    moved = corners - np.sign(corners) * inwards * side
    x, y = moved[..., 0], moved[..., 1]
    u, v = np.broadcast_to(corners[:, 0], x.shape), np.broadcast_to(corners[:, 1], y.shape)
    one, zero = np.ones_like(x), np.zeros_like(x)
    # Eight equations for the eight free numbers of the matrix that takes `moved` back to `corners`.
    upper = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    lower = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    system = np.concatenate([upper, lower], axis=1)
    solved = np.linalg.solve(system, np.concatenate([u, v], axis=1)[..., None])[..., 0]
    return np.concatenate([solved, np.ones((len(solved), 1))], axis=1).reshape(-1, 3, 3)


def place(matrices: Array, side: int, margin: Array | npt.NDArray[np.int64] | float = 0.0) -> Array:
    """Return the same matrices for points counted from the centre of the upper left pixel, as OpenCV does.

    Args:
        matrices: (R, 3, 3).
        side: of the images in pixels.
        margin: by how many pixels the old image has been widened on every side, for all or each (R,).
    """
    middle = (side - 1) / 2.0
    placed = matrices.copy()
    placed[:, :, 2] -= middle * (matrices[:, :, 0] + matrices[:, :, 1])
    placed[:, :2] += np.asarray(middle + margin).reshape(-1, 1, 1) * placed[:, 2:3]
    return placed
