"""Paths that a definition records and a person has named: nothing else outside a results folder is read.

The ``experiment.toml`` of a results folder may come from somebody else, and it says where images, a saved network and
weights lie. A path inside the results folder or the data folder is read. Any other one is read only where it is named
on the command line, or was named before: `remember` leaves an empty file below ``<data-dir>/named/`` for every path of
an experiment that `augexp compare` and `augexp train` execute.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from augexp import digests
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import networks
from augexp.experiment.definition import Experiment
from augexp.files import write_atomically

FOLDER = "named"
"""Below the data folder: one empty file for each path, named by a digest of key and path."""

NETWORK = ("model", "weights")
"""Keys of the files of a network, which are also the names of their options."""

IMAGES = ("path",)
"""Key of the images, and the name of its option."""


def remember(experiment: Experiment, data_dir: Path) -> None:
    """Write down which paths a person has named; what cannot be written is asked for again by `check`."""
    for key, path in _paths(experiment, (*NETWORK, *IMAGES)):
        mark = _mark(key, path, data_dir)
        if not mark.exists():
            with contextlib.suppress(ResultsError):
                write_atomically(mark, "")


def check(
    experiment: Experiment, keys: Collection[str], folder: Path, data_dir: Path, named: Collection[str] = ()
) -> None:
    """Check, without reading anything there, that the paths of some keys may be read.

    Args:
        experiment: as it is read from a results folder.
        keys: of `NETWORK` or `IMAGES`.
        folder: the results folder; no link may lead out of it.
        data_dir: holds what `remember` has written.
        named: keys that were named just now.

    Raises:
        DefinitionError: a path lies outside and nobody has named it.
    """
    for key, path in _paths(experiment, keys):
        inside = any(_lies_in(path, place) for place in (folder, data_dir))
        if not inside and key not in named and not _mark(key, path, data_dir).exists():
            raise DefinitionError(
                f"{key}: {path} is what {folder} records; it lies outside of that folder and was never used with the "
                f"data folder {data_dir}, so it is read only where you name it: repeat the command with --{key} {path}"
            )


def _paths(experiment: Experiment, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield key and absolute path of what would be read; Python files are left to `network_files.check_named`."""
    if "path" in keys and experiment.data.path is not None:
        yield "path", os.path.abspath(experiment.data.path)
    for key in NETWORK:
        value = getattr(experiment.training, key)
        if key in keys and networks.is_file(key, value) and not networks.split(value)[1]:
            yield key, os.path.abspath(value)


def _lies_in(path: str, folder: Path) -> bool:
    """Tell whether a path lies below a folder; links are not followed, since that would look at the path."""
    return Path(os.path.abspath(folder)) in Path(path).parents


def _mark(key: str, path: str, data_dir: Path) -> Path:
    """Return the file that says that a path was named; images, results and data may be moved together."""
    with contextlib.suppress(ValueError):  # another drive on Windows
        path = Path(os.path.relpath(path, data_dir)).as_posix()
    return data_dir / FOLDER / digests.of_bytes(f"{key} {path}".encode(errors="surrogatepass"))
