"""The figures drawn from plain values: names that no font has, no epochs, long labels."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from augexp.analysis import learning_curves
from augexp.reporting import palette, panels, plates
from augexp.reporting.charts import GainCurve, Line, Span

INKS = palette.assign(["none", *(f"arm-{i}" for i in range(6))], "none")
NAMES = ("new images: 95 % interval, 8 pairs, 3,000 images", "these test images: 95 % t interval, 8 pairs")


def line(shift: float, arm: str = "arm-1", *, seeds: int = 3, epochs: int = 6, label: str = "validation") -> Line:
    values = shift + np.arange(float(epochs)) + np.arange(float(seeds))[:, None] / 10
    return Line(learning_curves.Course(np.arange(1.0, epochs + 1), values, tuple(range(seeds))), INKS[arm], label)


def gain(arm: str, shift: float, seeds: int = 3) -> GainCurve:
    drawn = line(shift, arm, seeds=seeds, label=arm)
    mean = drawn.course.mean
    return GainCurve(drawn, drawn.course.epochs, mean, mean - 50, mean + 50, "95 % t interval, 3 pairs")


def span(arm: str, dots: list[float]) -> Span:
    mean = float(np.mean(dots))
    return Span(f"{arm} − none", INKS[arm], dots, range(len(dots)), mean, (mean - 1, mean + 1), None, "UNDECIDED")


def test_what_the_font_cannot_draw_is_named() -> None:
    assert panels.drawable("a長") == "a\\u9577"
    assert panels.drawable("Größe $x$ ±") == "Größe $x$ ±"
    assert max(map(len, panels.drawable("x" * 200, 60).splitlines())) == 60


def win() -> mpl.figure.Figure:
    spans = [span("arm-1", [1.0, 2, 3])]
    return plates.draw_comparison("win", [line(50), line(60)], [gain("arm-1", 1)], spans, 0.5, NAMES)


def figures() -> dict[str, mpl.figure.Figure]:
    arms = [f"arm-{i}" for i in range(5)]
    long = "x" * 63
    return {
        "curves": plates.draw_curves("長い $name", [line(50), line(60, "arm-2"), line(70, "arm-3", label=long)]),
        "one-epoch": plates.draw_curves("one", [line(50, epochs=1)]),
        "nothing": plates.draw_curves("none", [line(50, seeds=0, epochs=0)]),
        "win": win(),
        "null": plates.draw_comparison(
            "A/A", [line(50), line(50)], [gain("arm-1", 0)], [span("arm-1", [0.0] * 5)], 0.5, NAMES
        ),
        "many": plates.draw_comparison(
            "many",
            [line(50, arm, label=arm + long) for arm in arms],
            [gain(arm, 0) for arm in arms],
            [span(arm, [index - 3.0] * 20) for index, arm in enumerate(arms)],
            0.5,
            NAMES,
        ),
        "unique": plates.draw_unique("unique", [line(5), line(6, "arm-2")], line(7, label="images seen")),
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("figures")
    with plates.styled():
        for name, figure in figures().items():
            plates.save(figure, folder, name)
    return {path.name: path for path in folder.iterdir()}


def test_figures_are_the_same_every_time(drawn: dict[str, Path], tmp_path: Path) -> None:
    before = {key: mpl.rcParams[key] for key in plates.STYLE}
    with plates.styled():
        paths = plates.save(win(), tmp_path, "win")
    assert {key: mpl.rcParams[key] for key in plates.STYLE} == before
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
    panels.signed(axes.yaxis)
    ticks = axes.get_yticks()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == len(ticks) >= 3
    for label, tick in zip(labels, ticks, strict=True):
        assert float(label.replace("\u2212", "-")) == pytest.approx(tick, abs=1e-9)
        assert label[0] in "+\u2212" or tick == 0
