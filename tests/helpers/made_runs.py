"""Made-up runs on disk, written with the records' own functions: outcomes are chosen, everything else is in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.results import records
from augexp.results.manifests import RUN_SCHEMA, PlanEntry, RecordedPlan, RunManifest
from augexp.results.records import Predictions, RunRecord

CLASSES = ("left", "right")
LEDGER = {
    "steps": 90, "batch_size": 32, "images_seen": 2880, "epochs": 9,
    "parameters": 1476, "optimizer": "adam 0.001", "schedule": "constant", "precision": "float32",
}  # fmt: skip


def experiment(**plan) -> Experiment:
    values = {"arms": ["none", "standard"], "seeds": 5, **plan}
    policies = {"again": {"policy": "none"}} if "again" in values["arms"] else {}
    return definition.parse({"name": "made", "plan": values, "policies": policies}, origin="test")


def history(made: Experiment, *, finished: int = 0, before: Experiment | None = None) -> list[PlanEntry]:
    """Return the plans of a results folder; `before` was the plan until `finished` pairs were there."""
    plans = [before, made] if before else [made]
    return [
        PlanEntry(
            plan=RecordedPlan.from_values(one.plan.definition()),
            arms={arm: one.policy(arm).definition() for arm in one.plan.arms},
            plan_hash=one.plan_hash,
            blocks_finished=finished if i == len(plans) - 1 else 0,
        )
        for i, one in enumerate(plans)
    ]


def manifest(arm: str = "none", seed: int = 0, **changes) -> RunManifest:
    """Return the manifest of a finished run of 9 epochs, with changes made to its values."""
    values = {
        "schema": RUN_SCHEMA, "status": "complete", "experiment": "e" * 16, "arm": arm, "arm_hash": "a" * 16,
        "seed": seed, "error": None, "store": "0" * 16, "versions": {"augexp": "test"}, "classes": CLASSES,
        "ledger": LEDGER,
        "counts": {"train": 320, "validation": 40, "test": 60}, "weights_initial": f"start {seed}",
        "weights_final": f"{arm:0<32}", "order": f"order {seed}", "test": {"loss": 0.5, "accuracy": 0.75},
    }  # fmt: skip
    return RunManifest.from_values({**values, **changes})


def write(
    folder: Path, made: Experiment, arm: str, seed: int, correct, *, labels=None, clusters=None, status="complete",
    **changes,
) -> RunRecord:  # fmt: skip
    """Write one run whose network was right where `correct` says, bool (m,)."""
    correct = np.asarray(correct, dtype=bool)
    labels = np.arange(len(correct)) % 2 if labels is None else np.asarray(labels)
    predicted = np.where(correct, labels, 1 - labels)
    probabilities = np.full((len(correct), 2), 0.25, dtype=np.float32)
    probabilities[np.arange(len(correct)), predicted] = 0.75
    found = Predictions(
        labels=labels, predicted=predicted, correct=correct, probabilities=probabilities,
        ids=np.arange(len(correct), dtype=np.uint64),
        clusters=np.arange(len(correct)) if clusters is None else np.asarray(clusters), classes=CLASSES,
    )  # fmt: skip
    place = records.run_folder(folder, arm, seed)
    place.mkdir(parents=True)
    rows = []
    for epoch in range(1, 10):
        accuracy = float(correct.mean()) * (1 - 0.5**epoch)
        counts = {"epoch": epoch, "steps": 10 * epoch, "images_seen": 320 * epoch, "unique_images": 320}
        rows.append({**counts, **dict.fromkeys(records.FLOAT_COLUMNS, accuracy)})
    (place / records.EPOCHS).write_bytes(records.epochs_bytes(rows))
    (place / records.PREDICTIONS).write_bytes(records.predictions_bytes(found))
    values = {
        "status": status, "experiment": made.hash, "arm_hash": made.arm_hash(arm),
        "counts": {"train": 320, "validation": 40, "test": len(correct)}, **changes,
    }  # fmt: skip
    (place / records.RUN).write_bytes(records.json_bytes(manifest(arm, seed, **values).values()))
    return records.read_run(place)


def block(folder: Path, made: Experiment, seed: int, matrices: dict[str, np.ndarray], **details) -> list[RunRecord]:
    """Write one run per arm; `matrices` holds bool (n, m) per arm."""
    return [write(folder, made, arm, seed, matrices[arm][seed], **details) for arm in made.plan.arms]


def outcomes(n: int, m: int, gain: float, *, seed: int = 0, arms=("none", "standard")) -> dict[str, np.ndarray]:
    """Draw bool (n, m) per arm; all arms but the first are better by about `gain`."""
    generator = np.random.default_rng(seed)
    difficulty = generator.normal(0.8, 0.6, m)
    drawn = {}
    for index, arm in enumerate(arms):
        noise = generator.normal(0, 0.7, (n, m)) + generator.normal(0, 0.03, (n, 1))
        drawn[arm] = difficulty + noise + (gain if index else 0.0) > 0
    return drawn
