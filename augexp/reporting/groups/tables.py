"""What each group gains, and the sentence about the two intervals."""

from __future__ import annotations

from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.values import Interval
from augexp.analysis.wording import ends, number
from augexp.reporting.tables import Column, Table

SHOWN = 40
"""Groups of the table: of more, the worst and the best half of so many."""


def sentences(contrast: Contrast, comparison: Comparison) -> tuple[str, ...]:
    """Say what the intervals by groups and by images are, how many groups gain, and which one gains least."""
    groups = contrast.groups
    if groups is None:
        return ()
    texts = [groups.sentence] if groups.sentence else []
    if groups.by_images is not None:
        low, high = groups.by_images
        own = f"by groups {ends(contrast.new_images, 2)} pp" if contrast.new_images else "by groups none"
        texts.append(f"Interval for new images: {own}; by images {ends(Interval(low=low, high=high), 2)} pp.")
    if groups.gains:
        worst = groups.gains[0]
        texts.append(
            f"`{contrast.arm}` is better than `{comparison.baseline}` in {groups.better:,} groups and worse in "
            f"{groups.worse:,}; the worst is {worst.name} with {number(worst.difference, 1, signed=True)} pp on "
            f"{worst.images:,} images. A single group is few images: some are far from the mean by chance alone."
        )
    return tuple(texts)


def gains(comparison: Comparison, contrast: Contrast) -> Table:
    """The accuracy of each group in percent, the worst gain first."""
    columns = (
        Column("group", key="group"),
        Column("test images", key="test_images"),
        Column(comparison.baseline, 2, key="baseline"),
        Column(contrast.arm, 2, key="arm"),
        Column("difference", 2, signed=True, key="difference"),
    )
    listed = contrast.groups.gains if contrast.groups else ()
    shown = listed if len(listed) <= SHOWN else (*listed[: SHOWN // 2], *listed[-SHOWN // 2 :])
    note = f"The {SHOWN // 2} worst and the {SHOWN // 2} best." if len(listed) > SHOWN else ""
    rows = tuple((g.name, g.images, g.baseline, g.arm, g.difference) for g in shown)
    return Table(f"Accuracy per group (%): {contrast.arm} against {comparison.baseline}", columns, rows, note)
