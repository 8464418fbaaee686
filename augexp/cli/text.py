"""Text from files, folders and servers, as it may reach a terminal: without anything that the terminal would obey."""

from __future__ import annotations

import unicodedata

_OBEYED = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Unicode's control characters (escape sequences begin with one), halves of characters, and ends of lines."""

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows, so that a name looks like another."""


def printable(text: str) -> str:
    """Return `text` in one line, with its code in place of each character that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in _TURNING or unicodedata.category(character) in _OBEYED:
        return character.encode("unicode_escape").decode("ascii")
    return character
