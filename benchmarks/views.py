"""A few stored views of each image in place of fresh ones, with a frozen backbone: what that does to accuracy.

    python benchmarks/views.py [TINY_IMAGENET] [BACKBONE] [--seeds 20]   # about ten minutes; writes results/views.*

`--tune head` runs the backbone once for each image and view, and epoch e shows view e mod V. With V equal to the number
of epochs every epoch has views of its own. The same seeds are trained with fewer views and with as many as there
are epochs, and the arm `standard` of the two is judged as pairs, image by image: same initial weights, same order.

TINY_IMAGENET holds a folder for each WordNet id; BACKBONE is a saved Keras network from images in [0, 1] to features.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tables import table, write

import augexp

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
CLASSES = {
    "cat": ("n02123045", "n02123394", "n02124075"),
    "dog": ("n02085620", "n02094433", "n02099601", "n02099712", "n02106662", "n02113799"),
}
CASES = ((20, 8), (40, 20))
"""Epochs, and the views that are fewer."""

ARM = "standard"


def gather(source: Path, target: Path) -> None:
    """Copy the photos of the WordNet ids into one folder for each class."""
    for name, ids in CLASSES.items():
        for wordnet in ids:
            shutil.copytree(source / wordnet, target / name / wordnet)


def rows(table_of_runs: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the arm under another name."""
    with table_of_runs.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["arm"] == ARM:
                yield {key: row[key] for key in ("seed", "image", "label", "predicted")} | {"arm": name}


def compare(folder: Path, photos: Path, backbone: Path, seeds: int, epochs: int, views: int) -> Path:
    """Train one setting; return the table of its runs."""
    name = f"views-{views}-of-{epochs}"
    augexp.compare(
        ROOT / "experiments" / "cats-dogs-head.toml",
        name=name,
        path=str(photos),
        model=str(backbone),
        seeds=seeds,
        epochs=epochs,
        views=views,
        results_dir=folder / "results",
        data_dir=folder / "data",
        pictures=False,
    )
    target = folder / f"{name}.csv"
    augexp.export(folder / "results" / name, "table", str(target), data_dir=folder / "data")
    return target


def measure(folder: Path, photos: Path, backbone: Path, seeds: int, epochs: int, few: int) -> dict[str, Any]:
    """Judge fewer views against as many as there are epochs."""
    judged = folder / f"few-{few}-of-{epochs}.csv"
    with judged.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("arm", "seed", "image", "label", "predicted"))
        writer.writeheader()
        for views, name in ((epochs, "fresh"), (few, "few")):
            writer.writerows(rows(compare(folder, photos, backbone, seeds, epochs, views), name))
    answer = augexp.judge(
        judged,
        design="paired",
        endpoint="final",
        baseline="fresh",
        seeds=seeds,
        name=judged.stem,
        results_dir=folder / "results",
    )
    (contrast,) = answer.contrasts
    interval = contrast.new_images
    assert interval is not None
    return {
        "epochs": epochs,
        "views": few,
        "seeds": seeds,
        "test_images": answer.test_images,
        "difference": contrast.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def main() -> None:
    """Measure every case and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", type=Path, default=SHARED / "tiny-imagenet")
    parser.add_argument("backbone", nargs="?", type=Path, default=SHARED / "backbones" / "efficientnet-lite0.keras")
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gather(options.photos, folder / "photos")
        cases = [measure(folder, folder / "photos", options.backbone, options.seeds, *case) for case in CASES]
    lines = [
        (
            f"{case['views']} views, {case['epochs']} epochs",
            f"{case['difference']:+.1f}",
            f"{case['low']:+.1f} to {case['high']:+.1f}",
            case["seeds"],
            f"{case['test_images']:,}",
        )
        for case in cases
    ]
    head = ("stored views, against a view of its own in every epoch", "pp", "95 % interval", "seeds", "test images")
    write("views", {"arm": ARM, "cases": cases}, f"Accuracy of `{ARM}`.\n\n{table(head, lines)}")


if __name__ == "__main__":
    main()
