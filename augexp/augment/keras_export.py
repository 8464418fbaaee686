"""The way back: a policy as Keras layers, for pasting into a model.

Keras expresses some operations exactly, some nearly and some not at all; the text says which, operation
by operation. The layers take pictures on the scale 0 to 255 and end on the scale 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from augexp.augment.catalogue.base import Operation
from augexp.augment.policy import KERAS, Policy


@dataclass(frozen=True)
class Layer:
    """How Keras expresses an operation.

    Attributes:
        code: the constructor call on ``layers``; empty where Keras has nothing.
        note: what differs; empty where nothing does but the random numbers.
    """

    code: str
    note: str = ""


def _number(value: float) -> str:
    return f"{value:.6g}"


def _flip(operation: Operation, direction: str) -> Layer:
    note = "" if operation["p"] == 0.5 else f"Keras flips half of the pictures; asked for was p = {operation['p']:g}"
    return Layer(f'RandomFlip("{direction}")', note)


def _always(operation: Operation, code: str, note: str = "") -> Layer:
    """Say so where Keras applies to every picture what the policy applies to some."""
    if operation["p"] < 1.0:
        note = "; ".join(filter(None, [note, f"Keras changes every picture; asked for was p = {operation['p']:g}"]))
    return Layer(code, note)


def _zoom(operation: Operation) -> Layer:
    factor = operation["factor"]
    if factor > 0.5:
        return Layer("", "Keras zooms out to half the size at most")
    low, high = 1.0 / (1.0 + factor) - 1.0, 1.0 / (1.0 - factor) - 1.0
    code = f'RandomZoom(({_number(low)}, {_number(high)}), fill_mode="reflect")'
    return _always(operation, code, "same range; Keras draws 1 / size uniformly rather than the size")


def _shear(operation: Operation) -> Layer:
    x, y = (_number(math.tan(math.radians(operation[key]))) for key in ("x", "y"))
    if max(operation["x"], operation["y"]) > 45:
        return Layer("", "Keras shears by 45 degrees at most")
    return _always(
        operation, f'RandomShear({x}, {y}, fill_mode="reflect")', "Keras slants in one direction only, from a corner"
    )


def _shift(operation: Operation) -> Layer:
    y, x = _number(operation["y"]), _number(operation["x"])
    return _always(operation, f'RandomTranslation({y}, {x}, fill_mode="reflect")')


def _crop(operation: Operation) -> Layer:
    padding = _number(operation["padding"])
    code = f'RandomTranslation({padding}, {padding}, fill_mode="reflect")'
    return _always(operation, code, "the same move, but by parts of pixels")


def _blur(operation: Operation) -> Layer:
    return Layer("", "Keras counts sigma in pixels: RandomGaussianBlur(kernel_size=..., sigma=(0, sigma * side))")


def _noise(operation: Operation) -> Layer:
    note = "at its full strength always, and on the scale 0 to 1 only: add it behind Rescaling"
    return Layer("", f"layers.GaussianNoise({_number(operation['std'])}) {note}")


def _erasing(operation: Operation) -> Layer:
    p, low, high = (_number(operation[key]) for key in ("p", "area_min", "area_max"))
    code = f"RandomErasing(factor=({p}, {p}), scale=({low}, {high}), value_range=(0, 255))"
    return Layer(code, "Keras draws each side on its own, as the root of `scale`, and fills with normal noise")


def _cutout(operation: Operation) -> Layer:
    p, area = _number(operation["p"]), _number(min(operation["size"], 1.0) ** 2)
    fill = _number(operation["fill"] * 255)
    code = f"RandomErasing(factor=({p}, {p}), scale=({area}, {area}), fill_value={fill}, value_range=(0, 255))"
    return Layer(code, "other rounding")


def _factor(name: str, note: str, *, centred: bool = False) -> Callable[[Operation], Layer]:
    def express(operation: Operation) -> Layer:
        factor = operation["factor"]
        text = f"({_number(0.5 - factor / 2)}, {_number(0.5 + factor / 2)})" if centred else _number(factor)
        return _always(operation, f"{name}({text}, value_range=(0, 255))", note)

    return express


def _posterize(operation: Operation) -> Layer:
    note = "Keras keeps this number of bits always, not a random one from it to 8"
    return _always(operation, f"RandomPosterization({operation['bits']}, value_range=(0, 255))", note)


def _solarize(operation: Operation) -> Layer:
    low = _number(operation["threshold"] / 255 if operation["threshold"] < 255 else 1.0)
    return _always(operation, f"Solarization(threshold_factor=({low}, 1.0), value_range=(0, 255))")


def _hue(operation: Operation) -> Layer:
    factor = _number(operation["degrees"] / 180.0)
    note = "Keras turns in HSV rather than YIQ, so that brightness may change"
    return _always(operation, f"RandomHue({factor}, value_range=(0, 255))", note)


def _with_p(name: str) -> Callable[[Operation], Layer]:
    return lambda operation: Layer("{0}(({1}, {1}), value_range=(0, 255))".format(name, _number(operation["p"])))


def _randaugment(operation: Operation) -> Layer:
    factor = _number(operation["m"] / 30.0)
    code = f"RandAugment(value_range=(0, 255), num_ops={operation['n']}, factor={factor})"
    return _always(operation, code, "Keras has a list of its own and draws the magnitude")


def _augmix(operation: Operation) -> Layer:
    code = (
        f"AugMix(value_range=(0, 255), num_chains={operation['width']}, chain_depth={operation['depth']}, "
        f"factor={_number(operation['severity'] / 10.0)}, alpha={_number(operation['alpha'])})"
    )
    return _always(operation, code, "Keras has a list of its own and draws one chain for the whole batch")


def _mixing(name: str, argument: str) -> Callable[[Operation], Layer]:
    note = 'takes and returns {"images": ..., "labels": ...} with one-hot labels: map it over the data set'
    return lambda operation: Layer("", f"layers.{name}({argument}={_number(operation['alpha'])}) {note}")


def _nothing(note: str) -> Callable[[Operation], Layer]:
    return lambda operation: Layer("", note)


EXPRESSIONS: dict[str, Callable[[Operation], Layer]] = {
    "horizontal_flip": lambda operation: _flip(operation, "horizontal"),
    "vertical_flip": lambda operation: _flip(operation, "vertical"),
    "rotation": lambda operation: _always(
        operation, f'RandomRotation({_number(operation["degrees"] / 360.0)}, fill_mode="reflect")'
    ),
    "shift": _shift,
    "zoom": _zoom,
    "shear": _shear,
    "random_crop": _crop,
    "random_resized_crop": _nothing("Keras has no crop of random area and aspect ratio"),
    "perspective": lambda operation: Layer(
        "RandomPerspective(factor=({0}, {0}), scale={1})".format(
            _number(operation["p"]), _number(operation["distortion"])
        ),
        "Keras fills with black beyond the edge and scales the corners in its own way",
    ),
    "brightness": _factor("RandomBrightness", "Keras adds to the values; asked for was to multiply them"),
    "contrast": _factor("RandomContrast", "Keras takes the mean of each channel rather than of the grey picture"),
    "gamma": _nothing("Keras has no gamma"),
    "posterize": _posterize,
    "solarize": _solarize,
    "invert": _with_p("RandomInvert"),
    "saturation": _factor("RandomSaturation", "Keras changes the saturation of HSV", centred=True),
    "hue": _hue,
    "grayscale": lambda operation: Layer(f"RandomGrayscale({_number(operation['p'])})"),
    "equalize": lambda operation: _always(operation, "Equalization(value_range=(0, 255))", "other rounding"),
    "autocontrast": lambda operation: _always(operation, "AutoContrast(value_range=(0, 255))"),
    "sharpness": _factor("RandomSharpness", "Keras goes to twice the sharpness at 1", centred=True),
    "blur": _blur,
    "noise": _noise,
    "jpeg": _nothing("Keras has no compression"),
    "cutout": _cutout,
    "erasing": _erasing,
    "randaugment": _randaugment,
    "trivialaugment": _nothing("Keras has no TrivialAugment"),
    "autoaugment": _nothing("Keras has no AutoAugment"),
    "augmix": _augmix,
    "random_chain": _nothing("Keras has no choice between layers"),
    "mixup": _mixing("MixUp", "alpha"),
    "cutmix": _mixing("CutMix", "factor"),
}
"""How Keras expresses every operation of the catalogue."""


def export(policy: Policy) -> str:
    """Return Python text that builds a `keras.Sequential` named ``augmentation`` from `policy`."""
    title = f"{policy.name}@{policy.version}" if policy.version else policy.name
    lines = ["import keras", "from keras import layers", "", f"# {title}: {policy.summary}"]
    lines += ["augmentation = keras.Sequential(", "    ["]
    for operation in policy.operations:
        lines += [f"        {line}" for line in _lines(operation)]
    lines += ["        layers.Rescaling(1 / 255),", "    ]", ")"]
    return "\n".join(lines) + "\n"


def _lines(operation: Operation) -> list[str]:
    expressed = _express(operation)
    if not expressed.code:
        return [f"# not expressible: {operation.name}: {expressed.note}"]
    comment = [f"# {operation.name}: {expressed.note}"] if expressed.note else []
    return [*comment, f"layers.{expressed.code},"]


def _express(operation: Operation) -> Layer:
    if not operation.name.startswith(KERAS):
        return EXPRESSIONS[operation.name](operation)
    values = {key: value for key, value in operation.parameters if key != "value_range"}
    arguments = ", ".join(f"{key}={value!r}" for key, value in values.items())
    note = (
        "" if operation["value_range"][1] == 255 else "give it pictures on the scale 0 to 1: move it behind Rescaling"
    )
    return Layer(f"{operation.name.removeprefix(KERAS)}({arguments})", note)
