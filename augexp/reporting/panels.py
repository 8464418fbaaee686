"""The parts that the figures are put together from, each drawn into one matplotlib axes.

Everything is drawn through the object-oriented interface, so nothing depends on or changes matplotlib's
global state. Accuracies are in percent, differences in percentage points (pp).
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
from augexp.analysis.wording import number
from augexp.reporting.charts import GainCurve, Line, Span
from augexp.reporting.palette import ZONE, Ink
from augexp.reporting.svg import stack

FONT = "DejaVu Sans"
"""Comes with matplotlib, so figures look the same everywhere."""

ROW = 0.95
"""Inches per unit of a row of the verdict picture."""

STACK = 0.088
"""Rise of one stacked dot in such units: a dot and its white edge."""

_MOST_DIGITS = 6
"""Decimals of a tick label."""

INK, SOFT, RULE = "#1c2127", "#5b646e", "#d9dee4"


@lru_cache(maxsize=1)
def _font() -> Any:
    return font_manager.get_font(font_manager.findfont(FONT))


def drawable(text: str, width: int = 60) -> str:
    """Replace what the font cannot draw by its code point, and wrap at `width` characters."""
    font = _font()
    plain = "".join(c if font.get_char_index(ord(c)) and c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return "\n".join(textwrap.wrap(plain, width, break_long_words=True, break_on_hyphens=False)) or " "


def brief(text: str, length: int = 64) -> str:
    """Cut a name in the middle so that legends and labels stay inside the figure."""
    return text if len(text) <= length else text[: length - length // 3 - 1] + "…" + text[-(length // 3) :]


def dress(axes: Any, *, title: str = "", x: str = "", y: str = "") -> None:
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


def epoch_axis(axes: Any, last: float) -> None:
    """Show whole epochs from the first to `last`."""
    axes.set_xlim(min(1.0, last - 0.5), max(last, 1.5))
    axes.xaxis.set_major_locator(ticker.MaxNLocator(nbins=8, integer=True) if last > 1 else ticker.FixedLocator([1.0]))


def draw_lines(axes: Any, lines: Sequence[Line], *, thin: bool = True) -> None:
    """Draw each course: a thin line per seed and the bold mean over the seeds."""
    for line in lines:
        if thin:
            _draw_seeds(axes, line)
        _draw_mean(axes, line.ink, line.course.epochs, line.course.mean, line.label)
    epoch_axis(axes, max((line.course.epochs[-1] for line in lines if len(line.course.epochs)), default=1.0))


def _draw_seeds(axes: Any, line: Line) -> None:
    marker = "o" if len(line.course.epochs) == 1 else ""
    for row in line.course.values:
        axes.plot(line.course.epochs, row, color=line.ink.light, linewidth=0.8, alpha=0.35, marker=marker, markersize=3)


def _draw_mean(axes: Any, ink: Ink, epochs: Floats, mean: Floats, label: str | None) -> None:
    style: Any = (0, ink.dash) if ink.dash else "solid"
    marker = "o" if len(epochs) == 1 else ""
    axes.plot(epochs, mean, color=ink.light, linewidth=2.4, linestyle=style, label=label, marker=marker)


def draw_band(axes: Any, epochs: Floats, low: Floats, high: Floats, colour: str, label: str) -> None:
    """Fill between `low` and `high` where both are finite."""
    fine = np.isfinite(low) & np.isfinite(high)
    if fine.any():
        axes.fill_between(
            epochs[fine], low[fine], high[fine], color=colour, alpha=0.18, linewidth=0, label=label or None
        )


def draw_region(axes: Any, r: float, *, vertical: bool) -> None:
    """Shade differences within ±r and draw the line of no difference."""
    shade, line = (axes.axvspan, axes.axvline) if vertical else (axes.axhspan, axes.axhline)
    shade(-r, r, color=ZONE, zorder=0, linewidth=0)
    line(0.0, color=INK, linewidth=1.0, zorder=1)


def row_heights(spans: Sequence[Span], r: float) -> list[float]:
    """Return the height of each contrast's row in `ROW` inches: more where dots are stacked."""
    return [0.95 + STACK * max(levels, default=0) for levels in _levels(spans, r)]


def _levels(spans: Sequence[Span], r: float) -> list[list[int]]:
    low, high = _ends(spans, r)
    return [stack([float(dot) for dot in span.dots], 0.011 * (high - low)) for span in spans]


def _ends(spans: Sequence[Span], r: float) -> tuple[float, float]:
    seen = [v for s in spans for v in (*(s.wide or ()), *(s.narrow or ()), *s.dots, s.estimate) if np.isfinite(v)]
    low, high = min([-1.6 * r, *seen]), max([1.6 * r, *seen])
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def draw_spans(axes: Any, spans: Sequence[Span], r: float, names: tuple[str, str]) -> None:
    """Draw per contrast the dot of each seed, the two intervals and the estimate, one row below another.

    Args:
        axes: of differences in pp along x, `ROW` inches high for each unit of `row_heights`.
        spans: from top to bottom.
        r: half-width of the region of practical equivalence.
        names: what the wide and the narrow interval are, for the legend; empty where there is none.
    """
    draw_region(axes, r, vertical=True)
    ends, top = _ends(spans, r), 0.0
    axes.set_xlim(*ends)
    for span, height, levels in zip(spans, row_heights(spans, r), _levels(spans, r), strict=True):
        _draw_span(axes, span, top, top - height + 0.3, levels, ends)
        top -= height
    axes.set_ylim(top or -1.0, 0.0)
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    shared = INK if len(spans) != 1 else spans[0].ink.light
    if any(span.dots for span in spans):
        axes.plot([], [], "o", color=shared, markersize=5, label="one seed")
        axes.plot([], [], "o", color="white", markeredgecolor=shared, markersize=8, markeredgewidth=2.2, label="mean")
    for name, width, alpha in zip(names, (5, 2), (1.0, 0.75), strict=True):
        if name:
            axes.plot([], [], color=shared, linewidth=width, alpha=alpha, label=name)
    axes.fill_between([], [], color=ZONE, label=f"no practical difference (±{r:g} pp)")


