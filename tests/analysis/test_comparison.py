"""From records to the answer: guards, looks, controls, missing runs, and a second derivation of the numbers."""

from __future__ import annotations

import io
import json
import math

import builders
import numpy as np
import pytest
from scipy import stats

from augexp.analysis import comparison, looks
from augexp.analysis.wording import number
from augexp.errors import AnalysisError
from augexp.reporting import formats, wording
from augexp.reporting.facts import words as facts
from augexp.results.records import read_runs


def answer(folder, experiment, plans=None):
    return comparison.compare(experiment, read_runs(folder), plans or builders.plan_history(experiment))


def fill(folder, experiment, matrices, seeds, **details):
    for seed in seeds:
        builders.write_block(folder, experiment, seed, matrices, **details)


# -- a second derivation -------------------------------------------------------------------------


def derive(folder, seeds, alpha, r):
    """Recompute estimate, intervals and verdict from the files alone, in other words than the package's."""
    rows = []
    for seed in range(seeds):
        pair = []
        for arm in ("none", "standard"):
            archive = (folder / "runs" / arm / f"seed-{seed}" / "predictions.npz").read_bytes()
            with np.load(io.BytesIO(archive)) as file:
                labels, predicted, clusters = file["labels"], file["predicted"], file["clusters"]
            right = (labels == predicted).astype(float)
            groups = sorted({(int(c), int(y)) for c, y in zip(clusters, labels, strict=True)})
            member = [(clusters == c) & (labels == y) for c, y in groups]
            sizes = [sum(y == label for _, y in groups) for label in (0, 1)]
            weight = [len(groups) / (2 * sizes[y]) for _, y in groups]
            unbalanced = len(set(np.bincount(labels))) > 1
            pair.append([right[who].mean() * (w if unbalanced else 1) for who, w in zip(member, weight, strict=True)])
        rows.append([100 * (b - a) for a, b in zip(*pair, strict=True)])
    d = np.array(rows)
    n, m = d.shape
    total = d.mean()
    between_seeds = m * ((d.mean(axis=1) - total) ** 2).sum() / (n - 1)
    between_images = n * ((d.mean(axis=0) - total) ** 2).sum() / (m - 1)
    rest = (((d - total) ** 2).sum() - between_seeds * (n - 1) - between_images * (m - 1)) / ((n - 1) * (m - 1))
    t, z = stats.t.ppf(1 - alpha / 2, n - 1), stats.norm.ppf(1 - alpha / 2)
    narrow = t * math.sqrt(between_seeds / (n * m))
    wide = math.sqrt(narrow**2 + z**2 * max(between_images - rest, 0) / (n * m))
    low, high = total - wide, total + wide
    rows_of_the_table = (
        (low > r, "HELPS, by at least"),
        (-r < low and high < r, "NO PRACTICAL DIFFERENCE"),
        (low <= -r and high >= r, "UNDECIDED"),
        (0 < low <= r <= high, "HELPS, size uncertain"),
        (-r < low <= 0 and high >= r, "DOES NOT HURT, may help"),
        (high < -r, "HURTS, by at least"),
        (low <= -r <= high < 0, "HURTS, size uncertain"),
        (low <= -r and 0 <= high < r, "DOES NOT HELP, may hurt"),
    )
    (words,) = [text for holds, text in rows_of_the_table if holds]
    return total, (total - narrow, total + narrow), (low, high), words


