"""The facts beside an answer, as names with values: the plan, the equal budget, the images."""

from __future__ import annotations

from typing import Any

from augexp.analysis import schema
from augexp.analysis.schema import Comparison
from augexp.reporting.digest import Pairs

METRICS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}


def plan(comparison: Comparison) -> Pairs:
    """Return how the comparison was planned, and what was changed after its first pair."""
    look = comparison.look
    rules = {
        "fixed": f"a fixed number of seeds: {look.seeds}",
        "looks": f"planned looks at {', '.join(map(str, look.looks))} seeds; this is number {look.number}",
        "anytime": f"extended or edited after the first pair; anytime-valid intervals, {look.seeds} seeds",
    }
    pairs = [
        *_stage(comparison),
        ("seeds", rules[look.rule]),
        ("arms", ", ".join(arm.name for arm in comparison.arms)),
        ("metric", f"test {METRICS[comparison.metric]} at the final epoch of the fixed budget"),
        ("counts as no difference", f"±{comparison.equivalence:g} pp, fixed in the plan"),
        ("comparisons that hold together", f"{look.comparisons}, each at a nominal {100 * look.alpha:.3g} %"),
        ("hash of the plan", comparison.plan_hash),
    ]
    return (*pairs, *(("changed", text) for text in comparison.plan_changes))


def _stage(comparison: Comparison) -> Pairs:
    values = comparison.definition.get("plan", {})
    if values.get("stage") == "screening":
        text = f"screening: ranks the policies on {comparison.test_images:,} test images, one half; claims nothing"
        return (("stage", text),)
    if values.get("stage") == "confirmation":
        return (
            (
                "stage",
                f"confirmation: fresh seeds, and the {comparison.test_images:,} test images, one half, that the "
                "screening did not touch",
            ),
            ("screened, the best first", ", ".join(values["screened"])),
        )
    return ()


LEDGER_NAMES = {
    "steps": "optimiser steps",
    "batch_size": "images per step",
    "images_seen": "images seen",
    "epochs": "epochs",
    "parameters": "trained parameters",
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
    pairs += [(f"time of {one.name}", _times(one)) for one in comparison.arms if one.wall_seconds is not None]
    return tuple(pairs)


def _times(one: schema.Arm) -> str:
    parts = [f"{one.wall_seconds:.1f} s per run"]
    if one.cpu_seconds is not None:
        parts.append(f"{one.cpu_seconds:.1f} s of processor")
    if one.augment_seconds is not None:
        parts.append(f"{one.augment_seconds:.1f} s of them making images")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


DRAWS = {
    "whole": "every seed trains on all training images: conditional on this training set",
    "disjoint": "every seed trains on images of its own",
    "subsampled": "every seed draws its training images anew, without replacement; the draws overlap",
}


def data(comparison: Comparison) -> Pairs:
    """Return where the images come from, how they were split, and what was left out."""
    facts = comparison.data
    pairs: list[tuple[str, str]] = [("images", comparison.source)]
    if comparison.draws:
        pairs.append(("training draws", DRAWS[comparison.draws]))
    if not facts:
        return tuple(pairs)
    pairs.append(("split", str(facts["split"]["explanation"])))
    for name, counts in list(facts["counts"].items())[:40]:
        pairs.append((f"class {name}", ", ".join(f"{count:,} {part}" for part, count in counts.items())))
    twins = facts.get("duplicates") or {}
    if twins:
        pairs.append(
            (
                "duplicates",
                f"{twins['exact']:,} exact, {twins['near']:,} near-duplicate pairs; {twins['excluded']:,} images left "
                "out of training or validation because they repeat an evaluation image",
            )
        )
        pairs += [("near-duplicates", f"{a} and {b}") for a, b in (twins.get("pairs") or [])[:5]]
    skipped = facts.get("skipped") or {}
    pairs.append(("skipped records", f"{skipped.get('count', 0):,}"))
    pairs += [(f"skipped {one['key']}", str(one["reason"])) for one in (skipped.get("records") or [])[:10]]
    if facts.get("ignored_files"):
        pairs.append(("files that are no pictures", f"{facts['ignored_files']:,} ignored"))
    pairs.append(("fingerprint", str(facts["fingerprint"])))
    return tuple(pairs)
