"""Pictures of more than 8 bits, of colours declared transparent, and of bands that are no opacity."""

from __future__ import annotations

import io
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from builders import DataFolders, decode_square, encode
from PIL import Image, ImageFile

from augexp.data.decoding import image as decoding
from augexp.data.decoding import process
from augexp.data.decoding.image import Deferred, Undecodable, decode
from augexp.data.decoding.numeric import Measured, Scale, scale_of

RAMP = np.tile(np.linspace(0, 1, 8), (8, 1))
EIGHT = [0, 36, 73, 109, 146, 182, 219, 255]


def tiff(array: np.ndarray, photometric: int = 1, sample_format: int = 1, extra: Sequence[int] = ()) -> bytes:
    """Return the smallest uncompressed TIFF (little-endian) of an array (height, width) or (height, width, bands)."""
    bands = array.shape[2] if array.ndim == 3 else 1
    raw = np.ascontiguousarray(array).tobytes()
    tags: list[tuple[int, str, list[int]]] = [
        (256, "I", [array.shape[1]]), (257, "I", [array.shape[0]]), (258, "H", [8 * array.itemsize] * bands),
        (259, "H", [1]), (262, "H", [photometric]), (273, "I", [0]), (277, "H", [bands]), (278, "I", [array.shape[0]]),
        (279, "I", [len(raw)]), (284, "H", [1]), (339, "H", [sample_format] * bands),
    ]  # fmt: skip
    if extra:
        tags.append((338, "H", list(extra)))
    tags.sort()
    start, blob, entries = 8 + 2 + 12 * len(tags) + 4, b"", []
    for tag, kind, values in tags:
        packed = struct.pack(f"<{len(values)}{kind}", *values)
        if len(packed) > 4:
            blob, packed = blob + packed, struct.pack("<I", start + len(blob))
        entries.append((tag, 3 if kind == "H" else 4, len(values), packed.ljust(4, b"\0")))
    body = b""
    for tag, code, count, packed in entries:
        body += struct.pack("<HHI", tag, code, count) + (struct.pack("<I", start + len(blob)) if tag == 273 else packed)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + body + bytes(4) + blob + raw


def save(array: np.ndarray, form: str = "TIFF") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tiff((RAMP * 65535).astype("<u2")), EIGHT),
        (tiff((RAMP * 65535).astype("<u2"), 0), [255 - level for level in EIGHT]),
        (tiff(RAMP.astype("<f4"), 0, 3), [255 - level for level in EIGHT]),
        (tiff((RAMP * 4000 - 1000).astype("<i2"), 1, 2), EIGHT),
        (tiff((RAMP * 65535 - 32768).astype("<i2"), 1, 2), EIGHT),
        (tiff((RAMP * 32767).astype("<i2"), 1, 2), EIGHT),
        (tiff((RAMP * 255 - 128).astype("i1"), 1, 2), EIGHT),
        (tiff((RAMP * (2**32 - 1)).astype("<u4")), EIGHT),
        (save((RAMP * 65535).astype(np.int32)), EIGHT),
        (save(RAMP.astype(np.float32) * 255), EIGHT),
        (save(RAMP.astype(np.float32) * 2 - 1), EIGHT),
        (save(RAMP.astype(np.float32) * 70_000 - 10_000), EIGHT),
        (save(np.where(RAMP == 1, np.inf, RAMP).astype(np.float32)), EIGHT),
        (save((RAMP * 65535).astype(np.uint16), "PNG"), EIGHT),
        (save((RAMP * 4095).astype(np.uint16), "PNG"), EIGHT),
        (save((RAMP * 255).astype(np.uint16), "PNG"), [0, 36, 72, 109, 145, 182, 218, 255]),
    ],
)
def test_a_ramp_stays_a_ramp(data: bytes, expected: list[int]) -> None:
    shown = decode_square(data, 8)[4].astype(int)
    assert (shown[:, 0] == shown[:, 2]).all()
    assert np.abs(shown[:, 0] - expected).max() <= 1


