"""Mixing operations: two images of the training draw become one, and their labels a weighted pair."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec


def _layer(name: str, argument: str) -> Callable[[Operation], KerasExpression]:
    note = 'takes and returns {"images": ..., "labels": ...} with one-hot labels: map it over the data set'
    return lambda operation: KerasExpression("", f"layers.{name}({argument}={operation['alpha']:.6g}) {note}")


_spec = partial(Spec, "mixing")

SPECS = (
    _spec(
        "mixup",
        "adds a second training picture with weight 1 - l, l from Beta(alpha, alpha); labels too",
        "Zhang et al. 2017 (arXiv 1710.09412): alpha 0.1 to 0.4 on ImageNet, 1 on CIFAR",
        (Parameter("alpha", 0.2, 0.01, 100.0, "of the Beta distribution"),),
        draws=2,
        keras=_layer("MixUp", "alpha"),
    ),
    _spec(
        "cutmix",
        "pastes a box of a second training picture, area 1 - l with l from Beta(alpha, alpha); labels by area",
        "Yun et al. 2019 (arXiv 1905.04899)",
        (Parameter("alpha", 1.0, 0.01, 100.0, "of the Beta distribution"),),
        draws=4,
        keras=_layer("CutMix", "factor"),
    ),
)
