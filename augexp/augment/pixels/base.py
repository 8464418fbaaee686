"""What a function that changes pixels gets, and how its random numbers become amounts.

Fixed numbers give fixed pixels. The function of an operation stands in the module of its family, in the
dict ``FUNCTIONS``, under the operation's name; `augexp.augment.catalogue.base` tells what else there is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels.canvas import Canvas, Rows

Draws = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]

Function = Callable[[Canvas, Rows, Draws, Operation], None]
"""Changes the images `rows` (R,) of a `Canvas`, or notes their change there.

It gets numbers in [0, 1), shape (R, at least the `draws` of the `Spec`), and the parameters of the operation; whether
an image is changed at all (`p`) is decided before.
"""


def symmetric(draws: Draws, limit: float) -> Draws:
    """Spread numbers in [0, 1) over -limit to +limit."""
    return (2.0 * draws - 1.0) * limit


def whole(draws: Draws, lowest: int, highest: int) -> Draws:
    """Spread numbers in [0, 1) over the whole numbers from `lowest` to `highest`, both included."""
    return np.floor(draws * (highest - lowest + 1)) + lowest


def factors_of(draws: Draws, operation: Operation) -> Draws:
    """Return the factors (R,) from 1 - factor to 1 + factor for the first of the `draws` (R, ...)."""
    return 1.0 + symmetric(draws[:, 0], operation["factor"])
