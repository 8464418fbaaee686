"""What the network of a learned policy makes of two images: as it was trained in a run, or as it starts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from augexp.augment.learned import Learned
from augexp.augment.partners import PartnerAugmenter
from augexp.augment.pipeline import Augmenter, Floats
from augexp.augment.pixels.learned_network import apply, initial_weights
from augexp.data.store import Store
from augexp.errors import ResultsError
from augexp.experiment import nouns
from augexp.experiment.definition import Experiment
from augexp.reporting.preview_sheets import Cell, PreviewSheet, Row, as_bytes, first_of_classes, origin, training_rows
from augexp.results import learned_weights, records
from augexp.results.run_json import read_manifest

VERSIONS = 6
"""Pictures in a row of the report beside the original."""

COLUMNS = 3
"""Images of one example: two inputs and what is made of them."""


def trained(results: Path, experiment: Experiment, arm: str) -> tuple[list[Floats], int] | None:
    """Return the weights that a finished run of an arm has learned, and its seed, the lowest one.

    Args:
        results: results folder of the experiment; need not be there.
        experiment: with the arm; a run of another definition does not count.
        arm: with a learned policy.
    """
    learned = experiment.policy(arm).learned
    if learned is None:
        return None
    folders = (results / "runs" / arm).glob("seed-*")
    numbers = sorted(int(text) for folder in folders if (text := folder.name.removeprefix("seed-")).isdigit())
    for seed in numbers:
        folder = records.run_folder(results, arm, seed)
        try:
            run = read_manifest(folder / records.RUN)
        except ResultsError:
            continue
        if run.arm_hash == experiment.arm_hash(arm) and run.status != "failed":
            weights = learned_weights.read(folder / learned_weights.NAME, learned.shapes)
            if weights is not None:
                return weights, seed
    return None


def of_arms(experiment: Experiment, store: Store, arms: Iterable[str], results: Path) -> dict[str, PreviewSheet]:
    """Return file name (without suffix) and sheet of those among `arms` that have a learned part; see `samples`."""
    arms = [arm for arm in arms if experiment.policy(arm).learned is not None]
    return {f"learned-{arm}": samples(experiment, arm, store, VERSIONS, results) for arm in arms}


def samples(experiment: Experiment, arm: str, store: Store, versions: int, results: Path) -> PreviewSheet:
    """Show for one training image per class what is made for it in the first epochs of a seed.

    Args:
        experiment: with the arm.
        arm: with a learned policy.
        store: the prepared images.
        versions: pictures in a row beside the original; examples of two inputs and one result, one at least.
        results: folder of the experiment, where a run may have trained the network; need not be there.
    """
    policy = experiment.policy(arm)
    learned = policy.learned or Learned()
    found = trained(results, experiment, arm)
    weights, seed = found or (initial_weights(learned, experiment.root_seed, 0), 0)
    rows = training_rows(experiment, store, seed)
    originals = first_of_classes(store, rows)
    labels = np.asarray(store.labels[rows], dtype=np.int64)
    classes = np.asarray(store.labels[originals], dtype=np.int64)
    images, ids = store.read_images(originals), store.ids[originals]
    augmenter = Augmenter(policy, root_seed=experiment.root_seed, seed=seed, num_classes=len(store.classes))
    sets_of = PartnerAugmenter(augmenter, learned, store.view(rows), labels)
    pairs = learned.inputs == "class"
    cells, columns = [[Cell(image)] for image in images], ["original"]
    for epoch in range(max(1, versions // COLUMNS) if pairs else 1):
        sets, _ = sets_of(images, classes, ids, epoch)
        first, second = (sets[:, 1], sets[:, 2]) if pairs else (sets[:, 0], sets[:, 0])
        made = np.clip(apply(weights, first, second), 0.0, 1.0)
        shown = (first, second, made) if pairs else (made,)
        columns += (["input", "input", f"made, epoch {epoch + 1}"] if pairs else ["made of it"])[-len(shown) :]
        for row, *of_row in zip(cells, *shown, strict=True):
            row.extend(Cell(as_bytes(image)) for image in of_row)
    table = tuple(Row(store.classes[label], tuple(row)) for label, row in zip(classes, cells, strict=True))
    run = nouns.run_title(seed, experiment.data.folds)
    state = f"as the run of {run} has trained it" if found else f"untrained, as {run} starts"
    note = f"{policy.summary}. The network is shown {state}; pictures are cut off at black and white."
    return PreviewSheet(f"What the network makes: {policy.title}{origin(store)}", note, tuple(columns), table)
