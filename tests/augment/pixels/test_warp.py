"""Warping with a margin and a fourth channel gives what OpenCV gives without."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from augexp.augment.pixels import homographies
from augexp.augment.pixels import warp as warps

SIDE = 24


def photo(side=SIDE, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def reference(image, matrix):
    """Interpolate point by point in double precision, mirrored at the edge."""
    side = len(image)
    middle = (side - 1) / 2
    y, x = np.mgrid[:side, :side] - middle
    points = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(side * side)])
    x, y = points[:2] / points[2] + middle
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)

    def pixel(row, column):
        row, column = (np.mod(value, 2 * side) for value in (row, column))
        row, column = (np.where(value < side, value, 2 * side - 1 - value) for value in (row, column))
        return image[row, column].astype(float)

    right, down = (x - left)[:, None], (y - top)[:, None]
    upper = pixel(top, left) * (1 - right) + pixel(top, left + 1) * right
    lower = pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right
    return (upper * (1 - down) + lower * down).reshape(side, side, 3)


def warp(images, matrices):
    return [image.copy() for image in warps.warp(images, matrices)]


def single(function, *values):
    return function(*(np.array([value], dtype=float) for value in values))


MATRICES = {
    "turned": single(homographies.rotations, 17.0),
    "turned far": single(homographies.rotations, 135.0),
    "moved": single(homographies.shifts, 3.3, -6.7),
    "moved out of sight": single(homographies.shifts, 40.0, 0.5),
    "small": single(homographies.zooms, 0.55),
    "smaller than any margin": single(homographies.zooms, 0.2),
    "large": single(homographies.zooms, 1.7),
    "slanted": single(homographies.shears, 0.4, -0.2),
    "in perspective": homographies.perspectives(np.random.default_rng(2).random((1, 4, 2)) * 0.25, SIDE),
}


@pytest.mark.parametrize("name", MATRICES)
def test_every_pixel_is_interpolated_from_its_neighbours(name):
    (warped,) = warp([photo()], MATRICES[name])
    # OpenCV rounds the position to a small part of a pixel, and the result to a whole value
    assert np.abs(warped - reference(photo(), MATRICES[name][0])).max() <= 3.0
    assert np.abs(warped - reference(photo(), MATRICES[name][0])).mean() <= 0.5


def test_margins_are_as_wide_as_a_matrix_needs():
    step = -(-SIDE // warps._WIDTHS)
    stacked = np.concatenate(list(MATRICES.values()))
    widths = dict(zip(MATRICES, warps._margins(stacked, SIDE, step).tolist(), strict=True))
    assert widths["large"] == 0
    assert widths["moved"] == -(-(6.7 + 2) // step)
    assert widths["moved out of sight"] == widths["smaller than any margin"] == -1


def test_a_view_from_behind_has_no_margin():
    matrix = np.array([[[1.0, 0, 0], [0, 1, 0], [0.2, 0, 1]]])  # the denominator is negative at the left edge
    assert warps._margins(matrix, SIDE, 3).tolist() == [-1]
    assert warp([photo()], matrix)[0].shape == (SIDE, SIDE, 3)


def test_an_image_is_warped_alike_alone_in_a_list_and_in_an_array():
    images = np.stack([photo(seed=i) for i in range(len(MATRICES))])
    matrices = np.concatenate(list(MATRICES.values()))
    before = images.copy()
    whole = warp(images, matrices)
    listed = warp(list(images), matrices)
    alone = [warp([image], matrix[None])[0] for image, matrix in zip(images, matrices, strict=True)]
    np.testing.assert_array_equal(whole, listed)
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(images, before)


def test_kinds_may_be_mixed():
    images = np.stack([photo(seed=i) for i in range(5)])
    matrices = np.concatenate(
        [
            homographies.identities(1),
            homographies.mirrors(1, horizontal=True),
            MATRICES["turned"],
            homographies.mirrors(1, horizontal=False),
            homographies.mirrors(1, horizontal=True) @ homographies.mirrors(1, horizontal=False),
        ]
    )
    warped = warp(images, matrices)
    np.testing.assert_array_equal(warped[0], images[0])
    np.testing.assert_array_equal(warped[1], images[1][:, ::-1])
    np.testing.assert_array_equal(warped[2], warp([images[2]], MATRICES["turned"])[0])
    np.testing.assert_array_equal(warped[3], images[3][::-1])
    np.testing.assert_array_equal(warped[4], images[4][::-1, ::-1])


@pytest.mark.parametrize("name", MATRICES)
def test_a_single_pixel_stays_itself(name):
    pixel = np.array([[[7, 100, 255]]], dtype=np.uint8)
    np.testing.assert_array_equal(warp([pixel], MATRICES[name])[0], pixel)