@pytest.mark.parametrize(("gain", "unbalanced", "twins"), [(0.25, False, False), (0.1, True, True), (0.0, True, False)])
def test_a_second_derivation_agrees_to_1e_12(tmp_path, gain, unbalanced, twins):
    experiment = builders.experiment(seeds=6)
    m = 400
    labels = (np.arange(m) % 3 == 0).astype(int) if unbalanced else None
    clusters = np.where(np.arange(m) < 40, np.arange(m) // 4 * 4, np.arange(m)) if twins else None
    fill(tmp_path, experiment, builders.draw_outcomes(6, m, gain), range(6), labels=labels, clusters=clusters)
    found = answer(tmp_path, experiment)
    one = found.contrasts[0]
    estimate, narrow, wide, words = derive(tmp_path, 6, 0.05, 0.5)
    assert found.metric == ("balanced_accuracy" if unbalanced else "accuracy")
    assert one.estimate == pytest.approx(estimate, abs=1e-12)
    assert (one.these_images.low, one.these_images.high) == pytest.approx(narrow, abs=1e-12)
    assert (one.new_images.low, one.new_images.high) == pytest.approx(wide, abs=1e-12)
    assert one.verdict.startswith(words)


# -- guards --------------------------------------------------------------------------------------


def test_two_seeds_give_no_interval(tmp_path):
    experiment = builders.experiment(seeds=2)
    fill(tmp_path, experiment, builders.draw_outcomes(2, 100, 0.3), range(2))
    one = answer(tmp_path, experiment).contrasts[0]
    assert one.new_images is None
    assert one.these_images is None
    assert "NO VERDICT" in one.sentence
    assert "no interval" in one.sentence


def test_three_seeds_are_a_smoke_run_without_verdict(tmp_path):
    experiment = builders.experiment(seeds=3)
    fill(tmp_path, experiment, builders.draw_outcomes(3, 200, 0.5), range(3))
    one = answer(tmp_path, experiment).contrasts[0]
    assert one.new_images is not None
    assert one.verdict.startswith("NO VERDICT")
    assert not one.decided


def test_few_test_images_give_the_interval_of_the_seeds_and_a_warning(tmp_path):
    experiment = builders.experiment()
    fill(tmp_path, experiment, builders.draw_outcomes(5, 28, 0.3), range(5))
    found = answer(tmp_path, experiment)
    one = found.contrasts[0]
    assert one.new_images is None
    assert one.these_images is not None
    assert "On these test images" in one.sentence
    # Nothing may speak of new images: their variance has not been estimated.
    assert one.outlook is None
    assert one.p is None
    names = (name for name, _ in wording.also_reported(one, found))
    assert not any("new images" in text for text in (*wording.what_to_buy(one, found), *names))
    assert any("Only 28 test images" in text for text in found.warnings)


def test_a_seed_that_does_not_reach_the_network_is_an_error(tmp_path):
    experiment = builders.experiment()
    fill(tmp_path, experiment, builders.draw_outcomes(5, 100, 0.3), range(5), weights_initial="the same")
    with pytest.raises(AnalysisError, match="the seed does not reach the network"):
        answer(tmp_path, experiment)


def test_a_network_that_draws_nothing_starts_from_the_same_weights_and_the_page_says_what_is_trained(tmp_path):
    experiment = builders.experiment()
    ledger = {**builders.LEDGER, "drawn": 0, "tune": "the head"}
    matrices = builders.draw_outcomes(5, 100, 0.3)
    fill(tmp_path, experiment, matrices, range(5), weights_initial="the same", ledger=ledger)
    found = answer(tmp_path, experiment)
    assert found.contrasts[0].new_images is not None
    pairs = dict(facts.ledger(found))
    assert (pairs["what is trained"], pairs["parameters that each seed draws anew"]) == ("the head", "0")


def test_equal_differences_in_all_seeds_give_no_result(tmp_path):
    experiment = builders.experiment()
    matrices = {"none": np.tile(np.arange(100) < 60, (5, 1)), "standard": np.tile(np.arange(100) < 70, (5, 1))}
    fill(tmp_path, experiment, matrices, range(5))
    found = answer(tmp_path, experiment)
    assert found.contrasts[0].new_images is None
    assert found.contrasts[0].verdict.startswith("NO VERDICT")
    assert any("same difference" in text for text in found.warnings)


def test_equal_predictions_of_different_arms_are_no_null_result(tmp_path):
    experiment = builders.experiment()
    same = builders.draw_outcomes(5, 100, 0.0)["none"]
    fill(tmp_path, experiment, {"none": same, "standard": same}, range(5))
    one = answer(tmp_path, experiment).contrasts[0]
    assert one.verdict.startswith("NO VERDICT")
    assert one.new_images is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ledger": {**builders.LEDGER, "parameters": 91}}, "unequal budget: parameters"),
        ({"weights_initial": "another"}, "differ in initial weights"),
        ({"order": "another"}, "differ in image order"),
    ],
)
def test_a_pair_that_differs_in_more_than_its_policy_is_refused(tmp_path, change, said):
    experiment = builders.experiment()
    matrices = builders.draw_outcomes(5, 60, 0.2)
    for seed in range(5):
        builders.write_run(tmp_path, experiment, "none", seed, matrices["none"][seed])
        builders.write_run(
            tmp_path, experiment, "standard", seed, matrices["standard"][seed], **(change if seed == 3 else {})
        )
    with pytest.raises(AnalysisError, match=said):
        answer(tmp_path, experiment)


def test_runs_on_other_test_images_are_refused(tmp_path):
    experiment = builders.experiment()
    matrices = builders.draw_outcomes(5, 60, 0.2)
    fill(tmp_path, experiment, matrices, range(4))
    builders.write_run(tmp_path, experiment, "none", 4, matrices["none"][4])
    builders.write_run(tmp_path, experiment, "standard", 4, matrices["standard"][4][:50])
    with pytest.raises(AnalysisError, match="other images"):
        answer(tmp_path, experiment)


# -- controls ------------------------------------------------------------------------------------


