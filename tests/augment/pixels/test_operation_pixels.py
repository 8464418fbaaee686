"""Fixed random numbers give pixels that were worked out by hand, for every operation of the catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from augexp.augment import pipeline
from augexp.augment.catalogue import base
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pixels.canvas import Canvas

PLAIN = [name for name, spec in SPECS.items() if spec.family in ("geometric", "photometric", "spatial")]


def ramp(side=4):
    """Red counts 16 per pixel in reading order, green 16 per row, blue is 255 - red."""
    count = np.arange(side * side, dtype=np.uint8).reshape(side, side) * 16
    rows = np.repeat(np.arange(side, dtype=np.uint8)[:, None] * 16, side, axis=1)
    return np.stack([count, rows, 255 - count], axis=-1)


def flat(*colour, side=2):
    return np.full((side, side, 3), colour, dtype=np.uint8)


def grey(values):
    return np.repeat(np.array(values, dtype=np.uint8)[..., None], 3, axis=-1)


def run(name, parameters, draws, image):
    """Apply one operation to one image with given numbers; the result is on the scale 0 to 255."""
    operation = base.build(SPECS[name], {**parameters, "p": 1.0}, "test")
    canvas = Canvas(image[None], np.zeros(1, dtype=np.uint64))
    numbers = np.zeros((1, pipeline.draws_of(operation)))
    numbers[0, 1 : 1 + len(draws)] = draws
    pipeline.apply(operation, canvas, numbers)
    return canvas.finish()[0].astype(np.float64) * 255.0


def moved(image, right=0, down=0):
    """Move by whole pixels; what comes in from beyond the edge is mirrored, the edge pixel repeated."""
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="symmetric")
    side = len(image)
    return padded[4 - down : 4 - down + side, 4 - right : 4 - right + side]


SHEARED = np.stack([moved(ramp(3), right=1)[0], ramp(3)[1], moved(ramp(3), right=-1)[2]])
HALF = grey([[8, 8, 40, 40]] * 4)  # columns 0, 16, 32, 48 seen at half the size: means of neighbours, mirrored
COLUMNS = grey([[0, 16, 32, 48]] * 4)
SPIKE = grey([[0, 0, 0], [0, 130, 0], [0, 0, 0]])
COVERED = ramp().copy()
COVERED[1:3, 1:3] = 128
HALVES = grey([[10] * 16 + [20] * 16] * 32)

CASES = {
    "horizontal_flip": [({}, [], ramp(), ramp()[:, ::-1])],
    "vertical_flip": [({}, [], ramp(), ramp()[::-1])],
    # 0.75 of -180 to 180 is a quarter turn to the left
    "rotation": [
        ({"degrees": 180}, [0.75], ramp(), np.rot90(ramp())),
        ({"degrees": 180}, [0.0], ramp(), ramp()[::-1, ::-1]),
        ({"degrees": 90}, [0.5], ramp(), ramp()),
    ],
    "shift": [
        ({"x": 0.5, "y": 0.0}, [0.75, 0.5], ramp(), moved(ramp(), right=1)),
        ({"x": 0.0, "y": 0.5}, [0.5, 0.25], ramp(), moved(ramp(), down=-1)),
    ],
    "zoom": [({"factor": 0.5}, [0.0], COLUMNS, HALF), ({"factor": 0.5}, [0.5], ramp(), ramp())],
    # 45 degrees: a row reads one pixel further to the right per row down, counted from the middle
    "shear": [({"x": 45, "y": 0}, [1.0, 0.5], ramp(3), SHEARED)],
    "random_crop": [({"padding": 0.25}, [0.0, 0.99], ramp(), moved(ramp(), right=-1, down=1))],
    # the upper left quarter: columns are read at -0.25, 0.25, 0.75 and 1.25
    "random_resized_crop": [
        (
            {"scale_min": 0.25, "scale_max": 0.25, "ratio": 1.0},
            [0.5, 0.5, 0.0, 0.0],
            COLUMNS,
            grey([[0, 4, 12, 20]] * 4),
        )
    ],
    # every corner half way to the centre: the image at half the size
    "perspective": [
        ({"distortion": 0.5}, [1.0] * 8, COLUMNS, HALF),
        ({"distortion": 0.5}, [0.0] * 8, ramp(), ramp()),
    ],
    "brightness": [({"factor": 0.5}, [1.0], flat(0, 100, 200), flat(0, 150, 255))],
    # mean of 0 and 200 is 100; half the distance from it
    "contrast": [({"factor": 0.5}, [0.0], grey([[0, 200], [200, 0]]), grey([[50, 150], [150, 50]]))],
    "gamma": [({"gamma": 2.0}, [1.0], flat(0, 51, 255), np.full((2, 2, 3), [0.0, 51 * 51 / 255, 255.0]))],
    "posterize": [
        ({"bits": 1}, [0.0], flat(127, 128, 255), flat(0, 128, 128)),
        ({"bits": 3}, [0.0], flat(31, 32, 255), flat(0, 32, 224)),
        ({"bits": 3}, [0.99], flat(31, 33, 255), flat(31, 33, 255)),
    ],
    "solarize": [
        ({"threshold": 128}, [0.0], flat(127, 128, 255), flat(127, 127, 0)),
        ({"threshold": 128}, [0.999], flat(127, 128, 255), flat(127, 128, 255)),
    ],
    "invert": [({}, [], flat(0, 100, 255), flat(255, 155, 0))],
    # luma of (100, 200, 50) is 29.9 + 117.4 + 5.7 = 153
    "saturation": [
        ({"factor": 1.0}, [0.0], flat(100, 200, 50), flat(153, 153, 153)),
        ({"factor": 1.0}, [1.0], flat(100, 200, 50), flat(47, 247, 0)),
    ],
    # half a turn mirrors every colour at its luma: 2 x 154.14 - value
    "hue": [({"degrees": 180}, [1.0], flat(100, 200, 60), np.full((2, 2, 3), [208.28, 108.28, 248.28]))],
    "grayscale": [({}, [], flat(100, 200, 50), flat(153, 153, 153))],
    # 512 pixels of either: a step is (1024 - 512) // 255 = 2; 10 becomes 1 // 2, 20 becomes 513 // 2, cut to 255
    "equalize": [({}, [], HALVES, grey([[0] * 16 + [255] * 16] * 32)), ({}, [], ramp(), ramp())],
    "autocontrast": [
        ({}, [], grey([[50, 100], [150, 50]]), grey([[0, 127], [255, 0]])),
        ({}, [], flat(7, 7, 7), flat(7, 7, 7)),
    ],
    # 5 / 13 of 130 is 50: at factor 0 that is left, at factor 2 the original is 80 above it once more
    "sharpness": [
        ({"factor": 1.0}, [0.0], SPIKE, np.where(SPIKE == 130, 50, 0)),
        ({"factor": 1.0}, [1.0], SPIKE, np.where(SPIKE == 130, 210, 0)),
        ({"factor": 1.0}, [0.5], ramp(), ramp()),
    ],
    "blur": [({"sigma": 0.5}, [0.0], ramp(), ramp()), ({"sigma": 0.5}, [1.0], flat(9, 8, 7), flat(9, 8, 7))],
    "noise": [({"std": 0.5}, [0.0, 0.3], ramp(), ramp())],
    "jpeg": [({"quality_min": 1, "quality_max": 1}, [0.5], flat(128, 128, 128, side=8), flat(128, 128, 128, side=8))],
    "cutout": [
        ({"size": 0.5, "fill": 0.5}, [0.5, 0.5], ramp(), COVERED),
        ({"size": 0.0, "fill": 0.5}, [0.5, 0.5], ramp(), ramp()),
        ({"size": 2.0, "fill": 0.0}, [0.0, 0.99], ramp(), flat(0, 0, 0, side=4)),
    ],
    "erasing": [({"area_min": 0.0, "area_max": 0.0}, [0.5] * 5, ramp(), ramp())],
}


def test_every_operation_has_pixels_worked_out_by_hand():
    assert sorted(CASES) == sorted(PLAIN)


@pytest.mark.parametrize(
    ("name", "parameters", "draws", "image", "expected"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
    ids=[f"{name}-{i}" for name, cases in CASES.items() for i in range(len(cases))],
)
def test_pixels(name, parameters, draws, image, expected):
    before = image.copy()
    result = run(name, parameters, draws, image)
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-3)
    np.testing.assert_array_equal(image, before)


def test_whole_values_are_exactly_the_rescaled_ones():
    # nothing but the table stands between an 8-bit value and its float
    for name, parameters, draws in (("horizontal_flip", {}, []), ("invert", {}, []), ("cutout", {"size": 0.0}, [0, 0])):
        operation = base.build(SPECS[name], {**parameters, "p": 1.0}, "test")
        canvas = Canvas(ramp(4)[None], np.zeros(1, dtype=np.uint64))
        numbers = np.zeros((1, pipeline.draws_of(operation)))
        numbers[0, 1 : 1 + len(draws)] = draws
        pipeline.apply(operation, canvas, numbers)
        result = canvas.finish()
        whole = np.rint(result * 255).astype(np.uint8)
        np.testing.assert_array_equal(result, whole / np.float32(255))


def test_blur_spreads_a_point_as_a_gaussian():
    image = np.zeros((9, 9, 3), dtype=np.uint8)
    image[4, 4] = 255
    result = run("blur", {"sigma": 1 / 9}, [1.0], image)[..., 0]  # a standard deviation of one pixel
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    weights /= weights.sum()
    np.testing.assert_allclose(result[1:8, 1:8], 255 * np.outer(weights, weights), atol=1.0)
    assert result[0].max() == 0


def test_noise_is_the_stream_of_its_draw_to_the_last_bit():
    # a draw of 1 / 4 is the key 2^51; a draw of 1 / 2 of the deviation 0.2 is a tenth of the range
    normal = np.random.Generator(np.random.Philox(key=2**51)).standard_normal((4, 4, 3), dtype=np.float32)
    expected = np.clip(np.rint(100 + normal * np.float32(25.5)), 0, 255)
    result = run("noise", {"std": 0.2}, [0.5, 0.25], flat(100, 100, 100, side=4))
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_noise_is_gaussian_with_the_drawn_deviation():
    result = run("noise", {"std": 0.2}, [0.5, 0.25], flat(128, 128, 128, side=64)) - 128
    assert abs(result.mean()) < 1.0
    assert result.std() == pytest.approx(0.1 * 255, rel=0.03)
    other = run("noise", {"std": 0.2}, [0.5, 0.5], flat(128, 128, 128, side=64)) - 128
    assert not np.array_equal(result, other)


def test_erasing_fills_the_box_with_values_of_the_whole_range():
    parameters = {"area_min": 0.25, "area_max": 0.25, "ratio": 1.0}
    image = flat(7, 7, 7, side=32)
    result = run("erasing", parameters, [0.0, 0.5, 0.0, 0.999, 0.5], image)
    box = result[16:, :16]  # left, and at the bottom
    outside = np.rint(result)
    outside[16:, :16] = 7
    assert (outside == 7).all()
    assert box.min() < 10
    assert box.max() > 245
    assert abs(box.mean() - 127.5) < 12


def test_erasing_cuts_a_side_that_is_too_long():
    parameters = {"area_min": 0.9, "area_max": 0.9, "ratio": 10.0}
    result = run("erasing", parameters, [0.0, 1.0, 0.5, 0.5, 0.5], flat(7, 7, 7, side=32))
    assert (result != 7).any(axis=2).any(axis=0).all()  # as wide as the image


def test_jpeg_loses_more_at_low_quality():
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    error = {q: np.abs(run("jpeg", {"quality_min": q, "quality_max": q}, [0.5], photo) - photo).mean() for q in (5, 95)}
    assert 0 < error[95] < error[5]


@pytest.mark.parametrize(
    ("name", "reference"), [("equalize", ImageOps.equalize), ("autocontrast", ImageOps.autocontrast)]
)
def test_histogram_operations_agree_with_pil(name, reference):
    random = np.random.default_rng(3)
    for _ in range(20):
        low, high = sorted(random.integers(0, 256, 2).tolist())
        photo = random.integers(low, high + 1, (24, 24, 3), dtype=np.uint8)
        photo[..., 1] = photo[0, 0, 1]  # a constant channel
        expected = np.asarray(reference(Image.fromarray(photo)))
        np.testing.assert_allclose(run(name, {}, [], photo), expected, atol=1e-3)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("side", [1, 2, 3, 8])
def test_any_size_and_constant_channels(name, side):
    image = np.zeros((side, side, 3), dtype=np.uint8)
    image[..., 1] = 255
    for u in (0.0, 0.37, 0.999):
        result = run(name, {}, [u] * SPECS[name].draws, image)
        assert result.shape == image.shape
        assert np.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 255


@pytest.mark.parametrize("name", PLAIN)
def test_p_decides_for_each_image(name):
    operation = base.build(SPECS[name], {"p": 0.5, **({"sigma": 0.5} if name == "blur" else {})}, "test")
    images = np.stack([ramp(8), ramp(8)])
    canvas = Canvas(images, np.zeros(2, dtype=np.uint64))
    draws = np.full((2, pipeline.draws_of(operation)), 0.2)
    draws[:, 0] = [0.5, 0.499]  # only the second is below p
    pipeline.apply(operation, canvas, draws)
    result = canvas.finish()
    np.testing.assert_array_equal(result[0], images[0] / np.float32(255))
    changed = not np.array_equal(result[1], images[1] / np.float32(255))
    assert changed != (name == "equalize")  # too few pixels to equalize
