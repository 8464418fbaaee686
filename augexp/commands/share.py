"""A copy of a results folder to give away: it judges as the original and names neither hosts nor paths nor photos."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from augexp.commands import answer
from augexp.errors import ResultsError
from augexp.experiment import definition, networks
from augexp.experiment.definition import Experiment
from augexp.files import write_atomically
from augexp.results import learned_weights, records, sealed_toml
from augexp.results.folder import TOML, reopen_workspace

if TYPE_CHECKING:
    from augexp.results.records import RunRecord

AS_THEY_ARE = (records.EPOCHS, records.PREDICTIONS, records.MILESTONES, learned_weights.NAME)
"""Files of a run that hold numbers alone."""

ADVICE = "free some space or choose another place with --share"


def share(results: str | Path, target: str | Path, *, data_dir: str | Path = "data", pictures: bool = False) -> Path:
    """Write a copy of a results folder that may be given away, and return the path of its page.

    The copy holds definition, plan, records and the answer, drawn anew. Left out are networks, checkpoints, names of
    hosts, every path but the last part of it, and names of single image files in the description of the images.

    Args:
        results: a results folder with finished runs.
        target: the folder of the copy; must not be there yet, or be empty.
        data_dir: holds the prepared images; not needed where the answer has been published.
        pictures: whether photos may appear in the copy.

    Raises:
        ResultsError: no finished run, a `target` that holds something, or one that cannot be written.
    """
    workspace, place = reopen_workspace(Path(results)), Path(target)
    if place.is_symlink() or place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ResultsError(f"share: received {place}, which holds something; name a folder that is not there yet")
    comparison, runs, store = answer.recompute(workspace, Path(data_dir))
    experiment = _without_paths(workspace.experiment)
    if experiment.hash != workspace.experiment.hash:
        raise ResultsError(f"{workspace.folder}: its definition cannot be told without paths; it is not shared")
    try:
        place.mkdir(parents=True, exist_ok=True)
        text = definition.dumps(experiment)
        if sealed_toml.is_sealed(workspace.folder / TOML):
            text = sealed_toml.sealed(text, workspace.plan_history())
        write_atomically(place / TOML, text, advice=ADVICE)
        for name in ("plan.json", "horizon.json"):
            if (workspace.folder / name).is_file():
                shutil.copyfile(workspace.folder / name, place / name)
        copied_from = records.read_runs(workspace.folder)
        for record in copied_from:
            _copy_run(record, place / record.folder.relative_to(workspace.folder))
    except OSError as error:
        raise ResultsError(f"{place}: cannot be written ({error.strerror or error}); {ADVICE}") from None
    copy = reopen_workspace(place)
    images = answer.find_images(workspace, runs, Path(data_dir))
    if images.manifest is not None:
        plain = _without_names(images.manifest.plain())
        images = images._replace(manifest=type(images.manifest).model_validate(plain))
    copied = answer.plan_records(copy)
    again = answer.compute(copy, copied, copy.plan_history(), images)
    differing = {"data", "command"}
    if not all(record.timing.readable for record in copied_from):  # a damaged one was not copied
        differing.add("warnings")
    if again.model_dump(exclude=differing) != comparison.model_dump(exclude=differing):
        raise ResultsError(f"{place}: the copy does not give the answer of {workspace.folder}; do not give it away")
    answer.publish(copy, again, copied, store if pictures else None, pictures=pictures)
    return copy.comparison / "report.html"


def _without_paths(experiment: Experiment) -> Experiment:
    """Return the experiment with the last parts of its paths alone."""
    if experiment.data.path is not None:
        experiment = experiment.replace(data={"path": _last(experiment.data.path)})
    changes = {}
    for key in networks.DIGESTS:
        value = getattr(experiment.training, key)
        if networks.is_file(key, value):
            path, rest = networks.split(value)
            changes[key] = f"{_last(path)}{rest}"
    return experiment.replace(training=changes) if changes else experiment


def _last(path: str) -> str:
    return PureWindowsPath(PurePath(path).name).name or "images"


def _copy_run(record: RunRecord, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in AS_THEY_ARE:
        if (record.folder / name).is_file():
            shutil.copyfile(record.folder / name, folder / name)
    if record.timing.readable:
        timing = record.timing.model_copy(update={"host": None})
        content = records.timing_bytes(timing, record.arm, record.seed, record.arm_hash)
        write_atomically(folder / records.TIMING, content, advice=ADVICE)
    if record.run.error is None:
        shutil.copyfile(record.folder / records.RUN, folder / records.RUN)
        return
    run = record.run.model_copy(update={"error": _without_path_in(record.run.error)})
    content = records.run_bytes(run) if record.sealed else records.json_bytes(run.values())
    write_atomically(folder / records.RUN, content, advice=ADVICE)


def _without_path_in(text: str) -> str:
    """Replace whatever looks like a path of two parts or more; what failed stays told."""
    return re.sub(r"(?:[A-Za-z]:)?(?:[\w.~-]*[/\\])+[\w.~-]+", "(a path)", text)


def _without_names(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of images without names of single files; the counts stay."""
    values = {**manifest}
    values["skipped"] = {**values["skipped"], "records": []}
    values["duplicates"] = {**values["duplicates"], "pairs": []}
    values["unread"] = [{**one, "examples": []} for one in values.get("unread", ())]
    return values
