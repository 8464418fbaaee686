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
from augexp.data.sources import layout
from augexp.data.sources.base import GROUP_SIZE, Source
from augexp.data.sources.files import read_file
from augexp.data.sources.layout import text_of as _text
from augexp.data.sources.unread import UnreadFiles, begins_like_an_image, is_worth_a_word, suffixes
from augexp.data.store_manifest import LeftOutFiles
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress

_File = tuple[bytes, int, int]


class FolderSource(Source):
    """A folder with one sub-folder per class, optionally below ``train/``, ``val/`` and ``test/``; see `layout`.

    Hidden files are ignored; all others that are not read are counted with the reason. Folders inside a class
    belong to it; links are followed, but no folder is entered twice.
    """

    names_are_paths = True

    def __init__(self, folder: Path, limit: int | None) -> None:
        self._folder, self._limit = folder, limit
        found = layout.find_layout(folder)
        self.classes, self._places = found.classes, found.places
        self._suffixes = suffixes()
        self._unread = UnreadFiles()

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images of the folder that `data` names."""
        return cls(Path(data.path or ""), data.limit)

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Count the sub-folders."""
        try:
            return len(cls(Path(data.path or ""), data.limit).classes)
        except (DataError, OSError):  # `open` says the same, at its time
            return 0

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for label, _, files in self._listed():
            for path, size, modified in files:
                digest.update(b"%d\0%s\0%d\0%d\n" % (label, path, size, modified))
        return digest.hexdigest()

    def records(self) -> Iterator[RecordGroup]:
        """List the files by split, class and path below the folder."""
        for label, split, files in self._listed():
            while names := [path for path, _, _ in islice(files, GROUP_SIZE)]:
                yield label, split, names

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        return read_file(os.path.join(os.fsencode(self._folder), entry.name))

    def name_of(self, entry: Entry) -> str:
        """Return the entry's path below the folder."""
        return _text(entry.name)

    def unread(self) -> tuple[LeftOutFiles, ...]:
        """Return what is not read, as of the last `stamp` or `records`."""
        return self._unread.all()

    def unread_in(self, label: int) -> str:
        """Say what is not read in the folders of a class, and where else it has images."""
        splits = sorted({split for number, split, _ in self._places if number == label})
        elsewhere = "" if "train" in splits else f"it has a folder for {' and '.join(splits)} alone"
        return "; ".join(text for text in (self._unread.of_class(self.classes[label]), elsewhere) if text)

    def _listed(self) -> Iterator[tuple[int, Given, Iterator[_File]]]:
        """Yield label, split and files of every class folder; counts what is not read on the way."""
        self._unread = UnreadFiles()
        for label, split, place in self._places:
            yield label, split, self._files(split, place, self.classes[label])
        self._count_outside()
        self.ignored = self._unread.count

    def _files(self, split: Given, top: Path, name: str) -> Iterator[_File]:
        """Yield path below the folder, size and time of a class's files; with a limit, those chosen by name."""
        files = self._walk(top, name)
        if self._limit is None or split != "train":
            return files
        return iter(sorted(heapq.nsmallest(self._limit, files, key=lambda file: (_digest(file[0]), file[0]))))

    def _walk(self, folder: Path, class_name: str) -> Iterator[_File]:
        for place, names in _folders(folder):
            for name in names:
                path = os.path.join(place, name)
                inside = self._inside(path)
                if not self._is_image(path, name):
                    self._unread.add(_text(inside), class_name)
                    continue
                try:
                    status = os.stat(path)
                    yield inside, status.st_size, status.st_mtime_ns
                except OSError:  # a link to nothing: counted as undecodable when it is read
                    yield inside, 0, 0

    def _is_image(self, path: str, name: str) -> bool:
        suffix = os.path.splitext(name)[1].lower()
        return suffix in self._suffixes or (not suffix and begins_like_an_image(path))

    def _count_outside(self) -> None:
        """Count the files that lie in no class folder."""
        classes = frozenset(os.path.realpath(place) for _, _, place in self._places)
        for place, names in _folders(self._folder, without=classes):
            for name in names:
                self._unread.add(_text(self._inside(os.path.join(place, name))), outside=True)

    def _inside(self, path: str) -> bytes:
        return os.fsencode(os.path.relpath(path, self._folder)).replace(os.sep.encode(), b"/")


def _folders(top: Path, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and all below it, each once, with the names of files that count; own output is left out."""
    entered: set[str] = set(without)
    for place, below, names in os.walk(top, followlinks=True, onerror=_refuse):
        real = os.path.realpath(place)
        if real in entered or layout.is_own_output(place, below, names):  # a link that leads back
            below.clear()
            continue
        entered.add(real)
        below[:] = sorted(inner for inner in below if layout.may_hold_images(inner))
        yield place, sorted(filter(is_worth_a_word, names))


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read ({error.strerror}); give yourself access or move it elsewhere")


def _digest(path: bytes) -> bytes:
    # Only the file's own name: moving the folder must not choose other images.
    return hashlib.blake2b(path.rsplit(b"/", 1)[-1], digest_size=8).digest()
