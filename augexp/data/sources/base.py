"""Where images come from: LSUN's LMDB folders (the drawn sample among them) and folders of files.

A source lists its records, cheaply and without reading pictures, and gives the bytes of one at a time.
"""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from augexp.data.listing import Block, Entry, Given
from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.errors import DataError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
"""File names that are taken for pictures, compared in lower case."""

SPLIT_FOLDERS: dict[str, Given] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


NOT_IMAGES = frozenset({"thumbs.db", "desktop.ini"})
"""Files that systems leave behind in image folders, in lower case; not worth a word."""

NOT_CLASSES = frozenset({"__MACOSX", "@eaDir"})
"""Folders that archives and network drives add beside the images."""

_BLOCK = 4096

_File = tuple[bytes, int, int]


class Source(Protocol):
    """What a store is made from.

    Attributes:
        classes: names, sorted; a label is an index into them.
        ignored: files that are no pictures by name, as counted by the last `stamp` or `blocks`.
    """

    classes: tuple[str, ...]
    ignored: int

    def stamp(self) -> str:
        """Return a digest that changes when the content may have changed; reads no picture."""

    def blocks(self) -> Iterator[Block]:
        """List the records in an order that is the same on every call."""

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record; safe to call from several threads."""

    def name_of(self, entry: Entry) -> str:
        """Return the name that people know the record by."""


class LsunSource:
    """LSUN categories as unpacked: one LMDB folder per category and split, each category a class.

    Args:
        folder: holds ``<category>_train_lmdb`` and ``<category>_val_lmdb`` (scenes) or ``<category>``
            (objects).
        categories: the classes.
        limit: read at most so many training records per class; None reads all, as of `val`.
    """

    def __init__(self, folder: Path, categories: tuple[str, ...], limit: int | None) -> None:
        self.classes = tuple(sorted(categories))
        self.ignored = 0
        self._limit = limit
        self._parts: dict[tuple[int, Given], LmdbFolder] = {}
        for label, name in enumerate(self.classes):
            self._find(folder, label, name)

    def _find(self, folder: Path, label: int, name: str) -> None:
        places: dict[Given, tuple[str, ...]] = {
            "train": (f"{name}_train_lmdb", name),
            "validation": (f"{name}_val_lmdb",),
            "test": (f"{name}_test_lmdb",),
        }
        for given, candidates in places.items():
            for candidate in candidates:
                if (folder / candidate).exists():
                    self._parts[label, given] = LmdbFolder(folder / candidate)
                    break
        if (label, "train") not in self._parts:
            zipped = next((folder / f"{one}.zip" for one in places["train"] if (folder / f"{one}.zip").exists()), None)
            if zipped:
                raise DataError(f"{zipped}: an archive, not its folder; unpack it with `augexp download --from-file`")
            raise DataError(
                f"{folder / places['train'][0]}: missing; fetch it with `augexp download {name}`, or name the folder "
                "that holds it with --path"
            )

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for (label, given), part in sorted(self._parts.items()):
            digest.update(f"{self.classes[label]}:{given}:{part.stamp()};".encode())
        return digest.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """List the records by class, split and key; only keys are read."""
        for (label, given), part in sorted(self._parts.items()):
            keys = part.keys(self._limit if given == "train" else None)
            while names := list(islice(keys, _BLOCK)):
                yield label, given, names

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        return self._parts[entry.label, entry.given].value(entry.name)

    def name_of(self, entry: Entry) -> str:
        """Return the record's key as text."""
        return entry.name.decode("ascii", "backslashreplace")


class FolderSource:
    """A folder with one sub-folder per class, optionally below ``train/``, ``val/`` and ``test/``.

    Hidden files and files that are no pictures by name are ignored and counted; folders inside a class
    belong to it; links are followed, but no folder is entered twice.
    """

    def __init__(self, folder: Path, limit: int | None) -> None:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; name one that has a sub-folder per class")
        self._folder, self._limit = folder, limit
        self.ignored = 0
        tops: list[tuple[Given, Path]] = [("train", folder)]
        named = [
            (SPLIT_FOLDERS[one.name.lower()], one) for one in _subfolders(folder) if one.name.lower() in SPLIT_FOLDERS
        ]
        if any(given == "train" for given, _ in named):
            tops = sorted(named)
        self._tops = tops
        names = {one.name for _, top in tops for one in _subfolders(top)}
        self.classes = tuple(sorted(names))
        if len(self.classes) < 2:
            found = f"only the class {self.classes[0]!r}" if self.classes else "no sub-folder"
            raise DataError(
                f"{folder}: has {found}; at least two classes are needed, each a sub-folder with its images "
                "(optionally below train/, val/ and test/)"
            )

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        self.ignored = 0
        for label, given, top in self._places():
            for path, size, modified in self._files(given, top):
                digest.update(b"%d\0%s\0%d\0%d\n" % (label, path, size, modified))
        return digest.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """List the files by split, class and path below the folder."""
        self.ignored = 0
        for label, given, top in self._places():
            files = self._files(given, top)
            while names := [path for path, _, _ in islice(files, _BLOCK)]:
                yield label, given, names

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        with open(os.path.join(os.fsencode(self._folder), entry.name), "rb") as file:
            return file.read()

    def name_of(self, entry: Entry) -> str:
        """Return the entry's path below the folder."""
        return os.fsdecode(entry.name).encode("utf-8", "backslashreplace").decode()

    def _places(self) -> Iterator[tuple[int, Given, Path]]:
        for given, top in self._tops:
            for label, name in enumerate(self.classes):
                if (top / name).is_dir():
                    yield label, given, top / name

    def _files(self, given: Given, top: Path) -> Iterator[_File]:
        """Yield path below the folder, size and time of a class's files; with a limit, those chosen by name."""
        files = self._walk(top)
        if self._limit is None or given != "train":
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
            below[:] = sorted(one for one in below if _may_hold_images(one))
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
        return sorted(one for one in folder.iterdir() if _may_hold_images(one.name) and one.is_dir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None


def _digest(path: bytes) -> bytes:
    # Only the file's own name: moving the folder must not choose other images.
    return hashlib.blake2b(path.rsplit(b"/", 1)[-1], digest_size=8).digest()
