"""An answer on images that belong to groups: both intervals, every group's gain, and too few of them."""

from __future__ import annotations

from pathlib import Path

import builders
import numpy as np
import pytest

from augexp.analysis.comparison import compare
from augexp.analysis.sample_splitting import HalfRecord
from augexp.analysis.schema import Comparison
from augexp.data.groups import name_hash
from augexp.reporting import formats
from augexp.results.records import RunRecord, run_folder

EXPERIMENT = builders.experiment(seeds=5)


def answer_of(place: Path, names: list[str], effects: np.ndarray) -> tuple[Comparison, list[RunRecord]]:
    """Return the answer of 5 seeds where a group's images are all won, lost or left with its effect's probability."""
    rng = np.random.default_rng(0)
    records = []
    for seed in range(5):
        base = rng.random(len(names)) < 0.5
        moved = rng.random(len(names)) < np.abs(effects)
        outcomes = {"none": base, "standard": np.where(moved, effects > 0, base)}
        for arm in EXPERIMENT.plan.arms:
            records.append(builders.write_run(place, EXPERIMENT, arm, seed, outcomes[arm], groups=names))
    return compare(EXPERIMENT, records, []), records


def test_both_intervals_stand_side_by_side_and_a_sentence_explains_them(tmp_path: Path) -> None:
    names = [f"patient {number // 20}" for number in range(400)]
    effects = np.repeat(np.random.default_rng(1).choice([-0.5, 0.0, 0.9], 20), 20)
    answer, records = answer_of(tmp_path, names, effects)
    contrast = answer.contrasts[0]
    assert contrast.groups is not None
    assert contrast.new_images is not None
    assert contrast.groups.by_images is not None
    assert (answer.test_groups, contrast.groups.count, contrast.groups.largest) == (20, 20, 0.05)
    low, high = contrast.groups.by_images
    assert contrast.new_images.low < low < high < contrast.new_images.high
    assert "images of one group tend to be right or wrong together" in contrast.groups.sentence
    assert "400 test images of 20 groups" in contrast.sentence
    gains = {gain.name: gain for gain in contrast.groups.gains}
    assert list(gains) == sorted(gains, key=lambda name: (gains[name].difference, name_hash(name)))
    arms = {
        arm: np.mean([r.predictions().correct for r in records if r.arm == arm], axis=0) for arm in ("none", "standard")
    }
    for number in range(20):
        own, rows = gains[f"patient {number}"], slice(20 * number, 20 * number + 20)
        assert own.images == 20
        assert own.difference == pytest.approx(100 * (arms["standard"][rows].mean() - arms["none"][rows].mean()))
    assert contrast.groups.sentence[:40] in formats.to_markdown(answer)
    assert Comparison.model_validate_json(answer.model_dump_json()) == answer


def test_too_few_groups_leave_the_interval_for_these_images_alone(tmp_path: Path) -> None:
    names = [f"patient {number % 7}" for number in range(210)]
    answer, _ = answer_of(tmp_path, names, np.full(210, 0.2))
    contrast = answer.contrasts[0]
    assert contrast.new_images is None
    assert contrast.these_images is not None
    assert contrast.p is None
    assert {measure.scope for measure in contrast.measures} == {"these images"}
    assert any(warning.startswith("[few-groups] The test set has 7 groups") for warning in answer.warnings)


def test_one_group_that_holds_most_images_is_told(tmp_path: Path) -> None:
    names = [f"patient {max(0, number - 290)}" for number in range(300)]
    answer, _ = answer_of(tmp_path, names, np.full(300, 0.2))
    assert answer.contrasts[0].new_images is not None
    assert any("[uneven-groups]" in warning and "97 % of the images" in warning for warning in answer.warnings)


def test_near_duplicates_join_groups(tmp_path: Path) -> None:
    names, clusters = [f"patient {number // 10}" for number in range(120)], np.arange(120)
    clusters[10] = 0  # patients 0 and 1 share one
    outcomes = builders.draw_outcomes(5, 120, 0.3)
    records = [
        builders.write_run(tmp_path, EXPERIMENT, arm, seed, outcomes[arm][seed], groups=names, clusters=clusters)
        for arm in EXPERIMENT.plan.arms
        for seed in range(5)
    ]
    answer = compare(EXPERIMENT, records, [])
    assert answer.test_groups == 11
    assert answer.contrasts[0].groups is not None
    assert len(answer.contrasts[0].groups.gains) == 12  # each under its own name


def test_half_of_a_run_has_the_names_of_its_groups_and_milestones_of_the_same_images(tmp_path: Path) -> None:
    experiment = builders.experiment(seeds=3, epochs="auto")
    outcomes = {epoch: np.arange(80) % 3 < epoch % 4 for epoch in builders.budget.milestones(10)}
    builders.write_auto_run(tmp_path, experiment, "none", 0, np.linspace(0.5, 0.6, 10), outcomes)
    whole = builders.write_run(
        tmp_path, experiment, "standard", 0, np.ones(80), groups=[str(n // 8) for n in range(80)]
    )
    folder = run_folder(tmp_path, "none", 0)
    for first in ("predictions", "milestones"):
        half = HalfRecord(folder, builders.records.read_run(folder).run, {}, screening=True)
        getattr(half, first)()
        rows = np.searchsorted(np.arange(80), half.predictions().ids.astype(int))
        assert 0 < len(rows) < 80
        for epoch, milestone in half.milestones().items():
            labels = half.predictions().labels
            assert ((milestone.predicted == labels) == outcomes[epoch][rows]).all()
    halves = [HalfRecord(whole.folder, whole.run, {}, screening=side).predictions() for side in (True, False)]
    assert sorted(halves[0].group_names + halves[1].group_names) == [str(n) for n in range(10)]
    for half in halves:
        assert half.groups is not None
        assert [name_hash(name) for name in half.group_names] == np.unique(half.groups).tolist()
