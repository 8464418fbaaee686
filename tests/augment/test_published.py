"""The published policies agree with their sources, entry by entry."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.augment.pixels import composite
from augexp.augment.published import (
    AUGMIX,
    AUTOAUGMENT,
    CIFAR10,
    RANDAUGMENT,
    TRIVIALAUGMENT,
)

# RandAugment, arXiv 1909.13719, section 3 (the 14 transformations), with the ranges of AutoAugment's table 6 (arXiv
# 1805.09501): shear 0.3, translation 150 of 331 pixels, rotation 30 degrees, enhancements 0.1 to 1.9, posterize 4 to 8
# bits, solarize 0 to 256.
PAPER_14 = {
    "identity", "autocontrast", "equalize", "rotate", "solarize", "color", "posterize", "contrast", "brightness",
    "sharpness", "shear_x", "shear_y", "translate_x", "translate_y",
}  # fmt: skip
RANDAUGMENT_ENDS = {
    "identity": (None, None, False),
    "shear_x": (0.0, 0.3, True),
    "shear_y": (0.0, 0.3, True),
    "translate_x": (0.0, 150 / 331, True),
    "translate_y": (0.0, 150 / 331, True),
    "rotate": (0.0, 30.0, True),
    "brightness": (0.0, 0.9, True),
    "color": (0.0, 0.9, True),
    "contrast": (0.0, 0.9, True),
    "sharpness": (0.0, 0.9, True),
    "posterize": (8.0, 4.0, False),
    "solarize": (256.0, 0.0, False),
    "autocontrast": (None, None, False),
    "equalize": (None, None, False),
}
# TrivialAugment, arXiv 2103.10158, table 8 ("wide"): shear 0.99, translation 32 pixels, rotation 135 degrees,
# enhancements 0.01 to 2 (0.99 about 1), posterize 2 to 8, solarize 0 to 256.
TRIVIAL_ENDS = {
    **RANDAUGMENT_ENDS,
    "shear_x": (0.0, 0.99, True),
    "shear_y": (0.0, 0.99, True),
    "translate_x": (0.0, 32.0, True),
    "translate_y": (0.0, 32.0, True),
    "rotate": (0.0, 135.0, True),
    "brightness": (0.0, 0.99, True),
    "color": (0.0, 0.99, True),
    "contrast": (0.0, 0.99, True),
    "sharpness": (0.0, 0.99, True),
    "posterize": (8.0, 2.0, False),
}
# AugMix, arXiv 1912.02781, section 3 and the authors' program: nine operations, none of the test corruptions.
AUGMIX_ENDS = {
    "autocontrast": (None, None, False),
    "equalize": (None, None, False),
    "posterize": (4.0, 0.0, False),
    "rotate": (0.0, 30.0, True),
    "solarize": (256.0, 0.0, False),
    "shear_x": (0.0, 0.3, True),
    "shear_y": (0.0, 0.3, True),
    "translate_x": (0.0, 1 / 3, True),
    "translate_y": (0.0, 1 / 3, True),
}
# AutoAugment, arXiv 1805.09501, appendix, table 7: the policy found on reduced CIFAR-10, as the paper prints it
# (operation, probability, magnitude); a magnitude of an operation that has none is left out here.
TABLE_7 = """
    Invert .1 -         Contrast .2 6     | Rotate .7 2         TranslateX .3 9   | Sharpness .8 1     Sharpness .9 3
    ShearY .5 8         TranslateY .7 9   | AutoContrast .5 -   Equalize .9 -     | ShearY .2 7        Posterize .3 7
    Color .4 3          Brightness .6 7   | Sharpness .3 9      Brightness .7 9   | Equalize .6 -      Equalize .5 -
    Contrast .6 7       Sharpness .6 5    | Color .7 7          TranslateX .5 8   | Equalize .3 -      AutoContrast .4 -
    TranslateY .4 3     Sharpness .2 6    | Brightness .9 6     Color .2 8        | Solarize .5 2      Invert .0 -
    Equalize .2 -       AutoContrast .6 - | Equalize .2 -       Equalize .6 -     | Color .9 9         Equalize .6 -
    AutoContrast .8 -   Solarize .2 8     | Brightness .1 3     Color .7 0        | Solarize .4 5      AutoContrast .9 -
    TranslateY .9 9     TranslateY .7 9   | AutoContrast .9 -   Solarize .8 3     | Equalize .8 -      Invert .1 -
    TranslateY .7 9     AutoContrast .9 -
