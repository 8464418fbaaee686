"""Fixtures of the tests that prepare images."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import DataFolders, write_classes

from augexp.data.decoding import process


@pytest.fixture
def place(tmp_path: Path) -> DataFolders:
    return DataFolders(tmp_path)


@pytest.fixture
def folder(place: DataFolders) -> DataFolders:
    write_classes(place.images, {"a": range(40), "b": range(100, 130)})
    return place


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes of every image that is decoded from now on."""
    seen: list[bytes] = []
    decode = process.decode

    def watched(data: bytes, *settings: object) -> object:
        seen.append(data)
        return decode(data, *settings)

    monkeypatch.setattr(process, "decode", watched)
    return seen
