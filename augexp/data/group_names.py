"""What the groups of a source's images are called: as declared, and what names look like where nothing is declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp.data.groups import Groups, named
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
