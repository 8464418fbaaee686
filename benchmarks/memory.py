"""Private memory of a training worker: 1,000 against 100,000 images of 64 x 64 pixels.

    python benchmarks/memory.py [--images 1000 100000]        # about five minutes; writes benchmarks/results/memory.*

The stores are noise, and every image is trained on (`train_per_class` is not set). A worker of the engine
trains one epoch and some; its `RssAnon` is read ten times a second while it does, and the largest value
counts. Memory that only maps the images from the disk is not private and can be taken away at any time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
from tables import table, write

from augexp.data import splits
from augexp.data.store import open_store
from augexp.data.store_manifest import StoreManifest, write_manifest
from augexp.engines.local import LocalEngine
from augexp.experiment import definition
from augexp.results import records
from augexp.training.task import RunTask

GOAL = 20.0
"""MiB that the larger store may cost."""

SIZE, CLASSES, EVALUATION = 64, 2, 400


def make_store(folder: Path, images: int) -> Path:
    """Write a store of noise with `images` training images and a fixed number of others; return its folder."""
    folder.mkdir(parents=True)
    total, generator = images + 2 * EVALUATION, np.random.default_rng(images)
    pixels = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (total, SIZE, SIZE, 3))
    for start in range(0, total, 1000):
        part = pixels[start : start + 1000]
        part[:] = generator.integers(0, 256, part.shape, dtype=np.uint8)
    del pixels
    codes = np.full(total, splits.TRAIN, np.uint8)
    codes[images : images + EVALUATION], codes[images + EVALUATION :] = splits.VALIDATION, splits.TEST
    keys = np.zeros((total, 20), np.uint8)
    keys[:, :8] = np.arange(total, dtype=">u8").view(np.uint8).reshape(total, 8)
    np.save(folder / "labels.npy", np.arange(total) % CLASSES)
    np.save(folder / "keys.npy", keys)
    np.save(folder / "splits.npy", codes)
    np.save(folder / "clusters.npy", np.arange(total))
    counts = dict.fromkeys(
        ("even", "odd"), {"train": images // 2, "validation": EVALUATION // 2, "test": EVALUATION // 2}
    )
    duplicates = dict.fromkeys(("exact", "across_classes", "near", "clustered_images", "excluded"), 0) | {"pairs": ()}
    manifest = StoreManifest.model_validate(
        {
            **{"format": 1, "source": "folder", "synthetic": True, "classes": tuple(counts), "image_size": SIZE},
            **{"images": total, "records": total, "counts": counts, "split": {"rule": "official", "explanation": ""}},
            **{"skipped": {"count": 0, "records": ()}, "ignored_files": 0, "warnings": (), "duplicates": duplicates},
            "fingerprint": f"{images:016x}",
        }
    )
    write_manifest(folder / "store.json", manifest)
    return open_store(folder).path


def private_memory(process: int) -> float:
    """Return RssAnon in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


def measure(place: Path, images: int, epochs: int) -> dict[str, float]:
    """Return the largest private memory in MiB of a worker that trains on `images` images."""
    store = make_store(place / f"store-{images}", images)
    experiment = definition.parse(
        {
            "name": "memory",
            "data": {"source": "folder", "path": str(place), "image_size": SIZE},
            "training": {"epochs": epochs},
        },
        origin="memory.py",
    )
    task = RunTask(experiment, "standard", 0, store, records.run_folder(place / f"results-{images}", "standard", 0))
    found, over = {"start": 0.0, "training": 0.0}, threading.Event()

    def look(process: int) -> None:
        while not over.wait(0.1):
            stage = "training" if (task.folder / records.EPOCHS).exists() else "start"
            found[stage] = max(found[stage], private_memory(process))

    with LocalEngine(1) as engine:
        engine.start(1)
        watcher = threading.Thread(target=look, args=(engine._workers[0].process.pid,))
        watcher.start()
        outcome = engine.execute([task])
        over.set()
        watcher.join()
    if outcome.failures:
        raise SystemExit(outcome.failures[0].message)
    return found


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs=2, default=[1_000, 100_000])
    options = parser.parse_args()
    few, many = sorted(options.images)
    with tempfile.TemporaryDirectory() as name:
        # The small store is trained on for longer, so that neither worker has done much less than the other.
        found = {n: measure(Path(name), n, epochs) for n, epochs in ((few, 20), (many, 1))}
    growth = found[many]["training"] - found[few]["training"]
    rows = [[f"{n:,} images", f"{v['start']:.0f}", f"{v['training']:.0f}"] for n, v in found.items()]
    text = table(["RssAnon of a worker, MiB", "while it starts", "while it trains"], rows)
    text += f"\n\n{many:,} images take {growth:+.1f} MiB more than {few:,}; the goal is at most {GOAL:.0f}."
    write("memory", {"mebibytes": {str(n): values for n, values in found.items()}, "growth": growth}, text)
    return 0 if growth <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