def test_a_control_is_exactly_zero(tmp_path):
    experiment = builders.experiment(arms=["none", "again"])
    same = builders.draw_outcomes(5, 100, 0.0)["none"]
    fill(tmp_path, experiment, {"none": same, "again": same}, range(5))
    one = answer(tmp_path, experiment).contrasts[0]
    assert one.control == "a/a"
    assert set(one.differences) == {0.0}
    assert (one.new_images.low, one.new_images.high) == (0.0, 0.0)
    assert one.verdict.startswith("NO DIFFERENCE AT ALL")


def test_a_control_that_differs_is_told(tmp_path):
    experiment = builders.experiment(arms=["none", "again"])
    fill(tmp_path, experiment, builders.draw_outcomes(5, 100, 0.0, arms=("none", "again")), range(5))
    assert any("does not repeat its own numbers" in text for text in answer(tmp_path, experiment).warnings)


# -- looks, extension, missing runs --------------------------------------------------------------


def test_another_backend_of_keras_is_told(tmp_path):
    experiment = builders.experiment(seeds=5)
    outcomes = builders.draw_outcomes(5, 60, 0.5)
    for count, backend in enumerate(("tensorflow", "jax")):
        versions = {"augexp": "test", "backend": backend}
        fill(tmp_path / backend, experiment, outcomes, range(5), versions=versions)
        told = [text for text in answer(tmp_path / backend, experiment).warnings if "KERAS_BACKEND" in text]
        assert len(told) == count
        assert all("backend jax" in text for text in told)


def test_looks_go_on_while_undecided_and_stop_when_decided(tmp_path):
    experiment = builders.experiment(seeds=None)
    plans = builders.plan_history(experiment)
    unclear = builders.draw_outcomes(20, 60, 0.02, seed=5)
    assert looks.next_look(experiment, [], plans) == 5
    fill(tmp_path, experiment, unclear, range(4))
    assert looks.next_look(experiment, read_runs(tmp_path), plans) == 5
    fill(tmp_path, experiment, unclear, [4])
    between = answer(tmp_path, experiment)  # the plan goes on, so there is no verdict yet
    assert len(between.missing) == 6
    assert between.contrasts[0].verdict.startswith("NO VERDICT YET")
    assert looks.next_look(experiment, read_runs(tmp_path), plans) == 8
    fill(tmp_path, experiment, unclear, range(5, 20))
    assert looks.next_look(experiment, read_runs(tmp_path), plans) is None
    found = answer(tmp_path, experiment)
    assert (found.look.number, found.look.seeds) == (4, 20)
    assert "look 4 of 4" in found.contrasts[0].sentence
    assert found.look.t == pytest.approx(2.63, abs=0.005)
    assert "p, new images (of this look alone)" in dict(wording.also_reported(found.contrasts[0], found))


def test_a_decided_look_is_the_last_and_runs_beyond_it_are_left_out(tmp_path):
    experiment = builders.experiment(seeds=None)
    fill(tmp_path, experiment, builders.draw_outcomes(7, 1000, 1.5), range(7))
    assert looks.next_look(experiment, read_runs(tmp_path), builders.plan_history(experiment)) is None
    found = answer(tmp_path, experiment)
    assert found.contrasts[0].tone == "helps"
    assert found.look.seeds == 5
    assert any("left out: seed 5, 6" in text for text in found.warnings)


def test_the_last_look_is_the_last(tmp_path):
    experiment = builders.experiment(seeds=None, looks=[5, 6])
    fill(tmp_path, experiment, builders.draw_outcomes(6, 60, 0.0, seed=5), range(6))
    assert looks.next_look(experiment, read_runs(tmp_path), builders.plan_history(experiment)) is None


def test_an_extended_plan_takes_the_anytime_intervals_and_says_so(tmp_path):
    before, experiment = builders.experiment(seeds=5), builders.experiment(seeds=8)
    fill(tmp_path, experiment, builders.draw_outcomes(8, 300, 0.2), range(8))
    plans = builders.plan_history(experiment, finished=5, before=before)
    found = answer(tmp_path, experiment, plans)
    assert found.look.rule == "anytime"
    assert found.look.t == pytest.approx(4.20, abs=0.005)
    assert found.plan_changes == ("after 5 pairs: seeds from 5 to 8",)
    assert "anytime-valid" in found.contrasts[0].sentence
    plain = answer(tmp_path, experiment)
    assert found.contrasts[0].new_images.low < plain.contrasts[0].new_images.low


def test_a_plan_changed_before_its_first_pair_is_no_extension(tmp_path):
    before, experiment = builders.experiment(seeds=3), builders.experiment(seeds=5)
    fill(tmp_path, experiment, builders.draw_outcomes(5, 60, 0.2), range(5))
    assert (
        answer(tmp_path, experiment, builders.plan_history(experiment, finished=0, before=before)).look.rule == "fixed"
    )