"""
PAPER_NAMES = {
    "ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x", "TranslateY": "translate_y",
}  # fmt: skip


def test_autoaugment_has_the_25_subpolicies_of_the_paper():
    cells = [cell.split() for line in TABLE_7.strip().splitlines() for cell in line.split("|")]
    steps = [(name, float(p), None if level == "-" else int(level)) for c in cells for name, p, level in (c[:3], c[3:])]
    expected = [(PAPER_NAMES.get(name, name.lower()), p, level) for name, p, level in steps]
    assert [step for pair in CIFAR10 for step in pair] == expected
    assert len(CIFAR10) == 25


@pytest.mark.parametrize(
    ("space", "ends"),
    [
        (RANDAUGMENT, RANDAUGMENT_ENDS),
        (TRIVIALAUGMENT, TRIVIAL_ENDS),
        (AUGMIX, AUGMIX_ENDS),
        (AUTOAUGMENT, {**RANDAUGMENT_ENDS, "invert": (None, None, False)}),
    ],
    ids=["randaugment", "trivialaugment", "augmix", "autoaugment"],
)
def test_every_range_is_the_published_one(space, ends):
    assert {name: (span.weakest, span.strongest, span.signed) for name, span in space.items()} == ends


def test_the_lists_of_14():
    assert set(RANDAUGMENT) == PAPER_14
    assert set(TRIVIALAUGMENT) == PAPER_14
    assert {name for pair in CIFAR10 for name, _, _ in pair} <= set(AUTOAUGMENT)


def test_every_published_operation_has_a_step():
    assert set(composite.STEPS) == set(RANDAUGMENT) | set(TRIVIALAUGMENT) | set(AUGMIX) | set(AUTOAUGMENT)


@pytest.mark.parametrize("space", [RANDAUGMENT, TRIVIALAUGMENT], ids=["randaugment", "trivialaugment"])
def test_level_0_leaves_the_image(space):
    for name, span in space.items():
        if span.unit:
            neutral = {"posterize": 8.0, "solarize": 256.0}.get(name, 0.0)
            assert span.at(0.0) == neutral


def amount(space, name, level, sign=0.9, side=32):
    return composite.amounts(name, space[name], np.array([level]), np.array([sign]), side)[0]


def test_amounts_at_a_level():
    assert amount(RANDAUGMENT, "rotate", 9 / 30) == pytest.approx(9.0)
    assert amount(RANDAUGMENT, "rotate", 9 / 30, sign=0.1) == pytest.approx(-9.0)
    assert amount(RANDAUGMENT, "translate_x", 1.0, side=64) == 29  # 150 / 331 of 64 is 29.003
    assert amount(TRIVIALAUGMENT, "translate_x", 1.0, side=64) == 32  # pixels, whatever the side
    assert amount(RANDAUGMENT, "posterize", 9 / 30) == 7  # 8 - 1.2
    assert amount(RANDAUGMENT, "posterize", 1.0, sign=0.1) == 4
    assert amount(RANDAUGMENT, "solarize", 0.5) == 128
    assert amount(AUTOAUGMENT, "color", 8 / 9) == pytest.approx(0.8)
    assert amount(AUGMIX, "posterize", 0.3) == 3  # 4 - int(1.2)
    assert amount(AUGMIX, "posterize", 0.2) == 4  # 4 - int(0.8): only whole steps count
