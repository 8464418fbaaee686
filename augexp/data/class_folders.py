"""Images of some classes, chosen from folders that are named by WordNet id, as Tiny ImageNet has them.

A class may have several ids. The chosen images are copied into a folder with ``train/``, ``validation/`` and ``test/``,
each with a folder for every class. Which image is for what follows from a hash of its file name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from augexp.errors import DataError
from augexp.files import temporary_path

LIST = ".images.json"
"""What was copied: name and size of every file, by split and class."""

SUFFIXES = frozenset((".jpeg", ".jpg", ".png"))

TEST_SHARE, VALIDATION_SHARE = 5, 12.5
"""One image in so many is for the test, and for the validation."""

Files = dict[str, list[Path]]


def copy_images(
    source: Path,
    target: Path,
    classes: Mapping[str, Sequence[str]],
    count: int,
    choice: Literal["pooled", "first"],
    *,
    advice: str,
) -> Path:
    """Copy `count` images of each class, unless the same ones are there; return `target`.

    Where `source` is not there any more, images that were copied before are taken as they are.

    Args:
        source: folder with a folder for each id; the images may lie in ``images/`` below it.
        target: folder that is made.
        classes: ids by name of the class.
        count: images of each class: a fifth is for the test, two in 25 for the validation.
        choice: `pooled` takes the same number of every id (the first ids one more where it does not divide), `first`
            takes all images of the first id, then of the next one, in the order of their numbers.
        advice: closes the message where `source` is missing.

    Raises:
        DataError: a folder is missing or has too few images, or nothing can be written.
    """
    if not source.is_dir():
        if (target / LIST).is_file():
            return target
        raise DataError(f"{source}: no such folder; {advice}")
    chosen = {name: _choose(source, name, ids, count, choice, advice) for name, ids in classes.items()}
    splits = {name: _split(by_id, count) for name, by_id in chosen.items()}
    listed = [
        (split, name, path.name, path.stat().st_size)
        for name, own in splits.items()
        for split, paths in own.items()
        for path in paths
    ]
    text = json.dumps(listed, indent=0)
    if (target / LIST).is_file() and (target / LIST).read_text("utf-8") == text:
        return target
    _write(target, splits, text)
    return target


def _choose(
    source: Path, name: str, ids: Sequence[str], count: int, choice: Literal["pooled", "first"], advice: str
) -> list[list[Path]]:
    """Return the chosen images of a class by id, each list in the order of the hashes."""
    there = {one: _images(source, one, advice) for one in (ids if choice == "pooled" else _needed(source, ids, count))}
    share, more = divmod(count, len(ids))
    left, by_id = count, []
    for place, (one, paths) in enumerate(there.items()):
        wanted = min(left, len(paths)) if choice == "first" else share + (place < more)
        own = paths[:wanted] if choice == "first" else sorted(paths, key=_place)[:wanted]
        if len(own) < wanted:
            raise DataError(f"{source / one}: has {len(own)} images; {wanted} are needed for {count} of class {name!r}")
        by_id.append(sorted(own, key=_place))
        left -= len(own)
    if left:
        raise DataError(f"{source}: class {name!r} has {count - left} images in {', '.join(ids)}; {count} are needed")
    return by_id


def _needed(source: Path, ids: Sequence[str], count: int) -> list[str]:
    """Return the first ids until there are images enough."""
    needed: list[str] = []
    found = 0
    for one in ids:
        if found >= count and needed:
            break
        needed.append(one)
        found += len(_found(source / one))
    return needed


def _images(source: Path, one: str, advice: str) -> list[Path]:
    paths = _found(source / one)
    if not paths:
        raise DataError(f"{source / one}: no images of this WordNet id; {advice}")
    return paths


def _found(folder: Path) -> list[Path]:
    """Return the images of an id in the order of the numbers in their names."""
    place = folder / "images" if (folder / "images").is_dir() else folder
    paths = [path for path in place.glob("*") if path.suffix.lower() in SUFFIXES] if place.is_dir() else []
    return sorted(paths, key=lambda path: ([int(number) for number in re.findall(r"\d+", path.stem)], path.name))


def _place(path: Path) -> bytes:
    return hashlib.blake2b(path.stem.encode("utf-8", "surrogateescape"), digest_size=8).digest()


def _split(by_id: Sequence[Sequence[Path]], count: int) -> Files:
    """Deal the images of a class: the ids in turn, so that each split has nearly the same number of every id."""
    dealt = [path for row in zip_longest(*by_id) for path in row if path is not None]
    test, validation = count // TEST_SHARE, int(count / VALIDATION_SHARE)
    return {
        "test": dealt[:test],
        "validation": dealt[test : test + validation],
        "train": dealt[test + validation :],
    }


def _write(target: Path, splits: Mapping[str, Files], text: str) -> None:
    """Write all images beside `target` and rename, so that a folder that is there is whole."""
    part = temporary_path(target)
    try:
        for name, own in splits.items():
            for split, paths in own.items():
                folder = part / split / name
                folder.mkdir(parents=True)
                for path in paths:
                    one = path.parent.parent.name if path.parent.name == "images" else path.parent.name
                    prefix = "" if path.name.startswith(one) else f"{one}_"
                    shutil.copyfile(path, folder / f"{prefix}{path.name}")
        (part / LIST).write_text(text, encoding="utf-8")
        if target.is_dir():
            shutil.rmtree(target)
        part.rename(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(part)
        raise DataError(
            f"{error.filename or target}: cannot be copied ({error.strerror}); free some space or choose another "
            "--data-dir"
        ) from None
