"""`augexp verify`: execute a finished run once more and say whether it comes out bit by bit as recorded.

The new run is written to a folder of its own; the record is only read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augexp import digests, seeds
from augexp.commands import answer
from augexp.engines.base import Engine
from augexp.engines.local import LocalEngine
from augexp.errors import DataError, DefinitionError, ResultsError
from augexp.experiment import named_paths, network_files, networks, nouns
from augexp.experiment.definition import Experiment
from augexp.progress import NullListener, ProgressListener, RunEvent
from augexp.results import records
from augexp.results.folder import Workspace, reopen_workspace
from augexp.results.records import RunRecord
from augexp.training.task import RunTask

Versions = Mapping[str, tuple[str, str]]
"""Libraries and properties of the machine that differ: name to (recorded, now)."""


@dataclass(frozen=True)
class Verification:
    """What executing a run again has shown.

    Attributes:
        arm, seed: which run.
        exact: weights, predictions, epochs and all else that ``run.json`` says are equal bit by bit.
        weights_equal, order_equal, epochs_equal, predictions_equal, record_equal: the parts; the last one is the rest
            of ``run.json`` but the versions.
        changed_predictions: number of test images that were classified differently.
        largest_difference: of a predicted probability.
        accuracy_recorded, accuracy_again: on the test split, in [0, 1].
        versions: what differs in libraries or machine: name to (recorded, now).
        words: one line for people.
    """

    arm: str
    seed: int
    exact: bool
    weights_equal: bool
    order_equal: bool
    epochs_equal: bool
    predictions_equal: bool
    record_equal: bool
    changed_predictions: int
    largest_difference: float
    accuracy_recorded: float
    accuracy_again: float
    versions: Versions
    words: str


def verify(
    results: str | Path,
    *,
    arm: str | None = None,
    seed: int | None = None,
    model: str | None = None,
    weights: str | None = None,
    path: str | None = None,
    data_dir: str | Path = "data",
    progress: ProgressListener | None = None,
) -> Verification:
    """Execute one finished run again and compare weights, order, epochs and predictions bit by bit.

    Args:
        results: a results folder.
        arm: of the run; None draws one by chance.
        seed: of the run; None draws one by chance.
        model: where the file of the network lies; a Python file is executed only where it is named here, and only
            where it is the recorded one.
        weights: where the file of weights lies.
        path: where the images lie; needed where the prepared ones are not in `data_dir` any more. What the results
            folder itself records of these three is read only as `augexp.experiment.named_paths` says.
        data_dir: holds the prepared images, or what they are prepared from.
        progress: listens to what happens.

    Raises:
        DefinitionError: the network is a Python file and `model` does not name it, a file has changed, or a path
            outside the results folder would be read that nobody has named.
        ResultsError, DataError: no such run, or other images than those it was run on.
    """
    from augexp.data.preparation import prepare  # noqa: PLC0415 - Pillow and LMDB
    from augexp.data.store import find_store  # noqa: PLC0415

    listener = progress or NullListener()
    workspace = reopen_workspace(Path(results))
    workspace.recorded_history()
    runs = records.read_runs(workspace.folder)
    if not runs:
        raise answer.no_runs(workspace)
    for warning in answer.remarks_on(workspace, runs, answer.NO_IMAGES):
        listener.note(warning)
    experiment = _with_files(workspace, Path(data_dir), {"model": model, "weights": weights, "path": path})
    record = choose(runs, arm, seed, draw=int.from_bytes(os.urandom(4)), folds=experiment.data.folds)
    _check_model(record)
    store = find_store(Path(data_dir), str(record.run.store))
    if store is None:
        named = () if path is None else named_paths.IMAGES
        named_paths.check(experiment, named_paths.IMAGES, workspace.folder, Path(data_dir), named)
        recorded = experiment.data.path
        if recorded is not None and not Path(recorded).exists():
            raise DataError(
                f"path: {recorded} is not there, and {data_dir} does not hold the prepared images {record.run.store}; "
                "name the images with --path, or the folder of the prepared ones with --data-dir"
            )
        store = prepare(experiment.data, Path(data_dir), progress=listener.stage)
        if store.fingerprint != record.run.store:  # said before an hour of training, not after it
            raise _other_images(record, store.fingerprint)
    listener.runs(1)
    return rerun(record, experiment, store.path, on_event=listener.event)


def _with_files(workspace: Workspace, data_dir: Path, named: Mapping[str, str | None]) -> Experiment:
    """Return the experiment with its files where they are now; those of the network have to be the recorded ones."""
    said = {key: networks.absolute(key, value) for key, value in named.items() if value is not None}
    experiment = workspace.experiment
    if "path" in said:
        place = Path(os.path.abspath(Path(said.pop("path")).expanduser()))
        if not place.exists():
            raise DefinitionError(f"path: received {place}, which is not there; name the images, or leave it out")
        experiment = experiment.replace(data={"path": str(place)})
    if said:
        experiment = experiment.replace(training=said)
    network_files.check_named(experiment)
    named_paths.check(experiment, named_paths.NETWORK, workspace.folder, data_dir, said)
    return network_files.with_digests(experiment, named={})


def choose(
    runs: list[RunRecord], arm: str | None = None, seed: int | None = None, draw: int = 0, folds: int | None = None
) -> RunRecord:
    """Choose a finished run: the named one, or one at random among those that fit.

    Args:
        runs: of `records.read_runs`.
        arm: only runs of this arm.
        seed: only runs of this block.
        draw: another number gives another random choice.
        folds: K, for the message; None without folds.

    Raises:
        ResultsError: there is none.
    """
    finished = [run for run in runs if run.finished]
    fitting = [run for run in finished if arm in (None, run.arm) and seed in (None, run.seed)]
    if not fitting:
        # The name of a fit does not say with which number it is asked for.
        number = "" if folds is None else " (--seed {})"
        there = ", ".join(f"{run.name}{number.format(run.seed)}" for run in finished) or "none"
        run = f"{nouns.nouns(folds).run} any" if seed is None else nouns.run_title(seed, folds) + number.format(seed)
        wanted = f"arm {arm or 'any'}, {run}"
        raise ResultsError(f"no finished run of {wanted}; there are: {there}")
    return fitting[int(seeds.stream(draw, 0, "verify").integers(len(fitting)))]


def rerun(
    record: RunRecord,
    experiment: Experiment,
    store_path: Path,
    *,
    engine: Engine | None = None,
    on_event: Callable[[RunEvent], None] = lambda event: None,
) -> Verification:
    """Execute the run of `record` once more and compare.

    Args:
        record: of a finished run.
        experiment: the definition that it belongs to.
        store_path: the prepared images.
        engine: where to execute; a worker of its own otherwise.
        on_event: told how it goes on.

    Raises:
        ResultsError: the record belongs to another definition or to other images.
        RunError: the run failed this time.
    """
    if record.arm_hash != experiment.arm_hash(record.arm):
        raise ResultsError(f"{record.folder}: recorded with another definition; verify it with its own experiment.toml")
    with tempfile.TemporaryDirectory(prefix="augexp-verify-") as place:
        folder = Path(place) / "run"
        horizon = record.run.ledger.epochs if record.run.ledger and experiment.training.auto else None
        features = Path(place) / "features"
        task = RunTask(experiment, record.arm, record.seed, store_path, folder, horizon=horizon, features=features)
        with nullcontext(engine) if engine else LocalEngine(jobs=1) as runner:
            outcome = runner.execute([task], on_event)
        if outcome.failures:
            raise ResultsError(f"{record.folder}: could not be executed again: {outcome.failures[0].message}")
        return compare(record, records.read_run(folder))


def compare(recorded: RunRecord, again: RunRecord) -> Verification:
    """Compare two executions of the same run."""
    if recorded.run.store != again.run.store:
        raise _other_images(recorded, str(again.run.store))
    old, new = recorded.predictions(), again.predictions()
    equal = {
        "weights": all(
            getattr(recorded.run, name) == getattr(again.run, name) for name in ("weights_initial", "weights_final")
        ),
        "order": recorded.run.order == again.run.order,
        "epochs": (recorded.folder / records.EPOCHS).read_bytes() == (again.folder / records.EPOCHS).read_bytes(),
        "predictions": all(np.array_equal(getattr(old, name), getattr(new, name)) for name in vars(new))
        and _milestones(recorded) == _milestones(again),
        "record": _rest(recorded) == _rest(again),
    }
    versions = _differing(recorded.run.versions or {}, again.run.versions or {})
    changed = int(np.sum(old.predicted != new.predicted))
    return Verification(
        arm=recorded.arm,
        seed=recorded.seed,
        exact=all(equal.values()),
        weights_equal=equal["weights"],
        order_equal=equal["order"],
        epochs_equal=equal["epochs"],
        predictions_equal=equal["predictions"],
        record_equal=equal["record"],
        changed_predictions=changed,
        largest_difference=float(np.max(np.abs(old.probabilities - new.probabilities), initial=0.0)),
        accuracy_recorded=float(np.mean(old.correct)),
        accuracy_again=float(np.mean(new.correct)),
        versions=versions,
        words=_words(equal, changed, len(old.labels), versions, recorded, again),
    )


_PARTS = ("weights_initial", "weights_final", "order", "versions", "files", "seal", "test")
"""Fields of ``run.json`` that are compared by themselves, or that follow from what is."""


def _rest(record: RunRecord) -> dict[str, object]:
    """Return what else ``run.json`` says."""
    return record.run.model_dump(exclude=set(_PARTS))


def _check_model(record: RunRecord) -> None:
    """Raise ResultsError where ``model.keras`` is not what was written, as far as that is recorded."""
    path, digest = record.folder / records.MODEL, record.folder / records.MODEL_DIGEST
    try:
        line = digest.read_text(encoding="utf-8")
        good = line.split() == [digests.of_file(path), path.name]
    except FileNotFoundError:
        return  # no network was kept, or by augexp 0.1
    except (OSError, ValueError):
        good = False
    if not good:
        raise ResultsError(
            f"{path}: is not what was written, or {digest.name} is not; delete the folder of this run to have it run "
            "again"
        )


def _other_images(recorded: RunRecord, here: str) -> ResultsError:
    return ResultsError(
        f"{recorded.folder}: recorded with the images {recorded.run.store}, here are {here}; "
        "the images have changed since"
    )


def _milestones(record: RunRecord) -> bytes:
    path = record.folder / records.MILESTONES
    return path.read_bytes() if path.exists() else b""


def _differing(recorded: Mapping[str, str], now: Mapping[str, str]) -> Versions:
    names = sorted({*recorded, *now})
    pairs = {name: (recorded.get(name, "none"), now.get(name, "none")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _words(
    equal: Mapping[str, bool], changed: int, images: int, versions: Versions, recorded: RunRecord, again: RunRecord
) -> str:
    name = recorded.name
    if all(equal.values()):
        return f"{name}: bit-exact: weights, image order, every epoch and all {images} predictions as recorded"
    parts = ", ".join(part for part, same in equal.items() if not same)
    what = f"{name}: differs in {parts}; {changed} of {images} test images are classified differently"
    if not equal["order"]:
        return f"{what}; the order of the images differs, so this is not rounding: images or program have changed"
    if versions:
        changes = ", ".join(f"{key} {old} -> {new}" for key, (old, new) in versions.items())
        return f"{what}; expected, since library or machine changed ({changes})"
    if recorded.timing.processor != again.timing.processor:
        places = f"{recorded.timing.processor} -> {again.timing.processor}"
        return f"{what}; other processors or GPUs round differently ({places})"
    return f"{what}; same libraries, same kind of processor: a GPU kernel, faulty memory, or edited files"
