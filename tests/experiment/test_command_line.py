"""The command in a report means the experiment that the report is about."""

from __future__ import annotations

import pytest
from command_lines import read

from augexp import api
from augexp.experiment import command_line


@pytest.mark.parametrize(
    ("source", "changes", "command"),
    [
        ((), {}, "augexp compare"),
        ((), {"epochs": 3, "root_seed": 7}, "augexp compare --root-seed 7 --epochs 3"),
        (("bedroom", "kitchen"), {"arms": ["flip", "crop"]}, "augexp compare bedroom kitchen --arms none,flip,crop"),
        (("bedroom", "kitchen"), {"seeds": 8, "test": "official"}, None),
        (("bedroom", "kitchen"), {"folds": 5, "repeats": 4}, "augexp compare bedroom kitchen --folds 5 --repeats 4"),
        ((), {"folds": 3, "epochs": 9}, "augexp compare --folds 3 --epochs 9"),
        ((), {"name": "mine", "image_size": 64, "equivalence": 1.5, "metric": "accuracy", "model": "tiny"}, None),
    ],
)
def test_the_command_means_the_experiment(monkeypatch, source, changes, command) -> None:
    experiment = api.define(source, **changes)
    said = command_line.command(experiment)
    assert command in (None, said)
    again = read(monkeypatch, said)
    assert (again.hash, again.plan_hash, again.name) == (experiment.hash, experiment.plan_hash, experiment.name)


def test_a_folder_is_named_without_its_place(monkeypatch, tmp_path) -> None:
    (tmp_path / "my photos").mkdir()
    experiment = api.define(tmp_path / "my photos", epochs=5)
    said = command_line.command(experiment)
    assert said == "augexp compare 'my photos' --epochs 5"
    monkeypatch.chdir(tmp_path)
    assert read(monkeypatch, said) == experiment


def test_what_comes_after_a_run_repeats_every_option_of_the_run() -> None:
    changes = {"image_size": 16, "epochs": 3, "path": "photos", "root_seed": 1, "test": "official", "arms": ["flip"]}
    assert command_line.next_command(["a b"], changes, {"--data-dir": "d"}) == (
        "augexp compare 'a b' --root-seed 1 --epochs 3 --image-size 16 --test official --path photos --arms flip "
        "--data-dir d"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"probe": 20},
        {"arms": ["mine"], "policies": {"mine": {"operations": []}}},
        {"seeds": None},
        {"looks": [5, 10]},
    ],
)
def test_what_no_option_can_say_comes_from_the_file(changes) -> None:
    assert command_line.command(api.define((), **changes)) == "augexp compare experiment.toml"
