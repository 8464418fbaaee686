"""The experiment that SOURCE and changes to it mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from augexp.data.download import catalogue
from augexp.errors import DefinitionError
from augexp.experiment import definition, folds, network_files, networks, options, screening, studies
from augexp.experiment.budget import MAX_EPOCHS
from augexp.experiment.definition import Experiment

Source = Experiment | str | Path | Sequence[str]


def define(source: Source = (), **changes: Any) -> Experiment:
    """Return the experiment that `source` means, with `changes` made to it.

    Args:
        source: an experiment, a path, LSUN categories, or nothing.
        **changes: keys of `Data`, `Training` or `Plan`, or `name`, `root_seed`, `policies`. The
            baseline is added to `arms` where it is missing. Also `ablate` (a policy) and `strengths` (numbers,
            of the policy in `arms`, or of `standard`): see `augexp.experiment.studies`.

    Raises:
        DefinitionError: what is wrong, what is allowed.
    """
    if isinstance(source, Experiment):
        experiment = source
    else:
        words = [str(source)] if isinstance(source, (str, Path)) else [str(word) for word in source]
        experiment = definition.from_source(words, catalogue.catalogue().names())
    experiment = screening.whole(experiment)
    if isinstance(changes.get("arms"), str):
        changes["arms"] = [changes["arms"]]
    changes = {key: networks.absolute(key, value) for key, value in changes.items()}
    experiment = _with_changes(experiment, dict(changes))
    if "views" in changes:
        _check_views(experiment)
    return network_files.with_digests(experiment, named=changes)


def _check_views(experiment: Experiment) -> None:
    """Raise DefinitionError where a number of views has been named, be it the default, that means nothing."""
    try:
        networks.check(experiment.training, views=True)
    except ValueError as error:
        raise DefinitionError(f"the options: training: {error}") from None


def _with_changes(experiment: Experiment, changes: dict[str, Any]) -> Experiment:
    study = {
        option.name: changes.pop(option.name, None) for option in options.OPTIONS if option.section == options.STUDY
    }
    if all(value is None for value in study.values()):
        return _changed(experiment, changes) if changes else experiment
    study |= {key: changes.pop(key, None) for key in ("arms", "baseline", "screen")}
    return studies.study(_changed(experiment, changes), named="name" in changes, **study)


def _changed(experiment: Experiment, changes: dict[str, Any]) -> Experiment:
    if "arms" in changes:
        baseline = changes.get("baseline", experiment.plan.baseline)
        changes["arms"] = [baseline, *(arm for arm in changes["arms"] if arm != baseline)]
    folded = changes.get("folds") is not None or changes.get("test") == folds.WORD
    if folded and experiment.data.folds is None:
        changes.setdefault("seeds", None)  # a number of seeds that the source has by default says nothing about repeats
        changes.setdefault("test", "auto")
        usual = experiment.data.kind.defaults.get("data", {}).get("train_per_class")
        if experiment.data.train_per_class == usual:
            changes.setdefault("train_per_class", None)  # LSUN's: folds take all images that there are
    if isinstance(changes.get("epochs"), int):
        # Cap and horizon of an automatic budget say nothing about a fixed one.
        changes = {"max_epochs": MAX_EPOCHS, "horizon": None, **changes}
    return experiment.replace(**options.sections(changes))
