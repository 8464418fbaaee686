"""Hand the runs and the comparison to an experiment tracker: TensorBoard or MLflow.

Everything that is handed over is in the results folder too.
Nothing leaves this machine unless the target of MLflow is a server. Both libraries are optional extras
and are loaded only here; neither needs TensorFlow.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from augexp.analysis.sample_splitting import HalfRecord
from augexp.errors import ResultsError, RunError
from augexp.files import unwritable
from augexp.results import records
from augexp.results.records import RunRecord

TRACKERS = ("tensorboard", "mlflow")
"""What `augexp export --to` takes."""

COMPARISON = "comparison"
"""Name of the run that holds the comparison itself."""

EVENTS = "events.out.tfevents.augexp"
"""Name of an event file, by whose beginning TensorBoard knows it; a new export replaces the old one."""

CURVES = (*records.FLOAT_COLUMNS, "unique_images")
"""Columns of ``epochs.csv`` that become curves over epochs."""


def _missing(tracker: str) -> RunError:
    return RunError(f"export: received {tracker!r}, but its library is not installed; pip install 'augexp[{tracker}]'")


def _numbers(values: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return the numbers of a nested mapping by path; a pair of numbers is an interval."""
    numbers: dict[str, float] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            numbers |= _numbers(value, f"{prefix}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers[f"{prefix}{key}"] = float(value)
        elif (
            isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(end, (int, float)) for end in value)
        ):
            numbers |= {f"{prefix}{key}/low": float(value[0]), f"{prefix}{key}/high": float(value[1])}
    return numbers


def _sentences(comparison: Mapping[str, Any]) -> list[str]:
    return [str(contrast["sentence"]) for contrast in comparison.get("contrasts", ()) if contrast.get("sentence")]


def _times(run: RunRecord) -> list[float]:
    """Return the Unix time at the end of each epoch, as far as it is known: interruptions are left out."""
    seconds = [epoch.seconds for epoch in run.timing.epochs]
    try:
        now = datetime.fromisoformat(run.timing.started or "").timestamp()
    except ValueError:
        now = 0.0
    times = []
    for position in range(len(run.epochs["epoch"])):
        now += seconds[position] if position < len(seconds) else 0.0
        times.append(now)
    return times


def _tests(run: RunRecord) -> dict[str, float]:
    if isinstance(run, HalfRecord):  # what was measured on all test images is not for this stage to see
        return {"accuracy": float(run.predictions().correct.mean())}
    values = run.run.test.values() if run.run.test else {}
    return {name: float(value) for name, value in values.items() if value is not None}


# -- TensorBoard ---------------------------------------------------------------------------------


def export_tensorboard(runs: Sequence[RunRecord], comparison: Mapping[str, Any], target: Path) -> str:
    """Write event files: one run per arm and seed, or with folds per arm and fit, and one for the comparison.

    Args:
        runs: runs as read from a results folder; failed ones are left out.
        comparison: content of ``comparison.json``; empty where there is none yet.
        target: log folder; an earlier export to it is replaced.

    Returns:
        A line that says what was written and how to look at it.

    Raises:
        RunError: the extra is not installed.
        ResultsError: the folder cannot be written.
    """
    finished = [run for run in runs if run.finished]
    try:
        for run in finished:
            if run.run.fold is not None:  # what version 0.2.0 called the run of a fit
                (target / run.arm / f"seed-{run.seed}" / EVENTS).unlink(missing_ok=True)
            with _Events(target / run.arm / run.title.replace(" ", "-")) as events:
                times = _times(run)
                for name in CURVES:
                    for step, value, when in zip(run.epochs["epoch"], run.epochs[name], times, strict=True):
                        events.scalar(f"epochs/{name}", float(value), int(step), when)
                for name, value in _tests(run).items():
                    events.scalar(f"test/{name}", value, len(times), times[-1])
        if comparison:
            with _Events(target / COMPARISON) as events:
                for contrast in comparison.get("contrasts", ()):
                    for name, value in _numbers(contrast).items():
                        events.scalar(f"{contrast.get('arm', 'arm')}/{name}", value)
                events.text("sentences", "\n\n".join(_sentences(comparison)))
    except OSError as error:
        raise unwritable(target, error) from None
    return f"{len(finished)} runs were written to {target}; look at them with: tensorboard --logdir {target}"


