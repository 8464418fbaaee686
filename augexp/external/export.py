"""Write the runs of this program as a table that `augexp judge` reads."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augexp.external.rows import PREFIX
from augexp.files import replacing, unwritable
from augexp.results.predictions import Predictions
from augexp.results.records import RunRecord


def write_table(records: Sequence[RunRecord], path: Path) -> int:
    """Write ``arm, seed, image, label, cluster, predicted`` and the probabilities of every run; return the rows.

    Where images belong to groups, ``group`` comes after ``cluster``. Of cross-validated runs there are ``repeat, fold``
    in place of the seed.

    Numbers are in full precision, so that the table gives the same answer. Images are called by their content hashes.
    Where a run has no finite probability of every class, no run has probabilities.

    Args:
        records: finished runs with the same test images.
        path: a ``.csv`` file, which is replaced.

    Raises:
        ResultsError: the file cannot be written.
    """
    outcomes = [record.predictions() for record in records]
    finite = all(bool(np.isfinite(outcome.probabilities).all()) for outcome in outcomes)
    classes = outcomes[0].classes
    grouped, folded = outcomes[0].groups is not None, records[0].run.fold is not None
    heads = ["arm", *(["repeat", "fold"] if folded else ["seed"]), "image", "label", "cluster"]
    heads += [*(["group"] if grouped else []), "predicted", *(PREFIX + name for name in classes if finite)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(heads)
            for record, outcome in zip(records, outcomes, strict=True):
                names = _names(outcome)
                place = (record.run.repeat, record.run.fold) if folded else (record.seed,)
                # As float64, whose decimals say exactly which float32 it was.
                numbers = outcome.probabilities.astype(np.float64).tolist() if finite else [[]] * len(names)
                clusters = outcome.clusters.tolist()
                groups = _groups(outcome)
                together = zip(clusters, groups, strict=True) if grouped else ((cluster,) for cluster in clusters)
                keys = zip(names, outcome.labels, together, outcome.predicted, numbers, strict=True)
                table.writerows(
                    [record.arm, *place, name, classes[label], *own, classes[said], *values]
                    for name, label, own, said, values in keys
                )
    except OSError as error:
        raise unwritable(path, error, "choose another place with --target") from None
    return sum(len(outcome.labels) for outcome in outcomes)


def _names(outcome: Predictions) -> list[str]:
    """Return the content hash of each image; images that are equal bit by bit are numbered."""
    seen: dict[int, int] = {}
    names = []
    for image in outcome.ids.tolist():
        seen[image] = seen.get(image, 0) + 1
        names.append(f"{image:016x}" + (f"-{seen[image]}" if seen[image] > 1 else ""))
    return names


def _groups(predictions: Predictions) -> list[str]:
    """Return the name of each image's group; empty without groups."""
    if predictions.groups is None:
        return []
    numbers, places = np.unique(predictions.groups, return_inverse=True)
    names = predictions.group_names or tuple(f"{number:016x}" for number in numbers.tolist())
    return [names[place] for place in places.reshape(-1).tolist()]
