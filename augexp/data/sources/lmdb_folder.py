"""LSUN's database format, read without leaving a trace: no lock file, no cache, no writing."""

from __future__ import annotations

import hashlib
import heapq
import os
import re
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import lmdb

from augexp.data.sources.lmdb_pages import Damage, check_pages
from augexp.errors import DataError

_SHA1 = re.compile(rb"[0-9a-f]{40}")

_READ_ONLY = {"readonly": True, "lock": False, "readahead": False, "create": False}

_opened: WeakValueDictionary[tuple[str, str], Any] = WeakValueDictionary()
"""Environments by place and stamp: LMDB does not allow a process to open the same one twice."""
_opening = threading.Lock()


class LmdbFolder:
    """One LMDB environment, opened when it is first needed.

    Args:
        folder: holds ``data.mdb``; ``lock.mdb`` is neither needed nor made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "data.mdb"
        self._environment: Any = None
        self._local = threading.local()
        if folder.is_file():
            raise DataError(
                f"{folder}: a file, not the folder of a database; unpack it first (augexp download --from-file)"
            )
        if not self._file.is_file():
            raise DataError(f"{self._file}: missing; the folder is no unpacked LSUN category, download it again")

    def __reduce__(self) -> tuple[type[LmdbFolder], tuple[Path]]:
        """Only the place goes to another process, which opens the database itself."""
        return LmdbFolder, (self.folder,)

    def stamp(self) -> str:
        """Return size and time of the database file."""
        status = self._file.stat()
        return f"{status.st_size}:{status.st_mtime_ns}"

    def keys(self, limit: int | None) -> Iterator[bytes]:
        """Yield keys in ascending order; with `limit`, that many chosen as if by chance.

        LSUN's keys are SHA-1 digests in hex, so the first ones in key order are a random subset, and
        nothing else of the database has to be touched. Keys of another kind are hashed and all listed.
        """
        if limit is None:
            self._check_pages(None)
            yield from self._scan()
            return
        self._check_pages(limit)
        if _SHA1.fullmatch(next(self._scan(), b"")):
            yield from islice(self._scan(), limit)
            return
        self._check_pages(None)
        chosen = heapq.nsmallest(limit, self._scan(), key=lambda key: hashlib.blake2b(key, digest_size=8).digest())
        yield from sorted(chosen)

    def _scan(self) -> Iterator[bytes]:
        try:
            with self._open().begin() as transaction, transaction.cursor() as cursor:
                yield from cursor.iternext(keys=True, values=False)
        except lmdb.Error as error:
            raise self._damaged(error) from None

    def value(self, key: bytes) -> bytes:
        """Return a copy of the value of `key`, empty where there is none."""
        transaction = getattr(self._local, "transaction", None)
        try:
            if transaction is None:
                transaction = self._local.transaction = self._open().begin(buffers=True)
            value = transaction.get(key)
            return b"" if value is None else bytes(value)
        except lmdb.Error as error:
            raise self._damaged(error) from None

    def _open(self) -> Any:
        if self._environment is None:
            place = (os.path.realpath(self._file), self.stamp())
            try:
                with _opening:
                    environment = _opened.get(place)
                    if environment is None:
                        environment = _opened[place] = lmdb.open(str(self.folder), max_spare_txns=16, **_READ_ONLY)
                self._check_length(environment)
            except lmdb.Error as error:
                raise self._damaged(error) from None
            self._environment = environment
        return self._environment

    def _check_length(self, environment: Any) -> None:
        # Reading past the end of a mapped file is a signal that kills the process, not an exception.
        pages = environment.info()["last_pgno"] + 1
        needed, present = pages * environment.stat()["psize"], self._file.stat().st_size
        if present < needed:
            raise DataError(
                f"{self._file}: truncated: {present:,} bytes, its own header says {needed:,}; download it again"
            )

    def _check_pages(self, most: int | None) -> None:
        self._open()  # a header that is none, and a file that is cut off, are said there
        try:
            check_pages(self._file, most)
        except Damage as damage:
            raise DataError(
                f"{self._file}: damaged or no LMDB database ({damage}); delete the folder and download it again"
            ) from None

    def _damaged(self, error: lmdb.Error) -> DataError:
        if "already open" in str(error):
            return DataError(f"{self._file}: changed while this program had it open; start the program again")
        return DataError(
            f"{self._file}: damaged or no LMDB database ({error}); delete the folder and download it again"
        )
