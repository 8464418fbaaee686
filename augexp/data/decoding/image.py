"""From the bytes of an image file to the square of pixels that the network sees."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

MAX_PIXELS = 150_000_000
"""Images with more pixels are refused: they are mistakes, or made to exhaust the memory."""

_TURNED_BY = dict.fromkeys(("JPEG", "WEBP"), {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Formats whose header has been read whole once the file is open, and what in it may name an orientation."""


class Undecodable(Exception):  # noqa: N818 - a state of a record, listed and counted by whoever reads it
    """The bytes are no image that can be used; the message says why in a few words."""


class DecodedImage(NamedTuple):
    """An image as it goes into a store.

    Attributes:
        square: S x S pixels, RGB.
        side: shorter side of the original in pixels.
    """

    square: Image.Image
    side: int


def decode(data: bytes, size: int) -> DecodedImage:
    """Decode to upright RGB, resize the shorter side to `size` and crop the centre.

    The format is told by content: JPEG, PNG, WebP, BMP, GIF (first frame), TIFF (first page). The EXIF
    orientation is applied; transparency is laid over white; 16-bit greyscale is scaled to 8 bits. A
    JPEG much larger than needed is decoded at a reduced scale of at least twice `size`, then averaged
    down with a Lanczos filter.

    Raises:
        Undecodable: empty, damaged, no image, or more than `MAX_PIXELS` pixels.
    """
    if not data:
        raise Undecodable("empty record")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Undecodable(f"{image.width} x {image.height} pixels, more than {MAX_PIXELS:,}")
            side = min(image.size)
            if image.format == "JPEG":
                image.draft("RGB", (2 * size, 2 * size))
            square = _fit(_to_rgb(_upright(image)), size)
            square.load()  # where nothing had to be done to it, it has not been decoded yet
            return DecodedImage(square, side)
    except Undecodable:
        raise
    except Exception as error:
        # Pillow's decoders raise whatever their format's code meets: OSError, SyntaxError, struct.error...
        # Some name the stream by its address, which would make two equal stores differ.
        text = re.sub(r"<[^<>]* at 0x[0-9a-fA-F]+>", "", f"{type(error).__name__}: {error}")
        raise Undecodable(" ".join(text.split())[:120]) from None


class ImageStrip:
    """Images one below another in one tall image: a call of Pillow costs more than a small image.

    Args:
        capacity: number of images that it has room for.
        size: S, side of an image in pixels.
    """

    def __init__(self, capacity: int, size: int) -> None:
        self._tall = Image.new("RGB", (size, capacity * size))
        self._size, self._count = size, 0

    def add(self, square: Image.Image) -> None:
        """Add an RGB image of S x S pixels below the others."""
        self._tall.paste(square, (0, self._count * self._size))
        self._count += 1

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the images, uint8 (n, S, S, 3)."""
        return np.asarray(self._tall).reshape(-1, self._size, self._size, 3)[: self._count]

    def thumbnails(self) -> npt.NDArray[np.uint8]:
        """Return a grey thumbnail of each, uint8 (n, 8, 9): means of its pixels.

        The edges of 8 rows fall between the images. First across and then down, with whole grey levels
        between: Pillow alone would choose an order by the shape, and round differently.
        """
        across = self._tall.resize((9, self._tall.height), Image.Resampling.BOX)
        down = across.resize((9, self._tall.height // self._size * 8), Image.Resampling.BOX)
        return np.asarray(down.convert("L")).reshape(-1, 8, 9)[: self._count]


def _upright(image: Image.Image) -> Image.Image:
    if image.format in _TURNED_BY and not image.info.keys() & _TURNED_BY[image.format]:
        return image  # as most are; a hundredth of the time of a small image is saved
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:
        # Damaged EXIF is common, and the image is none the worse for it; a damaged image fails again.
        image.load()
    return image


def _fit(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size == (size, size):
        return image
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.nan_to_num(np.asarray(image).astype(np.float64))
        top = 65535.0 if image.mode != "F" else max(float(values.max(initial=0.0)), 1e-12)
        grey = np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        white = Image.new("RGBA", layers.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layers).convert("RGB")
    return image.convert("RGB")
