"""Each kind of chart drawn into one matplotlib axes: in a file, a part of a figure; in the page, a chart of its own.

Everything is drawn through the object-oriented interface, so nothing depends on or changes matplotlib's
global state. What has a label that starts with an underscore is in no legend; in the page that label, and that of
every other line, is the tooltip.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import font_manager, ticker  # noqa: TID253 - nothing light imports this module
from matplotlib.patheffects import withStroke  # noqa: TID253

from augexp.analysis.learning_curves import Floats
from augexp.analysis.schema import Contrast
from augexp.analysis.wording import number
from augexp.experiment.budget import milestones
from augexp.reporting.charts import CurveChart, DifferenceChart, GainChart, GainCurve, Line, in_pp
from augexp.reporting.palette import INK, PAGE, RULE, SOFT, ZONE, LineStyle

FONT = "DejaVu Sans"
"""Comes with matplotlib, so figures look the same everywhere."""

WIDTH = 9.0
"""Inches of a figure in a file."""

ROW = 0.95
"""Inches per unit of a contrast's row."""

STACK = 0.088
"""Rise of one stacked dot in such units: a dot and its white edge."""

_DOT = 0.011
"""Width of a dot as a share of the axis of differences, at `WIDTH`."""

_CHARACTERS = 13.0
"""Characters per inch of a contrast's label."""

_LINE = 0.19
"""Height of a further line of such a label in units of `ROW`."""

_X = {False: "epoch", True: "epochs of the budget, in both arms"}
"""Labels of the horizontal axis, by whether it shows budgets."""

_BUDGET_TICKS = {1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120}

_MAX_DIGITS = 6
"""Decimals of a tick label."""


@lru_cache(maxsize=1)
def _font() -> Any:
    return font_manager.get_font(font_manager.findfont(FONT))


