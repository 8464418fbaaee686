"""`augexp export` and `augexp export-policy`: results for experiment trackers, a policy for Keras."""

from __future__ import annotations

from pathlib import Path

from augexp.commands import answer
from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.results.folder import reopen_workspace


def export(results: str | Path, to: str, target: str | None = None, *, data_dir: str | Path = "data") -> str:
    """Hand the runs and the comparison to TensorBoard or MLflow.

    Args:
        results: a results folder.
        to: `tensorboard` or `mlflow`.
        target: log folder (TensorBoard) or tracking URI (MLflow); None takes a place in the results folder.
        data_dir: holds the prepared images; not needed where the answer has been written down.

    Returns:
        A line that says what was written and how to look at it.

    Raises:
        ResultsError: an unknown tracker, no finished run, or a place that cannot be written.
        RunError: the tracker is not installed.
    """
    from augexp.reporting import trackers  # noqa: PLC0415 - numpy

    if to not in trackers.TRACKERS:
        raise ResultsError(f"tracker: received {to!r}; allowed are {', '.join(trackers.TRACKERS)}")
    workspace = reopen_workspace(Path(results))
    finished = [record for record in answer.plan_records(workspace) if record.finished]
    if not finished:
        raise answer.no_runs(workspace)
    comparison = answer.current(workspace.folder, Path(data_dir)).model_dump(mode="json")
    place = target or str(workspace.folder / to)
    if to == "tensorboard":
        return trackers.export_tensorboard(finished, comparison, Path(place))
    return trackers.export_mlflow(finished, comparison, place)


def export_policy(policy: str, source: str | Path | None = None) -> str:
    """Return a policy as the text of Keras layers; a custom one is defined in the .toml file `source`."""
    from augexp.augment import keras_export as layers  # noqa: PLC0415 - not needed for anything else
    from augexp.augment import policy as policies  # noqa: PLC0415

    custom = definition.load(Path(source)).policies if source is not None else {}
    return layers.export(policies.resolve(policy, custom))
