"""The learning curves of both arms: test accuracy by training images, and what augmentation is worth on that axis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl  # noqa: TID253 - nothing light imports this module
import numpy as np
from matplotlib import ticker  # noqa: TID253
from matplotlib.figure import Figure  # noqa: TID253
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: TID253

from augexp.analysis import wording as common
from augexp.analysis.worth.schema import Worth
from augexp.reporting import axes, figures
from augexp.reporting.charts import Legend
from augexp.reporting.palette import INK, PAGE, RULE, SOFT, LineStyle

BASELINE, ARM = LineStyle(0), LineStyle(1)


@dataclass(frozen=True)
class WorthChart:
    """Accuracy by training images of both arms, and the interval of k at the augmented accuracy.

    Attributes:
        worth: the answer.
    """

    worth: Worth

    @property
    def caption(self) -> str:
        """What it shows."""
        return "Accuracy by training images."

    @property
    def note(self) -> str:
        """How to read it."""
        text = "Thin lines and small dots: one seed each; bold: mean."
        if self.ends:
            text += " The bar reaches from the images that augmentation had to those that it is worth; thick is the"
            text += " 95 % interval."
        return text

    @property
    def description(self) -> str:
        """Say it in words, for readers who cannot see it."""
        parts = [
            f"{arm.arm} with {size.images:,} images: {common.number(arm.mean, 1)} %"
            for size in self.worth.sizes
            for arm in size.arms
        ]
        return f"Test accuracy by training images. {'; '.join(parts)}. {self.worth.sentence}"

    @property
    def legend(self) -> Legend:
        """Entries of the page's legend."""
        interval = (("wide c1", f"worth: {self.worth.answer}"),) if self.ends else ()
        return (("bold c0", self.worth.baseline), ("point c1", self.worth.arm), *interval)

    @property
    def level(self) -> float:
        """Mean accuracy of the arm at the size at which it is judged, in percent."""
        (middle,) = (size for size in self.worth.sizes if size.factor == 1.0)
        return next(arm.mean for arm in middle.arms if arm.arm == self.worth.arm)

    @property
    def ends(self) -> tuple[float, float] | None:
        """The interval of k in images, cut at the sizes that were trained; None without one."""
        worth, interval = self.worth, self.worth.interval
        if interval is None:
            return None
        low, high = (size.images for size in (worth.sizes[0], worth.sizes[-1]))
        return (
            low if interval.low is None else worth.images * interval.low,
            high if interval.high is None else worth.images * interval.high,
        )


def draw(ax: Any, chart: WorthChart, title: str = "") -> None:
    """Draw the curves, the augmented accuracies, and k with its interval."""
    worth = chart.worth
    for name, style in ((worth.baseline, BASELINE), (worth.arm, ARM)):
        sizes = [(size.images, arm) for size in worth.sizes for arm in size.arms if arm.arm == name]
        x, values = [images for images, _ in sizes], np.array([arm.accuracies for _, arm in sizes]).T
        marker = "o" if len(x) == 1 else ""
        for seed, row in zip(worth.seeds, values, strict=True):
            ax.plot(x, row, color=style.colour, linewidth=0.8, alpha=0.4, marker="o", markersize=3,
                    label=f"_{name}, seed {seed}")  # fmt: skip
        ax.plot(x, values.mean(axis=0), color=style.colour, linewidth=2.4, label=name, marker=marker or "o",
                markersize=9 if marker else 5, markeredgecolor=PAGE, zorder=5)  # fmt: skip
    _draw_worth(ax, chart)
    images = [size.images for size in worth.sizes]
    ax.set_xscale("log", base=2)
    ax.set_xlim(images[0] / 1.15, images[-1] * 1.15)
    ax.xaxis.set_major_locator(ticker.FixedLocator(images))
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_title(title, loc="left", fontsize=11, color=INK)
    ax.set_xlabel("training images", color=SOFT)
    ax.set_ylabel(f"test {common.metric(worth.metric)} (%)", color=SOFT)
    ax.grid(visible=True, color=RULE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(colors=SOFT, length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(RULE)


def _draw_worth(ax: Any, chart: WorthChart) -> None:
    """Draw at the augmented accuracy how far k reaches along the axis of images."""
    worth, level = chart.worth, chart.level
    end = worth.images * worth.factor if worth.factor else None
    if end is None and worth.beyond:
        end = float(worth.sizes[-1 if worth.beyond == "above" else 0].images)
    if end is not None:
        ax.plot([worth.images, end], [level, level], color=INK, linewidth=1.0, linestyle=(0, (3, 2)), zorder=3)
    if chart.ends:
        ax.plot(chart.ends, [level, level], color=ARM.colour, linewidth=5, alpha=0.55, solid_capstyle="butt", zorder=3,
                label=f"worth: {worth.answer}")  # fmt: skip


def to_svg(chart: WorthChart) -> str:
    """Return the chart as an SVG element for the page."""
    with mpl.rc_context(figures.STYLE | {"svg.fonttype": "none", "svg.hashsalt": chart.caption}):
        figure = Figure(figsize=(figures.PAGE_WIDTH, 3.0), layout=ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04))
        ax = figure.subplots()
        draw(ax, chart)
        return figures.to_element(figure, ax, chart.description)


def save(chart: WorthChart, folder: Path) -> list[Path]:
    """Write ``worth.png`` and ``worth.svg`` and return their paths."""
    worth = chart.worth
    name = f"{worth.name} (synthetic images)" if worth.synthetic else worth.name
    with figures.styled():
        figure = figures.new_figure(f"What is augmentation worth in photos? {name}", 5.2)
        ax = figure.subplots()
        draw(ax, chart, axes.drawable(f"{worth.arm}: {worth.answer}", 100))
        figures.add_legend(figure, ax, note="thin lines and small dots: one seed each; bold: mean")
        return figures.save(figure, folder, "worth")
