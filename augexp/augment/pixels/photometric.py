"""Photometric operations: curves and colour matrices of a whole batch, and the histogram of one image."""

from __future__ import annotations

from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels import colours
from augexp.augment.pixels.base import Draws, Function, Image, factors_of, symmetric, whole
from augexp.augment.pixels.canvas import Canvas, Rows

cv2: Any = opencv  # its stubs know less than numpy's types do

_SAME = np.arange(256)

# -- one image: uint8 (S, S, 3) in RGB, a new one of the same shape ---------------------------------


def equalize(image: Image) -> Image:
    """Flatten the histogram of every channel: the running count divided by 1/255 of all but the brightest.

    A channel whose step would be zero (few pixels or one value) stays as it is. The rounding is PIL's
    (ImageOps.equalize).
    """
    tables = np.empty((1, 256, 3), dtype=np.uint8)
    for channel, plane in enumerate(cv2.split(image)):
        counts = np.bincount(plane.ravel(), minlength=256)
        brightest = counts[np.flatnonzero(counts)[-1]]
        step = (plane.size - int(brightest)) // 255
        before = np.cumsum(counts) - counts
        tables[0, :, channel] = np.minimum((step // 2 + before) // step, 255) if step else _SAME
    flat: Image = cv2.LUT(image, tables)
    return flat


def autocontrast(image: Image) -> Image:
    """Stretch every channel from its darkest and brightest value to 0 and 255; a constant channel stays.

    Broken values are cut off, as PIL does (ImageOps.autocontrast).
    """
    tables = np.empty((1, 256, 3), dtype=np.uint8)
    for channel, plane in enumerate(cv2.split(image)):
        low, high, _, _ = cv2.minMaxLoc(plane)
        scale = 255.0 / (high - low) if high > low else 1.0
        start = low if high > low else 0.0
        tables[0, :, channel] = np.clip(_SAME * scale - start * scale, 0.0, 255.0)
    stretched: Image = cv2.LUT(image, tables)
    return stretched


def mean_luma(image: Image) -> float:
    """Return the mean grey (ITU-R 601) of the image, rounded to a whole level as in PIL."""
    return float(np.floor(cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0] + 0.5))


# -- the operations ------------------------------------------------------------------------------


def _brightness(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    factors = factors_of(draws, operation)
    canvas.curve(rows, lambda table: colours.brighten(table, factors))


def change_contrast(canvas: Canvas, rows: Rows, factors: Draws) -> None:
    """Blend the images `rows` (R,) with their own mean grey by `factors` (R,), 1 leaves them."""
    middles = np.array([mean_luma(image) for image in canvas.images(rows)])
    canvas.curve(rows, lambda table: colours.stretch(table, factors, middles))


def _contrast(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    change_contrast(canvas, rows, factors_of(draws, operation))


def _gamma(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    exponents = np.exp(symmetric(draws[:, 0], np.log(operation["gamma"])))
    canvas.curve(rows, lambda table: colours.bend(table, exponents))


def _posterize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    bits = whole(draws[:, 0], operation["bits"], 8)
    canvas.curve(rows, lambda table: colours.posterize(table, bits))


def _solarize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    thresholds = whole(draws[:, 0], operation["threshold"], 256)
    canvas.curve(rows, lambda table: colours.solarize(table, thresholds))


def _invert(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.curve(rows, colours.invert)


def _saturation(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, colours.saturations(factors_of(draws, operation)))


def _hue(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, colours.hues(symmetric(draws[:, 0], operation["degrees"])))


def _grayscale(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.colour(rows, colours.saturations(np.zeros(len(rows))))


def _equalize(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.change(rows, lambda image, i: equalize(image))


def _autocontrast(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    canvas.change(rows, lambda image, i: autocontrast(image))


FUNCTIONS: dict[str, Function] = {
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
}
