"""Studies of one policy: the arms they make, what a strength multiplies, and the trend by a second derivation."""

from __future__ import annotations

import builders
import numpy as np
import pytest
from scipy import stats

from augexp import api
from augexp.analysis import comparison, statistics
from augexp.analysis import trend as trends
from augexp.analysis.paired_runs import pair_runs
from augexp.augment import policy as policies
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pipeline import Augmenter
from augexp.commands import report
from augexp.errors import DefinitionError
from augexp.experiment import definition, screening, studies
from augexp.reporting import wording
from augexp.results.records import read_runs

GROWS = {
    "rotation": {"degrees"}, "shift": {"x", "y"}, "zoom": {"factor"}, "shear": {"x", "y"}, "random_crop": {"padding"},
    "perspective": {"distortion"}, "brightness": {"factor"}, "contrast": {"factor"}, "saturation": {"factor"},
    "hue": {"degrees"}, "sharpness": {"factor"}, "blur": {"sigma"}, "noise": {"std"}, "cutout": {"size"},
    "randaugment": {"m"}, "augmix": {"severity"},
}  # fmt: skip


def names(policy) -> list[str]:
    return [operation.name for operation in policy.operations]


# -- policies made from others -------------------------------------------------------------------


def test_what_grows_from_zero_is_named_here() -> None:
    found = {name: {p.name for p in spec.parameters if p.grows} for name, spec in SPECS.items()}
    assert {name: grows for name, grows in found.items() if grows} == GROWS


@pytest.mark.parametrize("name", [name for name in GROWS if name not in ("randaugment", "augmix")])
def test_an_amount_of_nearly_zero_leaves_the_picture(name) -> None:
    """What a strength multiplies must mean nothing at zero, or half the strength would not be half the change."""
    picture = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    values = {"op": name, "p": 1.0, **dict.fromkeys(GROWS[name], 0.0)}
    policy = policies.resolve("mine", {"mine": {"operations": [values]}})
    augment = Augmenter(policy, root_seed=0, seed=0, num_classes=2)
    out, _ = augment(picture, np.zeros(1, np.int64), np.zeros(1, np.uint64), 0)
    np.testing.assert_allclose(out, picture / 255.0, atol=1 / 255)


def test_a_strength_multiplies_amounts_and_nothing_else() -> None:
    custom = {"half": {"policy": "standard", "strength": 0.5}, "whole": {"policy": "standard", "strength": 1}}
    half = {operation.name: dict(operation.parameters) for operation in policies.resolve("half", custom).operations}
    assert half == {
        "horizontal_flip": {"p": 0.5},
        "rotation": {"degrees": 7.5, "p": 1.0},
        "zoom": {"factor": 0.06, "p": 1.0},
        "shift": {"x": 0.05, "y": 0.05, "p": 1.0},
        "brightness": {"factor": 0.125, "p": 1.0},
    }
    assert policies.resolve("whole", custom).definition() == policies.resolve("standard").definition()
    assert policies.resolve("half", custom).summary == "standard at 0.5 times the strength"


def test_an_operation_is_left_out_wherever_it_stands() -> None:
    custom = {
        "twice": {"operations": [{"op": "rotation"}, {"op": "blur"}, {"op": "rotation"}]},
        "calm": {"policy": "twice", "without": ["rotation"]},
        "both": {"policy": "standard", "without": ["zoom", "shift"], "strength": 2.0},
    }
    assert names(policies.resolve("calm", custom)) == ["blur"]
    both = policies.resolve("both", custom)
    assert names(both) == ["horizontal_flip", "rotation", "brightness"]
    assert both.operations[1]["degrees"] == 30.0
    assert both.summary == "standard without zoom, shift, at 2 times the strength"


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"without": ["rotatoin"]}, ["without: received 'rotatoin'", "did you mean 'rotation'"]),
        ({"without": "rotation"}, ["without: received 'rotation'", "a list of operations"]),
        ({"without": []}, ["without: received []"]),
        ({"strength": 0}, ["strength: received 0", "from 0.01 to 10"]),
        ({"strength": True}, ["strength: received True"]),
        ({"strength": "2"}, ["strength: received '2'"]),
        ({"strength": 8.0}, ["strength 8: zoom: factor: received 0.96"]),
        ({"policy": "flip", "strength": 2.0}, ["no amount that grows from zero"]),
        ({"policy": "none", "without": ["rotation"]}, ["nothing, it has no operation"]),
        ({"stronger": 2.0}, ["'stronger'", "without (a list of its operations)"]),
    ],
)
def test_a_wrong_change_says_what_where_and_how_to_mend_it(values, parts) -> None:
    with pytest.raises(DefinitionError) as caught:
        policies.resolve("mine", {"mine": {"policy": "standard", **values}})
    text = str(caught.value)
    assert "\n" not in text
    assert "policies.mine" in text
    for part in parts:
        assert part in text


