"""A folder of image files: one sub-folder per class."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from augexp.data.listing import Entry, Given, RecordGroup
from augexp.data.sources.base import GROUP_SIZE, Source
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
"""File names that are taken for images, compared in lower case."""

SPLIT_FOLDERS: dict[str, Given] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}

NOT_IMAGES = frozenset({"thumbs.db", "desktop.ini"})
"""Files that systems leave behind in image folders, in lower case; not worth a word."""

NOT_CLASSES = frozenset({"__MACOSX", "@eaDir"})
"""Folders that archives and network drives add beside the images."""

_File = tuple[bytes, int, int]


class FolderSource(Source):
    """A folder with one sub-folder per class, optionally below ``train/``, ``val/`` and ``test/``.

    Hidden files and files that are no images by name are ignored and counted; folders inside a class
    belong to it; links are followed, but no folder is entered twice.
    """

    def __init__(self, folder: Path, limit: int | None) -> None:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; name one that has a sub-folder per class")
        self._folder, self._limit = folder, limit
        splits = [(SPLIT_FOLDERS.get(below.name.lower()), below) for below in _subfolders(folder)]
        self._tops: list[tuple[Given, Path]] = sorted((split, below) for split, below in splits if split)
        if not any(split == "train" for split, _ in self._tops):
            self._tops = [("train", folder)]
        self.classes = tuple(sorted({below.name for _, top in self._tops for below in _subfolders(top)}))
        if len(self.classes) < 2:
            content = f"only the class {self.classes[0]!r}" if self.classes else "no sub-folder"
            raise DataError(
                f"{folder}: has {content}; at least two classes are needed, each a sub-folder with its images "
                "(optionally below train/, val/ and test/)"
            )

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images of the folder that `data` names."""
        return cls(Path(data.path or ""), data.limit)

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Count the sub-folders."""
        try:
            return len(cls(Path(data.path or ""), data.limit).classes)
        except DataError:  # `open` says the same, at its time
            return 0

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        self.ignored = 0
        for label, split, top in self._places():
            for path, size, modified in self._files(split, top):
                digest.update(b"%d\0%s\0%d\0%d\n" % (label, path, size, modified))
        return digest.hexdigest()

    def records(self) -> Iterator[RecordGroup]:
        """List the files by split, class and path below the folder."""
        self.ignored = 0
        for label, split, top in self._places():
            files = self._files(split, top)
            while names := [path for path, _, _ in islice(files, GROUP_SIZE)]:
                yield label, split, names

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        with open(os.path.join(os.fsencode(self._folder), entry.name), "rb") as file:
            return file.read()

    def name_of(self, entry: Entry) -> str:
        """Return the entry's path below the folder."""
        return os.fsdecode(entry.name).encode("utf-8", "backslashreplace").decode()

    def _places(self) -> Iterator[tuple[int, Given, Path]]:
        for split, top in self._tops:
            for label, name in enumerate(self.classes):
                if (top / name).is_dir():
                    yield label, split, top / name

    def _files(self, split: Given, top: Path) -> Iterator[_File]:
        """Yield path below the folder, size and time of a class's files; with a limit, those chosen by name."""
        files = self._walk(top)
        if self._limit is None or split != "train":
            return files
        return iter(sorted(heapq.nsmallest(self._limit, files, key=lambda file: (_digest(file[0]), file[0]))))

    def _walk(self, folder: Path) -> Iterator[_File]:
        entered: set[str] = set()
        for place, below, names in os.walk(folder, followlinks=True, onerror=_refuse):
            real = os.path.realpath(place)
            if real in entered:  # a link that leads back
                below.clear()
                continue
            entered.add(real)
            below[:] = sorted(inner for inner in below if _may_hold_images(inner))
            for name in sorted(names):
                if name.startswith(".") or os.path.splitext(name)[1].lower() not in SUFFIXES:
                    self.ignored += not (name.startswith(".") or name.lower() in NOT_IMAGES)
                    continue
                path = os.path.join(place, name)
                inside = os.fsencode(os.path.relpath(path, self._folder)).replace(os.sep.encode(), b"/")
                try:
                    status = os.stat(path)
                    yield inside, status.st_size, status.st_mtime_ns
                except OSError:  # a link to nothing: counted as undecodable when it is read
                    yield inside, 0, 0


def _may_hold_images(name: str) -> bool:
    return not name.startswith(".") and name not in NOT_CLASSES


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read ({error.strerror}); give yourself access or move it elsewhere")


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _may_hold_images(path.name) and path.is_dir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None


def _digest(path: bytes) -> bytes:
    # Only the file's own name: moving the folder must not choose other images.
    return hashlib.blake2b(path.rsplit(b"/", 1)[-1], digest_size=8).digest()
