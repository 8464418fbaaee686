from __future__ import annotations

from pathlib import Path

import pytest
from builders import listed, names, png, write_lmdb, write_scene

from augexp.data.listing import Entry
from augexp.data.sources.lsun import LsunSource
from augexp.errors import DataError


def test_scenes_and_objects(tmp_path: Path) -> None:
    write_scene(tmp_path, "kitchen", [1, 2], [3])
    write_lmdb(tmp_path / "cat", [png(4)])  # objects have no val and no suffix
    source = LsunSource(tmp_path, ("kitchen", "cat"), None)
    assert source.classes == ("cat", "kitchen")
    assert [(label, given) for label, given, _ in listed(source)] == [
        ("cat", "train"),
        ("kitchen", "train"),
        ("kitchen", "train"),
        ("kitchen", "validation"),
    ]
    entries = [Entry(name, label, given) for label, given, block in source.records() for name in block]
    assert sorted(source.read(entry) for entry in entries) == sorted(png(number) for number in (1, 2, 3, 4))
    assert all(len(name) == 40 for name in names(source))


def test_limit_holds_for_training_records_only(tmp_path: Path) -> None:
    write_scene(tmp_path, "a", range(20), range(20, 26))
    write_scene(tmp_path, "b", range(30, 33))
    source = LsunSource(tmp_path, ("a", "b"), 5)
    counted = [(label, given) for label, given, _ in listed(source)]
    assert counted.count(("a", "train")) == 5
    assert counted.count(("a", "validation")) == 6
    assert counted.count(("b", "train")) == 3


def test_missing_category(tmp_path: Path) -> None:
    write_scene(tmp_path, "kitchen", [1])
    with pytest.raises(DataError, match=r"bedroom_train_lmdb: missing; fetch it with `augexp download bedroom`"):
        LsunSource(tmp_path, ("bedroom", "kitchen"), None)


@pytest.mark.parametrize("name", ["bedroom_train_lmdb.zip", "cat.zip"])
def test_archive_beside_the_missing_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=rf"{name}: an archive, not its folder; unpack it with `augexp download"):
        LsunSource(tmp_path, (name.split("_")[0].removesuffix(".zip"), "kitchen"), None)


def test_archive_under_the_name_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "bedroom_train_lmdb").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"bedroom_train_lmdb: a file, not the folder of a database; unpack it first"):
        LsunSource(tmp_path, ("bedroom", "kitchen"), None)


def test_only_val_is_not_enough(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_lmdb(tmp_path / f"{name}_val_lmdb", [png(1)])
    with pytest.raises(DataError, match="a_train_lmdb: missing"):
        LsunSource(tmp_path, ("a", "b"), None)
