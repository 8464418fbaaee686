"""LSUN's catalogue: every category with its archives, their sizes, checksums and numbers of images.

LSUN (Yu et al. 2015, arXiv 1506.03365) has 10 scene categories with a `train` and a `val` split, 20
object categories that come as one archive each (split `train`), and an unlabelled `test` set. The
facts stand in ``lsun.json`` beside this module. The host speaks plain HTTP, so the SHA-256 in there
is what tells the right archive from a wrong one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from augexp.errors import DownloadError

Split = Literal["train", "val", "both"]

UNLABELLED = "unlabelled"

CATALOGUE_VARIABLE = "AUGEXP_LSUN_CATALOGUE"
"""Environment variable that names a catalogue file of one's own (a private subset, a test server)."""

# What may become a file or folder name below the data folder: nothing that could lead out of it.
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,100}")


@dataclass(frozen=True)
class Archive:
    """One zip file of LSUN.

    Attributes:
        category: for instance ``bedroom``.
        split: ``train`` or ``val`` (objects have only ``train``), ``test`` for the unlabelled set.
        url: at the official host.
        size: in bytes; None where it is not known.
        sha256: 64 lower-case hex digits; None where it is not known.
        images: number of records inside.
        folder: name of the one folder inside, which holds ``data.mdb`` and ``lock.mdb``.
    """

    category: str
    split: str
    url: str
    size: int | None
    sha256: str | None
    images: int
    folder: str

    @property
    def name(self) -> str:
        """The file name, for instance ``bedroom_val_lmdb.zip``."""
        return self.url.rsplit("/", 1)[1]

    @property
    def place(self) -> str:
        """The path below the root of the host or of a mirror: ``scenes/bedroom_val_lmdb.zip``."""
        return "/".join(self.url.rsplit("/", 2)[1:])

    def urls(self, mirrors: Sequence[str] = ()) -> tuple[str, ...]:
        """Where to fetch it from, in this order: the `mirrors` as given, then the official host."""
        return (*(f"{mirror.rstrip('/')}/{self.place}" for mirror in mirrors), self.url)


@dataclass(frozen=True)
class Category:
    """One category: its group (``scene``, ``object``, ``unlabelled``) and its archives by split."""

    name: str
    group: str
    archives: tuple[Archive, ...]


@dataclass(frozen=True)
class Catalogue:
    """All categories, scenes before objects, the unlabelled test set last."""

    categories: tuple[Category, ...]

    def names(self) -> tuple[str, ...]:
        """Names of the labelled categories; of LSUN's own, 10 scenes and then 20 objects."""
        return tuple(category.name for category in self.categories if category.group != UNLABELLED)

    def all_archives(self) -> tuple[Archive, ...]:
        """Every archive, the unlabelled one included."""
        return tuple(archive for category in self.categories for archive in category.archives)

    def category(self, name: str) -> Category:
        """Return the labelled category `name`; raises DownloadError for an unknown or unlabelled one."""
        for category in self.categories:
            if category.name == name and category.group != UNLABELLED:
                return category
            if category.name == name:
                raise DownloadError(
                    f"{name}: LSUN's {name} set has no labels, so no classifier can be trained or tested on it; "
                    f"allowed are {', '.join(self.names())}"
                )
        close = get_close_matches(name.lower().replace("-", "_"), self.names(), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise DownloadError(
            f"{name!r} is no LSUN category; {hint}allowed are {', '.join(self.names())} (augexp download --list)"
        )


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue file; raises DownloadError that names what is wrong with it."""
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DownloadError(f"{path}: the catalogue cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DownloadError(f"{path}: not a catalogue in the format of augexp's lsun.json: {reason}") from None


def _parse(values: dict[str, Any]) -> Catalogue:
    categories = []
    for name, entry in values.items():
        archives = tuple(_parse_archive(name, split, facts) for split, facts in entry["splits"].items())
        categories.append(Category(name, str(entry["group"]), archives))
    return Catalogue(tuple(categories))


def _parse_archive(category: str, split: str, facts: dict[str, Any]) -> Archive:
    size, digest = facts["bytes"], facts["sha256"]
    archive = Archive(
        category=category,
        split=split,
        url=str(facts["url"]),
        size=None if size is None else int(size),
        sha256=None if digest is None else str(digest).lower(),
        images=int(facts["images"]),
        folder=str(facts["dir_in_zip"]),
    )
    if archive.url.count("/") < 4 or not _SAFE_NAME.fullmatch(archive.name) or not _SAFE_NAME.fullmatch(archive.folder):
        raise ValueError(f"{category} {split}: url {archive.url!r} or folder {archive.folder!r} is no plain name")
    if archive.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", archive.sha256):
        raise ValueError(f"{category} {split}: sha256 {digest!r} is not 64 hex digits")
    return archive


@lru_cache(maxsize=4)
def _cached(path: str) -> Catalogue:
    if path:
        return read_catalogue(Path(path))
    text = resources.files("augexp.data.download").joinpath("lsun.json").read_text(encoding="utf-8")
    return _parse(json.loads(text))


def catalogue() -> Catalogue:
    """Return LSUN's catalogue, or the one that the environment names (`CATALOGUE_VARIABLE`)."""
    return _cached(os.environ.get(CATALOGUE_VARIABLE, ""))


def archives(
    categories: Sequence[str], split: Split = "both", *, catalogue: Catalogue | None = None
) -> tuple[Archive, ...]:
    """Return the archives of `categories`, without repetition, in the order named.

    Args:
        categories: labelled categories.
        split: ``both`` takes what there is, which is ``train`` alone for objects.
        catalogue: instead of LSUN's own.

    Raises:
        DownloadError: an unknown category (with a suggestion), the unlabelled set, no category at
            all, or a split that a category does not have.
    """
    known = catalogue if catalogue is not None else _cached(os.environ.get(CATALOGUE_VARIABLE, ""))
    if split not in ("train", "val", "both"):
        raise DownloadError(f"split: received {split!r}; allowed are 'train', 'val' and 'both'")
    if not categories:
        raise DownloadError(
            "no category was named; name at least one, for instance bedroom (augexp download --list shows them all)"
        )
    chosen: dict[str, Archive] = {}
    for name in categories:
        category = known.category(name)
        wanted = [archive for archive in category.archives if split in ("both", archive.split)]
        if not wanted:
            raise DownloadError(
                f"{name} has no split {split!r}: LSUN's {category.group} category {name} comes as one archive; "
                "take --split train"
            )
        chosen.update({archive.name: archive for archive in wanted})
    return tuple(chosen.values())
