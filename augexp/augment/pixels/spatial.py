"""Operations on the pixels of one 8-bit picture that are neither a matrix nor a curve.

Every function takes a picture uint8 (S, S, 3) in RGB and returns a new one of the same shape and type.
"""

from __future__ import annotations

from typing import Any

import cv2 as opencv  # noqa: TID253 - this module is imported by workers only
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

cv2: Any = opencv  # its stubs know less than numpy's types do

_SAME = np.arange(256)
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13


def sharpen(picture: Image, factor: float) -> Image:
    """Blend with a smoothed picture: 0 gives that, 1 the original, above 1 a sharper one.

    The smoothing is a 3 x 3 mean with weight 5 in the centre and 1 around it; the outermost pixels stay
    as they are (as in PIL's ImageEnhance.Sharpness).
    """
    if min(picture.shape[:2]) < 3:
        return picture.copy()
    smooth = np.rint(cv2.filter2D(picture, cv2.CV_32F, _SMOOTH))
    sharp = np.rint(smooth + (picture - smooth) * np.float32(factor))
    out: Image = np.clip(sharp, 0, 255).astype(np.uint8)
    out[[0, -1]], out[:, [0, -1]] = picture[[0, -1]], picture[:, [0, -1]]
    return out


def blur(picture: Image, sigma: float) -> Image:
    """Blur with a Gaussian of standard deviation `sigma` pixels, the picture mirrored at its edges."""
    if sigma < 0.05:  # the kernel's neighbours weigh less than one grey level in 10^80
        return picture.copy()
    reach = 2 * max(1, round(3.0 * sigma)) + 1
    blurred: Image = cv2.GaussianBlur(picture, (reach, reach), sigma, borderType=cv2.BORDER_REFLECT)
    return blurred


def add_noise(picture: Image, std: float, seed: int) -> Image:
    """Add Gaussian noise of standard deviation `std` (grey levels), from the stream of `seed`."""
    normal = np.random.Generator(np.random.Philox(key=seed)).standard_normal(picture.shape, dtype=np.float32)
    noisy: Image = np.clip(np.rint(picture + normal * np.float32(std)), 0, 255).astype(np.uint8)
    return noisy


def compress(picture: Image, quality: int) -> Image:
    """Write as JPEG (chroma at half resolution) with `quality` from 1 to 100 and read it again."""
    ok, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:  # pragma: no cover - OpenCV always brings its JPEG writer
        return picture.copy()
    decoded: Image = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return decoded


def cover(picture: Image, x: int, y: int, length: int, grey: int) -> Image:
    """Fill a square of side `length` around the pixel (x, y), cut off at the edges, with `grey`."""
    out = picture.copy()
    left, top = x - length // 2, y - length // 2
    out[max(top, 0) : max(top + length, 0), max(left, 0) : max(left + length, 0)] = grey
    return out


def erase(picture: Image, box: tuple[int, int, int, int], seed: int) -> Image:
    """Fill the box (left, top, width, height) with independent uniform values from the stream of `seed`."""
    left, top, width, height = box
    out = picture.copy()
    random = np.random.Generator(np.random.Philox(key=seed))
    out[top : top + height, left : left + width] = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return out


def equalize(picture: Image) -> Image:
    """Flatten the histogram of every channel: the running count divided by 1/255 of all but the brightest.

    A channel whose step would be zero (few pixels or one value) stays as it is. The rounding is PIL's
    (ImageOps.equalize).
    """
    tables = np.empty((1, 256, 3), dtype=np.uint8)
    for channel, plane in enumerate(cv2.split(picture)):
        counts = np.bincount(plane.ravel(), minlength=256)
        brightest = counts[np.flatnonzero(counts)[-1]]
        step = (plane.size - int(brightest)) // 255
        before = np.cumsum(counts) - counts
        tables[0, :, channel] = np.minimum((step // 2 + before) // step, 255) if step else _SAME
    flat: Image = cv2.LUT(picture, tables)
    return flat


def autocontrast(picture: Image) -> Image:
    """Stretch every channel from its darkest and brightest value to 0 and 255; a constant channel stays.

    Broken values are cut off, as PIL does (ImageOps.autocontrast).
    """
    tables = np.empty((1, 256, 3), dtype=np.uint8)
    for channel, plane in enumerate(cv2.split(picture)):
        low, high, _, _ = cv2.minMaxLoc(plane)
        scale = 255.0 / (high - low) if high > low else 1.0
        start = low if high > low else 0.0
        tables[0, :, channel] = np.clip(_SAME * scale - start * scale, 0.0, 255.0)
    stretched: Image = cv2.LUT(picture, tables)
    return stretched


def mean_luma(picture: Image) -> float:
    """Return the mean grey (ITU-R 601) of the picture, rounded to a whole level as in PIL."""
    return float(np.floor(cv2.mean(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))[0] + 0.5))
