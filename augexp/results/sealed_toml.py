"""The first line of a results folder's ``experiment.toml``: a comment with digests of it and of ``plan.json``.

So a definition that was edited behind the runs is noticed, and a plan history that was replaced or lost. A definition
that is named on a command line is not asked for this line: whoever copies and edits one means it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from augexp import digests
from augexp.errors import ResultsError
from augexp.results.manifests import PlanEntry, PlanHistory

_LINE = re.compile(r"# digest of what follows: ([0-9a-f]{32}), of plan\.json: ([0-9a-f]{32})")


def sealed(text: str, history: Sequence[PlanEntry]) -> str:
    """Return a definition with its first line.

    Args:
        text: the definition as TOML.
        history: content of ``plan.json``.
    """
    plans = _digest(history)
    return f"# digest of what follows: {_own(text, plans)}, of plan.json: {plans}\n{text}"


def check(path: Path) -> None:
    """Check a definition against its first line; raises ResultsError where it is another one. One without passes."""
    line, text = _parts(path)
    if not line.startswith("#"):
        return  # of augexp 0.1
    match = _LINE.fullmatch(line)
    if match is None or match[1] != _own(text, match[2]):
        raise ResultsError(
            f"{path}: is not as augexp wrote it (its digest differs); put it back, or repeat `augexp compare` with the "
            "definition that is meant, which writes down a plan that was changed"
        )


def is_sealed(path: Path) -> bool:
    """Tell whether a definition has such a line."""
    return _parts(path)[0].startswith("#")


def is_written_with(path: Path, history: Sequence[PlanEntry]) -> bool:
    """Tell whether ``plan.json`` holds what it held when a definition was written, or one plan more.

    That plan is one whose writer was interrupted before it came to the definition. Without a definition, or without
    its first line, nothing is known, and the answer is yes.
    """
    line, _ = _parts(path)
    if not line.startswith("#"):
        return True
    match = _LINE.fullmatch(line)
    return match is not None and match[2] in (_digest(history), _digest(history[:-1]))


def _parts(path: Path) -> tuple[str, str]:
    """Return the first line and the rest; both empty where there is no text to be read."""
    try:
        line, _, text = path.read_bytes().decode("utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return "", ""
    return line, text


def _own(text: str, plans: str) -> str:
    return digests.of_bytes(f"{plans}\n{text}".encode())


def _digest(history: Sequence[PlanEntry]) -> str:
    return digests.of_values(PlanHistory(plans=tuple(history)).values())
