"""The table of options: every row reaches the definition, from Python and from the command line, and back."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from command_lines import read

from augexp import api
from augexp.errors import DefinitionError
from augexp.experiment import command_line
from augexp.experiment.options import BY_NAME, OPTIONS, STUDY

VALUES: dict[str, tuple[Any, str]] = {
    "arms": (["none", "flip"], "flip"),
    "baseline": ("standard", "standard"),
    "seeds": (7, "7"),
    "epochs": (3, "3"),
    "image_size": (48, "48"),
    "batch_size": (16, "16"),
    "limit": (50, "50"),
    "test": ("official", "official"),
    "train_per_class": (40, "40"),
    "model": ("tiny", "tiny"),
    "weights": ("none", "none"),
    "tune": ("head", "head"),
    "views": (3, "3"),
    "optimizer": ("sgd", "sgd"),
    "learning_rate": (0.01, "0.01"),
    "weight_decay": (0.05, "0.05"),
    "momentum": (0.9, "0.9"),
    "label_smoothing": (0.1, "0.1"),
    "schedule": ("cosine", "cosine"),
    "warmup": (2, "2"),
    "precision": ("mixed_bfloat16", "mixed_bfloat16"),
    "metric": ("accuracy", "accuracy"),
    "equivalence": (1.5, "1.5"),
    "max_epochs": (40, "40"),
    "horizon": (40, ""),
    "test_curve": (True, ""),
    "screen": (True, ""),
    "ablate": ("standard", "standard"),
    "strengths": ([0.5, 1.0], "0.5, 1"),
    "root_seed": (9, "9"),
    "name": ("mine", "mine"),
    "path": ("photos", "photos/"),
    "looks": ([5, 9], ""),
    "probe": (20, ""),
    "train_factor": (0.5, ""),
    "test_per_class": (30, ""),
    "validation_per_class": (10, ""),
    "max_skipped": (0.5, ""),
    "near_duplicates": ("strict", "strict"),
    "fit": ("pad", "pad"),
    "file_column": ("image", "image"),
    "label_column": ("kind", "kind"),
    "split_column": ("part", "part"),
    "group_column": ("patient", "patient"),
    "group_from": (r"patient(\d+)", r"patient(\d+)"),
    "folds": (4, "4"),
    "positive": ("drawn-boat", "drawn-boat"),
    "repeats": (3, "3"),
}
"""A value of every option that is not the sample's, and how the command line says it (nothing for a flag)."""

APPLICATION = {"model": "MobileNetV3Small"}

NEEDED: dict[str, dict[str, Any]] = {
    "weight_decay": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd"},
    "weights": APPLICATION,
    "tune": APPLICATION,
    "views": {**APPLICATION, "tune": "head"},
    "max_epochs": {"epochs": "auto"},
    "horizon": {"epochs": "auto", "max_epochs": 10_000},
    "folds": {"test": "folds"},
    "repeats": {"test": "folds"},
}
"""What an option means nothing without."""

SOURCE = dict.fromkeys(("file_column", "label_column", "split_column", "group_column"), "photos.csv")
"""What an option means nothing without, where that is other images than the sample."""

ON_COMMAND_LINE = [option for option in OPTIONS if option.help]


def test_every_option_has_a_value_here() -> None:
    assert set(VALUES) == set(BY_NAME)
    assert len(BY_NAME) == len(OPTIONS)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_option_reaches_the_definition(name) -> None:
    option, value = BY_NAME[name], VALUES[name][0]
    needed = NEEDED.get(name, {})
    source = SOURCE.get(name, ())
    before, after = api.define(source, **needed), api.define(source, **needed, **{name: value})
    if option.section == STUDY:
        assert after.plan.arms != before.plan.arms
        assert all(arm in after.policies for arm in after.plan.arms if arm not in ("none", "standard"))
        return
    values, plain = after.model_dump(mode="json"), before.model_dump(mode="json")
    changed, unchanged = (values[option.section], plain[option.section]) if option.section else (values, plain)
    assert changed.pop(name) == value
    assert unchanged.pop(name, None) != value  # a later key is left out at its default
    assert values == plain  # nothing else has changed


@pytest.mark.parametrize("option", ON_COMMAND_LINE, ids=lambda option: option.name)
def test_the_command_line_says_the_same(monkeypatch, option) -> None:
    value, text = VALUES[option.name]
    changes = {**NEEDED.get(option.name, {}), option.name: value}
    source = [SOURCE[option.name]] if option.name in SOURCE else []
    experiment = api.define(source, **changes)
    needed = [word for name in changes if name != option.name for word in (BY_NAME[name].flag, changes[name])]
    words = ["augexp", "compare", *source, *needed, option.flag, *([text] if text else [])]
    assert read(monkeypatch, shlex.join(words)) == experiment
    if option.section != STUDY:  # whose arms only a file can define
        repeated = read(monkeypatch, command_line.command(experiment))
        assert (repeated.plan_hash, repeated.name) == (experiment.plan_hash, experiment.name)
        following = command_line.next_command(source, changes, {})
        assert read(monkeypatch, following) == experiment


@pytest.mark.parametrize(
    "option", [option for option in OPTIONS if option.bounds != (None, None)], ids=lambda option: option.name
)
def test_bounds_are_those_of_the_model(option) -> None:
    for bound, beyond in zip(option.bounds, (-1, 1), strict=True):
        if bound is not None:
            needed = NEEDED.get(option.name, {})
            assert api.define((), **needed, **{option.name: bound})
            with pytest.raises(DefinitionError, match=option.name):
                api.define((), **needed, **{option.name: bound + beyond})


def test_words_are_those_of_the_model() -> None:
    assert BY_NAME["metric"].words == ("auto", "accuracy", "balanced_accuracy", "auroc")
    assert BY_NAME["schedule"].words == ("constant", "cosine")
    assert BY_NAME["seeds"].bounds == (1, 1000)
    assert BY_NAME["name"].words == ()
