"""The sizes, and what augmentation is worth in each seed, as tables."""

from __future__ import annotations

from augexp.analysis import wording
from augexp.analysis.worth.schema import ArmAtSize, Worth
from augexp.reporting.tables import Cell, Column, Table

CENSORED = {"none": "", "above": "more than that", "below": "less than that"}


def sizes(worth: Worth) -> Table:
    """Return one row for every size and arm: accuracy, budget, cost."""
    metric = wording.metric(worth.metric)
    columns = (
        Column("training images", key="training_images"),
        Column("times", 2, key="factor"),
        Column("arm", key="arm"),
        Column(f"test {metric} (%)", 2, key="test_percent"),
        Column("lowest seed", 2, key="lowest_percent"),
        Column("highest seed", 2, key="highest_percent"),
        Column("epochs", key="epochs"),
        Column("images trained on", key="images_trained"),
        Column("seconds", 0, key="seconds"),
    )
    rows: list[tuple[Cell, ...]] = []
    for size in worth.sizes:
        for arm in size.arms:
            rows.append(
                (
                    *(size.images, size.images / worth.images, arm.arm, arm.mean, min(arm.accuracies)),
                    *(max(arm.accuracies), _epochs(arm), arm.images_trained, arm.seconds),
                )
            )
    note = (
        f"Means of {len(worth.seeds)} seeds. Epochs: at which the seeds were judged. Images trained on and seconds: "
        "all runs together, repetitions counted."
    )
    return Table("Sizes", columns, tuple(rows), note)


def _epochs(arm: ArmAtSize) -> str:
    low, high = min(arm.epochs), max(arm.epochs)
    return str(low) if low == high else f"{low} to {high}"


def seeds(worth: Worth) -> Table:
    """Return one row for every seed: its augmented accuracy, and where its own un-augmented curve reaches it."""
    columns = (
        Column("seed", key="seed"),
        Column(f"{worth.arm} (%)", 2, key="augmented_percent"),
        *(Column(f"{worth.baseline}, {size.images:,} (%)", 2, key=f"at_{size.images}_percent") for size in worth.sizes),
        Column("times", 2, key="factor"),
        Column("doublings", 2, signed=True, key="doublings"),
        Column("beyond the sizes", key="censored"),
    )
    rows: list[tuple[Cell, ...]] = []
    for place, seed in enumerate(worth.by_seed):
        curve = [size.arms[0].accuracies[place] for size in worth.sizes]
        rows.append((seed.seed, seed.accuracy, *curve, seed.factor, seed.doublings, CENSORED[seed.censored]))
    note = (
        "Times: the training images, as a multiple, at which the seed's own curve without augmentation reaches its "
        "accuracy with it."
    )
    return Table("What augmentation is worth in each seed", columns, tuple(rows), note)
