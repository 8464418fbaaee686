"""What the operations of the catalogue do, given their random numbers.

`apply` takes an operation, the pictures to change and numbers in [0, 1), one row per picture; it notes
or carries out the change on a `Canvas`. Fixed numbers give fixed pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels import geometry, photometry, spatial
from augexp.augment.pixels.canvas import Canvas, Rows

Draws = npt.NDArray[np.float64]
Function = Callable[[Canvas, Rows, Draws, Operation], None]


def symmetric(draws: Draws, limit: float) -> Draws:
    """Spread numbers in [0, 1) over -limit to +limit."""
    return (2.0 * draws - 1.0) * limit


def whole(draws: Draws, lowest: int, highest: int) -> Draws:
    """Spread numbers in [0, 1) over the whole numbers from `lowest` to `highest`, both included."""
    return np.floor(draws * (highest - lowest + 1)) + lowest


# -- geometric -----------------------------------------------------------------------------------


def _horizontal_flip(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, geometry.mirrors(len(rows), horizontal=True))


def _vertical_flip(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, geometry.mirrors(len(rows), horizontal=False))


def _rotation(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, geometry.rotations(symmetric(draws[:, 0], operation["degrees"])))


def _shift(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    right = symmetric(draws[:, 0], operation["x"] * canvas.side)
    canvas.warp(rows, geometry.shifts(right, symmetric(draws[:, 1], operation["y"] * canvas.side)))


def _zoom(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.warp(rows, geometry.zooms(1.0 + symmetric(draws[:, 0], operation["factor"])))


def _shear(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    angles = [np.deg2rad(symmetric(draws[:, i], operation[key])) for i, key in enumerate(("x", "y"))]
    canvas.warp(rows, geometry.shears(np.tan(angles[0]), np.tan(angles[1])))


def _random_crop(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    # Whole pixels: a crop does not blur.
    pixels = round(operation["padding"] * canvas.side)
    canvas.warp(rows, geometry.shifts(whole(draws[:, 0], -pixels, pixels), whole(draws[:, 1], -pixels, pixels)))


def _random_resized_crop(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    low, high = operation["scale_min"], operation["scale_max"]
    area = low + (high - low) * draws[:, 0]
    ratio = np.exp(symmetric(draws[:, 1], np.log(operation["ratio"])))
    width, height = np.minimum(np.sqrt(area * ratio), 1.0), np.minimum(np.sqrt(area / ratio), 1.0)
    x = symmetric(draws[:, 2], canvas.side / 2) * (1.0 - width)
    y = symmetric(draws[:, 3], canvas.side / 2) * (1.0 - height)
    canvas.warp(rows, geometry.crops(x, y, width, height))


def _perspective(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    inwards = draws[:, :8].reshape(-1, 4, 2) * operation["distortion"] / 2.0
    canvas.warp(rows, geometry.perspectives(inwards, canvas.side))


# -- photometric ---------------------------------------------------------------------------------


def _factors(draws: Draws, operation: Operation) -> Draws:
    return 1.0 + symmetric(draws[:, 0], operation["factor"])


def _brightness(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    factors = _factors(draws, operation)
    canvas.curve(rows, lambda table: photometry.brighten(table, factors))


def change_contrast(canvas: Canvas, rows: Rows, factors: Draws) -> None:
    """Blend the pictures `rows` (R,) with their own mean grey by `factors` (R,), 1 leaves them."""
    middles = np.array([spatial.mean_luma(picture) for picture in canvas.pictures(rows)])
    canvas.curve(rows, lambda table: photometry.stretch(table, factors, middles))


def _contrast(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    change_contrast(canvas, rows, _factors(draws, operation))


def _gamma(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    exponents = np.exp(symmetric(draws[:, 0], np.log(operation["gamma"])))
    canvas.curve(rows, lambda table: photometry.bend(table, exponents))


def _posterize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    bits = whole(draws[:, 0], operation["bits"], 8)
    canvas.curve(rows, lambda table: photometry.posterize(table, bits))


def _solarize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    thresholds = whole(draws[:, 0], operation["threshold"], 256)
    canvas.curve(rows, lambda table: photometry.solarize(table, thresholds))


def _invert(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.curve(rows, photometry.invert)


def _saturation(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, photometry.saturations(_factors(draws, operation)))


def _hue(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, photometry.hues(symmetric(draws[:, 0], operation["degrees"])))


def _grayscale(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, photometry.saturations(np.zeros(len(rows))))


def _equalize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.change(rows, lambda picture, i: spatial.equalize(picture))


def _autocontrast(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.change(rows, lambda picture, i: spatial.autocontrast(picture))


# -- spatial -------------------------------------------------------------------------------------


def _sharpness(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    factors = _factors(draws, operation).tolist()
    canvas.change(rows, lambda picture, i: spatial.sharpen(picture, factors[i]))


def _blur(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    sigmas = (draws[:, 0] * operation["sigma"] * canvas.side).tolist()
    canvas.change(rows, lambda picture, i: spatial.blur(picture, sigmas[i]))


def _noise(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    stds, seeds = (draws[:, 0] * operation["std"] * 255.0).tolist(), _seeds(draws[:, 1])
    canvas.change(rows, lambda picture, i: spatial.add_noise(picture, stds[i], seeds[i]))


def _jpeg(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    qualities = whole(draws[:, 0], operation["quality_min"], operation["quality_max"]).astype(int).tolist()
    canvas.change(rows, lambda picture, i: spatial.compress(picture, qualities[i]))


def _cutout(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    x, y = (np.floor(draws[:, i] * canvas.side).astype(int).tolist() for i in (0, 1))
    length, grey = round(operation["size"] * canvas.side), round(operation["fill"] * 255.0)
    canvas.change(rows, lambda picture, i: spatial.cover(picture, x[i], y[i], length, grey))


def _erasing(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    low, high = operation["area_min"], operation["area_max"]
    area = low + (high - low) * draws[:, 0]
    ratio = np.exp(symmetric(draws[:, 1], np.log(operation["ratio"])))
    # The paper draws again until the rectangle fits; here a side that is too long is cut to the picture.
    width = np.minimum(np.rint(np.sqrt(area * ratio) * canvas.side), canvas.side)
    height = np.minimum(np.rint(np.sqrt(area / ratio) * canvas.side), canvas.side)
    left, top = np.floor(draws[:, 2] * (canvas.side - width + 1)), np.floor(draws[:, 3] * (canvas.side - height + 1))
    boxes = np.stack([left, top, width, height], axis=1).astype(int).tolist()
    seeds = _seeds(draws[:, 4])
    canvas.change(rows, lambda picture, i: spatial.erase(picture, tuple(boxes[i]), seeds[i]))


def _seeds(draws: Draws) -> list[int]:
    return (draws * 2.0**53).astype(np.uint64).tolist()  # type: ignore[no-any-return]


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
    "brightness": _brightness,
    "contrast": _contrast,
    "gamma": _gamma,
    "posterize": _posterize,
    "solarize": _solarize,
    "invert": _invert,
    "saturation": _saturation,
    "hue": _hue,
    "grayscale": _grayscale,
    "equalize": _equalize,
    "autocontrast": _autocontrast,
    "sharpness": _sharpness,
    "blur": _blur,
    "noise": _noise,
    "jpeg": _jpeg,
    "cutout": _cutout,
    "erasing": _erasing,
}
"""The function of every operation that is not composite, mixing or a Keras layer."""
