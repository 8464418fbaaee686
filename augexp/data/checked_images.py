"""Which images of a store have been found to be those of their content hashes.

Every image is checked once, before it is first used, and that is remembered in the file ``.checked`` beside the images
as long as the file of the images stays the same one: same size, number, and times of last change. So what is damaged on
the disk without any of them changing is found where images are read for the first time, and not after that. The file
may be deleted: the images are then checked again. A store that lies in the memory of a cluster has been checked where
it came from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import digests
from augexp.errors import ResultsError
from augexp.files import write_atomically

NAME = ".checked"

CHUNK = 1024
"""Images between two calls of `between`, see `CheckedImages.check`."""

Flags = npt.NDArray[np.bool_]


class CheckedImages:
    """The memory of one store.

    Args:
        folder: of the store.
        fingerprint: of the store.
        count: N, its images.
    """

    def __init__(self, folder: Path, fingerprint: str, count: int) -> None:
        self._folder, self._fingerprint, self._count = folder, fingerprint, count
        self._identity = self._identify()
        self._flags = self._read()

    def check(
        self,
        images: npt.NDArray[np.uint8],
        keys: npt.NDArray[np.uint8],
        rows: npt.NDArray[np.int64],
        between: Callable[[], None],
    ) -> None:
        """Check those images among `rows` that have not been checked.

        Args:
            images: uint8 (N, S, S, 3).
            keys: uint8 (N, 20), BLAKE2b of each image.
            rows: int64, which ones.
            between: called after every `CHUNK` of them; may raise.

        Raises:
            ValueError: an image is another one.
        """
        missing = np.unique(rows[~self._flags[rows]])
        if not len(missing):
            return
        for start in range(0, len(missing), CHUNK):
            for row in missing[start : start + CHUNK].tolist():
                image = np.ascontiguousarray(images[row])
                if hashlib.blake2b(image.data, digest_size=20).digest() != keys[row].tobytes():
                    raise ValueError(f"images.npy: image {row} is not the one that was prepared")
            between()
        self._flags[missing] = True
        self._write()

    def _identify(self) -> list[int]:
        """Return what changes when the file of the images is written to or replaced; empty where it cannot be told."""
        try:
            facts = (self._folder / "images.npy").stat()
        except OSError:
            return []
        return [facts.st_size, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns]

    def _read(self) -> Flags:
        """Return what is remembered, bool (N,); nothing where that is damaged or of another file."""
        try:
            head, _, body = (self._folder / NAME).read_bytes().partition(b"\n")
            if json.loads(head) == self._head(body) and self._identity:
                return np.unpackbits(np.frombuffer(body, np.uint8), count=self._count).astype(bool)
        except (OSError, ValueError, RecursionError):
            pass
        return np.zeros(self._count, dtype=bool)

    def _write(self) -> None:
        """Write down what has been checked, with what other processes have meanwhile; a store may be read-only."""
        if not self._identity or self._identify() != self._identity:
            return
        self._flags |= self._read()
        body = np.packbits(self._flags).tobytes()
        with suppress(ResultsError):
            write_atomically(self._folder / NAME, json.dumps(self._head(body)).encode() + b"\n" + body)

    def _head(self, body: bytes) -> dict[str, Any]:
        facts = {"file": self._identity, "images": self._fingerprint, "count": self._count}
        return {**facts, "digest": digests.of_bytes(body)}
