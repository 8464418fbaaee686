"""Sentences about groups that are only shown."""

from __future__ import annotations

from augexp.data.store_manifest import GroupCounts


def about_groups(groups: GroupCounts) -> str:
    """Say how many declared groups there are, where, and what was done about those that overlap."""
    text = (
        f"{groups.count:,} by {groups.declared}: {groups.train:,} train, {groups.validation:,} validation, "
        f"{groups.test:,} test; the largest has {groups.largest:,} images"
    )
    if groups.excluded:
        text += f"; {groups.excluded:,} images left out because their group has an evaluation image"
    if groups.joined:
        text += f"; {groups.joined:,} share near-duplicates with another and count as one with it"
    return text
