"""What is said of runs that somebody else trained: labels, and names with values."""

from __future__ import annotations

from augexp.analysis.declared.schema import DeclaredContrast, Endpoint
from augexp.analysis.schema import Comparison, Contrast
from augexp.experiment.nouns import nouns

HEADING = "Declared, and not verified"
"""What stands above everything that only those know who trained the runs."""

_JUDGED_AT: dict[Endpoint, str] = {
    "final": "of the last epoch, as declared",
    "validation": "of an epoch that validation images chose, as declared",
    "best-on-test": "of the best epoch on these images, as declared: no verdict",
}


def statements(comparison: Comparison) -> tuple[str, ...]:
    """Return what was declared and not verified, one sentence each; empty for runs of this program."""
    return comparison.declared.statements if comparison.declared else ()


def is_unpaired(comparison: Comparison) -> bool:
    """Tell whether the seeds of two arms are no pairs."""
    return comparison.declared is not None and comparison.declared.independent


def differences(comparison: Comparison) -> str:
    """Return what the differences are, for titles."""
    return "Differences" if is_unpaired(comparison) else "Paired differences"


def seeds(contrast: Contrast, folds: int | None = None) -> str:
    """Say how many seeds a contrast rests on: pairs, those of each arm, or with folds repeats."""
    if folds is not None:
        return f"{len(contrast.seeds)} × {folds} folds, {len(contrast.seeds) * folds} pairs of fits"
    unpaired = (contrast.declared or DeclaredContrast()).baseline_seeds
    if unpaired:
        return f"{len(contrast.seeds)} and {len(unpaired)} seeds, no pairs"
    return f"{len(contrast.seeds)} pairs"


def dots(comparison: Comparison) -> str:
    """Say what a dot of the chart of differences is."""
    if is_unpaired(comparison):
        return "There are no dots, since the seeds of the arms are no pairs."
    if comparison.declared:
        return "Every dot is one seed: as declared, the same initialisation and order in both arms."
    if comparison.folds:
        return (
            f"Every dot is one repeat, the mean over its {comparison.folds} folds: the same folds, and in each fit the "
            "same initialisation, images and order in both arms."
        )
    return "Every dot is one seed: the same initialisation, images and order in both arms."


def plan(comparison: Comparison, metric: str) -> tuple[tuple[str, str], ...]:
    """Return how a comparison of declared runs was planned, as far as is known.

    Args:
        comparison: of declared runs.
        metric: name of the primary one.
    """
    assert comparison.declared is not None  # noqa: S101 - asked before
    look, blocks = comparison.look, nouns(comparison.folds).blocks
    rules = {
        "fixed": f"fixed before the first run, as declared: {look.seeds}",
        "looks": f"planned looks at {', '.join(map(str, look.looks))} {blocks}; this is number {look.number}",
        "anytime": f"{look.seeds}; nothing says that their number was planned, so the intervals are anytime-valid",
    }
    return (
        (blocks, rules[look.rule] + (" in the smallest arm" if comparison.declared.independent else "")),
        ("design", comparison.declared.design),
        ("arms", ", ".join(arm.name for arm in comparison.arms)),
        ("metric", f"test {metric} {_JUDGED_AT[comparison.declared.endpoint]}"),
        ("counts as no difference", f"±{comparison.equivalence:g} pp"),
        ("comparisons that hold together", f"{look.comparisons}, each at a nominal {100 * look.alpha:.3g} %"),
        ("hash of the plan", comparison.plan_hash),
    )