# -- the arms of a study -------------------------------------------------------------------------


def test_an_ablation_leaves_out_one_operation_at_a_time(tmp_path) -> None:
    found = api.define((), ablate="standard", seeds=5)
    assert found.plan.baseline == "standard"
    assert found.name == "sample-ablation-standard"
    arms = ["horizontal_flip", "rotation", "zoom", "shift", "brightness"]
    assert list(found.plan.arms) == ["standard", *(f"standard.no-{name}" for name in arms)]
    for name in arms:
        left = names(found.policy(f"standard.no-{name}"))
        assert left == [other for other in arms if other != name]
    assert not screening.is_wanted(found)
    (tmp_path / "again.toml").write_text(definition.dumps(found), encoding="utf-8")
    again = definition.load(tmp_path / "again.toml")
    assert (again.hash, again.plan_hash) == (found.hash, found.plan_hash)


def test_a_strength_study_has_an_arm_per_strength() -> None:
    found = api.define((), strengths=[2, 0.5, 1], arms=["standard"], seeds=5)
    assert found.plan.arms == ("none", "standard.x0.5", "standard.x1", "standard.x2")
    assert found.policy("standard.x2").operations[1]["degrees"] == 30.0
    assert api.define((), strengths=[2, 0.5, 1], seeds=5) == found
    assert found.name == "sample-strengths-standard"
    assert api.define((), strengths=[1, 2], name="mine", baseline="flip").plan.arms[0] == "flip"
    assert api.define((), strengths=[1, 2], name="mine").name == "mine"
    assert api.define((), arms="flip").plan.arms == ("none", "flip")
    assert trends.strengths(found) == {"standard": {"standard.x0.5": 0.5, "standard.x1": 1.0, "standard.x2": 2.0}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ablate": "flip"}, "ablate: received 'flip', which has horizontal_flip alone"),
        ({"ablate": "none"}, "ablate: received 'none', which has no operation alone"),
        ({"ablate": "standard", "baseline": "flip"}, "ablate: received together with baseline"),
        ({"ablate": "standard", "screen": True}, "ablate: received together with screen"),
        ({"ablate": 3}, "ablate: received 3; allowed is the name"),
        ({"strengths": "12"}, "strengths: received '12'; allowed is a list"),
        ({"strengths": ["a", 1]}, "strengths: received"),
        ({"strengths": [0.1234567, 0.12345671]}, "allowed are at least two different"),
        ({"ablate": "stranded"}, "did you mean 'standard'"),
        ({"ablate": "standard", "strengths": [1, 2]}, "ablate: received together with strengths"),
        ({"ablate": "standard", "arms": ["flip"]}, "ablate: received together with arms"),
        ({"strengths": [1]}, "strengths: received '1'; allowed are at least two"),
        ({"strengths": []}, "strengths: received ''"),
        ({"strengths": [1, 1]}, "strengths: received '1, 1'"),
        ({"strengths": [1, 2], "arms": ["flip", "crop"]}, "strengths: received flip, crop in arms"),
        ({"strengths": [1, 20]}, "strength: received 20"),
    ],
)
def test_a_study_that_cannot_be_made(changes, words) -> None:
    with pytest.raises(DefinitionError, match=words.replace("(", r"\(")):
        api.define((), **changes)


# -- the trend -----------------------------------------------------------------------------------


def answered(folder, gain: float, *, seeds=6, m=300):
    base = builders.experiment(seeds=seeds)
    experiment = studies.strength_study(base, "standard", (0.5, 1.0, 2.0))
    drawn = {
        arm: builders.draw_outcomes(seeds, m, gain * place, seed=place)["standard"]
        for place, arm in enumerate(experiment.plan.arms)
    }
    for seed in range(seeds):
        builders.write_block(folder, experiment, seed, drawn)
    return experiment, comparison.compare(experiment, read_runs(folder), builders.plan_history(experiment))