def _draw_span(axes: Any, span: Span, top: float, base: float, levels: list[int], ends: tuple[float, float]) -> None:
    ink = span.ink.light
    places = [base + 0.15 + STACK * level for level in levels]
    axes.scatter(span.dots, places, s=30, color=ink, edgecolor="white", zorder=4)
    for pair, y, width, alpha in ((span.wide, 0.0, 5.0, 1.0), (span.narrow, -0.13, 2.0, 0.75)):
        if pair is not None:
            axes.plot(np.clip(pair, *ends), [base + y] * 2, color=ink, linewidth=width, alpha=alpha, zorder=3,
                      solid_capstyle="butt")  # fmt: skip
    axes.plot([span.estimate], [base], "o", color="white", markeredgecolor=ink, markersize=8, markeredgewidth=2.2,
              zorder=5)  # fmt: skip
    axes.text(0.0, top - 0.2, _span_label(span), transform=axes.get_yaxis_transform(), fontsize=9, color=INK,
              va="center", zorder=6, path_effects=[withStroke(linewidth=3, foreground="white")])  # fmt: skip


def _span_label(span: Span) -> str:
    text = brief(span.label, 46)
    if np.isfinite(span.estimate):
        text += f": {number(span.estimate, 1, signed=True)} pp"
    if span.wide is not None:
        low, high = (number(value, 1, signed=True) for value in span.wide)
        text += f" ({low} to {high})"
    return drawable(". ".join(part for part in (text, span.words) if part), 140)


def signed(axis: Any) -> None:
    """Write tick labels with their sign, a true minus among them."""
    axis.set_major_formatter(lambda value, _: number(value, _digits(axis), signed=True))


def _digits(axis: Any) -> int:
    """Return the decimals that the tick labels need: steps of 2.5 have one, although they are above 1."""
    ticks = np.asarray(axis.get_majorticklocs(), dtype=float)
    step = np.diff(ticks).min(initial=np.inf)
    exact = (n for n in range(_MOST_DIGITS) if (np.abs(ticks - np.round(ticks, n)) < 1e-6 * step).all())
    return next(exact, _MOST_DIGITS) if len(ticks) > 1 else 1


def draw_gains(axes: Any, gains: Sequence[GainCurve], r: float) -> None:
    """Draw the paired difference by epoch: seeds and band for one contrast, a bar at the end for each of several.

    Bands of several contrasts would hide each other, so only their last epoch is shown, side by side.
    """
    draw_region(axes, r, vertical=False)
    last = max((float(len(part)) for gain in gains for part in (gain.epochs, gain.line.course.epochs)), default=1.0)
    epoch_axis(axes, max(last, 1.0))
    shown = [v for gain in gains for v in gain.mean if np.isfinite(v)]
    if len(gains) == 1:
        (gain,) = gains
        _draw_seeds(axes, gain.line)
        _draw_mean(axes, gain.line.ink, gain.epochs, gain.mean, gain.line.label)
        draw_band(axes, gain.epochs, gain.low, gain.high, gain.line.ink.light, gain.band)
        shown += [v for v in gain.line.course.values.ravel() if np.isfinite(v)]
    else:
        for gain in gains:
            _draw_mean(axes, gain.line.ink, gain.epochs, gain.mean, None)
        shown += _draw_bars(axes, gains, last)
    # The band of the first epochs can be huge; it is cut so that the rest stays readable.
    limit = 1.1 * max(1.5 * r, *np.abs([0.0, *shown]))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -limit), min(high, limit))


def bars_note(gains: Sequence[GainCurve]) -> str:
    """Say what the bars at the last epoch are; empty for one contrast, which has a band instead."""
    bands = dict.fromkeys(gain.band for gain in gains if gain.band)
    return f"bars after the last epoch: {'; '.join(bands)}" if len(gains) > 1 and bands else ""


def _draw_bars(axes: Any, gains: Sequence[GainCurve], last: float) -> list[float]:
    """Draw the band of the last epoch of every contrast to the right of it; return the bars' ends."""
    step, ends = 0.025 * max(last - 1.0, 0.5), []
    for place, gain in enumerate(gains, start=1):
        pair = [gain.low[-1], gain.high[-1]] if len(gain.epochs) else [np.nan, np.nan]
        if np.isfinite(pair).all():
            axes.plot([last + place * step] * 2, pair, color=gain.line.ink.light, linewidth=2.4, solid_capstyle="butt")
            ends += [float(value) for value in pair]
    axes.set_xlim(axes.get_xlim()[0], last + (len(gains) + 1) * step)
    return ends
