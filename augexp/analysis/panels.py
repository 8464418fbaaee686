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

from augexp.analysis.drawing import stack
from augexp.analysis.exhibits import Gain, Line, Span
from augexp.analysis.palette import ZONE
from augexp.analysis.series import Floats
from augexp.analysis.tables import number

FONT = "DejaVu Sans"
"""Comes with matplotlib, so figures look the same everywhere."""

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
    axes.xaxis.set_major_locator(ticker.MaxNLocator(nbins=8, integer=True))


def draw_lines(axes: Any, lines: Sequence[Line], *, thin: bool = True, labelled: bool = True) -> None:
    """Draw each course: a thin line per seed and the bold mean over the seeds."""
    for line in lines:
        epochs = line.course.epochs
        marker = "o" if len(epochs) == 1 else ""
        for row in line.course.values if thin else ():
            axes.plot(epochs, row, color=line.ink.light, linewidth=0.8, alpha=0.35, marker=marker, markersize=3)
        style: Any = (0, line.ink.dash) if line.ink.dash else "solid"
        axes.plot(
            epochs,
            line.course.mean,
            color=line.ink.light,
            linewidth=2.4,
            linestyle=style,
            label=line.label if labelled else None,
            marker=marker,
        )
    epoch_axis(axes, max((line.course.epochs[-1] for line in lines if len(line.course.epochs)), default=1.0))


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


def draw_spans(axes: Any, spans: Sequence[Span], r: float, names: tuple[str, str]) -> None:
    """Draw per contrast the dot of each seed, the two intervals and the estimate, one row below another.

    Args:
        axes: of differences in pp along x.
        spans: from top to bottom.
        r: half-width of the region of practical equivalence.
        names: what the wide and the narrow interval are, for the legend.
    """
    draw_region(axes, r, vertical=True)
    ends = [v for s in spans for pair in (s.wide, s.narrow) if pair for v in pair if np.isfinite(v)]
    low = min([-1.6 * r, *ends, *(d for s in spans for d in s.dots)])
    high = max([1.6 * r, *ends, *(d for s in spans for d in s.dots)])
    pad = 0.05 * (high - low)
    axes.set_xlim(low - pad, high + pad)
    for row, span in enumerate(spans):
        base = -float(row)
        size = 0.017 * (high - low)
        levels = stack([float(d) for d in span.dots], size)
        room = 0.3 / max(max(levels, default=0), 4)
        axes.scatter(
            span.dots,
            [base + 0.14 + room * lv for lv in levels],
            s=26,
            color=span.ink.light,
            edgecolor="white",
            zorder=4,
        )
        for pair, y, width, alpha in ((span.wide, 0.0, 5.0, 1.0), (span.narrow, -0.13, 2.0, 0.75)):
            if pair is not None:
                start, stop = np.clip(pair, low - pad, high + pad)
                axes.plot([start, stop], [base + y] * 2, color=span.ink.light, linewidth=width, alpha=alpha, zorder=3,
                          solid_capstyle="butt")  # fmt: skip
        axes.plot([span.estimate], [base], "o", color="white", markeredgecolor=span.ink.light, markersize=8,
                  markeredgewidth=2.2, zorder=5)  # fmt: skip
        name = drawable(": ".join(part for part in (brief(span.label, 70), span.words) if part), 120)
        axes.text(0.0, base + 0.52, name, transform=axes.get_yaxis_transform(), fontsize=9, color=INK, va="center")
    axes.set_ylim(-len(spans) + 0.68, 0.68)
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    shared = INK if len(spans) != 1 else spans[0].ink.light
    axes.plot([], [], "o", color=shared, markersize=5, label="one seed")
    axes.plot([], [], color=shared, linewidth=5, label=names[0])
    axes.plot([], [], color=shared, linewidth=2, alpha=0.75, label=names[1])
    axes.fill_between([], [], color=ZONE, label=f"no practical difference (±{r:g} pp)")


def signed(axis: Any) -> None:
    """Write tick labels with their sign, a true minus among them."""
    axis.set_major_formatter(lambda value, _: number(value, _digits(axis), signed=True))


def _digits(axis: Any) -> int:
    steps = np.diff(axis.get_majorticklocs())
    return max(0, -int(np.floor(np.log10(steps[0]) + 1e-9))) if len(steps) and steps[0] > 0 else 1


def draw_gains(axes: Any, gains: Sequence[Gain], r: float) -> None:
    """Draw the paired difference by epoch with its band; the seeds too where there is one contrast."""
    draw_region(axes, r, vertical=False)
    for gain in gains:
        draw_band(axes, gain.epochs, gain.low, gain.high, gain.line.ink.light, _band_label(gain, gains))
    draw_lines(axes, [gain.line for gain in gains], thin=len(gains) == 1, labelled=len(gains) == 1)
    values = np.concatenate([gain.line.course.values.ravel() for gain in gains] or [np.zeros(1)])
    finite = np.abs(values[np.isfinite(values)])
    # The band of the first epochs can be huge; it is cut so that the rest stays readable.
    limit = max(1.6 * r, 1.1 * float(finite.max(initial=0.0)))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -limit), min(high, limit))


def _band_label(gain: Gain, gains: Sequence[Gain]) -> str:
    if len(gains) == 1:
        return gain.band
    return f"band: {gain.band}" if gain is gains[0] else ""
