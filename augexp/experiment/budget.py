"""How long runs are: milestones at which predictions are kept, and horizons to which runs with ``epochs = "auto"`` go.

A number of epochs is part of the question: an arm without augmentation is often at its best after a few epochs, an
augmented one later. So runs with an automatic budget go on together to a horizon that is long enough for every arm,
and keep what they predict at milestones on the way. With a constant learning rate the network at a milestone is the
result of that shorter budget.
"""

from __future__ import annotations

from typing import Literal

AUTO: Literal["auto"] = "auto"
"""The word for a budget that the validation images choose."""

FIRST_HORIZON = 20
"""Epochs to which the runs of the first look go before it is asked whether an arm still gains."""

MAX_EPOCHS = 320
"""Default cap of the horizon."""

LONGEST = 10_000
"""Epochs that a budget may have at most."""


def check_budget(epochs: int | str, warmup: int, cap: int, horizon: int | None) -> None:
    """Raise ValueError, with the key and what is allowed, where the lengths of the runs contradict each other.

    Args:
        epochs: of the training, or `auto`.
        warmup: epochs of the warm-up.
        cap: of an automatic budget.
        horizon: epochs to which every run goes with an automatic budget; None where validation decides.
    """
    if epochs != AUTO and cap != MAX_EPOCHS:
        raise ValueError(f"max_epochs: received {cap} with epochs = {epochs}; allowed with epochs = 'auto'")
    if horizon is not None and (epochs != AUTO or horizon > cap):
        raise ValueError(
            f"horizon: received {horizon} with epochs = {epochs!r} and max_epochs = {cap}; allowed with "
            f"epochs = 'auto' are 1 to {cap}"
        )
    if warmup >= min(cap, FIRST_HORIZON if isinstance(epochs, str) else epochs):
        raise ValueError(f"warmup: received {warmup} with max_epochs = {cap}; allowed are 0 to {cap - 1}")


def milestones(horizon: int) -> tuple[int, ...]:
    """Return the epochs up to `horizon` at which predictions are kept, ascending; the horizon is always one of them.

    Rounded powers of the square root of 2, so that they double every second time, on a grid that holds 20 and all its
    doublings: 1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, ...
    """
    grid = [1, 2, 3, 5, 7]
    grid += [round(10 * 2 ** (power / 2)) for power in range(2 * LONGEST.bit_length())]
    return (*(epoch for epoch in grid if epoch < horizon), horizon)


def equal_steps(epochs: int, copies: int) -> tuple[int, ...]:
    """Return the epochs at which runs with fixed copies keep predictions: about as many steps as without, and the end.

    Args:
        epochs: of the budget.
        copies: k; an epoch has 1 + k times the steps that it has without.
    """
    return (*dict.fromkeys((max(1, round(epochs / (1 + copies))), epochs)),)


def next_horizon(horizon: int, cap: int) -> int:
    """Return the horizon after `horizon`: twice as far, or the cap."""
    return min(2 * horizon, cap)


def window(milestone: int) -> range:
    """Return the epochs whose validation is averaged at a milestone: (milestone / sqrt 2, milestone]."""
    # In whole numbers: an epoch is above milestone / sqrt 2 where twice its square is above the milestone's.
    first = next(epoch for epoch in range(milestone // 2, milestone + 1) if 2 * epoch * epoch > milestone * milestone)
    return range(first, milestone + 1)
