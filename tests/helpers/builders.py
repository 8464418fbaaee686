"""What tests need on disk: images, image folders, LSUN databases, and runs with chosen outcomes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import lmdb
import numpy as np
import pytest
from PIL import Image

from augexp.data.decoding.image import ImageStrip, decode
from augexp.data.groups import name_hash
from augexp.data.listing import Entry
from augexp.data.preparation import prepare
from augexp.data.sources.base import Source
from augexp.data.store import Store
from augexp.errors import DataError
from augexp.experiment import budget, definition
from augexp.experiment.definition import Data, Experiment
from augexp.results import records
from augexp.results.manifests import RUN_SCHEMA, PlanEntry, RecordedPlan, RunManifest, TestSummary
from augexp.results.predictions import Milestone, Predictions, milestones_bytes, predictions_bytes
from augexp.results.records import RunRecord
from augexp.results.run_json import digests_of

# -- images --------------------------------------------------------------------------------------

SIDE = 16


def pixels(number: int, side: int = SIDE) -> np.ndarray:
    """Return image `number`: soft blobs, uint8 (side, side, 3), unlike every other number's."""
    coarse = np.random.default_rng(number).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def encode(array: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, form, **options)
    return buffer.getvalue()


def png(number: int, side: int = SIDE) -> bytes:
    """Return image `number` as a PNG file."""
    return encode(pixels(number, side))


def decode_square(data: bytes, side: int) -> np.ndarray:
    """Decode a file as augexp does, to uint8 (side, side, 3)."""
    return np.asarray(decode(data, side).square)


def image_strip(squares: Iterable[np.ndarray]) -> ImageStrip:
    """Return the strip of some images, each uint8 (side, side, 3)."""
    images = list(squares)
    strip = ImageStrip(len(images), len(images[0]))
    for image in images:
        strip.add(Image.fromarray(image))
    return strip


# -- image folders and LSUN databases ------------------------------------------------------------


