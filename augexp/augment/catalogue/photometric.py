"""Photometric operations: values and colours change, places do not."""

from __future__ import annotations

from functools import partial

from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec
from augexp.augment.catalogue.expressions import always, factor_caption, factor_layer, no_layer, spread, whole


def _solarize(operation: Operation) -> KerasExpression:
    low = operation["threshold"] / 255 if operation["threshold"] < 255 else 1.0
    return always(operation, f"Solarization(threshold_factor=({low:.6g}, 1.0), value_range=(0, 255))")


_spec = partial(Spec, "photometric")

SPECS = (
    _spec(
        "brightness",
        "multiplies by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); multiplicative as in PIL, not additive as in Keras",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=factor_layer("RandomBrightness", "Keras adds to the values; asked for was to multiply them"),
    ),
    _spec(
        "contrast",
        "blends with the mean grey of the picture: mean + c (x - mean), c from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); mean of the luma (ITU-R 601) as in PIL",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=factor_layer("RandomContrast", "Keras takes the mean of each channel rather than of the grey picture"),
    ),
    _spec(
        "gamma",
        "raises to a power from 1 / gamma to gamma (log-uniform) on the scale 0 to 1",
        "Poynton, Frequently asked questions about gamma",
        (Parameter("gamma", 1.5, 1.0, 10.0, "largest exponent"),),
        draws=1,
        caption=lambda o, u: f"to the power {o['gamma'] ** spread(u, 1.0):.2f}",
        keras=no_layer("Keras has no gamma"),
    ),
    _spec(
        "posterize",
        "keeps the upper bits of every value, a number of bits from `bits` to 8",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("bits", 4, 1, 8, "bits kept", integer=True),),
        draws=1,
        caption=lambda o, u: f"{whole(u, o['bits'], 8)} bits",
        keras=lambda o: always(
            o,
            f"RandomPosterization({o['bits']}, value_range=(0, 255))",
            "Keras keeps this number of bits always, not a random one from it to 8",
        ),
    ),
    _spec(
        "solarize",
        "inverts the values from a threshold on, drawn from `threshold` to 256",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("threshold", 128, 0, 256, "8-bit value", integer=True),),
        draws=1,
        breaks="with low thresholds where brightness decides the class",
        caption=lambda o, u: f"from {whole(u, o['threshold'], 256)}",
        keras=_solarize,
    ),
    _spec(
        "invert",
        "replaces every value by its complement",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        breaks="where brightness or colour decides the class",
        keras=lambda o: KerasExpression(f"RandomInvert(({o['p']:.6g}, {o['p']:.6g}), value_range=(0, 255))"),
    ),
    _spec(
        "saturation",
        "blends with the grey picture by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); luma weights of ITU-R 601",
        (Parameter("factor", 0.5, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        breaks="where colour decides the class",
        caption=factor_caption,
        needs_colour=True,
        keras=factor_layer("RandomSaturation", "Keras changes the saturation of HSV", centred=True),
    ),
    _spec(
        "hue",
        "turns the colours about the grey axis by -degrees to +degrees, in the YIQ plane",
        "Krizhevsky et al. 2012 for colour shifts; YIQ (NTSC) rather than HSV, so that it is one matrix",
        (Parameter("degrees", 18.0, 0.0, 180.0, "degrees", grows=True),),
        draws=1,
        breaks="where colour decides the class",
        caption=lambda o, u: f"{spread(u, o['degrees']):+.0f} degrees",
        needs_colour=True,
        keras=lambda o: always(
            o,
            f"RandomHue({o['degrees'] / 180.0:.6g}, value_range=(0, 255))",
            "Keras turns in HSV rather than YIQ, so that brightness may change",
        ),
    ),
    _spec(
        "grayscale",
        "replaces every colour by its luma (ITU-R 601)",
        "Chen et al. 2020 (arXiv 2002.05709)",
        p=0.2,
        breaks="where colour decides the class",
        needs_colour=True,
        keras=lambda o: KerasExpression(f"RandomGrayscale({o['p']:.6g})"),
    ),
    _spec(
        "equalize",
        "flattens the histogram of every channel (PIL's algorithm)",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        keras=lambda o: always(o, "Equalization(value_range=(0, 255))", "other rounding"),
    ),
    _spec(
        "autocontrast",
        "stretches every channel to the full range; a constant channel stays",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        keras=lambda o: always(o, "AutoContrast(value_range=(0, 255))"),
    ),
)
