"""Photometric changes as curves (tables of 256 entries) and colour matrices, a whole batch at once.

Values are on the scale 0 to 255 and stay floating-point between operations of a row, so that nothing is
rounded before the image is finished; every step clips to the scale. Steps with jumps (`posterize`,
`solarize`) round first, so that they decide as they would on an 8-bit image. The curves that are
handed over may be overwritten: new memory is dearer than the arithmetic.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float32]
Amounts = npt.NDArray[np.float64]
Colours = npt.NDArray[np.float64]

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in grey (ITU-R BT.601), as PIL uses them."""

_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
_RGB = np.linalg.inv(_YIQ)


def brighten(table: Table, factors: Amounts) -> Table:
    """Multiply the curves (R, 256) by `factors` (R,)."""
    return clip(np.multiply(table, factors[:, None].astype(np.float32), out=table))


def stretch(table: Table, factors: Amounts, middles: Amounts) -> Table:
    """Move the curves (R, 256) away from `middles` (R,) by `factors` (R,), or towards them below 1."""
    middle = middles[:, None].astype(np.float32)
    return clip(middle + (table - middle) * factors[:, None].astype(np.float32))


def bend(table: Table, exponents: Amounts) -> Table:
    """Raise the curves (R, 256) to `exponents` (R,) on the scale 0 to 1."""
    return clip(np.power(table / np.float32(255), exponents[:, None].astype(np.float32)) * np.float32(255))


def posterize(table: Table, bits: Amounts) -> Table:
    """Keep the upper `bits` (R,), whole numbers from 0 to 8, of the rounded curves (R, 256)."""
    step = np.exp2(8.0 - bits)[:, None].astype(np.float32)
    return np.floor(np.rint(table) / step) * step


def solarize(table: Table, thresholds: Amounts) -> Table:
    """Invert the rounded curves (R, 256) where they reach `thresholds` (R,), numbers from 0 to 256."""
    whole = np.rint(table)
    return np.where(whole >= thresholds[:, None].astype(np.float32), np.float32(255) - whole, table)


def invert(table: Table) -> Table:
    """Return the complement of the curves (R, 256)."""
    return np.float32(255) - table


def clip(table: Table) -> Table:
    """Clip to the scale 0 to 255, in place."""
    return np.clip(table, np.float32(0), np.float32(255), out=table)


def saturations(factors: Amounts) -> Colours:
    """Return matrices that blend with grey: 0 is grey, 1 unchanged, above 1 more colourful; (R, 3, 4)."""
    colours = np.zeros((len(factors), 3, 4))
    colours[:, :, :3] = np.eye(3) * factors[:, None, None] + LUMA * (1.0 - factors)[:, None, None]
    return colours


def hues(degrees: Amounts) -> Colours:
    """Return matrices that turn the chroma of YIQ by `degrees` (R,) and keep the luma; (R, 3, 4)."""
    radians = np.deg2rad(degrees)
    turn = np.zeros((len(degrees), 3, 3))
    turn[:, 0, 0] = 1.0
    turn[:, 1, 1] = turn[:, 2, 2] = np.cos(radians)
    turn[:, 2, 1], turn[:, 1, 2] = np.sin(radians), -np.sin(radians)
    colours = np.zeros((len(degrees), 3, 4))
    colours[:, :, :3] = _RGB @ turn @ _YIQ
    return colours


def stays_inside(colours: Colours) -> npt.NDArray[np.bool_]:
    """Tell which matrices (R, 3, 4) cannot leave the scale, so that nothing is clipped after them; (R,)."""
    weights, offset = colours[:, :, :3], colours[:, :, 3]
    lowest = offset + 255.0 * np.minimum(weights, 0.0).sum(axis=2)
    highest = offset + 255.0 * np.maximum(weights, 0.0).sum(axis=2)
    inside: npt.NDArray[np.bool_] = ((lowest >= -1e-6) & (highest <= 255.0 + 1e-6)).all(axis=1)
    return inside


def chain(first: Colours, second: Colours) -> Colours:
    """Return the matrices (R, 3, 4) that do `first` and then `second`."""
    product = second[:, :, :3] @ first
    product[:, :, 3] += second[:, :, 3]
    return product
