"""What the families share to say an amount in words and an operation in Keras layers."""

from __future__ import annotations

from collections.abc import Callable

from augexp.augment.catalogue.base import KerasExpression, Operation


def spread(u: float, limit: float) -> float:
    """Spread `u` from 0 to 1 over -limit to +limit."""
    return (2.0 * u - 1.0) * limit


def whole(u: float, low: int, high: int) -> int:
    """Spread `u` from 0 to below 1 over the whole numbers from `low` to `high`, both included."""
    return int(u * (high - low + 1)) + low


def factor_caption(operation: Operation, u: float) -> str:
    """Say the factor from 1 - factor to 1 + factor."""
    return f"x {1 + spread(u, operation['factor']):.2f}"


def always(operation: Operation, code: str, note: str = "") -> KerasExpression:
    """Say so where Keras applies to every image what the policy applies to some."""
    if operation["p"] < 1.0:
        note = "; ".join(filter(None, [note, f"Keras changes every picture; asked for was p = {operation['p']:g}"]))
    return KerasExpression(code, note)


def factor_layer(name: str, note: str, *, centred: bool = False) -> Callable[[Operation], KerasExpression]:
    """Express by a layer that takes a factor; `centred` where it leaves the image at 0.5 rather than 0."""

    def express(operation: Operation) -> KerasExpression:
        value = operation["factor"]
        text = f"({0.5 - value / 2:.6g}, {0.5 + value / 2:.6g})" if centred else f"{value:.6g}"
        return always(operation, f"{name}({text}, value_range=(0, 255))", note)

    return express


def no_layer(note: str) -> Callable[[Operation], KerasExpression]:
    """Say why Keras does not express the operation."""
    return lambda operation: KerasExpression("", note)
