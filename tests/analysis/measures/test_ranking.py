"""Ranking measures are those of scikit-learn; their place in a comparison; the coverage of the AUROC."""

from __future__ import annotations

import builders
import numpy as np
import pytest
from scipy.special import ndtr

import augexp
from augexp.analysis import comparison, critical_values, statistics
from augexp.analysis.measures import ranking
from augexp.errors import DefinitionError
from augexp.results.records import read_runs

CASES = 1000


def cases(count=CASES):
    """Yield scores with and without ties, classes and weights."""
    generator = np.random.default_rng(23)
    for number in range(count):
        m = int(generator.integers(2, 60))
        positive = generator.random(m) < generator.uniform(0.1, 0.9)
        positive[:2] = True, False
        scores = generator.random(m) if number % 2 else generator.integers(0, 5, m) / 4
        weights = generator.integers(1, 4, m) / 3 if number % 3 else np.ones(m)
        yield scores, positive, weights


def test_auroc_is_that_of_scikit_learn_in_a_thousand_cases():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the dev extra")
    for scores, positive, weights in cases():
        expected = metrics.roc_auc_score(positive, scores, sample_weight=weights)
        assert abs(ranking.auroc(scores, positive, weights) - expected) <= 1e-12
        assert abs(np.average(ranking.influence(scores, positive, weights), weights=weights) - expected) <= 1e-12


def test_average_precision_and_sensitivity_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the dev extra")
    for scores, positive, weights in cases(200):
        expected = metrics.average_precision_score(positive, scores, sample_weight=weights)
        assert abs(ranking.average_precision(scores, positive, weights) - expected) <= 1e-12
        wrong, right, _ = metrics.roc_curve(positive, scores, sample_weight=weights, drop_intermediate=False)
        expected = right[wrong <= 0.2 + 1e-12].max()
        assert abs(ranking.sensitivity_at(scores, positive, weights, 0.8) - expected) <= 1e-12


def test_f1_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the dev extra")
    generator = np.random.default_rng(24)
    for _ in range(60):
        labels, predicted = generator.integers(0, 4, (2, 30))
        weights = generator.integers(1, 4, 30) / 3
        values = ranking.f1(labels, predicted, weights, 5)
        expected = metrics.f1_score(labels, predicted, average="macro", sample_weight=weights)
        assert abs(np.nanmean(values) - expected) <= 1e-12
        assert np.isnan(values[4])


def test_placements_by_hand():
    scores, positive = np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])
    assert ranking.placements(scores, positive, np.ones(4)).tolist() == [1.0, 0.75, 0.75, 1.0]
    assert ranking.auroc(scores, positive, np.ones(4)) == 0.875


def answer(folder, **plan):
    experiment = builders.experiment(seeds=6, **plan)
    for seed in range(6):
        builders.write_block(folder, experiment, seed, builders.draw_outcomes(6, 120, 0.3, seed=7))
    return comparison.compare(experiment, read_runs(folder), builders.plan_history(experiment))


def test_the_measures_stand_in_every_answer(tmp_path):
    (contrast,) = answer(tmp_path / "all").contrasts
    by_key = {measure.key: measure for measure in contrast.measures}
    assert set(by_key) == {"accuracy", "log_loss", "brier", "calibration_error", "auroc", "average_precision", "f1"}
    assert by_key["auroc"].scope == "new images"
    assert by_key["auroc"].interval.low < by_key["auroc"].difference < by_key["auroc"].interval.high
    assert by_key["f1"].scope == by_key["average_precision"].scope == "these images"


def test_a_positive_class_has_a_sensitivity(tmp_path):
    name = answer(tmp_path / "all").classes[1]
    (contrast,) = answer(tmp_path / "one", positive=name).contrasts
    by_key = {measure.key: measure for measure in contrast.measures}
    assert by_key["sensitivity"].name == f"sensitivity of {name} at 95 % specificity (%)"
    assert by_key["auroc"].name == f"AUROC of {name} (%)"


