"""What an operation is: a name, checked parameters, and what they mean.

The catalogue is light (no NumPy, OpenCV or Keras): an experiment definition is validated with it in
milliseconds. To add an operation, write:

1. Its `Spec`, in the module of its family in this package, in the tuple ``SPECS``.
2. What it does to pixels: a function in the module of the same name in `augexp.augment.pixels`, in the
   dict ``FUNCTIONS`` (whose type says what it gets), under the name of the operation.
3. A test with pixels worked out by hand, in ``tests/augment/pixels``.

Validation, previews, the export to Keras and the application to batches find it by its name. The order
of ``SPECS`` is the order of messages and previews: append.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from augexp.augment.published import Range
from augexp.errors import DefinitionError

Family = Literal["geometric", "photometric", "spatial", "composite", "mixing", "keras"]
Value = float | int | str | bool | tuple[float, ...]


@dataclass(frozen=True)
class Parameter:
    """One number of an operation.

    Attributes:
        name: key in a definition.
        default: value where the definition does not say; None means that it must be given.
        low, high: inclusive bounds.
        unit: what the number counts, for messages and descriptions.
        integer: whether only whole numbers are allowed.
        grows: whether zero leaves the image as it is and a larger number changes it more.
    """

    name: str
    default: float | int | None
    low: float
    high: float
    unit: str
    integer: bool = False
    grows: bool = False

    @property
    def allowed(self) -> str:
        """The valid range in words."""
        kind = "a whole number" if self.integer else "a number"
        return f"{kind} from {self.low:g} to {self.high:g} ({self.unit})"

    def check(self, where: str, value: Any) -> float | int:
        """Return `value` in the parameter's type; raises DefinitionError outside the valid range."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high
        if not number or (self.integer and value != int(value)):
            raise DefinitionError(f"{where}: {self.name}: received {value!r}; allowed is {self.allowed}")
        return int(value) if self.integer else float(value)


@dataclass(frozen=True)
class KerasExpression:
    """How Keras expresses an operation.

    Attributes:
        code: the constructor call on ``layers``; empty where Keras has nothing.
        note: what differs; empty where nothing does but the random numbers.
    """

    code: str
    note: str = ""


@dataclass(frozen=True)
class Spec:
    """The definition of an operation: everything but its pixels.

    Attributes:
        family: the module that it stands in; `mixing` operations come last in a policy.
        name: as written in a definition after ``op =``.
        meaning: one sentence, units included.
        source: where the operation comes from.
        parameters: in the order in which they are described; `p` is added to every operation.
        draws: random numbers per image, not counting the one for `p`; the first of a mixing operation chooses
            the image that is mixed in.
        p: default probability of being applied.
        breaks: in which case the operation changes what the right label is; empty where it does not.
        ordered: pairs of parameters of which the first may not exceed the second.
        caption: the amount in words where all draws of the operation are `u`, from 0 to below 1, for the
            preview of strengths; empty where there is no amount.
        keras: how Keras expresses the operation.
        choices: what a composite operation chooses from, by name: a published operation with its `Range`, or
            an operation of the catalogue at its defaults (None).
        needs_colour: whether it leaves a grey image as it is.
    """

    family: Family
    name: str
    meaning: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    draws: int = 0
    p: float = 1.0
    breaks: str = ""
    ordered: tuple[tuple[str, str], ...] = ()
    caption: Callable[[Operation, float], str] = lambda operation, u: ""
    keras: Callable[[Operation], KerasExpression] = field(kw_only=True)
    choices: Mapping[str, Range | None] = field(default_factory=dict, hash=False)
    needs_colour: bool = False

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The operation's own parameters and the probability `p`."""
        return (*self.parameters, Parameter("p", self.p, 0.0, 1.0, "probability of being applied to an image"))


@dataclass(frozen=True)
class Operation:
    """An operation with every parameter resolved: hashable, comparable, printable.

    Attributes:
        name: of the specification; ``keras:<class>`` for a Keras layer.
        parameters: (key, value) pairs in the order of the specification.
    """

    name: str
    parameters: tuple[tuple[str, Value], ...]

    def __getitem__(self, key: str) -> Any:
        return dict(self.parameters)[key]

    def definition(self) -> dict[str, Any]:
        """Return plain JSON values; they go into the hash of an arm."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in self.parameters}
        return {"op": self.name, **values}


def close_to(received: str, allowed: list[str] | tuple[str, ...]) -> str:
    """Return the did-you-mean clause for a mistyped name, or an empty string."""
    close = get_close_matches(received, allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def build(spec: Spec, values: Mapping[str, Any], where: str) -> Operation:
    """Check `values` against `spec` and fill in the defaults.

    Args:
        spec: the operation.
        values: parameters by key, without ``op``.
        where: opens the message of an error.

    Raises:
        DefinitionError: a key that the operation does not have, a missing one, or a value out of range.
    """
    where = f"{where}: {spec.name}"
    allowed = [parameter.name for parameter in spec.all_parameters]
    for received in values:
        if received not in allowed:
            hint = close_to(str(received), allowed)
            raise DefinitionError(f"{where}: unknown parameter {received!r}; allowed: {', '.join(allowed)}{hint}")
    resolved: dict[str, Value] = {}
    for parameter in spec.all_parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            raise DefinitionError(f"{where}: {parameter.name}: missing; give {parameter.allowed}")
        resolved[parameter.name] = parameter.check(where, value)
    for small, large in spec.ordered:
        if resolved[small] > resolved[large]:  # type: ignore[operator]
            raise DefinitionError(
                f"{where}: {small}: received {resolved[small]!r}; allowed is at most {large} = {resolved[large]!r}"
            )
    return Operation(spec.name, tuple(resolved.items()))
