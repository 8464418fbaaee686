"""The picture of all intervals on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl  # noqa: TID253 - nothing light imports this module
import numpy as np
from matplotlib.figure import Figure  # noqa: TID253
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: TID253
from matplotlib.ticker import MaxNLocator  # noqa: TID253

from augexp.analysis.schema import Contrast
from augexp.analysis.wording import number
from augexp.reporting import axes, figures
from augexp.reporting.charts import in_pp
from augexp.reporting.overview.rows import OverviewRow
from augexp.reporting.palette import INK, PAGE, SOFT, ZONE, LineStyle

HUES = {"helps": 1, "hurts": 2, "same": 0, "open": 4}
"""Index of the hue of each tone."""

TONES = {"helps": "helps", "hurts": "hurts", "same": "no practical difference", "open": "open"}


@dataclass(frozen=True)
class OverviewChart:
    """Estimate and interval of every row, from top to bottom, with each row's own region of equivalence.

    Attributes:
        rows: of the table.
        caption: what it shows.
        description: the same in words, for readers who cannot see it.
    """

    rows: Sequence[OverviewRow]
    caption: str = "All answers on one axis."
    note: str = (
        "Thick: interval for new images, or thin: for these test images alone. Each grey field is the row's own ±r."
    )

    @property
    def description(self) -> str:
        """Say every row in words."""
        return " ".join(f"{row.title}: {_estimate(row.contrast)}. {row.contrast.verdict}." for row in self.rows)

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Entries of the page's legend: the tones that there are, and the region."""
        tones = dict.fromkeys(row.contrast.tone for row in self.rows)
        return (
            *((f"wide {LineStyle(HUES[tone]).css}", TONES[tone]) for tone in tones),
            ("zone", "no practical difference (±r)"),
        )


def _estimate(contrast: Contrast) -> str:
    if contrast.estimate is None:
        return "no estimate"
    interval = contrast.new_images or contrast.these_images
    text = f"{number(contrast.estimate, 2, signed=True)} pp"
    return f"{text}, {in_pp(interval)}" if interval else text


HEIGHT = 0.52
"""Inches of a row."""

TICKS = 6
"""Intervals between the labels of the axis at most, so that they stand apart on a phone too."""


def to_svg(chart: OverviewChart) -> str:
    """Return the chart as an SVG element for the page."""
    style = figures.STYLE | {"svg.fonttype": "none", "svg.hashsalt": chart.caption}
    with mpl.rc_context(style):
        size = (figures.PAGE_WIDTH, 0.7 + HEIGHT * len(chart.rows))
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04))
        ax = figure.subplots()
        _draw(ax, chart)
        return figures.to_element(figure, ax, chart.description)


def _draw(ax: Any, chart: OverviewChart) -> None:
    low, high = _ends(chart)
    ax.set_xlim(low, high)
    ax.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    for place, row in enumerate(chart.rows):
        contrast, y = row.contrast, -place - 0.68
        r, colour = row.comparison.equivalence, LineStyle(HUES[contrast.tone]).colour
        ax.fill_betweenx([-place - 0.95, -place - 0.4], -r, r, color=ZONE, linewidth=0, zorder=0)
        name = axes.drawable(axes.shorten(row.title, 58), 200)
        ax.text(
            0.0, -place - 0.2, name, transform=ax.get_yaxis_transform(), fontsize=9, color=INK, va="center", zorder=6,
            bbox={"facecolor": PAGE, "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
        interval = contrast.new_images or contrast.these_images
        if interval:
            ends = np.clip((interval.low, interval.high), low, high)
            width = 5.0 if contrast.new_images else 2.0
            ax.plot(ends, [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=3,
                    label=f"_{row.title}: {in_pp(interval)}")  # fmt: skip
        if contrast.estimate is not None:
            ax.plot([contrast.estimate], [y], "o", color=PAGE, markeredgecolor=colour, markersize=7,
                    markeredgewidth=2.0, zorder=5, label=f"_{row.title}: {_estimate(contrast)}")  # fmt: skip
    ax.set_ylim(-len(chart.rows), 0.0)
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(TICKS))
    ax.set_xlabel("← hurts    difference (pp)    helps →", color=SOFT)
    ax.tick_params(colors=SOFT, length=0)
    axes.sign_tick_labels(ax.xaxis)
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(SOFT)


def _ends(chart: OverviewChart) -> tuple[float, float]:
    values = [0.0]
    for row in chart.rows:
        values += [-1.6 * row.comparison.equivalence, 1.6 * row.comparison.equivalence]
        values += [row.contrast.estimate] if row.contrast.estimate is not None else []
        for interval in (row.contrast.new_images or row.contrast.these_images,):
            values += [interval.low, interval.high] if interval else []
    finite = [value for value in values if np.isfinite(value)]
    low, high = min(finite), max(finite)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)
