"""The words about groups that are stored with an answer."""

from __future__ import annotations

from augexp.analysis.groups.grouping import MIN_GROUPS


def few_groups(count: int) -> str:
    """Warn of too few groups in the test set for an interval that holds for others."""
    return (
        f"[few-groups] The test set has {count} group{'s' * (count != 1)}, too few to tell how much groups differ: the "
        f"interval holds for these images and says nothing about other groups; at least {MIN_GROUPS} are needed "
        "for that: add groups, or name smaller ones"
    )


def uneven_groups(count: int, effective: float, largest: float) -> str:
    """Warn of groups of which a few hold most images; `largest` is the share of the largest, in [0, 1]."""
    return (
        f"[uneven-groups] the {count} groups in the test set are of such different sizes that they tell as much as "
        f"{effective:.1f} equal ones (the largest has {100 * largest:.0f} % of the images), so the interval may be too "
        "short; more groups, or smaller ones, mend that"
    )


def few_class_groups(names: list[str]) -> str:
    """Warn that some classes have too few groups for intervals that hold for others."""
    listed = f"{', '.join(names[:10])}{f' and {len(names) - 10:,} more classes' if len(names) > 10 else ''}"
    return (
        f"fewer than {MIN_GROUPS} groups in the test set of {listed}: the interval of such a class holds for these "
        "images alone"
    )


def both_intervals(count: int, images: int, by_groups: float | None, by_images: float) -> str:
    """Explain the interval by groups beside that by images.

    Args:
        count: groups in the test set.
        images: test images.
        by_groups: half-width in pp; None with too few groups.
        by_images: half-width in pp.
    """
    if by_groups is None:
        return (
            f"If all {images:,} test images were unrelated, the interval for new images would be ±{by_images:.2f} pp; "
            f"but they belong to {count} group{'s' * (count != 1)}, too few to tell how much other groups would differ."
        )
    ratio = by_groups / by_images if by_images else 1.0
    if ratio > 1.05:
        why = "images of one group tend to be right or wrong together, so there are fewer independent ones than images"
    elif ratio < 0.95:
        why = "the groups differ less from each other than as many unrelated images would"
    else:
        why = "here the groups differ no more than unrelated images would"
    return (
        f"Counted by groups the interval is ±{by_groups:.2f} pp, counted by images it would be ±{by_images:.2f} pp: "
        f"{why}; the one by groups holds for new images of new groups ({count:,} groups, {images:,} images)."
    )
