"""LSUN categories as they are unpacked: LMDB folders, one for each category and split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from augexp.data import splits
from augexp.data.listing import Entry, Given, RecordGroup
from augexp.data.sources.base import GROUP_SIZE, Source
from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress


class LsunSource(Source):
    """LSUN categories as unpacked: one LMDB folder per category and split, each category a class.

    Args:
        folder: holds ``<category>_train_lmdb`` and ``<category>_val_lmdb`` (scenes) or ``<category>``
            (objects).
        categories: the classes.
        limit: read at most so many training records per class; None reads all, as of `val`.
    """

    def __init__(self, folder: Path, categories: tuple[str, ...], limit: int | None) -> None:
        self.classes = tuple(sorted(categories))
        self._limit = limit
        self._parts: dict[tuple[int, Given], LmdbFolder] = {}
        for label, name in enumerate(self.classes):
            self._find(folder, label, name)

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the categories in ``<data_dir>/lsun``, or in the folder that `data` names."""
        folder = Path(data.path) if data.path else data_dir / "lsun"
        return cls(folder, data.categories, data.limit or _needed(data))

    @classmethod
    def count_classes(cls, data: Data) -> int:
        """Return the number of categories."""
        return len(data.categories)

    def _find(self, folder: Path, label: int, name: str) -> None:
        places: dict[Given, tuple[str, ...]] = {
            "train": (f"{name}_train_lmdb", name),
            "validation": (f"{name}_val_lmdb",),
            "test": (f"{name}_test_lmdb",),
        }
        for split, candidates in places.items():
            for candidate in candidates:
                if (folder / candidate).exists():
                    self._parts[label, split] = LmdbFolder(folder / candidate)
                    break
        if (label, "train") not in self._parts:
            archives = (folder / f"{candidate}.zip" for candidate in places["train"])
            archive = next((path for path in archives if path.exists()), None)
            if archive:
                raise DataError(f"{archive}: an archive, not its folder; unpack it with `augexp download --from-file`")
            raise DataError(
                f"{folder / places['train'][0]}: missing; fetch it with `augexp download {name}`, or name the folder "
                "that holds it with --path"
            )

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for (label, split), part in sorted(self._parts.items()):
            digest.update(f"{self.classes[label]}:{split}:{part.stamp()};".encode())
        return digest.hexdigest()

    def records(self) -> Iterator[RecordGroup]:
        """List the records by class, split and key; only keys are read."""
        for (label, split), part in sorted(self._parts.items()):
            keys = part.keys(self._limit if split == "train" else None)
            while names := list(islice(keys, GROUP_SIZE)):
                yield label, split, names

    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record."""
        return self._parts[entry.label, entry.given].value(entry.name)

    def name_of(self, entry: Entry) -> str:
        """Return the record's key as text."""
        return entry.name.decode("ascii", "backslashreplace")


def _needed(data: Data) -> int | None:
    """Return how many training records per class the splits can make use of."""
    from augexp.experiment.plan import DRAWS  # noqa: PLC0415 - pydantic, which a decoder does not need

    if data.train_per_class is None:
        return None
    test, validation = splits.wanted(data)
    needed = (test or 0) + (validation or 0) + DRAWS * data.train_per_class
    # Shares are rounded to 1/64, chance fills them, and duplicates are left out: the last draw has to be whole.
    return needed + needed // 32 + 64
