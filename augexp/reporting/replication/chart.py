"""The published gains and what paired seeds say, on one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl  # noqa: TID253 - nothing light imports this module
from matplotlib.figure import Figure  # noqa: TID253
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: TID253

from augexp.analysis.replication.schema import BudgetKey, ReplicatedArm, ReplicatedTable
from augexp.analysis.wording import number
from augexp.reporting import axes, figures
from augexp.reporting.palette import INK, PAGE, SOFT, ZONE, LineStyle
from augexp.reporting.replication import words

STYLES: dict[BudgetKey, LineStyle] = {
    "equal-steps": LineStyle(1),
    "equal-epochs": LineStyle(3),
    "own-best": LineStyle(4),
}
PUBLISHED, BEST = LineStyle(0), LineStyle(2)

LINE = 0.2
"""Inches of a bar; an arm has one for each of its values, and one for its name."""


@dataclass(frozen=True)
class Bar:
    """A value of an arm: estimate and ends in pp (None without an interval), and how it is drawn."""

    label: str
    estimate: float
    low: float | None
    high: float | None
    style: LineStyle
    hollow: bool = False

    @property
    def words(self) -> str:
        """Say it in words."""
        ends = (
            ""
            if self.low is None
            else f", {number(self.low, 1, signed=True)} to {number(self.high or 0, 1, signed=True)}"
        )
        return f"{self.label} {number(self.estimate, 1, signed=True)} pp{ends}"


@dataclass(frozen=True)
class ReplicationChart:
    """Published gain, gains at each budget and that of the best epochs, for every arm of an experiment."""

    table: ReplicatedTable

    @property
    def caption(self) -> str:
        """What it shows."""
        return f"{words.title(self.table)}: gain over no augmentation."

    note: str = (
        "Grey: published, with the sampling error of 200 test images. The others: these runs with their intervals; "
        "square: what the best epochs on the test images would have claimed."
    )

    @property
    def arms(self) -> tuple[ReplicatedArm, ...]:
        """The arms with a gain, from top to bottom."""
        return tuple(arm for arm in self.table.arms if arm.published_gain is not None)

    @property
    def description(self) -> str:
        """Say every value in words."""
        return " ".join(f"{arm.arm}: {'; '.join(bar.words for bar in bars(arm))}." for arm in self.arms)

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Entries of the page's legend."""
        keys = dict.fromkeys(budget.key for arm in self.arms for budget in arm.budgets)
        best = any(arm.best_of_epochs for arm in self.arms)
        return (
            (f"wide {PUBLISHED.css}", "published"),
            *((f"wide {STYLES[key].css}", words.BUDGETS[key]) for key in keys),
            *([(f"square {BEST.css}", "best epochs on the test images")] if best else []),
            ("zone", "no practical difference (±r)"),
        )


def bars(arm: ReplicatedArm) -> Iterator[Bar]:
    """Yield the values of an arm, the published one first."""
    gain, error = arm.published_gain or 0.0, arm.published_error or 0.0
    yield Bar("published", gain, gain - error, gain + error, PUBLISHED)
    for budget in arm.budgets:
        if budget.gain is not None:
            interval = budget.gain.interval
            low, high = (interval.low, interval.high) if interval else (None, None)
            yield Bar(words.BUDGETS[budget.key], budget.gain.estimate, low, high, STYLES[budget.key])
    if arm.best_of_epochs is not None and arm.best_of_epochs.gain is not None:
        yield Bar("best epochs on the test images", arm.best_of_epochs.gain, None, None, BEST, hollow=True)


def to_svg(chart: ReplicationChart) -> str:
    """Return the chart as an SVG element for the page."""
    rows = [(arm, list(bars(arm))) for arm in chart.arms]
    lines = sum(len(values) + 1.6 for _, values in rows)
    with mpl.rc_context(figures.STYLE | {"svg.fonttype": "none", "svg.hashsalt": chart.caption}):
        size = (figures.PAGE_WIDTH, 0.7 + LINE * lines)
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04))
        ax = figure.subplots()
        _draw(ax, chart, rows, lines)
        return figures.to_element(figure, ax, chart.description)


def _draw(ax: Any, chart: ReplicationChart, rows: list[tuple[ReplicatedArm, list[Bar]]], lines: float) -> None:
    r, y = chart.table.equivalence, 0.0
    values = [end for _, own in rows for bar in own for end in (bar.estimate, bar.low, bar.high) if end is not None]
    low, high = min([0.0, -r, *values]), max([0.0, r, *values])
    ax.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    ax.axvspan(-r, r, color=ZONE, linewidth=0, zorder=0)
    ax.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    for arm, own in rows:
        y -= 0.8
        name = axes.drawable(axes.shorten(arm.arm, 50), 200)
        ax.text(0.0, y, name, transform=ax.get_yaxis_transform(), fontsize=9, color=INK, va="center", zorder=6)
        for bar in own:
            y -= 1.0
            colour, label = bar.style.colour, f"_{arm.arm}: {bar.words}"
            if bar.low is not None:
                ax.plot([bar.low, bar.high], [y, y], color=colour, linewidth=3.5, solid_capstyle="butt", zorder=3, label=label)  # fmt: skip  # noqa: E501
            marker = "s" if bar.hollow else "o"
            ax.plot([bar.estimate], [y], marker, color=PAGE, markeredgecolor=colour, markersize=6, markeredgewidth=1.8,
                    zorder=5, label=label)  # fmt: skip
        y -= 0.8
    ax.set_ylim(-lines, 0.0)
    ax.set_yticks([])
    ax.set_xlabel("gain over no augmentation (pp)", color=SOFT)
    ax.tick_params(colors=SOFT, length=0)
    axes.sign_tick_labels(ax.xaxis)
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(SOFT)
