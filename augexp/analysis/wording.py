"""How numbers are written for people, in every sentence, table and figure."""

from __future__ import annotations

import math

MISSING = "–"
MINUS = "−"


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Write a number with a true minus sign; a zero has no sign."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    text = f"{abs(value):,.{digits}f}"
    if not any(c in "123456789" for c in text):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text
