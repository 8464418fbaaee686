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

from augexp.augment import derived_policies, learned
from augexp.augment.catalogue.base import Operation, Value, build, close_to
from augexp.augment.catalogue.keras_layers import KERAS, LAYERS, REFUSED, WORDS
from augexp.augment.catalogue.registry import SPECS, spec_of
from augexp.augment.learned import Learned
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.errors import DefinitionError

BESIDE = ("copies", "learned")
"""What a custom policy may say beside its operations, or beside the policy that it is made from."""

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
        copies: k, augmented versions of each image that are drawn once and shown in every epoch beside the original; 0
            where every epoch shows a fresh version in its place.
        learned: a network that makes further images and is trained meanwhile; None without one.
    """

    name: str
    version: int
    operations: tuple[Operation, ...]
    summary: str = "custom policy"
    source: str = "custom"
    copies: int = 0
    learned: Learned | None = None

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
        values = {"engine": PIXEL_VERSION, "operations": [operation.definition() for operation in self.operations]}
        # Policies without them keep the hashes that they had before there were any.
        copies = {"copies": self.copies} if self.copies else {}
        return {**values, **copies, **({"learned": self.learned.definition()} if self.learned else {})}

    def describe(self) -> str:
        """Return the resolved operations with ranges, sources and warnings, a line each."""
        lines = [f"{self.title}: {self.summary}", f"  source: {self.source}"]
        if not self.operations:
            lines.append("  no operations: pictures are only rescaled to [0, 1]")
        if self.copies:
            lines.append(f"  copies: {self.copies} of each picture, drawn once and shown in every epoch beside it")
        if self.learned:
            lines.append(f"  learned: {self.learned.describe()}")
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
    part = None if named.learned is None else learned.parse(named.learned, unversioned)
    return Policy(unversioned, named.version, built, named.summary, named.source, named.copies, part)


def _resolve_custom(name: str, custom: Mapping[str, Mapping[str, Any]], above: tuple[str, ...]) -> Policy:
    where = f"policies.{name}"
    if name in NAMED_POLICIES:
        raise DefinitionError(f"{where}: this name belongs to a policy of augexp; choose another name")
    if name in above:
        raise DefinitionError(f"{where}: refers to itself ({' -> '.join((*above, name))}); name another policy")
    values = custom[name]
    further = {key: values[key] for key in BESIDE if key in values} if isinstance(values, Mapping) else {}
    rest = {key: values[key] for key in values if key not in BESIDE} if isinstance(values, Mapping) else values
    if rest == {} and "learned" in further:
        rest = {"operations": []}
    if not isinstance(rest, Mapping) or (
        set(rest) != {"operations"} and ("policy" not in rest or set(rest) - {"policy", *derived_policies.KEYS})
    ):
        received = sorted(values) if isinstance(values, Mapping) else values
        raise DefinitionError(
            f"{where}: received {received!r}; allowed is operations (a list), or policy (a name) with or without the "
            "keys without (a list of its operations) and strength (a number); beside them copies (a number) and "
            "learned (a table)"
        )
    made = _derived(name, rest, custom, above) if "policy" in rest else _listed(name, rest["operations"], where)
    return _with_further(made, further, where)


def _derived(name: str, values: Mapping[str, Any], custom: Mapping[str, Any], above: tuple[str, ...]) -> Policy:
    where = f"policies.{name}"
    if not isinstance(values["policy"], str):
        raise DefinitionError(f"{where}: policy: received {values['policy']!r}; allowed is the name of a policy")
    original = _resolve(values["policy"], custom, (*above, name))
    if len(values) == 1:
        return replace(original, name=name)
    changed = derived_policies.derive(original.operations, values, where)
    summary = f"{values['policy']} {derived_policies.describe(values)}"
    return replace(original, name=name, version=0, operations=changed, summary=summary)


def _listed(name: str, listed: Any, where: str) -> Policy:
    if not isinstance(listed, (list, tuple)):
        raise DefinitionError(f"{where}: operations: received {listed!r}; allowed is a list of operations")
    built = tuple(_build(operation, f"{where}: operations[{i}]") for i, operation in enumerate(listed))
    _check_order(built, where)
    return Policy(name, 0, built)


def _with_further(policy: Policy, further: Mapping[str, Any], where: str) -> Policy:
    """Return a policy with the copies and the learned part that its definition says, which have to fit it."""
    number = derived_policies.parse_copies(further["copies"], where) if "copies" in further else policy.copies
    part = learned.parse(further["learned"], f"{where}: learned") if "learned" in further else policy.learned
    if further:
        policy = replace(policy, version=0, copies=number, learned=part)
    if number and not policy.operations:
        raise DefinitionError(f"{where}: copies: received {number} without operations; name some, or leave copies out")
    if part is not None and number:
        raise DefinitionError(f"{where}: copies: received {number} with a learned part; allowed is one of both")
    if part is not None and policy.mixes_labels:
        raise DefinitionError(
            f"{where}: learned: received together with an operation that mixes classes; a learned part needs images of "
            "one class, so leave the mixing out"
        )
    return policy


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
