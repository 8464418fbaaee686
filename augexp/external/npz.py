"""One run in one `.npz` file: arrays in place of columns.

`labels` (m,) and one of `predicted` (m,), `probabilities` (m, C) and `correct` (m,); optionally `images` (m,) with
their names, `classes` (C,) with the names of the class numbers in `labels` and `predicted`, `clusters` (m,), `groups`
(m,), and `arm` and `seed`, one value each. The files that this program keeps of its own runs are such files.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from augexp.errors import DataError
from augexp.external.arrays import column_of_names, name_of, names_of
from augexp.external.rows import Coded, Rows, TableLayout, code, constant, zeros_and_ones

NAMES = {
    "image": ("images", "image", "ids"),
    "label": ("labels", "label"),
    "predicted": ("predicted",),
    "probabilities": ("probabilities", "p"),
    "correct": ("correct",),
    "cluster": ("clusters", "cluster"),
    "group": ("groups", "group"),
    "classes": ("classes",),
}
"""What an array may be called, the first name first."""


def read_with_layout(path: Path, known: Mapping[str, str]) -> Iterator[tuple[TableLayout, Rows]]:
    """Yield the rows of one run; for the arguments and errors see `text_table.read`."""
    try:
        # From memory: np.load leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # zipfile, zlib and numpy each have their own exceptions for damage
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: cannot be read as .npz ({reason}); write it anew with numpy.savez") from None
    found = {key: next((arrays[n] for n in names if n in arrays), None) for key, names in NAMES.items()}
    yield _layout_and_rows(path, arrays, found, known)


def _layout_and_rows(
    path: Path, arrays: Mapping[str, Any], found: Mapping[str, Any], known: Mapping[str, str]
) -> tuple[TableLayout, Rows]:
    labels, probabilities = found["label"], found["probabilities"]
    if labels is None:
        raise DataError(f"{path}: the array 'labels' is missing; received {', '.join(arrays) or 'none'}")
    count = len(labels) if labels.ndim == 1 else -1
    correct = found["correct"]
    if correct is not None and len(correct) != count and (found["predicted"] is not None or probabilities is not None):
        correct = None  # bits that this program packs
    for name in ("label", "image", "predicted", "correct", "cluster", "group"):
        array = correct if name == "correct" else found[name]
        if array is not None and array.shape != (count,):
            raise DataError(
                f"{path}: {name}: received an array of shape {array.shape}; one value for each image is one"
            )
    if found["predicted"] is None and correct is None and probabilities is None:
        raise DataError(f"{path}: nothing says what the network predicted; give predicted, probabilities or correct")
    classes = tuple(name_of(value) for value in found["classes"].tolist()) if found["classes"] is not None else ()
    if probabilities is not None:
        good = probabilities.ndim == 2 and len(probabilities) == count and probabilities.shape[1] > 1
        if not good or probabilities.dtype.kind not in "fiu" or (classes and len(classes) != probabilities.shape[1]):
            raise DataError(
                f"{path}: probabilities: received {probabilities.dtype} of shape {probabilities.shape} for {count} "
                f"images and {len(classes) or 'unnamed'} classes; needed is one row for each image, one number for "
                "each class, at least two"
            )
        classes = classes or tuple(str(label) for label in range(probabilities.shape[1]))
    for name in ("label", "predicted"):
        numbers = found[name]
        if numbers is not None and classes and numbers.dtype.kind in "iu" and count:
            low, high = int(numbers.min()), int(numbers.max())
            if low < 0 or high >= len(classes):
                raise DataError(
                    f"{path}: {name}: received class numbers {low} to {high}; the {len(classes)} classes have 0 to "
                    f"{len(classes) - 1}"
                )
    arm, seed = (constant(_key(name, path, arrays, known), count) for name in ("arm", "seed"))
    names = found["image"]
    images = column_of_names(names) if names is not None else code([str(place) for place in range(count)])
    rows = Rows(str(path), 1, arm, seed, images, names_of(labels, classes))
    layout = TableLayout(
        classes if probabilities is not None else (),
        found["predicted"] is not None,
        correct is not None,
        found["cluster"] is not None,
        found["group"] is not None,
    )
    return layout, replace(
        rows,
        predicted=names_of(found["predicted"], classes) if found["predicted"] is not None else None,
        probabilities=probabilities.astype(np.float64) if probabilities is not None else None,
        classes=classes,
        correct=zeros_and_ones(correct.astype(np.int64).tolist(), rows) if correct is not None else None,
        cluster=column_of_names(found["cluster"]) if found["cluster"] is not None else None,
        group=_groups(found["group"], arrays) if found["group"] is not None else None,
    )


def _groups(groups: Any, arrays: Mapping[str, Any]) -> Coded:
    """Return the column of groups, by their names where the file has them, as those of this program have."""
    names = arrays.get("group_names")
    numbers, places = np.unique(groups, return_inverse=True)
    if names is None or len(names) != len(numbers):
        return column_of_names(groups)
    return column_of_names(names[places.reshape(-1)])


def _key(name: str, path: Path, arrays: Mapping[str, Any], known: Mapping[str, str]) -> str:
    if name in known:
        return known[name]
    if name not in arrays or arrays[name].size != 1:
        raise DataError(
            f"{path}: nothing says the {name}; give an array {name!r} of one value, or --pattern, like "
            "'{arm}/seed-{seed}.npz'"
        )
    return name_of(arrays[name].reshape(-1).tolist()[0])
