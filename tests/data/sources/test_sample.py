from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augexp.data.preparation import prepare
from augexp.data.sources import sample
from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.experiment.sources import Data


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "COUNTS", {"train": 8, "val": 5, "test": 6})


def test_names_say_that_it_is_drawn() -> None:
    assert len(sample.CLASSES) >= 4
    assert all(name.startswith("drawn-") for name in sample.CLASSES)


def test_the_same_image_on_every_call_and_another_for_every_address() -> None:
    addresses = [(name, split, n) for name in sample.CLASSES for split in sample.COUNTS for n in range(3)]
    first = [np.asarray(sample.draw(*address)).tobytes() for address in addresses]
    assert first == [np.asarray(sample.draw(*address)).tobytes() for address in addresses]
    assert len(set(first)) == len(addresses)


def test_pixels_are_those_of_this_version() -> None:
    # Means of the quarters, frozen: whoever changes them raises sample.VERSION.
    image = np.asarray(sample.draw("drawn-house", "train", 0)).astype(float)
    assert image.shape == (sample.SIZE, sample.SIZE, 3)
    quarters = image.reshape(2, 24, 2, 24, 3).mean(axis=(1, 3, 4)).round(1)
    assert (sample.VERSION, quarters.tolist()) == (1, [[235.3, 180.6], [235.1, 215.3]])


def test_value_is_lossless() -> None:
    drawn = sample.draw("drawn-tree", "test", 1)
    with Image.open(io.BytesIO(sample.encode(drawn))) as image:
        assert image.format == "WEBP"
        assert (np.asarray(image) == np.asarray(drawn)).all()


@pytest.mark.usefixtures("small")
def test_written_in_the_format_of_lsun(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    folder = sample.ensure(tmp_path, lambda *event: said.append(event))
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}_{split}_lmdb" for name in sample.CLASSES for split in ("train", "val", "test")
    )
    database = LmdbFolder(folder / "drawn-boat_train_lmdb")
    keys = list(database.keys(None))
    assert len(keys) == 8
    assert all(len(key) == 40 and set(key) <= set(b"0123456789abcdef") for key in keys)
    assert database.value(keys[0])[:4] == b"RIFF"


@pytest.mark.usefixtures("small")
def test_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sample.ensure(tmp_path)
    monkeypatch.setattr(sample, "draw", None)
    assert sample.ensure(tmp_path) == folder
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.usefixtures("small")
def test_prepared_it_is_called_synthetic_and_keeps_its_own_splits(tmp_path: Path) -> None:
    store = prepare(Data(image_size=16), tmp_path)
    assert store.manifest.synthetic is True
    assert store.manifest.counts["drawn-boat"].model_dump() == {"train": 8, "validation": 5, "test": 6}
    assert store.manifest.split.rule == "official"


def test_splits_come_from_the_same_distribution() -> None:
    def measured(name: str, split: str) -> np.ndarray:
        """Return brightness, contrast and where it is dark, for 80 images: (80, 5)."""
        rows = []
        for number in range(80):
            grey = np.asarray(sample.draw(name, split, number)).mean(axis=2)
            dark = np.argwhere(grey < np.percentile(grey, 10))
            rows.append([grey.mean(), grey.std(), *dark.mean(axis=0), dark.std()])
        return np.array(rows)

    for name in sample.CLASSES:
        train, test = measured(name, "train"), measured(name, "test")
        error = np.sqrt((train.var(axis=0) + test.var(axis=0)) / 80)
        assert (np.abs(train.mean(axis=0) - test.mean(axis=0)) < 4 * error).all(), name
        ratio = train.std(axis=0) / test.std(axis=0)
        assert ((ratio > 0.6) & (ratio < 1.7)).all(), name


def test_everything_that_should_vary_does() -> None:
    images = np.stack([np.asarray(sample.draw("drawn-rocket", "train", n)) for n in range(40)]).astype(float)
    assert images.mean(axis=(1, 2, 3)).std() > 15  # light
    assert images.std(axis=0).min() > 10  # no pixel is the same in all of them
