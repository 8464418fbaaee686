"""Labels as somebody wrote them, as classes: names in their order, numbers in the order of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

from augexp.errors import DataError


def in_order(labels: Iterable[str], where: str) -> tuple[str, ...]:
    """Return different labels as classes: sorted as numbers where all of them are numbers, else as text.

    Raises:
        DataError: fewer than two, or one number that is written in two ways.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        received = f"one class, {names[0]!r}" if names else "no image"
        raise DataError(f"{where}: received {received}; at least two classes are needed to tell apart")
    values = {name: _number(name) for name in names}
    if any(math.isnan(value) for value in values.values()):
        return tuple(names)
    names.sort(key=lambda name: values[name])
    for first, second in zip(names[:-1], names[1:], strict=True):
        if values[first] == values[second]:
            raise DataError(f"{where}: the labels {first!r} and {second!r} are one number; write it in one way")
    return tuple(names)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
