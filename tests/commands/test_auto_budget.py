"""`epochs = "auto"` from end to end: the horizon doubles, stops at the cap, and what is read before it is settled."""

from __future__ import annotations

import json
import shutil

import builders
import pytest
from in_process import Notes, engine_of

import augexp
from augexp.commands import answer, compare, estimate, verify
from augexp.errors import Interrupted, ResultsError
from augexp.experiment import screening
from augexp.results import records
from augexp.results.folder import open_workspace
from augexp.results.predictions import Milestone, milestones_bytes
from augexp.results.records import RunRecord

FILES = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES)


@pytest.fixture
def in_this_process(monkeypatch, networks):
    """Have all runs executed in this process."""
    engine = engine_of(networks)
    monkeypatch.setattr(compare, "open_engine", lambda *_: engine())
    return engine


@pytest.fixture(scope="module")
def auto(tiny):
    """Two arms, three seeds, a cap of 40 epochs: the first horizon and one doubling."""
    return tiny.replace(
        name="auto", training={"epochs": "auto"}, plan={"arms": ["none", "standard"], "max_epochs": 40, "seeds": 3}
    )


@pytest.fixture
def places(tmp_path):
    return {"results_dir": tmp_path / "results", "data_dir": tmp_path / "data", "pictures": False}


@pytest.fixture(scope="module")
def undisturbed(auto, networks, tmp_path_factory):
    """A whole comparison: its places, what was told, the answer."""
    place, told = tmp_path_factory.mktemp("undisturbed"), Notes()
    places = {"results_dir": place / "results", "data_dir": place / "data", "pictures": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "open_engine", lambda *_: engine_of(networks)())
        return places, told, augexp.compare(auto, progress=told, **places)


