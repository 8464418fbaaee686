"""Which images a definition can name: what is known of each source before an image is read.

To add a source, write its kind here and put it into `KINDS`, and write the module in `augexp.data.sources` that it
names as its reader.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from augexp.errors import DefinitionError


class SourceKeys(Protocol):
    """The keys of `augexp.experiment.sources.Data` that say which images are meant."""

    @property
    def path(self) -> str | None:
        """Place of the images."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of categories."""


class SourceKind(ABC):
    """What a definition knows of a source, without reading an image.

    Attributes:
        name: the word in `Data.source`.
        means: what SOURCE may be to mean these images, for messages; empty where that is nothing at all.
        reader: module and class, with a colon between, that lists and reads the images.
        defaults: sections of the experiment on these images where nothing else is said; a key that is missing
            takes the default of `Data`, `Training` or `Plan`.
        has_columns: whether the images are named by a table, so that `Data.file_column` and its like mean something.
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
    has_columns = False
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
    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """Return the words of SOURCE that mean these images, without their place on this machine."""

    @abstractmethod
    def describe(self, data: SourceKeys) -> str:
        """Say in one line what the images are, without their place on this machine."""

    def check(self, data: SourceKeys) -> None:
        """Raise ValueError, with the key and what it needs, where keys do not fit this source."""
        if len(set(data.categories)) != len(data.categories):
            raise ValueError("categories: the same category is named twice")
        if data.categories and not self.has_categories:
            allowed = " or ".join(repr(kind.name) for kind in KINDS.values() if kind.has_categories)
            raise ValueError(f"categories: only allowed with source = {allowed}, received source = {self.name!r}")
        named = [key for key in COLUMNS if getattr(data, key) is not None]
        if named and not self.has_columns:
            raise ValueError(
                f"{named[0]}: received {getattr(data, named[0])!r} with source = {self.name!r}; only allowed where a "
                "table names the images: name the table itself, like photos/metadata.csv"
            )

    def title(self, data: SourceKeys) -> str:
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

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """None are needed."""
        return ()

    def describe(self, data: SourceKeys) -> str:
        """Say that they are drawn."""
        return "embedded sample of synthetic drawings (not photos)"


class ImageTable(SourceKind):
    """Images that a table names, with their labels: whole, at 64 pixels."""

    name = "manifest"
    means = "a table of images (.csv, .tsv, .jsonl)"
    reader = "augexp.data.sources.manifest:ManifestSource"
    defaults = {"data": {"image_size": 64}}
    has_columns = True

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """One table, or a folder that holds one in the layout of Hugging Face's image folders."""
        if len(words) != 1:
            return None
        is_table = os.path.splitext(words[0])[1].lower() in TABLES
        found = is_table or (words[0] not in known_categories and table_in(Path(words[0])) is not None)
        return {"path": os.path.abspath(words[0])} if found else None

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """The last part of the path, and for a table that has the usual name the folder before it."""
        path = Path(data.path or "")
        return (f"{path.parent.name}/{path.name}" if path.stem == METADATA else path.name,)

    def describe(self, data: SourceKeys) -> str:
        """Name the table."""
        return f"images of the table {self.words(data)[0]}"

    def check(self, data: SourceKeys) -> None:
        """The table has to be named."""
        if not data.path:
            raise ValueError("path: missing; source = 'manifest' needs the table of the images")
        super().check(data)

    def title(self, data: SourceKeys) -> str:
        """Return the name of the table, or of its folder where the table has the usual name."""
        path = Path(data.path or "")
        return path.parent.name if path.stem == METADATA else path.stem


class ArrayFile(SourceKind):
    """Images and labels as arrays in a file of numpy: whole, at 64 pixels."""

    name = "arrays"
    means = "a file of arrays (.npz)"
    reader = "augexp.data.sources.arrays:ArraySource"
    defaults = {"data": {"image_size": 64}}

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """One file whose name ends in .npz."""
        found = len(words) == 1 and words[0].lower().endswith(".npz")
        return {"path": os.path.abspath(words[0])} if found else None

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """The name of the file."""
        return (Path(data.path or "").name,)

    def describe(self, data: SourceKeys) -> str:
        """Name the file."""
        return f"arrays of {self.words(data)[0]}"

    def check(self, data: SourceKeys) -> None:
        """The file has to be named."""
        if not data.path:
            raise ValueError("path: missing; source = 'arrays' needs the .npz file of the images")
        super().check(data)

    def title(self, data: SourceKeys) -> str:
        """Return the name of the file."""
        return Path(data.path or "").stem


