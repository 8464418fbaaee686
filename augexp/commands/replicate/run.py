"""Execute the missing runs of every experiment of a replication, and answer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands import answer, compare
from augexp.commands.replicate.experiments import PlannedTable, plan_tables
from augexp.commands.replicate.forecast import Forecast, forecast
from augexp.commands.replicate.own_options import OwnOptions, own_options
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment.replications import perez_wang
from augexp.progress import NullListener, ProgressListener
from augexp.results.folder import reopen_workspace
from augexp.version import __version__

if TYPE_CHECKING:
    from augexp.analysis.replication.schema import ReplicatedTable, Replication
    from augexp.analysis.schema import Comparison

OUT = Path("results") / perez_wang.NAME
"""Where the answer is written if nothing else is said."""


@own_options()
def replicate(
    name: str = perez_wang.NAME,
    *,
    data: str | Path = Path("data") / "tiny-imagenet-200" / "train",
    out: str | Path = OUT,
    data_dir: str | Path = "data",
    pairs: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    arms: Sequence[str] | None = None,
    seeds: int | None = None,
    epochs: int = perez_wang.EPOCHS,
    per_class: int = perez_wang.PER_CLASS,
    model: str | None = None,
    jobs: int = 0,
    progress: ProgressListener | None = None,
) -> Replication:
    """Repeat a published table with paired seeds and intervals; what is there already is not repeated.

    Args:
        name: `perez-wang`: Perez & Wang 2017 (arXiv 1712.04621), see `augexp.experiment.replications.perez_wang`.
        data: Tiny ImageNet's folder of class folders, which are named by WordNet id.
        out: folder of the answer, with a results folder for every experiment.
        data_dir: holds copies of the chosen images, and prepared images.
        pairs: `dogs-cats`, `dogs-goldfish`; None takes both.
        variants: `first-ids`, `batch-128`, `folds`, beside the table itself; None takes none of them.
        arms: some of the paper's; None takes all.
        seeds: paired seeds of every arm, with folds the smallest number of fits; None takes what the definitions say.
        epochs: in place of the paper's 40.
        per_class: images of each class, from 25 to 500.
        model: another network than that of the definitions.
        jobs: runs side by side; 0 asks cores and memory.
        progress: listens to what happens; its first notes say how long it takes and how much disk it needs.

    Returns:
        The answer. Where runs have failed, the tables say how many are `missing`.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    listener, place = progress or NullListener(), Path(out)
    given = {"pairs": pairs, "variants": variants, "arms": arms, "seeds": seeds, "model": model}
    _make_folder(place, "--out")
    tables = _planned(name, data, data_dir, {**given, "epochs": epochs, "per_class": per_class})
    ahead = forecast(tables, out=place, data_dir=Path(data_dir), jobs=jobs, listener=listener)
    listener.note(ahead.words)
    command = _command(name, {**given, "epochs": epochs, "per_class": per_class})
    done: list[ReplicatedTable] = []
    own = OwnOptions(listener)
    for table in tables:
        listener.note(f"{table.experiment.name}: {table.variant.title}")
        comparison = compare.compare(
            table.experiment, results_dir=place, data_dir=data_dir, jobs=jobs, pictures=False, progress=own
        )
        done.append(_table(table, comparison, place))
    replication = _replication(done, command)
    _publish(replication, tables, place)
    return replication


@own_options()
def replicate_forecast(
    name: str = perez_wang.NAME,
    *,
    data: str | Path = Path("data") / "tiny-imagenet-200" / "train",
    out: str | Path = OUT,
    data_dir: str | Path = "data",
    jobs: int = 0,
    progress: ProgressListener | None = None,
    **given: Any,
) -> Forecast:
    """Say how long `replicate` takes and how much disk it needs, and train nothing else than two epochs of every arm.

    For the arguments see there.
    """
    usual = {"pairs": None, "variants": None, "arms": None, "seeds": None, "model": None}
    sizes = {"epochs": perez_wang.EPOCHS, "per_class": perez_wang.PER_CLASS}
    tables = _planned(name, data, data_dir, {**usual, **sizes, **given})
    listener = progress or NullListener()
    return forecast(tables, out=Path(out), data_dir=Path(data_dir), jobs=jobs, listener=listener)


