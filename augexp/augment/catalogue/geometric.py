"""Geometric operations: pixels move, values do not change but by interpolation."""

from __future__ import annotations

import math
from functools import partial

from augexp.augment.catalogue.base import KerasExpression, Operation, Parameter, Spec
from augexp.augment.catalogue.expressions import always, factor_caption, no_layer, spread

_SIDE = "fraction of the side"


def _flip(operation: Operation, direction: str) -> KerasExpression:
    note = "" if operation["p"] == 0.5 else f"Keras flips half of the pictures; asked for was p = {operation['p']:g}"
    return KerasExpression(f'RandomFlip("{direction}")', note)


def _shear(operation: Operation) -> KerasExpression:
    x, y = (math.tan(math.radians(operation[key])) for key in ("x", "y"))
    if max(operation["x"], operation["y"]) > 45:
        return KerasExpression("", "Keras shears by 45 degrees at most")
    code = f'RandomShear({x:.6g}, {y:.6g}, fill_mode="reflect")'
    return always(operation, code, "Keras slants in one direction only, from a corner")


def _zoom(operation: Operation) -> KerasExpression:
    factor = operation["factor"]
    if factor > 0.5:
        return KerasExpression("", "Keras zooms out to half the size at most")
    low, high = 1.0 / (1.0 + factor) - 1.0, 1.0 / (1.0 - factor) - 1.0
    code = f'RandomZoom(({low:.6g}, {high:.6g}), fill_mode="reflect")'
    return always(operation, code, "same range; Keras draws 1 / size uniformly rather than the size")


_spec = partial(Spec, "geometric")

SPECS = (
    _spec(
        "horizontal_flip",
        "mirrors left and right",
        "Krizhevsky et al. 2012",
        p=0.5,
        breaks="where left and right decide the class (text, digits)",
        keras=lambda o: _flip(o, "horizontal"),
    ),
    _spec(
        "vertical_flip",
        "mirrors top and bottom",
        "Simard et al. 2003",
        p=0.5,
        breaks="where up and down decide the class (digits, scenes, faces)",
        keras=lambda o: _flip(o, "vertical"),
    ),
    _spec(
        "rotation",
        "turns by an angle from -degrees to +degrees",
        "Simard et al. 2003",
        (Parameter("degrees", 15.0, 0.0, 180.0, "degrees", grows=True),),
        draws=1,
        breaks="above 45 degrees where the orientation decides the class (6 and 9)",
        caption=lambda o, u: f"{spread(u, o['degrees']):+.0f} degrees",
        keras=lambda o: always(o, f'RandomRotation({o["degrees"] / 360.0:.6g}, fill_mode="reflect")'),
    ),
    _spec(
        "shift",
        "moves by up to x and y of the side in either direction",
        "Simard et al. 2003",
        (Parameter("x", 0.1, 0.0, 1.0, _SIDE, grows=True), Parameter("y", 0.1, 0.0, 1.0, _SIDE, grows=True)),
        draws=2,
        caption=lambda o, u: f"x {spread(u, o['x']):+.0%}, y {spread(u, o['y']):+.0%}",
        keras=lambda o: always(o, f'RandomTranslation({o["y"]:.6g}, {o["x"]:.6g}, fill_mode="reflect")'),
    ),
    _spec(
        "zoom",
        "magnifies by a factor from 1 - factor to 1 + factor about the centre",
        "Simard et al. 2003",
        (Parameter("factor", 0.12, 0.0, 0.9, "relative size", grows=True),),
        draws=1,
        caption=factor_caption,
        keras=_zoom,
    ),
    _spec(
        "shear",
        "slants each axis by an angle from -x to +x and from -y to +y; a shift of tan(angle)",
        "Simard et al. 2003",
        tuple(Parameter(axis, 10.0, 0.0, 60.0, "degrees", grows=True) for axis in ("x", "y")),
        draws=2,
        caption=lambda o, u: f"x {spread(u, o['x']):+.0f}, y {spread(u, o['y']):+.0f} degrees",
        keras=_shear,
    ),
    _spec(
        "random_crop",
        "cuts the picture's own size out of the picture widened by `padding` on every side",
        "He et al. 2015 (arXiv 1512.03385): 4 pixels of 32",
        (Parameter("padding", 0.125, 0.0, 1.0, _SIDE, grows=True),),
        draws=2,
        caption=lambda o, u: f"{spread(u, o['padding']):+.0%}",
        keras=lambda o: always(
            o,
            'RandomTranslation({0:.6g}, {0:.6g}, fill_mode="reflect")'.format(o["padding"]),
            "the same move, but by parts of pixels",
        ),
    ),
    _spec(
        "random_resized_crop",
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
        caption=lambda o, u: f"{o['scale_min'] + u * (o['scale_max'] - o['scale_min']):.0%} of the area",
        keras=no_layer("Keras has no crop of random area and aspect ratio"),
    ),
    _spec(
        "perspective",
        "moves every corner inwards by up to distortion / 2 of the side and views through the new quadrangle",
        "torchvision RandomPerspective (distortion_scale)",
        (Parameter("distortion", 0.3, 0.0, 0.9, _SIDE, grows=True),),
        draws=8,
        caption=lambda o, u: f"corners by {u * o['distortion'] / 2:.0%}",
        keras=lambda o: KerasExpression(
            f"RandomPerspective(factor=({o['p']:.6g}, {o['p']:.6g}), scale={o['distortion']:.6g})",
            "Keras fills with black beyond the edge and scales the corners in its own way",
        ),
    ),
)
