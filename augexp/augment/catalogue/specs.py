"""Every operation of augexp: its published meaning, units, valid ranges and source.

Conventions that hold for all of them:

- Amounts are drawn anew per image and epoch, uniformly over the stated range unless it says otherwise.
- Lengths are fractions of the side of the picture, angles are degrees counted counter-clockwise.
- Pictures are turned about their centre; pixel centres lie at whole numbers.
- Where a geometric operation needs pixels beyond the edge, the picture is mirrored there (edge pixel
  repeated). Published policies fill with black or grey instead; one border for every operation lets
  neighbours be composed into a single interpolation and adds no artificial corners to learn from.
- Photometric operations clip to the range of the picture after every step, as 8-bit pictures do.
"""

from __future__ import annotations

from augexp.augment.catalogue.base import Parameter, Spec

_SIDE = "fraction of the side"
_FULL = "fraction of the full range"

_GEOMETRIC = (
    Spec(
        "horizontal_flip",
        "geometric",
        "mirrors left and right",
        "Krizhevsky et al. 2012",
        p=0.5,
        breaks="where left and right decide the class (text, digits)",
    ),
    Spec(
        "vertical_flip",
        "geometric",
        "mirrors top and bottom",
        "Simard et al. 2003",
        p=0.5,
        breaks="where up and down decide the class (digits, scenes, faces)",
    ),
    Spec(
        "rotation",
        "geometric",
        "turns by an angle from -degrees to +degrees",
        "Simard et al. 2003",
        (Parameter("degrees", 15.0, 0.0, 180.0, "degrees", grows=True),),
        draws=1,
        breaks="above 45 degrees where the orientation decides the class (6 and 9)",
    ),
    Spec(
        "shift",
        "geometric",
        "moves by up to x and y of the side in either direction",
        "Simard et al. 2003",
        (Parameter("x", 0.1, 0.0, 1.0, _SIDE, grows=True), Parameter("y", 0.1, 0.0, 1.0, _SIDE, grows=True)),
        draws=2,
    ),
    Spec(
        "zoom",
        "geometric",
        "magnifies by a factor from 1 - factor to 1 + factor about the centre",
        "Simard et al. 2003",
        (Parameter("factor", 0.12, 0.0, 0.9, "relative size", grows=True),),
        draws=1,
    ),
    Spec(
        "shear",
        "geometric",
        "slants each axis by an angle from -x to +x and from -y to +y; a shift of tan(angle)",
        "Simard et al. 2003",
        (
            Parameter("x", 10.0, 0.0, 60.0, "degrees", grows=True),
            Parameter("y", 10.0, 0.0, 60.0, "degrees", grows=True),
        ),
        draws=2,
    ),
    Spec(
        "random_crop",
        "geometric",
        "cuts the picture's own size out of the picture widened by `padding` on every side",
        "He et al. 2015 (arXiv 1512.03385): 4 pixels of 32",
        (Parameter("padding", 0.125, 0.0, 1.0, _SIDE, grows=True),),
        draws=2,
    ),
    Spec(
        "random_resized_crop",
        "geometric",
        "cuts a box of a random part of the area and a random aspect ratio (log-uniform) and stretches it to the "
        "picture; a box that would stick out is cut off at the edges",
        "Szegedy et al. 2014 (arXiv 1409.4842): area 0.08 to 1, ratio 3/4 to 4/3",
        (
            Parameter("scale_min", 0.08, 0.01, 1.0, "fraction of the area"),
            Parameter("scale_max", 1.0, 0.01, 1.0, "fraction of the area"),
            Parameter("ratio", 4 / 3, 1.0, 4.0, "largest width / height and height / width"),
        ),
        draws=4,
        ordered=(("scale_min", "scale_max"),),
        breaks="with small areas, when the object is cut away",
    ),
    Spec(
        "perspective",
        "geometric",
        "moves every corner inwards by up to distortion / 2 of the side and views through the new quadrangle",
        "torchvision RandomPerspective (distortion_scale)",
        (Parameter("distortion", 0.3, 0.0, 0.9, _SIDE, grows=True),),
        draws=8,
    ),
)

