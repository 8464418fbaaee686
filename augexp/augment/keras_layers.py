"""Any image preprocessing layer of Keras as an operation of a policy."""

from __future__ import annotations

from augexp.augment.canvas import Canvas, Rows
from augexp.augment.operations import Operation
from augexp.augment.primitives import Draws

DRAWS = 1


def run(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    """Apply the layer."""
    raise NotImplementedError
