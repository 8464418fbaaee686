from __future__ import annotations

from pathlib import Path

import pytest
from builders import names, write_classes

from augexp.data.listing import Entry, write_listing
from augexp.data.sources import folder
from augexp.data.sources.folder import FolderSource


def test_listing_gives_back_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "GROUP_SIZE", 3)
    source = FolderSource(write_classes(tmp_path / "in", {"a": range(10), "long name of a class": [1]}), None)
    place = tmp_path / "listing"
    place.mkdir()
    listing = write_listing(place, source.records())
    assert [source.name_of(listing[row]) for row in range(len(listing))] == names(source)
    assert listing.labels.tolist() == [0] * 10 + [1]
    assert listing[10] == Entry(b"long name of a class/1.png", 1, "train")


def test_empty_listing(tmp_path: Path) -> None:
    assert len(write_listing(tmp_path, iter([(0, "train", [])]))) == 0
