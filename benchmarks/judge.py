"""Judging 40 runs x 10,000 images x 10 classes from CSV, Parquet and npz: seconds and the largest memory.

    python benchmarks/judge.py          # about a minute; writes benchmarks/results/judge.*

Every kind of file is judged in a process of its own, start and libraries included. Parquet needs pyarrow and is left
out without it. Wall time counts; the time of the processor says what it would be on a machine that is not shared.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import machine, table, write

GOALS = {"csv": 10.0, "parquet": 3.0, "npz": 3.0}
"""Seconds."""

MEMORY = 500.0
"""MB."""

CODE = (
    "import augexp, sys; "
    "seeds = int(sys.argv[2]); "
    "print(augexp.judge(sys.argv[1], design='paired', endpoint='final', seeds=seeds).contrasts[0].sentence); "
    "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)


def runs(seeds: int, images: int, classes: int) -> Iterator[tuple[str, int, npt.NDArray[np.float64]]]:
    """Yield arm, seed and probabilities, float64 (images, classes), of two arms of made-up runs."""
    generator = np.random.default_rng(0)
    labels, difficulty = np.arange(images) % classes, generator.normal(0.8, 0.6, images)
    for place, arm in enumerate(("none", "better")):
        for seed in range(seeds):
            values = np.ones((images, classes))
            values[np.arange(images), labels] = np.exp(
                3 * (difficulty + generator.normal(0, 0.7, images) + 0.1 * place)
            )
            yield arm, seed, values / values.sum(axis=1, keepdims=True)


def make(folder: Path, seeds: int, images: int, classes: int) -> dict[str, Path]:
    """Write the same runs as every kind of file; return the places."""
    names = [f"image-{place:05}.png" for place in range(images)]
    labels = np.arange(images) % classes
    places = {"csv": folder / "runs.csv", "npz": folder / "npz"}
    with places["csv"].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        heads = ["arm", "seed", "image", "label", *(f"p_{label}" for label in range(classes))]
        writer.writerow(heads)
        for arm, seed, values in runs(seeds, images, classes):
            rows = zip(names, labels.tolist(), values.tolist(), strict=True)
            writer.writerows([arm, seed, name, label, *numbers] for name, label, numbers in rows)
            (places["npz"] / arm).mkdir(parents=True, exist_ok=True)
            target = places["npz"] / arm / f"seed-{seed}.npz"
            np.savez(target, labels=labels, images=np.array(names), probabilities=values)
    try:
        from pyarrow import csv as reader
        from pyarrow import parquet
    except ImportError:
        return places
    places["parquet"] = folder / "runs.parquet"
    parquet.write_table(reader.read_csv(places["csv"]), places["parquet"])
    return places


def measure(place: Path, seeds: int) -> dict[str, Any]:
    """Judge in a process of its own; return wall seconds, seconds of the processor, and the largest memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", CODE, place, str(seeds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{place}: judging failed")
    wall = time.perf_counter() - start
    sentence, kilobytes = output.splitlines()
    return {
        "wall": wall,
        "processor": usage.ru_utime + usage.ru_stime,
        "megabytes": int(kilobytes) * 1.024 / 1000,
        "sentence": sentence,
    }


def main() -> None:
    """Measure every kind of file and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = make(Path(folder), options.seeds, options.images, options.classes)
        rounds = {
            kind: [measure(place, options.seeds) for _ in range(options.rounds)] for kind, place in places.items()
        }
    best = {kind: min(measured, key=lambda one: one["wall"]) for kind, measured in rounds.items()}
    rows = [
        (
            f"{kind} (goal: {GOALS[kind]:.0f} s)",
            f"{one['wall']:.2f}",
            f"{one['processor']:.2f}",
            f"{one['megabytes']:.0f}",
        )
        for kind, one in best.items()
    ]
    head = ("file", "seconds, best round", "of the processor", "memory, MB")
    count = 2 * options.seeds
    text = f"{count} runs x {options.images:,} images x {options.classes} classes; memory goal: {MEMORY:.0f} MB.\n\n"
    if len({one["sentence"] for one in best.values()}) != 1:
        raise SystemExit("the kinds of file gave different answers")
    write("judge", {"machine": machine(), "rounds": rounds}, text + table(head, rows) + "\n")


if __name__ == "__main__":
    main()