def test_fewer_seeds_than_were_looked_at_discard_none(tmp_path):
    before, experiment = builders.experiment(seeds=8), builders.experiment(seeds=5)
    fill(tmp_path, experiment, builders.draw_outcomes(8, 100, 0.2), range(8))
    found = answer(tmp_path, experiment, builders.plan_history(experiment, finished=8, before=before))
    assert found.look.seeds == 8


def test_a_missing_run_blocks_the_verdict_and_is_named(tmp_path):
    experiment = builders.experiment()
    matrices = builders.draw_outcomes(5, 300, 1.5)
    fill(tmp_path, experiment, matrices, range(4))
    builders.write_run(tmp_path, experiment, "none", 4, matrices["none"][4])
    found = answer(tmp_path, experiment)
    assert not found.complete
    assert [(one.arm, one.seed) for one in found.missing] == [("standard", 4)]
    assert found.contrasts[0].verdict.startswith("NO VERDICT YET")
    assert found.contrasts[0].seeds == (0, 1, 2, 3)
    assert any("standard seed 4" in text for text in found.warnings)


def test_no_run_at_all_is_an_answer_too(tmp_path):
    found = answer(tmp_path, builders.experiment())
    assert len(found.missing) == 10
    assert "cannot be compared yet" in found.contrasts[0].sentence
    assert found.contrasts[0].differences == ()


def test_a_diverged_run_counts_and_is_told(tmp_path):
    experiment = builders.experiment()
    matrices = builders.draw_outcomes(5, 100, 0.2)
    for seed in range(5):
        builders.write_run(tmp_path, experiment, "none", seed, matrices["none"][seed])
        status = "diverged" if seed == 1 else "complete"
        builders.write_run(tmp_path, experiment, "standard", seed, matrices["standard"][seed], status=status)
    found = answer(tmp_path, experiment)
    assert found.complete
    assert found.arms[1].diverged == 1
    assert any("Diverged" in text for text in found.warnings)


# -- several arms --------------------------------------------------------------------------------


def test_several_arms_hold_together(tmp_path):
    arms = ["none", "flip", "standard", "strong"]
    experiment = builders.experiment(arms=arms)
    matrices = builders.draw_outcomes(5, 400, 0.0, arms=arms)
    matrices["standard"] = builders.draw_outcomes(5, 400, 1.5)["standard"]
    fill(tmp_path, experiment, matrices, range(5))
    found = answer(tmp_path, experiment)
    assert found.look.alpha == pytest.approx(0.05 / 3)
    assert found.look.t == pytest.approx(stats.t.ppf(1 - 0.05 / 6, 4))
    assert found.best == ("standard",)
    assert "simultaneous" in found.contrasts[0].sentence
    plain = sorted(one.p for one in found.contrasts)
    holm = sorted(one.p_holm for one in found.contrasts)
    assert holm[0] == pytest.approx(3 * plain[0])
    assert "standard is the only arm" in wording.about_all_arms(found)[0]


# -- the answer's form ---------------------------------------------------------------------------


def test_the_answer_is_strict_json_by_its_own_schema(tmp_path):
    import jsonschema

    experiment = builders.experiment()
    fill(tmp_path, experiment, builders.draw_outcomes(5, 100, 0.2), range(5))
    text = formats.to_json(answer(tmp_path, experiment))
    jsonschema.validate(json.loads(text), json.loads(formats.json_schema()))
    assert "NaN" not in text


def test_the_sentence_of_record(tmp_path):
    experiment = builders.experiment()
    fill(tmp_path, experiment, builders.draw_outcomes(5, 2000, 0.6), range(5))
    one = answer(tmp_path, experiment).contrasts[0]
    low, high = one.new_images.low, one.new_images.high
    assert one.sentence == (
        f"On new synthetic drawings of these classes, `standard` changed accuracy by +{one.estimate:.1f} pp "
        f"(95 % interval +{low:.1f} to +{high:.1f}; 5 paired seeds, 2,000 test images). 5 of 5 seeds better. "
        f"HELPS, by at least {low:.1f} pp (more than ±0.5 pp). Same 90 steps, same initialisation and order; "
        f"ρ = {number(one.correlation, 2).replace('0.', '.')}."
    )
    assert low > 0.5


def test_what_is_missed_by_the_interval_is_what_to_buy(tmp_path):
    experiment = builders.experiment()
    fill(tmp_path, experiment, builders.draw_outcomes(5, 60, 0.02, seed=5), range(5))
    ahead = answer(tmp_path, experiment).contrasts[0].outlook
    assert ahead.buy in ("seeds", "images")
    assert ahead.with_seeds[8] < ahead.half_width
    assert ahead.with_images[120] < ahead.half_width
    assert ahead.with_seeds[40] >= ahead.image_floor
