"""Made-up comparisons for the tests of the report: a win, a null, a loss, A/A, undecided, many arms, hostile names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import run_manifest

from augexp.reporting.charts import differences
from augexp.reporting.digest import Arm, Contrast, Digest, Measure
from augexp.results.records import COLUMNS, Predictions, RunRecord

HOSTILE = "\"><script>alert('x')</script>"
TWO = ("bedroom", "kitchen")
LONG = "a-very-long-arm-name-that-somebody-chose-because-it-was-allowed"


def records(arms: list[str], seeds: int = 5, *, epochs: int = 12, gains: list[float] | None = None) -> list[RunRecord]:
    made = []
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
            made.append(RunRecord(Path("nowhere"), run_manifest(arm, seed), columns))
    return made


def with_predictions(made: list[RunRecord], images: int, classes: tuple[str, ...]) -> list[RunRecord]:
    labels = np.arange(images) % len(classes)
    for index, record in enumerate(made):
        wrong = np.random.default_rng(index).random(images) < 0.2
        predicted = np.where(wrong, (labels + 1) % len(classes), labels)
        record.__dict__["_predictions"] = Predictions(
            labels=labels, predicted=predicted, correct=~wrong,
            probabilities=np.zeros((images, len(classes)), dtype=np.float32),
            ids=np.arange(images, dtype=np.uint64), clusters=np.arange(images), classes=classes,
        )  # fmt: skip
    return made


def contrast(
    arm: str, dots: list[float], half: float, words: str, tone: str, *, epochs: int = 12, classes: tuple[str, ...] = ()
) -> Contrast:
    mean = float(np.mean(dots))
    gain = np.linspace(0, mean, epochs)
    measures = (
        Measure("accuracy (%)", 3000, 80.0, 80.0 + mean, mean, (mean - half, mean + half), 0.0123),
        Measure("log loss", 3000, 0.5, 0.45, -0.05, None, None),
    )
    count = len(classes)
    confusion = np.stack([np.full((count, count), 5.0) + 80 * np.eye(count)] * 2)
    confusion[1] += np.eye(count) * mean - (1 - np.eye(count)) * mean / max(1, count - 1)
    sentence = (
        f"On new images of these classes, `{arm}` changed accuracy by {mean:+.1f} pp (95 % interval "
        f"{mean - half:+.1f} to {mean + half:+.1f}; {len(dots)} paired seeds, 3,000 test images, look 1 of 4). "
        f"{sum(d > 0 for d in dots)} of {len(dots)} seeds better. {words} (±0.5 pp count as no difference). "
        "Same 4,000 steps, same initialisation and order; ρ = .41."
    )
    return Contrast(
        arm=arm, words=words, tone=tone, sentence=sentence, seeds=tuple(range(len(dots))), dots=tuple(dots),
        estimate=mean, wide=(mean - half, mean + half), narrow=(mean - 0.6 * half, mean + 0.6 * half),
        wide_label=f"new images: 95 % interval, {len(dots)} pairs, 3,000 images",
        narrow_label=f"these test images: 95 % t interval, {len(dots)} pairs",
        facts=(("wins", f"{sum(d > 0 for d in dots)} of {len(dots)}"), ("ρ", "0.41")),
        gain=gain, gain_low=gain - 2, gain_high=gain + 2, band=f"95 % t interval at each epoch, {len(dots)} pairs",
        pays=("From epoch 4 on the difference stays above zero.",), buy=("12 seeds would halve the interval.",),
        measures=measures, classes=tuple(Measure(n, 100, 80.0, 81.0, 1.0, (0.5, 1.5), 0.01) for n in classes),
        confusion=confusion if count else None,
    )  # fmt: skip


def digest(contrasts: list[Contrast], **changes: object) -> Digest:
    arms = ["none", *(c.arm for c in contrasts)]
    values = {
        "name": "sample", "source": "drawn scenes", "synthetic": True, "metric": "accuracy", "r": 0.5,
        "baseline": "none", "together": ("Could be best: standard.",) if len(contrasts) > 1 else (),
        "arms": tuple(Arm(a, "flip, rotation", 5, 0, 80.0, 5.0, 12000, 12.5, 11.0) for a in arms),
        "contrasts": tuple(contrasts), "warnings": ("Conditional on this training set.",),
        "plan": (("looks", "5, 8, 12, 20"),), "ledger": (("steps", "4,000"), ("batch size", "32")),
        "data": (("test images", "3,000"), ("skipped", "2: a.jpg (empty), b.jpg (not an image)")),
        "environment": (("augexp", "0.1.0"), ("tensorflow", "2.21")), "command": "augexp compare --seeds 5",
        "class_names": TWO,
    }  # fmt: skip
    return Digest(**{**values, **changes})  # type: ignore[arg-type]


def cases() -> dict[str, tuple[Digest, list[RunRecord]]]:
    """Return digests with their runs by name; the curves follow the runs, the rest is made up."""
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
    changes["hostile"] = {"class_names": hostile, "warnings": (HOSTILE,), "source": HOSTILE, "command": HOSTILE}
    made = {name: case([one], **changes[name]) for name, one in single.items()}
    made["many"] = case(
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
    return made


def case(contrasts: list[Contrast], **changes: object) -> tuple[Digest, list[RunRecord]]:
    """Put a digest and its runs together, with the gain by epoch as the runs have it."""
    known = [0.0 if np.isnan(c.estimate) else c.estimate for c in contrasts]
    seeds = max(max(len(c.dots) for c in contrasts), 1)
    made = records(["none", *(c.arm for c in contrasts)], seeds, gains=[0.0, *known])
    if contrasts[0].arm == "twin":  # the same definition gives the same runs
        columns = {record.seed: record.epochs for record in made if record.arm == "none"}
        made = [replace(record, epochs=columns[record.seed]) for record in made]
    return digest([_with_gain(c, made) for c in contrasts], **changes), made


def _with_gain(one: Contrast, made: list[RunRecord]) -> Contrast:
    if not one.band:
        return one
    values = differences(made, "none", one.arm).values
    mean, half = values.mean(axis=0), 4.0 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return replace(one, gain=mean, gain_low=mean - half, gain_high=mean + half)


def without_intervals(one: Contrast) -> Contrast:
    none = np.full(len(one.gain), np.nan)
    one = replace(one, gain_low=none, gain_high=none)
    return replace(one, wide=None, narrow=None, wide_label="", narrow_label="", buy=(), band="")


def unfinished(arm: str) -> Contrast:
    """Return a contrast of which no pair of runs is complete."""
    nothing = np.array(())
    one = without_intervals(contrast(arm, [1.0], 1.0, "NO VERDICT, no complete pair", "open"))
    return replace(
        one, seeds=(), dots=(), estimate=float("nan"), gain=nothing, gain_low=nothing, gain_high=nothing, facts=(),
        pays=(), measures=(), classes=(), sentence=f"No pair of runs of `{arm}` is complete yet.",
    )  # fmt: skip
