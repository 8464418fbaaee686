"""Small images, image folders and LSUN databases for the tests of the data package, and what a source lists."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import lmdb
import numpy as np
from PIL import Image

from augexp.data.decoding.image import ImageStrip, decode
from augexp.data.listing import Entry
from augexp.data.sources.base import Source

SIDE = 16


def pixels(number: int, side: int = SIDE) -> np.ndarray:
    """Return image `number`: soft blobs, uint8 (side, side, 3), unlike every other number's."""
    coarse = np.random.default_rng(number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def encode(array: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, form, **options)
    return buffer.getvalue()


def decoded(data: bytes, side: int) -> np.ndarray:
    return np.asarray(decode(data, side).square)


def strip(squares: Iterable[np.ndarray]) -> ImageStrip:
    squares = list(squares)
    filled = ImageStrip(len(squares), len(squares[0]))
    for square in squares:
        filled.add(Image.fromarray(square))
    return filled


def png(number: int, side: int = SIDE) -> bytes:
    return encode(pixels(number, side))


def fill(folder: Path, numbers: Iterable[int], *, prefix: str = "") -> Path:
    """Write images ``<prefix><number>.png`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{prefix}{number}.png").write_bytes(png(number))
    return folder


def image_folder(root: Path, classes: Mapping[str, Iterable[int]]) -> Path:
    """Write one sub-folder per class (``train/cat`` for a split folder) with the numbered images."""
    for name, numbers in classes.items():
        fill(root / name, numbers)
    return root


def key_of(value: bytes) -> bytes:
    return hashlib.sha1(value, usedforsecurity=False).hexdigest().encode()


def write_lmdb(folder: Path, values: Iterable[bytes] | Mapping[bytes, bytes]) -> Path:
    """Write an LSUN database; values without keys get SHA-1 keys as LSUN has them."""
    records = dict(values) if isinstance(values, Mapping) else {key_of(value): value for value in values}
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 26) as environment, environment.begin(write=True) as transaction:
        for key, value in records.items():
            transaction.put(key, value)
    return folder


def scene(root: Path, name: str, train: Iterable[int], val: Iterable[int] = ()) -> None:
    """Write an LSUN scene with ``train`` and, where there are numbers, ``val``."""
    write_lmdb(root / f"{name}_train_lmdb", [png(number) for number in train])
    if val := list(val):
        write_lmdb(root / f"{name}_val_lmdb", [png(number) for number in val])


def listed(source: Source) -> list[tuple[str, str, str]]:
    """Return class, split and name of every record."""
    return [
        (source.classes[label], given, source.name_of(Entry(name, label, given)))
        for label, given, names in source.records()
        for name in names
    ]


def names(source: Source) -> list[str]:
    return [name for _, _, name in listed(source)]
