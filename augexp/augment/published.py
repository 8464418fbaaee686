"""The published policies as data: which operations, how strong, how likely.

Sources: AutoAugment (arXiv 1805.09501), RandAugment (1909.13719), TrivialAugment (2103.10158), AugMix
(1912.02781). Where published variants differ, one had to be chosen:

- **Magnitude.** RandAugment's paper counts magnitudes to 10 in its search space and to 30 in its tables,
  and the authors' program goes beyond its stated ends above 10. Here 30 is the strongest and 0 leaves the
  image (the scale of torchvision), so `m = 9` is mild.
- **Sign.** Colour, contrast, brightness and sharpness go from 0.1 to 1.9 in AutoAugment, over the level.
  Here the level is the distance from 1 and the sign is drawn, so that level 0 changes nothing.
- **Posterize.** The number of bits kept falls from 8 to 4 (AutoAugment, RandAugment) or 2 (TrivialAugment,
  wide) with the level; AutoAugment's paper counts 4 to 8 the other way round. AugMix keeps 4 at level 0.
- **Solarize.** The threshold falls from 256 (nothing is inverted) to 0 (everything is).
- **Translation** is a part of the side (150 / 331) except in TrivialAugment, whose 32 pixels are kept
  whatever the size, as published.
- **Shear** is about the centre rather than the upper left corner, and pixels from beyond the edge are
  mirrored rather than black or grey; images are interpolated linearly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TRANSLATION = 150.0 / 331.0
"""Largest translation of AutoAugment and RandAugment as a fraction of the side."""


@dataclass(frozen=True)
class Range:
    """How strong an operation is at the weakest and the strongest level.

    Attributes:
        weakest, strongest: amounts, linear in between; None where the operation has no strength.
        signed: whether the sign of the amount is drawn.
        upwards: bits that are not whole are rounded up rather than to the nearest.
        unit: `fraction` of the side, `pixels`, `degrees`, `tangent`, `relative` (to 1), `bits`, `value`.
    """

    weakest: float | None = None
    strongest: float | None = None
    signed: bool = False
    unit: str = ""
    upwards: bool = False

    def at(self, level: float) -> float:
        """Return the amount at `level` from 0 to 1; whole for bits."""
        if self.weakest is None or self.strongest is None:
            return 0.0
        amount = self.weakest + (self.strongest - self.weakest) * level
        if self.unit == "bits":
            return float(math.ceil(amount) if self.upwards else round(amount))
        return amount


def _space(*, shear: float, translate: tuple[float, str], rotate: float, enhance: float, bits: int) -> dict[str, Range]:
    return {
        "identity": Range(),
        "shear_x": Range(0.0, shear, signed=True, unit="tangent"),
        "shear_y": Range(0.0, shear, signed=True, unit="tangent"),
        "translate_x": Range(0.0, translate[0], signed=True, unit=translate[1]),
        "translate_y": Range(0.0, translate[0], signed=True, unit=translate[1]),
        "rotate": Range(0.0, rotate, signed=True, unit="degrees"),
        "brightness": Range(0.0, enhance, signed=True, unit="relative"),
        "color": Range(0.0, enhance, signed=True, unit="relative"),
        "contrast": Range(0.0, enhance, signed=True, unit="relative"),
        "sharpness": Range(0.0, enhance, signed=True, unit="relative"),
        "posterize": Range(8.0, float(bits), unit="bits"),
        "solarize": Range(256.0, 0.0, unit="value"),
        "autocontrast": Range(),
        "equalize": Range(),
    }


RANDAUGMENT = _space(shear=0.3, translate=(TRANSLATION, "fraction"), rotate=30.0, enhance=0.9, bits=4)
"""The 14 operations of RandAugment at the ends of its magnitude scale (0 and 30)."""

TRIVIALAUGMENT = _space(shear=0.99, translate=(32.0, "pixels"), rotate=135.0, enhance=0.99, bits=2)
"""The 14 operations of TrivialAugment in its wide space, over 31 levels."""

TRIVIAL_LEVELS = 31

AUTOAUGMENT = {**RANDAUGMENT, "invert": Range()}
"""The operations of AutoAugment at levels 0 and 9 of its 10."""

AUTO_LEVELS = 10

AUGMIX: dict[str, Range] = {
    "autocontrast": Range(),
    "equalize": Range(),
    "posterize": Range(4.0, 0.0, unit="bits", upwards=True),
    "rotate": Range(0.0, 30.0, signed=True, unit="degrees"),
    "solarize": Range(256.0, 0.0, unit="value"),
    "shear_x": Range(0.0, 0.3, signed=True, unit="tangent"),
    "shear_y": Range(0.0, 0.3, signed=True, unit="tangent"),
    "translate_x": Range(0.0, 1.0 / 3.0, signed=True, unit="fraction"),
    "translate_y": Range(0.0, 1.0 / 3.0, signed=True, unit="fraction"),
}
"""The operations of AugMix (those that do not overlap with the corruptions it is tested on), levels 0 to 10."""

AUGMIX_LEVELS = 10.0
AUGMIX_MIN_LEVEL = 0.1
"""The level of an operation is drawn between this and the severity."""

SubPolicyStep = tuple[str, float, int | None]

CIFAR10: tuple[tuple[SubPolicyStep, SubPolicyStep], ...] = (
    (("invert", 0.1, None), ("contrast", 0.2, 6)),
    (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
    (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
    (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
    (("autocontrast", 0.5, None), ("equalize", 0.9, None)),
    (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
    (("color", 0.4, 3), ("brightness", 0.6, 7)),
    (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
    (("equalize", 0.6, None), ("equalize", 0.5, None)),
    (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
    (("color", 0.7, 7), ("translate_x", 0.5, 8)),
    (("equalize", 0.3, None), ("autocontrast", 0.4, None)),
    (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
    (("brightness", 0.9, 6), ("color", 0.2, 8)),
    (("solarize", 0.5, 2), ("invert", 0.0, None)),
    (("equalize", 0.2, None), ("autocontrast", 0.6, None)),
    (("equalize", 0.2, None), ("equalize", 0.6, None)),
    (("color", 0.9, 9), ("equalize", 0.6, None)),
    (("autocontrast", 0.8, None), ("solarize", 0.2, 8)),
    (("brightness", 0.1, 3), ("color", 0.7, 0)),
    (("solarize", 0.4, 5), ("autocontrast", 0.9, None)),
    (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
    (("autocontrast", 0.9, None), ("solarize", 0.8, 3)),
    (("equalize", 0.8, None), ("invert", 0.1, None)),
    (("translate_y", 0.7, 9), ("autocontrast", 0.9, None)),
)
"""The 25 sub-policies of AutoAugment for CIFAR-10: (operation, probability, level of 0 to 9), twice."""

RANDOM = ("horizontal_flip", "rotation", "zoom", "shift", "shear", "brightness", "contrast", "saturation")
"""Operations of the catalogue that `random_chain` chooses from."""
