"""From the bytes of a picture to the square of pixels that the network sees."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

MOST_PIXELS = 150_000_000
"""Pictures with more pixels are refused: they are mistakes, or made to exhaust the memory."""


_TURNED_BY = dict.fromkeys(("JPEG", "WEBP"), {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Formats whose header has been read whole once the file is open, and what in it may name an orientation."""


class Undecodable(Exception):  # noqa: N818 - a state of a record, listed and counted by whoever reads it
    """The bytes are no picture that can be used; the message says why in a few words."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: uint8 (S, S, 3), RGB.
        side: shorter side of the original in pixels.
    """

    pixels: npt.NDArray[np.uint8]
    side: int


def decode(data: bytes, size: int) -> Picture:
    """Decode to upright RGB, resize the shorter side to `size` and crop the centre.

    The format is told by content: JPEG, PNG, WebP, BMP, GIF (first frame), TIFF (first page). The EXIF
    orientation is applied; transparency is laid over white; 16-bit greyscale is scaled to 8 bits. A
    JPEG much larger than needed is decoded at a reduced scale of at least twice `size`, then averaged
    down with a Lanczos filter.

    Raises:
        Undecodable: empty, damaged, no picture, or more than `MOST_PIXELS` pixels.
    """
    if not data:
        raise Undecodable("empty record")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Undecodable(f"{image.width} x {image.height} pixels, more than {MOST_PIXELS:,}")
            side = min(image.size)
            if image.format == "JPEG":
                image.draft("RGB", (2 * size, 2 * size))
            return Picture(np.asarray(_fit(_to_rgb(_upright(image)), size)), side)
    except Undecodable:
        raise
    except Exception as error:
        # Pillow's decoders raise whatever their format's code meets: OSError, SyntaxError, struct.error...
        # Some name the stream by its address, which would make two equal stores differ.
        text = re.sub(r"<[^<>]* at 0x[0-9a-fA-F]+>", "", f"{type(error).__name__}: {error}")
        raise Undecodable(" ".join(text.split())[:120]) from None


def shrink(squares: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a grey thumbnail uint8 (n, 8, 9) of each of `squares` uint8 (n, S, S, 3): means of its pixels.

    They are one tall picture to Pillow, since a call costs more than a small picture. Its edges of 8 rows fall
    between the squares. First across and then down, with whole grey levels between: Pillow alone would choose
    an order by the shape, and round differently.
    """
    count, size = squares.shape[:2]
    tall = Image.fromarray(squares.reshape(count * size, size, 3))
    across = tall.resize((9, count * size), Image.Resampling.BOX)
    return np.asarray(across.resize((9, count * 8), Image.Resampling.BOX).convert("L")).reshape(count, 8, 9)


def _upright(image: Image.Image) -> Image.Image:
    if image.format in _TURNED_BY and not image.info.keys() & _TURNED_BY[image.format]:
        return image  # as most are; a hundredth of the time of a small picture is saved
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:
        # Damaged EXIF is common, and the picture is none the worse for it; a damaged picture fails again.
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