class _Events:
    """The event file of one run.

    Records go straight to a file of ours: the writer that TensorBoard offers for whole events asks
    TensorFlow, where that is installed, for the file system, which takes seconds to load.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2  # noqa: PLC0415
            from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: PLC0415
        except ImportError:
            raise _missing("tensorboard") from None
        self._event, self._summary = event_pb2.Event, summary_pb2
        self._tensor, self._string = tensor_pb2.TensorProto, types_pb2.DT_STRING
        folder.mkdir(parents=True, exist_ok=True)
        self._writer: Any = RecordWriter((folder / EVENTS).open("wb"))
        self._writer.write(self._event(file_version="brain.Event:2").SerializeToString())

    def __enter__(self) -> _Events:
        return self

    def __exit__(self, *details: object) -> None:
        self._writer.close()

    def scalar(self, name: str, value: float, step: int = 0, when: float = 0.0) -> None:
        """Add a point of a curve."""
        self._add(self._summary.Summary.Value(tag=name, simple_value=value), step, when)

    def text(self, name: str, text: str) -> None:
        """Add a text for the tab of texts; Markdown."""
        plugin = self._summary.SummaryMetadata.PluginData(plugin_name="text")
        tensor = self._tensor(dtype=self._string, string_val=[text.encode()])
        metadata = self._summary.SummaryMetadata(plugin_data=plugin)
        self._add(self._summary.Summary.Value(tag=name, tensor=tensor, metadata=metadata), 0, 0.0)

    def _add(self, value: Any, step: int, when: float) -> None:
        event = self._event(wall_time=when, step=step, summary=self._summary.Summary(value=[value]))
        self._writer.write(event.SerializeToString())


# -- MLflow --------------------------------------------------------------------------------------


def export_mlflow(runs: Sequence[RunRecord], comparison: Mapping[str, Any], target: str) -> str:
    """Log one MLflow run per arm and seed, or with folds per arm and fit, and one for the comparison.

    A run that the tracker has from an earlier export, bit by bit, is left as it is; the comparison is
    logged anew.

    Args:
        runs: runs as read from a results folder; failed ones are left out.
        comparison: content of ``comparison.json``; empty where there is none yet.
        target: tracking URI (``sqlite:///runs.db``, ``https://...``), or a folder, which then holds the
            data base ``mlflow.db`` and the artifacts.

    Returns:
        A line that says what was logged and where.

    Raises:
        RunError: the extra is not installed.
        ResultsError: the target cannot be reached or written.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # no data about its use leaves the machine
    try:
        import alembic  # noqa: F401, PLC0415 - what mlflow-skinny needs for a data base
        import sqlalchemy  # noqa: F401, PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise _missing("mlflow") from None
    finished = [run for run in runs if run.finished]
    try:
        uri, artifacts = _place(target)
        with _quiet("mlflow", "alembic"):
            mlflow_experiment = _MlflowExperiment(uri, _title(finished), artifacts)
            new = sum(mlflow_experiment.log_run(run) for run in finished)
            if comparison:
                mlflow_experiment.log_comparison(comparison)
    except OSError as error:
        raise unwritable(Path(target), error) from None
    except MlflowException as error:
        line = " ".join(str(error).split())[:300]
        raise ResultsError(f"{target}: MLflow cannot log there ({line}); name a folder or a tracking URI") from None
    return f"{new} of {len(finished)} runs were new and were logged to {uri}"


def _title(runs: Sequence[RunRecord]) -> str:
    """Return the experiment's name, which is that of the results folder."""
    return runs[0].folder.resolve().parents[2].name if runs else "augexp"


def _place(target: str) -> tuple[str, str | None]:
    """Return tracking URI and place of artifacts for a URI or a folder."""
    if target.startswith("sqlite:///"):
        # Beside the data base; MLflow's own default is the current folder.
        return target, (Path(target.removeprefix("sqlite:///")).resolve().parent / "artifacts").as_uri()
    if "://" in target:
        return target, None
    folder = Path(target).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(folder / 'mlflow.db').as_posix()}", (folder / "artifacts").as_uri()


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let libraries log warnings only."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


class _MlflowExperiment:
    """One experiment of an MLflow server or data base."""

    def __init__(self, uri: str, title: str, artifacts: str | None) -> None:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - an optional extra

        self._client: Any = MlflowClient(tracking_uri=uri)
        known = self._client.get_experiment_by_name(title)
        self._experiment = known.experiment_id if known else self._client.create_experiment(title, artifacts)

    def log_run(self, run: RunRecord) -> bool:
        """Log a run unless this very one is there; return whether it is new."""
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - an optional extra

        mark = f"{run.arm_hash}-{run.seed}-{run.run.weights_final}"
        if self._marked(mark):
            return False
        times = [int(1000 * when) for when in _times(run)]
        metrics = [
            Metric(name, float(value), when, int(step))
            for name in CURVES
            for step, value, when in zip(run.epochs["epoch"], run.epochs[name], times, strict=True)
        ]
        metrics += [Metric(f"test_{name}", value, times[-1], len(times)) for name, value in _tests(run).items()]
        values = {"arm": run.arm, "seed": run.seed, "status": run.status}
        values |= {} if run.run.fold is None else {"repeat": run.run.repeat, "fold": run.run.fold}
        values |= run.run.ledger.values() if run.run.ledger else {}
        params = [Param(name, str(value)) for name, value in values.items()]
        self._log(run.name, mark, metrics, params, ())
        return True

    def log_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Log the comparison in place of the one before."""
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - an optional extra

        for old in self._marked(COMPARISON):
            self._client.delete_run(old.info.run_id)
        metrics, params = [], []
        for contrast in comparison.get("contrasts", ()):
            arm = contrast.get("arm", "arm")
            metrics += [Metric(f"{arm}/{name}", value, 0, 0) for name, value in _numbers(contrast).items()]
            params += [Param(f"{arm}/verdict", str(contrast["verdict"]))] if "verdict" in contrast else []
        run = self._log(COMPARISON, COMPARISON, metrics, params, _sentences(comparison))
        self._client.log_dict(run, dict(comparison), "comparison.json")

    def _log(
        self, name: str, mark: str, metrics: Sequence[Any], params: Sequence[Any], sentences: Sequence[str]
    ) -> str:
        tags = {"augexp_run": mark, "mlflow.note.content": "\n\n".join(sentences)}
        run = str(self._client.create_run(self._experiment, run_name=name, tags=tags).info.run_id)
        self._client.log_batch(run, params=params)
        for start in range(0, len(metrics), 1000):  # the most that a server takes at once
            self._client.log_batch(run, metrics=metrics[start : start + 1000])
        self._client.set_terminated(run)
        return run

    def _marked(self, mark: str) -> list[Any]:
        return list(self._client.search_runs([self._experiment], f"tags.augexp_run = '{mark}'"))
