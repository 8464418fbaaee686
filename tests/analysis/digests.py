"""Made-up comparisons for the tests of the report: a win, a null, a loss, A/A, undecided, many arms, hostile names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from augexp.analysis.digest import Arm, Contrast, Digest, Measure
from augexp.training.records import COLUMNS, Predictions, RunRecord

HOSTILE = "\"><script>alert('x')</script>"
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
            run = {"arm": arm, "seed": seed, "status": "complete"}
            made.append(RunRecord(Path("nowhere"), run, columns, {}))
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
    sentence = f"On new images of these classes, `{arm}` changed accuracy by {mean:+.1f} pp. {words}."
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


def digest(contrasts: list[Contrast], classes: tuple[str, ...] = ("bedroom", "kitchen"), **changes: object) -> Digest:
    arms = ["none", *(c.arm for c in contrasts)]
    values = {
        "name": "sample", "source": "drawn scenes", "synthetic": True, "metric": "accuracy", "r": 0.5,
        "baseline": "none", "best": "Could be best: standard." if len(contrasts) > 1 else "",
        "arms": tuple(Arm(a, "flip, rotation", 5, 0, 80.0, 5.0, 12000, 12.5, 11.0) for a in arms),
        "contrasts": tuple(contrasts), "warnings": ("Conditional on this training set.",),
        "plan": (("looks", "5, 8, 12, 20"),), "ledger": (("steps", "4,000"), ("batch size", "32")),
        "data": (("test images", "3,000"), ("skipped", "2: a.jpg (empty), b.jpg (not an image)")),
        "environment": (("augexp", "0.1.0"), ("tensorflow", "2.21")), "command": "augexp compare --seeds 5",
        "class_names": classes,
    }  # fmt: skip
    return Digest(**{**values, **changes})  # type: ignore[arg-type]


TWO = ("bedroom", "kitchen")


def cases() -> dict[str, tuple[Digest, list[RunRecord]]]:
    hostile = (HOSTILE, "長い名前のクラス" * 5)
    many = [
        contrast(f"arm-{i}", [i - 3 + 0.1 * s for s in range(20)], 0.8, w, t, classes=TWO)
        for i, (w, t) in enumerate(
            [
                ("HURTS, by at least 0.6 pp", "hurts"),
                ("DOES NOT HELP, may hurt", "open"),
                ("HELPS, by at least 1.1 pp", "helps"),
                ("HELPS, by at least 0.9 pp", "helps"),
            ],
            start=1,
        )
    ]
    single = {
        "win": contrast("standard", [1.0, 2.1, 1.4, 1.7, 2.0], 0.8, "HELPS, by at least 0.8 pp", "helps", classes=TWO),
        "null": contrast("standard", [0.1, -0.1, 0.0, 0.2, -0.1], 0.3, "NO PRACTICAL DIFFERENCE", "same", classes=TWO),
        "loss": contrast("harmful", [-9.0, -11.0, -10.0], 2.0, "HURTS, by at least 8.0 pp", "hurts", classes=TWO),
        "same": contrast("twin", [0.0] * 5, 0.0, "NO PRACTICAL DIFFERENCE", "same", classes=TWO),
        "undecided": contrast("standard", [4.0, -5.0, 1.0], 9.0, "UNDECIDED", "open", classes=TWO),
        "hostile": contrast(LONG, [1.0, 2.0, 3.0], 3.0, "UNDECIDED", "open", classes=hostile),
    }
    made = {name: (digest([c]), records(["none", c.arm], len(c.dots))) for name, c in single.items()}
    made["hostile"] = (
        digest([single["hostile"]], hostile, warnings=(HOSTILE,), source=HOSTILE, command=HOSTILE),
        made["hostile"][1],
    )
    made["many"] = (digest(many), records(["none", *(c.arm for c in many)], 20))
    return made
