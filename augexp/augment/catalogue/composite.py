"""Composite operations: each image gets a random choice of other operations."""

from __future__ import annotations

from functools import partial

from augexp.augment import published
from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec
from augexp.augment.catalogue.expressions import always, no_layer


def _augmix(operation: Operation) -> KerasExpression:
    code = (
        f"AugMix(value_range=(0, 255), num_chains={operation['width']}, chain_depth={operation['depth']}, "
        f"factor={operation['severity'] / 10.0:.6g}, alpha={operation['alpha']:.6g})"
    )
    return always(operation, code, "Keras has a list of its own and draws one chain for the whole batch")


_spec = partial(Spec, "composite")

SPECS = (
    _spec(
        "randaugment",
        "applies n operations of the published list of 14, each at magnitude m, signs at random",
        "Cubuk et al. 2019 (arXiv 1909.13719)",
        (
            Parameter("n", 2, 0, 10, "operations per image", integer=True),
            Parameter("m", 9.0, 0.0, 30.0, "magnitude, 30 the strongest", grows=True),
        ),
        draws=20,
        breaks="solarize and colour, where colour decides the class",
        keras=lambda o: always(
            o,
            f"RandAugment(value_range=(0, 255), num_ops={o['n']}, factor={o['m'] / 30.0:.6g})",
            "Keras has a list of its own and draws the magnitude",
        ),
        choices=published.RANDAUGMENT,
    ),
    _spec(
        "trivialaugment",
        "applies one operation of the list of 14 at a strength drawn from 31 levels, sign at random",
        "Mueller & Hutter 2021 (arXiv 2103.10158), wide space",
        draws=3,
        breaks="solarize and colour, where colour decides the class",
        keras=no_layer("Keras has no TrivialAugment"),
        choices=published.TRIVIALAUGMENT,
    ),
    _spec(
        "autoaugment",
        "applies one of the 25 published sub-policies for CIFAR-10 (two operations each)",
        "Cubuk et al. 2018 (arXiv 1805.09501), appendix",
        draws=5,
        breaks="invert, solarize and colour, where colour decides the class",
        keras=no_layer("Keras has no AutoAugment"),
        choices=published.AUTOAUGMENT,
    ),
    _spec(
        "augmix",
        "mixes the picture with a weighted mean of `width` chains of 1 to `depth` operations (no consistency loss: "
        "only the pictures of the paper, not its Jensen-Shannon term)",
        "Hendrycks et al. 2019 (arXiv 1912.02781)",
        (
            Parameter("severity", 3.0, 0.0, 10.0, "level, 10 the strongest", grows=True),
            Parameter("width", 3, 1, 8, "chains", integer=True),
            Parameter("depth", 3, 1, 8, "most operations per chain", integer=True),
            Parameter("alpha", 1.0, 0.01, 100.0, "of the Dirichlet and Beta weights"),
        ),
        draws=1 + 8 + 8 * (1 + 3 * 8),
        keras=_augmix,
        choices=published.AUGMIX,
    ),
    _spec(
        "random_chain",
        "applies n operations drawn with replacement from flip, rotation, zoom, shift, shear, brightness, contrast "
        "and saturation, each with the default range of that operation",
        "a control in the spirit of Yu et al. / Li & Talwalkar 2019 (arXiv 1902.07638): random search as baseline",
        (Parameter("n", 4, 0, 10, "operations per image", integer=True),),
        draws=30,
        breaks="saturation, where colour decides the class",
        keras=no_layer("Keras has no choice between layers"),
        choices=dict.fromkeys(published.RANDOM),
    ),
)
