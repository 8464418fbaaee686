"""What the pictures show, taken from a comparison and its records once: the figures and the report both draw this."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augexp.analysis import schema
from augexp.analysis.learning_curves import Course, Floats, course, paired
from augexp.analysis.schema import Comparison, Interval
from augexp.reporting import wording
from augexp.reporting.palette import HUES, Ink, assign
from augexp.results.records import RunRecord


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
class GainCurve:
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


KINDS = (
    ("train_accuracy", "training images as the network got them", 2),
    ("probe_accuracy", "training images, clean (probe)", 3),
    ("val_accuracy", "validation", 1),
)
"""The accuracies of ``epochs.csv`` with their labels and hues; not the arms' hues, since they are kinds, not arms."""


def kinds(records: Sequence[RunRecord], arm: str) -> list[Line]:
    """Return training, clean-probe and validation accuracy of one arm, in percent."""
    return [
        Line(course(records, arm, column, factor=100.0), Ink(hue, *HUES[hue]), label) for column, label, hue in KINDS
    ]


def validation(records: Sequence[RunRecord], inks: Mapping[str, Ink]) -> list[Line]:
    """Return the validation accuracy of every arm, in percent, in the order of `inks`."""
    return [Line(course(records, arm, "val_accuracy", factor=100.0), ink, arm) for arm, ink in inks.items()]


def unique(records: Sequence[RunRecord], inks: Mapping[str, Ink]) -> list[Line]:
    """Return the cumulative number of different images that the network of every arm has received."""
    return [Line(course(records, arm, "unique_images"), ink, f"{arm}: unique images") for arm, ink in inks.items()]


def seen(records: Sequence[RunRecord], baseline: str) -> Line:
    """Return the cumulative number of images seen, which the budget makes equal in every arm."""
    return Line(course(records, baseline, "images_seen"), Ink(0, *HUES[0]), "images seen, in every arm")


def differences(records: Sequence[RunRecord], baseline: str, arm: str) -> Course:
    """Return the paired difference of validation accuracy by epoch, in percentage points."""
    first = course(records, baseline, "val_accuracy", factor=100.0)
    return paired(first, course(records, arm, "val_accuracy", factor=100.0))


def inks(comparison: Comparison) -> dict[str, Ink]:
    """Give the arms of a comparison their inks, in the order of the plan."""
    names = [arm.name for arm in comparison.arms]
    given = assign(names, comparison.baseline)
    return {name: given[name] for name in names}


def spans(comparison: Comparison) -> list[Span]:
    """Return the test differences of every contrast."""
    given = inks(comparison)
    return [
        Span(
            label=f"{c.arm} − {comparison.baseline}",
            ink=given[c.arm],
            dots=c.differences,
            seeds=c.seeds,
            estimate=math.nan if c.estimate is None else c.estimate,
            wide=_ends(c.new_images),
            narrow=_ends(c.these_images),
            words=c.verdict,
        )
        for c in comparison.contrasts
    ]


def _ends(interval: Interval | None) -> tuple[float, float] | None:
    return (interval.low, interval.high) if interval else None


def gains(comparison: Comparison, records: Sequence[RunRecord]) -> list[GainCurve]:
    """Return the paired difference of validation accuracy of every contrast, with its band."""
    given, charts = inks(comparison), []
    for c in comparison.contrasts:
        line = Line(differences(records, comparison.baseline, c.arm), given[c.arm], f"{c.arm} − {comparison.baseline}")
        mean, low, high = _gain_arrays(c.gain)
        epochs = np.arange(1, len(mean) + 1, dtype=np.float64)
        charts.append(GainCurve(line, epochs, mean, low, high, wording.band_label(c.gain)))
    return charts


def _gain_arrays(gain: schema.Gain | None) -> tuple[Floats, Floats, Floats]:
    """Return mean, lower and upper end of the band by epoch, each float64 (E,); NaN where there is no band."""
    mean = np.array(gain.mean if gain else (), dtype=np.float64)
    if gain is None or gain.low is None or gain.high is None:
        return mean, np.full(len(mean), np.nan), np.full(len(mean), np.nan)
    return mean, np.array(gain.low), np.array(gain.high)


def labels(comparison: Comparison) -> tuple[str, str]:
    """Say what the intervals for new and for these images are; contrasts with other numbers of seeds are all named."""
    new = (wording.new_images_label(c, comparison) for c in comparison.contrasts)
    these = (wording.these_images_label(c, comparison) for c in comparison.contrasts)
    first, second = ("; ".join(dict.fromkeys(filter(None, part))) for part in (new, these))
    return first, second
