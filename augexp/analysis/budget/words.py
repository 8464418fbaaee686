"""The words about arms whose epochs differ in length."""

from __future__ import annotations

from augexp.analysis.schema import Contrast


def unequal_steps(contrast: Contrast, baseline: str, first: int, second: int) -> str:
    """Say that one arm takes more steps in as many epochs, and what the difference is at about the same steps.

    Args:
        contrast: with its point at equal steps, if there is one.
        baseline: the arm that it is compared with.
        first: steps of a run of the baseline.
        second: steps of a run of the arm.
    """
    text = f" In as many epochs `{baseline}` takes {first:,} steps and `{contrast.arm}` {second:,}"
    at = contrast.equal_steps
    if at is None:
        return f"{text}, since one of them also shows fixed copies."
    interval = "" if at.low is None or at.high is None else f" ({_signed(at.low)} to {_signed(at.high)})"
    return (
        f"{text}, since one of them also shows fixed copies; at {at.steps[0]:,} and {at.steps[1]:,} steps (epochs "
        f"{at.epochs[0]} and {at.epochs[1]}) the difference is {_signed(at.difference)} pp{interval}."
    )


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
