"""What a source of images has to do: list its records cheaply, and give the bytes of one at a time.

A class derived from `Source` is all that the rest of the package knows of reading a source: its kind in
`augexp.experiment.source_kinds` names it. Preparing a store opens it, takes its `stamp`, and only if no store of that
stamp is there lists and reads its records. Decoding, duplicates and splits are not its business.

Processes that decode get a pickled copy, so that open files and databases have to be opened where they are used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from augexp.data.listing import Entry, RecordGroup
from augexp.data.store_manifest import LeftOutFiles

if TYPE_CHECKING:
    from augexp.experiment.sources import Data  # loading it takes longer than all else that a decoder needs
    from augexp.progress import StageProgress

GROUP_SIZE = 4096
"""Records that are listed together, which bounds the memory."""


class Source(ABC):
    """The images that a store is made from; picklable.

    Attributes:
        classes: names, sorted, as numbers where all of them are; a label is an index into them.
        ignored: files that are not read, as counted by the last `stamp` or `records`.
        fit: how a picture that is not square becomes so, `Data.fit`.
        names_are_paths: whether `name_of` is a path that somebody chose, which may tell what belongs together.
    """

    classes: tuple[str, ...]
    ignored: int = 0
    fit: Literal["crop", "pad", "squash"] = "crop"
    names_are_paths: bool = False

    @classmethod
    @abstractmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images that `data` names.

        Args:
            data: its `source` is this one.
            data_dir: folder of downloads and prepared images.
            progress: called with (stage, done, total) where opening takes long.

        Raises:
            DataError: there are no such images; one line that says what to do.
        """

    @classmethod
    @abstractmethod
    def count_classes(cls, data: Data) -> int:
        """Return the number of classes where it can be told at once, before `open`; else 0. Raises nothing."""

    @abstractmethod
    def stamp(self) -> str:
        """Return a digest that changes when the content may have changed; reads no image."""

    @abstractmethod
    def records(self) -> Iterator[RecordGroup]:
        """List the records in an order that is the same on every call; reads no image.

        A record is put into `validation` or `test` where the source has such a set of its own, else into `train`.
        """

    @abstractmethod
    def read(self, entry: Entry) -> bytes:
        """Return the encoded bytes of one record; safe to call from several threads.

        A record that cannot be read raises OSError, or is empty: it is skipped and counted.
        """

    def unread(self) -> tuple[LeftOutFiles, ...]:
        """Return the files that are not read, with the reason, as of the last `stamp` or `records`."""
        return ()

    def unread_in(self, label: int) -> str:
        """Say what is not read in a class, for the message that it has too few images; empty where nothing is."""
        return ""

    @abstractmethod
    def name_of(self, entry: Entry) -> str:
        """Return the name that people know the record by."""

    def group_of(self, entry: Entry) -> str | None:
        """Return the name of the group (patient, camera) that a record belongs to; None where the source has none."""
        del entry
        return None
