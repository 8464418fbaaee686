"""From the bytes of an image file to the square of pixels that the network sees."""

from __future__ import annotations

import contextlib
import io
import re
import threading
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from augexp.data.decoding import numeric
from augexp.data.decoding.numeric import Measured, Scale
from augexp.data.decoding.pillow import readable_formats

MAX_PIXELS = 150_000_000
"""Images with more pixels are refused: they are mistakes, or made to exhaust the memory."""

LARGE = 16_000_000
"""Images with more pixels are decoded one at a time: one takes up to a gigabyte."""

_one_large_image = threading.Lock()

_COMMON = ("JPEG", "PNG", WebPImagePlugin.WebPImageFile.format, "GIF", "BMP")
"""Formats that are tried first: the others take a twentieth of a second to load."""

_EXTRA_SAMPLES = 338
"""TIFF's tag that says what a fourth band is."""

_WHITE = 65535.0
_STRIP = 1 << 21  # pixels that are laid over white at a time

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


class Deferred(Exception):  # noqa: N818 - a state of a record, as above
    """A picture of more than 8 bits, whose scale depends on the pictures that are still to come."""

    def __init__(self, measured: Measured) -> None:
        super().__init__(measured)
        self.measured = measured


Fit = Literal["crop", "pad", "squash"]


def decode(data: bytes, size: int, scales: Mapping[str, Scale] | None = None, fit: Fit = "crop") -> DecodedImage:
    """Decode to upright RGB and make it square: resize the shorter side to `size` and crop the centre, by default.

    The format is told by content: JPEG, PNG, WebP, BMP, GIF (first frame), TIFF (first page), AVIF, PNM, HEIC where
    its plug-in is installed, and others of `pillow.FORMATS`. The EXIF orientation is applied; transparency is laid
    over white; values of more than 8 bits are scaled as `augexp.data.decoding.numeric` says. A JPEG much larger than
    needed is decoded at a reduced scale of at least twice `size`, then averaged down with a Lanczos filter.

    Args:
        data: the file.
        size: S.
        scales: by kind of values, of the whole data set; None takes the picture for all of it.
        fit: `crop` takes the middle; `pad` resizes the longer side and puts black beside or above and below; `squash`
            resizes both sides, whatever the proportions.

    Raises:
        Undecodable: empty, damaged, no image, or more than `MAX_PIXELS` pixels.
        Deferred: the scale of its kind of values is not known yet.
        MemoryError: of this machine, not of the picture.
    """
    if not data:
        raise Undecodable("empty record")
    try:
        with _open(data) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise Undecodable(f"{image.width} x {image.height} pixels, more than {MAX_PIXELS:,}")
            with _one_large_image if pixels > LARGE else contextlib.nullcontext():
                return _decode_opened(image, data, size, scales, fit)
    except (Undecodable, Deferred, MemoryError):
        raise
    except Exception as error:
        # Pillow's decoders raise whatever their format's code meets: OSError, SyntaxError, struct.error...
        # Some name the stream by its address, which would make two equal stores differ.
        text = re.sub(r"<[^<>]* at 0x[0-9a-fA-F]+>", "", f"{type(error).__name__}: {error}")
        raise Undecodable(_tiff_kind(data) or " ".join(text.split())[:120]) from None


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=_COMMON)
    except UnidentifiedImageError:
        return Image.open(io.BytesIO(data), formats=readable_formats())


def _decode_opened(
    image: Image.Image, data: bytes, size: int, scales: Mapping[str, Scale] | None, fit: Fit
) -> DecodedImage:
    side, kind, inverted = min(image.size), numeric.kind_of(image), numeric.white_is_zero(image)
    opaque = image.format == "TIFF" and image.mode == "RGBA" and _EXTRA_SAMPLES not in getattr(image, "tag_v2", {})
    if image.format == "JPEG":
        image.draft("RGB", (2 * size, 2 * size))
    image = _upright(image)
    if kind is not None:
        measured = numeric.measure(image, kind)
        if scales is not None and kind not in scales:
            raise Deferred(measured)
        scale = scales[kind] if scales is not None else numeric.scale_of(*measured)
        if kind != numeric.COLOUR:
            image = numeric.to_grey(image, kind, scale, inverted=inverted)
        elif scale.white != _WHITE:
            image = ImageOps.exif_transpose(_with_exif(numeric.to_colour(data, scale), data))
    if opaque and image.mode == "RGBA":
        image = Image.merge("RGB", image.split()[:3])  # a fourth band that nothing declares to be opacity
    square = _fit(_to_rgb(image), size, fit)
    square.load()  # where nothing had to be done to it, it has not been decoded yet
    return DecodedImage(square if square.mode == "RGB" else square.convert("RGB"), side)


def _with_exif(image: Image.Image, data: bytes) -> Image.Image:
    with _open(data) as original:
        image.info["exif"] = original.getexif().tobytes()
    return image


def _tiff_kind(data: bytes) -> str:
    """Say which kind of TIFF it is that Pillow does not know; empty for anything else."""
    with contextlib.suppress(Exception):
        tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        bands, bits = tags.get(277, 1), max(tags.get(258, (1,)))
        if bands > 1 or bits > 32:
            return f"TIFF of {bands} bands with {bits} bits each; read are 1, 3 and 4 bands of 8 and 16 bits, 1 of 32"
    return ""


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


def _fit(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    if image.size == (size, size):
        return image
    if fit == "squash":
        return image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if fit == "pad":
        longer = max(image.size)
        width, height = (max(1, round(side * size / longer)) for side in image.size)
        whole = Image.new(image.mode, (size, size))
        whole.paste(
            image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0),
            ((size - width) // 2, (size - height) // 2),
        )
        return whole
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Return the image in RGB, or grey where that is the same in less memory."""
    if image.mode == "L" and "transparency" not in image.info:
        return image
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        image.info["transparency"] = tuple(value >> 8 for value in key)  # of 16 bits, as the colours were
    if image.mode == "1":
        image = image.convert("L")
    # In strips, since three images of this size would not always fit into memory.
    flat = Image.new("RGB", image.size)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        layers = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", layers.size, (255, 255, 255, 255))
        flat.paste(Image.alpha_composite(white, layers).convert("RGB"), (0, top))
    return flat
