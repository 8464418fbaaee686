"""What the pictures show, taken from a comparison and its records once: the figures and the report both draw this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augexp.analysis.palette import Ink
from augexp.analysis.series import Course, Floats


@dataclass(frozen=True)
class Line:
    """A course over the epochs and how it is drawn.

    Attributes:
        course: one row per seed.
        ink: of the thin lines and the bold mean.
        label: in the legend.
    """

    course: Course
    ink: Ink
    label: str


@dataclass(frozen=True)
class Gain:
    """The paired difference of validation accuracy by epoch, in percentage points.

    Attributes:
        line: differences of each seed.
        epochs, low, high: float64 (E,), the band around the mean.
        band: what the band is, e.g. "95 % t interval, 8 pairs".
    """

    line: Line
    epochs: Floats
    mean: Floats
    low: Floats
    high: Floats
    band: str


@dataclass(frozen=True)
class Span:
    """One contrast on the axis of differences, everything in percentage points.

    Attributes:
        label: which arm against which.
        ink: of the arm.
        dots: difference of each seed.
        seeds: the seeds of `dots`.
        estimate: mean difference; NaN where there is none.
        wide: interval for new images, None where there is none.
        narrow: interval for these test images, None where there is none.
        words: the verdict.
    """

    label: str
    ink: Ink
    dots: Sequence[float]
    seeds: Sequence[int]
    estimate: float
    wide: tuple[float, float] | None
    narrow: tuple[float, float] | None
    words: str
