"""The warnings of a comparison as they stand beside a replication, whose command has fewer options than `compare`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from augexp.analysis.wording import as_sentence

OPTIONS = frozenset(
    f"--{name}"
    for name in (
        "data", "out", "pairs", "arms", "variants", "seeds", "epochs", "per-class", "model", "estimate", "jobs",
        "data-dir", "json", "quiet",
    )
)  # fmt: skip
"""Options of `augexp replicate`; a warning that names another one would ask for what cannot be said."""

LEFT_OUT = ("[undeclared-groups]",)
"""Codes of warnings that do not apply: the names of the images begin with WordNet ids, which are kinds, not groups."""

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_ASIDE = re.compile(r" \([^()]*\)")
_TRY = "try "


def applicable(warnings: Iterable[str]) -> tuple[str, ...]:
    """Return the warnings of a comparison without what `augexp replicate` cannot do.

    A remedy is a part of the sentence: what stands in brackets, what follows a semicolon, or one of several things to
    try. It is left out where it names an option that the command does not have; what was found stays.
    """
    kept = (_applicable(text) for text in warnings if not text.startswith(LEFT_OUT))
    return tuple(text for text in kept if text)


def _applicable(text: str) -> str:
    if not _names_others(text):
        return text
    text = _ASIDE.sub(lambda aside: "" if _names_others(aside[0]) else aside[0], text)
    parts = [_tries(part) if part.startswith(_TRY) else part for part in text.split("; ")]
    kept = [part for part in parts if part and not _names_others(part)]
    return as_sentence("; ".join(kept)) if kept else ""


def _tries(part: str) -> str:
    """Return a list like "try more --epochs, a larger --image-size or more images" without what cannot be said."""
    things = [thing for thing in part.removeprefix(_TRY).split(", ") if not _names_others(thing)]
    return _TRY + ", ".join(things) if things else ""


def _names_others(text: str) -> bool:
    return not OPTIONS.issuperset(_OPTION.findall(text))
