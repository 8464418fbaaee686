"""The command in a report means the experiment that the report is about."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from typer.testing import CliRunner

from augexp import api
from augexp.cli import app
from augexp.experiment import command_line
from augexp.experiment.definition import Experiment


def read(monkeypatch, command: str) -> Experiment:
    """Return the definition that a command line means, without executing it."""
    seen: list[Experiment] = []

    def note(definition: Experiment, **_: Any) -> None:
        seen.append(definition)
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "compare", note)
    CliRunner().invoke(app, shlex.split(command)[1:], prog_name="augexp")
    return seen[0]


@pytest.mark.parametrize(
    ("source", "changes", "command"),
    [
        ((), {}, "augexp compare"),
        ((), {"epochs": 3, "root_seed": 7}, "augexp compare --root-seed 7 --epochs 3"),
        (("bedroom", "kitchen"), {"arms": ["flip", "crop"]}, "augexp compare bedroom kitchen --arms none,flip,crop"),
        (("bedroom", "kitchen"), {"seeds": 8, "test": "official"}, None),
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


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.01},
        {"arms": ["mine"], "policies": {"mine": {"operations": []}}},
        {"seeds": None},
        {"looks": [5, 10]},
    ],
)
def test_what_no_option_can_say_comes_from_the_file(changes) -> None:
    assert command_line.command(api.define((), **changes)) == "augexp compare experiment.toml"
