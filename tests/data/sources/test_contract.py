"""What every source of images holds, whatever it is; `augexp.data.sources.base` says it in words."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builders import pixels, write_classes, write_images, write_scene

from augexp.data.listing import Entry
from augexp.data.sources import registry, sample
from augexp.data.sources.arrays import save
from augexp.data.sources.base import Source
from augexp.errors import DataError
from augexp.experiment.source_kinds import KINDS
from augexp.experiment.sources import Data


def data_of(name: str, place: Path) -> Data:
    """Write a few images of the source `name` below `place` and return the definition that names them."""
    if name == "folder":
        write_classes(place / "in", {"train/cat": [1, 2, 3], "train/dog": [4, 5], "test/cat": [6], "test/dog": [7]})
        return Data(source=name, path=str(place / "in"))
    if name == "lsun":
        write_scene(place / "lsun", "a", [1, 2, 3], [4])
        write_scene(place / "lsun", "b", [5, 6], [7])
        return Data(source=name, categories=("b", "a"))
    if name == "manifest":
        write_images(place / "in", range(1, 8))
        rows = [f"{n}.png,{'cat' if n < 5 else 'dog'},{'test' if n in (4, 7) else 'train'}" for n in range(1, 8)]
        (place / "in" / "metadata.csv").write_text("\n".join(["file_name,label,split", *rows]))
        return Data(source=name, path=str(place / "in"))
    if name in ("arrays", "keras"):
        images, splits = np.stack([pixels(n) for n in range(7)]), ["train"] * 4 + ["test"] * 3
        path = place / "arrays" / "keras-mnist.npz"
        save(path, images=images, labels=np.arange(7) % 2, splits=np.array(splits))
        return Data(source=name, path=str(path)) if name == "arrays" else Data(source=name, categories=("mnist",))
    return Data(source=name)


def entries(source: Source) -> Iterator[Entry]:
    return (Entry(name, label, given) for label, given, names in source.records() for name in names)


def test_every_reader_is_a_source() -> None:
    assert all(issubclass(registry.source_class(name), Source) for name in KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_source_does_what_the_contract_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "COUNTS", {"train": 3, "val": 1, "test": 2})
    data, source_class = data_of(name, tmp_path), registry.source_class(name)
    source = source_class.open(data, tmp_path, lambda *_: None)
    assert isinstance(source, Source)
    assert list(source.classes) == sorted(source.classes)
    assert source_class.count_classes(data) in (0, len(source.classes))
    assert source.stamp() == source_class.open(data, tmp_path, lambda *_: None).stamp()
    found = list(entries(source))
    assert list(entries(source)) == found
    assert {entry.label for entry in found} == set(range(len(source.classes)))
    assert "train" in {entry.given for entry in found}
    if name in ("folder", "lsun", "sample", "manifest", "arrays", "keras"):  # their images have sets of their own
        assert len({entry.given for entry in found}) > 1
    assert len({(entry.label, entry.given, source.name_of(entry)) for entry in found}) == len(found)
    assert source.ignored == 0
    elsewhere = pickle.loads(pickle.dumps(source))
    assert [elsewhere.read(entry) for entry in found] == [source.read(entry) for entry in found]
    assert len({source.read(entry) for entry in found}) == len(found)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("sample", "keras")])
def test_missing_images_are_a_data_error_when_opened_and_none_before(name: str, tmp_path: Path) -> None:
    data = Data(
        source=name, path=str(tmp_path / "nowhere"), categories=("a", "b") if KINDS[name].has_categories else ()
    )
    source_class = registry.source_class(name)
    assert source_class.count_classes(data) in (0, 2)
    with pytest.raises(DataError, match="nowhere"):
        source_class.open(data, tmp_path, lambda *_: None)
