"""Made-up tables of what runs predicted, for the tests of `augexp judge`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

Columns = dict[str, Any]


def table(
    n: int = 5, m: int = 60, classes: int = 2, gain: float = 0.6, *, arms=("none", "better"), probabilities=True, seed=0
) -> Columns:
    """Return a table as a mapping of columns, float64 or str (runs x m,); all arms but the first are better."""
    generator = np.random.default_rng(seed)
    labels = np.arange(m) % classes
    difficulty = generator.normal(0.8, 0.6, m)
    columns: dict[str, list[Any]] = {"arm": [], "seed": [], "image": [], "label": []}
    rows = []
    for place, arm in enumerate(arms):
        for run in range(n):
            good = difficulty + generator.normal(0, 0.7, m) + generator.normal(0, 0.1) + (gain if place else 0.0)
            values = np.ones((m, classes))
            values[np.arange(m), labels] = np.exp(good)
            rows.append(values / values.sum(axis=1, keepdims=True))
            columns["arm"] += [arm] * m
            columns["seed"] += [run] * m
            columns["image"] += [f"image-{i:03}.png" for i in range(m)]
            columns["label"] += [f"class-{label}" for label in labels]
    filled = {name: np.array(values) for name, values in columns.items()}
    numbers = np.concatenate(rows)
    if probabilities:
        return filled | {f"p_class-{c}": numbers[:, c] for c in range(classes)}
    return filled | {"predicted": np.array([f"class-{c}" for c in numbers.argmax(axis=1)])}


def write_csv(path: Path, columns: Columns, separator: str = ",") -> Path:
    """Write a table as text; numbers in full precision."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(np.asarray(values).tolist() for values in columns.values()), strict=True))
    return path


def rows_of(columns: Columns, keep: np.ndarray) -> Columns:
    """Return some rows of a table, by a mask or by their places."""
    return {name: np.asarray(values)[keep] for name, values in columns.items()}


def changed(columns: Columns, row: int, **values: Any) -> Columns:
    """Return a table in which one row has other values."""
    copied = {name: np.asarray(column).astype(object) for name, column in columns.items()}
    for name, value in values.items():
        copied[name.replace("__", "-")][row] = value
    return copied
