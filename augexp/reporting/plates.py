"""The three kinds of figures as matplotlib figures, at the width of a README (900 pixels), and their files.

Files are the same bytes every time for the same values: no dates, and SVG identifiers from a fixed salt.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl  # noqa: TID253 - nothing light imports this module
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: TID253
from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: TID253
from matplotlib.figure import Figure  # noqa: TID253
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: TID253

from augexp.files import write_atomically
from augexp.reporting import panels
from augexp.reporting.charts import GainCurve, Line, Span

WIDTH, DPI = 9.0, 100
"""Inches and dots per inch of the PNG: 900 pixels."""

STYLE: Any = {
    "axes.unicode_minus": True,
    "font.family": [panels.FONT],
    "font.size": 10.0,
    "path.simplify": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "augexp",
    "text.parse_math": False,
    "text.usetex": False,
}


def draw_curves(title: str, lines: Sequence[Line]) -> Figure:
    """Draw training, clean-probe and validation accuracy of one arm over the epochs."""
    figure = _figure(title, 4.9)
    axes = figure.subplots()
    panels.draw_lines(axes, lines)
    panels.dress(axes, x="epoch", y="accuracy (%)")
    _legend(figure, axes, note=_thin_and_bold(lines))
    return figure


def draw_comparison(title: str, lines: Sequence[Line], gains: Sequence[GainCurve], spans: Sequence[Span], r: float,
                    names: tuple[str, str], metric: str = "accuracy") -> Figure:  # fmt: skip
    """Draw validation curves and their paired difference above, and the test differences below.

    Args:
        title: of the figure.
        lines: validation accuracy of every arm, in percent.
        gains: paired difference by epoch of every contrast.
        spans: test differences of every contrast.
        r: half-width of the region of practical equivalence, in percentage points.
        names: what the wide and the narrow interval of `spans` are; empty where there is none.
        metric: name of what `spans` are differences of.
    """
    lower = 1.45 + panels.ROW * sum(panels.row_heights(spans, r))
    figure = _figure(title, 4.6 + lower)
    parts: Any = figure.subfigures(2, 1, height_ratios=(4.1, lower))
    above, below = parts
    left, right = above.subplots(1, 2)
    panels.draw_lines(left, lines, thin=len(lines) <= 3)
    panels.dress(left, title="Validation accuracy", x="epoch", y="accuracy (%)")
    panels.draw_gains(right, gains, r)
    panels.dress(right, title="Gain in validation accuracy by epoch", x="epoch", y="paired difference (pp)")
    panels.signed(right.yaxis)
    note = _thin_and_bold(lines, thin=len(lines) <= 3)
    _legend(above, left, right, note="; ".join(part for part in (note, panels.bars_note(gains)) if part))
    axes = below.subplots()
    panels.draw_spans(axes, spans, r, names)
    panels.dress(axes, title=f"Test {metric} at the end of the budget", x="paired difference (pp)")
    panels.signed(axes.xaxis)
    axes.grid(visible=False, axis="y")
    _legend(below, axes)
    return figure


def draw_unique(title: str, unique: Sequence[Line], seen: Line) -> Figure:
    """Draw how many different images the network has received, against the epochs.

    Args:
        title: of the figure.
        unique: cumulative unique images of every arm.
        seen: images seen, which is equal in every arm.
    """
    figure = _figure(title, 4.6)
    axes = figure.subplots()
    axes.plot(seen.course.epochs, seen.course.mean, color=panels.SOFT, linewidth=5, alpha=0.3, label=seen.label)
    panels.draw_lines(axes, unique)
    panels.dress(axes, x="epoch", y="images, cumulative")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _legend(figure, axes)
    return figure


def _figure(title: str, height: float) -> Figure:
    figure = Figure(
        figsize=(WIDTH, height), dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1), facecolor="white"
    )
    figure.suptitle(panels.drawable(title, 84), x=0.012, ha="left", fontsize=12.5, color=panels.INK, weight="bold")
    return figure


def _legend(figure: Any, *parts: Any, note: str | None = None) -> None:
    """Put one legend for all `parts` under the figure, where it hides no data, in as many columns as fit."""
    pairs = [pair for axes in parts for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
    labels = [panels.drawable(panels.brief(label, 100), 110) for _, label in pairs]
    figure.legend(
        [handle for handle, _ in pairs], labels, title=panels.drawable(note, 110) if note else None, title_fontsize=9,
        alignment="left", frameon=False, ncols=columns([len(label) for label in labels]), labelcolor=panels.INK,
        handlelength=2.4, columnspacing=1.6, loc="outside lower left", fontsize=9,
    )  # fmt: skip


def columns(lengths: Sequence[int], room: int = 118) -> int:
    """Return how many columns of a legend fit; entries go down the columns, the first ones take one more.

    Args:
        lengths: of the labels in characters.
        room: characters that fit beside each other; each entry takes 7 more for its handle.
    """
    for count in range(min(len(lengths), 6), 1, -1):
        short, longer = divmod(len(lengths), count)
        sizes = [short + 1] * longer + [short] * (count - longer)
        starts = [sum(sizes[:k]) for k in range(count)]
        if sum(7 + max(lengths[a : a + n]) for a, n in zip(starts, sizes, strict=True)) <= room:
            return count
    return 1


def _thin_and_bold(lines: Sequence[Line], *, thin: bool = True) -> str:
    seeds = max((len(line.course.seeds) for line in lines), default=0)
    bold = f"bold: mean of {seeds} seed{'s' if seeds != 1 else ''}"
    return f"thin lines: one seed each; {bold}" if thin else bold


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``<name>.png`` and ``<name>.svg`` and return their paths."""
    paths = []
    for form, canvas, extra in (
        ("png", FigureCanvasAgg, {"metadata": {"Software": None}}),
        ("svg", FigureCanvasSVG, {"metadata": {"Date": None, "Creator": "augexp"}}),
    ):
        buffer = io.BytesIO()
        getattr(canvas(figure), f"print_{form}")(buffer, **extra)
        figure.set_layout_engine("none")  # everything is in its place: finding it takes half of the time
        write_atomically(folder / f"{name}.{form}", buffer.getvalue())
        paths.append(folder / f"{name}.{form}")
    return paths


def styled() -> Any:
    """Return the context in which figures are made and saved; matplotlib's settings come back after it."""
    return mpl.rc_context(STYLE)
