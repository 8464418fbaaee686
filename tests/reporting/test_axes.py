"""Charts drawn from plain values: names that no font has, no epochs, long labels, stacked dots."""

from __future__ import annotations

from pathlib import Path

import comparisons
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from augexp.analysis import learning_curves
from augexp.reporting import axes as parts
from augexp.reporting import charts, figures, palette
from augexp.reporting.charts import CurveChart, DifferenceChart, GainChart, GainCurve, Line

STYLES = palette.line_styles(["none", *(f"arm-{i}" for i in range(6))], "none")
NAMES = ("new images: 95 % interval, 8 pairs, 3,000 images", "these test images: 95 % t interval, 8 pairs")
TEXTS = {"caption": "t", "note": "", "description": ""}


def line(shift: float, arm: str = "arm-1", *, seeds: int = 3, epochs: int = 6, label: str = "validation") -> Line:
    values = shift + np.arange(float(epochs)) + np.arange(float(seeds))[:, None] / 10
    return Line(learning_curves.Course(np.arange(1.0, epochs + 1), values, tuple(range(seeds))), STYLES[arm], label)


def gain(arm: str, shift: float, seeds: int = 3) -> GainCurve:
    drawn = line(shift, arm, seeds=seeds, label=arm)
    mean = drawn.course.mean
    return GainCurve(drawn, drawn.course.epochs, mean, mean - 50, mean + 50, "95 % t interval, 3 pairs")


def curves(*lines: Line, reference: Line | None = None) -> CurveChart:
    seeds = len(lines) <= charts.MAX_ARMS_WITH_SEEDS
    return CurveChart(**TEXTS, unit="accuracy (%)", lines=lines, seeds=seeds, reference=reference)


def gains(*curves: GainCurve) -> GainChart:
    return GainChart(**TEXTS, curves=curves, r=0.5, region="no practical difference")


def differences(seeds: dict[str, list[float]]) -> DifferenceChart:
    contrasts = [comparisons.contrast(arm, values, 1.0, "UNDECIDED", "open") for arm, values in seeds.items()]
    return DifferenceChart(
        **TEXTS, contrasts=tuple(contrasts), styles=tuple(STYLES[arm] for arm in seeds), baseline="none",
        metric="accuracy", r=0.5, region="no practical difference", intervals=NAMES,
    )  # fmt: skip


def test_what_the_font_cannot_draw_is_named() -> None:
    assert parts.drawable("a長") == "a\\u9577"
    assert parts.drawable("Größe $x$ ±") == "Größe $x$ ±"
    assert max(map(len, parts.drawable("x" * 200, 60).splitlines())) == 60


def win() -> Figure:
    chart = differences({"arm-1": [1.0, 2, 3]})
    return figures.comparison_figure("win", curves(line(50), line(60)), gains(gain("arm-1", 1)), chart)


def all_figures() -> dict[str, Figure]:
    arms = [f"arm-{i}" for i in range(5)]
    long = "x" * 63
    three = curves(line(50), line(60, "arm-2"), line(70, "arm-3", label=long))
    return {
        "curves": figures.curve_figure("長い $name", three, note=True),
        "one-epoch": figures.curve_figure("one", curves(line(50, epochs=1)), note=True),
        "nothing": figures.curve_figure("none", curves(line(50, seeds=0, epochs=0)), note=True),
        "win": win(),
        "null": figures.comparison_figure(
            "A/A", curves(line(50), line(50)), gains(gain("arm-1", 0)), differences({"arm-1": [0.0] * 5})
        ),
        "many": figures.comparison_figure(
            "many",
            curves(*(line(50, arm, label=arm + long) for arm in arms)),
            gains(*(gain(arm, 0) for arm in arms)),
            differences({arm: [index - 3.0] * 20 for index, arm in enumerate(arms)}),
        ),
        "unique": figures.curve_figure(
            "unique", curves(line(5), line(6, "arm-2"), reference=line(7, label="images seen"))
        ),
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("figures")
    with figures.styled():
        for name, figure in all_figures().items():
            figures.save(figure, folder, name)
    return {path.name: path for path in folder.iterdir()}


def test_figures_are_the_same_every_time(drawn: dict[str, Path], tmp_path: Path) -> None:
    before = {key: mpl.rcParams[key] for key in figures.STYLE}
    with figures.styled():
        paths = figures.save(win(), tmp_path, "win")
    assert {key: mpl.rcParams[key] for key in figures.STYLE} == before
    for path in paths:
        assert path.read_bytes() == drawn[path.name].read_bytes(), path.name


def test_no_ink_touches_the_edge(drawn: dict[str, Path]) -> None:
    for name, path in drawn.items():
        if name.endswith(".png"):
            pixels = np.asarray(Image.open(path).convert("RGB"))
            assert pixels.shape[1] == 900
            for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
                assert edge.min() == 255, f"{name}: something is clipped"
            assert pixels.min() < 80, f"{name}: nothing is drawn"


@pytest.mark.parametrize("limits", [(-13, 4), (-5, 5), (-0.3, 1.1), (-0.004, 0.009), (-24, 60), (-0.9, 1.2)])
def test_a_signed_tick_label_is_the_value_where_it_stands(limits):
    axes = Figure(figsize=(4, 3.4)).subplots()
    axes.set_ylim(limits)
    parts.sign_tick_labels(axes.yaxis)
    ticks = axes.get_yticks()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == len(ticks) >= 3
    for label, tick in zip(labels, ticks, strict=True):
        assert float(label.replace("\u2212", "-")) == pytest.approx(tick, abs=1e-9)
        assert label[0] in "+\u2212" or tick == 0


@given(st.lists(st.floats(0, 50), max_size=20))
def test_stacked_dots_do_not_touch(places: list[float]) -> None:
    levels = parts.stack(places, 5.0)
    for one in range(len(places)):
        for two in range(one):
            assert levels[one] != levels[two] or abs(places[one] - places[two]) >= 5.0


def test_a_row_has_room_for_its_dots_and_for_the_lines_of_its_label() -> None:
    (one,), (stacked,) = (parts.row_heights(differences({"arm-1": dots})) for dots in ([1.0, 2, 3], [0.0] * 5))
    assert stacked - one == pytest.approx(4 * parts.STACK)
    narrow = differences({"arm-1": [1.0, 2, 3]})
    label = parts.labels(narrow, 2.0)[0]
    assert label.count("\n") == 1
    assert label.replace("\n", " ") == parts.labels(narrow, parts.WIDTH)[0]
    assert parts.row_heights(narrow, 2.0)[0] > one + 0.15


def test_lines_of_arms_differ_and_the_baseline_is_grey() -> None:
    arms = ["a", "none", *(f"arm-{i}" for i in range(9))]
    styles = palette.line_styles(arms, "none")
    assert list(styles) == arms
    assert styles["none"] == palette.LineStyle(0)
    for drawn in ({(style.colour, style.dash) for style in styles.values()}, {style.css for style in styles.values()}):
        assert len(drawn) == len(arms)