class KerasDatasets(SourceKind):
    """An image set of keras.datasets, with its own test set."""

    name = "keras"
    means = "keras:NAME, NAME one of cifar10, cifar100, fashion_mnist, mnist"
    reader = "augexp.data.sources.keras_datasets:KerasSource"
    defaults = {"data": {"image_size": 32}}
    has_categories = True

    def recognise(self, words: Sequence[str], known_categories: Collection[str]) -> dict[str, Any] | None:
        """One word that begins with ``keras:``."""
        found = len(words) == 1 and words[0].startswith("keras:")
        return {"categories": [words[0].removeprefix("keras:")]} if found else None

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """The name, as it was given."""
        return (f"keras:{''.join(data.categories)}",)

    def describe(self, data: SourceKeys) -> str:
        """Name the set."""
        return f"{''.join(data.categories)} of keras.datasets"

    def check(self, data: SourceKeys) -> None:
        """One set of images has to be named."""
        if len(data.categories) != 1 or data.categories[0] not in KERAS_SETS:
            raise ValueError(
                f"categories: received {', '.join(data.categories) or 'none'}; allowed is one of the image sets of "
                f"keras.datasets: {', '.join(KERAS_SETS)}"
            )
        super().check(data)

    def title(self, data: SourceKeys) -> str:
        """Return the name of the set."""
        return f"keras-{''.join(data.categories)}"


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

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """The last part of the path: the rest says more about the machine than about the images."""
        return (Path(data.path or "").name,)

    def describe(self, data: SourceKeys) -> str:
        """Name the folder."""
        return f"image folder {self.words(data)[0] or data.path}"

    def check(self, data: SourceKeys) -> None:
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

    def words(self, data: SourceKeys) -> tuple[str, ...]:
        """The categories."""
        return data.categories

    def describe(self, data: SourceKeys) -> str:
        """Name the categories."""
        return f"LSUN {', '.join(data.categories)}"

    def check(self, data: SourceKeys) -> None:
        """A single category has nothing to be told apart from."""
        if len(data.categories) < 2:
            hint = "".join(
                f"; for the folder of that name say ./{name}" for name in data.categories if Path(name).is_dir()
            )
            raise ValueError(
                f"categories: received {len(data.categories)}; source = 'lsun' needs at least two to tell apart{hint}"
            )
        super().check(data)


COLUMNS = ("file_column", "label_column", "split_column", "group_column")
"""Keys of `Data` that name a column of a table."""

METADATA = "metadata"
"""What a table that lies in the folder of its images is called, before the suffix."""

TABLES = (".csv", ".tsv", ".jsonl")
"""Ends of the names of tables."""

FILE, LABEL = "file_name", "label"
"""Columns of a table where nothing else is said."""

KERAS_SETS = ("cifar10", "cifar100", "fashion_mnist", "mnist")
"""The image sets of keras.datasets."""

_MAX_HEADING = 1 << 16


def table_in(folder: Path) -> Path | None:
    """Return the table in a folder that names its images: its headings have the usual columns. None without one.

    Kept apart is a folder of classes in which a table of something else lies.
    """
    for suffix in TABLES:
        path = folder / f"{METADATA}{suffix}"
        try:
            with path.open("rb") as file:
                heading = file.readline(_MAX_HEADING)
        except OSError:
            continue
        if all(re.search(rb"(^|[^\w])%s($|[^\w])" % name.encode(), heading) for name in (FILE, LABEL)):
            return path
    return None


KINDS: dict[str, SourceKind] = {
    kind.name: kind for kind in (Sample(), ImageTable(), ArrayFile(), KerasDatasets(), Folder(), Lsun())
}
"""Every source by name, in the order in which they are asked whether they recognise the words of SOURCE."""
