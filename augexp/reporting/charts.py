"""What the charts show, taken from a comparison and its records once: files and page draw the same descriptions.

Accuracies are in percent, differences in percentage points (pp).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augexp.analysis.learning_curves import Course, Floats, course, differences
from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.values import Gain, Interval
from augexp.analysis.wording import number
from augexp.experiment import nouns
from augexp.reporting import wording
from augexp.reporting.declared import words as declared
from augexp.reporting.palette import LineStyle, line_styles
from augexp.results.records import RunRecord

Legend = tuple[tuple[str, str], ...]
"""Class names of each swatch of a page's legend, and what it stands for."""

MAX_ARMS_WITH_SEEDS = 3
"""Arms up to which one chart shows the single seeds of all of them."""

ACCURACIES = (
    ("train_accuracy", "training images as the network got them", 2),
    ("probe_accuracy", "training images, clean (probe)", 3),
    ("val_accuracy", "validation", 1),
)
"""The accuracies of ``epochs.csv`` with their labels and hues; not the arms' hues, since they are kinds, not arms."""


@dataclass(frozen=True)
class Line:
    """A course over the epochs and how it is drawn.

    Attributes:
        course: one row per run.
        style: of the thin lines and the bold mean.
        label: in the legend.
        names: of the thin lines.
    """

    course: Course
    style: LineStyle
    label: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A point of a chart of budgets: an arm at its own best one.

    Attributes:
        epochs, value: where it lies.
        style: of its arm.
        label: what it is.
    """

    epochs: float
    value: float
    style: LineStyle
    label: str


@dataclass(frozen=True)
class GainCurve:
    """The paired difference of validation accuracy by epoch of one contrast, in pp.

    Attributes:
        line: differences of each run.
        epochs, mean, low, high: float64 (E,), the mean and the band around it; NaN where there is no band.
        band: what the band is, e.g. "95 % t interval, 8 pairs"; empty where there is none.
    """

    line: Line
    epochs: Floats
    mean: Floats
    low: Floats
    high: Floats
    band: str


@dataclass(frozen=True, kw_only=True)
class _Chart:
    """What every chart has.

    Attributes:
        caption: what it shows; no two charts of a page have the same.
        note: how to read it.
        description: what it shows, in words, for readers who cannot see it.
    """

    caption: str
    note: str
    description: str


@dataclass(frozen=True, kw_only=True)
class CurveChart(_Chart):
    """Courses over the epochs: a thin line for each run and the bold mean.

    Attributes:
        unit: label of the vertical axis.
        lines: from back to front.
        seeds: whether the thin lines are shown.
        run: what one of them is: a seed, or a fit.
        reference: counts that the lines, which are counts too, are compared with; None for other courses.
        budgets: whether the epochs are budgets, which are spread evenly by their ratios.
        marks: single points on the lines.
    """

    unit: str
    lines: tuple[Line, ...]
    seeds: bool = True
    run: str = "seed"
    reference: Line | None = None
    budgets: bool = False
    marks: tuple[Mark, ...] = ()

    @property
    def legend(self) -> Legend:
        """Entries of the page's legend."""
        behind = (("wide pale", self.reference.label),) if self.reference else ()
        return (*((f"bold {line.style.css}", line.label) for line in self.lines), *behind)


@dataclass(frozen=True, kw_only=True)
class GainChart(_Chart):
    """Paired differences by epoch: seeds and band of one contrast, or the means of several with their last bands.

    Attributes:
        curves: of the contrasts.
        r: half-width of the region of practical equivalence.
        region: what it is.
        budgets: whether the epochs are budgets, which are spread evenly by their ratios.
    """

    curves: tuple[GainCurve, ...]
    r: float
    region: str
    budgets: bool = False

    @property
    def legend(self) -> Legend:
        """Entries of the page's legend."""
        entries = []
        for curve in self.curves:
            style = curve.line.style.css
            entries += [(f"bold {style}", curve.line.label), (f"band {style}", curve.band)]
        return tuple(entry for entry in (*entries, ("zone", self.region)) if entry[1])


