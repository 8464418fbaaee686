"""Which images: the `data` section of a definition, and the sources that it can name.

A source has two parts. Its `SourceKind`, here, is what a definition has to know before an image is read:
the keys that it needs, the words and defaults that mean it, how it is described. Its
`augexp.data.sources.base.Source` lists and reads the images. To add a source, write a kind and put it into
`KINDS`, and write the module in `augexp.data.sources` that it names as its reader.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from augexp.errors import DefinitionError
from augexp.experiment import folds as fold_rules
from augexp.experiment.plan import Frozen


class SourceKind(ABC):
    """What a definition knows of a source, without reading an image.

    Attributes:
        name: the word in `Data.source`.
        means: what SOURCE may be to mean these images, for messages; empty where that is nothing at all.
        reader: module and class, with a colon between, that lists and reads the images.
        defaults: sections of the experiment on these images where nothing else is said; a key that is missing
            takes the default of `Data`, `Training` or `Plan`.
        has_categories: whether `Data.categories` names the classes; elsewhere it has to be empty.
        synthetic: whether the images are drawn: nothing about photos follows from an answer on them.
        keeps_official_test: whether ``test = "auto"`` always takes the test set of the source.
        held_out: default number of test and validation images per class where they are carved out of the
            training images; None takes a share of the class.
    """

    name: str
    means: str = ""
    reader: str
    defaults: Mapping[str, Mapping[str, Any]]
    has_categories = False
    synthetic = False
    keeps_official_test = False
    held_out: tuple[int | None, int | None] = (None, None)

    @abstractmethod
    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """Return the keys of `Data` that the words of SOURCE set, None where they do not mean this source.

        Words that can mean no other source are recognised also where the images are missing: opening them says so.

        Args:
            words: of the command line, without those that name an experiment file.
            known_categories: names of LSUN's labelled categories.
        """

    @abstractmethod
    def words(self, data: Data) -> tuple[str, ...]:
        """Return the words of SOURCE that mean these images, without their place on this machine."""

    @abstractmethod
    def describe(self, data: Data) -> str:
        """Say in one line what the images are, without their place on this machine."""

    def check(self, data: Data) -> None:
        """Raise ValueError, with the key and what it needs, where keys do not fit this source."""
        if len(set(data.categories)) != len(data.categories):
            raise ValueError("categories: the same category is named twice")
        if data.categories and not self.has_categories:
            allowed = " or ".join(repr(kind.name) for kind in KINDS.values() if kind.has_categories)
            raise ValueError(f"categories: only allowed with source = {allowed}, received source = {self.name!r}")

    def title(self, data: Data) -> str:
        """Return what an experiment or a store of these images is named after."""
        words = self.words(data)
        return "-".join(words) if words else self.name


class Sample(SourceKind):
    """The embedded sample: drawn scenes, five seeds, under 90 seconds on two cores."""

    name = "sample"
    reader = "augexp.data.sources.sample:SampleSource"
    defaults = {"data": {"image_size": 32}, "training": {"epochs": 60}, "plan": {"seeds": 5}}
    synthetic = True
    keeps_official_test = True

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """No word at all, or `sample` where nothing on disk has that name."""
        return {} if not words or (list(words) == ["sample"] and not Path("sample").exists()) else None

    def words(self, data: Data) -> tuple[str, ...]:
        """None are needed."""
        return ()

    def describe(self, data: Data) -> str:
        """Say that they are drawn."""
        return "embedded sample of synthetic drawings (not photos)"


class Folder(SourceKind):
    """An image folder with one sub-folder per class, whole, at 64 pixels."""

    name = "folder"
    means = "one image folder"
    reader = "augexp.data.sources.folder:FolderSource"
    defaults = {"data": {"image_size": 64}}

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """One folder that has not the name of a category.

        Raises:
            DefinitionError: several folders.
        """
        folders = [word for word in words if Path(word).is_dir() and word not in known_categories]
        if len(words) == 1:
            return {"path": os.path.abspath(words[0])} if folders else None
        if folders and len(folders) == len(words):
            above = dict.fromkeys(os.path.dirname(os.path.abspath(word)) for word in words)
            raise DefinitionError(
                f"SOURCE: received {len(words)} folders ({', '.join(words[:3])}{', ...' * (len(words) > 3)}); allowed "
                f"is one, whose sub-folders are the classes: name {' or '.join(map(os.path.relpath, above))}"
            )
        return None

    def words(self, data: Data) -> tuple[str, ...]:
        """The last part of the path: the rest says more about the machine than about the images."""
        return (Path(data.path or "").name,)

    def describe(self, data: Data) -> str:
        """Name the folder."""
        return f"image folder {self.words(data)[0] or data.path}"

    def check(self, data: Data) -> None:
        """The folder has to be named."""
        if not data.path:
            raise ValueError("path: missing; source = 'folder' needs the folder of the images")
        super().check(data)


class Lsun(SourceKind):
    """LSUN categories: 1,000 training images per class and block, 2,500 test images per class."""

    name = "lsun"
    means = "LSUN categories (augexp download --list)"
    reader = "augexp.data.sources.lsun:LsunSource"
    defaults = {"data": {"image_size": 64, "train_per_class": 1000}}
    has_categories = True
    held_out = (2500, 300)

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """Nothing but categories."""
        return {"categories": list(words)} if words and set(words) <= set(known_categories) else None

    def words(self, data: Data) -> tuple[str, ...]:
        """The categories."""
        return data.categories

    def describe(self, data: Data) -> str:
        """Name the categories."""
        return f"LSUN {', '.join(data.categories)}"

    def check(self, data: Data) -> None:
        """A single category has nothing to be told apart from."""
        if len(data.categories) < 2:
            hint = "".join(
                f"; for the folder of that name say ./{name}" for name in data.categories if Path(name).is_dir()
            )
            raise ValueError(
                f"categories: received {len(data.categories)}; source = 'lsun' needs at least two to tell apart{hint}"
            )
        super().check(data)


KINDS: dict[str, SourceKind] = {kind.name: kind for kind in (Sample(), Folder(), Lsun())}
"""Every source by name, in the order in which they are asked whether they recognise the words of SOURCE."""

if TYPE_CHECKING:
    SourceName = str
else:
    SourceName = Literal[tuple(KINDS)]


class Data(Frozen):
    """Which images, at which size, split how.

    Attributes:
        source: `sample` (drawn, synthetic), `folder` (one sub-folder per class) or `lsun`.
        path: the image folder (`folder`); for `lsun` a folder that already holds the unpacked LMDBs,
            by default ``<data-dir>/lsun``. A relative path in a TOML file is relative to that file.
        categories: LSUN categories, each one class (`lsun` only).
        image_size: side of the square images in pixels: shorter side resized, centre cropped.
        limit: read at most this many records per class, chosen by key hash; None reads what the
            splits need (`lsun`) or everything (`folder`).
        train_per_class: images per class in one block's training draw; None takes all there are.
        test: `official` takes LSUN's `val` or the folder's own ``test/``; `held-out` carves the test
            set out of the training images by content hash; `auto` holds out where train stays large
            enough for a whole training draw, and takes the official one where it does not; `folds` makes every
            image a test image, the official ones too.
        test_per_class: wanted test images per class where they are held out; None means 2500 for
            LSUN and a fifth of the class for a folder.
        validation_per_class: wanted validation images per class where they are carved out of train;
            None means 300 for LSUN and a tenth of the class for a folder.
        max_skipped: fraction of undecodable records above which indexing fails.
        near_duplicates: which images are kept on one side of a split: `usual` takes those that look the same after
            they were saved again, `strict` those that are all but equal, `off` exact repeats alone.
        folds: K, parts of which each is the test set of one fit, see `augexp.experiment.folds`; None holds a test
            set out.
    """

    source: SourceName = "sample"
    path: str | None = None
    categories: tuple[str, ...] = ()
    image_size: int = Field(default=32, ge=8, le=512)
    limit: int | None = Field(default=None, ge=4)
    train_per_class: int | None = Field(default=None, ge=2)
    test: Literal["auto", "official", "held-out", "folds"] = "auto"
    test_per_class: int | None = Field(default=None, ge=1)
    validation_per_class: int | None = Field(default=None, ge=1)
    max_skipped: float = Field(default=0.05, ge=0.0, le=1.0)
    near_duplicates: Literal["usual", "strict", "off"] = "usual"
    folds: int | None = Field(default=None, ge=fold_rules.MIN_FOLDS, le=fold_rules.MAX_FOLDS)

    @model_serializer(mode="wrap")
    def _leave_out_later_keys(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # As in `Training`: a definition that does not use a later key stays the one that it was.
        values: dict[str, Any] = serialize(self)
        later = (("near_duplicates", "usual"), ("folds", None))
        return {key: value for key, value in values.items() if (key, value) not in later}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self.kind.check(self)
        fold_rules.check_data(self.folds, self.test, self.train_per_class, self.test_per_class)
        return self

    @property
    def kind(self) -> SourceKind:
        """What is known of the source."""
        return KINDS[self.source]
