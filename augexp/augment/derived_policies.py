"""Policies made from others: without some operations (an ablation), or stronger and weaker (a strength study)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from augexp.augment.catalogue.base import Operation, build, close_to
from augexp.augment.catalogue.registry import spec_of
from augexp.errors import DefinitionError

KEYS = ("without", "strength")
"""What a custom policy may say beside ``policy``."""

MAX_COPIES = 20
"""Fixed copies of each image that a policy may have."""

MIN_STRENGTH, MAX_STRENGTH = 0.01, 10.0


def derive(built: Sequence[Operation], values: Mapping[str, Any], where: str) -> tuple[Operation, ...]:
    """Return the operations of another policy, changed as `values` says.

    Args:
        built: of the other policy.
        values: ``without`` (names of operations that are left out, each every time it occurs) and
            ``strength`` (multiplies every amount of which zero leaves the image as it is).
        where: opens the message of an error.

    Raises:
        DefinitionError: an operation that is not there, nothing that a strength changes, an amount out of range.
    """
    operations = _without(built, values["without"], where) if "without" in values else tuple(built)
    return _scaled(operations, values["strength"], where) if "strength" in values else operations


def parse_copies(value: Any, where: str) -> int:
    """Check a number of fixed copies, see `augexp.augment.copies`; raises DefinitionError."""
    if type(value) is not int or not 0 <= value <= MAX_COPIES:
        raise DefinitionError(
            f"{where}: copies: received {value!r}; allowed are whole numbers from 1 to {MAX_COPIES}, or 0 for images "
            "that are drawn anew in every epoch"
        )
    return value


def describe(values: Mapping[str, Any]) -> str:
    """Say in a few words what `derive` changes."""
    parts = [f"without {', '.join(values['without'])}"] if "without" in values else []
    return ", ".join([*parts, *([f"at {values['strength']:g} times the strength"] if "strength" in values else [])])


def _without(built: Sequence[Operation], names: Any, where: str) -> tuple[Operation, ...]:
    present = tuple(dict.fromkeys(operation.name for operation in built))
    if not isinstance(names, (list, tuple)) or not names:
        raise DefinitionError(f"{where}: without: received {names!r}; allowed is a list of operations of the policy")
    for name in names:
        if name not in present:
            allowed = ", ".join(present) or "nothing, it has no operation"
            raise DefinitionError(
                f"{where}: without: received {name!r}; allowed: {allowed}{close_to(str(name), present)}"
            )
    return tuple(operation for operation in built if operation.name not in names)


def _scaled(built: Sequence[Operation], strength: Any, where: str) -> tuple[Operation, ...]:
    number = isinstance(strength, (int, float)) and not isinstance(strength, bool)
    if not number or not MIN_STRENGTH <= strength <= MAX_STRENGTH:
        raise DefinitionError(
            f"{where}: strength: received {strength!r}; allowed is a number from {MIN_STRENGTH:g} to {MAX_STRENGTH:g}"
        )
    scaled = tuple(_scale(operation, strength, f"{where}: strength {strength:g}") for operation in built)
    if strength != 1 and scaled == tuple(built):
        raise DefinitionError(f"{where}: strength: the policy has no amount that grows from zero; leave it out")
    return scaled


def _scale(operation: Operation, strength: float, where: str) -> Operation:
    spec = spec_of(operation)
    grows = {parameter.name for parameter in spec.parameters if parameter.grows}
    if not grows:  # nothing to scale, or a Keras layer: what its numbers mean is not known here
        return operation
    values = {key: value * strength if key in grows else value for key, value in operation.parameters}  # type: ignore[operator]
    return build(spec, values, where)