def test_the_trend_is_the_t_of_the_slopes_of_the_seeds(tmp_path) -> None:
    experiment, found = answered(tmp_path, 0.3)
    (trend,) = found.trends
    runs = pair_runs(read_runs(tmp_path), experiment.plan.arms, range(6), "auto")
    levels = np.array([0.5, 1.0, 2.0])
    scores = 100 * np.stack([runs.scores(arm) for arm in experiment.plan.arms[1:]], axis=1)
    slopes = [np.polyfit(levels, row, 1)[0] for row in scores]
    assert trend.slopes == pytest.approx(slopes, abs=1e-10)
    assert statistics.slopes(levels, scores).tolist() == pytest.approx(slopes, abs=1e-10)
    half = stats.t.ppf(0.975, 5) * np.std(slopes, ddof=1) / np.sqrt(6)
    assert (trend.these_images.low, trend.these_images.high) == pytest.approx(
        (np.mean(slopes) - half, np.mean(slopes) + half), abs=1e-10
    )
    assert trend.new_images.low < trend.these_images.low
    assert trend.strengths == (0.5, 1.0, 2.0)
    text = " ".join(wording.about_all_arms(found))
    assert "Over the strengths 0.5, 1, 2 of `standard`, accuracy changed by +" in text
    assert "stronger is better" in text


def test_no_trend_is_not_called_one(tmp_path) -> None:
    _, found = answered(tmp_path, 0.0, seeds=5)
    assert "no clear trend" in report.render(found, "md")


def same_in_every_seed(folder, gains, *, seeds=5, m=200):
    """Arms of which each is right about a fixed part of the images more than the one before, in every seed."""
    experiment = studies.strength_study(builders.experiment(seeds=seeds), "standard", (0.5, 1.0, 2.0))
    for seed in range(seeds):
        hard = np.random.default_rng(seed).permutation(m)
        drawn = {
            arm: np.isin(np.arange(m), hard[: 100 + gain])
            for arm, gain in zip(experiment.plan.arms, (0, *gains), strict=True)
        }
        for arm, right in drawn.items():
            builders.write_run(folder, experiment, arm, seed, right)
    return comparison.compare(experiment, read_runs(folder), builders.plan_history(experiment))


@pytest.mark.parametrize("gains", [(0, 0, 0), (10, 20, 40)])
def test_slopes_without_spread_claim_nothing(tmp_path, gains) -> None:
    found = same_in_every_seed(tmp_path, gains)
    (trend,) = found.trends
    assert trend.new_images is None
    assert trend.these_images is None
    assert trend.p is None
    assert trend.slope == pytest.approx(10.0 * (gains[1] - gains[0]) / 10.0)
    assert "no interval" in wording.about_all_arms(found)[1]


def test_three_seeds_tell_no_trend(tmp_path) -> None:
    _, found = answered(tmp_path, 0.5, seeds=3)
    text = " ".join(wording.about_all_arms(found))
    assert "fewer than five seeds tell no trend" in text
    assert "stronger is better" not in text


def test_missing_runs_leave_no_trend(tmp_path) -> None:
    experiment = studies.strength_study(builders.experiment(seeds=5), "standard", (1.0, 2.0))
    for seed in range(4):
        builders.write_block(tmp_path, experiment, seed, builders.draw_outcomes(5, 100, 0.2, arms=experiment.plan.arms))
    found = comparison.compare(experiment, read_runs(tmp_path), builders.plan_history(experiment))
    assert not found.complete
    assert found.trends == ()


def test_an_ablation_says_how_to_read_it(tmp_path) -> None:
    experiment = studies.ablation(builders.experiment(seeds=5), "standard")
    arms = experiment.plan.arms
    for seed in range(5):
        builders.write_block(tmp_path, experiment, seed, builders.draw_outcomes(5, 100, -0.5, arms=arms))
    found = comparison.compare(experiment, read_runs(tmp_path), builders.plan_history(experiment))
    assert len(found.contrasts) == 5
    assert found.look.comparisons == 5
    assert "where one HURTS, that operation helps" in report.render(found, "md")
