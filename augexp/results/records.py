"""A run on disk: what one arm with one seed left behind, and how to read it.

A run's folder is ``results/<name>/runs/<arm>/seed-<n>/`` and holds

* ``run.json``: everything about the run that is the same when the run is repeated;
* ``epochs.csv``: one row per epoch, without times, floats in full precision;
* ``predictions.npz``: the test split, image by image, in ascending order of the store's rows;
* ``milestones.npz``: the same at shorter budgets, where the validation images choose the budget;
* ``timing.json``: what differs between equal runs: dates, seconds, the host;
* ``model.keras``: the trained network, where it was asked for, and ``model.keras.b2``: its digest, which is in a file
  of its own since dates in the network's file make it differ between equal runs.

``run.json`` is written last and atomically, so a folder that has one is whole. The first four files of
two equal runs are equal byte by byte. ``run.json`` holds digests of the next three and of itself, see
`augexp.digests`, and ``timing.json`` one of itself; records of augexp 0.1 have none. This module needs numpy and
pydantic alone, so that reading results is quick.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import digests
from augexp.errors import ResultsError
from augexp.experiment.nouns import recorded_title
from augexp.files import unwritable, write_atomically
from augexp.results import checks
from augexp.results.manifests import RUN_SCHEMA, RunManifest, RunOutcome, Timing
from augexp.results.predictions import Milestone, Predictions, read_milestones, read_predictions
from augexp.results.run_json import damaged, read_manifest, read_timing, timing_of

RUN, EPOCHS, PREDICTIONS, TIMING, MODEL = "run.json", "epochs.csv", "predictions.npz", "timing.json", "model.keras"
MILESTONES = "milestones.npz"
"""What a run with an automatic budget predicted on the way."""
MODEL_DIGEST = "model.keras.b2"
"""Digest of ``model.keras``, which differs between equal runs and so cannot stand in ``run.json``."""

CHECKPOINT = "checkpoint.npz"
"""Where an unfinished run goes on from; removed at its end."""

LIBRARIES = ("numpy", "keras", "tensorflow", "opencv-python-headless")
"""Packages that may change the last bits of a result; their versions are part of ``run.json``."""

INTEGER_COLUMNS = ("epoch", "steps", "images_seen", "unique_images")
FLOAT_COLUMNS = ("train_loss", "train_accuracy", "probe_loss", "probe_accuracy", "val_loss", "val_accuracy")
COLUMNS = INTEGER_COLUMNS + FLOAT_COLUMNS
"""Columns of ``epochs.csv``: counts first (cumulative, `epoch` from 1), then means over images."""

BALANCED, TEST_ACCURACY = "val_balanced_accuracy", "test_accuracy"
"""Further columns: validation accuracy with equal weight for every class, with an automatic budget; the test curve."""

Row = Mapping[str, int | float]


@dataclass(frozen=True)
class RunRecord:
    """One finished run as read from its folder.

    Attributes:
        folder, run: where it lies, and the content of ``run.json``.
        epochs: column name to array, int64 for counts and float64 for means; empty for a failed run.
        timing: the content of ``timing.json``; without values where it is missing.
    """

    folder: Path
    run: RunManifest
    epochs: Mapping[str, npt.NDArray[Any]]
    timing: Timing = field(default_factory=Timing)

    @property
    def arm(self) -> str:
        """Name of the policy under test."""
        return self.run.arm

    @property
    def arm_hash(self) -> str:
        """16 hex digits over everything that can change a number of the run."""
        return self.run.arm_hash

    @property
    def seed(self) -> int:
        """Number of the block."""
        return self.run.seed

    @property
    def title(self) -> str:
        """Name of the run inside its arm: its seed, or with folds its repeat and fold, which count from 1."""
        return recorded_title(self.seed, self.run.repeat, self.run.fold)

    @property
    def name(self) -> str:
        """Name of the run for messages: its arm and `title`."""
        return f"{self.arm} {self.title}"

    @property
    def status(self) -> RunOutcome:
        """How the run ended."""
        return self.run.status

    @property
    def sealed(self) -> bool:
        """Whether digests tell that its files are as they were written; not so in records of augexp 0.1."""
        return self.run.seal is not None

    @property
    def finished(self) -> bool:
        """Whether the run reached the end of its budget, well or badly."""
        return self.status in ("complete", "diverged")

    @cached_property
    def _predictions(self) -> Predictions:
        return self._all_predictions()

    def _all_predictions(self) -> Predictions:
        """Read the outcome on the whole test split, also where a stage looks at one half of it."""
        path = self.folder / PREDICTIONS
        predictions = read_predictions(path)
        try:
            checks.outcome_of(self.run, predictions)
        except ValueError as error:
            raise damaged(path, error) from None
        return predictions

    def predictions(self) -> Predictions:
        """Return the per-image outcome on the test split; read from disk once."""
        return self._predictions

    @cached_property
    def _milestones(self) -> Mapping[int, Milestone]:
        path = self.folder / MILESTONES
        milestones = read_milestones(path)
        try:
            checks.milestones(milestones, self.run, self._all_predictions())
        except ValueError as error:
            raise damaged(path, error) from None
        return milestones

    def milestones(self) -> Mapping[int, Milestone]:
        """Return the outcomes on the test split by epoch, of a run with an automatic budget; read once."""
        return self._milestones


# -- places --------------------------------------------------------------------------------------


def run_folder(results_folder: Path, arm: str, seed: int) -> Path:
    """Return the folder of one run below a results folder."""
    return results_folder / "runs" / arm / f"seed-{seed}"


def is_finished(folder: Path, arm_hash: str, epochs: int) -> bool:
    """Tell whether the run in `folder` has gone to `epochs`; raises ResultsError where it is another run.

    A failed run is not done: it is run again.
    """
    if not (folder / RUN).exists():
        return False
    run = read_manifest(folder / RUN)
    if run.arm_hash != arm_hash:
        raise ResultsError(
            f"{folder}: holds a run of another definition ({run.arm_hash}, expected {arm_hash}); "
            "choose another --results-dir or delete that folder"
        )
    return run.status != "failed" and run.ledger is not None and run.ledger.epochs == epochs


# -- reading -------------------------------------------------------------------------------------


def read_runs(results_folder: Path) -> list[RunRecord]:
    """Read all runs that have a ``run.json``, sorted by arm and seed; unfinished ones are left out.

    Raises:
        ResultsError: a file is missing, damaged, or lies in the folder of another run.
    """
    runs = []
    for path in sorted((results_folder / "runs").glob(f"*/seed-*/{RUN}")):
        try:
            record = read_run(path.parent)
        except ResultsError:
            if not path.exists():  # it goes on just now, to a horizon that is further away
                continue
            raise
        if record.folder != run_folder(results_folder, record.arm, record.seed):
            raise ResultsError(
                f"{record.folder}: holds the run of {record.arm!r} with {record.title}, which belongs elsewhere; "
                "delete that folder, or move it back"
            )
        runs.append(record)
    return sorted(runs, key=lambda record: (record.arm, record.seed))


def read_run(folder: Path) -> RunRecord:
    """Read one run; raises ResultsError where a file is missing, damaged or of another schema."""
    run = read_manifest(folder / RUN)
    for name in digests.differing(folder, run.files or {}):
        missing = "it is missing" if not (folder / name).exists() else "its content is not what was written"
        raise damaged(folder / name, ValueError(missing))
    columns = read_epochs(folder / EPOCHS) if run.status != "failed" else {}
    try:
        if columns:
            checks.epochs(columns, run.ledger)
    except ValueError as error:
        raise damaged(folder / EPOCHS, error) from None
    return RunRecord(folder=folder, run=run, epochs=columns, timing=read_timing(folder / TIMING, run))


def read_epochs(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read ``epochs.csv`` into one array per column; raises ResultsError where it is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        integers = {name: np.array([int(row[name]) for row in rows], dtype=np.int64) for name in INTEGER_COLUMNS}
        columns = (*FLOAT_COLUMNS, *(name for name in (BALANCED, TEST_ACCURACY) if rows and name in rows[0]))
        floats = {name: np.array([float(row[name]) for row in rows], dtype=np.float64) for name in columns}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise damaged(path, error) from None
    return {**integers, **floats}


# -- writing -------------------------------------------------------------------------------------


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Encode deterministically; NaN and infinities are not allowed in the records' JSON."""
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()


