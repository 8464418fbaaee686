"""The files of a network in a definition: what they hold, where they lie, and who has named them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augexp.errors import DefinitionError
from augexp.experiment import networks
from augexp.experiment.definition import Experiment
from augexp.experiment.training import Training


def portable(training: Training, folder: Path) -> dict[str, str]:
    """Return what of `Training` a definition in `folder` says differently, so that both can be moved together."""
    changes = {}
    for key in networks.DIGESTS:
        value = getattr(training, key)
        if not networks.is_file(key, value):
            continue
        path, rest = networks.split(value)
        changes[key] = networks.short(key, value)
        if not rest:
            try:
                changes[key] = Path(os.path.relpath(path, folder)).as_posix()
            except ValueError:  # another drive on Windows
                changes[key] = value
    return changes


def with_digests(experiment: Experiment, named: Mapping[str, Any]) -> Experiment:
    """Return the experiment with the digests of the files that its network needs.

    Args:
        experiment: its files have absolute paths, apart from a Python file that nobody has named, which is left.
        named: keys of `Training` that were named just now, so that a recorded digest means nothing for them.

    Raises:
        DefinitionError: a file is missing, or is another one than the definition was recorded with.
    """
    changes: dict[str, str | None] = {}
    for key, digest_key in networks.DIGESTS.items():
        value, recorded = getattr(experiment.training, key), getattr(experiment.training, digest_key)
        if not networks.is_file(key, value):
            if recorded is not None:
                changes[digest_key] = None
            continue
        path, _ = networks.split(value)
        if not os.path.isabs(path):
            continue
        digest = networks.digest_of(key, Path(path))
        if recorded is not None and digest != recorded and key not in named:
            raise DefinitionError(
                f"{key}: {path} has changed since the definition was recorded (digest {recorded}, now {digest}); "
                f"restore it, or start another experiment with --{key} and --name"
            )
        if digest != recorded:
            changes[digest_key] = digest
    return experiment.replace(training=changes) if changes else experiment


def check_named(experiment: Experiment) -> None:
    """Raise DefinitionError where the network is a Python file that no person has named, see the module."""
    model = experiment.training.model
    if networks.kind_of(model) == "function" and not os.path.isabs(networks.split(model)[0]):
        raise DefinitionError(
            f"model: {model} is what a results folder records, and a Python file is executed only where you name it "
            f"yourself: repeat the command with --model FOLDER/{model}"
        )
