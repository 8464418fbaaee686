"""Arrays in a file of numpy and the sets of Keras: read as they are, or refused in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import decode_square, listed, pixels

from augexp.commands.index import index
from augexp.data.listing import Entry
from augexp.data.sources.arrays import ArraySource
from augexp.data.sources.keras_datasets import KerasSource
from augexp.errors import AugexpError, DataError
from augexp.experiment.sources import Data

IMAGES = np.stack([pixels(number) for number in range(12)])
LABELS = np.arange(12) % 2


def opened(place: Path, **arrays: Any) -> ArraySource:
    np.savez(place / "t.npz", **arrays)
    return ArraySource.open(Data(source="arrays", path=str(place / "t.npz")), place / "data", lambda *_: None)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("shape", [(12, 16, 16, 3), (12, 16, 16, 1), (12, 16, 16)])
def test_pixels_are_those_of_the_array(tmp_path: Path, save: Any, shape: tuple[int, ...]) -> None:
    images = IMAGES[..., :1].reshape(shape) if shape[3:] != (3,) else IMAGES
    save(tmp_path / "t.npz", images=images, labels=LABELS)
    source = ArraySource.open(Data(source="arrays", path=str(tmp_path / "t.npz")), tmp_path, lambda *_: None)
    for row in (0, 11):
        square = decode_square(source.read(Entry(b"%d" % row, 0, "train")), 16)
        assert np.array_equal(square, np.broadcast_to(images[row].reshape(16, 16, -1), (16, 16, 3)))


def test_labels_splits_and_groups_are_those_of_the_arrays(tmp_path: Path) -> None:
    splits = np.array(["train"] * 8 + ["test"] * 4)
    source = opened(tmp_path, images=IMAGES, labels=LABELS + 9, splits=splits, groups=np.arange(12) // 3)
    assert source.classes == ("9", "10")
    found = {name: (label, split) for label, split, name in listed(source)}
    assert found == {f"images[{row}]": (str(9 + row % 2), str(splits[row])) for row in range(12)}
    assert [source.group_of(Entry(b"%d" % row, 0, "train")) for row in (0, 2, 3)] == ["0", "0", "1"]


def test_arrays_that_are_handed_over_are_kept_once(tmp_path: Path) -> None:
    images, labels = np.stack([pixels(n) for n in range(40)]), np.array(["b", "a"] * 20, dtype=object)
    first, second = (index((images, labels), data_dir=tmp_path, image_size=16) for _ in range(2))
    assert (first.path, first.classes, len(first)) == (second.path, ("a", "b"), 40)
    assert len(list((tmp_path / "arrays").iterdir())) == 1
    with pytest.raises(AugexpError, match="received 4 arrays; allowed are"):
        index((images, labels, labels, labels), data_dir=tmp_path)


FLOATS, OBJECTS = IMAGES / 255, np.array([None, "a"] * 6)
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no images": ({"x": IMAGES, "labels": LABELS}, "the array 'images' is missing; received x"),
    "no labels": ({"images": IMAGES}, "the array 'labels' is missing"),
    "fractions": ({"images": FLOATS, "labels": LABELS}, "images: received float64; allowed is uint8.*255"),
    "another shape": ({"images": IMAGES[..., :2], "labels": LABELS}, r"received shape \(12, 16, 16, 2\)"),
    "labels too few": ({"images": IMAGES, "labels": LABELS[1:]}, r"labels: received an array of shape \(11,\)"),
    "objects": ({"images": IMAGES, "labels": OBJECTS}, "labels: received objects of Python"),
    "labels in fractions": ({"images": IMAGES, "labels": LABELS + 0.5}, r"labels\[0\]: received 0.5; allowed are"),
    "an empty group": ({"images": IMAGES, "labels": LABELS, "groups": np.array([""] * 12)}, r"groups\[0\]: is empty"),
    "a split": ({"images": IMAGES, "labels": LABELS, "splits": np.array(["x"] * 12)}, r"splits\[0\]: received 'x'"),
    "one class": ({"images": IMAGES, "labels": LABELS * 0}, "labels: received one class, '0'"),
    "columns first": ({"images": np.asfortranarray(IMAGES), "labels": LABELS}, "are stored column by column"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_line(tmp_path: Path, name: str) -> None:
    arrays, message = BROKEN[name]
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, **arrays)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 100, 4000])
def test_a_damaged_file_is_one_line(tmp_path: Path, cut: int) -> None:
    np.savez(tmp_path / "whole.npz", images=IMAGES, labels=LABELS)
    (tmp_path / "t.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:cut])
    with pytest.raises(DataError, match=r"t\.npz: cannot be read as \.npz") as caught:
        ArraySource.open(Data(source="arrays", path=str(tmp_path / "t.npz")), tmp_path, lambda *_: None)
    assert "\n" not in str(caught.value)


class _Sets:
    """In place of keras.datasets, which would load from the network."""

    class cifar10:  # noqa: N801 - a module there
        @staticmethod
        def load_data() -> Any:
            return (IMAGES[:8], LABELS[:8, None]), (IMAGES[8:], LABELS[8:, None])

    class mnist:  # noqa: N801 - a module there
        @staticmethod
        def load_data() -> Any:
            raise Exception("URL fetch failure on https://example.org: None --\nno route")  # noqa: TRY002 - as Keras


def test_sets_of_keras_have_their_own_test_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras  # noqa: PLC0415 - seconds, and in this test alone

    monkeypatch.setattr(keras, "datasets", _Sets)
    found = KerasSource.open(Data(source="keras", categories=("cifar10",)), tmp_path, lambda *_: None)
    assert [split for _, split, _ in listed(found)] == ["train"] * 8 + ["test"] * 4
    with pytest.raises(DataError, match=r"keras:mnist: keras\.datasets cannot load it \(URL fetch failure") as caught:
        KerasSource.open(Data(source="keras", categories=("mnist",)), tmp_path, lambda *_: None)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "arrays" / "keras-mnist.npz").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_without_a_network_a_set_of_keras_is_one_line_that_names_the_address(name: str, tmp_path: Path) -> None:
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    (tmp_path / "keras").mkdir()
    program = "import sys; from augexp.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "index", f"keras:{name}", "--data-dir", str(tmp_path / "data"), "--quiet"]
    variables = {**os.environ, **closed, "KERAS_HOME": str(tmp_path / "keras"), "no_proxy": "", "NO_PROXY": ""}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False, timeout=120)
    said = [line for line in done.stderr.splitlines() if line.startswith("augexp:")]
    assert (done.returncode, len(said)) == (1, 1), done.stderr
    assert f"augexp: keras:{name}: keras.datasets cannot load it (URL fetch failure on https://" in said[0]
    assert "Traceback" not in done.stderr
    assert (tmp_path / "keras" / "datasets").is_dir()  # where Keras was told to keep its files
    assert not (tmp_path / "data" / "arrays").exists()
