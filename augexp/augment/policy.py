"""Policies: named, versioned lists of operations, and custom ones from a definition.

A policy is data. `resolve` turns a name (``randaugment``, ``randaugment@1``, or a custom name) into a
`Policy` whose operations have every parameter filled in and checked; nothing here changes a pixel, and
nothing here is heavy to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from augexp.augment import derived_policies
from augexp.augment.catalogue.base import Operation, Value, build, close_to
from augexp.augment.catalogue.keras_layers import KERAS, LAYERS, REFUSED, WORDS
from augexp.augment.catalogue.registry import SPECS, spec_of
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.errors import DefinitionError

PIXEL_VERSION = 1
"""Raised whenever the same operations and draws would give other images."""


@dataclass(frozen=True)
class Policy:
    """A resolved policy.

    Attributes:
        name: under which it was asked for.
        version: of the named policy; 0 for a custom one.
        operations: in the order of application.
        summary: what it does, in a line.
        source: where it comes from.
    """

    name: str
    version: int
    operations: tuple[Operation, ...]
    summary: str = "custom policy"
    source: str = "custom"

    @property
    def title(self) -> str:
        """The name, with the version of a named policy."""
        return f"{self.name}@{self.version}" if self.version else self.name

    @property
    def mixes_labels(self) -> bool:
        """Whether targets become soft, because images of two classes are mixed."""
        return any(spec_of(operation).family == "mixing" for operation in self.operations)

    @property
    def breaks_labels(self) -> tuple[str, ...]:
        """One sentence per operation that can change what the right label is."""
        specs = dict.fromkeys(spec_of(operation) for operation in self.operations)
        return tuple(f"{spec.name}: {spec.breaks}" for spec in specs if spec.breaks)

    def definition(self) -> dict[str, Any]:
        """Return what decides the images, as JSON values; equal for policies with equal operations."""
        return {"engine": PIXEL_VERSION, "operations": [operation.definition() for operation in self.operations]}

    def describe(self) -> str:
        """Return the resolved operations with ranges, sources and warnings, a line each."""
        lines = [f"{self.title}: {self.summary}", f"  source: {self.source}"]
        if not self.operations:
            lines.append("  no operations: pictures are only rescaled to [0, 1]")
        for number, operation in enumerate(self.operations, start=1):
            lines += _describe_operation(number, operation)
        if self.mixes_labels:
            lines.append("  labels: soft (mixed in proportion to the pictures)")
        lines += [f"  can break labels: {text}" for text in self.breaks_labels]
        return "\n".join(lines)


def _describe_operation(number: int, operation: Operation) -> list[str]:
    values = ", ".join(f"{key} = {_plain(value)}" for key, value in operation.parameters)
    spec = spec_of(operation)
    origin = f" [{spec.family}; {spec.source}]" if spec.source else ""
    lines = [f"  {number}. {operation.name}({values})", f"     {spec.meaning}{origin}"]
    return lines + [f"     {p.name}: {p.allowed}" for p in spec.parameters]


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else json.dumps(value) if isinstance(value, str) else str(value)


def resolve(name: str, custom: Mapping[str, Mapping[str, Any]] | None = None) -> Policy:
    """Find a policy by name and check it.

    Args:
        name: of a custom policy, or of a named one with or without its version (``standard@1``).
        custom: definitions by name, each ``{"operations": [...]}`` or ``{"policy": "standard"}``; the latter
            also with what `augexp.augment.derived_policies` understands.

    Raises:
        DefinitionError: an unknown name, operation or parameter, a value out of range, a policy that
            refers to itself, or a custom policy under the name of a named one.
    """
    return _resolve(name, custom or {}, ())


def _resolve(name: str, custom: Mapping[str, Mapping[str, Any]], above: tuple[str, ...]) -> Policy:
    if name in custom:
        return _resolve_custom(name, custom, above)
    unversioned, _, version = name.partition("@")
    if unversioned not in NAMED_POLICIES:
        allowed = (*NAMED_POLICIES, *custom)
        raise DefinitionError(f"policy: received {name!r}; allowed: {', '.join(allowed)}{close_to(name, allowed)}")
    named = NAMED_POLICIES[unversioned]
    if "@" in name and version != str(named.version):
        raise DefinitionError(
            f"policy: received {name!r}; this augexp has {unversioned}@{named.version}; name that one, or install the "
            "augexp that the definition was written for"
        )
    built = tuple(_build(operation, unversioned) for operation in named.operations)
    return Policy(unversioned, named.version, built, named.summary, named.source)


def _resolve_custom(name: str, custom: Mapping[str, Mapping[str, Any]], above: tuple[str, ...]) -> Policy:
    where = f"policies.{name}"
    if name in NAMED_POLICIES:
        raise DefinitionError(f"{where}: this name belongs to a policy of augexp; choose another name")
    if name in above:
        raise DefinitionError(f"{where}: refers to itself ({' -> '.join((*above, name))}); name another policy")
    values = custom[name]
    if not isinstance(values, Mapping) or (
        set(values) != {"operations"} and ("policy" not in values or set(values) - {"policy", *derived_policies.KEYS})
    ):
        received = sorted(values) if isinstance(values, Mapping) else values
        raise DefinitionError(
            f"{where}: received {received!r}; allowed is operations (a list), or policy (a name) with or without the "
            "keys without (a list of its operations) and strength (a number)"
        )
    if "policy" in values:
        if not isinstance(values["policy"], str):
            raise DefinitionError(f"{where}: policy: received {values['policy']!r}; allowed is the name of a policy")
        original = _resolve(values["policy"], custom, (*above, name))
        if len(values) == 1:
            return replace(original, name=name)
        changed = derived_policies.derive(original.operations, values, where)
        return Policy(name, 0, changed, f"{values['policy']} {derived_policies.describe(values)}", original.source)
    listed = values["operations"]
    if not isinstance(listed, (list, tuple)):
        raise DefinitionError(f"{where}: operations: received {listed!r}; allowed is a list of operations")
    built = tuple(_build(operation, f"{where}: operations[{i}]") for i, operation in enumerate(listed))
    _check_order(built, where)
    return Policy(name, 0, built)


def _check_order(built: tuple[Operation, ...], where: str) -> None:
    families = [spec_of(operation).family for operation in built]
    for i, (family, following) in enumerate(zip(families, families[1:], strict=False)):
        if family == "mixing" and following != "mixing":
            raise DefinitionError(
                f"{where}: operations[{i}]: received {built[i].name!r} before {built[i + 1].name!r}; mixing operations "
                "come last, since both pictures of a pair are augmented before they are mixed"
            )


def _build(values: object, where: str) -> Operation:
    if not isinstance(values, Mapping) or ("op" in values) == ("keras" in values):
        raise DefinitionError(
            f"{where}: received {values!r}; allowed is a table with op = <operation of augexp> or keras = <Keras layer>"
        )
    if "keras" in values:
        return _build_keras(values, where)
    name = values["op"]
    if not isinstance(name, str) or name not in SPECS:
        hint = close_to(str(name), tuple(SPECS))
        raise DefinitionError(f"{where}: op: received {name!r}; allowed: {', '.join(SPECS)}{hint}")
    parameters = {str(key): value for key, value in values.items() if key != "op"}
    return build(SPECS[name], parameters, where)


def _build_keras(values: Mapping[str, Any], where: str) -> Operation:
    name = values["keras"]
    if not isinstance(name, str) or name not in LAYERS:
        reason = f"; {name}: {REFUSED[name]}" if name in REFUSED else close_to(str(name), LAYERS)
        raise DefinitionError(f"{where}: keras: received {name!r}; allowed: {', '.join(LAYERS)}{reason}")
    parameters: dict[str, Value] = {"value_range": (0.0, 255.0)}
    for key, value in values.items():
        if key == "keras":
            continue
        if key in ("seed", "data_format", "dtype", "name"):
            raise DefinitionError(f"{where}: {name}: {key}: not allowed; augexp sets it itself")
        allowed = WORDS.get((name, str(key)))
        if allowed is not None and value not in allowed:
            hint = close_to(str(value), allowed)
            raise DefinitionError(f"{where}: {name}: {key}: received {value!r}; allowed: {', '.join(allowed)}{hint}")
        parameters[str(key)] = _freeze(value, f"{where}: {name}: {key}")
    if parameters["value_range"] not in ((0, 255), (0, 1)):
        raise DefinitionError(
            f"{where}: {name}: value_range: received {values['value_range']!r}; allowed: [0, 255] or [0, 1]"
        )
    return Operation(KERAS + name, tuple(sorted(parameters.items())))


def _freeze(value: object, where: str) -> Value:
    if isinstance(value, (list, tuple)) and all(isinstance(v, (int, float)) for v in value):
        return tuple(value)
    if isinstance(value, (bool, int, float, str)):
        return value
    raise DefinitionError(f"{where}: received {value!r}; allowed is a number, a text, true, false or a list of numbers")