@pytest.mark.parametrize(
    ("kind", "lowest", "highest", "scale"),
    [
        ("16-bit", 0, 65535, (0, 65535)),
        ("16-bit", 17, 4096, (0, 65535)),
        ("16-bit", 0, 4095, (0, 4095)),
        ("16-bit", 3, 1023, (0, 1023)),
        ("signed 16-bit", 0, 32767, (0, 32767)),
        ("signed 16-bit", -1000, 3000, (-1000, 3000)),
        ("32-bit", 0, 70_000, (0, 70_000)),
        ("float", 0.0, 1.0, (0, 1)),
        ("float", 0.1, 0.4, (0, 1)),
        ("float", 0.0, 0.002, (0, 0.002)),
        ("float", 0.0, 1.2, (0, 1.2)),
        ("float", 0.0, 254.0, (0, 255)),
        ("float", -0.9, 1.0, (-1, 1)),
        ("float", -3.0, 5.0, (-3, 5)),
        ("float", 0.0, 0.0, (0, 1)),
        ("signed 16-bit", -7, -7, (-7, -6)),
    ],
)
def test_the_scale_of_a_data_set(kind: str, lowest: float, highest: float, scale: tuple[float, float]) -> None:
    assert scale_of(kind, lowest, highest) == scale


def test_a_picture_waits_for_the_scale_of_all() -> None:
    dark = save((RAMP * 0.4).astype(np.float32))
    with pytest.raises(Deferred) as deferred:
        decode(dark, 8, {})
    assert deferred.value.measured == Measured("float", 0.0, pytest.approx(0.4))
    assert np.asarray(decode(dark, 8, {"float": Scale(0.0, 1.0)}).square)[4, :, 0].tolist() == [
        0, 15, 29, 44, 58, 73, 87, 102,
    ]  # fmt: skip
    assert decode(encode(np.zeros((8, 8, 3), np.uint8)), 8, {}).side == 8  # 8 bits need no scale


def test_one_scale_for_the_whole_set_and_the_store_remembers_it(place: DataFolders) -> None:
    # Exposure is what tells the classes: per picture it would be lost.
    rng = np.random.default_rng(0)
    for name, top in (("bright", 4000), ("dark", 1000)):
        (place.images / name).mkdir(parents=True)
        for number in range(12):
            small = Image.fromarray(rng.random((5, 5)).astype(np.float32)).resize((16, 16))
            values = (np.clip(np.asarray(small), 0, 1) * top).astype(np.uint16)
            (place.images / name / f"{number}.png").write_bytes(save(values, "PNG"))
    store = place.prepare()
    means = [store.images[store.labels == label].mean() for label in (0, 1)]
    assert means[0] > 3 * means[1] > 60
    (scale,) = store.manifest.scales
    assert (scale.kind, scale.images, scale.black, scale.white) == ("16-bit", 24, 0, 4095)
    assert scale.lowest < 200
    assert 3000 < scale.highest <= 4000
    assert any(text.startswith("24 pictures have 16-bit values from") for text in store.manifest.warnings)


def test_an_interruption_between_measuring_and_decoding_changes_nothing(
    place: DataFolders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (place.images / name).mkdir(parents=True)
        for number in range(12):
            values = rng.integers(0, 4000, (16, 16)).astype(np.uint16)
            (place.images / name / f"{number}.png").write_bytes(save(values, "PNG"))
    expected = DataFolders(tmp_path / "other")
    shutil.copytree(place.images, expected.images)

    def interrupted(data: bytes, size: int, scales: dict[str, Scale], fit: str) -> object:
        if scales:  # all have been measured
            raise MemoryError
        return decode(data, size, scales, fit)

    with monkeypatch.context() as patched:
        patched.setattr(process, "decode", interrupted)
        assert "memory ran out" in place.refusal()
    again, whole = place.prepare(), expected.prepare()
    assert again.fingerprint == whole.fingerprint
    assert again.manifest.scales == whole.manifest.scales


def test_sixteen_bits_of_colour_that_hold_twelve() -> None:
    import cv2

    colours = np.zeros((8, 8, 3), np.uint16)
    colours[..., 2] = (RAMP * 4095).astype(np.uint16)  # red, as OpenCV orders them
    for suffix in (".png", ".tiff"):
        shown = decode_square(cv2.imencode(suffix, colours)[1].tobytes(), 8)[4].astype(int)
        assert np.abs(shown[:, 0] - EIGHT).max() <= 1, suffix
        assert not shown[:, 1:].any()
    full = decode_square(cv2.imencode(".png", colours * 16)[1].tobytes(), 8)[4, :, 0]
    assert full.tolist() == [(level * 16) >> 8 for level in colours[4, :, 2].tolist()]


@pytest.mark.parametrize("mode", ["RGB", "P", "L", "I;16", "RGBA", "LA", "1"])
def test_transparency_is_laid_over_white(mode: str) -> None:
    if mode == "RGB":
        image, key = Image.new("RGB", (16, 16), (255, 0, 255)), (255, 0, 255)
    elif mode == "P":
        image, key = Image.new("P", (16, 16), 1), 1
        image.putpalette([0, 0, 0, 255, 0, 255])
    elif mode == "I;16":
        image, key = Image.fromarray(np.full((16, 16), 900, np.uint16)), 900
    elif mode in ("RGBA", "LA"):
        image, key = Image.new(mode, (16, 16), (90, 20, 90, 0)[:: 1 if mode == "RGBA" else 3]), None
    else:
        image, key = Image.new(mode, (16, 16), 90 if mode == "L" else 0), 90 if mode == "L" else 0
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **({} if key is None else {"transparency": key}))
    assert decode_square(buffer.getvalue(), 8)[4, 4].tolist() == [255, 255, 255]


