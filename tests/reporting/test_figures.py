"""The figure files of whole comparisons: all there, the same every time, nothing clipped, whatever the names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import comparisons
import numpy as np
import pytest
from PIL import Image

from augexp.reporting import charts, figures, panels, plates

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
    comparison, records = CASES[name]
    lines, gains = charts.validation(records, charts.inks(comparison)), charts.gains(comparison, records)
    with plates.styled():
        figure = plates.draw_comparison(
            "t", lines, gains, charts.spans(comparison), comparison.equivalence, charts.labels(comparison)
        )
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for legend in legends(figure) for text in legend.get_texts()]
        rows = [text.get_window_extent() for text in figure.subfigs[1].axes[0].texts]
    for box in boxes + rows:
        assert box.x0 >= 0
        assert box.x1 <= 900
    for which in (boxes, rows):
        assert not any(a.overlaps(b) for i, a in enumerate(which) for b in which[:i])


def legends(figure: object) -> list[object]:
    return [legend for part in (figure, *figure.subfigs) for legend in part.legends]


def test_the_gain_panel_draws_the_mean_of_the_answer() -> None:
    comparison, records = CASES["win"]
    mean = [value + 0.125 for value in comparison.contrasts[0].gain.mean]
    gain = comparison.contrasts[0].gain.model_copy(update={"mean": tuple(mean)})
    (gain,) = charts.gains(comparisons.changed(comparison, gain=gain), records)
    axes = plates.draw_comparison("t", [], [gain], [], 0.5, ("", "")).subfigs[0].axes[1]
    bold = next(line for line in axes.lines if line.get_label() == "standard − none")
    np.testing.assert_allclose(bold.get_ydata(), mean)


def test_bands_of_several_contrasts_do_not_hide_each_other() -> None:
    comparison, records = CASES["many"]
    gains = charts.gains(comparison, records)
    axes = plates.draw_comparison("t", [], gains, [], 0.5, ("", "")).subfigs[0].axes[1]
    assert not axes.collections
    bars = [line for line in axes.lines if len(set(line.get_xdata())) == 1 and line.get_xdata()[0] > 12]
    assert [tuple(bar.get_ydata()) for bar in bars] == [(gain.low[-1], gain.high[-1]) for gain in gains]
    assert len({bar.get_xdata()[0] for bar in bars}) == len(gains)
    assert panels.bars_note(gains) == "bars after the last epoch: 95 % t interval at each epoch, 20 pairs"


def test_stacked_seeds_get_room() -> None:
    spans = charts.spans(CASES["same"][0])
    one = charts.spans(CASES["win"][0])
    assert panels.row_heights(spans, 0.5)[0] - panels.row_heights(one, 0.5)[0] == pytest.approx(4 * panels.STACK)


@pytest.mark.parametrize(
    ("lengths", "count"),
    [([4] * 6, 6), ([100], 1), ([110, 4, 4, 4], 1), ([8, 4, 50, 41, 32], 3), ([50, 50], 2), ([], 1)],
)
def test_legends_take_as_many_columns_as_fit(lengths: list[int], count: int) -> None:
    assert plates.columns(lengths) == count