def write_images(folder: Path, numbers: Iterable[int], *, prefix: str = "") -> Path:
    """Write images ``<prefix><number>.png`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{prefix}{number}.png").write_bytes(png(number))
    return folder


def write_classes(root: Path, classes: Mapping[str, Iterable[int]]) -> Path:
    """Write one sub-folder per class (``train/cat`` for a split folder) with the numbered images."""
    for name, numbers in classes.items():
        write_images(root / name, numbers)
    return root


def lsun_key(value: bytes) -> bytes:
    """Return the key that LSUN gives a record: the SHA-1 of its value."""
    return hashlib.sha1(value, usedforsecurity=False).hexdigest().encode()


def write_lmdb(folder: Path, values: Iterable[bytes] | Mapping[bytes, bytes]) -> Path:
    """Write an LSUN database; values without keys get SHA-1 keys as LSUN has them."""
    entries = dict(values) if isinstance(values, Mapping) else {lsun_key(value): value for value in values}
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 26) as environment, environment.begin(write=True) as transaction:
        for key, value in entries.items():
            transaction.put(key, value)
    return folder


def write_scene(root: Path, name: str, train: Iterable[int], val: Iterable[int] = ()) -> None:
    """Write an LSUN scene with ``train`` and, where there are numbers, ``val``."""
    write_lmdb(root / f"{name}_train_lmdb", [png(number) for number in train])
    if val := list(val):
        write_lmdb(root / f"{name}_val_lmdb", [png(number) for number in val])


def listed(source: Source) -> list[tuple[str, str, str]]:
    """Return class, split and name of every record."""
    return [
        (source.classes[label], given, source.name_of(Entry(name, label, given)))
        for label, given, names in source.records()
        for name in names
    ]


def names(source: Source) -> list[str]:
    return [name for _, _, name in listed(source)]


LSUN: dict[str, Any] = {"source": "lsun", "categories": ("a", "b")}
"""Settings of `Data` for two LSUN categories."""


class DataFolders:
    """A temporary folder of images with a data folder beside it, into which they are prepared on demand."""

    def __init__(self, path: Path) -> None:
        self.images, self.data_dir = path / "in", path / "data"

    def prepare(self, **settings: Any) -> Store:
        """Prepare the folder of images (or what `settings` say) at 16 pixels."""
        settings = {"source": "folder", "path": str(self.images), "image_size": 16} | settings
        return prepare(Data(**settings), self.data_dir, jobs=2)

    def refusal(self, **settings: Any) -> str:
        """Return the error that preparing must raise; it has one line."""
        with pytest.raises(DataError) as caught:
            self.prepare(**settings)
        text = str(caught.value)
        assert "\n" not in text
        return text

    def store_names(self) -> list[str]:
        """Return what lies in the folder of the stores."""
        return sorted(path.name for path in (self.data_dir / "stores").iterdir())

    def building(self) -> Path:
        """Return the folder in which the store of these images is built; neither of them is there."""
        self.prepare()
        (request,) = (self.data_dir / "stores" / "requests").iterdir()
        shutil.rmtree(self.data_dir / "stores")
        return self.data_dir / "stores" / f"building-{request.name}"


# -- runs: their outcomes are chosen, everything else is what the records' own functions write ------------

CLASSES = ("left", "right")
LEDGER = {
    "steps": 90, "batch_size": 32, "images_seen": 2880, "epochs": 9,
    "parameters": 1476, "optimizer": "adam 0.001", "schedule": "constant", "precision": "float32",
}  # fmt: skip


def experiment(*, epochs: int | str = 9, **plan) -> Experiment:
    """Return an experiment of `none` and `standard` with five seeds, or what `plan` says."""
    values = {"arms": ["none", "standard"], "seeds": 5, **plan}
    policies = {"again": {"policy": "none"}} if "again" in values["arms"] else {}
    training = {"epochs": epochs}
    return definition.parse({"name": "made", "training": training, "plan": values, "policies": policies}, origin="test")


def plan_history(experiment: Experiment, *, finished: int = 0, before: Experiment | None = None) -> list[PlanEntry]:
    """Return the plans of a results folder; `before` was the plan until `finished` pairs were there."""
    experiments = [before, experiment] if before else [experiment]
    return [
        PlanEntry(
            plan=RecordedPlan.from_values(planned.plan.definition()),
            arms={arm: planned.policy(arm).definition() for arm in planned.plan.arms},
            plan_hash=planned.plan_hash,
            blocks_finished=finished if i == len(experiments) - 1 else 0,
        )
        for i, planned in enumerate(experiments)
    ]


def run_manifest(arm: str = "none", seed: int = 0, **changes) -> RunManifest:
    """Return the manifest of a finished run of 9 epochs, with changes made to its values."""
    values = {
        "schema": RUN_SCHEMA, "status": "complete", "experiment": "e" * 16, "arm": arm, "arm_hash": "a" * 16,
        "seed": seed, "error": None, "store": "0" * 16, "versions": {"augexp": "test"}, "classes": CLASSES,
        "ledger": LEDGER,
        "counts": {"train": 320, "validation": 40, "test": 60}, "weights_initial": f"start {seed}",
        "weights_final": f"{arm:0<32}", "order": f"order {seed}", "test": {"loss": 0.5, "accuracy": 0.75},
    }  # fmt: skip
    return RunManifest.from_values({**values, **changes})


def write_run(
    folder: Path, experiment: Experiment, arm: str, seed: int, correct, *, labels=None, clusters=None, groups=None,
    status="complete", epochs=9, **changes,
) -> RunRecord:  # fmt: skip
    """Write one run whose network was right where `correct` says, bool (m,); `groups` are names."""
    correct = np.asarray(correct, dtype=bool)
    labels = np.arange(len(correct)) % 2 if labels is None else np.asarray(labels)
    predicted = np.where(correct, labels, 1 - labels)
    probabilities = np.full((len(correct), 2), 0.25, dtype=np.float32)
    probabilities[np.arange(len(correct)), predicted] = 0.75
    predictions = Predictions(
        labels=labels, predicted=predicted, correct=correct, probabilities=probabilities,
        ids=np.arange(len(correct), dtype=np.uint64),
        clusters=np.arange(len(correct)) if clusters is None else np.asarray(clusters), classes=CLASSES,
        groups=None if groups is None else np.array([name_hash(name) for name in groups], np.uint64),
        group_names=tuple(sorted(set(groups or ()), key=name_hash)),
    )  # fmt: skip
    run_folder = records.run_folder(folder, arm, seed)
    run_folder.mkdir(parents=True)
    rows = []
    for epoch in range(1, epochs + 1):
        accuracy = float(correct.mean()) * (1 - 0.5**epoch)
        counts = {"epoch": epoch, "steps": 10 * epoch, "images_seen": 320 * epoch, "unique_images": 320}
        rows.append({**counts, **dict.fromkeys(records.FLOAT_COLUMNS, accuracy)})
    (run_folder / records.EPOCHS).write_bytes(records.epochs_bytes(rows))
    (run_folder / records.PREDICTIONS).write_bytes(predictions_bytes(predictions))
    values = {
        "status": status, "experiment": experiment.hash, "arm_hash": experiment.arm_hash(arm),
        "counts": {"train": 320, "validation": 40, "test": len(correct)}, **changes,
    }  # fmt: skip
    values.setdefault("test", summary(predictions).model_dump())
    (run_folder / records.RUN).write_bytes(records.run_bytes(run_manifest(arm, seed, **values)))
    return seal(run_folder)


def seal(folder: Path, **changes: Any) -> RunRecord:
    """Make changes to a run's ``run.json``, and have it hold the digests of what lies beside it now."""
    values = json.loads((folder / records.RUN).read_text(encoding="utf-8"))
    files = digests_of(folder, without=records.CHECKPOINT)
    run = RunManifest.from_values({**values, "files": files, **changes})
    (folder / records.RUN).write_bytes(records.run_bytes(run))
    return records.read_run(folder)


