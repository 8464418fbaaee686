"""Spatial operations: filters, noise and covered areas, one image at a time."""

from __future__ import annotations

from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels.base import Draws, Function, Image, factors_of, symmetric, whole
from augexp.augment.pixels.canvas import Canvas, Rows

cv2: Any = opencv  # its stubs know less than numpy's types do

_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13

# -- one image: uint8 (S, S, 3) in RGB, a new one of the same shape ---------------------------------


def sharpen(image: Image, factor: float) -> Image:
    """Blend with a smoothed image: 0 gives that, 1 the original, above 1 a sharper one.

    The smoothing is a 3 x 3 mean with weight 5 in the centre and 1 around it; the outermost pixels stay
    as they are (as in PIL's ImageEnhance.Sharpness).
    """
    if min(image.shape[:2]) < 3:
        return image.copy()
    smooth = np.rint(cv2.filter2D(image, cv2.CV_32F, _SMOOTH))
    sharp = np.rint(smooth + (image - smooth) * np.float32(factor))
    out: Image = np.clip(sharp, 0, 255).astype(np.uint8)
    out[[0, -1]], out[:, [0, -1]] = image[[0, -1]], image[:, [0, -1]]
    return out


def blur(image: Image, sigma: float) -> Image:
    """Blur with a Gaussian of standard deviation `sigma` pixels, the image mirrored at its edges."""
    if sigma < 0.05:  # the kernel's neighbours weigh less than one grey level in 10^80
        return image.copy()
    reach = 2 * max(1, round(3.0 * sigma)) + 1
    blurred: Image = cv2.GaussianBlur(image, (reach, reach), sigma, borderType=cv2.BORDER_REFLECT)
    return blurred


def add_noise(image: Image, std: float, seed: int) -> Image:
    """Add Gaussian noise of standard deviation `std` (grey levels), from the stream of `seed`."""
    normal = np.random.Generator(np.random.Philox(key=seed)).standard_normal(image.shape, dtype=np.float32)
    noisy: Image = np.clip(np.rint(image + normal * np.float32(std)), 0, 255).astype(np.uint8)
    return noisy


def compress(image: Image, quality: int) -> Image:
    """Write as JPEG (chroma at half resolution) with `quality` from 1 to 100 and read it again."""
    ok, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:  # pragma: no cover - OpenCV always brings its JPEG writer
        return image.copy()
    decoded: Image = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return decoded


def cover(image: Image, x: int, y: int, length: int, grey: int) -> Image:
    """Fill a square of side `length` around the pixel (x, y), cut off at the edges, with `grey`."""
    out = image.copy()
    left, top = x - length // 2, y - length // 2
    out[max(top, 0) : max(top + length, 0), max(left, 0) : max(left + length, 0)] = grey
    return out


def erase(image: Image, box: tuple[int, int, int, int], seed: int) -> Image:
    """Fill the box (left, top, width, height) with independent uniform values from the stream of `seed`."""
    left, top, width, height = box
    out = image.copy()
    random = np.random.Generator(np.random.Philox(key=seed))
    out[top : top + height, left : left + width] = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return out


# -- the operations ------------------------------------------------------------------------------


def _sharpness(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    factors = factors_of(draws, operation).tolist()
    canvas.change(rows, lambda image, i: sharpen(image, factors[i]))


def _blur(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    sigmas = (draws[:, 0] * operation["sigma"] * canvas.side).tolist()
    canvas.change(rows, lambda image, i: blur(image, sigmas[i]))


def _noise(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    stds, seeds = (draws[:, 0] * operation["std"] * 255.0).tolist(), _seeds(draws[:, 1])
    canvas.change(rows, lambda image, i: add_noise(image, stds[i], seeds[i]))


def _jpeg(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    qualities = whole(draws[:, 0], operation["quality_min"], operation["quality_max"]).astype(int).tolist()
    canvas.change(rows, lambda image, i: compress(image, qualities[i]))


def _cutout(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    x, y = (np.floor(draws[:, i] * canvas.side).astype(int).tolist() for i in (0, 1))
    length, grey = round(operation["size"] * canvas.side), round(operation["fill"] * 255.0)
    canvas.change(rows, lambda image, i: cover(image, x[i], y[i], length, grey))


def _erasing(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    low, high = operation["area_min"], operation["area_max"]
    area = low + (high - low) * draws[:, 0]
    ratio = np.exp(symmetric(draws[:, 1], np.log(operation["ratio"])))
    # The paper draws again until the rectangle fits; here a side that is too long is cut to the image.
    width = np.minimum(np.rint(np.sqrt(area * ratio) * canvas.side), canvas.side)
    height = np.minimum(np.rint(np.sqrt(area / ratio) * canvas.side), canvas.side)
    left, top = np.floor(draws[:, 2] * (canvas.side - width + 1)), np.floor(draws[:, 3] * (canvas.side - height + 1))
    boxes = np.stack([left, top, width, height], axis=1).astype(int).tolist()
    seeds = _seeds(draws[:, 4])
    canvas.change(rows, lambda image, i: erase(image, tuple(boxes[i]), seeds[i]))


def _seeds(draws: Draws) -> list[int]:
    return (draws * 2.0**53).astype(np.uint64).tolist()  # type: ignore[no-any-return]


FUNCTIONS: dict[str, Function] = {
    "sharpness": _sharpness,
    "blur": _blur,
    "noise": _noise,
    "jpeg": _jpeg,
    "cutout": _cutout,
    "erasing": _erasing,
}
