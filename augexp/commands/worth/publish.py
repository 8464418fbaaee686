"""Write the answer as files: page, figure, JSON with its schema, Markdown, CSV."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from augexp import surroundings
from augexp.commands import answer
from augexp.errors import ResultsError
from augexp.experiment import command_line
from augexp.experiment.definition import Experiment
from augexp.version import __version__

if TYPE_CHECKING:
    from augexp.analysis.worth.schema import Worth

FOLDER = "worth"
"""Name of the folder of the answer, beside those of the sizes."""


def command(middle: Experiment, name: str, arm: str, sizes: tuple[float, ...] | None, *, full: bool) -> str:
    """Return the `augexp worth` that repeats an answer; a folder is named by its last part."""
    plan = {"arms": ["none", "standard"]} if middle.plan.baseline == "none" else {}
    plain = middle.replace(name=name, plan=plan, data={"train_factor": 1.0})
    words = shlex.split(command_line.command(plain))
    words[1] = "worth"
    words += ["--arm", arm] if arm != "standard" else []
    words += ["--sizes", ",".join(f"{size:g}" for size in sizes)] if sizes else []
    return shlex.join(words + ["--full"] * full)


def publish(worth: Worth, folder: Path) -> None:
    """Write the files of an answer, unless they are there and show the same one.

    Raises:
        ResultsError: the folder cannot be written.
    """
    text = worth.model_dump_json()
    mark = {"augexp": __version__, "worth": hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}
    if answer.is_drawn(folder, mark):
        return
    surroundings.load_matplotlib()
    from augexp.reporting.worth import write  # noqa: PLC0415 - matplotlib and Jinja

    try:
        folder.mkdir(parents=True, exist_ok=True)
        answer.write_mark(write.write(worth, folder), mark)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be written ({error.strerror or error}); free some space or choose another --results-dir"
        ) from None
