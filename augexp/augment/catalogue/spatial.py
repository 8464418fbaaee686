"""Spatial operations: filters, noise and covered areas."""

from __future__ import annotations

from functools import partial

from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec
from augexp.augment.catalogue.expressions import factor_caption, factor_layer, no_layer, whole

_SIDE = "fraction of the side"
_FULL = "fraction of the full range"


def _cutout(operation: Operation) -> KerasExpression:
    p, area, fill = f"{operation['p']:.6g}", f"{min(operation['size'], 1.0) ** 2:.6g}", operation["fill"] * 255
    code = f"RandomErasing(factor=({p}, {p}), scale=({area}, {area}), fill_value={fill:.6g}, value_range=(0, 255))"
    return KerasExpression(code, "other rounding")


_spec = partial(Spec, "spatial")

SPECS = (
    _spec(
        "sharpness",
        "blends with a smoothed picture (3 x 3, centre 5, neighbours 1) by a factor from 1 - factor to 1 + factor; "
        "the outermost pixels stay",
        "Cubuk et al. 2018 (arXiv 1805.09501); PIL ImageEnhance.Sharpness",
        (Parameter("factor", 0.9, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=factor_layer("RandomSharpness", "Keras goes to twice the sharpness at 1", centred=True),
    ),
    _spec(
        "blur",
        "Gaussian blur with a standard deviation from 0 to sigma",
        "Chen et al. 2020 (arXiv 2002.05709)",
        (Parameter("sigma", 0.02, 0.0, 0.5, _SIDE, grows=True),),
        draws=1,
        caption=lambda o, u: f"sigma {u * o['sigma']:.1%} of the side",
        keras=no_layer("Keras counts sigma in pixels: RandomGaussianBlur(kernel_size=..., sigma=(0, sigma * side))"),
    ),
    _spec(
        "noise",
        "adds independent Gaussian noise with a standard deviation from 0 to std",
        "Bishop 1995, Training with noise is equivalent to Tikhonov regularization",
        (Parameter("std", 0.05, 0.0, 1.0, _FULL, grows=True),),
        draws=2,
        caption=lambda o, u: f"std {u * o['std']:.1%}",
        keras=lambda o: KerasExpression(
            "",
            f"layers.GaussianNoise({o['std']:.6g}) at its full strength always, and on the scale 0 to 1 only: "
            "add it behind Rescaling",
        ),
    ),
    _spec(
        "jpeg",
        "compresses as JPEG with a quality from quality_min to quality_max and reads it again",
        "Dodge & Karam 2016 (arXiv 1604.04004)",
        (
            Parameter("quality_min", 40, 1, 100, "JPEG quality", integer=True),
            Parameter("quality_max", 90, 1, 100, "JPEG quality", integer=True),
        ),
        draws=1,
        ordered=(("quality_min", "quality_max"),),
        caption=lambda o, u: f"quality {whole(u, o['quality_min'], o['quality_max'])}",
        keras=no_layer("Keras has no compression"),
    ),
    _spec(
        "cutout",
        "covers a square of `size` of the side, its centre anywhere in the picture, with the grey `fill`",
        "DeVries & Taylor 2017 (arXiv 1708.04552): 16 of 32 pixels for CIFAR-10, filled with the mean",
        (Parameter("size", 0.5, 0.0, 2.0, _SIDE, grows=True), Parameter("fill", 0.5, 0.0, 1.0, _FULL)),
        draws=2,
        breaks="with large squares, when the object is covered",
        caption=lambda o, u: f"{o['size']:.0%} of the side",
        keras=_cutout,
    ),
    _spec(
        "erasing",
        "covers a rectangle of a random part of the area and a random aspect ratio (log-uniform) with random values",
        "Zhong et al. 2017 (arXiv 1708.04896): area 0.02 to 0.4, ratio 0.3 to 3.3",
        (
            Parameter("area_min", 0.02, 0.0, 1.0, "fraction of the area"),
            Parameter("area_max", 0.4, 0.0, 1.0, "fraction of the area"),
            Parameter("ratio", 1 / 0.3, 1.0, 10.0, "largest width / height and height / width"),
        ),
        draws=5,
        p=0.5,
        ordered=(("area_min", "area_max"),),
        breaks="with large areas, when the object is covered",
        caption=lambda o, u: f"{o['area_min'] + u * (o['area_max'] - o['area_min']):.0%} of the area",
        keras=lambda o: KerasExpression(
            f"RandomErasing(factor=({o['p']:.6g}, {o['p']:.6g}), scale=({o['area_min']:.6g}, {o['area_max']:.6g}), "
            "value_range=(0, 255))",
            "Keras draws each side on its own, as the root of `scale`, and fills with normal noise",
        ),
    ),
)
