"""The description of a prepared data set: the content of ``store.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from augexp import digests


class _Part(BaseModel):
    # Keys that a newer version adds are kept: they reach whoever gets the plain values.
    model_config = ConfigDict(frozen=True, extra="allow", validate_by_name=True)


class SplitCounts(_Part):
    """Number of images of a class in each split."""

    train: int
    validation: int
    test: int


class SplitRule(_Part):
    """How the splits came about: in a word, and in sentences."""

    rule: str
    explanation: str


class SkippedRecord(_Part):
    """A record that cannot be decoded: its name in the source, its class, and why."""

    key: str
    class_name: str = Field(validation_alias="class", serialization_alias="class")
    reason: str


class Skipped(_Part):
    """How many records cannot be decoded, and the first of them by name."""

    count: int
    records: tuple[SkippedRecord, ...]


class Duplicates(_Part):
    """Images that are equal or nearly so.

    Attributes:
        exact: images that repeat an earlier one exactly.
        across_classes: images with an equal or nearly equal one in another class.
        near: pairs that are nearly equal.
        clustered_images: images that have an equal or nearly equal one.
        excluded: training or validation images that were left out because they repeat an evaluation image.
        pairs: names of the first near-duplicates.
        undecided: pairs that look alike and have too little detail to be told apart; only exact repeats are together.
        dissolved: images that look alike and were not kept together, since a class could not have been split.
    """

    exact: int
    across_classes: int
    near: int
    clustered_images: int
    excluded: int
    pairs: tuple[tuple[str, str], ...]
    undecided: int = 0
    dissolved: int = 0


class GroupCounts(_Part):
    """How many declared groups (patients, cameras) there are.

    Attributes:
        declared: how they were declared.
        count: of all.
        train, validation, test: those with an image there.
        largest: images of the largest one.
        joined: groups that share near-duplicates with another, and so are one with it.
        excluded: training or validation images that were left out because their group has an evaluation image.
    """

    declared: str
    count: int
    train: int
    validation: int
    test: int
    largest: int
    joined: int = 0
    excluded: int = 0


class LeftOutFiles(_Part):
    """Files of the source that are not read for one reason.

    Attributes:
        reason: completes "N files ...".
        count: N.
        image: whether they are images, or may hold some.
        examples: the first names.
    """

    reason: str
    count: int
    image: bool
    examples: tuple[str, ...]


class ValueScale(_Part):
    """How pictures of more than 8 bits became 8 bits: one scale for all of a kind.

    Attributes:
        kind: of values, such as ``16-bit`` or ``float``.
        images: number of pictures.
        lowest, highest: of the values of all of them.
        black, white: the values that became 0 and 255.
    """

    kind: str
    images: int
    lowest: float
    highest: float
    black: float
    white: float


class StoreManifest(_Part):
    """The description of a prepared data set.

    Attributes:
        format: version of the files.
        source: name of the source, `Data.source`.
        synthetic: whether the images are drawn.
        classes: names; a label is an index into them.
        image_size: side of the images in pixels.
        images: number of images.
        records: number of records of the source that were looked at.
        counts: images in each split, by class.
        split: how the splits came about.
        skipped: records that cannot be decoded.
        ignored_files: files of the source that are not read.
        unread: the same by reason.
        scales: of pictures of more than 8 bits.
        groups: that were declared; None where none were.
        warnings: what a reader of an answer on these images has to know.
        duplicates: images that are equal or nearly so.
        fingerprint: 16 hex digits over all pixels, labels and splits.
        files: digest of every array but the images, by file name; None in a store of augexp 0.1. The images have their
            content hashes in ``keys.npy``.
        seal: digest of all other fields; None there as well.
    """

    format: int
    source: str
    synthetic: bool
    classes: tuple[str, ...]
    image_size: int
    images: int
    records: int
    counts: dict[str, SplitCounts]
    split: SplitRule
    skipped: Skipped
    ignored_files: int
    warnings: tuple[str, ...]
    duplicates: Duplicates
    fingerprint: str
    unread: tuple[LeftOutFiles, ...] = ()
    scales: tuple[ValueScale, ...] = ()
    groups: GroupCounts | None = None
    files: dict[str, str] | None = None
    seal: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the content of ``store.json`` but the digests as plain JSON values."""
        without = {*_SEALS, *(() if self.groups else ("groups",))}  # as before there were any groups
        return self.model_dump(mode="json", by_alias=True, exclude=without)


_SEALS = ("files", digests.SEAL)
_BEFORE_SEALS = tuple(name for name in StoreManifest.model_fields if name not in (*_SEALS, "groups"))

IMAGES = "images.npy"
"""The one array whose digest is not in ``store.json``."""


def write_manifest(path: Path, manifest: StoreManifest) -> None:
    """Write the ``store.json`` at `path`, with digests of the files that lie beside it and of itself."""
    beside = sorted({*path.parent.glob("*.npy"), *path.parent.glob("groups.json")})
    files = {file.name: digests.of_file(file) for file in beside if file.name != IMAGES}
    values = digests.sealed({**manifest.plain(), "files": files})
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> StoreManifest:
    """Read the ``store.json`` at `path`; raises OSError or a ValueError of one line."""
    try:
        return StoreManifest.model_validate(digests.read_json(path, _BEFORE_SEALS))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or path.name
        raise ValueError(f"{key!r} is missing" if first["type"] == "missing" else f"{key}: {first['msg']}") from None
