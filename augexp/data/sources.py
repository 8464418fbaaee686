"""Where images come from: LSUN's LMDB folders (the drawn sample among them) and folders of files.

A source lists `Entry`s, cheaply and without reading pictures, and gives the bytes of one at a time.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from augexp.data.lmdb_folder import LmdbFolder
from augexp.errors import DataError

Given = Literal["train", "validation", "test"]

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its name in the source, its class, and the split that the source puts it in."""

    key: str
    label: int
    given: Given


class Source(Protocol):
    """What a store is made from."""

    classes: tuple[str, ...]
    ignored: int

    def stamp(self) -> str:
        """Return a digest that changes when the content may have changed; reads no picture."""

    def entries(self) -> list[Entry]:
        """List the records in an order that is the same on every call."""

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record; safe to call from several threads."""


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

    def entries(self) -> list[Entry]:
        """List the records by class, split and key; only keys are read."""
        found = []
        for (label, given), part in sorted(self._parts.items()):
            limit = self._limit if given == "train" else None
            found += [Entry(f"{given}/{key.hex()}", label, given) for key in part.keys(limit)]
        return found

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        return self._parts[entry.label, entry.given].value(bytes.fromhex(entry.key.split("/")[1]))

    def name_of(self, entry: Entry) -> str:
        """Return the entry's key as people know it."""
        return bytes.fromhex(entry.key.split("/")[1]).decode("ascii", "backslashreplace")


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
        self._sizes: list[tuple[str, int, int]] = []
        self._entries = self._list()

    def _list(self) -> list[Entry]:
        found: list[Entry] = []
        for given, top in self._tops:
            for label, name in enumerate(self.classes):
                files = list(self._walk(top / name)) if (top / name).is_dir() else []
                if self._limit is not None and given == "train":
                    files = heapq.nsmallest(self._limit, files, key=lambda file: _digest(file[0]))
                files.sort()
                self._sizes += files
                found += [Entry(path, label, given) for path, _, _ in files]
        return found

    def _walk(self, folder: Path) -> Iterator[tuple[str, int, int]]:
        entered: set[str] = set()
        for place, below, names in os.walk(folder, followlinks=True):
            real = os.path.realpath(place)
            if real in entered:  # a link that leads back
                below.clear()
                continue
            entered.add(real)
            below[:] = sorted(one for one in below if not one.startswith("."))
            for name in names:
                path = os.path.join(place, name)
                if name.startswith(".") or os.path.splitext(name)[1].lower() not in SUFFIXES:
                    self.ignored += not (name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini"))
                    continue
                try:
                    status = os.stat(path)
                except OSError:  # a link to nothing: listed as undecodable when it is read
                    yield Path(path).relative_to(self._folder).as_posix(), 0, 0
                    continue
                yield Path(path).relative_to(self._folder).as_posix(), status.st_size, status.st_mtime_ns

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for path, size, modified in self._sizes:
            digest.update(f"{path}\0{size}\0{modified}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def entries(self) -> list[Entry]:
        """List the files by split, class and path."""
        return self._entries

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        return (self._folder / entry.key).read_bytes()

    def name_of(self, entry: Entry) -> str:
        """Return the entry's path below the folder."""
        return entry.key.encode("utf-8", "backslashreplace").decode()


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None


def _digest(path: str) -> bytes:
    # Only the file's own name: moving the folder must not choose other images.
    name = re.sub(r".*/", "", path)
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
