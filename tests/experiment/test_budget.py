"""Milestones and horizons as numbers."""

from __future__ import annotations

import math
import tomllib

import pytest

from augexp import api
from augexp.experiment import budget, definition
from augexp.experiment.definition import Experiment


def test_milestones_are_rounded_powers_of_the_square_root_of_two() -> None:
    assert budget.milestones(320) == (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320)
    assert budget.milestones(20) == (1, 2, 3, 5, 7, 10, 14, 20)
    assert budget.milestones(100)[-3:] == (57, 80, 100)
    assert budget.milestones(1) == (1,)


def test_every_horizon_has_its_half_among_the_milestones() -> None:
    horizon = budget.FIRST_HORIZON
    while horizon < budget.LONGEST:
        assert horizon // 2 in budget.milestones(horizon)
        horizon = budget.next_horizon(horizon, budget.LONGEST)
    assert budget.next_horizon(80, 100) == 100


@pytest.mark.parametrize("epoch", [1, 2, 3, 5, 7, 10, 14, 20, 100, 226, 320])
def test_a_window_holds_the_epochs_above_the_milestone_over_root_two(epoch: int) -> None:
    expected = [e for e in range(1, epoch + 1) if e > epoch / math.sqrt(2)]
    assert list(budget.window(epoch)) == expected


def of(**values: object) -> Experiment:
    return definition.parse({"name": "x", **values}, origin="test")


def test_images_of_ones_own_get_an_automatic_budget_and_the_sample_a_fixed_one() -> None:
    assert definition.of_source("folder", {"path": "/photos"}, origin="test").training.auto
    lsun = definition.from_source(["bedroom", "kitchen"], ["bedroom", "kitchen"])
    assert lsun.training.auto
    assert (lsun.first_horizon, lsun.plan.max_epochs) == (20, 320)
    sample = definition.from_source([], [])
    assert (sample.training.epochs, sample.first_horizon) == (60, 60)


def test_the_cap_is_part_of_the_plan_and_not_of_the_runs() -> None:
    usual, longer = of(), of(plan={"max_epochs": 640})
    assert usual.hash == longer.hash
    assert usual.plan_hash != longer.plan_hash
    assert of(plan={"max_epochs": 7}).first_horizon == 7


def test_a_planned_horizon_is_where_every_run_ends() -> None:
    usual, planned = of(), of(plan={"horizon": 80})
    assert planned.first_horizon == 80
    assert planned.hash == usual.hash
    assert planned.plan_hash != usual.plan_hash
    assert api.define(planned, epochs=5).plan.horizon is None
    text = definition.dumps(planned)
    assert definition.parse(tomllib.loads(text), origin="test") == planned
    assert "horizon" not in definition.dumps(usual)


def test_the_test_curve_leaves_other_definitions_as_they_were() -> None:
    usual, curve = of(), of(training={"test_curve": True})
    assert "test_curve" not in definition.dumps(usual)
    assert usual.hash != curve.hash


def test_naming_the_epochs_takes_the_place_of_an_automatic_budget_with_its_cap() -> None:
    capped = of(plan={"max_epochs": 40})
    assert api.define(capped, epochs=5).plan.max_epochs == 320
    assert api.define(capped, seeds=5).plan.max_epochs == 40
    with pytest.raises(definition.DefinitionError, match="max_epochs: received 30 with epochs = 5"):
        api.define(capped, epochs=5, max_epochs=30)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"training": {"schedule": "cosine"}}, ["schedule: received 'cosine' with epochs = 'auto'", "name the epochs"]),
        ({"training": {"epochs": 5}, "plan": {"max_epochs": 40}}, ["max_epochs: received 40 with epochs = 5"]),
        ({"training": {"warmup": 20}}, ["warmup: received 20 of 20 epochs"]),
        ({"training": {"warmup": 5}, "plan": {"max_epochs": 5}}, ["warmup: received 5 with max_epochs = 5"]),
        ({"training": {"epochs": 5}, "plan": {"horizon": 5}}, ["horizon: received 5 with epochs = 5", "'auto'"]),
        ({"plan": {"horizon": 40, "max_epochs": 20}}, ["horizon: received 40", "max_epochs = 20", "1 to 20"]),
    ],
)
def test_budgets_that_do_not_go_together_are_one_line(values: dict[str, object], words: list[str]) -> None:
    with pytest.raises(definition.DefinitionError) as caught:
        of(**values)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
