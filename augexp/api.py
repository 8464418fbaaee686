"""What the commands do, as functions that return values.

    import augexp
    comparison = augexp.compare("my-photos/", arms=["none", "standard"], seeds=8)
    print(comparison.contrasts[0].sentence)

Every function takes SOURCE as the command line does: an `Experiment`, the path of an experiment .toml
or image folder, LSUN category names, or nothing (the embedded sample). `train` and `compare` meet only
through the results folder. Everything heavy is loaded by the call that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands.report import FORMATS, render, render_folder, report
from augexp.commands.status import export, status, verify
from augexp.data.download import catalogue
from augexp.errors import DefinitionError
from augexp.experiment import definition, screening, studies
from augexp.experiment.definition import Experiment
from augexp.progress import NullListener, ProgressListener
from augexp.results.folder import is_staged, open_workspace

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.data.store import Store
    from augexp.results.records import RunRecord

__all__ = [
    "FORMATS",
    "Source",
    "compare",
    "define",
    "export",
    "export_policy",
    "index",
    "preview",
    "render",
    "render_folder",
    "report",
    "status",
    "train",
    "verify",
]

Source = Experiment | str | Path | Sequence[str]

SECTIONS = {
    **dict.fromkeys(("arms", "baseline", "seeds", "looks", "metric", "equivalence", "screen"), "plan"),
    **dict.fromkeys(("model", "epochs", "batch_size", "learning_rate", "schedule", "precision", "probe"), "training"),
    **dict.fromkeys(
        ("image_size", "limit", "train_per_class", "test", "test_per_class", "validation_per_class", "max_skipped"),
        "data",
    ),
    "path": "data",
}
"""Where a key of the definition lives; `name`, `root_seed` and `policies` are at the top."""


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
        found = source
    else:
        words = [str(source)] if isinstance(source, (str, Path)) else [str(word) for word in source]
        found = definition.from_source(words, catalogue.names())
    found = screening.whole(found)
    if isinstance(changes.get("arms"), str):
        changes["arms"] = [changes["arms"]]
    if changes.get("ablate") is None and changes.get("strengths") is None:
        return _changed(found, changes) if changes else found
    asked = {key: changes.pop(key, None) for key in ("ablate", "strengths", "arms", "baseline", "screen")}
    return studies.study(_changed(found, changes), named="name" in changes, **asked)


def _changed(found: Experiment, changes: dict[str, Any]) -> Experiment:
    if "arms" in changes:
        baseline = changes.get("baseline", found.plan.baseline)
        changes["arms"] = [baseline, *(arm for arm in changes["arms"] if arm != baseline)]
    sections: dict[str, Any] = {}
    for key, value in changes.items():
        if key in SECTIONS:
            sections.setdefault(SECTIONS[key], {})[key] = value
        else:
            sections[key] = value
    return found.replace(**sections)


# -- images and policies -------------------------------------------------------------------------


def index(
    source: Source = (),
    *,
    data_dir: str | Path = "data",
    jobs: int = 0,
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Store:
    """Prepare the images of `source`, or open them where they are prepared; see `augexp.data.store`."""
    return _prepare(define(source, **changes), Path(data_dir), jobs, progress or NullListener())


def _prepare(experiment: Experiment, data_dir: Path, jobs: int, progress: ProgressListener) -> Store:
    from augexp.data.preparation import prepare  # noqa: PLC0415 - numpy is not needed for definitions

    return prepare(experiment.data, data_dir, progress=progress.stage, jobs=jobs)


def preview(
    source: Source = (),
    *,
    arm: str = "standard",
    output: str | Path | None = None,
    strength: bool = False,
    draws: int = 6,
    data_dir: str | Path = "data",
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Path:
    """Write a sheet of pictures that shows what an arm does to the images of `source`.

    Args:
        source: an `Experiment`, a path, LSUN categories, or nothing.
        arm: the policy, by name.
        output: ``.png``, ``.svg`` or ``.html``; None is ``samples-<arm>.png`` (``strength-<arm>.png``).
        strength: show every operation over its range, in place of one original per class with its versions.
        draws: number of augmented versions of each original.
        data_dir: holds downloads and prepared images.
        progress: listens to what happens.
        **changes: to the definition, see `define`.

    Returns:
        The path of the file.

    Raises:
        DefinitionError, DataError: one line that says what to do.
    """
    from augexp.reporting import previews, sheet_files  # noqa: PLC0415 - numpy

    experiment = define(source, **{"arms": [arm], **changes})
    target = Path(output or f"{'strength' if strength else 'samples'}-{arm}.png")
    previews.check_target(target)
    store = _prepare(experiment, Path(data_dir), 0, progress or NullListener())
    sheet = previews.strengths(experiment, arm, store) if strength else previews.samples(experiment, arm, store, draws)
    sheet_files.save(sheet, target)
    return target


def export_policy(policy: str, source: str | Path | None = None) -> str:
    """Return a policy as the text of Keras layers; a custom one is defined in the .toml file `source`."""
    from augexp.augment import keras_export as layers  # noqa: PLC0415 - not needed for anything else
    from augexp.augment import policy as policies  # noqa: PLC0415

    custom = definition.load(Path(source)).policies if source is not None else {}
    return layers.export(policies.resolve(policy, custom))


# -- executing -----------------------------------------------------------------------------------


def train(
    source: Source = (),
    *,
    arm: str = "standard",
    seed: int = 0,
    save_model: bool = True,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    progress: ProgressListener | None = None,
    **changes: Any,
) -> RunRecord:
    """Execute one run, or read it where it is finished; `compare` finds it later.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    from augexp.engines.local import LocalEngine  # noqa: PLC0415 - records need numpy
    from augexp.results import locks, records  # noqa: PLC0415 - records need numpy
    from augexp.training.task import RunTask  # noqa: PLC0415 - records need numpy

    experiment = define(source, **{"arms": [arm], **changes})
    listener = progress or NullListener()
    workspace = open_workspace(experiment, Path(results_dir))
    folder = workspace.run_folder(arm, seed)
    with locks.lock_results(workspace.folder), LocalEngine(1) as engine:
        if not records.is_finished(folder, experiment.arm_hash(arm)):
            engine.start(1)
        store = _prepare(experiment, Path(data_dir), 0, listener)
        workspace.commit_definition()
        listener.runs(1)
        engine.execute([RunTask(experiment, arm, seed, store.path, folder, save_model)], listener.event)
    return records.read_run(folder)


