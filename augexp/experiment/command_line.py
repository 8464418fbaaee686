"""The command line that repeats an experiment, for the report and for what comes after a single run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from augexp.experiment import definition, networks, screening
from augexp.experiment.definition import Experiment
from augexp.experiment.options import OPTIONS, Option

BY_PLACE = {option.place: option for option in OPTIONS if option.help}

SECTIONS = ("", "training", "data", "plan")
"""The order in which `next_command` repeats options."""


def command(experiment: Experiment) -> str:
    """Return the shortest `augexp compare` that means this experiment.

    An image folder, or a file of the network, is named by its last part, since the rest of its path says more about
    the machine than about the experiment. What no option can say is taken from the ``experiment.toml`` beside the runs.
    """
    experiment = screening.whole(experiment)
    data = experiment.data
    base = definition.of_source(data.source, {"path": data.path, "categories": data.categories}, origin=data.source)
    if data.folds is not None:  # the number alone is said: test and looks follow from it
        base = base.replace(data={"folds": data.folds, "train_per_class": None}, plan={"seeds": None})
    values, defaults = _plain(experiment), {**_plain(base), "data.folds": None}
    words: list[str] = []
    for place, value in values.items():
        if value == defaults.get(place):
            continue
        if place not in BY_PLACE or value is None:
            return "augexp compare experiment.toml"
        words += _words(BY_PLACE[place], networks.short(BY_PLACE[place].name, value))
    return shlex.join(["augexp", "compare", *data.kind.words(data), *words])


def next_command(source: Sequence[str], changes: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """Return the `augexp compare` that makes use of a run of `augexp train`.

    Args:
        source: SOURCE as it was given.
        changes: to the definition, by key (`epochs`, `arms`).
        places: further options by name (``--data-dir``).
    """
    options = [option for option in OPTIONS if option.name in changes]
    options.sort(key=lambda option: SECTIONS.index(option.section))
    words = [word for option in options for word in _words(option, changes[option.name])]
    further = [word for pair in places.items() for word in pair]
    return shlex.join(["augexp", "compare", *source, *words, *further])


def _words(option: Option, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [option.flag if value else option.flag.replace("--", "--no-", 1)]
    return [option.flag, ",".join(value) if isinstance(value, list) else str(value)]


def _plain(experiment: Experiment) -> dict[str, Any]:
    """Return the definition by place (``training.epochs``), in the order of the models, without the images' folder."""
    values = experiment.model_dump(mode="json")
    values["data"].pop("path")
    for key in networks.DIGESTS.values():
        values["training"].pop(key, None)
    for section in ("data", "training", "plan"):
        values |= {f"{section}.{key}": value for key, value in values.pop(section).items()}
    return values
