"""Made-up comparisons for the tests of the report: a win, a null, a loss, A/A, undecided, many arms, hostile names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from builders import run_manifest

from augexp.analysis.learning_curves import differences
from augexp.analysis.schema import Arm, Budget, Comparison, Contrast
from augexp.analysis.values import EqualBudget, Gain, Interval, Look, Measure, Outlook, Wins
from augexp.results.manifests import Horizon
from augexp.results.predictions import Predictions
from augexp.results.records import COLUMNS, RunRecord

HOSTILE = "\"><script>alert('x')</script>"
TWO = ("bedroom", "kitchen")
LONG = "a-very-long-arm-name-that-somebody-chose-because-it-was-allowed"


def records(arms: list[str], seeds: int = 5, *, epochs: int = 12, gains: list[float] | None = None) -> list[RunRecord]:
    runs = []
    time = np.arange(1.0, epochs + 1)
    for index, arm in enumerate(arms):
        for seed in range(seeds):
            noise = np.random.default_rng([index, seed]).normal(0, 0.01, (3, epochs))
            top = 0.8 + (gains or [0.0] * len(arms))[index] / 100
            columns = {name: np.zeros(epochs) for name in COLUMNS}
            columns |= {"epoch": time.astype(np.int64), "images_seen": (1000 * time).astype(np.int64)}
            columns["unique_images"] = columns["images_seen"] if index else np.full(epochs, 1000)
            curve = 0.5 + (top - 0.5) * (1 - np.exp(-time / 4))
            for row, name in enumerate(("train_accuracy", "probe_accuracy", "val_accuracy")):
                columns[name] = curve + 0.05 * (2 - row) + noise[row]
            runs.append(RunRecord(Path("nowhere"), run_manifest(arm, seed), columns))
    return runs


def with_predictions(runs: list[RunRecord], images: int, classes: tuple[str, ...]) -> list[RunRecord]:
    labels = np.arange(images) % len(classes)
    for index, record in enumerate(runs):
        wrong = np.random.default_rng(index).random(images) < 0.2
        predicted = np.where(wrong, (labels + 1) % len(classes), labels)
        record.__dict__["_predictions"] = Predictions(
            labels=labels, predicted=predicted, correct=~wrong,
            probabilities=np.zeros((images, len(classes)), dtype=np.float32),
            ids=np.arange(images, dtype=np.uint64), clusters=np.arange(images), classes=classes,
        )  # fmt: skip
    return runs


def around(middle: float, half: float) -> Interval:
    return Interval(low=middle - half, high=middle + half)


def measure(name: str, images: int, baseline: float, arm: float, difference: float, interval: Interval | None = None,
            p: float | None = None) -> Measure:  # fmt: skip
    return Measure(key=name, name=name, images=images, baseline=baseline, arm=arm, difference=difference,
                   interval=interval, scope="new images", p=p)  # fmt: skip


def contrast(
    arm: str,
    differences: list[float],
    half: float,
    verdict: str,
    tone: str,
    *,
    classes: tuple[str, ...] = (),
) -> Contrast:
    mean, n = float(np.mean(differences)), len(differences)
    won = sum(value > 0 for value in differences)
    measures = (
        measure("accuracy (%)", 3000, 80.0, 80.0 + mean, mean, around(mean, half), 0.0123),
        measure("log loss", 3000, 0.5, 0.45, -0.05),
    )
    count = len(classes)
    confusion = np.stack([np.full((count, count), 5.0) + 80 * np.eye(count)] * 2)
    confusion[1] += np.eye(count) * mean - (1 - np.eye(count)) * mean / max(1, count - 1)
    sentence = (
        f"On new images of these classes, `{arm}` changed accuracy by {mean:+.1f} pp (95 % interval "
        f"{mean - half:+.1f} to {mean + half:+.1f}; {n} paired seeds, 3,000 test images, look 1 of 4). "
        f"{won} of {n} seeds better. {verdict} (±0.5 pp count as no difference). "
        "Same 4,000 steps, same initialisation and order; ρ = .41."
    )
    outlook = Outlook(
        half_width=half, image_floor=0.4, with_seeds={n: half, 2 * n: 0.7 * half}, with_images={3000: half},
        sd_seeds=1.0, sd_upper=1.5, seeds_needed=12, buy="seeds",
    )  # fmt: skip
    return Contrast(
        arm=arm, control="", seeds=tuple(range(n)), differences=tuple(differences), estimate=mean,
        new_images=around(mean, half), these_images=around(mean, 0.6 * half), components=None, verdict=verdict,
        tone=tone, decided=tone != "open", sentence=sentence,
        wins=Wins(wins=won, ties=0, n=n, low=0.25, high=0.75, chance=0.125), correlation=0.41,
        relative_error_reduction=0.05, d_z=1.25, p=0.0123, p_holm=0.0246, p_sign_flip=None, outlook=outlook, gain=None,
        measures=measures,
        classes=tuple(measure(name, 100, 80.0, 81.0, 1.0, around(1.0, 0.5), 0.01) for name in classes),
        confusion=confusion.tolist() if count else None, warnings=(),
    )  # fmt: skip


def comparison(contrasts: list[Contrast], **changes: object) -> Comparison:
    arms = ["none", *(c.arm for c in contrasts)]
    values = {
        "augexp": "0.1.0", "name": "sample", "experiment_hash": "0" * 16, "plan_hash": "1" * 16,
        "source": "drawn scenes", "synthetic": True, "classes": TWO, "metric": "accuracy", "equivalence": 0.5,
        "baseline": "none", "test_images": 3000, "test_clusters": 3000, "draws": "whole",
        "look": Look(
            rule="fixed", seeds=5, number=None, looks=(), alpha=0.05, comparisons=len(contrasts), t=2.8, z=2.0
        ),
        "missing": (), "arms": tuple(one_arm(name) for name in arms), "contrasts": tuple(contrasts),
        "best": tuple(arms[1:]) if len(contrasts) > 1 else (), "warnings": ("Conditional on this training set.",),
        "plan_changes": (), "ledger": {"steps": 4000, "batch_size": 32},
        "data": {
            "format": 1, "source": "folder", "synthetic": False, "classes": list(TWO), "image_size": 64,
            "images": 3001, "records": 3002, "counts": {},
            "split": {"rule": "hash", "explanation": "70 % train, 30 % test"},
            "skipped": {"count": 1, "records": [{"key": "a.jpg", "class": "a", "reason": "empty"}]},
            "ignored_files": 0, "warnings": [], "fingerprint": "2" * 16,
            "duplicates": {
                "exact": 0, "across_classes": 0, "near": 0, "clustered_images": 0, "excluded": 0, "pairs": [],
            },
        },
        "environment": {"augexp": "0.1.0", "tensorflow": "2.21"}, "command": "augexp compare --seeds 5",
        "definition": {},
    }  # fmt: skip
    return Comparison(**{**values, **changes})  # type: ignore[arg-type]


def one_arm(name: str, **changes: object) -> Arm:
    values = {
        "name": name, "policy": name, "summary": "flip, rotation", "runs": 5, "diverged": 0, "metric": 80.0,
        "validation": 80.0, "probe": 85.0, "gap": 5.0, "images_seen": 128_000, "unique_images": 12_000,
        "wall_seconds": 12.5, "cpu_seconds": 11.0, "augment_seconds": None,
    }  # fmt: skip
    return Arm(**{**values, **changes})  # type: ignore[arg-type]


def changed(answer: Comparison, **changes: object) -> Comparison:
    """Return a comparison of one contrast in which that contrast has other values."""
    (contrast,) = answer.contrasts
    return answer.model_copy(update={"contrasts": (contrast.model_copy(update=changes),)})


def cases() -> dict[str, tuple[Comparison, list[RunRecord]]]:
    """Return comparisons with their runs by name; the curves follow the runs, the rest is made up."""
    hostile = (HOSTILE, "長い名前のクラス" * 5)
    helps, hurts, null, undecided = (
        "HELPS, by at least 0.8 pp",
        "HURTS, by at least 8.0 pp",
        "NO PRACTICAL DIFFERENCE",
        "UNDECIDED",
    )
    single = {
        "win": contrast("standard", [1.0, 2.1, 1.4, 1.7, 2.0], 0.8, helps, "helps", classes=TWO),
        "null": contrast("standard", [0.1, -0.1, 0.0, 0.2, -0.1], 0.3, null, "same", classes=TWO),
        "loss": contrast("harmful", [-9.0, -11.0, -10.0], 2.0, hurts, "hurts", classes=TWO),
        "same": contrast("twin", [0.0] * 5, 0.0, null, "same", classes=TWO),
        "undecided": contrast("standard", [4.0, -5.0, 1.0], 9.0, undecided, "open", classes=TWO),
        "hostile": contrast(LONG, [1.0, 2.0, 3.0], 3.0, undecided, "open", classes=hostile),
        "smoke": without_intervals(contrast("standard", [0.4, 1.2], 1.0, "NO VERDICT, 2 seeds", "open")),
        "unfinished": unfinished("standard"),
    }
    changes: dict[str, dict[str, object]] = {name: {} for name in single}
    changes["hostile"] = {"classes": hostile, "warnings": (HOSTILE,), "source": HOSTILE, "command": HOSTILE}
    built = {name: case([one], **changes[name]) for name, one in single.items()}
    built["many"] = case(
        [
            contrast(f"arm-{i}", [i - 3 + 0.1 * s for s in range(20)], 0.8, words, tone, classes=TWO)
            for i, (words, tone) in enumerate(
                [
                    ("HURTS, by at least 0.6 pp", "hurts"),
                    ("DOES NOT HELP, may hurt", "open"),
                    ("HELPS, size uncertain", "helps"),
                    ("HELPS, by at least 1.1 pp", "helps"),
                    ("HELPS, by at least 2.1 pp", "helps"),
                ],
                start=1,
            )
        ]
    )
    built["budgets"] = with_budgets(case([single["win"].model_copy()]))
    built["budgets of many"] = with_budgets(case([c.model_copy() for c in built["many"][0].contrasts]))
    return built


def with_budgets(made: tuple[Comparison, list[RunRecord]]) -> tuple[Comparison, list[RunRecord]]:
    """Return a comparison as if the validation images had chosen the budgets."""
    answer, runs = made
    milestones = (1, 2, 3, 5, 7, 10, 14, 20)
    contrasts = tuple(
        one.model_copy(
            update={
                "equal_budgets": tuple(
                    EqualBudget(
                        epochs=epochs, baseline=60.0 + epochs, arm=60.0 + epochs + place, difference=float(place),
                        differences=tuple(place + value for value in one.differences),
                        interval=around(place, 1.5), scope="new images",
                    )
                    for place, epochs in enumerate(milestones)
                )
            }
        )
        for one in answer.contrasts
    )  # fmt: skip
    budgets = {name: (5, 7) if name == "none" else (14, 14) for name in (arm.name for arm in answer.arms)}
    arms = tuple(
        arm.model_copy(update={"budget": Budget(epochs=budgets[arm.name], typical=budgets[arm.name][0], steps=630.0)})
        for arm in answer.arms
    )
    horizon = Horizon(epochs=20, settled=True, gains={"none": 0.1, "standard": 0.7}, still_gaining=("standard",))
    definition = {"training": {"epochs": "auto"}}
    update = {"contrasts": contrasts, "arms": arms, "horizon": horizon, "definition": definition}
    return answer.model_copy(update=update), runs


def case(contrasts: list[Contrast], **changes: object) -> tuple[Comparison, list[RunRecord]]:
    """Put a comparison and its runs together, with the gain by epoch as the runs have it."""
    known = [c.estimate or 0.0 for c in contrasts]
    seeds = max(max(len(c.differences) for c in contrasts), 1)
    runs = records(["none", *(c.arm for c in contrasts)], seeds, gains=[0.0, *known])
    if contrasts[0].arm == "twin":  # the same definition gives the same runs
        columns = {record.seed: record.epochs for record in runs if record.arm == "none"}
        runs = [RunRecord(record.folder, record.run, columns[record.seed]) for record in runs]
    return comparison([_with_gain(c, runs) if c.seeds else c for c in contrasts], **changes), runs


def _with_gain(one: Contrast, runs: list[RunRecord]) -> Contrast:
    values = differences(runs, "none", one.arm).values
    mean, half = values.mean(axis=0), 4.0 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    banded = one.new_images is not None
    gain = Gain(
        mean=mean.tolist(), low=(mean - half).tolist() if banded else None,
        high=(mean + half).tolist() if banded else None, pairs=len(values), ahead_from=4,
        surely_ahead_from=None, slope=None, slope_interval=None, still_gaining=False,
    )  # fmt: skip
    return one.model_copy(update={"gain": gain})


def without_intervals(one: Contrast) -> Contrast:
    return one.model_copy(update={"new_images": None, "these_images": None, "outlook": None})


def unfinished(arm: str) -> Contrast:
    """Return a contrast of which no pair of runs is complete."""
    one = without_intervals(contrast(arm, [1.0], 1.0, "NO VERDICT, no complete pair", "open"))
    nothing = dict.fromkeys(("estimate", "wins", "correlation", "relative_error_reduction", "d_z", "p", "p_holm"))
    sentence = f"No pair of runs of `{arm}` is complete yet."
    empty = dict.fromkeys(("seeds", "differences", "measures", "classes"), ())
    return one.model_copy(update={**nothing, **empty, "sentence": sentence})
