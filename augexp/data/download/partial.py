"""A half-fetched archive on disk: ``<name>.part``, its running SHA-256, and where it came from.

The address and its validator (ETag or Last-Modified) stand beside it in ``<name>.part.json``, so that
a later process can ask the server for the rest of the very same file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from augexp import files
from augexp.errors import DownloadError

_BLOCK = 1 << 20
_DISK_BLOCK = 4096


class Partial:
    """The bytes so far.

    Attributes:
        path: of the ``.part`` file.
        length: bytes on disk, all of them hashed.
        url: where the bytes came from last; None where that is not known.
        validator: what `url` called this state of the file (strong ETag, else Last-Modified).
        total: bytes that `url` announced.
    """

    def __init__(self, target: Path) -> None:
        """Begin with what is on disk for the archive `target`; `rehash` has to be called before use."""
        self.path = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.json")
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self.length = 0
        self.url: str | None = None
        self.validator: str | None = None
        self.total: int | None = None

    @property
    def sha256(self) -> str:
        """The hash of the `length` bytes so far, as hex digits."""
        return self._digest.hexdigest()

    def rehash(self, limit: int | None, advance: Callable[[int], None]) -> None:
        """Read what an earlier process left; bytes beyond `limit` cannot belong to the archive."""
        self._file = self._open()
        end = self._end_of_content()
        if limit is not None and end > limit:
            end = 0
        self._file.truncate(end)
        self._file.seek(0)
        while self.length < end and (block := self._file.read(min(_BLOCK, end - self.length))):
            self._digest.update(block)
            self.length += len(block)
            advance(self.length)
        self._read_notes()

    def _open(self) -> IO[bytes]:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | files.NOFOLLOW, 0o644)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise OSError(errno.EINVAL, "it is no file; delete it")
            return os.fdopen(descriptor, "r+b", buffering=0)  # unbuffered: a killed process loses nothing
        except OSError as error:
            raise DownloadError(f"{self.path}: cannot be written ({error.strerror})") from None

    def _end_of_content(self) -> int:
        """Length without trailing zeros: a power cut leaves blocks that were promised and never written."""
        file = self._file
        assert file is not None  # noqa: S101 - for the type checker
        size = end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - _BLOCK)
            file.seek(start)
            kept = file.read(end - start).rstrip(b"\0")
            end = start + len(kept)
            if kept:
                break
        # A few zeros may well be the archive's own (every zip ends in two); a whole block of them is not.
        return end if size - end >= _DISK_BLOCK else size

    def _read_notes(self) -> None:
        if self._notes.is_symlink() or not self._notes.is_file():
            return
        with contextlib.suppress(OSError, ValueError, RecursionError):
            notes: Any = json.loads(self._notes.read_text(encoding="utf-8"))
            if self.length and isinstance(notes, dict):
                self.url = notes["url"] if isinstance(notes.get("url"), str) else None
                self.validator = notes["validator"] if isinstance(notes.get("validator"), str) else None
                self.total = notes["total"] if isinstance(notes.get("total"), int) else None

    def restart(self, url: str, validator: str | None, total: int | None) -> None:
        """Throw the bytes away and begin again with those of `url`."""
        self.empty()
        self.adopt(url, validator, total)

    def adopt(self, url: str, validator: str | None, total: int | None) -> None:
        """Note that what follows comes from `url`."""
        self.url, self.validator, self.total = url, validator, total
        notes = {"url": url, "validator": validator, "total": total}
        with files.replacing(self._notes) as beside:
            beside.write_text(json.dumps(notes) + "\n", encoding="utf-8")

    def empty(self) -> None:
        """Throw the bytes away."""
        assert self._file is not None  # noqa: S101 - for the type checker
        self._file.seek(0)
        self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.length = 0
        self.url = self.validator = self.total = None

    def write(self, data: bytes) -> None:
        """Append `data`; raises DownloadError where the disk is full, with everything kept."""
        assert self._file is not None  # noqa: S101 - for the type checker
        rest = memoryview(data)
        try:
            while rest:
                written = self._file.write(rest)
                self._digest.update(rest[:written])
                self.length += written
                rest = rest[written:]
        except OSError as error:
            raise DownloadError(
                f"{self.path}: cannot be written ({error.strerror}); the {self.length:,} bytes so far are kept, "
                "make room and run the same command again"
            ) from None

    def finish(self, target: Path) -> None:
        """Give the verified bytes their final name."""
        assert self._file is not None  # noqa: S101 - for the type checker
        os.fsync(self._file.fileno())
        self.close()
        os.replace(self.path, target)
        files.sync(target.parent)
        self._notes.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; nothing is left behind where it is empty."""
        if self._file is None:
            return
        empty = self._file.seek(0, os.SEEK_END) == 0
        self._file.close()
        self._file = None
        if empty:
            self.path.unlink(missing_ok=True)
            self._notes.unlink(missing_ok=True)
