"""Pillow as augexp needs it, whatever the program around it has set: which formats, which limits, no messages.

A program that uses Pillow too may have told it to read broken files, or to refuse large ones; both would make another
store. HEIC is read where the plug-in pillow-heif is installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator

from PIL import Image, ImageFile, PngImagePlugin, features

FORMATS = (
    "JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "MPO", "PPM", "AVIF", "JPEG2000", "ICO", "ICNS", "TGA", "PCX",
    "DDS", "SGI", "PSD", "QOI", "XBM", "XPM", "HEIF",
)  # fmt: skip
"""What content may be, whatever the file is called; no format that starts another program, as EPS does."""

METADATA_BYTES = 1 << 28
"""Size up to which texts and colour profiles of a PNG are unpacked: a picture is none the worse for them."""

_LIMITS = (
    (Image, "MAX_IMAGE_PIXELS", None),  # augexp has a limit of its own
    (ImageFile, "LOAD_TRUNCATED_IMAGES", False),
    (PngImagePlugin, "MAX_TEXT_CHUNK", METADATA_BYTES),
    (PngImagePlugin, "MAX_TEXT_MEMORY", METADATA_BYTES),
)


def has_avif() -> bool:
    """Tell whether this Pillow reads AVIF."""
    return bool(features.check("avif"))


def has_heif() -> bool:
    """Tell whether the plug-in that reads HEIC is installed."""
    return importlib.util.find_spec("pillow_heif") is not None


def readable_formats() -> tuple[str, ...]:
    """Return the names of the formats that are read, with Pillow's plug-ins loaded."""
    Image.init()
    if has_heif() and "HEIF" not in Image.OPEN:
        import pillow_heif  # noqa: PLC0415 - an optional plug-in

        pillow_heif.register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Set limits, warnings and log as augexp needs them until the block ends; not by several threads at once."""
    log = logging.getLogger("PIL")
    before, level = [getattr(module, name) for module, name, _ in _LIMITS], log.level
    for module, name, value in _LIMITS:
        setattr(module, name, value)
    log.setLevel(logging.CRITICAL)  # what it cannot read is listed with the reason
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # oddities in images that it can read
            warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
            yield
    finally:
        log.setLevel(level)
        for (module, name, _), value in zip(_LIMITS, before, strict=True):
            setattr(module, name, value)
