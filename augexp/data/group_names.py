"""What the groups of a source's images are called: as declared, and what names look like where nothing is declared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp.data.groups import Groups, named
from augexp.data.sources.layout import SPLIT_WORDS
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.data.listing import Listing
    from augexp.data.sources.base import Source
    from augexp.experiment.sources import Data


def find(data: Data, source: Source, listing: Listing, rows: Sequence[int] | npt.NDArray[np.int64]) -> Groups | None:
    """Return the groups of some entries of the listing; None where none were declared.

    Raises:
        DataError: `group_from` does not match every name.
    """
    entries = (listing[int(row)] for row in rows)
    if data.group_from is None:
        if not len(rows) or source.group_of(listing[int(rows[0])]) is None:
            return None
        return named(source.group_of(entry) or "" for entry in entries)
    expression, unmatched, found = re.compile(data.group_from), [], []
    for entry in entries:
        name = source.name_of(entry)
        match = expression.search(name)
        group = match.group(1) if match else None
        if not group:
            unmatched.append(name)
        found.append(group or "")
    if unmatched:
        raise DataError(
            f"group_from: received {data.group_from!r}, whose first group matches nothing in {len(unmatched):,} of "
            f"{len(found):,} names, such as {unmatched[0]}; write an expression that fits all of them, or leave "
            "--group-from out and count every image as its own"
        )
    return named(found)


# -- groups that nobody declared -----------------------------------------------------------------

MIN_SHARE = 0.5
"""Part of the images that has to lie in groups of at least two for names to look like groups."""

_COPY = re.compile(r"^(.+?)(?: \(\d+\)| - [Cc]opy(?: \(\d+\))?)$")
_NUMBERED = re.compile(r"^(.*[0-9A-Za-z])[-_ ]+[A-Za-z]{0,6}[-_ ]?\d+$")

_BY_FOLDER = "--group-from '([^/]+)/[^/]+$'"
_BY_COPY = r"--group-from '([^/]+?)(?: \(\d+\)| - [Cc]opy.*)?\.\w+$'"
_BY_PREFIX = r"--group-from '([^/]*[0-9A-Za-z])[-_ ]+[A-Za-z]{0,6}[-_ ]?\d+\.\w+$'"


def suspect(source: Source, listing: Listing, classes: int) -> str:
    """Say which option declares groups where names look like some that nobody declared; empty where they do not.

    Looked for are folders inside those of the classes (one for each patient), names that begin alike and end in a
    number (``patient12_03.jpg``), and copies (``IMG_0012 (2).jpg``). That all images of a class are called alike tells
    nothing, so there have to be at least twice as many groups as classes.

    Args:
        source: whose names are paths.
        listing: of all its images.
        classes: C.
    """
    known = {*source.classes, *SPLIT_WORDS}
    folders: Counter[str] = Counter()
    prefixes: Counter[str] = Counter()
    stems: set[str] = set()
    copies: list[str] = []
    examples: dict[str, str] = {}
    for row in range(len(listing)):
        name = source.name_of(listing[row])
        *above, last = name.split("/")
        stem = last.rpartition(".")[0] or last
        if above and above[-1] not in known:
            folders["/".join(above)] += 1
            examples.setdefault("folder", name)
        stems.add(stem)
        if match := _COPY.match(stem):
            copies.append(match.group(1))
        if match := _NUMBERED.match(stem):
            prefixes[match.group(1)] += 1
            examples.setdefault("prefix", name)
    if _look_like_groups(folders, len(listing), classes):
        return _words(f"images lie in {len(folders):,} folders, such as {examples['folder']}", _BY_FOLDER)
    if _look_like_groups(prefixes, len(listing), classes):
        text = f"names begin in {len(prefixes):,} ways and end in a number, such as {examples['prefix']}"
        return _words(text, _BY_PREFIX)
    repeated = sum(base in stems for base in copies)
    if repeated > 1:
        return _words(f"{repeated:,} images are called copies of others, such as {copies[0]} (2)", _BY_COPY)
    return ""


def _look_like_groups(sizes: Mapping[str, int], images: int, classes: int) -> bool:
    several = [number for number in sizes.values() if number > 1]
    return len(several) >= max(4, 2 * classes) and sum(several) >= MIN_SHARE * images


def _words(found: str, option: str) -> str:
    return (
        f"[undeclared-groups] {found}: where these are images of one patient, camera or place, they belong on one side "
        f"of the split and the interval has to count them as one; declare them with {option} (or --group-column in a "
        "table)"
    )
