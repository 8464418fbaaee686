"""Images and labels as arrays in a file of numpy: `images`, `labels`, and optionally `groups` and `splits`.

``images`` is uint8 (N, H, W), (N, H, W, 1) or (N, H, W, 3), from 0 to 255; the others have one value for each image.
The images are mapped and not loaded: where the file is compressed, they are unpacked once into the data folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from augexp.data.listing import Entry, Given, RecordGroup
from augexp.data.sources import classes
from augexp.data.sources.base import GROUP_SIZE, Source
from augexp.data.sources.layout import split_of
from augexp.errors import DataError
from augexp.files import replacing

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress

FOLDER = "arrays"
"""Folder of the data folder for arrays that were unpacked, downloaded or handed over in Python."""

_MAX_LABELS = 1 << 31  # bytes


class ArraySource(Source):
    """The images of one file; see the module."""

    def __init__(self, path: Path, data_dir: Path, limit: int | None) -> None:
        self._path, self._limit = path, limit
        try:
            with zipfile.ZipFile(path) as archive:
                names = {name.removesuffix(".npy"): name for name in archive.namelist()}
                missing = next((name for name in ("images", "labels") if name not in names), None)
                if missing:
                    raise DataError(
                        f"{path}: the array {missing!r} is missing; received {', '.join(names) or 'none'}; write "
                        "images, labels and, where there are, groups and splits with numpy.savez"
                    )
                values = {name: self._values(archive, names[name]) for name in names if name in _VALUES}
                self._shape: tuple[int, ...] = (0,)
                self._place = self._locate(archive, names["images"], data_dir)
                self._images()
        except DataError:
            raise
        except Exception as error:  # zipfile, zlib and numpy each have their own exceptions for damage
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{path}: cannot be read as .npz ({reason}); write it anew with numpy.savez") from None
        for name, found in values.items():
            if found.shape != (self._shape[0],):
                raise DataError(
                    f"{path}: {name}: received an array of shape {found.shape}; needed is one value for each of the "
                    f"{self._shape[0]:,} images"
                )
        labels = _texts(path, "labels", values["labels"])
        self.classes = classes.in_order(labels, f"{path}: labels")
        numbers = {name: label for label, name in enumerate(self.classes)}
        self._labels = np.fromiter(map(numbers.__getitem__, labels), np.int32, len(labels))
        self._groups = _texts(path, "groups", values["groups"]) if "groups" in values else None
        self._splits = _splits(path, values["splits"]) if "splits" in values else None

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images of the file that `data` names."""
        path = Path(data.path or "")
        if not path.is_file():
            raise DataError(f"{path}: no such file; name a .npz with the arrays images and labels")
        return cls(path, data_dir, data.limit)

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Return 0: the file is read when it is opened."""
        return 0

    def stamp(self) -> str:
        """Return a digest of the file's size and time, and of the labels."""
        status = os.stat(self._path)
        digest = hashlib.blake2b(repr((status.st_size, status.st_mtime_ns, self.classes)).encode(), digest_size=16)
        digest.update(self._labels.tobytes())
        return digest.hexdigest()

    def records(self) -> Iterator[RecordGroup]:
        """List the images by split, class and place; with a limit, the first training images by hash."""
        rows = np.arange(len(self._labels))
        splits = self._splits if self._splits is not None else np.full(len(rows), "train")
        given: tuple[Given, ...] = ("train", "validation", "test")
        for split in given:
            for label in range(len(self.classes)):
                own = rows[(self._labels == label) & (splits == split)]
                if self._limit is not None and split == "train" and len(own) > self._limit:
                    own = np.sort(sorted(own.tolist(), key=_order)[: self._limit])
                for start in range(0, len(own), GROUP_SIZE):
                    yield label, split, [b"%d" % row for row in own[start : start + GROUP_SIZE]]

    def read(self, entry: Entry) -> bytes:
        """Return one image in the plain format of Netpbm, which costs nothing to write or read."""
        pixels = self._images()[int(entry.name)]
        kind = b"P6" if self._shape[3:] == (3,) else b"P5"
        return b"%s %d %d 255\n" % (kind, self._shape[2], self._shape[1]) + np.ascontiguousarray(pixels).tobytes()

    def name_of(self, entry: Entry) -> str:
        """Return the place of the image in its array."""
        return f"images[{entry.name.decode()}]"

    def group_of(self, entry: Entry) -> str | None:
        """Return what the array of the groups says."""
        return self._groups[int(entry.name)] if self._groups is not None else None

    # -- the file ------------------------------------------------------------------------------------

    def _images(self) -> npt.NDArray[np.uint8]:
        path, offset = self._place
        mapped: npt.NDArray[np.uint8] = np.memmap(path, np.uint8, "r", offset, self._shape)
        return mapped

    def _values(self, archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
        if archive.getinfo(name).file_size > _MAX_LABELS:
            raise DataError(f"{self._path}: {name}: has more than 2 GB; one value for each image is needed")
        with archive.open(name) as file:
            try:
                return np.lib.format.read_array(file, allow_pickle=False)
            except ValueError as error:
                if "allow_pickle" in str(error) or "Object arrays" in str(error):
                    raise DataError(
                        f"{self._path}: {name.removesuffix('.npy')}: received objects of Python, which are not read; "
                        "save numbers or text, like numpy.array(labels, dtype=str)"
                    ) from None
                raise

    def _locate(self, archive: zipfile.ZipFile, name: str, data_dir: Path) -> tuple[Path, int]:
        """Return file and offset of the pixels; writes them into the data folder where they are compressed."""
        with archive.open(name) as file:
            shape, by_columns, dtype = _header(file)
            begin = file.tell()
        allowed = "allowed is uint8 of shape (N, height, width), (N, height, width, 1) or (N, height, width, 3)"
        if dtype != np.uint8:
            mend = "; write numpy.round(255 * images).astype(numpy.uint8) for values from 0 to 1" * (dtype.kind == "f")
            raise DataError(f"{self._path}: images: received {dtype}; {allowed}{mend}")
        if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)) or 0 in shape:
            raise DataError(f"{self._path}: images: received shape {shape}; {allowed}")
        if by_columns:
            raise DataError(f"{self._path}: images: are stored column by column; write numpy.ascontiguousarray(images)")
        self._shape = shape
        info = archive.getinfo(name)
        if info.file_size != begin + int(np.prod(shape)):
            raise DataError(f"{self._path}: images: is cut off; write the file anew")
        if info.compress_type == zipfile.ZIP_STORED:
            return self._path, _start(self._path, info) + begin
        status = os.stat(self._path)
        key = repr((str(self._path), status.st_size, status.st_mtime_ns)).encode()
        unpacked = data_dir / FOLDER / f"{hashlib.blake2b(key, digest_size=8).hexdigest()}.npy"
        if not unpacked.exists():
            unpacked.parent.mkdir(parents=True, exist_ok=True)
            with replacing(unpacked) as beside, archive.open(name) as file, beside.open("wb") as out:
                shutil.copyfileobj(file, out, 1 << 20)
        return unpacked, begin


