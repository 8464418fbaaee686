"""Charts inside the page: every seed and both intervals, colours of the style sheet, text that cannot become markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import comparisons
import numpy as np
import pytest

from augexp.analysis.learning_curves import Course
from augexp.analysis.values import Interval
from augexp.reporting import charts, figures, palette, write
from augexp.reporting.charts import Chart, CurveChart, DifferenceChart, GainChart, GainCurve, Line

CASES = comparisons.cases()


def differences(name: str, **changes: object) -> DifferenceChart:
    return replace(charts.difference_chart(CASES[name][0]), **changes)  # type: ignore[arg-type]


def curves(values: list[list[float]]) -> CurveChart:
    course = Course(np.arange(1.0, len(values[0]) + 1), np.array(values), tuple(range(len(values))))
    line = Line(course, palette.LineStyle(1), "standard")
    return CurveChart(caption="c", note="", description="d", unit="%", lines=(line,))


def gain(mean: list[float]) -> GainChart:
    (line,) = curves([mean, [0.0] * len(mean)]).lines
    middle = np.array(mean)
    curve = GainCurve(line, line.course.epochs, middle, middle - 1, middle + 1, "95 % t interval, 2 pairs")
    return GainChart(caption="c", note="", description="d", curves=(curve,), r=0.5, region="no difference")


def every_kind() -> list[Chart]:
    comparison, records = CASES["win"]
    styles = charts.styles(comparison)
    return [
        charts.difference_chart(comparison), charts.accuracy_chart(records, "standard"),
        charts.validation_chart(records, styles), charts.unique_images_chart(records, styles, "none"),
        charts.gain_chart(comparison, charts.gains(comparison, records).values()),
    ]  # fmt: skip


def tips(svg: str) -> list[str]:
    return [title.text or "" for title in ET.fromstring(svg).iter("title")]


def named(svg: str, tip: str) -> ET.Element:
    """Return the element with a tooltip."""
    return next(node for node in ET.fromstring(svg).iter() if node.findtext("title") == tip)


def places(path: str) -> list[list[float]]:
    """Return the corners of a path."""
    return [[float(number) for number in re.findall(r"-?[0-9.]+", part)] for part in re.split("[ML]", path)[1:]]


@pytest.mark.parametrize("name", ["win", "loss", "same", "smoke", "many", "hostile"])
def test_differences_show_every_seed_and_both_intervals_inside_the_chart(name: str) -> None:
    chart = differences(name)
    svg = figures.to_svg(chart)
    seeds = [node for node in ET.fromstring(svg).iter("use") if (node.findtext("title") or "").startswith("seed")]
    assert len(seeds) == sum(len(contrast.differences) for contrast in chart.contrasts)
    assert all(0 < float(seed.attrib["x"]) < 72 * figures.PAGE_WIDTH for seed in seeds)
    for scope, attribute in (("new images", "new_images"), ("these test images", "these_images")):
        intervals = [getattr(contrast, attribute) for contrast in chart.contrasts]
        drawn = [tip for tip in tips(svg) if tip.startswith(f"{scope}: ")]
        assert drawn == [f"{scope}: {charts.in_pp(interval)}" for interval in intervals if interval]
    assert sum(tip.startswith("estimate: ") for tip in tips(svg)) == len(chart.contrasts)
    assert "nan" not in svg


def test_every_dot_stands_where_its_difference_is() -> None:
    svg = figures.to_svg(differences("win"))
    values = {"+1.00": 1.0, "+2.10": 2.1, "+1.40": 1.4, "+1.70": 1.7, "+2.00": 2.0}
    x = [float(named(svg, f"seed {seed}: {text} pp").attrib["x"]) for seed, text in enumerate(values)]
    scale, zero = np.polyfit(list(values.values()), x, 1)
    np.testing.assert_allclose(np.array(list(values.values())) * scale + zero, x, atol=0.1)
    (path,) = [node.attrib["d"] for node in named(svg, "new images: +0.84 to +2.44 pp").iter("path")]
    ends = [place[0] for place in places(path)]
    np.testing.assert_allclose(ends, [0.84 * scale + zero, 2.44 * scale + zero], atol=0.15)


def test_an_infinite_interval_ends_at_the_edge() -> None:
    chart = differences("win")
    (one,) = chart.contrasts
    endless = one.model_copy(update={"new_images": Interval(low=-np.inf, high=np.inf)})
    svg = figures.to_svg(replace(chart, contrasts=(endless,)))
    (path,) = [node.attrib["d"] for node in named(svg, f"new images: {charts.in_pp(endless.new_images)}").iter("path")]
    ends = [place[0] for place in places(path)]
    assert 0 < ends[0] < 20
    assert 72 * figures.PAGE_WIDTH - 20 < ends[1] < 72 * figures.PAGE_WIDTH


def test_a_contrast_without_a_pair_has_its_row() -> None:
    svg = figures.to_svg(differences("unfinished"))
    assert "standard − none. NO VERDICT, no complete pair" in " ".join(ET.fromstring(svg).itertext())
    assert tips(svg) == []


def test_the_gain_has_its_seeds_its_band_and_the_mean_of_the_answer() -> None:
    svg = figures.to_svg(gain([0.0, 0.0, 0.0, 2.0]))
    assert tips(svg) == ["95 % t interval, 2 pairs", "standard, seed 0", "standard, seed 1", "standard"]
    (path,) = [node.attrib["d"] for node in named(svg, "standard").iter("path")]
    heights = [place[1] for place in places(path)]
    assert heights[0] == heights[-2] > heights[-1]


def test_a_curve_breaks_where_values_are_missing() -> None:
    svg = figures.to_svg(curves([[0.0, 1.0, np.nan, 3.0, 1.0]]))
    (path,) = [node.attrib["d"] for node in named(svg, "standard, seed 0").iter("path")]
    assert path.count("M") == 2
    assert "nan" not in svg


def test_a_single_epoch_is_a_dot() -> None:
    svg = figures.to_svg(curves([[5.0]]))
    assert len(list(named(svg, "standard").iter("use"))) == 1


@pytest.mark.parametrize("chart", every_kind(), ids=lambda chart: chart.caption)
def test_colours_are_those_of_the_page(chart: Chart) -> None:
    svg = figures.to_svg(chart)
    assert not re.search(r"#[0-9a-f]{6}|<style|xmlns", svg)
    used = set(re.findall(r"var\(--(\w+)\)", svg))
    assert {"soft", "rule", "a1"} <= used <= set(palette.COLOURS)


def test_the_style_sheet_has_every_colour_in_every_theme_and_every_class_of_a_legend() -> None:
    css = write.lay_out(write.Page("", "", (), (), (), "")).split("<style>")[1].split("</style>")[0]
    for theme in ("light", "dark", "print"):
        for name, colours in palette.COLOURS.items():
            assert f"--{name}:{colours[theme]}" in css  # type: ignore[index]
    arms = [f"arm-{i}" for i in range(18)]
    styles = palette.line_styles(arms, "none").values()
    classes = {name for chart in every_kind() for classes, _ in chart.legend for name in classes.split()}
    for name in classes | {name for style in styles for name in style.css.split()}:
        assert re.search(rf"\.{name}[{{ ]", css), name


def test_no_two_colours_of_a_chart_are_the_same() -> None:
    names = [name for name in palette.COLOURS if re.fullmatch(r"page|ink|soft|rule|zone|a\d", name)]
    assert len(names) == 12
    for theme in ("light", "dark"):
        assert len({palette.COLOURS[name][theme] for name in names}) == len(names)  # type: ignore[index]


def test_identifiers_are_unique_in_a_page_and_every_reference_is_there() -> None:
    page = write.html(*CASES["many"])
    identifiers = re.findall(r'<(?:path|clipPath)[^>]* id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers)) > 12
    assert set(re.findall(r"url\(#(\w+)\)", page)) | set(re.findall(r'<use href="#(\w+)"', page)) == set(identifiers)


@pytest.mark.parametrize("chart", every_kind(), ids=lambda chart: chart.caption)
def test_charts_are_the_same_every_time_and_say_what_they_show(chart: Chart) -> None:
    svg = figures.to_svg(chart)
    assert svg == figures.to_svg(chart)
    root = ET.fromstring(svg)
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", chart.description)


def test_text_cannot_become_markup() -> None:
    chart = differences("win", baseline="</text><script>", description=comparisons.HOSTILE, caption=comparisons.HOSTILE)
    svg = figures.to_svg(chart)
    assert "<script" not in svg
    assert "</text><script>" in "".join(ET.fromstring(svg).itertext())
    assert ET.fromstring(svg).attrib["aria-label"] == comparisons.HOSTILE
