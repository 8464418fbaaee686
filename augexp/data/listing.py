"""The records of a source as a list on disk, so that their number costs no memory.

names.bin    the names, one after the other
ends.bin     int64 (N,), where each name ends
labels.bin   int32 (N,)
given.bin    uint8 (N,), the split that the source puts the record in
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from augexp.data.splits import CODES

Given = Literal["train", "validation", "test"]
RecordGroup = tuple[int, Given, list[bytes]]
"""Label, split and names of some records that have label and split in common."""

_SPLITS: tuple[Given, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its name in the source, its class, and the split that the source puts it in."""

    name: bytes
    label: int
    given: Given


class Listing:
    """N entries in the order in which the source gave them, read from disk one at a time.

    Attributes:
        labels: int32 (N,), memory-mapped.
        given: uint8 (N,), values of `splits.CODES`, memory-mapped.
    """

    def __init__(self, place: Path) -> None:
        self._names = _open(place / "names.bin", np.uint8)
        self._ends = _open(place / "ends.bin", np.int64)
        self.labels: npt.NDArray[np.int32] = _open(place / "labels.bin", np.int32)
        self.given: npt.NDArray[np.uint8] = _open(place / "given.bin", np.uint8)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> Entry:
        begin = int(self._ends[row - 1]) if row else 0
        name = self._names[begin : int(self._ends[row])].tobytes()
        return Entry(name, int(self.labels[row]), _SPLITS[self.given[row]])


def write_listing(place: Path, groups: Iterable[RecordGroup]) -> Listing:
    """Write the entries of `groups` into the folder `place` and return them as a list."""
    end = 0
    with (
        (place / "names.bin").open("wb") as names_file,
        (place / "ends.bin").open("wb") as ends_file,
        (place / "labels.bin").open("wb") as labels_file,
        (place / "given.bin").open("wb") as given_file,
    ):
        for label, split, names in groups:
            ends = end + np.cumsum(np.fromiter(map(len, names), np.int64, len(names)))
            end = int(ends[-1]) if len(ends) else end
            names_file.write(b"".join(names))
            ends_file.write(ends.tobytes())
            labels_file.write(np.full(len(names), label, np.int32).tobytes())
            given_file.write(np.full(len(names), CODES[split], np.uint8).tobytes())
    return Listing(place)


def _open(path: Path, dtype: Any) -> Any:
    # An empty file cannot be mapped. A plain view, since numpy's own class is slow where one value is read at a time.
    return np.memmap(path, dtype, "r").view(np.ndarray) if path.stat().st_size else np.zeros(0, dtype)
