"""Charts: round ticks, dots that do not touch, curves with gaps, names that cannot become markup."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augexp.analysis.learning_curves import Course
from augexp.reporting import palette, svg_charts
from augexp.reporting.charts import GainCurve, Line, Span
from augexp.reporting.svg import MAX_POINTS, WIDTH, Chart, scale, shorten, stack, text_width, thin

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


def attributes(svg: str, tag: str, css: str, name: str) -> list[float]:
    nodes = [node for node in ET.fromstring(svg).iter(tag) if css in node.attrib["class"].split()]
    return [float(node.attrib[name]) for node in nodes]


def span(dots: list[float], wide: tuple[float, float] | None, label: str = "standard") -> Span:
    ink = palette.assign(["none", "standard"], "none")["standard"]
    return Span(label, ink, dots, range(len(dots)), float(np.mean(dots)), wide, wide, "HELPS")


def test_ticks_are_round() -> None:
    axis = scale([0.13, 0.97], 0, 100)
    assert axis.ticks == (0.2, 0.4, 0.6, 0.8)
    assert axis.digits == 1
    assert scale([1, 3], 0, 100, whole=True).ticks == (1, 2, 3)


@given(st.lists(NUMBERS, max_size=6))
def test_a_scale_holds_its_values(values: list[float]) -> None:
    axis = scale([*values, math.nan, math.inf], 10, 90)
    assert 0 < len(axis.ticks) < 12
    for value in [*values, *axis.ticks]:
        assert 10 - 1e-6 <= axis(value) <= 90 + 1e-6
    assert axis(math.inf) == 90


@given(st.lists(st.floats(0, 50), max_size=20))
def test_stacked_dots_do_not_touch(places: list[float]) -> None:
    levels = stack(places, 5.0)
    for one in range(len(places)):
        for two in range(one):
            assert levels[one] != levels[two] or abs(places[one] - places[two]) >= 5.0


@given(st.text(max_size=80), st.floats(30, 300))
def test_shortened_text_fits(text: str, width: float) -> None:
    assert text_width(shorten(text, width)) <= width


def test_long_curves_are_thinned_with_their_ends() -> None:
    kept = thin(5000)
    assert len(kept) <= MAX_POINTS
    assert (kept[0], kept[-1]) == (0, 4999)


def test_text_cannot_become_markup() -> None:
    chart = Chart(20, '"><script>')
    chart.text(0, 0, "<script>\x00", tip="</title><script>")
    assert "<script" not in chart.render()
    assert "�" in chart.render()


def test_a_curve_breaks_where_values_are_missing() -> None:
    chart = Chart(100, "")
    axis = scale([0, 4], 0, 100)
    chart.line(axis, axis, np.arange(5.0), np.array([0.0, 1.0, np.nan, 3.0, 4.0]), "thin")
    path = ET.fromstring(chart.render()).find("path")
    assert path is not None
    assert path.attrib["d"].count("M") == 2
    assert "nan" not in path.attrib["d"]


@pytest.mark.parametrize(
    "spans",
    [
        [span([1.0, 2.0, 1.5], (0.7, 2.5))],
        [span([-4.0, -3.0], (-5.0, -2.0))],
        [span([0.0] * 5, (0.0, 0.0))],
        [span([0.1], None)],
        [span([0.1, 0.2, 0.4], (-math.inf, math.inf))],
        [span([42.0, 43.0, 45.0], (40.0, 46.0), "x" * 63), span([1.0, -2.0], (-9.0, 5.0), "长长长" * 20)],
    ],
)
def test_the_verdict_picture_shows_every_seed_inside_its_frame(spans: list[Span]) -> None:
    svg = svg_charts.draw_spans(spans, 0.5)
    places = attributes(svg, "circle", "dot", "cx")
    assert len(places) == sum(len(one.dots) for one in spans)
    assert all(0 < place < WIDTH for place in places)
    assert len(attributes(svg, "rect", "zone", "x")) == 1
    assert len(attributes(svg, "line", "wide", "x1")) == sum(one.wide is not None for one in spans)
    assert "nan" not in svg
    assert "inf" not in svg.replace("infer", "")


def test_the_zero_line_lies_in_the_middle_of_the_region() -> None:
    svg = svg_charts.draw_spans([span([1.0, 2.0, 1.5], (0.7, 2.5))], 0.5)
    left, width = attributes(svg, "rect", "zone", "x")[0], attributes(svg, "rect", "zone", "width")[0]
    assert attributes(svg, "line", "axis", "x1") == [pytest.approx(left + width / 2, abs=0.02)]
    assert {"+0.7", "+2.5"} <= set(texts(svg))


def test_gain_picture_draws_seeds_band_and_the_mean_of_the_answer() -> None:
    course = Course(np.arange(1.0, 5.0), np.array([[0.0, 1, 2, 3], [1.0, 1, 1, 1]]), (0, 1))
    line = Line(course, palette.Ink(1, "#000", "#fff"), "standard")
    mean = np.array([0.0, 0.0, 0.0, 2.0])
    gain = GainCurve(line, course.epochs, mean, mean - 1, mean + 1, "95 % t interval, 2 pairs")
    svg = svg_charts.draw_gain(gain, "gain")
    assert [svg.count(f'class="{css}') for css in ("thin", "band", "bold")] == [2, 1, 1]
    bold = next(node for node in ET.fromstring(svg).iter("path") if node.attrib["class"].startswith("bold"))
    heights = [float(pair.split()[1]) for pair in bold.attrib["d"][1:].split("L")]
    assert heights[0] == heights[2] > heights[3]


def test_inks_differ_and_the_baseline_is_grey() -> None:
    arms = ["a", "none", *(f"arm-{i}" for i in range(9))]
    inks = palette.assign(arms, "none")
    assert inks["none"].index == 0
    assert len({(ink.index, ink.dash) for ink in inks.values()}) == len(arms)
