"""The command line that makes an experiment again, for the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from augexp.experiment import definition, screening
from augexp.experiment.definition import Experiment

OPTIONS = {
    "plan.arms": "--arms",
    "plan.baseline": "--baseline",
    "plan.seeds": "--seeds",
    "plan.metric": "--metric",
    "plan.equivalence": "--equivalence",
    "plan.screen": "--screen",
    "training.epochs": "--epochs",
    "training.batch_size": "--batch-size",
    "training.model": "--model",
    "training.precision": "--precision",
    "data.image_size": "--image-size",
    "data.train_per_class": "--train-per-class",
    "data.limit": "--limit",
    "data.test": "--test",
    "root_seed": "--root-seed",
    "name": "--name",
}
"""Keys of the definition that `augexp compare` has an option for."""


def command(experiment: Experiment) -> str:
    """Return the shortest `augexp compare` that means this experiment.

    An image folder is named by its last part, since the rest of its path says more about the machine
    than about the images. What no option can say is taken from the ``experiment.toml`` beside the runs.
    """
    experiment = screening.whole(experiment)
    data = experiment.data
    base = definition.of_source(data.source, {"path": data.path, "categories": data.categories}, origin=data.source)
    here, there = _plain(experiment), _plain(base)
    options: list[str] = []
    for key, value in here.items():
        if value == there.get(key):
            continue
        if key not in OPTIONS or value is None:
            return "augexp compare experiment.toml"
        options += _option(key, value)
    return shlex.join(["augexp", "compare", *data.kind.words(data), *options])


def following(words: Sequence[str], said: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """Return the `augexp compare` that makes use of a run of `augexp train`.

    Args:
        words: SOURCE as it was given.
        said: what was said of the definition, by key (`epochs`, `arms`).
        places: further options by name (``--data-dir``).
    """
    names = {key.rpartition(".")[2]: key for key in OPTIONS}
    options = [part for key, value in said.items() if key in names for part in _option(names[key], value)]
    further = [part for pair in places.items() for part in pair]
    return shlex.join(["augexp", "compare", *words, *options, *further])


def _option(key: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [OPTIONS[key] if value else OPTIONS[key].replace("--", "--no-", 1)]
    return [OPTIONS[key], ",".join(value) if isinstance(value, list) else str(value)]


def _plain(experiment: Experiment) -> dict[str, Any]:
    values = experiment.model_dump(mode="json")
    values["data"].pop("path")
    return dict(_flat(values, ""))


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and key != "policies":
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
