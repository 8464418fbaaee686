"""The figure files of whole comparisons: all there, the same every time, nothing clipped, whatever the names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import comparisons
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from augexp.analysis.schema import Comparison
from augexp.reporting import axes as parts
from augexp.reporting import charts, figures
from augexp.results.records import RunRecord

CASES = comparisons.cases()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    made = {}
    for name in ("win", "same", "hostile", "many", "unfinished"):
        comparison, records = CASES[name]
        made[name] = figures.draw(comparison, records, tmp_path_factory.mktemp(name))
    return made


@pytest.mark.parametrize("name", ["win", "many", "unfinished"])
def test_every_arm_has_its_curves_and_all_files_exist(drawn: dict[str, list[Path]], name: str) -> None:
    comparison = CASES[name][0]
    stems = [f"curves-{arm.name}" for arm in comparison.arms] + ["comparison", "unique-images"]
    assert [path.name for path in drawn[name]] == [f"{stem}.{form}" for stem in stems for form in ("png", "svg")]
    assert sorted(path.name for path in drawn[name][0].parent.iterdir()) == sorted(path.name for path in drawn[name])
    for path in drawn[name]:
        if path.suffix == ".svg":
            assert ET.fromstring(path.read_bytes()).tag.endswith("svg")


def test_equal_values_give_equal_bytes(drawn: dict[str, list[Path]], tmp_path: Path) -> None:
    comparison, records = comparisons.cases()["win"]
    again = figures.draw(comparison, records, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in drawn["win"]]


def test_another_value_gives_other_bytes(drawn: dict[str, list[Path]], tmp_path: Path) -> None:
    comparison, records = CASES["win"]
    other = comparisons.changed(comparison, new_images=comparisons.around(comparison.contrasts[0].estimate, 0.9))
    before = {path.name: path.read_bytes() for path in drawn["win"]}
    changed = [p.name for p in figures.draw(other, records, tmp_path) if p.read_bytes() != before[p.name]]
    assert changed == ["comparison.png", "comparison.svg"]


def test_nothing_is_clipped_and_all_are_as_wide_as_a_readme(drawn: dict[str, list[Path]]) -> None:
    for name, paths in drawn.items():
        for path in paths:
            if path.suffix == ".png":
                pixels = np.asarray(Image.open(path).convert("RGB"))
                assert pixels.shape[1] == 900
                for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
                    assert edge.min() == 255, f"{name}/{path.name}: something is clipped"


@pytest.mark.parametrize("name", sorted(CASES))
def test_labels_lie_inside_the_figure_and_beside_each_other(name: str) -> None:
    with figures.styled():
        figure = comparison_figure(*CASES[name])
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for legend in legends(figure) for text in legend.get_texts()]
        rows = [text.get_window_extent() for text in figure.subfigs[1].axes[0].texts]
    for box in boxes + rows:
        assert box.x0 >= 0
        assert box.x1 <= 900
    for which in (boxes, rows):
        assert not any(a.overlaps(b) for i, a in enumerate(which) for b in which[:i])


def legends(figure: Figure) -> list[object]:
    return [legend for part in (figure, *figure.subfigs) for legend in part.legends]


def comparison_figure(comparison: Comparison, records: list[RunRecord]) -> Figure:
    gains = charts.gain_chart(comparison, charts.gains(comparison, records).values())
    curves = charts.validation_chart(records, charts.styles(comparison))
    return figures.comparison_figure("t", curves, gains, charts.difference_chart(comparison))


def test_the_gain_axes_draw_the_mean_of_the_answer() -> None:
    comparison, records = CASES["win"]
    mean = [value + 0.125 for value in comparison.contrasts[0].gain.mean]
    gain = comparison.contrasts[0].gain.model_copy(update={"mean": tuple(mean)})
    axes = comparison_figure(comparisons.changed(comparison, gain=gain), records).subfigs[0].axes[1]
    bold = next(line for line in axes.lines if line.get_label() == "standard − none")
    np.testing.assert_allclose(bold.get_ydata(), mean)


def test_bands_of_several_contrasts_do_not_hide_each_other() -> None:
    comparison, records = CASES["many"]
    curves = list(charts.gains(comparison, records).values())
    axes = comparison_figure(comparison, records).subfigs[0].axes[1]
    assert not axes.collections
    bars = [line for line in axes.lines if len(set(line.get_xdata())) == 1 and line.get_xdata()[0] > 12]
    assert [tuple(bar.get_ydata()) for bar in bars] == [(curve.low[-1], curve.high[-1]) for curve in curves]
    assert len({bar.get_xdata()[0] for bar in bars}) == len(curves)
    assert parts.bars_note(curves) == "bars after the last epoch: 95 % t interval at each epoch, 20 pairs"


@pytest.mark.parametrize(
    ("lengths", "count"),
    [([4] * 6, 6), ([100], 1), ([110, 4, 4, 4], 1), ([8, 4, 50, 41, 32], 3), ([50, 50], 2), ([], 1)],
)
def test_legends_take_as_many_columns_as_fit(lengths: list[int], count: int) -> None:
    assert figures.columns(lengths) == count
