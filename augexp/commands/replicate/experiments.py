"""The experiments that a replication consists of, from their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augexp.commands.define import define
from augexp.data import class_folders
from augexp.errors import DefinitionError
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.experiment.folds import MIN_REPEATS
from augexp.experiment.replications import perez_wang
from augexp.experiment.replications.perez_wang import PER_CLASS, TABLE, VARIANTS, Variant

ADVICE = (
    "Tiny ImageNet is at http://cs231n.stanford.edu/tiny-imagenet-200.zip (248 MB): unpack it and name its folder "
    "train with --data"
)
"""How the images are got; their licence does not allow to hand them on."""


@dataclass(frozen=True)
class PlannedTable:
    """An experiment of a replication.

    Attributes:
        experiment: its definition.
        pair: which classes.
        variant: what differs from the table of the paper.
        epochs: E of the paper, to which every run goes.
    """

    experiment: Experiment
    pair: str
    variant: Variant
    epochs: int


def plan_tables(
    *,
    data: Path,
    data_dir: Path,
    pairs: Sequence[str] | None,
    variants: Sequence[str] | None,
    arms: Sequence[str] | None,
    seeds: int | None,
    epochs: int,
    per_class: int,
    model: str | None,
) -> tuple[PlannedTable, ...]:
    """Check what is asked for, copy the images, and return the experiments, those of the paper first.

    For the arguments see `augexp.commands.replicate.run.replicate`.

    Raises:
        DefinitionError, DataError: one line that says what to do.
    """
    perez_wang.check_epochs(epochs)
    perez_wang.check_per_class(per_class)
    wanted = perez_wang.chosen("pairs", pairs, tuple(perez_wang.PAIRS))
    names = perez_wang.chosen("variants", variants or None, [one.name for one in VARIANTS]) if variants else ()
    changes: dict[str, Any] = {"horizon": epochs}
    if model is not None:
        changes["model"] = model
    tables = []
    for variant in (TABLE, *(one for one in VARIANTS if one.name in names)):
        for pair in wanted:
            if pair in variant.pairs:
                base = definition.load(perez_wang.definition_file(variant.experiment(pair)))
                experiment = define(base, **changes, **_arms(base, arms), **_seeds(base, seeds))
                tables.append(PlannedTable(experiment, pair, variant, epochs))
    return tuple(_with_images(table, data, data_dir, per_class) for table in tables)


def _arms(base: Experiment, arms: Sequence[str] | None) -> dict[str, Any]:
    if arms is None:
        return {}
    named = perez_wang.chosen("arms", arms, base.plan.arms)
    if set(named) <= {base.plan.baseline}:
        others = ", ".join(arm for arm in base.plan.arms if arm != base.plan.baseline)
        raise DefinitionError(f"arms: received the baseline alone; name at least one of {others}")
    return {"arms": list(named)}


def _seeds(base: Experiment, seeds: int | None) -> dict[str, Any]:
    """Return the plan for so many runs of an arm: with K folds a repeat has K of them."""
    if seeds is None:
        return {}
    if base.data.folds is None:
        return {"seeds": seeds}
    return {"repeats": max(MIN_REPEATS, -(-seeds // base.data.folds))}


def _with_images(table: PlannedTable, data: Path, data_dir: Path, per_class: int) -> PlannedTable:
    size = "" if per_class == PER_CLASS else f"-{per_class}"
    target = data_dir / perez_wang.NAME / f"{table.pair}-{table.variant.choice}{size}"
    classes = {name: perez_wang.CLASSES[name] for name in perez_wang.PAIRS[table.pair]}
    source = data / "train" if (data / "train").is_dir() else data
    path = class_folders.copy_images(source, target, classes, per_class, table.variant.choice, advice=ADVICE)
    experiment = define(table.experiment, path=str(path.absolute()))
    return PlannedTable(experiment, table.pair, table.variant, table.epochs)