def save(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write arrays as a file that this module reads; raises DataError where the place cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written ({error.strerror or error}); free some space or choose another --data-dir"
        ) from None


_VALUES = ("labels", "groups", "splits")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return shape, by_columns, dtype


def _start(path: Path, info: zipfile.ZipInfo) -> int:
    """Return where the bytes of a member begin: after its own heading, whose length is in it."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        heading = file.read(30)
    return info.header_offset + 30 + int.from_bytes(heading[26:28], "little") + int.from_bytes(heading[28:30], "little")


def _texts(path: Path, name: str, values: npt.NDArray[Any]) -> list[str]:
    """Return one text for each image; numbers as they are written."""
    if values.dtype.kind not in "iubUSf":
        raise DataError(f"{path}: {name}: received {values.dtype}; allowed are whole numbers and text")
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.floor(values))).all():
        row = int(np.flatnonzero(~(np.isfinite(values) & (values == np.floor(values))))[0])
        raise DataError(f"{path}: {name}[{row}]: received {values[row]}; allowed are whole numbers and text")
    whole = values.astype(np.int64) if values.dtype.kind == "f" else values
    texts = [" ".join(_text(value).split()) for value in whole.tolist()]
    if "" in texts:
        raise DataError(f"{path}: {name}[{texts.index('')}]: is empty; every image needs one")
    return texts


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _splits(path: Path, values: npt.NDArray[Any]) -> npt.NDArray[np.str_]:
    texts = _texts(path, "splits", values)
    known = {text: split_of(text) for text in set(texts)}
    wrong = next((row for row, text in enumerate(texts) if known[text] is None), None)
    if wrong is not None:
        raise DataError(f"{path}: splits[{wrong}]: received {texts[wrong]!r}; allowed are train, validation and test")
    return np.array([known[text] for text in texts])


def _order(row: int) -> bytes:
    return hashlib.blake2b(b"%d" % row, digest_size=8).digest()
