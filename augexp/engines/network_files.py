"""The files of a network as bytes, for machines that do not have them."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from augexp.errors import RunError
from augexp.experiment import networks
from augexp.experiment.definition import Experiment
from augexp.experiment.training import Training


def read_files(training: Training) -> dict[str, bytes]:
    """Return the content of each file that `Training` names, by its key; empty where the network needs none."""
    files = {}
    for key in networks.DIGESTS:
        value = getattr(training, key)
        if networks.is_file(key, value):
            path, _ = networks.split(value)
            try:
                files[key] = Path(path).read_bytes()
            except OSError as error:
                raise RunError(f"{key}: {path} cannot be read ({error.strerror}); restore it") from None
    return files


def with_files_here(experiment: Experiment, files: Mapping[str, bytes]) -> Experiment:
    """Write the files of a network on this machine and return the experiment with their places here.

    A process that gets the same files again finds them in the same place, so that it keeps its compiled network.
    """
    changes = {}
    for key, content in files.items():
        path, rest = networks.split(getattr(experiment.training, key))
        folder = _folder(str(getattr(experiment.training, networks.DIGESTS[key])))
        place = folder / os.path.basename(path)
        if not place.exists():
            place.write_bytes(content)
        changes[key] = f"{place}{rest}"
    return experiment.replace(training=changes) if changes else experiment


@functools.cache
def _folder(digest: str) -> Path:
    """Return a folder for the file with this digest, which is removed at the end of the process."""
    folder = tempfile.TemporaryDirectory(prefix=f"augexp-network-{digest[:8]}-")
    _FOLDERS.append(folder)
    return Path(folder.name)


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