def compare(
    source: Source = (),
    *,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    jobs: int = 0,
    engine: str = "local",
    address: str | None = None,
    pictures: bool = True,
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Comparison:
    """Execute whatever runs are missing and answer; figures, tables and report go to the results folder.

    More than three policies under planned looks (or ``screen=True``) are screened first, in a results folder
    of its own: see `augexp.experiment.screening`.

    Args:
        source: an `Experiment`, a path, LSUN categories, or nothing.
        results_dir: holds one folder per experiment.
        data_dir: holds downloads and prepared images.
        jobs: runs side by side; 0 asks cores and memory.
        engine: `local`, or `ray` for more than one machine (extra ``augexp[ray]``).
        address: of the Ray cluster.
        pictures: whether photos may appear in the figures and the report.
        progress: listens to what happens.
        **changes: to the definition, see `define`.

    Returns:
        The answer. Where runs have failed, they stand in its `missing`, and there is no verdict; where that
        happened in a screening, the answer is the screening's.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    experiment = define(source, **changes)
    if len(experiment.plan.arms) < 2:
        raise DefinitionError(
            f"arms: received the baseline {experiment.plan.baseline!r} alone; name at least one arm to compare with it"
        )
    listener = progress or NullListener()

    def stage(part: Experiment) -> Comparison:
        return _compare(part, Path(results_dir), Path(data_dir), jobs, engine, address, listener, pictures=pictures)

    if is_staged(experiment, Path(results_dir)):
        found = stage(screening.screening(experiment))
        if not found.complete:
            return found
        differences = {one.arm: one.estimate or 0.0 for one in found.contrasts}
        experiment = screening.confirmation(experiment, differences)
        listener.note(screening.describe(experiment, differences))
    return stage(experiment)


def _compare(
    experiment: Experiment,
    results_dir: Path,
    data_dir: Path,
    jobs: int,
    engine: str,
    address: str | None,
    listener: ProgressListener,
    *,
    pictures: bool,
) -> Comparison:
    from augexp.commands import compare as execution  # noqa: PLC0415 - numpy
    from augexp.commands import report  # noqa: PLC0415 - numpy
    from augexp.results.locks import lock_results  # noqa: PLC0415

    workspace = open_workspace(experiment, results_dir)
    with lock_results(workspace.folder), execution.open_engine(engine, jobs, address) as workers:
        execution.start_early(workers, workspace)
        store = _prepare(experiment, data_dir, jobs, listener)
        report.check_halves(store, experiment.plan)
        report.held_records(workspace, store.fingerprint)  # refuse others before the plan is written down
        history = workspace.commit_plan(execution.finished_pairs(workspace))
        execution.execute_missing(workspace, store, history, workers, listener)
        return report.answer(workspace, store, history, pictures=pictures)
