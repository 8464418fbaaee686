"""How a folder of images is laid out: which of its folders are classes, which are splits, which are neither.

Read are one folder per class, and split folders (``train``, ``test_set``, ``val_images``, ...) that hold the classes.
What can be read in two ways is refused, with both readings named. Folders that augexp itself has written (prepared
images, results) are no classes, wherever they lie.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from augexp.data.listing import Given
from augexp.errors import DataError

SPLIT_WORDS: dict[str, Given] = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "devel", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
"""Words that name a split, in lower case."""

_FILLERS = frozenset(
    {"set", "sets", "image", "images", "img", "imgs", "data", "dataset", "split", "photos", "pictures"}
)
"""Words beside them that say nothing: ``training_set``, ``val_images``."""

_GLUED = re.compile(r"^(train|training|val|valid|validation|dev|test|testing)(set|data|images)$")

NOT_CLASSES = frozenset({"__MACOSX", "@eaDir"})
"""Folders that archives and network drives add beside the images."""

OWN_FOLDERS = frozenset({"runs", "comparison"})
"""Folders in a results folder."""

NEEDED = "at least two classes are needed, each a sub-folder with its images (optionally below train/, val/ and test/)"


@dataclass(frozen=True)
class Layout:
    """Which folders hold the images.

    Attributes:
        classes: names, sorted; a label is an index into them.
        places: label, split and folder of each class in each split.
    """

    classes: tuple[str, ...]
    places: tuple[tuple[int, Given, Path], ...]


def may_hold_images(name: str) -> bool:
    """Tell whether a folder of this name is looked at."""
    return not name.startswith(".") and name not in NOT_CLASSES


def readable(name: str) -> str:
    """Return a file's or folder's name as text that every file can hold, the same under every locale."""
    return text_of(os.fsencode(name))


def text_of(name: bytes) -> str:
    """Do the same with a name as the system has it."""
    return name.decode("utf-8", "surrogateescape").encode("utf-8", "backslashreplace").decode("utf-8")


def split_of(name: str) -> Given | None:
    """Return the split that a folder's name means, None where it means none."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name).lower()
    words = [_GLUED.sub(r"\1", word) for word in spaced.split()]
    left = [word for word in words if word not in _FILLERS]
    return SPLIT_WORDS.get(left[0]) if len(left) == 1 else None


def is_own_output(folder: str | Path, folders: Iterable[str], files: Iterable[str]) -> bool:
    """Tell whether augexp has written a folder, given the names in it: prepared images, downloads, results."""
    inner, names = set(folders), set(files)
    if "experiment.toml" in names and ("plan.json" in names or inner & OWN_FOLDERS):
        return True
    if {"store.json", "images.npy"} <= names:
        return True
    return "stores" in inner and os.path.isdir(os.path.join(folder, "stores", "requests"))


def _is_results(folder: Path) -> bool:
    """Tell whether a folder holds nothing but results folders, maybe just begun: only a lock lies in those."""
    try:
        inner = [Path(entry.path) for entry in os.scandir(folder) if not entry.name.startswith(".")]
        contents = [sorted(os.listdir(path)) if path.is_dir() else None for path in inner]
    except OSError:
        return False
    begun = [names is not None and ("experiment.toml" in names or names == [".lock"]) for names in contents]
    return bool(begun) and all(begun)


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder that may hold images, sorted; raises DataError where it cannot be read."""
    try:
        found = sorted(path for path in folder.iterdir() if may_hold_images(path.name) and path.is_dir())
        if is_own_output(folder, *_names(folder)):  # results that were written into the folder of the images
            found = [path for path in found if path.name not in OWN_FOLDERS]
        return [path for path in found if not (is_own_output(path, *_names(path)) or _is_results(path))]
    except OSError as error:
        raise DataError(f"{error.filename or folder}: cannot be read ({error.strerror})") from None


def _names(folder: Path) -> tuple[list[str], list[str]]:
    with os.scandir(folder) as entries:
        found = [(entry.name, os.path.isdir(entry.path)) for entry in entries]
    return [name for name, inner in found if inner], [name for name, inner in found if not inner]


def find_layout(folder: Path) -> Layout:
    """Find out which folders are the classes.

    Raises:
        DataError: no such folder, fewer than two classes, or a layout that can be read in two ways.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that has a sub-folder per class")
    below = subfolders(folder)
    _refuse_databases(folder, below)
    tops = _split_folders(folder, below) or [("train", folder)]
    found = [(split, inner) for split, top in tops for inner in subfolders(top)]
    names = sorted({readable(inner.name) for _, inner in found})
    if len(names) < 2:
        raise DataError(f"{folder}: has {_too_few(folder, names, found)}")
    _refuse_look_alikes(found)
    labels = {name: label for label, name in enumerate(names)}
    places = [(labels[readable(inner.name)], split, inner) for split, inner in found]
    order = {top: number for number, (_, top) in enumerate(tops)}
    return Layout(tuple(names), tuple(sorted(places, key=lambda place: (order[place[2].parent], place[0]))))