@dataclass(frozen=True, kw_only=True)
class DifferenceChart(_Chart):
    """Test differences of every contrast: a dot for each seed or repeat, both intervals, the estimate, ±r.

    Attributes:
        contrasts: from top to bottom.
        styles: of their arms.
        baseline: the arm that the others are compared with.
        metric: name of what differs.
        r: half-width of the region of practical equivalence.
        region: what it is.
        intervals: what the intervals for new and for these images are; empty where there is none.
        unit: label of the horizontal axis.
        block: what a dot is: one seed, or one repeat.
        names: of the dots of each contrast.
    """

    contrasts: tuple[Contrast, ...]
    styles: tuple[LineStyle, ...]
    baseline: str
    metric: str
    r: float
    region: str
    intervals: tuple[str, str]
    unit: str = "paired difference (pp)"
    block: str = "seed"
    names: tuple[tuple[str, ...], ...] = ()

    @property
    def legend(self) -> Legend:
        """Entries of the page's legend."""
        hue = self.styles[0].css if len(self.styles) == 1 else LineStyle(0).css
        seeds = any(contrast.differences for contrast in self.contrasts)
        dots = (f"dot {hue}", f"one {self.block}"), (f"point {hue}", f"mean of the {self.block}s")
        entries = dots if seeds else ()
        intervals = zip((f"wide {hue}", f"fine {hue}"), self.intervals, strict=True)
        return (*entries, ("zone", self.region), *(entry for entry in intervals if entry[1]))


Chart = CurveChart | GainChart | DifferenceChart


def accuracy_chart(records: Sequence[RunRecord], arm: str, folds: int | None = None) -> CurveChart:
    """Return training, clean-probe and validation accuracy of one arm."""
    return CurveChart(
        caption=f"{arm}: accuracy by epoch.", note=_thin_and_bold(folds), description=f"Accuracies of {arm} by epoch",
        unit="accuracy (%)", run=nouns.nouns(folds).run,
        lines=tuple(
            _line(course(records, arm, column, factor=100.0), LineStyle(hue), label, folds)
            for column, label, hue in ACCURACIES
        ),
    )  # fmt: skip


def _thin_and_bold(folds: int | None) -> str:
    return f"Thin lines: one {nouns.nouns(folds).run} each; bold: mean."


def _line(values: Course, style: LineStyle, label: str, folds: int | None) -> Line:
    return Line(values, style, label, tuple(nouns.run_title(seed, folds) for seed in values.seeds))


def validation_chart(
    records: Sequence[RunRecord], styles: Mapping[str, LineStyle], folds: int | None = None
) -> CurveChart:
    """Return the validation accuracy of every arm, in the order of `styles`."""
    seeds = len(styles) <= MAX_ARMS_WITH_SEEDS
    lines = (
        _line(course(records, arm, "val_accuracy", factor=100.0), style, arm, folds) for arm, style in styles.items()
    )
    own = nouns.nouns(folds)
    return CurveChart(
        caption="Validation accuracy of every arm.",
        note=_thin_and_bold(folds) if seeds else f"Mean of the {own.runs}.",
        description="Validation accuracy of every arm by epoch", unit="accuracy (%)", lines=tuple(lines), seeds=seeds,
        run=own.run,
    )  # fmt: skip


def unique_images_chart(
    records: Sequence[RunRecord], styles: Mapping[str, LineStyle], baseline: str, folds: int | None = None
) -> CurveChart:
    """Return the cumulative number of different images that the network of every arm has received.

    The reference is the number of images seen, which the budget makes equal in every arm whose policy shows no other
    images beside them.
    """
    equal = len({record.run.ledger.images_seen for record in records if record.run.ledger}) < 2
    label = "images seen, in every arm" if equal else f"images seen by {baseline}"
    seen = Line(course(records, baseline, "images_seen"), LineStyle(0), label)
    last = seen.course.mean[-1:] if equal else np.empty(0)
    lines = (
        _line(course(records, arm, "unique_images"), style, f"{arm}: unique images", folds)
        for arm, style in styles.items()
    )
    return CurveChart(
        caption="Different images that the network received.",
        note=f"Every arm has seen {last[0]:,.0f} images at the end." if np.isfinite(last).any() else "",
        description="Unique images by epoch", unit="images, cumulative", lines=tuple(lines), reference=seen,
        run=nouns.nouns(folds).run,
    )  # fmt: skip


