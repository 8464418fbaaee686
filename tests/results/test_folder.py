"""The results folder: what it refuses, how it keeps its plans, and that it can be moved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.results.folder import open_workspace, reopen_workspace

SAMPLE = definition.from_source([], [])


def test_a_plan_is_added_and_never_replaced(tmp_path) -> None:
    workspace = open_workspace(SAMPLE, tmp_path)
    assert workspace.plan_history() == ()
    first = workspace.commit_plan(0)
    assert workspace.commit_plan(4) == first
    more = open_workspace(SAMPLE.replace(plan={"seeds": 8}), tmp_path)
    second = more.commit_plan(5)
    assert [(entry.plan.seeds, entry.blocks_finished) for entry in second] == [(5, 0), (8, 5)]
    assert second[0] == first[0]
    back = workspace.commit_plan(8)
    assert [entry.plan.seeds for entry in back] == [5, 8, 5]


def test_a_run_of_its_own_makes_no_plan_and_keeps_that_of_a_comparison(tmp_path) -> None:
    single = open_workspace(SAMPLE.replace(plan={"arms": ["none", "mixup"]}), tmp_path)
    single.commit_definition()
    assert single.plan_history() == ()
    assert reopen_workspace(single.folder).experiment.plan.arms == ("none", "mixup")
    open_workspace(SAMPLE, tmp_path).commit_plan(0)
    single.commit_definition()
    assert reopen_workspace(single.folder).experiment == SAMPLE


def test_another_experiment_is_refused_by_name_of_the_difference(tmp_path) -> None:
    open_workspace(SAMPLE, tmp_path).commit_plan(0)
    other = SAMPLE.replace(training={"batch_size": 16}, data={"image_size": 64})
    with pytest.raises(ResultsError) as caught:
        open_workspace(other, tmp_path)
    message = str(caught.value)
    assert "training.batch_size is 32 there and 16 here" in message
    assert "data.image_size is 32 there and 64 here" in message
    assert "--name" in message
    assert "\n" not in message


def test_images_and_results_can_be_moved_together(tmp_path) -> None:
    (tmp_path / "a" / "photos").mkdir(parents=True)
    experiment = definition.from_source([str(tmp_path / "a" / "photos")], [])
    workspace = open_workspace(experiment, tmp_path / "a" / "results")
    workspace.commit_plan(0)
    assert str(tmp_path) not in (workspace.folder / "experiment.toml").read_text("utf-8")
    (tmp_path / "a").rename(tmp_path / "b")
    moved = reopen_workspace(tmp_path / "b" / "results" / "photos")
    assert moved.experiment.data.path == str(tmp_path / "b" / "photos")
    assert moved.experiment.hash == experiment.hash


@pytest.mark.parametrize("content", ["{", "[]", '{"plans": 3}', "{}"])
def test_a_damaged_plan_is_one_line(tmp_path, content) -> None:
    workspace = open_workspace(SAMPLE, tmp_path)
    (workspace.folder / "plan.json").write_text(content, encoding="utf-8")
    with pytest.raises(ResultsError, match=r"plan\.json: damaged"):
        workspace.plan_history()


def test_a_folder_without_results_is_named(tmp_path) -> None:
    with pytest.raises(ResultsError, match=r"experiment\.toml is missing"):
        reopen_workspace(tmp_path)
    (tmp_path / "experiment.toml").write_text("name = 3", encoding="utf-8")
    with pytest.raises(ResultsError, match="received 3"):
        reopen_workspace(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="--results-dir"):
        open_workspace(SAMPLE, tmp_path / "file")


def test_history_is_plain_json(tmp_path) -> None:
    workspace = open_workspace(SAMPLE, tmp_path)
    history = workspace.commit_plan(0)
    text = (workspace.folder / "plan.json").read_text("utf-8")
    assert json.loads(text)["plans"] == [entry.values() for entry in history]
    assert history[0].plan_hash == SAMPLE.plan_hash
    assert set(history[0].arms) == set(SAMPLE.plan.arms)
    assert Path(workspace.run_folder("none", 3)).parts[-3:] == ("runs", "none", "seed-3")


def test_a_folder_of_results_folders_says_which_to_name(tmp_path) -> None:
    for name in ("at-1", "at-0.5", "at-2"):
        open_workspace(SAMPLE.replace(name=name), tmp_path / "sample-worth").commit_definition()
    expected = r"it holds those of at-0\.5 and 2 more: name one of them, such as .*sample-worth/at-0\.5$"
    with pytest.raises(ResultsError, match=expected):
        reopen_workspace(tmp_path / "sample-worth")
    with pytest.raises(ResultsError, match="name a folder that `augexp compare` wrote"):
        reopen_workspace(tmp_path)