def _split_folders(folder: Path, below: list[Path]) -> list[tuple[Given, Path]]:
    """Return the folders that hold the classes of a split; empty where the classes lie in `folder` itself."""
    splits = [(split, path) for path in below if (split := split_of(path.name))]
    others = [path for path in below if not split_of(path.name) and holds_images(path)]
    trains = [path for split, path in splits if split == "train"]
    if not trains:
        _refuse_splits_without_train(folder, splits, others)
        return []
    tops = sorted((split, inner) for split, path in splits if (inner := _descend(path, split)) is not None)
    if not any(split == "train" for split, _ in tops):
        return _train_without_classes(folder, splits, trains, others)
    if others and not any(split != "train" for split, _ in tops):
        classes = {inner.name for _, top in tops for inner in subfolders(top)}
        if not {path.name for path in others} <= classes:
            inside, beside = _list(sorted(classes)), _list([path.name for path in others])
            raise _ambiguous(
                folder,
                f"{trains[0].name}/ can be the training set with the classes {inside}, or a class beside {beside}",
                f"move {beside} out of this folder, or the folders inside {trains[0].name}/ elsewhere",
            )
    return tops


def _train_without_classes(
    folder: Path, splits: list[tuple[Given, Path]], trains: list[Path], others: list[Path]
) -> list[tuple[Given, Path]]:
    """Decide what a folder called train is that holds no folder with images."""
    evaluations = [path for split, path in splits if split != "train"]
    if others and evaluations:
        beside = _list([path.name for path in (*trains, *evaluations)])
        raise _ambiguous(
            folder,
            f"{beside} can be classes beside {_list([path.name for path in others])}, or splits without class folders",
            "put a folder per class into them, or rename them",
        )
    if others:
        return []  # a class of trains, beside buses
    raise DataError(
        f"{folder}: has no sub-folder in {_list([path.name for path in trains])}; {NEEDED}; files whose names tell the "
        "class have to be sorted into such folders"
    )


def _refuse_splits_without_train(folder: Path, splits: list[tuple[Given, Path]], others: list[Path]) -> None:
    inner = [{path.name for path in subfolders(top)} for _, top in splits]
    if not others and len(splits) > 1 and inner[0] and all(names & inner[0] for names in inner):
        names = _list([path.name for _, path in splits])
        raise _ambiguous(
            folder,
            f"{names} hold the same folders ({_list(sorted(inner[0]))}), as splits do, and none is for training",
            "rename the one for training to train, or give the classes folders of their own",
        )


def _ambiguous(folder: Path, readings: str, mend: str) -> DataError:
    return DataError(f"{folder}: can be read in two ways: {readings}; {mend}")


def _descend(path: Path, split: Given) -> Path | None:
    """Return the folder that holds the classes of a split (``training_set/training_set``); None without classes."""
    while True:
        inner = subfolders(path)
        if len(inner) == 1 and split_of(inner[0].name) == split and any(map(holds_images, subfolders(inner[0]))):
            path = inner[0]
            continue
        return path if inner else None


def holds_images(folder: Path) -> bool:
    """Tell whether any file lies in a folder or below it that is not hidden."""
    for place, inner, names in os.walk(folder, followlinks=True):
        if any(not name.startswith(".") for name in names):
            return not is_own_output(place, inner, names)
        inner[:] = sorted(name for name in inner if may_hold_images(name) and not os.path.islink(f"{place}/{name}"))
    return False


def _too_few(folder: Path, names: list[str], found: list[tuple[Given, Path]]) -> str:
    if not names:
        return f"no sub-folder; {NEEDED}"
    inner = [path for path in subfolders(found[0][1]) if holds_images(path)] if len(found) == 1 else []
    hint = f"; did you mean {found[0][1]}, which has {len(inner)} folders?" if len(inner) > 1 else ""
    return f"only the class {names[0]!r}; {NEEDED}{hint}"


def _refuse_databases(folder: Path, below: list[Path]) -> None:
    categories = [path.name for path in below if (path / "data.mdb").is_file()]
    if categories:
        words = dict.fromkeys(re.sub(r"_(train|val|test)_lmdb$", "", name) for name in categories)
        raise DataError(
            f"{folder}: holds LSUN databases ({_list(categories)}) and no image files; name the categories: "
            f"{' '.join(words)} --path {folder}"
        )


def _refuse_look_alikes(found: list[tuple[Given, Path]]) -> None:
    """Refuse a class that is spelled in one way in one split and in another way in the next."""
    alike: dict[str, dict[str, set[Given]]] = {}
    for split, path in found:
        plain = unicodedata.normalize("NFKC", readable(path.name)).casefold().strip()
        alike.setdefault(plain, {}).setdefault(path.name, set()).add(split)
    for spellings in alike.values():
        (first, *more) = sorted(spellings)
        for other in more:
            same_text = unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", other)
            if same_text or not spellings[first] & spellings[other]:
                one, two = (f"{sorted(spellings[name])[0]}: {readable(name)!a}" for name in (first, other))
                raise DataError(f"classes: two names look alike ({one}, {two}); rename one folder like the other")


def _list(names: list[str]) -> str:
    shown = [readable(name) for name in names[:4]]
    return ", ".join(shown) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
