"""What is shown where validation chooses the budgets: the same values in charts, tables, page and words."""

from __future__ import annotations

import comparisons
import numpy as np
import pytest

from augexp.reporting import budgets, figures, formats, tables, wording

ANSWER, RUNS = comparisons.cases()["budgets"]
FIXED = comparisons.cases()["win"][0]


def test_charts_show_the_test_images_at_equal_budgets() -> None:
    accuracy, difference = budgets.accuracy_chart(ANSWER), budgets.difference_chart(ANSWER)
    assert accuracy is not None
    assert difference is not None
    points = ANSWER.contrasts[0].equal_budgets
    assert [line.label for line in accuracy.lines] == ["none", "standard"]
    assert accuracy.lines[1].course.mean.tolist() == [point.arm for point in points]
    assert [(mark.epochs, mark.value) for mark in accuracy.marks] == [(5, 80.0), (14, 80.0)]
    (curve,) = difference.curves
    assert curve.epochs.tolist() == [point.epochs for point in points]
    assert curve.mean.tolist() == [point.difference for point in points]
    assert np.allclose(curve.high - curve.low, 3.0)
    assert curve.band == "new images: 95 % interval at each budget, 5 pairs, 3,000 test images"
    assert curve.line.course.values.shape == (5, len(points))


def test_the_main_figure_shows_test_images_and_no_validation() -> None:
    chosen = figures._charts_of_comparison(ANSWER, RUNS)
    assert [chart.caption for chart in chosen[:2]] == [
        budgets.accuracy_chart(ANSWER).caption,  # type: ignore[union-attr]
        budgets.difference_chart(ANSWER).caption,  # type: ignore[union-attr]
    ]
    assert figures._charts_of_comparison(FIXED, RUNS)[0].caption == "Validation accuracy of every arm."


def test_tables_say_what_each_budget_costs_and_gives() -> None:
    own = budgets.own_budgets(ANSWER)
    assert [row[:4] for row in own.rows] == [("none", 5, "5 to 7", 630), ("standard", 14, "14", 630)]
    equal = budgets.equal_budgets(ANSWER, ANSWER.contrasts[0])
    assert equal.rows[2] == (3, 63.0, 65.0, 2.0, 0.5, 3.5)
    for text in (formats.to_markdown(ANSWER), formats.to_latex(ANSWER)):
        assert "Each arm at its own best budget" in text
        assert "Equal budgets" in text


def test_a_fixed_budget_shows_none_of_it() -> None:
    assert budgets.accuracy_chart(FIXED) is budgets.difference_chart(FIXED) is None
    assert not budgets.own_budgets(FIXED).rows
    assert budgets.words(FIXED) == budgets.costs(FIXED) == ()
    assert "own best budget" not in formats.to_markdown(FIXED)
    assert len(tables.all_tables(FIXED)) == len(formats._tables(FIXED))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The runs ended at the cap of 20 epochs, where `standard` still gained (gain in validation accuracy over"),
        ({"still_gaining": ()}, "The runs went to 20 epochs, where every arm had levelled off (gain in validation"),
        ({"still_gaining": (), "gains": {}}, "The runs went to 20 epochs, the horizon that the screening found."),
        ({"settled": False}, "The runs go to 20 epochs, and it is not settled whether they go further."),
    ],
)
def test_how_far_the_runs_went_in_words(changes: dict[str, object], words: str) -> None:
    assert ANSWER.horizon is not None
    reached = ANSWER.horizon.model_copy(update=changes)
    assert budgets.horizon(ANSWER.model_copy(update={"horizon": reached})).startswith(words)


def test_the_plan_says_where_arms_are_judged() -> None:
    assert dict(wording.plan(ANSWER))["metric"].endswith("its own best budget, chosen on validation by leave one out")
    decaying = FIXED.model_copy(update={"definition": {"training": {"epochs": 9, "schedule": "cosine"}}})
    assert dict(wording.plan(decaying))["metric"].endswith("with a decaying learning rate no earlier one counts")
    assert dict(wording.plan(FIXED))["metric"] == "test accuracy at the final epoch of the fixed budget"
