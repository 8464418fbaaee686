"""Images that a table names: one row for each file, with its class, and where there are such columns split and group.

The layout of Hugging Face's image folders: ``metadata.csv`` (`.tsv`, `.jsonl`) beside the images, or one in each
folder of a split, with the columns ``file_name`` and ``label``. Paths are relative to the table and lie in its folder.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import posixpath
import unicodedata
from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from augexp.data.listing import Entry, Given, RecordGroup
from augexp.data.sources import classes, table
from augexp.data.sources.base import GROUP_SIZE, Source
from augexp.data.sources.files import read_file
from augexp.data.sources.layout import split_of, text_of
from augexp.errors import DataError
from augexp.experiment.source_kinds import FILE, LABEL, TABLES, table_in

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress

SPLIT, GROUP = "split", "group"
"""Columns that are read where there are such and nothing else is said."""

SEPARATOR = b"\0"
"""Between path and group in the name of an entry; no path holds it."""


class _Image(NamedTuple):
    """A row: path below the folder, label, split (empty where nothing says it) and group (None without a column)."""

    line: int
    path: str
    label: str
    split: Given
    group: str | None


class ManifestSource(Source):
    """The images that a table names; see the module."""

    names_are_paths = True

    def __init__(self, folder: Path, tables: tuple[tuple[Path, Given | None], ...], data: Data) -> None:
        self._folder, self._tables, self._limit = folder, tables, data.limit
        self._file, self._label = data.file_column or FILE, data.label_column or LABEL
        self._split, self._group = data.split_column or SPLIT, data.group_column or GROUP
        self._asked = {name for name in (data.split_column, data.group_column) if name is not None}
        self._repeated: frozenset[int] = frozenset()
        self._check()

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images of the table that `data` names, once every row has been looked at."""
        path = Path(data.path or "")
        if path.suffix.lower() in TABLES and not path.is_dir():
            if not path.is_file():
                raise DataError(f"{path}: no such table; name a .csv, .tsv or .jsonl with a row for each image")
            return cls(path.parent, ((path, None),), data)
        found = table_in(path)
        tables = ((found, None),) if found else tuple(_tables_of_splits(path))
        if not tables:
            raise DataError(
                f"{path}: holds no metadata.csv, .tsv or .jsonl with the columns {FILE!r} and {LABEL!r}; name the table"
            )
        return cls(path, tables, data)

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Return 0: the table is read when it is opened."""
        return 0

    def stamp(self) -> str:
        """Return a digest of the rows, and of the sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for image in self._images():
            status = os.stat(self._folder / image.path)
            cells = (image.path, image.label, image.split, image.group or "", image.group is None)
            digest.update(repr((cells, status.st_size, status.st_mtime_ns)).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def records(self) -> Iterator[RecordGroup]:
        """List the images in the order of the table; with a limit, those of the training set chosen by name."""
        labels = {name: label for label, name in enumerate(self.classes)}
        chosen = self._chosen() if self._limit is not None else None
        images = self._images()
        while piece := list(islice(images, GROUP_SIZE)):
            together: dict[tuple[int, Given], list[bytes]] = {}
            for image in piece:
                if chosen is None or image.split != "train" or _digest(image.path) in chosen:
                    group = b"" if image.group is None else SEPARATOR + image.group.encode()
                    place = together.setdefault((labels[image.label], image.split), [])
                    place.append(os.fsencode(image.path) + group)
            yield from ((label, split, names) for (label, split), names in together.items())

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one file."""
        return read_file(os.path.join(os.fsencode(self._folder), entry.name.partition(SEPARATOR)[0]))

    def name_of(self, entry: Entry) -> str:
        """Return the entry's path below the folder."""
        return text_of(entry.name.partition(SEPARATOR)[0])

    def group_of(self, entry: Entry) -> str | None:
        """Return what stands in the column of the groups."""
        _, separator, group = entry.name.partition(SEPARATOR)
        return group.decode() if separator else None

    # -- rows ----------------------------------------------------------------------------------------

    def _images(self) -> Iterator[_Image]:
        """Yield every image once."""
        return (image for number, image in enumerate(self._rows()) if number not in self._repeated)

    def _rows(self) -> Iterator[_Image]:
        for path, split in self._tables:
            columns: frozenset[str] | None = None
            for line, cells in table.rows(path, (self._file, self._label)):
                if columns is None:
                    columns = frozenset(cells)
                    self._check_columns(path, columns)
                where = f"{path}: row {line}"
                file = self._path(where, path.parent, self._cell(cells, self._file, where))
                group = self._cell(cells, self._group, where) if self._group in columns else None
                label = self._cell(cells, self._label, where)
                yield _Image(line, file, label, split or self._split_of(cells, file, where, columns), group)

    def _check_columns(self, path: Path, columns: frozenset[str]) -> None:
        named = {self._file: "--file-column", self._label: "--label-column"}
        named |= {self._split: "--split-column", self._group: "--group-column"}
        for name in (self._file, self._label, *sorted(self._asked)):
            if name not in columns:
                raise DataError(
                    f"{path}: the column {name!r} is missing; received {', '.join(sorted(columns)[:12])}; name "
                    f"another with {named[name]}"
                )

    def _cell(self, cells: Mapping[str, str], column: str, where: str) -> str:
        value = cells.get(column, "")
        if not value:
            raise DataError(f"{where}: {column}: is empty; every image needs one, or take its row out")
        return value

    def _split_of(self, cells: Mapping[str, str], file: str, where: str, columns: frozenset[str]) -> Given:
        if self._split in columns:
            value = self._cell(cells, self._split, where)
            split = split_of(value)
            if split is None:
                raise DataError(
                    f"{where}: {self._split}: received {value!r}; allowed are train, validation and test; name another "
                    "column with --split-column, or rename this one"
                )
            return split
        above, separator, _ = file.partition("/")
        return (split_of(above) if separator else None) or "train"

    def _path(self, where: str, base: Path, name: str) -> str:
        """Return the path of a file below the folder of the images, with slashes."""
        for form in _spellings(name):
            plain = posixpath.normpath(form)
            if posixpath.isabs(plain) or plain.split("/")[0] == ".." or os.path.splitdrive(form)[0] or "\0" in plain:
                raise DataError(
                    f"{where}: {self._file}: received {name!r}; allowed are paths relative to the table that stay in "
                    f"its folder: put the table above the images"
                )
            if os.path.isfile(os.path.join(base, plain)):
                inner = "" if base == self._folder else f"{os.path.relpath(base, self._folder)}/".replace(os.sep, "/")
                return inner + plain
        raise DataError(
            f"{where}: {self._file}: received {name!r}, and there is no such file below {base}; put the image there, "
            "or take its row out"
        )

    # -- the whole table -----------------------------------------------------------------------------

    def _check(self) -> None:
        """Look at every row, find the classes, and rows that name a file again; a few bytes are kept of each."""
        files, known, labels = array("Q"), array("Q"), set()
        for image in self._rows():
            files.append(int.from_bytes(_digest(image.path), "little"))
            known.append(int.from_bytes(_digest(repr(image[2:])), "little"))
            labels.add(image.label)
        if not files:
            raise DataError(f"{self._tables[0][0]}: has no row; it needs one for each image")
        self.classes = classes.in_order(labels, f"{self._tables[0][0]}: {self._label}")
        digests, said = np.array(files, np.uint64), np.array(known, np.uint64)
        _, first, which = np.unique(digests, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[which] != np.arange(len(digests)))
        differing = again[said[first[which[again]]] != said[again]]
        if len(differing):
            self._refuse_differing(int(first[which[differing[0]]]), int(differing[0]))
        self._repeated = frozenset(again.tolist())

    def _refuse_differing(self, first: int, second: int) -> None:
        one, other = (next(islice(self._rows(), number, None)) for number in (first, second))
        pairs = [(self._label, one.label, other.label), (self._split, str(one.split), str(other.split))]
        pairs.append((self._group, one.group or "", other.group or ""))
        column, before, after = next(pair for pair in pairs if pair[1] != pair[2])
        raise DataError(
            f"{self._tables[0][0]}: row {other.line}: {column}: received {after!r} for {other.path}, which row "
            f"{one.line} gives {before!r}; a file can have one alone"
        )

    def _chosen(self) -> frozenset[bytes]:
        """Return which training images are read where their number is limited: by the file's own name."""
        best: dict[str, list[tuple[int, bytes]]] = {}
        for image in self._images():
            if image.split == "train":
                own = best.setdefault(image.label, [])
                order = -int.from_bytes(_digest(posixpath.basename(image.path)), "little")
                push = heapq.heappush if len(own) < (self._limit or 0) else heapq.heappushpop
                push(own, (order, _digest(image.path)))
        return frozenset(path for own in best.values() for _, path in own)


def _tables_of_splits(folder: Path) -> Iterator[tuple[Path, Given]]:
    if folder.is_dir():
        for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
            split, found = split_of(inner.name), table_in(inner)
            if split is not None and found is not None:
                yield found, split


def _spellings(name: str) -> Iterator[str]:
    """Yield a path as it is written, then as another system would have written it."""
    yield name
    yield name.replace("\\", "/")
    yield unicodedata.normalize("NFC", name)
    yield unicodedata.normalize("NFD", name)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
