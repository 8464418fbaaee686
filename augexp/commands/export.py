"""`augexp export` and `augexp export-policy`: results for experiment trackers, a policy for Keras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.commands import answer
from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.experiment.nouns import nouns
from augexp.results.folder import reopen_workspace

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.results.records import RunRecord

TABLE = "table"
"""The target that is no tracker but a table of predictions."""


def export(results: str | Path, to: str, target: str | None = None, *, data_dir: str | Path = "data") -> str:
    """Hand the runs and the comparison to TensorBoard or MLflow, or write a table of what the runs predicted.

    Args:
        results: a results folder.
        to: `tensorboard`, `mlflow`, or `table`, which `augexp judge` and others can read.
        target: log folder (TensorBoard), tracking URI (MLflow) or file (table); None takes a place in the results
            folder.
        data_dir: holds the prepared images; not needed where the answer has been written down.

    Returns:
        A line that says what was written and how to look at it.

    Raises:
        ResultsError: an unknown tracker, no finished run, or a place that cannot be written.
        RunError: the tracker is not installed.
    """
    from augexp.reporting import trackers  # noqa: PLC0415 - numpy

    if to not in (*trackers.TRACKERS, TABLE):
        raise ResultsError(f"tracker: received {to!r}; allowed are {', '.join((*trackers.TRACKERS, TABLE))}")
    workspace = reopen_workspace(Path(results))
    finished = [record for record in answer.plan_records(workspace) if record.finished]
    if not finished:
        raise answer.no_runs(workspace)
    current = answer.current(workspace.folder, Path(data_dir))
    if to == TABLE:
        return _export_table(finished, current, Path(target or workspace.folder / "runs.csv"))
    comparison = current.model_dump(mode="json")
    place = target or str(workspace.folder / to)
    if to == "tensorboard":
        return trackers.export_tensorboard(finished, comparison, Path(place))
    return trackers.export_mlflow(finished, comparison, place)


def _export_table(records: Sequence[RunRecord], comparison: Comparison, path: Path) -> str:
    """Write the runs that count, each as it was judged."""
    from augexp.analysis.budget.judged import as_judged  # noqa: PLC0415 - numpy
    from augexp.external.export import write_table  # noqa: PLC0415 - numpy

    seeds = {seed for contrast in comparison.contrasts for seed in comparison.numbers(contrast)}
    counted = [record for record in records if record.seed in seeds]
    if not counted:
        raise ResultsError(
            f"{path}: not written: no {nouns(comparison.folds).block} is finished in every arm; repeat augexp compare"
        )
    rows = write_table(as_judged(counted, comparison), path)
    return f"{path}: {rows:,} rows of {len(counted)} runs; augexp judge {path} --paired --endpoint ..."


def export_policy(policy: str, source: str | Path | None = None) -> str:
    """Return a policy as the text of Keras layers; a custom one is defined in the .toml file `source`."""
    from augexp.augment import keras_export as layers  # noqa: PLC0415 - not needed for anything else
    from augexp.augment import policy as policies  # noqa: PLC0415

    custom = definition.load(Path(source)).policies if source is not None else {}
    return layers.export(policies.resolve(policy, custom))