def _planned(name: str, data: str | Path, data_dir: str | Path, given: dict[str, Any]) -> tuple[PlannedTable, ...]:
    if name != perez_wang.NAME:
        raise DefinitionError(f"replicate: received {name!r}; allowed is {perez_wang.NAME}")
    _make_folder(Path(data_dir), "--data-dir")
    return plan_tables(data=Path(data), data_dir=Path(data_dir), **given)


def _make_folder(folder: Path, option: str) -> None:
    """Make a folder if it is missing, before anything is done that would be lost without it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be written ({error.strerror}); choose another place with {option}"
        ) from None


def _table(table: PlannedTable, comparison: Comparison, out: Path) -> ReplicatedTable:
    """Return what an experiment says, from its records."""
    from augexp.analysis import looks  # noqa: PLC0415 - the statistics
    from augexp.analysis.folds.runs import runs_of  # noqa: PLC0415
    from augexp.analysis.replication import remarks, schema  # noqa: PLC0415
    from augexp.analysis.replication import table as tables  # noqa: PLC0415

    workspace = reopen_workspace(out / table.experiment.name)
    experiment, history = workspace.experiment, workspace.recorded_history()
    records = answer.plan_records(workspace)
    planned, _ = looks.planned_seeds(experiment, records, history)
    runs = runs_of(experiment, records, looks.counted_seeds(experiment, records, history, planned))
    copies = {arm: getattr(experiment.policy(arm), "copies", 0) for arm in experiment.plan.arms}
    r = experiment.plan.equivalence
    published = tables.PublishedRuns(runs, table.pair, table.epochs, copies, looks.rule(experiment, history), r)
    return schema.ReplicatedTable(
        experiment=experiment.name,
        pair=table.pair,
        variant=table.variant.name,
        title=table.variant.title,
        network=experiment.training.model,
        batch_size=experiment.training.batch_size,
        seeds=comparison.look.seeds,
        folds=experiment.data.folds,
        epochs=table.epochs,
        train_images=int(comparison.ledger.get("train_images", 0)),
        test_images=comparison.test_images,
        equivalence=r,
        arms=tables.replicated_arms(published),
        claims=tables.replicated_claims(published),
        missing=len(comparison.missing),
        warnings=remarks.applicable(comparison.warnings),
        command=f"augexp compare experiments/{experiment.name}.toml --path FOLDER",
    )


def _replication(tables: Sequence[ReplicatedTable], command: str) -> Replication:
    from augexp.analysis.replication.schema import Replication  # noqa: PLC0415 - pydantic models take a while

    return Replication(
        augexp=__version__,
        name=perez_wang.NAME,
        paper=perez_wang.PAPER,
        tables=tuple(tables),
        unsaid=perez_wang.UNSAID,
        left_out=(perez_wang.LEFT_OUT,),
        command=command,
    )


def _publish(replication: Replication, tables: Sequence[PlannedTable], out: Path) -> None:
    from augexp import surroundings  # noqa: PLC0415

    surroundings.load_matplotlib()
    from augexp.reporting.replication import page  # noqa: PLC0415 - matplotlib and Jinja
    from augexp.results.records import read_runs  # noqa: PLC0415

    records = {table.experiment.name: read_runs(out / table.experiment.name) for table in tables}
    page.write(replication, records, out)


def _command(name: str, given: dict[str, Any]) -> str:
    """Return the command line that repeats the answer; where the images lie is left to whoever repeats it."""
    usual = {"epochs": perez_wang.EPOCHS, "per_class": perez_wang.PER_CLASS}
    words = ["augexp", "replicate", name, "--data", "FOLDER"]
    for key, value in given.items():
        if value is not None and value != usual.get(key):
            text = ",".join(value) if isinstance(value, (list, tuple)) else str(value)
            words += [f"--{key.replace('_', '-')}", text]
    return shlex.join(words)
