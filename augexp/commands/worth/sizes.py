"""Which sizes are trained, and the experiment of each: an ordinary one, whose training draws are nested."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from augexp.data.store import Store
from augexp.errors import DefinitionError, RunError
from augexp.experiment.definition import Experiment
from augexp.experiment.screening import MAX_NAME

SIZES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Multiples of the photos that are trained on, where there are so many."""

OF_ALL = 0.25
"""Share of all photos at which augmentation is judged where nobody says how many: so that the curve goes beyond it."""

SUFFIX = "-worth"
"""What the folder of the answer has after the name of the experiment."""

SEEDS = 8
"""Seeds where neither the command nor the experiment says a number."""


@dataclass(frozen=True)
class Size:
    """One size and its experiment.

    Attributes:
        factor: multiple of the photos at which augmentation is judged.
        experiment: its plan has the arms that are trained at this size.
    """

    factor: float
    experiment: Experiment


def folder_name(name: str) -> str:
    """Return the name of the folder that holds the answer and the runs of all sizes."""
    return f"{name[: MAX_NAME - len(SUFFIX)]}{SUFFIX}"


def check(sizes: Sequence[float] | None) -> tuple[float, ...] | None:
    """Return the sizes that somebody names, ascending and with 1; None where nobody does.

    Raises:
        DefinitionError: not two or more different positive numbers.
    """
    if sizes is None:
        return None
    try:
        numbers = sorted({float(size) for size in sizes} | {1.0})
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) < 2 or not all(math.isfinite(size) and 1 / 64 <= size <= 64 for size in numbers):
        raise DefinitionError(
            f"sizes: received {sizes!r}; allowed are multiples of the photos from 0.015625 to 64, at least one of them "
            "not 1, like 0.25,0.5,1,2"
        )
    return tuple(numbers)


def base(experiment: Experiment, arm: str) -> Experiment:
    """Return the experiment at the size at which augmentation is judged: two arms, a fixed number of seeds.

    Raises:
        DefinitionError: folds, or an arm that is the baseline.
    """
    plan, data = experiment.plan, experiment.data
    if data.folds is not None:
        raise DefinitionError(
            "folds: received with worth; its sizes share one test set, so leave --folds and --test folds out"
        )
    if arm == plan.baseline:
        raise DefinitionError(f"arm: received the baseline {arm!r}; name a policy whose worth is asked for")
    experiment.policy(arm)
    seeds = plan.seeds or SEEDS
    changes = {"arms": [plan.baseline, arm], "seeds": seeds, "screen": None}
    whole = data.train_per_class is None and data.train_factor == 1.0
    return experiment.replace(plan=changes, data={"train_factor": OF_ALL} if whole else {})


def choose(
    middle: Experiment, arm: str, store: Store, sizes: tuple[float, ...] | None, *, full: bool
) -> tuple[Size, ...]:
    """Return the sizes in ascending order; of the usual ones those for which there are photos, and a batch of them.

    Args:
        middle: see `base`.
        arm: the policy.
        store: the prepared images.
        sizes: that somebody names; None takes `SIZES`.
        full: whether the arm is trained at every size.

    Raises:
        DefinitionError: more photos are asked for than there are, or too few sizes are left.
        RunError: a named size is smaller than a batch.
    """
    own, most = middle.data.train_factor, store.largest_factor(middle.data)
    batch = middle.training.batch_size
    chosen = []
    for factor in sizes or SIZES:
        arms = [middle.plan.baseline, arm] if full or factor == 1.0 else [middle.plan.baseline]
        experiment = middle.replace(name=f"at-{factor:g}", data={"train_factor": own * factor}, plan={"arms": arms})
        if own * factor > most * (1 + 1e-9):
            if sizes is None:
                continue
            raise DefinitionError(
                f"sizes: received {factor:g}, but there are photos for {most / own:.3g} times as many at most; leave "
                "it out, or lower --train-per-class"
            )
        images = len(store.training_rows(experiment.data, experiment.root_seed, 0))
        if images < batch:
            if sizes is None and factor != 1.0:
                continue
            raise RunError(
                f"batch_size: received {batch}, but the training draw at {factor:g} times the photos has only {images}"
                f" images; allowed are 1 to {images}: lower --batch-size, or raise --train-per-class"
            )
        chosen.append(Size(factor, experiment))
    if len(chosen) < 2:
        raise DefinitionError(
            "sizes: there are photos for one size alone, and a learning curve has at least two; lower --batch-size or "
            "--train-per-class, or provide more images"
        )
    return tuple(chosen)


def images_of(size: Size, store: Store) -> int:
    """Return how many images a run of this size is trained on."""
    return len(store.training_rows(size.experiment.data, size.experiment.root_seed, 0))