_PHOTOMETRIC = (
    Spec(
        "brightness",
        "photometric",
        "multiplies by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); multiplicative as in PIL, not additive as in Keras",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
    ),
    Spec(
        "contrast",
        "photometric",
        "blends with the mean grey of the picture: mean + c (x - mean), c from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); mean of the luma (ITU-R 601) as in PIL",
        (Parameter("factor", 0.25, 0.0, 1.0, "relative", grows=True),),
        draws=1,
    ),
    Spec(
        "gamma",
        "photometric",
        "raises to a power from 1 / gamma to gamma (log-uniform) on the scale 0 to 1",
        "Poynton, Frequently asked questions about gamma",
        (Parameter("gamma", 1.5, 1.0, 10.0, "largest exponent"),),
        draws=1,
    ),
    Spec(
        "posterize",
        "photometric",
        "keeps the upper bits of every value, a number of bits from `bits` to 8",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("bits", 4, 1, 8, "bits kept", integer=True),),
        draws=1,
    ),
    Spec(
        "solarize",
        "photometric",
        "inverts the values from a threshold on, drawn from `threshold` to 256",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        (Parameter("threshold", 128, 0, 256, "8-bit value", integer=True),),
        draws=1,
        breaks="with low thresholds where brightness decides the class",
    ),
    Spec(
        "invert",
        "photometric",
        "replaces every value by its complement",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
        breaks="where brightness or colour decides the class",
    ),
    Spec(
        "saturation",
        "photometric",
        "blends with the grey picture by a factor from 1 - factor to 1 + factor",
        "Howard 2013 (arXiv 1312.5402); luma weights of ITU-R 601",
        (Parameter("factor", 0.5, 0.0, 1.0, "relative", grows=True),),
        draws=1,
        breaks="where colour decides the class",
    ),
    Spec(
        "hue",
        "photometric",
        "turns the colours about the grey axis by -degrees to +degrees, in the YIQ plane",
        "Krizhevsky et al. 2012 for colour shifts; YIQ (NTSC) rather than HSV, so that it is one matrix",
        (Parameter("degrees", 18.0, 0.0, 180.0, "degrees", grows=True),),
        draws=1,
        breaks="where colour decides the class",
    ),
    Spec(
        "grayscale",
        "photometric",
        "replaces every colour by its luma (ITU-R 601)",
        "Chen et al. 2020 (arXiv 2002.05709)",
        p=0.2,
        breaks="where colour decides the class",
    ),
    Spec(
        "equalize",
        "photometric",
        "flattens the histogram of every channel (PIL's algorithm)",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
    ),
    Spec(
        "autocontrast",
        "photometric",
        "stretches every channel to the full range; a constant channel stays",
        "Cubuk et al. 2018 (arXiv 1805.09501)",
        p=0.5,
    ),
)

