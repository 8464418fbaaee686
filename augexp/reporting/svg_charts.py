"""The report's charts as SVG: the verdict, the curves, the gain by epoch and the unique images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from augexp.analysis.learning_curves import Floats
from augexp.analysis.wording import number
from augexp.reporting.charts import GainCurve, Line, Span
from augexp.reporting.svg import FONT, WIDTH, Chart, Scale, scale, shorten, stack, text_width

LEFT, RIGHT, TOP, BOTTOM = 46.0, 10.0, 34.0, 40.0
HEIGHT = 250.0
DOT = 4.2
BOLD = 1.12 * FONT
"""Size that bold text takes as much room as."""

SIGN = 64.0
"""Room for "helps" and its arrow."""

ROOM = 24.0
"""Height for the axis title above a plot."""


def draw_spans(spans: Sequence[Span], r: float, metric: str = "accuracy") -> str:
    """Draw every contrast: a dot per seed, both intervals, the estimate, the region ±r and the line of zero.

    Args:
        spans: from top to bottom; differences in percentage points.
        r: half-width of the region of practical equivalence.
        metric: name of what differs.
    """
    x = _difference_scale(spans, r)
    blocks = [_block_height(span, x) for span in spans]
    bottom = ROOM + sum(blocks)
    chart = Chart(bottom + BOTTOM, _describe(spans, r, metric))
    chart.rectangle(x(-r), ROOM, x(r), bottom, "zone")
    for edge in (-r, r):
        chart.segment(x(edge), ROOM, x(edge), bottom, "edge")
    chart.segment(x(0.0), ROOM - 4, x(0.0), bottom, "axis")
    if x(0.0) > SIGN:
        chart.text(x(0.0) - 8, 14, "← hurts", "soft", anchor="end")
    if x(0.0) < WIDTH - SIGN:
        chart.text(x(0.0) + 8, 14, "helps →", "soft")
    top = ROOM
    for span, height in zip(spans, blocks, strict=True):
        _draw_span(chart, x, span, top, height, named=len(spans) > 1)
        top += height
    label = _tick_label(x, signed=True)
    chart.x_axis(x, bottom, f"difference of test {metric} in percentage points (pp)", label)
    return chart.render()


def _difference_scale(spans: Sequence[Span], r: float) -> Scale:
    values = [-1.6 * r, 1.6 * r]
    for span in spans:
        values += [span.estimate, *span.dots, *(span.wide or ()), *(span.narrow or ())]
    finite = [value for value in values if math.isfinite(value)]
    pad = 0.04 * (max(finite) - min(finite))
    return scale([min(finite) - pad, max(finite) + pad], 14.0, WIDTH - 14.0, count=6)


def _levels(span: Span, x: Scale) -> list[int]:
    return stack([x(float(dot)) for dot in span.dots], 2 * DOT + 0.6)


def _block_height(span: Span, x: Scale) -> float:
    return 62.0 + (2 * DOT + 0.6) * max(_levels(span, x), default=0)


def _draw_span(chart: Chart, x: Scale, span: Span, top: float, height: float, *, named: bool) -> None:
    css, base = f"c{span.ink.index}", top + height - 26
    if named:
        words = f": {span.words}" if span.words else ""
        room = WIDTH - 28 - text_width(words, BOLD)
        chart.text(14, top + 13, shorten(span.label, room, BOLD) + words, "strong", tip=span.label + words)
    for dot, seed, level in zip(span.dots, span.seeds, _levels(span, x), strict=True):
        tip = f"seed {seed}: {number(float(dot), 2, signed=True)} pp"
        chart.dot(x(float(dot)), base - 12 - level * (2 * DOT + 0.6), f"dot {css}", radius=DOT, tip=tip)
    if span.wide:
        chart.segment(
            x(span.wide[0]), base, x(span.wide[1]), base, f"wide {css}", tip=f"new images: {_range(span.wide)}"
        )
        _ends(chart, x, span.wide, base + 21)
    if span.narrow:
        tip = f"these test images: {_range(span.narrow)}"
        chart.segment(x(span.narrow[0]), base + 8, x(span.narrow[1]), base + 8, f"fine {css}", tip=tip)
    if math.isfinite(span.estimate):
        tip = f"estimate: {number(span.estimate, 2, signed=True)} pp"
        chart.dot(x(span.estimate), base, f"point {css}", radius=4.5, tip=tip)


def _ends(chart: Chart, x: Scale, pair: tuple[float, float], y: float) -> None:
    """Write the two ends of an interval under it, apart from each other and inside the picture."""
    left, right = (number(value, 1, signed=True) for value in pair)
    places = [min(max(x(value), 30.0), WIDTH - 30.0) for value in pair]
    gap = places[1] - places[0]
    if gap < 4 * FONT:
        middle = min(max(sum(places) / 2, 60.0), WIDTH - 60.0)
        chart.text(middle, y, f"{left} to {right}", "num halo", anchor="middle")
        return
    for place, text in zip(places, (left, right), strict=True):
        chart.text(place, y, text, "num halo", anchor="middle")


def _range(pair: tuple[float, float]) -> str:
    return f"{number(pair[0], 2, signed=True)} to {number(pair[1], 2, signed=True)} pp"


def _describe(spans: Sequence[Span], r: float, metric: str) -> str:
    parts = []
    for span in spans:
        interval = f", interval for new images {_range(span.wide)}" if span.wide else ""
        parts.append(f"{span.label}: {number(span.estimate, 2, signed=True)} pp{interval}. {span.words}".strip())
    return f"Differences of test {metric} with a region of practical equivalence of ±{r:g} pp. " + " ".join(parts)


def _tick_label(axis: Scale, *, signed: bool = False) -> Callable[[float], str]:
    return lambda value: number(value, axis.digits, signed=signed)


def draw_lines(lines: Sequence[Line], title: str, label: str, *, floor: float | None = None, seeds: bool = True) -> str:
    """Draw courses over the epochs: thin lines for the seeds, the bold mean on top.

    Args:
        lines: from back to front.
        title: of the vertical axis, with the unit.
        label: what the chart shows, in words.
        floor: lowest value that the axis has to reach, None for the data's own.
        seeds: draw the thin lines.
    """
    x, y = _axes(lines, [] if floor is None else [floor])
    chart = _frame(x, y, title, label)
    for line in lines if seeds else ():
        for seed, row in zip(line.course.seeds, line.course.values, strict=True):
            chart.line(x, y, line.course.epochs, row, f"thin c{line.ink.index}", tip=f"{line.label}, seed {seed}")
    for line in lines:
        _mean(chart, x, y, line, line.course.mean)
    return chart.render()


def draw_gain(gain: GainCurve, label: str) -> str:
    """Draw the paired difference by epoch of one contrast: its band, the seeds and the mean."""
    _, y = _axes([gain.line], [0.0, *_within(gain.low, gain), *_within(gain.high, gain), *gain.mean])
    x = scale([1.0, float(max(len(gain.epochs), 2))], LEFT, WIDTH - RIGHT, whole=True)
    chart = _frame(x, y, "paired difference of validation accuracy (pp)", label, signed=True)
    hue = f"c{gain.line.ink.index}"
    chart.band(x, y, gain.epochs, gain.low, gain.high, f"band {hue}")
    chart.segment(LEFT, y(0.0), WIDTH - RIGHT, y(0.0), "axis")
    for seed, row in zip(gain.line.course.seeds, gain.line.course.values, strict=True):
        chart.line(x, y, gain.line.course.epochs, row, f"thin {hue}", tip=f"{gain.line.label}, seed {seed}")
    _mean(chart, x, y, gain.line, gain.mean)
    return chart.render()


def _within(part: Floats, gain: GainCurve) -> list[float]:
    """Leave out the widest bands of the first epochs, which would flatten everything that matters."""
    finite = np.abs(gain.mean[np.isfinite(gain.mean)])
    limit = 4 * float(finite.max(initial=1.0))
    return [float(v) for v in part if math.isfinite(v) and abs(v) <= limit]


def _axes(lines: Sequence[Line], more: Sequence[float]) -> tuple[Scale, Scale]:
    last = max((line.course.epochs[-1] for line in lines if len(line.course.epochs)), default=2.0)
    values = [float(v) for line in lines for v in line.course.values.ravel()] + list(more)
    x = scale([1.0, max(float(last), 2.0)], LEFT, WIDTH - RIGHT, whole=True)
    return x, scale(values, HEIGHT - BOTTOM, TOP, count=5)


def _frame(x: Scale, y: Scale, title: str, label: str, *, signed: bool = False) -> Chart:
    chart = Chart(HEIGHT, label)
    chart.y_axis(y, LEFT, WIDTH - RIGHT, title, _compact(y, signed=signed))
    chart.x_axis(x, HEIGHT - BOTTOM, "epoch", _tick_label(x))
    return chart


def _compact(axis: Scale, *, signed: bool) -> Callable[[float], str]:
    """Write thousands as k and millions as M where the plain numbers would not fit beside the axis."""
    largest = max(abs(axis.low), abs(axis.high))
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if largest >= 10 * factor or (letter == "M" and largest >= factor):
            return lambda value: f"{value / factor:g} {letter}" if value else "0"
    return _tick_label(axis, signed=signed)


def bold(line: Line) -> str:
    """Return the class names of the bold line of an arm."""
    dash = {0: "", 6: " d1", 2: " d2"}[int(line.ink.dash[0]) if line.ink.dash else 0]
    return f"bold c{line.ink.index}{dash}"


def _mean(chart: Chart, x: Scale, y: Scale, line: Line, mean: Floats) -> None:
    epochs = np.arange(1.0, len(mean) + 1)
    if len(mean) == 1 and math.isfinite(mean[0]):
        chart.dot(x(1.0), y(float(mean[0])), f"dot c{line.ink.index}", tip=line.label)
    chart.line(x, y, epochs, mean, bold(line), tip=line.label)


def swatch(css: str) -> str:
    """Return the small picture of a legend entry: a line, a band, a dot or the region, by class names."""
    chart = Chart(12.0, "", width=26.0)
    del chart.root.attrib["role"], chart.root.attrib["aria-label"]
    chart.root.set("aria-hidden", "true")
    kind = css.split()[0]
    if kind in ("dot", "point"):
        chart.dot(13, 6, css, radius=DOT)
    elif kind in ("band", "zone"):
        chart.rectangle(1, 1, 25, 11, css)
    else:
        chart.segment(1, 6, 25, 6, css)
    return chart.render()