def content(folder):
    paths = sorted(folder.glob("runs/*/*/*"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.name in FILES}


def test_the_horizon_doubles_while_validation_gains_and_every_run_ends_there(in_this_process, auto, undisturbed):
    places, told, answer_ = undisturbed
    folder = places["results_dir"] / "auto"
    horizon = json.loads((folder / "horizon.json").read_text())
    assert horizon["settled"]
    assert horizon["seeds"] == [0, 1, 2]
    assert answer_.horizon.epochs == horizon["epochs"] == 40
    assert {record.run.ledger.epochs for record in records.read_runs(folder)} == {40}
    assert told.totals == [6, 6]
    assert any("so every run goes on to 40 epochs" in note for note in told.notes)
    assert all(len(arm.budget.epochs) == 3 for arm in answer_.arms)
    assert [point.epochs for point in answer_.contrasts[0].equal_budgets][-1] == 40
    repeated = Notes()
    again = augexp.compare(auto, progress=repeated, **places)
    assert again == answer_
    assert repeated.totals == []  # nothing was left to execute
    assert bool(list(folder.glob("runs/*/*/checkpoint.npz"))) is bool(horizon["still_gaining"])


@pytest.mark.parametrize("stop_after", [150, *(pytest.param(n, marks=pytest.mark.slow) for n in (30, 125, 190, 220))])
def test_interrupted_anywhere_it_ends_byte_identical(in_this_process, auto, undisturbed, tmp_path, stop_after):
    places = undisturbed[0]
    in_this_process.stop_after = stop_after
    other = {**places, "results_dir": tmp_path / "interrupted"}
    with pytest.raises(Interrupted):
        augexp.compare(auto, **other)
    in_this_process.stop_after = None
    augexp.compare(auto, **other)
    expected = content(places["results_dir"] / "auto")
    assert len(expected) == 6 * len(FILES)
    assert content(tmp_path / "interrupted" / "auto") == expected
    horizons = [
        (place / "auto" / "horizon.json").read_text() for place in (places["results_dir"], other["results_dir"])
    ]
    assert horizons[0] == horizons[1]


def test_no_test_outcome_is_read_while_the_horizon_is_open(in_this_process, auto, places, monkeypatch):
    in_this_process.stop_after = 180  # in the middle of the doubling
    with monkeypatch.context() as patch:
        patch.setattr(RunRecord, "milestones", lambda self: pytest.fail("milestones were read"))
        patch.setattr(RunRecord, "predictions", lambda self: pytest.fail("predictions were read"))
        with pytest.raises(Interrupted):
            augexp.compare(auto, **places)
    folder = places["results_dir"] / "auto"
    assert not json.loads((folder / "horizon.json").read_text())["settled"]
    state = augexp.status(folder)
    assert (state.horizon, state.horizon_settled, state.intervals, state.pending) == (40, False, (), True)
    assert {run_.epochs for run_ in state.runs} == {40}
    with pytest.raises(ResultsError, match="no finished run here yet"):
        augexp.report(folder, data_dir=places["data_dir"])


def test_one_run_goes_to_the_horizon_that_was_found(auto, undisturbed):
    places = undisturbed[0]
    workspace = open_workspace(auto, places["results_dir"])
    horizon = answer.horizon_of(workspace)
    store = compare.index(auto, data_dir=places["data_dir"])
    task = compare.make_task(workspace, store, "standard", 7, horizon)
    assert task.epochs == 40
    fresh = open_workspace(auto.replace(name="fresh"), places["results_dir"])
    assert compare.make_task(fresh, store, "standard", 7, answer.horizon_of(fresh)).epochs == 20


def test_a_finished_run_is_verified_with_its_milestones(in_this_process, auto, undisturbed, tmp_path):
    places = undisturbed[0]
    shutil.copytree(records.run_folder(places["results_dir"] / "auto", "standard", 1), tmp_path / "run")
    record = records.read_run(tmp_path / "run")
    store = compare.index(auto, data_dir=places["data_dir"])
    assert verify.rerun(record, auto, store.path, engine=in_this_process()).exact
    milestones = record.milestones()
    milestones[40] = Milestone(1 - milestones[40].predicted, milestones[40].log_probability)
    (record.folder / records.MILESTONES).write_bytes(milestones_bytes(milestones))
    builders.seal(record.folder)
    again = verify.rerun(records.read_run(record.folder), auto, store.path, engine=in_this_process())
    assert (again.exact, again.predictions_equal, again.weights_equal) == (False, False, True)


def test_the_confirmation_takes_the_horizon_of_the_screening(auto):
    asked = auto.replace(plan={"arms": ["none", "flip", "crop", "standard"], "screen": True, "seeds": 5})
    found = {"flip": 1.0, "crop": 0.5, "standard": -1.0}
    confirmed = screening.confirmation(asked, found, 40)
    assert (confirmed.plan.horizon, confirmed.first_horizon) == (40, 40)
    assert confirmed.hash == asked.hash
    assert screening.whole(confirmed) == asked


def test_a_fixed_budget_has_no_horizon(in_this_process, tiny, places):
    made = augexp.compare(tiny.replace(plan={"arms": ["none", "standard"]}), **places)
    assert made.horizon is None
    assert all(arm.budget is None for arm in made.arms)
    assert not made.contrasts[0].equal_budgets
    assert not (places["results_dir"] / "tiny" / "horizon.json").exists()


@pytest.mark.parametrize(
    ("changes", "runs", "words"),
    [
        (
            {},
            6,
            "about 40 min for 6 runs of 20 epochs, 2 at a time; up to 80 min if validation gains up to 40 epochs; ",
        ),
        ({"epochs": 30}, 6, "about 60 min for 6 runs of 30 epochs, 2 at a time; shorter with --epochs, "),
        (
            {"epochs": 30, "seeds": None},
            10,
            "about 1 h 40 min for 10 runs of 30 epochs, 2 at a time; up to 6 h 40 min if every look up to 20 seeds is "
            "needed; shorter with --epochs, ",
        ),
    ],
)
def test_how_long_it_will_take(auto, changes, runs, words):
    plan = {"seeds": changes.get("seeds", 3), "max_epochs": 320 if "epochs" in changes else 40}
    asked = auto.replace(training={"epochs": changes.get("epochs", "auto")}, plan=plan)
    assert estimate.estimate(asked, 40.0, runs, 2).startswith(words)


def test_the_estimate_is_said_once(in_this_process, tiny, places):
    told = Notes()
    augexp.compare(tiny.replace(plan={"arms": ["none", "standard"]}), progress=told, **places)
    assert sum("1 at a time" in note for note in told.notes) == 1
