"""The embedded sample: simple scenes drawn with Pillow, written in LSUN's own format.

It exists so that a comparison can be tried on a machine without network, and is synthetic: nothing
about photos follows from it. Each image shows one object (a house, a boat, a tree, a rocket) before a
horizon, between loose shapes that mean nothing. Everything else varies alike in all splits: which way
the object faces, its tilt, place, size and colours, the light, the clutter, the noise. Training
images are few, so a network sees only a small part of that variation, as with small sets of photos.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import lmdb
import numpy as np
from PIL import Image, ImageDraw

from augexp import seeds
from augexp.data.sources.lsun import LsunSource
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress

VERSION = 1
"""Raised whenever a pixel of the sample changes."""

CLASSES = ("drawn-boat", "drawn-house", "drawn-rocket", "drawn-tree")
"""Names that nobody takes for photos."""

COUNTS = {"train": 80, "val": 100, "test": 500}
"""Images per class and split."""

SIZE = 48
"""Side of the images in pixels."""

_SCALE = 3  # drawn larger and averaged down, for smooth edges

Shape = list[tuple[float, float]]

# Outlines in units of the object's size, y upwards, each with the index of one of its three colours.
_OUTLINES: dict[str, list[tuple[int, Shape]]] = {
    "drawn-boat": [
        (0, [(-0.50, -0.15), (0.50, -0.15), (0.32, -0.42), (-0.36, -0.42)]),
        (1, [(-0.04, -0.08), (-0.04, 0.50), (0.42, -0.08)]),
        (2, [(-0.10, -0.08), (-0.10, 0.34), (-0.36, -0.08)]),
    ],
    "drawn-house": [
        (0, [(-0.40, -0.42), (0.40, -0.42), (0.40, 0.10), (-0.40, 0.10)]),
        (1, [(-0.50, 0.10), (0.50, 0.10), (0.06, 0.48)]),
        (2, [(0.10, -0.42), (0.28, -0.42), (0.28, -0.10), (0.10, -0.10)]),
    ],
    "drawn-rocket": [
        (0, [(-0.15, -0.34), (0.15, -0.34), (0.15, 0.20), (-0.15, 0.20)]),
        (1, [(-0.15, 0.20), (0.15, 0.20), (0.02, 0.50)]),
        (2, [(0.15, -0.10), (0.42, -0.46), (0.15, -0.34)]),
        (2, [(-0.15, -0.10), (-0.34, -0.42), (-0.15, -0.34)]),
    ],
    "drawn-tree": [
        (0, [(-0.08, -0.48), (0.08, -0.48), (0.08, -0.10), (-0.08, -0.10)]),
        (1, [(-0.42, -0.14), (0.38, -0.14), (0.04, 0.22)]),
        (2, [(-0.32, 0.08), (0.30, 0.08), (0.02, 0.50)]),
    ],
}


class SampleSource(LsunSource):
    """The embedded sample; drawn where it is opened for the first time."""

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the drawn images in ``<data_dir>/sample-<VERSION>``."""
        try:
            folder = ensure(data_dir, progress)
        except OSError as error:
            raise DataError(f"{data_dir}: cannot be written ({error.strerror}); choose another --data-dir") from None
        return cls(folder, CLASSES, data.limit)

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Return the number of drawn classes."""
        return len(CLASSES)


def ensure(data_dir: Path, progress: Callable[[str, int, int], None] | None = None) -> Path:
    """Draw the sample where it is missing and return its folder.

    The folder holds one LMDB per class and split, ``<class>_{train,val,test}_lmdb``, with lossless WebP
    values under keys of 40 hex digits, as LSUN unpacks.
    """
    folder = data_dir / f"sample-{VERSION}"
    if folder.is_dir():
        return folder
    data_dir.mkdir(parents=True, exist_ok=True)
    # A new folder under a name that nobody can foresee, so that no link can stand in its place.
    beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=data_dir))
    beside.chmod(0o777 & ~_umask())
    done, total = 0, len(CLASSES) * sum(COUNTS.values())
    for name in CLASSES:
        for split, count in COUNTS.items():
            records = {}
            for number in range(count):
                value = encode(draw(name, split, number))
                records[hashlib.sha1(value, usedforsecurity=False).hexdigest().encode()] = value
                done += 1
                if progress and done % 100 == 0:
                    progress("drawing the sample", done, total)
            _write_lmdb(beside / f"{name}_{split}_lmdb", records)
    try:
        os.replace(beside, folder)
    except OSError:  # another process has drawn it meanwhile
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _umask() -> int:
    """Return which permissions new files lack; the system tells it only by changing it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def encode(image: Image.Image) -> bytes:
    """Encode as lossless WebP."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()


def draw(name: str, split: str, number: int) -> Image.Image:
    """Draw image `number` of class `name`, an RGB image of `SIZE` pixels; the same on every call."""
    rng = seeds.stream(VERSION, number, "sample", name, split)
    side = SIZE * _SCALE
    sky, ground = _colour(rng, 190, 241), _colour(rng, 150, 211)
    canvas = Image.new("RGB", (side, side), sky)
    pen = ImageDraw.Draw(canvas)
    tilt = math.radians(rng.normal(0.0, 9.0))
    horizon = side * rng.uniform(0.45, 0.85)
    slope = math.tan(tilt) * side / 2
    pen.polygon([(0, horizon - slope), (side, horizon + slope), (side, 2 * side), (0, 2 * side)], fill=ground)
    for _ in range(rng.integers(1, 5)):
        _clutter(pen, rng, side)
    _object(pen, rng, name, side, tilt)
    for _ in range(rng.integers(0, 2)):
        _clutter(pen, rng, side)
    return _light(canvas, rng)


def _colour(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _object(pen: ImageDraw.ImageDraw, rng: np.random.Generator, name: str, side: int, tilt: float) -> None:
    colours = [_colour(rng, 10, 91) for _ in range(3)]
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    angle = tilt + math.radians(rng.normal(0.0, 6.0))
    size = side * rng.uniform(0.42, 0.68)
    x, y = side * rng.uniform(0.34, 0.66), side * rng.uniform(0.36, 0.66)
    cosine, sine = math.cos(angle), math.sin(angle)
    for colour, outline in _OUTLINES[name]:
        points = []
        for px, py in outline:
            px, py = mirror * px + rng.normal(0.0, 0.02), -py + rng.normal(0.0, 0.02)
            points.append((x + size * (cosine * px - sine * py), y + size * (sine * px + cosine * py)))
        pen.polygon(points, fill=colours[colour])


def _clutter(pen: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    x, y = rng.uniform(0, side, 2)
    width, height = rng.uniform(0.05, 0.20, 2) * side
    kind = rng.integers(3)
    colour = _colour(rng, 90, 211)
    if kind == 0:
        pen.ellipse([x, y, x + width, y + height], fill=colour)
    elif kind == 1:
        pen.rectangle([x, y, x + width, y + height], fill=colour)
    else:
        pen.polygon([(x, y), (x + width, y + rng.uniform(-0.5, 0.5) * height), (x, y + height)], fill=colour)


def _light(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    # The mean of each block of 3 x 3, computed here so that no library's filter can change a pixel.
    fine = np.asarray(canvas).astype(np.uint16)
    coarse = sum(fine[i::_SCALE, j::_SCALE] for i in range(_SCALE) for j in range(_SCALE))
    light = rng.uniform(0.6, 1.25) / _SCALE**2
    pixels = coarse * light + rng.normal(0.0, 4.0, (SIZE, SIZE, 1))
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _write_lmdb(folder: Path, records: dict[bytes, bytes]) -> None:
    folder.mkdir(parents=True)
    size = 2 * sum(len(value) + 4096 for value in records.values()) + (1 << 20)
    with lmdb.open(str(folder), map_size=size) as environment, environment.begin(write=True) as transaction:
        for key in sorted(records):
            transaction.put(key, records[key])
