"""What a policy may have beside operations: a small network that makes images of two others and learns to.

The neural augmentation of Perez & Wang 2017 (arXiv 1712.04621, section 3.3): a few convolutions take two images of one
class, laid over each other as six channels, and return one image. The classifier is trained on it beside the original,
and its loss reaches the network that made it. A second loss may pull what is made towards a third image of the class.

Nothing here is heavy to import; `augexp.training.learned` trains such a network, and
`augexp.augment.pixels.learned_network` executes one without training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from augexp.augment.catalogue.base import close_to
from augexp.errors import DefinitionError

Loss = Literal["none", "content", "style"]
InputKind = Literal["class", "same"]

WEIGHT = 0.25
"""Share of the second loss where nothing is said; the classifier's loss has the rest (the paper's 0.25 and 0.75)."""

SIZE = 3
"""Side of every kernel."""

CHANNELS = 3


@dataclass(frozen=True)
class Learned:
    """The learned part of a policy.

    Attributes:
        loss: the second loss. `content`: mean squared difference from a third image of the class. `style`: mean squared
            difference of the Gram matrices of both, see `augexp.training.learned`. `none`: there is none.
        inputs: `class`, two images of the original's class, drawn anew for every image and epoch; or `same`, the
            original twice, the paper's control.
        weight: w, share of the second loss: (1 - w) x loss of the classifier + w x second loss.
        filters: of every convolution but the last, which has three.
        layers: convolutions before the last one.
        frozen: whether the network stays as it was drawn: a random function, as a control.
    """

    loss: Loss = "none"
    inputs: InputKind = "class"
    weight: float = 0.0
    filters: int = 16
    layers: int = 4
    frozen: bool = False

    @property
    def pictures(self) -> int:
        """Images that are needed for one: the original, its inputs, and the target of the second loss."""
        return 1 + (2 if self.inputs == "class" else 0) + (0 if self.loss == "none" else 1)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the weights: kernel and bias of every convolution."""
        widths = (2 * CHANNELS, *[self.filters] * self.layers, CHANNELS)
        pairs = zip(widths, widths[1:], strict=False)
        return tuple(shape for before, after in pairs for shape in ((SIZE, SIZE, before, after), (after,)))

    def definition(self) -> dict[str, Any]:
        """Return what decides what is learned, as JSON values."""
        return asdict(self)

    def describe(self) -> str:
        """Say what is learned, in a line."""
        inputs = "two images of the class" if self.inputs == "class" else "the image twice"
        second = f"{self.weight:g} x {self.loss} loss" if self.loss != "none" else "no second loss"
        frozen = "; its weights stay as they are drawn" if self.frozen else ""
        return f"{self.layers} convolutions of {self.filters} filters and one of 3 take {inputs}; {second}{frozen}"


_WORDS = {"loss": get_args(Loss), "inputs": get_args(InputKind)}
_WHOLE = {"filters": (1, 256), "layers": (1, 16)}


def parse(values: Any, where: str) -> Learned:
    """Check plain values, as read from a definition; raises DefinitionError that names the key."""
    allowed = tuple(Learned.__dataclass_fields__)
    if not isinstance(values, Mapping):
        raise DefinitionError(f"{where}: received {values!r}; allowed is a table with {', '.join(allowed)}")
    for key, value in values.items():
        if key not in allowed:
            hint = close_to(str(key), allowed)
            raise DefinitionError(f"{where}: unknown key {key!r}; allowed here: {', '.join(allowed)}{hint}")
        if key in _WORDS and value not in _WORDS[key]:
            raise DefinitionError(f"{where}: {key}: received {value!r}; allowed: {', '.join(_WORDS[key])}")
        if key in _WHOLE and not (type(value) is int and _WHOLE[key][0] <= value <= _WHOLE[key][1]):
            low, high = _WHOLE[key]
            raise DefinitionError(f"{where}: {key}: received {value!r}; allowed are whole numbers from {low} to {high}")
        if key == "frozen" and not isinstance(value, bool):
            raise DefinitionError(f"{where}: frozen: received {value!r}; allowed are true and false")
    loss = values.get("loss", "none")
    weight = values.get("weight", WEIGHT if loss != "none" else 0.0)
    number = isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0.0 <= weight < 1.0
    if not number or (weight and loss == "none"):
        limits = "0, since there is no second loss" if loss == "none" else "a number from 0 to below 1"
        raise DefinitionError(f"{where}: weight: received {weight!r}; allowed is {limits}")
    return Learned(**{**values, "weight": float(weight)})