def summary(predictions: Predictions) -> TestSummary:
    """Return what ``run.json`` says of some predictions."""
    own = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels].astype(np.float64)
    return TestSummary(loss=-float(np.log(own).mean()), accuracy=float(predictions.correct.mean()))


def write_block(
    folder: Path, experiment: Experiment, seed: int, outcomes: dict[str, np.ndarray], **details
) -> list[RunRecord]:
    """Write one run per arm; `outcomes` holds bool (n, m) per arm."""
    return [write_run(folder, experiment, arm, seed, outcomes[arm][seed], **details) for arm in experiment.plan.arms]


def draw_outcomes(n: int, m: int, gain: float, *, seed: int = 0, arms=("none", "standard")) -> dict[str, np.ndarray]:
    """Draw bool (n, m) per arm; all arms but the first are better by about `gain`."""
    generator = np.random.default_rng(seed)
    difficulty = generator.normal(0.8, 0.6, m)
    outcomes = {}
    for index, arm in enumerate(arms):
        noise = generator.normal(0, 0.7, (n, m)) + generator.normal(0, 0.03, (n, 1))
        outcomes[arm] = difficulty + noise + (gain if index else 0.0) > 0
    return outcomes


class Batch(NamedTuple):
    """Images and their identities, as a training draw yields them."""

    images: np.ndarray
    ids: np.ndarray


class Draw:
    """What the store hands over as a training draw, of arrays in memory."""

    def __init__(self, images: np.ndarray, ids: np.ndarray) -> None:
        self.images, self.ids = images, ids

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> Batch:
        return Batch(self.images[rows].copy(), self.ids[rows])


def write_auto_run(folder: Path, experiment: Experiment, arm: str, seed: int, validation, outcomes) -> RunRecord:
    """Write one run with an automatic budget.

    Args:
        folder: of the results.
        experiment: with ``epochs = "auto"``.
        arm, seed: of the run.
        validation: accuracy by epoch, float (H,) in [0, 1]; its length is the horizon.
        outcomes: what the network was right about at each milestone, bool (m,), by epoch.
    """
    horizon = len(validation)
    ledger = {**LEDGER, "epochs": horizon, "steps": 10 * horizon, "images_seen": 320 * horizon}
    record = write_run(folder, experiment, arm, seed, outcomes[horizon], ledger=ledger, epochs=horizon)
    rows = [
        {
            **{"epoch": epoch, "steps": 10 * epoch, "images_seen": 320 * epoch, "unique_images": 320},
            **dict.fromkeys(records.FLOAT_COLUMNS, float(value)),
            records.BALANCED: float(value),
        }
        for epoch, value in enumerate(validation, start=1)
    ]
    (record.folder / records.EPOCHS).write_bytes(records.epochs_bytes(rows, (records.BALANCED,)))
    labels = record.predictions().labels
    milestones = {
        epoch: Milestone(np.where(outcomes[epoch], labels, 1 - labels), np.where(outcomes[epoch], -0.3, -1.4))
        for epoch in budget.milestones(horizon)
    }
    (record.folder / records.MILESTONES).write_bytes(milestones_bytes(milestones))
    return seal(record.folder)
