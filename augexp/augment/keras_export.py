"""The way back: a policy as Keras layers, for pasting into a model.

Keras expresses some operations exactly, some nearly and some not at all; the text says which, operation
by operation. The layers take images on the scale 0 to 255 and end on the scale 0 to 1.
"""

from __future__ import annotations

from augexp.augment.catalogue.base import Operation
from augexp.augment.catalogue.registry import spec_of
from augexp.augment.policy import Policy


def export(policy: Policy) -> str:
    """Return Python text that builds a `keras.Sequential` named ``augmentation`` from `policy`."""
    lines = ["import keras", "from keras import layers", "", f"# {policy.title}: {policy.summary}"]
    lines += ["augmentation = keras.Sequential(", "    ["]
    if policy.copies:
        lines += [f"        # left out: {policy.copies} fixed copies of each image: layers draw anew every time"]
    if policy.learned is not None:
        lines += ["        # left out: the learned part, which is trained along with the network"]
    for operation in policy.operations:
        lines += [f"        {line}" for line in _lines(operation)]
    lines += ["        layers.Rescaling(1 / 255),", "    ]", ")"]
    return "\n".join(lines) + "\n"


def _lines(operation: Operation) -> list[str]:
    expression = spec_of(operation).keras(operation)
    if not expression.code:
        return [f"# not expressible: {operation.name}: {expression.note}"]
    comment = [f"# {operation.name}: {expression.note}"] if expression.note else []
    return [*comment, f"layers.{expression.code},"]
