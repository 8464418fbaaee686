"""Each arm at its own best budget: chosen on validation by the other seeds, read from the milestones afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from builders import experiment, plan_history, seal, summary, write_auto_run

from augexp.analysis import comparison as comparisons
from augexp.analysis.budget import own_best
from augexp.analysis.budget.horizon import advance
from augexp.analysis.paired_runs import pair_runs
from augexp.experiment.budget import milestones, window
from augexp.results import records
from augexp.results.manifests import Horizon
from augexp.results.predictions import Predictions, predictions_bytes
from augexp.results.records import RunRecord

HORIZON = 20
SEEDS, IMAGES = 5, 60


def course(peak: int, seed: int = 0) -> np.ndarray:
    """Return validation accuracies that are best about `peak`, with a little noise, float (H,)."""
    epochs = np.arange(1, HORIZON + 1)
    noise = np.random.default_rng([peak, seed]).normal(0, 0.002, HORIZON)
    return 0.8 - 0.05 * np.abs(np.log2(epochs / peak)) + noise


def outcomes(seed: int, gain: float) -> dict[int, np.ndarray]:
    """Return what is right at every milestone, bool (m,)."""
    generator = np.random.default_rng([seed, round(100 * gain)])
    return {epoch: generator.random(IMAGES) < 0.5 + gain + 0.01 * i for i, epoch in enumerate(milestones(HORIZON))}


@pytest.fixture
def auto():
    return experiment(epochs="auto", max_epochs=HORIZON)


@pytest.fixture
def runs(tmp_path, auto) -> list[RunRecord]:
    """Five seeds: `none` is best after 5 epochs, `standard` after 14."""
    return [
        write_auto_run(tmp_path, auto, arm, seed, course(peak, seed), outcomes(seed, gain))
        for seed in range(SEEDS)
        for arm, peak, gain in (("none", 5, 0.0), ("standard", 14, 0.2))
    ]


def test_a_seed_never_chooses_for_itself():
    values = np.random.default_rng(0).normal(size=(6, 9))
    chosen = own_best.choose_for_each(values)
    for row in range(6):
        other = values.copy()
        other[row] = np.random.default_rng(row).normal(size=9) * 100
        assert own_best.choose_for_each(other)[row] == chosen[row]
        assert chosen[row] == np.argmax(np.delete(values, row, axis=0).mean(axis=0))


def test_the_smaller_budget_wins_a_tie():
    assert own_best.choose_for_each(np.full((3, 4), 0.1)).tolist() == [0, 0, 0]
    assert own_best.choose_together(np.array([[0.3, 0.1], [0.1, 0.3], [0.2, 0.2]])) == 0


def test_validation_is_averaged_over_the_epochs_before_a_milestone(runs):
    values = own_best.at_milestones(runs[:1], HORIZON, balanced=False)
    accuracy = runs[0].epochs["val_accuracy"]
    for place, epoch in enumerate(milestones(HORIZON)):
        assert values[0, place] == pytest.approx(100 * np.mean([accuracy[e - 1] for e in window(epoch)]), abs=1e-12)


def forbid_test_outcomes(patch):
    def refuse(self):
        raise AssertionError("a test outcome was read before the budgets were chosen")

    patch.setattr(RunRecord, "milestones", refuse)
    patch.setattr(RunRecord, "predictions", refuse)


def test_no_test_outcome_is_read_before_the_budgets_are_chosen(runs, auto, monkeypatch):
    with monkeypatch.context() as patch:
        forbid_test_outcomes(patch)
        horizon = advance(auto, runs, None, balanced=False)
        by_arm = {arm: [run for run in runs if run.arm == arm] for arm in auto.plan.arms}
        chosen = own_best.choose(by_arm, HORIZON, balanced=False)
    assert horizon.settled
    assert chosen["none"].typical in (5, 7)
    assert chosen["standard"].typical in (14, 20)
    assert len(chosen["none"].by_seed) == SEEDS


def test_a_permutation_of_the_test_labels_changes_no_budget(runs, auto):
    before = pair_runs(runs, auto.plan.arms, range(SEEDS), "auto", choose=True)
    differences = before.differences("none", "standard")
    order = np.random.default_rng(3).permutation(IMAGES)
    for run in runs:
        predictions = run.predictions()
        labels = predictions.labels[order]
        values = {**vars(predictions), "labels": labels, "correct": predictions.predicted == labels}
        changed = Predictions(**values)
        (run.folder / records.PREDICTIONS).write_bytes(predictions_bytes(changed))
        seal(run.folder, test=summary(changed).values())
    again = [records.read_run(run.folder) for run in runs]
    after = pair_runs(again, auto.plan.arms, range(SEEDS), "auto", choose=True)
    assert after.budgets == before.budgets
    assert not np.array_equal(after.differences("none", "standard"), differences)


def compare(auto, runs):
    return comparisons.compare(auto, runs, plan_history(auto), horizon=Horizon(epochs=HORIZON, settled=True))


def test_the_headline_is_each_arm_at_its_own_budget_and_the_curve_stands_beside_it(runs, auto):
    answer = compare(auto, runs)
    (contrast,) = answer.contrasts
    budgets = {arm.name: arm.budget.epochs for arm in answer.arms}
    for seed in range(SEEDS):
        right = {arm: outcomes(seed, gain)[budgets[arm][seed]] for arm, gain in (("none", 0.0), ("standard", 0.2))}
        expected = 100 * (right["standard"].mean() - right["none"].mean())
        assert contrast.differences[seed] == pytest.approx(expected, abs=1e-9)
    assert [point.epochs for point in contrast.equal_budgets] == list(milestones(HORIZON))
    for point in contrast.equal_budgets:
        by_seed = [
            100 * (outcomes(s, 0.2)[point.epochs].mean() - outcomes(s, 0.0)[point.epochs].mean()) for s in range(SEEDS)
        ]
        assert point.difference == pytest.approx(np.mean(by_seed), abs=1e-9)
        assert point.interval.low < point.difference < point.interval.high
    typical = {arm.name: arm.budget.typical for arm in answer.arms}
    assert (
        f"each at its own best budget (`none` {typical['none']} epochs, `standard` {typical['standard']})"
        in contrast.sentence
    )
    assert f" pp at {typical['none']}, " in contrast.sentence
    assert contrast.sentence.count("Same initialisation and order") == 1
    assert [measure.key for measure in contrast.measures] == [
        "accuracy",
        "log_loss",
        "auroc",
        "average_precision",
        "f1",
    ]


def test_a_budget_costs_the_steps_up_to_it(runs, auto):
    for arm in compare(auto, runs).arms:
        assert arm.budget.steps == pytest.approx(10 * np.mean(arm.budget.epochs))
        assert arm.images_seen == 320 * max(arm.budget.epochs)


def test_a_control_is_exactly_zero_at_every_budget(tmp_path):
    auto = experiment(epochs="auto", max_epochs=HORIZON, arms=["none", "again"])
    runs = [
        write_auto_run(tmp_path, auto, arm, seed, course(5, seed), outcomes(seed, 0.0))
        for seed in range(SEEDS)
        for arm in auto.plan.arms
    ]
    (contrast,) = compare(auto, runs).contrasts
    assert contrast.differences == (0.0,) * SEEDS
    assert {point.difference for point in contrast.equal_budgets} == {0.0}


def test_two_seeds_choose_no_budget_and_that_is_said(tmp_path):
    auto = experiment(epochs="auto", max_epochs=HORIZON, seeds=2)
    runs = [
        write_auto_run(tmp_path, auto, arm, seed, course(5, seed), outcomes(seed, 0.0))
        for seed in (0, 1)
        for arm in auto.plan.arms
    ]
    answer = compare(auto, runs)
    assert all(arm.budget is None for arm in answer.arms)
    assert any(text.startswith("[no-own-budget] 2 seeds cannot choose a budget") for text in answer.warnings)
    last = 100 * np.mean([outcomes(s, 0.0)[HORIZON].mean() for s in (0, 1)])
    assert answer.arms[0].metric == pytest.approx(last)
