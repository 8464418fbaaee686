"""Geometric operations: a homography for each image, a whole batch at once."""

from __future__ import annotations

import numpy as np

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels import homographies
from augexp.augment.pixels.base import Draws, Function, symmetric, whole
from augexp.augment.pixels.canvas import Canvas, Rows


def _horizontal_flip(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, homographies.mirrors(len(rows), horizontal=True))


def _vertical_flip(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, homographies.mirrors(len(rows), horizontal=False))


def _rotation(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, homographies.rotations(symmetric(draws[:, 0], operation["degrees"])))


def _shift(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    right = symmetric(draws[:, 0], operation["x"] * canvas.side)
    canvas.warp(rows, homographies.shifts(right, symmetric(draws[:, 1], operation["y"] * canvas.side)))


def _zoom(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, homographies.zooms(1.0 + symmetric(draws[:, 0], operation["factor"])))


def _shear(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    angles = [np.deg2rad(symmetric(draws[:, i], operation[key])) for i, key in enumerate(("x", "y"))]
    canvas.warp(rows, homographies.shears(np.tan(angles[0]), np.tan(angles[1])))


def _random_crop(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    # Whole pixels: a crop does not blur.
    pixels = round(operation["padding"] * canvas.side)
    canvas.warp(rows, homographies.shifts(whole(draws[:, 0], -pixels, pixels), whole(draws[:, 1], -pixels, pixels)))


def _random_resized_crop(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    low, high = operation["scale_min"], operation["scale_max"]
    area = low + (high - low) * draws[:, 0]
    ratio = np.exp(symmetric(draws[:, 1], np.log(operation["ratio"])))
    width, height = np.minimum(np.sqrt(area * ratio), 1.0), np.minimum(np.sqrt(area / ratio), 1.0)
    x = symmetric(draws[:, 2], canvas.side / 2) * (1.0 - width)
    y = symmetric(draws[:, 3], canvas.side / 2) * (1.0 - height)
    canvas.warp(rows, homographies.crops(x, y, width, height))


def _perspective(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    inwards = draws[:, :8].reshape(-1, 4, 2) * operation["distortion"] / 2.0
    canvas.warp(rows, homographies.perspectives(inwards, canvas.side))


FUNCTIONS: dict[str, Function] = {
    "horizontal_flip": _horizontal_flip,
    "vertical_flip": _vertical_flip,
    "rotation": _rotation,
    "shift": _shift,
    "zoom": _zoom,
    "shear": _shear,
    "random_crop": _random_crop,
    "random_resized_crop": _random_resized_crop,
    "perspective": _perspective,
}