_SPATIAL = (
    Spec(
        "sharpness",
        "spatial",
        "blends with a smoothed picture (3 x 3, centre 5, neighbours 1) by a factor from 1 - factor to 1 + factor; "
        "the outermost pixels stay",
        "Cubuk et al. 2018 (arXiv 1805.09501); PIL ImageEnhance.Sharpness",
        (Parameter("factor", 0.9, 0.0, 1.0, "relative", grows=True),),
        draws=1,
    ),
    Spec(
        "blur",
        "spatial",
        "Gaussian blur with a standard deviation from 0 to sigma",
        "Chen et al. 2020 (arXiv 2002.05709)",
        (Parameter("sigma", 0.02, 0.0, 0.5, _SIDE, grows=True),),
        draws=1,
    ),
    Spec(
        "noise",
        "spatial",
        "adds independent Gaussian noise with a standard deviation from 0 to std",
        "Bishop 1995, Training with noise is equivalent to Tikhonov regularization",
        (Parameter("std", 0.05, 0.0, 1.0, _FULL, grows=True),),
        draws=2,
    ),
    Spec(
        "jpeg",
        "spatial",
        "compresses as JPEG with a quality from quality_min to quality_max and reads it again",
        "Dodge & Karam 2016 (arXiv 1604.04004)",
        (
            Parameter("quality_min", 40, 1, 100, "JPEG quality", integer=True),
            Parameter("quality_max", 90, 1, 100, "JPEG quality", integer=True),
        ),
        draws=1,
        ordered=(("quality_min", "quality_max"),),
    ),
    Spec(
        "cutout",
        "spatial",
        "covers a square of `size` of the side, its centre anywhere in the picture, with the grey `fill`",
        "DeVries & Taylor 2017 (arXiv 1708.04552): 16 of 32 pixels for CIFAR-10, filled with the mean",
        (Parameter("size", 0.5, 0.0, 2.0, _SIDE, grows=True), Parameter("fill", 0.5, 0.0, 1.0, _FULL)),
        draws=2,
        breaks="with large squares, when the object is covered",
    ),
    Spec(
        "erasing",
        "spatial",
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
    ),
)

_COMPOSITE = (
    Spec(
        "randaugment",
        "composite",
        "applies n operations of the published list of 14, each at magnitude m, signs at random",
        "Cubuk et al. 2019 (arXiv 1909.13719)",
        (
            Parameter("n", 2, 0, 10, "operations per image", integer=True),
            Parameter("m", 9.0, 0.0, 30.0, "magnitude, 30 the strongest", grows=True),
        ),
        draws=20,
        breaks="solarize and colour, where colour decides the class",
    ),
    Spec(
        "trivialaugment",
        "composite",
        "applies one operation of the list of 14 at a strength drawn from 31 levels, sign at random",
        "Mueller & Hutter 2021 (arXiv 2103.10158), wide space",
        draws=3,
        breaks="solarize and colour, where colour decides the class",
    ),
    Spec(
        "autoaugment",
        "composite",
        "applies one of the 25 published sub-policies for CIFAR-10 (two operations each)",
        "Cubuk et al. 2018 (arXiv 1805.09501), appendix",
        draws=5,
        breaks="invert, solarize and colour, where colour decides the class",
    ),
    Spec(
        "augmix",
        "composite",
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
    ),
    Spec(
        "random_chain",
        "composite",
        "applies n operations drawn with replacement from flip, rotation, zoom, shift, shear, brightness, contrast "
        "and saturation, each with the default range of that operation",
        "a control in the spirit of Yu et al. / Li & Talwalkar 2019 (arXiv 1902.07638): random search as baseline",
        (Parameter("n", 4, 0, 10, "operations per image", integer=True),),
        draws=30,
        breaks="saturation, where colour decides the class",
    ),
)

_MIXING = (
    Spec(
        "mixup",
        "mixing",
        "adds a second training picture with weight 1 - l, l from Beta(alpha, alpha); labels too",
        "Zhang et al. 2017 (arXiv 1710.09412): alpha 0.1 to 0.4 on ImageNet, 1 on CIFAR",
        (Parameter("alpha", 0.2, 0.01, 100.0, "of the Beta distribution"),),
        draws=2,
    ),
    Spec(
        "cutmix",
        "mixing",
        "pastes a box of a second training picture, area 1 - l with l from Beta(alpha, alpha); labels by area",
        "Yun et al. 2019 (arXiv 1905.04899)",
        (Parameter("alpha", 1.0, 0.01, 100.0, "of the Beta distribution"),),
        draws=4,
    ),
)

SPECS: dict[str, Spec] = {spec.name: spec for spec in (*_GEOMETRIC, *_PHOTOMETRIC, *_SPATIAL, *_COMPOSITE, *_MIXING)}
"""Every operation by name, in the order of the families."""