def styles(comparison: Comparison) -> dict[str, LineStyle]:
    """Give the arms of a comparison their styles, in the order of the plan."""
    return line_styles([arm.name for arm in comparison.arms], comparison.baseline)


def gains(comparison: Comparison, records: Sequence[RunRecord]) -> dict[str, GainCurve]:
    """Return the paired difference of validation accuracy of every contrast, by its arm, with its band."""
    given, curves = styles(comparison), {}
    for c in comparison.contrasts:
        values, label = differences(records, comparison.baseline, c.arm), f"{c.arm} − {comparison.baseline}"
        line = _line(values, given[c.arm], label, comparison.folds)
        mean, low, high = _gain_arrays(c.gain)
        epochs = np.arange(1, len(mean) + 1, dtype=np.float64)
        curves[c.arm] = GainCurve(line, epochs, mean, low, high, wording.band_label(c.gain, comparison.folds))
    return curves


def _gain_arrays(gain: Gain | None) -> tuple[Floats, Floats, Floats]:
    """Return mean, lower and upper end of the band by epoch, each float64 (E,); NaN where there is no band."""
    mean = np.array(gain.mean if gain else (), dtype=np.float64)
    if gain is None or gain.low is None or gain.high is None:
        return mean, np.full(len(mean), np.nan), np.full(len(mean), np.nan)
    return mean, np.array(gain.low), np.array(gain.high)


def gain_chart(comparison: Comparison, curves: Iterable[GainCurve]) -> GainChart:
    """Put the gain of one or of several contrasts into one chart."""
    shown = tuple(curves)
    which = ", ".join(curve.line.label for curve in shown)
    return GainChart(
        caption=f"{which}: gain by epoch.", note="Above zero the arm is ahead of the baseline.",
        description=f"Paired difference of validation accuracy by epoch, {which}", curves=shown,
        r=comparison.equivalence, region=wording.region(comparison),
    )  # fmt: skip


def difference_chart(comparison: Comparison) -> DifferenceChart:
    """Return the test differences of every contrast."""
    given, metric = styles(comparison), wording.metric(comparison)
    return DifferenceChart(
        caption=f"Difference of test {metric}.",
        note=declared.dots(comparison),
        description=_describe(comparison, metric), contrasts=comparison.contrasts,
        styles=tuple(given[c.arm] for c in comparison.contrasts), baseline=comparison.baseline, metric=metric,
        r=comparison.equivalence, region=wording.region(comparison), intervals=_interval_labels(comparison),
        unit="difference (pp)" if declared.is_unpaired(comparison) else "paired difference (pp)",
        block=nouns.nouns(comparison.folds).block,
        names=tuple(block_names(c, comparison) for c in comparison.contrasts),
    )  # fmt: skip


def block_names(contrast: Contrast, comparison: Comparison) -> tuple[str, ...]:
    """Return what each dot of a contrast stands for; repeats of declared runs keep the numbers of their table."""
    if comparison.declared:
        return tuple(f"{nouns.nouns(comparison.folds).block} {seed}" for seed in contrast.seeds)
    return tuple(nouns.block_title(seed, comparison.folds) for seed in contrast.seeds)


def _interval_labels(comparison: Comparison) -> tuple[str, str]:
    """Say what the intervals for new and for these images are; contrasts with other numbers of seeds are all named."""
    new = (wording.new_images_label(c, comparison) for c in comparison.contrasts)
    these = (wording.these_images_label(c, comparison) for c in comparison.contrasts)
    first, second = ("; ".join(dict.fromkeys(filter(None, part))) for part in (new, these))
    return first, second


def _describe(comparison: Comparison, metric: str) -> str:
    parts = [f"Differences of test {metric} with a region of practical equivalence of ±{comparison.equivalence:g} pp."]
    for c in comparison.contrasts:
        estimate = f"{number(c.estimate, 2, signed=True)} pp" if c.estimate is not None else "no estimate"
        interval = f", interval for new images {in_pp(c.new_images)}" if c.new_images else ""
        parts.append(f"{c.arm} − {comparison.baseline}: {estimate}{interval}. {c.verdict}")
    return " ".join(parts)


def in_pp(interval: Interval) -> str:
    """Write an interval with two decimals."""
    return f"{number(interval.low, 2, signed=True)} to {number(interval.high, 2, signed=True)} pp"
