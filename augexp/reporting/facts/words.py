"""Names and values of the budget that was equal in every run, and of the images."""

from __future__ import annotations

from typing import Any

from augexp.analysis.schema import Arm, Comparison
from augexp.data.store_manifest import StoreManifest
from augexp.reporting.groups.words import about_groups
from augexp.reporting.wording import Pairs

LEDGER_NAMES = {
    "steps": "optimiser steps",
    "batch_size": "images per step",
    "images_seen": "images seen",
    "epochs": "epochs",
    "parameters": "trained parameters",
    "tune": "what is trained",
    "drawn": "parameters that each seed draws anew",
    "optimizer": "optimiser",
    "schedule": "learning-rate schedule",
    "precision": "arithmetic",
    "train_images": "training images per run",
    "validation_images": "validation images",
    "test_images": "test images",
    "runs": "runs with exactly this budget",
}


def ledger(comparison: Comparison) -> Pairs:
    """Return the budget that was equal in every run, and the measured times, which need not be."""
    budget = comparison.ledger
    pairs = [(title, _plain(budget[key])) for key, title in LEDGER_NAMES.items() if key in budget]
    if pairs:
        pairs.append(("inside a block equal", "initial weights, training images, their order, dropout masks"))
    pairs += [(f"time of {arm.name}", _times(arm)) for arm in comparison.arms if arm.wall_seconds is not None]
    return tuple(pairs)


def _times(arm: Arm) -> str:
    parts = [f"{arm.wall_seconds:.1f} s per run"]
    if arm.cpu_seconds is not None:
        parts.append(f"{arm.cpu_seconds:.1f} s of processor")
    if arm.augment_seconds is not None:
        parts.append(f"{arm.augment_seconds:.1f} s of them making images")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


DRAWS = {
    "whole": "every seed trains on all training images: conditional on this training set",
    "disjoint": "every seed trains on images of its own",
    "folds": "every fit trains on the images outside its fold, less its validation images",
    "subsampled": "every seed draws its training images anew, without replacement; the draws overlap",
}


def data(comparison: Comparison) -> Pairs:
    """Return where the images come from, how they were split, and what was left out."""
    pairs: list[tuple[str, str]] = [("images", comparison.source)]
    if comparison.draws:
        pairs.append(("training draws", DRAWS[comparison.draws]))
    if not comparison.data:
        return tuple(pairs)
    manifest = StoreManifest.model_validate(comparison.data)
    pairs.append(("split", manifest.split.explanation))
    for name, counts in list(manifest.counts.items())[:40]:
        pairs.append((f"class {name}", ", ".join(f"{count:,} {part}" for part, count in counts)))
    duplicates = manifest.duplicates
    text = (
        f"{duplicates.exact:,} exact, {duplicates.near:,} near-duplicate pairs; {duplicates.excluded:,} images left "
        "out of training or validation because they repeat an evaluation image"
    )
    pairs.append(("duplicates", text))
    if manifest.groups:
        pairs.append(("groups", about_groups(manifest.groups)))
    pairs += [("near-duplicates", f"{a} and {b}") for a, b in duplicates.pairs[:5]]
    pairs.append(("skipped records", f"{manifest.skipped.count:,}"))
    pairs += [(f"skipped {record.key}", record.reason) for record in manifest.skipped.records[:10]]
    if manifest.ignored_files:
        pairs.append(("files that are not read", f"{manifest.ignored_files:,}"))
    pairs.append(("fingerprint", manifest.fingerprint))
    return tuple(pairs)
