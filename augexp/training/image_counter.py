"""Counts what the network really received: how many different images, and in which order.

An image is the float32 tensor that went into the training step, so an image counts anew when
augmentation changed a single bit of it. The hashes of all images so far lie sorted in a file, eight
bytes each, and are merged epoch by epoch in slices: memory holds one epoch's hashes, however long the
run is, and the file is the state that a checkpoint refers to.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from augexp import files

_SLICE = 1 << 16

Hashes = npt.NDArray[np.uint64]


class ImageCounter:
    """Unique images and order of one run.

    Args:
        folder: of the run; the files ``.unique-<epoch>`` are kept there until `clear`.

    Attributes:
        unique: number of different images up to the last closed epoch.
        order: 32 hex digits over the identities of all images in the order in which they came.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh = array("Q")
        self._epoch = 0
        self._checkpointed = 0
        self.unique = 0
        self.order = ""
        self._digest = hashlib.blake2b(digest_size=16)

    def count(self, image: npt.NDArray[np.float32]) -> None:
        """Count an image, float32 (S, S, 3) in one piece, as the network is given it."""
        self._fresh.append(xxhash.xxh3_64_intdigest(image.data))

    def note_order(self, ids: npt.NDArray[np.uint64]) -> None:
        """Note in which order images come; `ids` uint64 (B,) says which of the training draw they are made of."""
        self._digest.update(ids.astype("<u8").tobytes())

    def close_epoch(self) -> None:
        """Bring `unique` and `order` up to date with everything added since the last call."""
        fresh = np.unique(np.frombuffer(self._fresh, dtype=np.uint64))
        before, after = self._path(self._epoch), self._path(self._epoch + 1)
        try:
            with after.open("wb") as file:
                self.unique = 0
                for part in _merged(_slices(before), fresh):
                    file.write(part.tobytes())
                    self.unique += len(part)
        except OSError as error:
            raise files.unwritable(after, error) from None
        if self._epoch != self._checkpointed:
            before.unlink(missing_ok=True)
        self._epoch += 1
        self._fresh = array("Q")
        self.order = self._digest.hexdigest()
        self._digest = hashlib.blake2b(self.order.encode(), digest_size=16)

    def before_checkpoint(self) -> str:
        """Bring the file of the last closed epoch to the disk and return its digest, 16 hex digits.

        All files but that one and the one of the last checkpoint are removed. Raises ResultsError.
        """
        self._remove_all_but({self._epoch, self._checkpointed})
        path = self._path(self._epoch)
        try:
            files.sync(path)
            files.sync(self._folder)
            return _digest(path)
        except OSError as error:
            raise files.unwritable(path, error) from None

    def after_checkpoint(self) -> None:
        """Go by the new checkpoint, of the last closed epoch: the file of the one before is not needed any more."""
        self._checkpointed = self._epoch
        self._remove_all_but({self._epoch})

    def restore(self, epoch: int, unique: int, order: str, digest: str | None = None) -> None:
        """Go on after `epoch`; raises ValueError where the file of that epoch is missing or damaged.

        Args:
            epoch: the last one that was closed.
            unique: number of different images up to then.
            order: see the class.
            digest: of the file, see `before_checkpoint`; None for a checkpoint of augexp 0.1, which had none.
        """
        path = self._path(epoch)
        if not path.is_file() or path.stat().st_size != 8 * unique or not _is_whole(path, digest):
            raise ValueError(f"{path.name} is missing or damaged")
        self._epoch = self._checkpointed = epoch
        self.unique, self.order = unique, order
        self._fresh = array("Q")
        self._digest = hashlib.blake2b(order.encode(), digest_size=16)
        self._remove_all_but({epoch})

    def clear(self) -> None:
        """Remove the files."""
        self._remove_all_but(set())

    def _path(self, epoch: int) -> Path:
        return self._folder / f".unique-{epoch}"

    def _remove_all_but(self, epochs: set[int]) -> None:
        wanted = {self._path(epoch).name for epoch in epochs}
        for path in self._folder.glob(".unique-*"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    digest = xxhash.xxh3_64()
    for part in _slices(path):
        digest.update(part.data)
    return digest.hexdigest()


def _is_whole(path: Path, digest: str | None) -> bool:
    """Tell whether a file has its digest; without one, whether its hashes ascend, which zeros in their place do not."""
    if digest is not None:
        return _digest(path) == digest
    last = -1
    for part in _slices(path):
        if int(part[0]) <= last or not bool((part[1:] > part[:-1]).all()):
            return False
        last = int(part[-1])
    return True


def _slices(path: Path) -> Iterator[Hashes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(part := np.fromfile(file, dtype=np.uint64, count=_SLICE)):
            yield part


def _merged(old: Iterator[Hashes], fresh: Hashes) -> Iterator[Hashes]:
    """Merge sorted, duplicate-free slices with one sorted, duplicate-free array."""
    start = 0
    for part in old:
        stop = int(np.searchsorted(fresh, part[-1], side="right"))
        yield np.union1d(part, fresh[start:stop])
        start = stop
    yield fresh[start:]