@pytest.mark.parametrize("metric", ["f1", "average_precision", "sensitivity"])
def test_a_verdict_by_them_is_refused_with_the_reason(metric):
    reason = "stands among the measures of every answer, but its interval holds for these test images alone"
    with pytest.raises(DefinitionError, match=reason) as caught:
        builders.experiment(metric=metric)
    assert "\n" not in str(caught.value)


def test_a_verdict_may_rest_on_the_auroc(tmp_path):
    found = answer(tmp_path / "auroc", metric="auroc")
    (contrast,) = found.contrasts
    (measure,) = (measure for measure in contrast.measures if measure.key == "auroc")
    assert found.metric == "auroc"
    assert contrast.estimate == pytest.approx(measure.difference, abs=1e-12)
    assert contrast.new_images.low == pytest.approx(measure.interval.low, abs=1e-12)
    assert contrast.new_images.high == pytest.approx(measure.interval.high, abs=1e-12)
    assert found.arms[1].metric == pytest.approx(measure.arm, abs=1e-12)
    assert contrast.relative_error_reduction is None
    assert "changed AUROC by" in contrast.sentence
    assert contrast.decided is not None


def test_the_auroc_of_every_seed_is_that_of_scikit_learn(tmp_path):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the dev extra")
    (contrast,) = answer(tmp_path / "auroc", metric="auroc").contrasts
    for difference, seed in zip(contrast.differences, contrast.seeds, strict=True):
        areas = {}
        for record in read_runs(tmp_path / "auroc"):
            if record.seed == seed:
                outcome = record.predictions()
                areas[record.arm] = metrics.roc_auc_score(outcome.labels, outcome.probabilities[:, 1])
        assert difference == pytest.approx(100 * (areas["standard"] - areas["none"]), abs=1e-9)


def test_of_a_positive_class_the_auroc_is_its_own(tmp_path):
    name = answer(tmp_path / "all").classes[1]
    (contrast,) = answer(tmp_path / "one", positive=name, metric="auroc").contrasts
    (measure,) = (measure for measure in contrast.measures if measure.key == "auroc")
    assert contrast.estimate == pytest.approx(measure.difference, abs=1e-12)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"folds": 5, "epochs": 3}, "with folds = 5, whose fits rank the images on scales of their own"),
        ({"epochs": "auto"}, "with epochs = 'auto', where the accuracy on the validation images chooses the budget"),
    ],
)
def test_where_its_interval_is_not_known_the_auroc_is_refused(tmp_path, options, reason):
    with pytest.raises(DefinitionError, match=f"metric: received 'auroc' {reason}") as caught:
        augexp.define((str(tmp_path),), metric="auroc", **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m", "share"), [(3, 100, 0.5), (5, 200, 0.1), (10, 200, 0.1), (5, 1000, 0.3)])
def test_the_interval_of_the_auroc_covers_for_new_images(n, m, share):
    generator, own, covered, count = np.random.default_rng([n, m]), critical_values.level("fixed", 1), 0, 1000
    shift, seed_sd, favour_sd, rest_sd = 1.2, 0.2, 0.4, 0.6
    slopes = generator.normal(0, seed_sd, 400_000)
    spread = np.sqrt(2 * (0.8**2 + favour_sd**2 + rest_sd**2)), np.sqrt(2 * (0.8**2 + rest_sd**2))
    exact = float(ndtr((shift + slopes) / spread[0]).mean() - ndtr(shift / spread[1]))
    positive, weights = np.arange(m) < share * m, np.ones(m)
    for _ in range(count):
        difficulty, favour = generator.normal(0, 0.8, m), generator.normal(0, favour_sd, m)
        rows = []
        for _ in range(n):
            noise = generator.normal(0, rest_sd, (2, m))
            first = shift * positive + difficulty + noise[0]
            second = (shift + generator.normal(0, seed_sd)) * positive + difficulty + favour + noise[1]
            rows.append(ranking.influence(second, positive, weights) - ranking.influence(first, positive, weights))
        parts = statistics.crossed(np.stack(rows))
        covered += abs(parts.estimate - exact) <= statistics.half_widths(parts, own.t(n), own.z)[1]
    assert 0.93 <= covered / count <= 0.985
