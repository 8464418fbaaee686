"""Composing neighbours gives the image of applying one operation after the other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from augexp.augment import pipeline
from augexp.augment.catalogue import base
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pixels import colours, homographies
from augexp.augment.pixels import warp as warps
from augexp.augment.pixels.canvas import Canvas, rescale


def smooth(side=33, count=1):
    """An image without sharp edges, so that interpolating twice blurs little."""
    y, x = np.mgrid[:side, :side] / side
    waves = [128 + 90 * np.sin(2 * np.pi * (a * x + b * y)) for a, b in ((1, 0.5), (0.4, 1), (0.8, -0.7))]
    image = np.rint(np.stack(waves, axis=-1)).astype(np.uint8)
    return np.repeat(image[None], count, axis=0)


def step(name, parameters, draws):
    operation = base.build(SPECS[name], {**parameters, "p": 1.0}, "test")
    numbers = np.zeros((1, pipeline.draws_of(operation)))
    numbers[0, 1:] = draws
    return operation, numbers


def together(steps, images):
    canvas = Canvas(images, np.zeros(1, dtype=np.uint64))
    for operation, numbers in steps:
        pipeline.apply(operation, canvas, numbers)
    return canvas.finish() * 255.0


def one_by_one(steps, images):
    for operation, numbers in steps:
        canvas = Canvas(images, np.zeros(1, dtype=np.uint64))
        pipeline.apply(operation, canvas, numbers)
        images = np.rint(canvas.finish() * 255).astype(np.uint8)
    return images.astype(np.float64)


GEOMETRIC = [
    step("horizontal_flip", {}, []),
    step("rotation", {"degrees": 30}, [0.8]),
    step("zoom", {"factor": 0.2}, [0.9]),
    step("shift", {}, [0.8, 0.3]),
    step("shear", {}, [0.9, 0.2]),
    step("random_resized_crop", {"scale_min": 0.6}, [0.5, 0.3, 0.6, 0.4]),
    step("perspective", {"distortion": 0.2}, [0.3, 0.9, 0.2, 0.6, 0.8, 0.1, 0.4, 0.5]),
]
CURVES = [
    step("brightness", {"factor": 0.5}, [0.9]),
    step("brightness", {"factor": 0.5}, [0.1]),
    step("gamma", {}, [0.8]),
    step("invert", {}, []),
    step("posterize", {}, [0.0]),
    step("solarize", {}, [0.3]),
]
COLOURS = [
    step("saturation", {"factor": 1.0}, [0.95]),
    step("saturation", {"factor": 1.0}, [0.2]),
    step("hue", {"degrees": 90}, [0.8]),
    step("grayscale", {}, []),
]


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(range(len(GEOMETRIC)), 2)))
def test_two_geometric_operations_in_one_interpolation(first, second):
    steps = [GEOMETRIC[first], GEOMETRIC[second]]
    images = smooth()
    middle = slice(9, -9)  # nearer to the edge, the second operation mirrors what the first one made
    difference = together(steps, images)[:, middle, middle] - one_by_one(steps, images)[:, middle, middle]
    assert np.abs(difference).max() < 3.0
    assert np.abs(difference).mean() < 0.7


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(len(CURVES)), repeat=2)))
def test_two_curves_in_one_table(first, second):
    steps = [CURVES[first], CURVES[second]]
    # one level of rounding between the two, which the second may stretch (gamma and brightness by at most 2)
    assert np.abs(together(steps, smooth()) - one_by_one(steps, smooth())).max() <= 1.5


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(len(COLOURS)), repeat=2)))
def test_two_colour_matrices_clip_in_between(first, second):
    steps = [COLOURS[first], COLOURS[second]]
    assert np.abs(together(steps, smooth()) - one_by_one(steps, smooth())).max() <= 2.0


@pytest.mark.parametrize("order", list(itertools.permutations(["geometry", "curve", "colour", "pixels"])))
def test_any_order_of_the_families(order):
    kinds = {
        "geometry": GEOMETRIC[1],
        "curve": CURVES[0],
        "colour": COLOURS[0],
        "pixels": step("cutout", {"size": 0.3}, [0.4, 0.4]),
    }
    steps = [kinds[name] for name in order]
    difference = np.abs(together(steps, smooth()) - one_by_one(steps, smooth()))[:, 9:-9, 9:-9]
    assert np.median(difference) < 1.0
    assert (difference > 6).mean() < 0.06  # pixels on the rim of the square, and where clipping bends the waves


def test_geometry_in_a_row_is_interpolated_once(monkeypatch):
    calls = []
    warp = warps.cv2.warpAffine

    class Counting:
        def __getattr__(self, name):
            if name == "warpAffine":
                calls.append(name)
                return warp
            return getattr(warps.opencv, name)

    monkeypatch.setattr(warps, "cv2", Counting())
    together([GEOMETRIC[i] for i in (0, 1, 2, 3, 4, 5)], smooth())
    assert len(calls) == 1


def test_opposite_changes_cancel_exactly():
    images = smooth()
    for steps in (
        [step("horizontal_flip", {}, [])] * 2,
        [step("vertical_flip", {}, []), step("horizontal_flip", {}, [])] * 2,
        [step("invert", {}, [])] * 2,
        [step("rotation", {"degrees": 10}, [0.5])],
        [step("shift", {"x": 0.2}, [1.0, 0.5]), step("shift", {"x": 0.2}, [0.0, 0.5])],
    ):
        np.testing.assert_array_equal(together(steps, images).astype(np.float32), rescale(images) * 255.0)


def test_matrices_are_read_from_right_to_left():
    # turn by a quarter to the left, then move right: the pixel at the right end of the middle row comes from
    # the middle of the turned image, which is the middle of the old one
    turn = homographies.rotations(np.array([90.0]))
    move = homographies.shifts(np.array([2.0]), np.array([1.0]))
    np.testing.assert_allclose((turn @ move)[0] @ [2.0, 1.0, 1.0], [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(turn[0] @ [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], atol=1e-12)  # right end shows what was below


def test_placing_moves_the_origin_to_the_corner():
    matrices = homographies.crops(*(np.array([value]) for value in (1.0, -2.0, 0.5, 0.25)))
    placed = homographies.place(matrices, 9)[0]
    np.testing.assert_allclose(placed @ [4.0, 4.0, 1.0], [5.0, 2.0, 1.0])  # the middle reads the middle of the box
    np.testing.assert_allclose(placed @ [6.0, 0.0, 1.0], [6.0, 1.0, 1.0])


def test_perspective_takes_the_moved_corners_to_the_old_ones():
    inwards = np.random.default_rng(0).random((5, 4, 2)) * 0.3
    matrices = homographies.perspectives(inwards, 10)
    corners = np.array([[-5, -5], [5, -5], [5, 5], [-5, 5]], dtype=float)
    for matrix, moved in zip(matrices, inwards, strict=True):
        new = corners - np.sign(corners) * moved * 10
        seen = np.c_[new, np.ones(4)] @ matrix.T
        np.testing.assert_allclose(seen[:, :2] / seen[:, 2:], corners, atol=1e-9)


def test_colour_matrices_that_cannot_leave_the_scale():
    inside = colours.stays_inside(colours.saturations(np.array([0.0, 0.5, 1.0, 1.1])))
    assert inside.tolist() == [True, True, True, False]


def test_a_canvas_hands_over_what_was_noted_so_far():
    images = smooth(8, count=3)
    canvas = Canvas(images, np.zeros(3, dtype=np.uint64))
    rows = np.array([0, 2])
    canvas.curve(rows, colours.invert)
    np.testing.assert_array_equal(canvas.images(np.arange(3)), [255 - images[0], images[1], 255 - images[2]])
    canvas.curve(rows, colours.invert)
    np.testing.assert_array_equal(canvas.finish(), rescale(images))