def drawable(text: str, width: int = 60) -> str:
    """Replace what the font cannot draw by its code point, and wrap at `width` characters."""
    font = _font()
    plain = "".join(c if font.get_char_index(ord(c)) and c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return "\n".join(textwrap.wrap(plain, width, break_long_words=True, break_on_hyphens=False)) or " "


def shorten(text: str, length: int = 64) -> str:
    """Cut a name in the middle so that legends and labels stay inside the figure."""
    return text if len(text) <= length else text[: length - length // 3 - 1] + "…" + text[-(length // 3) :]


def _set_labels_and_grid(axes: Any, *, title: str, x: str, y: str = "") -> None:
    """Give an axes its title, labels, light grid and open frame."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x, color=SOFT)
    axes.set_ylabel(y, color=SOFT)
    axes.grid(visible=True, color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)


def _epoch_axis(axes: Any, last: float, *, budgets: bool = False) -> None:
    """Show whole epochs from the first to `last`; budgets are spread evenly by their ratios."""
    if budgets:
        axes.set_xscale("log", base=2)
        axes.set_xlim(0.9, max(1.1 * last, 2.0))
        ticks = [epochs for epochs in milestones(round(last)) if epochs in _BUDGET_TICKS] or [1]
        axes.xaxis.set_major_locator(ticker.FixedLocator(ticks))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        return
    axes.set_xlim(min(1.0, last - 0.5), max(last, 1.5))
    axes.xaxis.set_major_locator(ticker.MaxNLocator(nbins=8, integer=True) if last > 1 else ticker.FixedLocator([1.0]))


# -- courses over the epochs ---------------------------------------------------------------------


def draw_curves(axes: Any, chart: CurveChart, title: str = "") -> None:
    """Draw each course: a thin line per run and the bold mean over the runs, behind them the reference."""
    reference = chart.reference
    if reference is not None:
        axes.plot(
            reference.course.epochs, reference.course.mean, color=SOFT, linewidth=5, alpha=0.3, label=reference.label
        )
    for line in chart.lines:
        if chart.seeds:
            _draw_seeds(axes, line)
        _draw_mean(axes, line.style, line.course.epochs, line.course.mean, line.label)
    for mark in chart.marks:
        axes.plot([mark.epochs], [mark.value], "D", color=mark.style.colour, markeredgecolor=PAGE, markersize=8,
                  zorder=5, label=f"_{mark.label}: {number(mark.value, 1)} %")  # fmt: skip
    last = max((line.course.epochs[-1] for line in chart.lines if len(line.course.epochs)), default=1.0)
    _epoch_axis(axes, last, budgets=chart.budgets)
    _set_labels_and_grid(axes, title=title, x=_X[chart.budgets], y=chart.unit)
    if reference is not None:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _draw_seeds(axes: Any, line: Line) -> None:
    marker = "o" if len(line.course.epochs) == 1 else ""
    names = line.names or [f"seed {seed}" for seed in line.course.seeds]
    for name, row in zip(names, line.course.values, strict=True):
        axes.plot(line.course.epochs, row, color=line.style.colour, linewidth=0.8, alpha=0.35, marker=marker,
                  markersize=3, label=f"_{line.label}, {name}")  # fmt: skip


def _draw_mean(axes: Any, style: LineStyle, epochs: Floats, mean: Floats, label: str) -> None:
    dashes: Any = (0, style.dash) if style.dash else "solid"
    marker = "o" if len(epochs) == 1 else ""
    axes.plot(epochs, mean, color=style.colour, linewidth=2.4, linestyle=dashes, label=label, marker=marker)


# -- the gain by epoch ---------------------------------------------------------------------------


def draw_gains(axes: Any, chart: GainChart, title: str = "") -> None:
    """Draw the paired difference by epoch: runs and band for one contrast, a bar at the end for each of several.

    Bands of several contrasts would hide each other, so only their last epoch is shown, side by side.
    """
    _draw_region(axes, chart.r, vertical=False)
    curves = chart.curves
    parts = [part for curve in curves for part in (curve.epochs, curve.line.course.epochs) if len(part)]
    last = max((float(part[-1]) for part in parts), default=1.0)
    _epoch_axis(axes, max(last, 1.0), budgets=chart.budgets)
    shown = [v for curve in curves for v in curve.mean if np.isfinite(v)]
    if len(curves) == 1:
        (curve,) = curves
        _draw_seeds(axes, curve.line)
        _draw_mean(axes, curve.line.style, curve.epochs, curve.mean, curve.line.label)
        _draw_band(axes, curve)
        shown += [v for v in curve.line.course.values.ravel() if np.isfinite(v)]
    else:
        for curve in curves:
            _draw_mean(axes, curve.line.style, curve.epochs, curve.mean, f"_{curve.line.label}")
        shown += _draw_bars(axes, curves, last, budgets=chart.budgets)
    # The band of the first epochs can be huge; it is cut so that the rest stays readable.
    limit = 1.1 * max(1.5 * chart.r, *np.abs([0.0, *shown]))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -limit), min(high, limit))
    _set_labels_and_grid(axes, title=title, x=_X[chart.budgets], y="paired difference (pp)")
    sign_tick_labels(axes.yaxis)


def _draw_band(axes: Any, curve: GainCurve) -> None:
    """Fill between `low` and `high` where both are finite."""
    finite = np.isfinite(curve.low) & np.isfinite(curve.high)
    if finite.any():
        axes.fill_between(curve.epochs[finite], curve.low[finite], curve.high[finite], color=curve.line.style.colour,
                          alpha=0.18, linewidth=0, label=curve.band or None)  # fmt: skip


def bars_note(curves: Sequence[GainCurve]) -> str:
    """Say what the bars at the last epoch are; empty for one contrast, which has a band instead."""
    bands = dict.fromkeys(curve.band for curve in curves if curve.band)
    return f"bars after the last epoch: {'; '.join(bands)}" if len(curves) > 1 and bands else ""


def _draw_bars(axes: Any, curves: Sequence[GainCurve], last: float, *, budgets: bool) -> list[float]:
    """Draw the band of the last epoch of every contrast to the right of it; return the bars' ends."""
    step, ends = (0.06 * last if budgets else 0.025 * max(last - 1.0, 0.5)), []
    for place, curve in enumerate(curves, start=1):
        pair = [curve.low[-1], curve.high[-1]] if len(curve.epochs) else [np.nan, np.nan]
        if np.isfinite(pair).all():
            axes.plot(
                [last + place * step] * 2, pair, color=curve.line.style.colour, linewidth=2.4, solid_capstyle="butt"
            )
            ends += [float(value) for value in pair]
    axes.set_xlim(axes.get_xlim()[0], last + (len(curves) + 1) * step)
    return ends


def _draw_region(axes: Any, r: float, *, vertical: bool) -> None:
    """Shade differences within ±r and draw the line of no difference."""
    shade, line = (axes.axvspan, axes.axvline) if vertical else (axes.axhspan, axes.axhline)
    shade(-r, r, color=ZONE, zorder=0, linewidth=0)
    line(0.0, color=INK, linewidth=1.0, zorder=1)


def sign_tick_labels(axis: Any) -> None:
    """Write tick labels with their sign, a true minus among them."""
    axis.set_major_formatter(lambda value, _: number(value, _digits(axis), signed=True))


def _digits(axis: Any) -> int:
    """Return the decimals that the tick labels need: steps of 2.5 have one, although they are above 1."""
    ticks = np.asarray(axis.get_majorticklocs(), dtype=float)
    step = np.diff(ticks).min(initial=np.inf)
    exact = (n for n in range(_MAX_DIGITS) if (np.abs(ticks - np.round(ticks, n)) < 1e-6 * step).all())
    return next(exact, _MAX_DIGITS) if len(ticks) > 1 else 1


# -- test differences ----------------------------------------------------------------------------


def row_heights(chart: DifferenceChart, width: float = WIDTH) -> list[float]:
    """Return the height of each contrast's row in units of `ROW`: more where dots are stacked or labels are long.

    Args:
        chart: what is drawn.
        width: of the figure in inches.
    """
    rows = zip(labels(chart, width), _levels(chart, width), strict=True)
    return [0.95 + STACK * max(levels, default=0) + _LINE * label.count("\n") for label, levels in rows]


def _levels(chart: DifferenceChart, width: float) -> list[list[int]]:
    low, high = _ends(chart)
    size = _DOT * (WIDTH / width) * (high - low)
    return [stack(contrast.differences, size) for contrast in chart.contrasts]


def stack(positions: Sequence[float], size: float) -> list[int]:
    """Give each dot the lowest level on which it touches no other; levels count from 0.

    Args:
        positions: centres along the axis.
        size: diameter of a dot in the unit of `positions`.
    """
    levels: list[int] = []
    for index, position in enumerate(positions):
        taken = {levels[other] for other in range(index) if abs(positions[other] - position) < size}
        levels.append(next(level for level in range(index + 1) if level not in taken))
    return levels


def _ends(chart: DifferenceChart) -> tuple[float, float]:
    values = [-1.6 * chart.r, 1.6 * chart.r, *(value for c in chart.contrasts for value in c.differences)]
    for interval in (i for c in chart.contrasts for i in (c.new_images, c.these_images) if i):
        values += [interval.low, interval.high]
    finite = [value for value in values if np.isfinite(value)]
    low, high = min(finite), max(finite)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def draw_differences(axes: Any, chart: DifferenceChart, title: str = "", width: float = WIDTH) -> None:
    """Draw per contrast the dot of each seed or repeat, the two intervals and the estimate, one row below another.

    Args:
        axes: of differences in pp along x, `ROW` inches high for each unit of `row_heights`.
        chart: what is drawn.
        title: of the axes.
        width: of the figure in inches.
    """
    _draw_region(axes, chart.r, vertical=True)
    top = 0.0
    axes.set_xlim(*_ends(chart))
    rows = zip(labels(chart, width), row_heights(chart, width), _levels(chart, width), strict=True)
    dots = chart.names or [tuple(f"seed {seed}" for seed in contrast.seeds) for contrast in chart.contrasts]
    for contrast, names, style, (label, height, stacked) in zip(chart.contrasts, dots, chart.styles, rows, strict=True):
        _draw_difference(axes, contrast, names, style.colour, top - height + 0.3, stacked)
        axes.text(0.0, top - 0.2 - _LINE / 2 * label.count("\n"), label, transform=axes.get_yaxis_transform(),
                  fontsize=9, color=INK, va="center", zorder=6,
                  path_effects=[withStroke(linewidth=3, foreground=PAGE)])  # fmt: skip
        top -= height
    axes.set_ylim(top or -1.0, 0.0)
    axes.set_yticks([])
    _set_labels_and_grid(axes, title=title, x=chart.unit)
    sign_tick_labels(axes.xaxis)
    axes.grid(visible=False, axis="y")


def _draw_difference(
    axes: Any, contrast: Contrast, names: Sequence[str], colour: str, base: float, levels: Sequence[int]
) -> None:
    pairs = zip(names, contrast.differences, strict=bool(contrast.differences))
    tips = [f"{name}: {number(difference, 2, signed=True)} pp" for name, difference in pairs]
    if tips:
        axes.scatter(contrast.differences, [base + 0.15 + STACK * level for level in levels], s=30, color=colour,
                     edgecolor=PAGE, zorder=4, label="_" + "\n".join(tips))  # fmt: skip
    for interval, scope, y, width, alpha in (
        (contrast.new_images, "new images", 0.0, 5.0, 1.0),
        (contrast.these_images, "these test images", -0.13, 2.0, 0.75),
    ):
        if interval is not None:
            ends = np.clip((interval.low, interval.high), *axes.get_xlim())
            axes.plot(ends, [base + y] * 2, color=colour, linewidth=width, alpha=alpha, zorder=3,
                      solid_capstyle="butt", label=f"_{scope}: {in_pp(interval)}")  # fmt: skip
    if contrast.estimate is not None:
        axes.plot([contrast.estimate], [base], "o", color=PAGE, markeredgecolor=colour, markersize=8,
                  markeredgewidth=2.2, zorder=5,
                  label=f"_estimate: {number(contrast.estimate, 2, signed=True)} pp")  # fmt: skip


def labels(chart: DifferenceChart, width: float) -> list[str]:
    """Say each contrast, its estimate with the interval for new images, and its verdict, in lines that fit."""
    labels = []
    for c in chart.contrasts:
        text = shorten(f"{c.arm} − {chart.baseline}", 46)
        if c.estimate is not None:
            text += f": {number(c.estimate, 1, signed=True)} pp"
        if c.new_images is not None:
            low, high = (number(value, 1, signed=True) for value in (c.new_images.low, c.new_images.high))
            text += f" ({low} to {high})"
        labels.append(drawable(". ".join(part for part in (text, c.verdict) if part), int(_CHARACTERS * width)))
    return labels


def label_differences(axes: Any, chart: DifferenceChart) -> None:
    """Add what the legend of a figure shows of test differences."""
    shared = INK if len(chart.styles) != 1 else chart.styles[0].colour
    if any(contrast.differences for contrast in chart.contrasts):
        axes.plot([], [], "o", color=shared, markersize=5, label=f"one {chart.block}")
        axes.plot([], [], "o", color=PAGE, markeredgecolor=shared, markersize=8, markeredgewidth=2.2, label="mean")
    for text, width, alpha in zip(chart.intervals, (5, 2), (1.0, 0.75), strict=True):
        if text:
            axes.plot([], [], color=shared, linewidth=width, alpha=alpha, label=text)
    axes.fill_between([], [], color=ZONE, label=chart.region)
