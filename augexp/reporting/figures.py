"""The charts of a comparison as files, PNG and SVG, and as SVG inside the page, drawn by the same functions.

Files are ``curves-<arm>``, ``comparison`` and ``unique-images`` at the width of a README (900 pixels). The same
values give the same bytes every time: no dates, and SVG identifiers from a fixed salt.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: TID253 - nothing light imports this module
from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: TID253
from matplotlib.figure import Figure  # noqa: TID253
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: TID253

from augexp.analysis.schema import Comparison
from augexp.experiment import nouns
from augexp.files import write_atomically
from augexp.reporting import axes, budgets, charts, wording
from augexp.reporting.palette import COLOURS, INK
from augexp.results.records import RunRecord
from augexp.surroundings import drawing

DPI = 100
"""Dots per inch of the PNG: 900 pixels."""

PAGE_WIDTH = 4.2
"""Inches of a chart in the page: its text of 10 points is 11 pixels high on a phone of 360 pixels."""

STYLE: Any = {
    "axes.unicode_minus": True,
    "font.family": [axes.FONT],
    "font.size": 10.0,
    "path.simplify": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "augexp",
    "text.parse_math": False,
    "text.usetex": False,
}

_HALO = "halo"
"""Class of text that stays readable on lines."""

_VARIABLES = {colours["light"]: f"var(--{name})" for name, colours in reversed(COLOURS.items())}


def draw(comparison: Comparison, records: Sequence[RunRecord], folder: Path) -> list[Path]:
    """Draw all figures into `folder` and return their paths; equal values give equal bytes.

    Args:
        comparison: the answer.
        records: the runs behind it.
        folder: must exist.

    Raises:
        ResultsError: the folder cannot be written.
    """
    styles, paths = charts.styles(comparison), []
    images = wording.images(comparison)
    with styled():
        for arm in styles:
            figure = curve_figure(
                f"{arm}: accuracy by epoch, {images}", charts.accuracy_chart(records, arm, comparison.folds), note=True
            )
            paths += save(figure, folder, f"curves-{arm}")
        figure = comparison_figure(f"Does augmentation help? {images}", *_charts_of_comparison(comparison, records))
        paths += save(figure, folder, "comparison")
        chart = charts.unique_images_chart(records, styles, comparison.baseline, comparison.folds)
        paths += save(
            curve_figure(f"How many different images the network received, {images}", chart), folder, "unique-images"
        )
    return paths


def draw_differences(comparison: Comparison, folder: Path) -> list[Path]:
    """Draw the test differences alone, of runs without epochs; for the rest see `draw`."""
    chart = charts.difference_chart(comparison)
    with styled():
        figure = new_figure(wording.title(comparison), 1.7 + axes.ROW * sum(axes.row_heights(chart)))
        ax = figure.subplots()
        axes.draw_differences(ax, chart, f"Test {chart.metric}")
        axes.label_differences(ax, chart)
        add_legend(figure, ax)
        return save(figure, folder, "comparison")


def _charts_of_comparison(
    comparison: Comparison, records: Sequence[RunRecord]
) -> tuple[charts.CurveChart, charts.GainChart, charts.DifferenceChart]:
    """Return what the main figure shows: where budgets are chosen, test images at equal budgets; else validation."""
    curves, gains = budgets.accuracy_chart(comparison), budgets.difference_chart(comparison)
    if curves is None or gains is None:
        curves = charts.validation_chart(records, charts.styles(comparison), comparison.folds)
        gains = charts.gain_chart(comparison, charts.gains(comparison, records).values())
    return curves, gains, charts.difference_chart(comparison)


# -- files ---------------------------------------------------------------------------------------


def curve_figure(title: str, chart: charts.CurveChart, *, note: bool = False) -> Figure:
    """Draw one chart of courses over the epochs, with a note of what thin and bold lines are."""
    figure = new_figure(title, 4.9 if note else 4.6)
    ax = figure.subplots()
    axes.draw_curves(ax, chart)
    add_legend(figure, ax, note=_thin_and_bold(chart) if note else "")
    return figure


def comparison_figure(
    title: str, curves: charts.CurveChart, gains: charts.GainChart, differences: charts.DifferenceChart
) -> Figure:
    """Draw curves of the arms and their paired difference above, and the test differences below."""
    lower = 1.45 + axes.ROW * sum(axes.row_heights(differences))
    figure = new_figure(title, 4.6 + lower)
    both: Any = figure.subfigures(2, 1, height_ratios=(4.1, lower))
    above, below = both
    left, right = above.subplots(1, 2)
    titles = ("Test accuracy by budget", "Difference at equal budgets", "each arm at its own best budget")
    if not curves.budgets:
        titles = ("Validation accuracy", "Gain in validation accuracy by epoch", "at the end of the budget")
    axes.draw_curves(left, curves, titles[0])
    axes.draw_gains(right, gains, titles[1])
    marks = "diamond: an arm at its own best budget, chosen on validation" if curves.marks else ""
    notes = (marks or _thin_and_bold(curves), axes.bars_note(gains.curves))
    add_legend(above, left, right, note="; ".join(note for note in notes if note))
    ax = below.subplots()
    axes.draw_differences(ax, differences, f"Test {differences.metric}{',' * curves.budgets} {titles[2]}")
    axes.label_differences(ax, differences)
    add_legend(below, ax)
    return figure


def new_figure(title: str, height: float) -> Figure:
    """Return a figure for a file, with its title; `height` in inches."""
    figure = Figure(
        figsize=(axes.WIDTH, height), dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1), facecolor="white"
    )
    figure.suptitle(axes.drawable(title, 84), x=0.012, ha="left", fontsize=12.5, color=INK, weight="bold")
    return figure


def add_legend(figure: Any, *parts: Any, note: str = "") -> None:
    """Put one legend for all axes in `parts` under the figure, where it hides no data, in as many columns as fit."""
    pairs = [pair for part in parts for pair in zip(*part.get_legend_handles_labels(), strict=True)]
    labels = [axes.drawable(axes.shorten(label, 100), 110) for _, label in pairs]
    figure.legend(
        [handle for handle, _ in pairs], labels, title=axes.drawable(note, 110) if note else None, title_fontsize=9,
        alignment="left", frameon=False, ncols=columns([len(label) for label in labels]), labelcolor=INK,
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


def _thin_and_bold(chart: charts.CurveChart) -> str:
    seeds = max((len(line.course.seeds) for line in chart.lines), default=0)
    bold = f"bold: mean of {nouns.count(seeds, chart.run)}"
    return f"thin lines: one {chart.run} each; {bold}" if chart.seeds else bold


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
    """Return the context in which figures are made and saved; the program's own settings come back after it."""
    return drawing(STYLE)