def test_a_fourth_band_is_opacity_only_where_the_file_says_so() -> None:
    bands = np.full((16, 16, 4), 60, np.uint8)
    bands[..., 3] = 40
    assert decode_square(tiff(bands, 2), 8)[4, 4].tolist() == [60, 60, 60]
    assert decode_square(tiff(bands, 2, extra=[0]), 8)[4, 4].tolist() == [60, 60, 60]
    assert decode_square(tiff(bands, 2, extra=[2]), 8)[4, 4].tolist() == [224, 224, 224]
    assert decode_square(tiff(bands.astype("<u2") << 8, 2), 8)[4, 4].tolist() == [60, 60, 60]


@pytest.mark.parametrize(("bands", "bits"), [(13, "<u2"), (2, "u1"), (3, "<f4"), (1, "<f8")])
def test_a_tiff_of_another_kind_is_named(bands: int, bits: str) -> None:
    array = np.zeros((16, 16, bands) if bands > 1 else (16, 16), bits)
    sample_format = 3 if "f" in bits else 1
    with pytest.raises(Undecodable, match=f"^TIFF of {bands} bands with {8 * array.itemsize} bits each; read are 1, 3"):
        decode(tiff(array, 2 if bands == 3 else 1, sample_format), 8)


def test_a_settings_of_the_program_changes_no_store(place: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    from builders import write_classes

    write_classes(place.images, {"a": range(20), "b": range(30, 50)})
    whole = (place.images / "a" / "0.png").read_bytes()
    (place.images / "a" / "0.png").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    store = place.prepare()
    assert (len(store), store.manifest.skipped.count) == (39, 1)
    assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS == 10


def test_metadata_of_any_size_costs_no_picture(place: DataFolders) -> None:
    from PIL import PngImagePlugin

    rng = np.random.default_rng(1)
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type 8bim", "0123456789abcdef" * 100_000, zip=True)
    for name in ("a", "b"):
        (place.images / name).mkdir(parents=True)
        for number in range(8):
            small = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
            small.resize((16, 16)).save(place.images / name / f"{number}.png", pnginfo=text)
    assert len(place.prepare()) == 16


def test_a_large_picture_takes_little_more_memory_than_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    # Strips of some rows give the same bytes as the whole at once.
    values = np.random.default_rng(2).integers(0, 65536, (64, 48)).astype(np.uint16)
    layers = np.random.default_rng(3).integers(0, 256, (64, 48, 4)).astype(np.uint8)
    whole = [decode_square(save(array, "PNG"), 16) for array in (values, layers)]
    monkeypatch.setattr(decoding.numeric, "_STRIP", 100)
    monkeypatch.setattr(decoding, "_STRIP", 100)
    strips = [decode_square(save(array, "PNG"), 16) for array in (values, layers)]
    for one, other in zip(whole, strips, strict=True):
        np.testing.assert_array_equal(one, other)


def test_content_that_starts_another_program_is_no_image(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "EPS")
    with pytest.raises(Undecodable):
        decode(buffer.getvalue(), 8)
