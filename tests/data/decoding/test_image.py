from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from builders import decode_square, encode, image_strip, pixels
from PIL import Image

from augexp.data.decoding import image as decoding
from augexp.data.decoding.image import ImageStrip, Undecodable, decode

QUARTERS = np.zeros((40, 40, 3), np.uint8)
QUARTERS[:20, :20], QUARTERS[:20, 20:], QUARTERS[20:, :20] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
"""Red, green over blue, black: tells every orientation from every other."""


def save(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def corners(array: np.ndarray) -> list[list[int]]:
    """Return the colours in the middle of the four quarters."""
    a, b = len(array) // 4, 3 * len(array) // 4
    return [array[y, x].tolist() for y, x in ((a, a), (a, b), (b, a), (b, b))]


EXPECTED = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]


@pytest.mark.parametrize(
    ("form", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 90}, 30),
        ("GIF", {}, 0),
        ("JPEG", {"quality": 95}, 6),
        ("JPEG", {"quality": 95, "progressive": True}, 6),
    ],
)
def test_formats(form: str, options: dict[str, object], tolerance: int) -> None:
    image = decode(encode(QUARTERS, form, **options), 20)
    assert np.asarray(image.square).shape == (20, 20, 3)
    assert np.asarray(image.square).dtype == np.uint8
    assert image.side == 40
    assert np.abs(np.array(corners(np.asarray(image.square))) - EXPECTED).max() <= tolerance


def test_same_size_is_untouched() -> None:
    own = pixels(1, 24)
    assert (decode_square(encode(own), 24) == own).all()


# -- modes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_greyscale_becomes_three_equal_channels(form: str) -> None:
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    made = decode_square(encode(ramp, form), 32)
    assert np.abs(made.astype(int) - ramp[:, :, None]).max() <= (6 if form in ("JPEG", "WEBP") else 0)
    assert (made[:, :, 0] == made[:, :, 2]).all() or form == "WEBP"


def test_black_and_white() -> None:
    image = Image.fromarray((np.indices((16, 16)).sum(0) % 2 * 255).astype(np.uint8)).convert("1", dither=0)
    assert (decode_square(save(image, "PNG"), 16)[:2, :2, 0] == [[0, 255], [255, 0]]).all()


def test_palette() -> None:
    image = Image.fromarray(QUARTERS).convert("P", palette=Image.Palette.ADAPTIVE)
    assert corners(decode_square(save(image, "PNG"), 40)) == EXPECTED


@pytest.mark.parametrize(("mode", "form"), [("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF"), ("LA", "PNG")])
def test_transparency_is_laid_over_white(mode: str, form: str) -> None:
    image = Image.new(mode, (8, 8), (0, 0, 0, 0) if mode == "RGBA" else (0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255) if mode == "RGBA" else (0, 255))
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    made = decode_square(save(image, form, **options), 8)
    assert made[0, 0].tolist() == [0, 0, 0]
    assert (made[1:] == 255).all()


def test_half_transparent_red_over_white() -> None:
    made = decode_square(save(Image.new("RGBA", (8, 8), (255, 0, 0, 128)), "PNG"), 8)
    assert np.abs(made[0, 0].astype(int) - [255, 127, 127]).max() <= 1


def test_transparent_palette_colour() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([10, 20, 30, 200, 0, 0] + [0] * 762)
    image.putpixel((3, 3), 0)
    made = decode_square(save(image, "GIF", transparency=1), 8)
    assert made[3, 3].tolist() == [10, 20, 30]
    assert made[0, 0].tolist() == [255, 255, 255]


def test_cmyk() -> None:
    image = Image.new("CMYK", (64, 64), (0, 255, 255, 0))  # red
    for form, size in (("TIFF", 64), ("JPEG", 64), ("JPEG", 8)):
        made = decode_square(save(image, form), size)
        assert np.abs(made.astype(int) - [255, 0, 0]).max() <= 4, form


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_greyscale_is_scaled(form: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (16, 1))
    made = decode_square(save(Image.fromarray(ramp), form), 16)
    assert made[0, :, 0].tolist() == list(range(0, 256, 17))


def test_float_and_integer_tiff() -> None:
    ramp = np.tile(np.linspace(0, 1, 16, dtype=np.float32), (16, 1))
    ramp[1, 0] = np.nan
    made = decode_square(save(Image.fromarray(ramp), "TIFF"), 16)
    assert made[0, :, 1].tolist() == list(range(0, 256, 17))
    whole = np.tile(np.linspace(0, 65535, 16).astype(np.int32), (16, 1))
    assert decode_square(save(Image.fromarray(whole), "TIFF"), 16)[0, :, 1].tolist() == list(range(0, 256, 17))


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for form, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        data = save(frames[0], form, save_all=True, append_images=frames[1:], **options)
        assert decode_square(data, 8)[4, 4].tolist() == [255, 0, 0], form


# -- orientation -------------------------------------------------------------------------------

UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera held that way stores: the upright scene, transposed like this."""


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UNDO)
def test_exif_orientation_is_applied(orientation: int, form: str) -> None:
    upright = Image.fromarray(QUARTERS)
    stored = upright if UNDO[orientation] is None else upright.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    made = decode_square(save(stored, form, exif=exif, **options), 40)
    assert np.abs(np.array(corners(made)) - EXPECTED).max() <= 6


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_costs_the_orientation_only() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\xff\xff\xff"
    made = decode_square(save(Image.fromarray(QUARTERS), "JPEG", quality=95, exif=exif), 40)
    assert np.abs(np.array(corners(made)) - EXPECTED).max() <= 6


# -- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("tall", [False, True])
def test_shorter_side_resized_and_centre_cropped(form: str, tall: bool) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 110:190] = 255  # the centre square is 100..200
    image = decode(encode(wide.transpose(1, 0, 2) if tall else wide, form), 20)
    row = np.asarray(image.square)[:, 10, 0] if tall else np.asarray(image.square)[10, :, 0]
    assert image.side == 100
    assert (row[4:16] > 250).all()
    assert (row[[0, 19]] < 5).all()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("tall", [False, True])
def test_pad_keeps_the_whole_picture_between_black_borders(form: str, tall: bool) -> None:
    wide = np.full((100, 300, 3), 200, np.uint8)
    image = decode(encode(wide.transpose(1, 0, 2) if tall else wide, form), 30, fit="pad")
    square = np.asarray(image.square).transpose(1, 0, 2) if tall else np.asarray(image.square)
    assert image.side == 100
    assert (np.abs(square[10:20].astype(int) - 200) <= 2).all()  # 10 rows of 30, in the middle
    assert not square[:10].any()
    assert not square[20:].any()


@pytest.mark.parametrize("tall", [False, True])
def test_squash_keeps_the_whole_picture_in_other_proportions(tall: bool) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 150:] = 255
    image = decode(encode(wide.transpose(1, 0, 2) if tall else wide), 30, fit="squash")
    row = np.asarray(image.square)[:, 5, 0] if tall else np.asarray(image.square)[5, :, 0]
    assert (row[:13] < 5).all()
    assert (row[17:] > 250).all()


def test_small_images_are_enlarged() -> None:
    made = decode(encode(np.full((1, 1, 3), 77, np.uint8)), 8)
    assert (np.asarray(made.square) == 77).all()
    assert made.side == 1


def test_reduced_jpeg_scale_changes_next_to_nothing() -> None:
    # A large JPEG is decoded at a fraction of its size; what comes out is what the whole one gives.
    data = encode(pixels(5, 512), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as image:
        whole = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS)).astype(int)
    made = decode_square(data, 32).astype(int)
    assert np.abs(made - whole).mean() < 1.0
    assert np.abs(made - whole).max() <= 8


def test_photo(shared: Path) -> None:
    photo = shared / "data" / "photos" / "test" / "cat" / "0000.jpg"
    assert decode_square(photo.read_bytes(), 16).std() > 5


# -- what is no image ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty record"),
        (b"no picture at all", "UnidentifiedImageError: cannot identify image file"),
        (b"<html><body>404</body></html>", "UnidentifiedImageError"),
        (b"\x89PNG\r\n\x1a\n", ""),
        (b"\xff\xd8\xff\xe0" + bytes(200), ""),
        (b"RIFF\x10\0\0\0WEBPVP8 ", ""),
    ],
)
def test_undecodable(data: bytes, reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        decode(data, 16)
    text = str(caught.value)
    assert text.startswith(reason)
    assert text
    assert "\n" not in text
    assert len(text) <= 120


def test_the_reason_is_the_same_on_every_call() -> None:
    reasons = set()
    kept = []  # so that no two of them lie at the same address
    for _ in range(5):
        kept.append(io.BytesIO())
        with pytest.raises(Undecodable) as caught:
            decode(b"no picture at all", 8)
        reasons.add(str(caught.value))
    assert len(reasons) == 1
    assert " at 0x" not in reasons.pop()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_truncated_images_are_undecodable(form: str) -> None:
    whole = encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8), form)
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(Undecodable):
            decode(whole[: int(share * len(whole))], 16)


def test_any_changed_byte_ends_in_an_image_or_a_reason() -> None:
    random = np.random.default_rng(0)
    reasons: list[str] = []
    for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        whole = encode(pixels(3, 32), form)
        for _ in range(40):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 3):
                data[place] = random.integers(256)
            try:
                assert decode_square(bytes(data), 8).shape == (8, 8, 3)
            except Undecodable as reason:
                reasons.append(str(reason))
    assert reasons
    assert all(reason and "\n" not in reason for reason in reasons)


def test_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1_000)
    with pytest.raises(Undecodable, match="40 x 40 pixels, more than 1,000"):
        decode(encode(QUARTERS), 8)


def test_thumbnails_are_means_of_their_own_square() -> None:
    cells = np.random.default_rng(1).integers(0, 256, (3, 8, 9, 1), np.uint8)
    squares = cells.repeat(9, axis=1).repeat(8, axis=2).repeat(3, axis=3)  # 72 x 72 pixels, grey
    np.testing.assert_array_equal(image_strip(squares).thumbnails(), cells[..., 0])


@pytest.mark.parametrize("side", [8, 13, 32, 100])
def test_thumbnails_do_not_depend_on_their_neighbours(side: int) -> None:
    squares = [pixels(number, side) for number in range(5)]
    alone = [image_strip([one]).thumbnails()[0] for one in squares]
    np.testing.assert_array_equal(image_strip(squares).thumbnails(), alone)
    assert len({one.tobytes() for one in alone}) == 5


def test_a_strip_gives_back_what_was_added() -> None:
    squares = [pixels(number, 13) for number in range(3)]
    made = ImageStrip(5, 13)
    for one in squares:
        made.add(Image.fromarray(one))
    assert made.pixels().dtype == np.uint8
    np.testing.assert_array_equal(made.pixels(), squares)
    np.testing.assert_array_equal(made.thumbnails(), image_strip(squares).thumbnails())