# -- page ----------------------------------------------------------------------------------------


def to_svg(chart: charts.Chart) -> str:
    """Return a chart as an SVG element for the page: text as text, colours as variables of the style sheet."""
    with drawing(STYLE | {"svg.fonttype": "none", "svg.hashsalt": chart.caption}):
        figure = Figure(figsize=(PAGE_WIDTH, 2.6), layout=ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.04))
        ax = figure.subplots()
        if isinstance(chart, charts.CurveChart):
            axes.draw_curves(ax, chart)
        elif isinstance(chart, charts.GainChart):
            axes.draw_gains(ax, chart)
        else:
            figure.set_figheight(0.6 + axes.ROW * sum(axes.row_heights(chart, PAGE_WIDTH)))
            axes.draw_differences(ax, chart, width=PAGE_WIDTH)
            ax.set_xlabel(f"← hurts    {ax.get_xlabel()}    helps →")
        return to_element(figure, ax, chart.description)


def to_element(figure: Figure, ax: Any, description: str) -> str:
    """Return a figure of one axes as an SVG element, described for readers who cannot see it."""
    figure.patch.set_visible(False)
    ax.patch.set_visible(False)
    tips = _set_ids(ax)
    buffer = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    # The style element goes because its one rule would hold for the whole page.
    text = re.sub(r' xmlns(:xlink)?="[^"]*"|xlink:(?=href)|<style.*?</style>', "", buffer.getvalue())
    root = ET.fromstring(text)  # noqa: S314 - matplotlib has just written it
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": description}
    for node in root.iter():
        _simplify(node)
    for group in root.iter("g"):
        name = group.attrib.pop("id", "")
        if name == _HALO:
            group.set("class", name)
        texts = tips.get(name, [])
        for place, tip in zip(group.findall(".//use") if len(texts) > 1 else [group], texts, strict=False):
            title = ET.Element("title")
            title.text = tip
            place.insert(0, title)
    return ET.tostring(root, encoding="unicode")


def _set_ids(ax: Any) -> dict[str, list[str]]:
    """Give what has a tooltip an identifier; return the tooltips by it, one for each dot where there are several."""
    tips = {}
    for index, artist in enumerate([*ax.lines, *ax.collections]):
        label = artist.get_label().removeprefix("_")
        if not re.fullmatch(r"(child\d+)?", label):  # matplotlib's own
            artist.set_gid(f"tip{index}")
            tips[f"tip{index}"] = label.split("\n")
    for text in ax.texts:  # with path effects it would be drawn as paths
        text.set_path_effects([])
        text.set_gid(_HALO)
    return tips


def _simplify(node: ET.Element) -> None:
    """Drop the white space around elements, refer to colours by their names, and round places to tenths of a point."""
    node.tail = None
    if node.tag != "text":
        node.text = None
    if style := node.get("style"):
        node.set("style", re.sub(r"#[0-9a-f]{6}", lambda colour: _VARIABLES.get(colour[0], colour[0]), style))
    for key in node.attrib.keys() & {"d", "x", "y", "transform"}:
        node.set(key, re.sub(r"\d+\.\d+", lambda place: f"{float(place[0]):.1f}".removesuffix(".0"), node.attrib[key]))
