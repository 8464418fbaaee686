"""Many policies in two stages: what each stage is, what the choice may know, and the whole way once."""

from __future__ import annotations

import io
from pathlib import Path

import builders
import numpy as np
import pydantic
import pytest

import augexp
from augexp import api
from augexp.analysis import comparison, critical_values, looks, sample_splitting, schema, statistics
from augexp.analysis import verdict as verdicts
from augexp.commands import answer, report
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import command_line, definition, screening
from augexp.experiment.plan import Plan
from augexp.reporting import trackers
from augexp.results.folder import is_staged, open_workspace
from augexp.results.records import read_runs

SMOKE = Path(__file__).resolve().parents[2] / "experiments" / "smoke.toml"
FOUR = ["none", "flip", "crop", "standard", "mixup"]


# -- the stages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"arms": FOUR}, True),
        ({"arms": FOUR[:4]}, False),
        ({"arms": [*FOUR[:4], "aa"]}, False),  # a control is no policy to choose
        ({"arms": FOUR, "seeds": 8}, False),
        ({"arms": FOUR, "screen": False}, False),
        ({"arms": FOUR[:4], "seeds": 8, "screen": True}, True),
    ],
)
def test_when_a_screening_comes_first(changes, first) -> None:
    assert screening.is_wanted(api.define(["bedroom", "kitchen"], **changes)) is first


def test_too_few_policies_to_choose_from(tmp_path) -> None:
    asked = api.define(SMOKE, arms=["flip", "crop", "aa"], screen=True)
    with pytest.raises(DefinitionError, match="screen: received flip, crop to choose from; at least 3"):
        api.compare(asked, results_dir=tmp_path)


def test_a_plan_without_screening_keeps_its_hash() -> None:
    assert api.define((), screen=False).plan_hash == api.define(()).plan_hash
    assert set(Plan().definition()) == {"arms", "baseline", "seeds", "looks", "metric", "equivalence"}


def test_what_each_stage_is() -> None:
    asked = api.define(["bedroom", "kitchen"], arms=[*FOUR, "aa"])
    first = screening.screening(asked)
    assert (first.name, first.plan.stage, first.plan.seeds) == ("bedroom-kitchen-screening", "screening", 3)
    assert first.plan.arms == tuple(FOUR)
    assert list(first.plan.blocks(3)) == [0, 1, 2]
    found = {"flip": 0.5, "crop": 2.0, "standard": 1.0, "mixup": -1.0}
    second = screening.confirmation(asked, found)
    assert (second.name, second.plan.stage, second.plan.seeds) == ("bedroom-kitchen", "confirmation", None)
    assert second.plan.arms == ("none", "crop", "standard")
    assert second.plan.screened == ("crop", "standard", "flip", "mixup")
    assert list(second.plan.blocks(5)) == [3, 4, 5, 6, 7]
    assert not screening.is_wanted(first)
    assert not screening.is_wanted(second)
    assert first.hash == second.hash == asked.hash
    assert len({first.plan_hash, second.plan_hash, asked.plan_hash}) == 3
    assert screening.describe(second, found) == (
        "screening: crop +2.0 pp, standard +1.0 pp, flip +0.5 pp, mixup -1.0 pp; now confirming crop and standard on "
        "fresh seeds and the other half of the test images; left out as controls: aa"
    )


def test_a_second_best_that_is_not_above_the_baseline_is_not_confirmed() -> None:
    asked = api.define((), arms=FOUR, seeds=5)
    found = {"flip": -3.0, "crop": 0.0, "standard": -0.5, "mixup": -1.0}
    assert screening.confirmation(asked, found).plan.arms == ("none", "crop")
    assert screening.confirmation(asked, {**found, "standard": 0.0}).plan.arms == ("none", "crop")
    assert screening.confirmation(asked, {**found, "standard": 0.1}).plan.arms == ("none", "standard")


def test_long_names_stay_names() -> None:
    long = api.define((), name="x" * 63, arms=FOUR)
    assert screening.screening(long).name == "x" * 53 + "-screening"


@pytest.mark.parametrize("changes", [{"seeds": 6, "screen": True}, {"seeds": 6}])
@pytest.mark.parametrize("arms", [[*FOUR, "aa"], ["mixup", "aa", "standard", "crop", "flip"]])
def test_both_stages_are_repeated_by_what_was_asked_for(tmp_path, changes, arms) -> None:
    asked = api.define((), arms=arms, name="x" * 63, **changes)
    found = {"flip": 1.0, "crop": 3.0, "standard": 2.0, "mixup": 4.0}
    for stage in (screening.screening(asked), screening.confirmation(asked, found)):
        assert screening.whole(stage) == asked
        assert command_line.command(stage) == command_line.command(asked)
        (tmp_path / "experiment.toml").write_text(definition.dumps(stage), encoding="utf-8")
        assert definition.load(tmp_path / "experiment.toml") == stage
        assert api.define(tmp_path / "experiment.toml") == asked
    words = "augexp compare --arms none,flip,crop,standard,mixup,aa --seeds 6 --screen"
    if arms[0] == "flip" and changes.get("screen"):
        assert command_line.command(api.define((), arms=arms, **changes)) == words


