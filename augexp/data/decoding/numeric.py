"""Pictures of more than 8 bits: which values become black and white.

One rule for each kind of values, decided by all pictures of the data set together and never by one of them, so that
exposure stays comparable:

- whole numbers that are not negative: 0 is black; white is the first of 255, 1,023, 4,095, 65,535 (32,767 where they
  are signed) that no value of the set exceeds, or else the highest value;
- whole numbers with negative ones among them: from the lowest to the highest value of the set;
- fractions: 0 to 1, 0 to 255 or -1 to 1 where the values fill that range, else to the highest value, from 0 or the
  lowest one.

Values that are no number are black, infinite ones black or white; they do not count. A picture in which zero is white
(TIFF's WhiteIsZero) is inverted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

COLOUR = "16-bit colour"
"""Colour of 16 bits a channel, of which Pillow gives the upper 8: white at 65,535."""

_STRIP = 1 << 21
"""Pixels that are converted at a time, which bounds the memory."""

_PHOTOMETRIC, _BITS, _SAMPLE_FORMAT = 262, 258, 339
_SIGNED = 2


class Measured(NamedTuple):
    """What kind of values a picture has (``16-bit``, ``float``, ...), and the lowest and highest finite one."""

    kind: str
    lowest: float
    highest: float


class Scale(NamedTuple):
    """The values that become black and white."""

    black: float
    white: float


def kind_of(image: Image.Image) -> str | None:
    """Return the kind of values of an image that has just been opened; None for 8 bits a channel."""
    tags = getattr(image, "tag_v2", {})
    signed = _SIGNED in (tags.get(_SAMPLE_FORMAT) or ())
    bits = max(tags.get(_BITS) or (0,))
    if image.mode == "F":
        return "float"
    if image.mode == "I":
        return "32-bit" if not tags else f"{'signed ' if signed else ''}{bits}-bit"
    if image.mode.startswith("I;16"):
        return "16-bit"
    if image.mode == "L" and signed and bits == 8:
        return "signed 8-bit"
    if image.mode in ("RGB", "RGBA", "RGBX", "LA") and any(
        ";16" in str(tile[3]) for tile in getattr(image, "tile", ())
    ):
        return COLOUR
    return None


def white_is_zero(image: Image.Image) -> bool:
    """Tell whether zero means white in an opened image of more than 8 bits, which Pillow leaves as it is."""
    return getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0


def measure(image: Image.Image, kind: str) -> Measured:
    """Return the lowest and highest value of an image, 0 and 0 where no value is finite."""
    if kind == COLOUR:
        highest = max(band[1] for band in _extrema(image))
        return Measured(kind, 0.0, float(256 * highest + 255 if highest else 0))
    low, high = np.inf, -np.inf
    for values in _strips(image, kind):
        finite = values[np.isfinite(values)] if kind == "float" else values
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return Measured(kind, low, high) if low <= high else Measured(kind, 0.0, 0.0)


def scale_of(kind: str, lowest: float, highest: float) -> Scale:
    """Return the scale of all pictures of a kind, given the lowest and highest value of the whole data set."""
    if kind == "float":
        scale = _scale_of_fractions(lowest, highest)
    elif lowest < 0:
        scale = Scale(lowest, highest)
    else:
        limits = (127,) if kind == "signed 8-bit" else (255, 1023, 4095, 32767 if kind == "signed 16-bit" else 65535)
        scale = Scale(0.0, float(next((limit for limit in limits if highest <= limit), highest)))
    return scale if scale.white > scale.black else Scale(scale.black, scale.black + 1.0)


def _scale_of_fractions(lowest: float, highest: float) -> Scale:
    largest = max(-lowest, highest)
    if lowest < 0:
        return Scale(-1.0, 1.0) if 0.25 < largest <= 1 else Scale(lowest, highest)
    return Scale(0.0, next((white for white in (1.0, 255.0) if white / 4 < highest <= white), highest))


def to_grey(image: Image.Image, kind: str, scale: Scale, *, inverted: bool) -> Image.Image:
    """Return the 8-bit greyscale image, mode L, of an image of one channel; a transparent value becomes white."""
    grey = np.empty((image.height, image.width), np.uint8)
    transparent = image.info.get("transparency")
    row = 0
    for values in _strips(image, kind):
        scaled = values.astype(np.float64)
        if kind == "float":
            scaled = np.nan_to_num(scaled, nan=scale.black, posinf=scale.white, neginf=scale.black)
        scaled = np.clip(np.rint((scaled - scale.black) * (255.0 / (scale.white - scale.black))), 0, 255)
        part = (255 - scaled if inverted else scaled).astype(np.uint8)
        if isinstance(transparent, int):
            part[values == transparent] = 255
        grey[row : row + len(part)] = part
        row += len(part)
    return Image.fromarray(grey)


def to_colour(data: bytes, scale: Scale) -> Image.Image:
    """Return the RGB or RGBA image of a file with 16-bit colour whose white is not 65,535.

    Raises:
        ValueError: OpenCV, which gives all 16 bits, does not read this file.
    """
    import cv2  # noqa: PLC0415 - rarely needed

    values: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim != 3 or values.shape[2] not in (3, 4) or values.dtype != np.uint16:
        raise ValueError(f"colour of 16 bits whose highest value is {scale.white:,.0f}")
    opacity = [(values[..., 3:] >> 8).astype(np.uint8)] if values.shape[2] == 4 else []
    colour = np.clip(np.rint(values[..., 2::-1] * (255.0 / scale.white)), 0, 255).astype(np.uint8)
    return Image.fromarray(np.concatenate([colour, *opacity], axis=2))


def _extrema(image: Image.Image) -> tuple[tuple[float, float], ...]:
    bands = image.getbands()
    opaque = [band for band in bands if band not in ("A", "X")]
    pairs = image.getextrema()
    return tuple(pair for band, pair in zip(bands, pairs, strict=True) if band in opaque)  # type: ignore[misc]


def _strips(image: Image.Image, kind: str) -> Iterator[npt.NDArray[Any]]:
    """Yield the values of some rows at a time, in the type in which they are meant."""
    rows = max(1, _STRIP // max(image.width, 1))
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
        if kind == "32-bit":  # Pillow reads all 32-bit numbers as signed
            values = values.view(np.uint32)
        elif kind == "signed 8-bit":
            values = values.view(np.int8)
        yield values
