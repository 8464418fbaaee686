"""Digests that tell damage: of files, and of the fields of a JSON file, which then holds its own digest as its `SEAL`.

A digest is BLAKE2b of 128 bits without a secret. It finds bits that flipped, files that were cut off or exchanged, and
careless edits. Whoever edits a file and computes its digests anew is not found: that would take a signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SEAL = "seal"
"""Key of a JSON file that holds the digest of all its other fields."""


def of_bytes(content: bytes) -> str:
    """Return the digest of `content`, 32 hex digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def of_file(path: Path) -> str:
    """Return the digest of the content of a file, 32 hex digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def of_values(values: Any, context: str = "") -> str:
    """Return the digest of plain JSON values, 32 hex digits; the order of keys does not matter.

    Args:
        values: of a JSON file.
        context: what the file belongs to, so that one that belongs elsewhere has another digest.
    """
    text = json.dumps([values, context], sort_keys=True, separators=(",", ":"))
    return of_bytes(text.encode())


def sealed(values: Mapping[str, Any], context: str = "") -> dict[str, Any]:
    """Return `values` with their seal; for `context` see `of_values`."""
    rest = {key: value for key, value in values.items() if key != SEAL}
    return {**rest, SEAL: of_values(rest, context)}


def opened(values: Any, known: tuple[str, ...], context: str = "") -> dict[str, Any]:
    """Return the fields of a JSON file, with its seal where it has one, which must be right.

    Args:
        values: what the file holds.
        known: keys of a file from before there were seals, the only ones that may stand in a file without one.
        context: see `of_values`.

    Raises:
        ValueError: no object, a wrong seal, or none beside keys that are younger than seals.
    """
    if not isinstance(values, dict):
        raise ValueError("not an object")
    if SEAL in values:
        if sealed(values, context)[SEAL] != values[SEAL]:
            raise ValueError("its content is not what was written: the digest differs")
    elif unknown := sorted(set(values) - set(known)):
        raise ValueError(f"{', '.join(map(repr, unknown))} without a digest of the content")
    return values


def read_json(path: Path, known: tuple[str, ...], context: str = "") -> dict[str, Any]:
    """Read the fields of a JSON file; raises OSError or a ValueError of one line, see `opened`."""
    try:
        return opened(json.loads(path.read_text(encoding="utf-8")), known, context)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def differing(folder: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of those files that are not in `folder`, or not with the digests that they should have."""
    return tuple(name for name, digest in files.items() if not _is(folder / name, digest))


def _is(path: Path, digest: str) -> bool:
    try:
        return of_file(path) == digest
    except OSError:
        return False
