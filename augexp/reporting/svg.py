"""Small vector charts for the report: scales, axes, lines, bands and dots as inline SVG.

The elements carry class names instead of colours, so that the page's style sheet can follow the
reader's light or dark setting and the printer. Text goes through `xml.etree`, which escapes it. All
charts are drawn on the width of a phone (`WIDTH`), and the page arranges them side by side where there is room.
"""

from __future__ import annotations

import math
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WIDTH = 420.0
"""Width of every chart in user units; text of 12 units is readable at a phone's 360 pixels."""

FONT = 12.0
MAX_POINTS = 160
"""Points kept per line; more cannot be told apart on `WIDTH` units."""


@dataclass(frozen=True)
class Scale:
    """A linear map from data to user units, with its ticks.

    Attributes:
        low, high: ends of the axis in data units.
        start, stop: ends of the axis in user units.
        ticks: data values that get a label.
        digits: decimals of the labels.
    """

    low: float
    high: float
    start: float
    stop: float
    ticks: tuple[float, ...]
    digits: int

    def __call__(self, value: float) -> float:
        """Place one data value, clipped to the axis."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)


def scale(values: Iterable[float], start: float, stop: float, *, count: int = 5, whole: bool = False) -> Scale:
    """Fit an axis around the finite `values`, with about `count` ticks on round numbers.

    Args:
        values: data to show; non-finite ones are ignored, none at all gives the axis 0 to 1.
        start: lower or left end of the axis in user units.
        stop: the other end.
        count: wanted number of intervals between ticks.
        whole: ticks on whole numbers only (epochs, images).
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if high - low < 1e-12:
        pad = max(abs(low) * 0.05, 0.5 if whole or low == 0 else 1e-6)
        low, high = low - pad, high + pad
    step = _round_step((high - low) / count)
    if whole:
        step = max(1.0, step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(round(index * step, 10) + 0.0 for index in range(first, last + 1))
    return Scale(low, high, start, stop, ticks, digits)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if rough <= factor * power * (1 + 1e-9))


def text_width(text: str, size: float = FONT) -> float:
    """Estimate the width of a text in user units, generously: wide scripts count a whole em."""
    return size * sum(
        0.0 if unicodedata.combining(c) else 1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in text
    )


def shorten(text: str, width: float, size: float = FONT) -> str:
    """Cut a text to `width` user units, with an ellipsis in the middle where it had to be cut."""
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = text[: kept - kept // 2] + "…" + text[len(text) - kept // 2 :]
        if text_width(short, size) <= width:
            return short
    return "…"


class Chart:
    """One SVG picture under construction, in user units with y pointing down."""

    def __init__(self, height: float, label: str, *, width: float = WIDTH) -> None:
        """Start an empty picture.

        Args:
            height: in user units.
            label: what the picture shows, in words, for readers who cannot see it.
            width: in user units.
        """
        self.height, self.width = height, width
        self.root = ET.Element("svg", {"viewBox": f"0 0 {_n(width)} {_n(height)}", "role": "img", "aria-label": label})

    def add(self, tag: str, css: str, *, tip: str = "", text: str = "", **attributes: float | str) -> None:
        """Append an element; `tip` becomes its tooltip, underscores in attribute names become hyphens."""
        values = {name.replace("_", "-"): v if isinstance(v, str) else _n(v) for name, v in attributes.items()}
        element = ET.SubElement(self.root, tag, {"class": css, **values})
        if tip:
            ET.SubElement(element, "title").text = _printable(tip)
            if text:
                element[0].tail = _printable(text)
        elif text:
            element.text = _printable(text)

    def text(self, x: float, y: float, text: str, css: str = "", *, anchor: str = "start", tip: str = "") -> None:
        """Write `text` with its baseline at y; `anchor` is start, middle or end."""
        self.add("text", f"t {css}".strip(), text=text, tip=tip, x=x, y=y, text_anchor=anchor)

    def segment(self, x1: float, y1: float, x2: float, y2: float, css: str, *, tip: str = "") -> None:
        """Draw a straight line."""
        self.add("line", css, tip=tip, x1=x1, y1=y1, x2=x2, y2=y2)

    def rectangle(self, x1: float, y1: float, x2: float, y2: float, css: str, *, tip: str = "") -> None:
        """Fill the rectangle between two corners given in any order."""
        self.add("rect", css, tip=tip, x=min(x1, x2), y=min(y1, y2), width=abs(x2 - x1), height=abs(y2 - y1))

    def dot(self, x: float, y: float, css: str, *, radius: float = 4.0, tip: str = "") -> None:
        """Draw a filled circle."""
        self.add("circle", css, tip=tip, cx=x, cy=y, r=radius)

    def line(self, x: Scale, y: Scale, xs: Floats, ys: Floats, css: str, *, tip: str = "") -> None:
        """Draw a curve through the finite points of `ys`, with gaps where it is not finite."""
        keep = thin(len(xs))
        path, pen = [], "M"
        for px, py in zip(xs[keep], ys[keep], strict=True):
            if not math.isfinite(py):
                pen = "M"
                continue
            path.append(f"{pen}{_n(x(px))} {_n(y(py))}")
            pen = "L"
        if path:
            self.add("path", css, tip=tip, d="".join(path))

    def band(self, x: Scale, y: Scale, xs: Floats, low: Floats, high: Floats, css: str) -> None:
        """Fill the area between `low` and `high` over the points where both are finite."""
        keep = thin(len(xs))
        points = [p for p in zip(xs[keep], low[keep], high[keep], strict=True) if all(map(math.isfinite, p))]
        if len(points) < 2:
            return
        there = [f"{_n(x(px))} {_n(y(top))}" for px, _, top in points]
        back = [f"{_n(x(px))} {_n(y(bottom))}" for px, bottom, _ in reversed(points)]
        self.add("path", css, d="M" + "L".join([*there, *back]) + "Z")

    def x_axis(self, x: Scale, y: float, title: str, label: Callable[[float], str]) -> None:
        """Write the tick labels and the title below `y`."""
        for tick in x.ticks:
            self.text(x(tick), y + 15, label(tick), "num", anchor="middle")
        self.text((x.start + x.stop) / 2, y + 32, title, "soft", anchor="middle")

    def y_axis(self, y: Scale, left: float, right: float, title: str, label: Callable[[float], str]) -> None:
        """Draw horizontal grid lines with labels on their left, and the title above the axis."""
        for tick in y.ticks:
            self.segment(left, y(tick), right, y(tick), "grid")
            self.text(left - 6, y(tick) + 4, label(tick), "num", anchor="end")
        self.text(4, min(y.start, y.stop) - 16, title, "soft")

    def render(self) -> str:
        """Return the SVG element as text; safe to put into HTML."""
        return ET.tostring(self.root, encoding="unicode", short_empty_elements=True)


def thin(count: int) -> npt.NDArray[np.int64]:
    """Return at most `MAX_POINTS` positions of `count`, evenly spread, the first and last among them."""
    if count <= MAX_POINTS:
        return np.arange(count, dtype=np.int64)
    return np.unique(np.linspace(0, count - 1, MAX_POINTS).round().astype(np.int64))


def stack(positions: Sequence[float], size: float) -> list[int]:
    """Give each dot the lowest level on which it touches no other; levels count from 0.

    Args:
        positions: centres along the axis in user units.
        size: diameter of a dot in user units.
    """
    levels: list[int] = []
    for index, position in enumerate(positions):
        taken = {levels[other] for other in range(index) if abs(positions[other] - position) < size}
        levels.append(next(level for level in range(index + 1) if level not in taken))
    return levels


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == " " else "�" for c in text)
