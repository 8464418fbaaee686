"""Photometric operations: values and colours change, places do not."""

from __future__ import annotations

from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec
from augexp.augment.catalogue.expressions import (
    always,
    degrees_caption,
    factor_caption,
    factor_layer,
    no_layer,
    number,
    spread,
    whole,
)


def _posterize(operation: Operation) -> KerasExpression:
    note = "Keras keeps this number of bits always, not a random one from it to 8"
    return always(operation, f"RandomPosterization({operation['bits']}, value_range=(0, 255))", note)


def _solarize(operation: Operation) -> KerasExpression:
    low = number(operation["threshold"] / 255 if operation["threshold"] < 255 else 1.0)
    return always(operation, f"Solarization(threshold_factor=({low}, 1.0), value_range=(0, 255))")


def _hue(operation: Operation) -> KerasExpression:
    factor = number(operation["degrees"] / 180.0)
    note = "Keras turns in HSV rather than YIQ, so that brightness may change"
    return always(operation, f"RandomHue({factor}, value_range=(0, 255))", note)


def _invert(operation: Operation) -> KerasExpression:
    p = number(operation["p"])
    return KerasExpression(f"RandomInvert(({p}, {p}), value_range=(0, 255))")


SPECS = (
    Spec(
        "brightness",
        "photometric",
        "multiplies by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); multiplicative as in PIL, not additive as in Keras",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=factor_layer("RandomBrightness", "Keras adds to the values; asked for was to multiply them"),
    ),
    Spec(
        "contrast",
        "photometric",
        "blends with the mean grey of the picture: mean + c (x - mean), c from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); mean of the luma (ITU-R 601) as in PIL",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=factor_layer("RandomContrast", "Keras takes the mean of each channel rather than of the grey picture"),
    ),
    Spec(
        "gamma",
        "photometric",
        "raises to a power from 1 / gamma to gamma (log-uniform) on the scale 0 to 1",
        "Poynton, Frequently asked questions about gamma",
        (Parameter("gamma", 1.5, 1.0, 10.0, "largest exponent"),),
        draws=1,
        caption=lambda o, u: f"to the power {o['gamma'] ** spread(u, 1.0):.2f}",
        keras=no_layer("Keras has no gamma"),
    ),
    Spec(
        "posterize",
        "photometric",
        "keeps the upper bits of every value, a number of bits from `bits` to 8",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("bits", 4, 1, 8, "bits kept", integer=True),),
        draws=1,
        caption=lambda o, u: f"{whole(u, o['bits'], 8)} bits",
        keras=_posterize,
    ),
    Spec(
        "solarize",
        "photometric",
        "inverts the values from a threshold on, drawn from `threshold` to 256",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("threshold", 128, 0, 256, "8-bit value", integer=True),),
        draws=1,
        breaks="with low thresholds where brightness decides the class",
        caption=lambda o, u: f"from {whole(u, o['threshold'], 256)}",
        keras=_solarize,
    ),
    Spec(
        "invert",
        "photometric",
        "replaces every value by its complement",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        breaks="where brightness or colour decides the class",
        keras=_invert,
    ),
    Spec(
        "saturation",
        "photometric",
        "blends with the grey picture by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); luma weights of ITU-R 601",
        (Parameter("factor", 0.5, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        breaks="where colour decides the class",
        caption=factor_caption,
        keras=factor_layer("RandomSaturation", "Keras changes the saturation of HSV", centred=True),
    ),
    Spec(
        "hue",
        "photometric",
        "turns the colours about the grey axis by -degrees to +degrees, in the YIQ plane",
        "Krizhevsky et al. 2012 for colour shifts; YIQ (NTSC) rather than HSV, so that it is one matrix",
        (Parameter("degrees", 18.0, 0.0, 180.0, "degrees", grows=True),),
        draws=1,
        breaks="where colour decides the class",
        caption=degrees_caption,
        keras=_hue,
    ),
    Spec(
        "grayscale",
        "photometric",
        "replaces every colour by its luma (ITU-R 601)",
        "Chen et al. 2020 (arXiv 2002.05709)",
        p=0.2,
        breaks="where colour decides the class",
        keras=lambda o: KerasExpression(f"RandomGrayscale({number(o['p'])})"),
    ),
    Spec(
        "equalize",
        "photometric",
        "flattens the histogram of every channel (PIL's algorithm)",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        keras=lambda o: always(o, "Equalization(value_range=(0, 255))", "other rounding"),
    ),
    Spec(
        "autocontrast",
        "photometric",
        "stretches every channel to the full range; a constant channel stays",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        keras=lambda o: always(o, "AutoContrast(value_range=(0, 255))"),
    ),
)