@pytest.mark.parametrize(
    "plan",
    [
        {"stage": "screening"},
        {"stage": "confirmation", "screened": ["flip"]},
        {"screened": ["standard"]},
        {"stage": "screening", "asked": {"name": "x", "arms": ["none", "flip"]}, "seeds": 5},
        {"stage": "confirmation", "asked": {"name": "x", "arms": ["none", "flip"]}, "screened": ["flip"]},
        {"stage": "confirmation", "asked": {"name": "x", "arms": ["none", "flip"]}, "screened": ["none", "standard"]},
    ],
)
def test_a_stage_that_augexp_has_not_written_is_refused(plan) -> None:
    with pytest.raises(DefinitionError, match=r"plan: stage: received .* say screen = true"):
        definition.parse({"name": "x", "plan": plan}, origin="test")


def test_status_points_to_a_screening_that_comes_first(tmp_path, monkeypatch) -> None:
    (tmp_path / "mine-screening").mkdir()
    with pytest.raises(ResultsError, match=r"are screened in .*mine-screening"):
        augexp.status(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    for place in (".", "/"):
        with pytest.raises(ResultsError, match="no results of an experiment here"):
            augexp.status(place)


def begin(results: Path, experiment, run: str = "") -> None:
    workspace = open_workspace(experiment, results)
    workspace.commit_plan(0)
    if run:
        (workspace.folder / "runs" / run / "seed-0").mkdir(parents=True)


def test_what_a_screening_has_looked_at_is_not_looked_at_again(tmp_path) -> None:
    asked = builders.experiment(arms=FOUR, seeds=None)
    begin(tmp_path, screening.screening(asked), "flip")
    assert is_staged(asked, tmp_path)
    with pytest.raises(ResultsError, match=r"begun with a screening .*another --root-seed"):
        is_staged(builders.experiment(arms=FOUR[:2], seeds=None), tmp_path)
    begin(tmp_path, screening.confirmation(asked, dict.fromkeys(FOUR[1:], 1.0)))
    assert is_staged(asked, tmp_path)
    with pytest.raises(ResultsError, match="begun with a screening"):
        is_staged(asked.replace(plan={"screen": False}), tmp_path)


def test_an_experiment_with_the_name_of_a_screening_is_none(tmp_path) -> None:
    asked = builders.experiment(arms=FOUR, seeds=None)
    plain = builders.experiment(arms=FOUR[:2], seeds=None)
    begin(tmp_path, plain.replace(name="made-screening"))
    assert not is_staged(plain, tmp_path)
    with pytest.raises(ResultsError, match=r"made-screening: was begun without a screening"):
        is_staged(asked, tmp_path)
    begin(tmp_path / "other", screening.screening(asked))
    with pytest.raises(ResultsError, match="begun with a screening"):
        is_staged(plain.replace(name="made-screening"), tmp_path / "other")


def test_how_a_screening_was_asked_for_does_not_change_its_plan() -> None:
    found = {"flip": 1.0, "crop": 3.0, "standard": 2.0, "mixup": 4.0}
    plans = set()
    for changes in ({}, {"screen": True}):
        asked = api.define(["bedroom", "kitchen"], arms=FOUR, **changes)
        plans.add((screening.screening(asked).plan_hash, screening.confirmation(asked, found).plan_hash))
    assert len(plans) == 1


def test_what_was_begun_as_a_whole_goes_on_as_one(tmp_path) -> None:
    asked = builders.experiment(arms=FOUR, seeds=None)
    begin(tmp_path, asked.replace(plan={"screen": False}))
    assert not is_staged(asked, tmp_path)
    with pytest.raises(ResultsError, match=r"begun without a screening.*--no-screen"):
        is_staged(asked.replace(plan={"screen": True}), tmp_path)
    with pytest.raises(ResultsError, match="begun without a screening"):
        is_staged(builders.experiment(arms=[*FOUR, "cutout"], seeds=None), tmp_path)


# -- what the answers say ------------------------------------------------------------------------


def fill(folder, experiment, seeds, m=400):
    drawn = {
        arm: builders.draw_outcomes(max(seeds) + 1, m, 0.6 * place, seed=place)["standard"]
        for place, arm in enumerate(experiment.plan.arms)
    }
    for seed in seeds:
        builders.write_block(folder, experiment, seed, drawn)


def test_a_screening_ranks_and_claims_nothing(tmp_path) -> None:
    one = screening.screening(builders.experiment(arms=FOUR, seeds=None))
    fill(tmp_path, one, range(3))
    held = sample_splitting.restrict(read_runs(tmp_path), one.plan)
    found = comparison.compare(one, held, builders.plan_history(one))
    assert found.complete
    assert found.test_images == 200
    assert found.best == ()
    for contrast in found.contrasts:
        assert contrast.verdict.startswith("NO CLAIM")
        assert not contrast.decided
        assert "screening of 4 policies" in contrast.sentence
        assert "no interval" in contrast.sentence
        assert (contrast.p, contrast.outlook, contrast.gain.low, contrast.new_images) == (None, None, None, None)
        assert {m.interval for m in (*contrast.measures, *contrast.classes)} == {None}
    text = report.render(found, "md")
    assert "Ranking on this half of the test images, the best first: mixup" in text
    assert "claims nothing" in text


def test_a_confirmation_looks_at_fresh_seeds_and_untouched_images(tmp_path) -> None:
    asked = builders.experiment(arms=FOUR, seeds=None)
    one = screening.confirmation(asked, {"flip": 0.0, "crop": 1.0, "standard": 2.0, "mixup": 3.0})
    assert one.plan.arms == ("none", "standard", "mixup")
    fill(tmp_path, one, range(9))
    held = sample_splitting.restrict(read_runs(tmp_path), one.plan)
    found = comparison.compare(one, held, builders.plan_history(one))
    assert found.contrasts[0].seeds == (3, 4, 5, 6, 7)  # the first look, and decided there
    assert found.missing == ()
    assert "look 1 of 4, after a screening of 4 policies" in found.contrasts[0].sentence
    assert found.look.comparisons == 2
    labels = np.arange(400) % 2
    # Hashes are the row numbers here: of every class the second, fourth, ... is for the confirmation.
    rows = np.flatnonzero(np.arange(400) // 2 % 2 == 1)
    assert found.test_images == len(rows)
    differences = []
    for seed in range(3, 8):
        right = []
        for arm in ("none", "standard"):
            archive = (tmp_path / "runs" / arm / f"seed-{seed}" / "predictions.npz").read_bytes()
            with np.load(io.BytesIO(archive)) as file:
                right.append((file["labels"] == file["predicted"])[rows].mean())
        differences.append(100 * (right[1] - right[0]))
    assert found.contrasts[0].estimate == pytest.approx(np.mean(differences), abs=1e-12)
    assert len(labels) == 2 * len(rows)


def claims(value, path="") -> set[str]:
    """Return the places of all intervals, p-values, bands and outlooks of a model that are set, by walking its fields.

    The counts of `Wins` with their chance describe the seeds that there are, and are part of every answer.
    """
    if isinstance(value, schema.Wins):
        return set()
    if isinstance(value, schema.Interval | schema.Outlook):
        return {path}
    if isinstance(value, tuple):
        return set().union(*(claims(item, path) for item in value))
    if not isinstance(value, pydantic.BaseModel):
        field = path.rpartition(".")[2]
        words = set(field.split("_"))
        claimed = bool(words & {"p", "low", "high", "surely", "best"} or field in ("still_gaining", "decided"))
        return {path} if claimed and value not in (None, False, ()) else set()
    return set().union(*(claims(getattr(value, name), f"{path}.{name}") for name in type(value).model_fields))


def test_no_field_of_a_screening_claims_anything(tmp_path) -> None:
    asked = builders.experiment(arms=[*FOUR[:4], "again"], seeds=6, screen=True)
    one = screening.screening(asked)
    fill(tmp_path, one, range(3))
    held = sample_splitting.restrict(read_runs(tmp_path), one.plan)
    assert claims(comparison.compare(one, held, builders.plan_history(one))) == set()
    # The same runs claim much where they are no screening.
    plain = one.replace(plan={"stage": "whole", "asked": None})
    found = claims(comparison.compare(plain, read_runs(tmp_path), builders.plan_history(plain)))
    assert {f".contrasts.{name}" for name in ("new_images", "p", "p_holm", "outlook", "gain.low")} <= found
    assert {".contrasts.measures.interval", ".contrasts.classes.p", ".best"} <= found


def test_a_screening_never_counts_the_seeds_of_a_confirmation(tmp_path) -> None:
    one = screening.screening(builders.experiment(arms=FOUR, seeds=None))
    fill(tmp_path, one, range(6))
    held = sample_splitting.restrict(read_runs(tmp_path), one.plan)
    plans = (*builders.plan_history(builders.experiment()), *builders.plan_history(one))
    history = [entry.model_copy(update={"blocks_finished": 3}) for entry in plans]
    assert comparison.compare(one, held, history).contrasts[0].seeds == (0, 1, 2)


def test_trackers_see_the_half_of_a_stage_alone(tmp_path) -> None:
    one = screening.screening(builders.experiment(arms=FOUR, seeds=None))
    fill(tmp_path, one, [0])
    for record in sample_splitting.restrict(read_runs(tmp_path), one.plan):
        right = record.predictions().correct
        assert len(right) == 200
        assert trackers._tests(record) == {"accuracy": right.mean()}


def test_missing_blocks_of_a_confirmation_are_named_by_their_seeds(tmp_path) -> None:
    one = screening.confirmation(builders.experiment(arms=FOUR, seeds=5), dict.fromkeys(FOUR[1:], 1.0))
    fill(tmp_path, one, [3, 4, 6])
    held = sample_splitting.restrict(read_runs(tmp_path), one.plan)
    assert looks.next_look(one, held, builders.plan_history(one)) == 5
    found = comparison.compare(one, held, builders.plan_history(one))
    assert {(gone.arm, gone.seed) for gone in found.missing} == {
        (arm, seed) for arm in one.plan.arms for seed in (5, 7)
    }


@pytest.mark.slow
def test_choosing_on_other_seeds_and_images_keeps_the_error_probability() -> None:
    """Six policies that do nothing: the best of a screening is confirmed as wrongly as any single policy would be."""
    generator, repeats, policies = np.random.default_rng(7), 3000, 6
    own = critical_values.level("fixed", 1)
    wrong = {"confirmed apart": 0, "on the same data": 0}
    for _ in range(repeats):
        difficulty = 1.4 + generator.normal(0, 0.8, 400)
        arms = difficulty + generator.normal(0, 0.6, (policies + 1, 8, 400))
        arms += generator.normal(0, 0.1, (policies + 1, 8, 1)) + generator.normal(0, 0.2, (policies + 1, 1, 400))
        right = (arms > 0).astype(float)
        differences = 100.0 * (right[1:] - right[0])
        apart, same = differences[:, :3, ::2].mean(axis=(1, 2)).argmax(), differences.mean(axis=(1, 2)).argmax()
        parts = {"confirmed apart": differences[apart, 3:, 1::2], "on the same data": differences[same]}
        for name, part in parts.items():
            taken = statistics.crossed(part)
            half = statistics.half_widths(taken, own.t(taken.n), own.z)[1]
            verdict = verdicts.decide(taken.estimate - half, taken.estimate + half, 0.5)
            wrong[name] += verdict.tone in ("helps", "hurts")
    assert wrong["confirmed apart"] / repeats <= 0.055
    assert wrong["on the same data"] / repeats > 0.07  # the simulation can see what the stages are for


# -- the whole way, once -------------------------------------------------------------------------


@pytest.mark.slow
def test_compare_screens_then_confirms(tmp_path, smoke, monkeypatch) -> None:
    notes: list[str] = []
    listener = augexp.progress.NullListener()
    monkeypatch.setattr(listener, "note", notes.append, raising=False)
    places = {"results_dir": tmp_path / "results", "data_dir": smoke.data_dir, "jobs": 2, "pictures": False}
    changes = {"arms": ["flip", "crop", "standard"], "epochs": 1, "screen": True}
    found = augexp.compare(SMOKE, progress=listener, **places, **changes)
    assert found.complete
    assert found.name == "smoke"
    first = answer.published(tmp_path / "results" / "smoke-screening")
    assert len(first.contrasts) == 3
    assert first.contrasts[0].seeds == (0, 1, 2)
    chosen = [one.arm for one in found.contrasts]
    assert 1 <= len(chosen) <= 2
    assert set(chosen) <= {one.arm for one in first.contrasts}
    assert found.contrasts[0].seeds == (3, 4, 5)
    assert found.test_images + first.test_images == smoke.comparison.test_images
    assert any(note.startswith("screening: ") for note in notes)
    assert sorted(path.name for path in (tmp_path / "results" / "smoke" / "runs" / "none").iterdir()) == [
        "seed-3", "seed-4", "seed-5",
    ]  # fmt: skip

    def refuse(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr("augexp.engines.local.Worker", refuse)
    assert augexp.compare(SMOKE, **places, **changes) == found
    assert augexp.status(tmp_path / "results" / "smoke").finished == 3 * (1 + len(chosen))
    # What lies beside the runs of a stage repeats both of them.
    staged = {**places, "results_dir": tmp_path / "results"}
    assert augexp.compare(tmp_path / "results" / "smoke-screening" / "experiment.toml", **staged) == found
    with pytest.raises(ResultsError, match="begun with a screening"):
        augexp.compare(SMOKE, **places, epochs=1)
