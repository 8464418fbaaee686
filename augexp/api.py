"""What the commands do, as functions that return values.

    import augexp
    comparison = augexp.compare("my-photos/", arms=["none", "standard"], seeds=8)
    print(comparison.contrasts[0].sentence)

Every function takes SOURCE as the command line does: an `Experiment`, the path of an experiment .toml
or image folder, LSUN category names, or nothing (the embedded sample). `train` and `compare` meet only
through the results folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp import experiment as definition
from augexp.data import lsun
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import Experiment
from augexp.progress import Progress, Silent
from augexp.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from augexp.analysis.answer import Comparison
    from augexp.data.store import Store
    from augexp.training.engine import AnyEngine
    from augexp.training.records import RunRecord

Source = Experiment | str | Path | Sequence[str]

SECTIONS = {
    **dict.fromkeys(("arms", "baseline", "seeds", "looks", "metric", "equivalence"), "plan"),
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
            baseline is added to `arms` where it is missing.

    Raises:
        DefinitionError: what is wrong, what is allowed.
    """
    if isinstance(source, Experiment):
        found = source
    else:
        words = [str(source)] if isinstance(source, (str, Path)) else [str(word) for word in source]
        found = definition.from_source(words, lsun.names())
    if not changes:
        return found
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


def index(
    source: Source = (),
    *,
    data_dir: str | Path = "data",
    jobs: int = 0,
    progress: Progress | None = None,
    **changes: Any,
) -> Store:
    """Prepare the images of `source`, or open them where they are prepared; see `augexp.data.store`."""
    return _prepare(define(source, **changes), Path(data_dir), jobs, progress or Silent())


def _prepare(experiment: Experiment, data_dir: Path, jobs: int, progress: Progress) -> Store:
    from augexp.data.store import prepare  # noqa: PLC0415 - numpy is not needed for definitions

    return prepare(experiment.data, data_dir, progress=progress.stage, jobs=jobs)


# -- executing -----------------------------------------------------------------------------------


def train(
    source: Source = (),
    *,
    arm: str = "standard",
    seed: int = 0,
    save_model: bool = True,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    progress: Progress | None = None,
    **changes: Any,
) -> RunRecord:
    """Execute one run, or read it where it is finished; `compare` finds it later.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
    """
    from augexp.training import engine, records  # noqa: PLC0415 - records need numpy

    experiment = define(source, **{"arms": [arm], **changes})
    listener = progress or Silent()
    workspace = open_workspace(experiment, Path(results_dir))
    with engine.lock_results(workspace.folder), engine.Engine(1) as crew:
        crew.start()
        store = _prepare(experiment, Path(data_dir), 0, listener)
        workspace.commit_definition()
        folder = workspace.run_folder(arm, seed)
        listener.runs(1)
        crew.execute([engine.RunTask(experiment, arm, seed, store.path, folder, save_model)], listener.event)
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
    progress: Progress | None = None,
    **changes: Any,
) -> Comparison:
    """Execute whatever runs are missing and answer; figures, tables and report go to the results folder.

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

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    from augexp.training import engine as engines  # noqa: PLC0415 - needs numpy

    experiment = define(source, **changes)
    listener = progress or Silent()
    workspace = open_workspace(experiment, Path(results_dir))
    with engines.lock_results(workspace.folder), _crew(engine, jobs, address) as crew:
        if not _finished_seeds(workspace):
            crew.start()  # workers load TensorFlow while the images are prepared
        store = _prepare(experiment, Path(data_dir), jobs, listener)
        history = workspace.commit_plan(len(_finished_seeds(workspace)))
        _execute_missing(workspace, store, history, crew, listener)
        return answer(workspace, store, history, pictures=pictures)


def _crew(engine: str, jobs: int, address: str | None) -> AnyEngine:
    from augexp.training.engine import Engine  # noqa: PLC0415 - needs numpy

    if engine == "local":
        return Engine(jobs or None)
    if engine == "ray":
        from augexp.training.ray_engine import RayEngine  # noqa: PLC0415 - an optional extra

        return RayEngine(address)
    raise DefinitionError(f"engine: received {engine!r}; allowed are 'local' and 'ray'")


def _finished_seeds(workspace: Workspace) -> list[int]:
    """Return the seeds whose runs are finished in every arm of the plan."""
    from augexp.training import records  # noqa: PLC0415 - needs numpy

    done: dict[int, set[str]] = {}
    for record in records.read_runs(workspace.folder):
        if record.finished:
            done.setdefault(record.seed, set()).add(record.arm)
    return sorted(seed for seed, arms in done.items() if arms >= set(workspace.experiment.plan.arms))


def _execute_missing(
    workspace: Workspace, store: Store, history: list[dict[str, Any]], crew: AnyEngine, listener: Progress
) -> None:
    """Execute runs look after look, until the plan says that it is enough or a run fails."""
    from augexp.analysis.comparison import next_look  # noqa: PLC0415 - scipy
    from augexp.training import records  # noqa: PLC0415
    from augexp.training.engine import RunTask  # noqa: PLC0415

    experiment = workspace.experiment
    while True:
        held = check_records(workspace, store, records.read_runs(workspace.folder))
        wanted = next_look(experiment, held, history)
        if wanted is None:
            return
        tasks = [
            RunTask(experiment, arm, seed, store.path, workspace.run_folder(arm, seed))
            for seed in range(wanted)
            for arm in experiment.plan.arms
        ]
        listener.runs(sum(not records.is_finished(task.folder, experiment.arm_hash(task.arm)) for task in tasks))
        if crew.execute(tasks, listener.event).failures:
            return


def check_records(workspace: Workspace, store: Store, held: list[RunRecord]) -> list[RunRecord]:
    """Return the records of the plan's arms; refuse those of other definitions or other images."""
    experiment = workspace.experiment
    kept = [record for record in held if record.arm in experiment.plan.arms]
    for record in kept:
        if record.arm_hash != experiment.arm_hash(record.arm):
            raise ResultsError(
                f"{record.folder.parent}: was run with another definition of the arm {record.arm!r}; "
                "give the arm another name, or delete that folder"
            )
        if record.finished and record.run["store"] != store.fingerprint:
            raise ResultsError(
                f"{record.folder}: was run on other images (store {record.run['store']}, here {store.fingerprint}); "
                "the source has changed: use another --name, or put the images back"
            )
    return kept