def run_bytes(run: RunManifest) -> bytes:
    """Encode ``run.json`` with its seal."""
    return json_bytes(digests.sealed(run.values()))


def timing_bytes(timing: Timing, arm: str, seed: int, arm_hash: str) -> bytes:
    """Encode the ``timing.json`` of a run with its seal."""
    return json_bytes(digests.sealed(timing.values(), timing_of(arm, seed, arm_hash)))


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV: floats in full precision, None as an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def epochs_bytes(rows: Sequence[Row], further: Sequence[str] = ()) -> bytes:
    """Encode rows of ``epochs.csv`` with the header; `further` are columns after the usual ones."""
    floats = (*FLOAT_COLUMNS, *further)
    cells = ([*(int(row[name]) for name in INTEGER_COLUMNS), *(float(row[name]) for name in floats)] for row in rows)
    return csv_text([(*COLUMNS, *further), *cells]).encode()


def write_failure(
    folder: Path,
    experiment: str,
    arm: str,
    arm_hash: str,
    seed: int,
    message: str,
    fit: Mapping[str, Any] | None = None,
) -> None:
    """Write down that a run failed and why, where the folder takes it; never over a finished run.

    With folds, `fit` holds the ``repeat`` and the ``fold`` of the run.
    """
    run = RunManifest(
        schema=RUN_SCHEMA, status="failed", experiment=experiment, arm=arm, arm_hash=arm_hash, seed=seed, error=message,
        **(fit or {}),
    )  # fmt: skip
    with contextlib.suppress(ResultsError, OSError):
        write_atomically(folder / RUN, run_bytes(run), durable=True)


def append_epoch(path: Path, row: Row, further: Sequence[str] = ()) -> None:
    """Add one row to ``epochs.csv`` and hand it to the operating system at once; for `further` see `epochs_bytes`."""
    try:
        with path.open("ab") as file:
            file.write(epochs_bytes([row], further).split(b"\n", 1)[1])
    except OSError as error:
        raise unwritable(path, error) from None
