"""Damage and careless edits of a results folder end in one line that names the file."""

from __future__ import annotations

import json
from pathlib import Path

import builders
import numpy as np
import pytest

from augexp import digests
from augexp.analysis import wording
from augexp.analysis.warnings import words as warning_words
from augexp.commands import answer, status
from augexp.errors import ResultsError
from augexp.results import heartbeat, records
from augexp.results.folder import open_workspace, reopen_workspace
from augexp.results.manifests import Horizon, RunManifest
from augexp.results.predictions import Predictions, predictions_bytes, read_predictions


def write(place: Path, **plan: object) -> Path:
    """Write a results folder of three finished blocks, sealed."""
    experiment = builders.experiment(**{"seeds": 3, **plan})
    workspace = open_workspace(experiment, place)
    workspace.commit_plan(0)
    outcomes = builders.draw_outcomes(3, 60, 0.2)
    for seed in range(3):
        builders.write_block(workspace.folder, experiment, seed, outcomes)
    return workspace.folder


def refusal(folder: Path) -> str:
    with pytest.raises(ResultsError) as caught:
        status.status(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(path: Path, **changes: object) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, **changes}), encoding="utf-8")


def without_seals(folder: Path) -> None:
    """Make it a folder as augexp 0.1 wrote it."""
    for path in folder.rglob("*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({k: v for k, v in values.items() if k not in ("files", "seal")}), encoding="utf-8")
    toml = folder / "experiment.toml"
    toml.write_text(toml.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")


def test_whole_records_are_read_without_a_word(tmp_path: Path) -> None:
    assert status.status(write(tmp_path)).warnings == ()


def test_another_seeds_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    for name in (records.EPOCHS, records.PREDICTIONS):
        first, second = (records.run_folder(folder, "none", seed) / name for seed in (0, 1))
        before = first.read_bytes()
        first.write_bytes(second.read_bytes())
        assert f"{first}: cannot be read (its content is not what was written); delete the folder" in refusal(folder)
        first.unlink()
        assert f"{first}: cannot be read (it is missing)" in refusal(folder)
        first.write_bytes(before)
    assert status.status(folder).warnings == ()


@pytest.mark.parametrize("changes", [{"order": "another"}, {"seal": "0" * 32}, {"files": {}}, {"further": 1}])
def test_an_edited_run_json_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    folder = write(tmp_path)
    edit(records.run_folder(folder, "none", 0) / records.RUN, **changes)
    assert "run.json: cannot be read (its content is not what was written" in refusal(folder)


def test_a_run_json_whose_seal_lost_its_name_is_no_old_one(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = records.run_folder(folder, "none", 0) / records.RUN
    path.write_bytes(path.read_bytes().replace(b'"seal"', b'"sual"'))
    assert "'files', 'sual' without a digest of the content" in refusal(folder)


def test_a_run_in_the_folder_of_another_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    first, second = (records.run_folder(folder, "none", seed) for seed in (0, 1))
    first.rename(folder / "between")
    second.rename(first)
    (folder / "between").rename(second)
    assert "holds the run of 'none' with seed 1, which belongs elsewhere" in refusal(folder)


def test_an_old_folder_has_one_warning_that_says_what_cannot_be_checked(tmp_path: Path) -> None:
    folder = write(tmp_path)
    without_seals(folder)
    assert status.status(folder).warnings == (
        wording.as_sentence(warning_words.without_digests(["6 of 6 runs", "plan.json", "experiment.toml"])),
    )


def old_predictions(folder: Path, **changes: np.ndarray) -> None:
    path = records.run_folder(folder, "none", 0) / records.PREDICTIONS
    outcome = read_predictions(path)
    path.write_bytes(predictions_bytes(Predictions(**{**vars(outcome), **changes})))


def test_what_follows_from_other_fields_is_checked_in_old_records(tmp_path: Path) -> None:
    folder = write(tmp_path)
    without_seals(folder)
    record = records.read_run(records.run_folder(folder, "none", 0))
    outcome = record.predictions()
    wrong = {
        "correct is not where predicted equals labels": {"correct": np.ones(60, bool)},
        "not all of them are one of the 2 classes": {"labels": outcome.labels + 1},
        "probabilities do not sum to 1": {"probabilities": outcome.probabilities / 2},
        "not the class of the highest": {"predicted": 1 - outcome.predicted, "correct": ~outcome.correct},
        "its accuracy is not that of run.json": {
            "predicted": outcome.labels,
            "correct": np.ones(60, bool),
            "probabilities": np.eye(2, dtype=np.float32)[outcome.labels],
        },
    }
    before = (record.folder / records.PREDICTIONS).read_bytes()
    for said, changes in wrong.items():
        old_predictions(folder, **changes)
        assert said in refusal(folder)
        (record.folder / records.PREDICTIONS).write_bytes(before)
    lines = (record.folder / records.EPOCHS).read_text().splitlines(keepends=True)
    (record.folder / records.EPOCHS).write_text("".join(lines[:-1]))
    assert "epochs.csv: cannot be read (8 rows, but run.json says 9 epochs)" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"wall_seconds": "long"}', b'{"wall_seconds": 1e999}'])
def test_a_damaged_timing_never_blocks(tmp_path: Path, content: bytes) -> None:
    folder = write(tmp_path)
    (records.run_folder(folder, "none", 0) / records.TIMING).write_bytes(content)
    assert status.status(folder).warnings == ("The times of 1 run are not known, since timing.json is damaged.",)


# -- the plan ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sealed", [True, False])
def test_a_plan_that_was_edited_behind_the_runs_is_refused(tmp_path: Path, sealed: bool) -> None:
    folder = write(tmp_path)
    if not sealed:
        without_seals(folder)
    toml = folder / "experiment.toml"
    toml.write_text(toml.read_text().replace("equivalence = 0.5", "equivalence = 20.5"))
    text = refusal(folder)
    assert ("its digest differs" if sealed else "equivalence is 0.5 in plan.json and 20.5 here") in text
    assert "repeat `augexp compare`" in text


def test_a_plan_history_that_is_another_or_lost_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "plan.json"
    values = json.loads(path.read_text())
    other = write(tmp_path / "other", equivalence=2.0) / "plan.json"
    path.write_text(other.read_text())
    assert "plan.json: is not the one that experiment.toml was written with" in refusal(folder)
    path.unlink()
    assert "plan.json: is missing; restore it from a copy" in refusal(folder)
    values["plans"][0]["blocks_finished"] = 2
    path.write_text(json.dumps(values))
    assert "plan.json: damaged (its content is not what was written" in refusal(folder)


def test_an_edited_plan_without_a_seal_is_not_the_one_of_its_hash(tmp_path: Path) -> None:
    folder = write(tmp_path)
    without_seals(folder)
    values = json.loads((folder / "plan.json").read_text())
    values["plans"][0]["plan"]["equivalence"] = 20.5
    (folder / "plan.json").write_text(json.dumps(values))
    assert "plan.json: damaged (a plan is not the one of its hash)" in refusal(folder)


def test_a_plan_whose_writer_was_interrupted_before_the_definition_goes_on(tmp_path: Path) -> None:
    folder = write(tmp_path)
    toml = (folder / "experiment.toml").read_text()
    changed = open_workspace(builders.experiment(seeds=4), tmp_path)
    assert len(changed.commit_plan(3)) == 2
    (folder / "experiment.toml").write_text(toml)
    assert "seeds is 4 in plan.json and 3 here" in refusal(folder)
    assert len(open_workspace(builders.experiment(seeds=4), tmp_path).commit_plan(3)) == 2
    assert len(reopen_workspace(folder).recorded_history()) == 2


def test_a_horizon_of_another_experiment_or_an_older_one_is_refused(tmp_path: Path) -> None:
    experiment = builders.experiment(epochs="auto", max_epochs=20)
    workspace = open_workspace(experiment, tmp_path)
    workspace.commit_plan(0)
    workspace.commit_horizon(Horizon(epochs=20, settled=True))
    assert workspace.horizon() == Horizon(epochs=20, settled=True)
    foreign = open_workspace(experiment.replace(root_seed=1, name="foreign"), tmp_path)
    foreign.commit_horizon(Horizon(epochs=10))
    path = workspace.folder / "horizon.json"
    path.write_text((foreign.folder / "horizon.json").read_text())
    with pytest.raises(ResultsError, match=r"horizon\.json: damaged \(its content is not what was written"):
        workspace.horizon()
    path.unlink()
    outcomes = {epoch: np.arange(60) % 3 > 0 for epoch in (1, 2, 3, 4, 5, 7, 10, 14, 20)}
    builders.write_auto_run(workspace.folder, experiment, "none", 0, np.linspace(0.5, 0.7, 20), outcomes)
    workspace.commit_horizon(Horizon(epochs=10))
    with pytest.raises(ResultsError, match="says 10 epochs, but runs have gone to 20, so it is older than they are"):
        answer.plan_records(workspace)


@pytest.mark.parametrize("values", [{"written": "now"}, {"process": -1}, {"process": 1e99}, {"epoch": None}, []])
def test_a_heartbeat_of_wrong_types_is_none(tmp_path: Path, values: object) -> None:
    good = {"epoch": 1, "epochs": 2, "seconds": 1, "host": "x", "process": 3, "born": 0.0, "written": 1.0}
    (tmp_path / heartbeat.NAME).write_text(json.dumps(good))
    assert heartbeat.read(tmp_path) is not None
    (tmp_path / heartbeat.NAME).write_text(json.dumps({**good, **values} if isinstance(values, dict) else values))
    assert heartbeat.read(tmp_path) is None


# -- digests -------------------------------------------------------------------------------------


def test_a_seal_covers_every_field_and_what_the_file_belongs_to() -> None:
    values = digests.sealed({"b": 1, "a": [1.5, None]}, "here")
    assert digests.opened(dict(reversed(values.items())), (), "here") == values
    for wrong, place in (({**values, "b": 2}, "here"), ({**values, "c": 1}, "here"), (values, "there")):
        with pytest.raises(ValueError, match="its content is not what was written"):
            digests.opened(wrong, ("a", "b", "c"), place)
    assert digests.opened({"a": 1}, ("a",)) == {"a": 1}
    with pytest.raises(ValueError, match="'b' without a digest"):
        digests.opened({"a": 1, "b": 2}, ("a",))


def test_run_json_holds_the_digests_of_all_tables_and_arrays(tmp_path: Path) -> None:
    folder = write(tmp_path)
    place = records.run_folder(folder, "none", 0)
    for name in ("predictions-2.npz", records.CHECKPOINT, ".unique.npz", "notes.txt"):
        (place / name).write_bytes(b"more")
    run: RunManifest = builders.seal(place).run
    assert run.files == {
        name: digests.of_file(place / name) for name in ("epochs.csv", "predictions-2.npz", "predictions.npz")
    }
