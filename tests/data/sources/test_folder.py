from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import listed, names, png, write_classes, write_images

from augexp.data.listing import Entry
from augexp.data.sources.folder import FolderSource
from augexp.errors import DataError


def test_one_folder_per_class(tmp_path: Path) -> None:
    source = FolderSource(write_classes(tmp_path, {"dog": [3], "cat": [2, 1]}), None)
    assert source.classes == ("cat", "dog")
    assert listed(source) == [
        ("cat", "train", "cat/1.png"),
        ("cat", "train", "cat/2.png"),
        ("dog", "train", "dog/3.png"),
    ]
    assert source.read(Entry(b"cat/2.png", 0, "train")) == png(2)


@pytest.mark.parametrize(
    ("top", "given"),
    [("train", "train"), ("Training", "train"), ("val", "validation"), ("valid", "validation"), ("TEST", "test")],
)
def test_split_folders(tmp_path: Path, top: str, given: str) -> None:
    write_classes(tmp_path, {"train/a": [1], "train/b": [2]} | ({} if given == "train" else {f"{top}/a": [3]}))
    if given == "train":
        (tmp_path / "train").rename(tmp_path / top)
    source = FolderSource(tmp_path, None)
    assert source.classes == ("a", "b")
    assert {split for _, split, _ in listed(source)} == {"train", given}


def test_folders_called_test_and_val_are_classes_where_there_is_no_train(tmp_path: Path) -> None:
    assert FolderSource(write_classes(tmp_path, {"test": [1], "val": [2]}), None).classes == ("test", "val")


def test_folders_inside_a_class_belong_to_it(tmp_path: Path) -> None:
    source = FolderSource(write_classes(tmp_path, {"a/x": [1], "a/y/z": [2], "a": [3], "b": [4]}), None)
    assert names(source) == ["a/3.png", "a/x/1.png", "a/y/z/2.png", "b/4.png"]


def test_every_suffix_in_any_case_and_nothing_else(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": [], "b": [1]})
    for suffix in ("jpg", "JPEG", "png", "WebP", "bmp", "gif", "tif", "TIFF", "txt", "zip", "json"):
        (tmp_path / "a" / f"x.{suffix}").write_bytes(b"x")
    source = FolderSource(tmp_path, None)
    assert len(names(source)) == 8 + 1
    source.stamp()
    assert source.ignored == 3


def test_hidden_files_and_what_systems_leave_behind_are_not_worth_a_word(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": [1], "b": [2], ".git": [3], "__MACOSX/a": [4], "a/.thumbnails": [5], "a/@eaDir": [6]})
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._1.png"):
        (tmp_path / "a" / name).write_bytes(b"x")
    source = FolderSource(tmp_path, None)
    assert source.classes == ("a", "b")
    assert names(source) == ["a/1.png", "b/2.png"]
    source.stamp()
    assert source.ignored == 0


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_links_are_followed_and_loops_survived(tmp_path: Path) -> None:
    root, elsewhere = write_classes(tmp_path / "data", {"a": [1], "b": [2]}), write_images(tmp_path / "elsewhere", [3])
    (root / "a" / "more").symlink_to(elsewhere)
    (root / "a" / "back").symlink_to(root / "a")
    (root / "a" / "self").symlink_to("self")
    (root / "b" / "file.png").symlink_to(elsewhere / "3.png")
    (root / "b" / "dead.png").symlink_to(tmp_path / "nowhere.png")
    source = FolderSource(root, None)
    assert names(source) == ["a/1.png", "a/more/3.png", "b/2.png", "b/dead.png", "b/file.png"]
    with pytest.raises(OSError):
        source.read(Entry(b"b/dead.png", 1, "train"))


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text exist on Linux only")
def test_names_in_any_script(tmp_path: Path) -> None:
    write_classes(tmp_path, {"猫 köpek": [1], "собака": [2]})
    (tmp_path / "собака" / "ζώο 🐕 'x\".png").write_bytes(png(3))
    with open(os.fsencode(tmp_path) + "/собака/".encode() + b"latin-\xe9.png", "wb") as file:
        file.write(png(4))
    source = FolderSource(tmp_path, None)
    assert source.classes == ("собака", "猫 köpek")
    expected = ["собака/2.png", "собака/latin-\\udce9.png", "собака/ζώο 🐕 'x\".png", "猫 köpek/1.png"]
    assert sorted(names(source)) == sorted(expected)
    entries = [Entry(name, label, given) for label, given, block in source.records() for name in block]
    assert {source.read(entry) for entry in entries} == {png(number) for number in (1, 2, 3, 4)}


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_classes(tmp_path, {"a": [1], "a/secret": [2], "b": [3]})
    scandir = os.scandir

    def refuse(path: object = ".") -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("secret"):  # also works for root, whom no permission keeps out
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"secret: cannot be read \(Permission denied\)"):
        listed(FolderSource(tmp_path, None))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({}, "has no sub-folder; at least two classes are needed"),
        ({"only": [1]}, "has only the class 'only'; at least two classes are needed"),
        ({"train/only": [1], "test/only": [2]}, "has only the class 'only'"),
        ({".hidden": [1], "seen": [2]}, "has only the class 'seen'"),
    ],
)
def test_too_few_classes(tmp_path: Path, classes: dict[str, list[int]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        FolderSource(write_classes(tmp_path, classes), None)


def test_missing_folder_and_file_instead_of_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for name in ("nowhere", "file"):
        with pytest.raises(DataError, match=f"{name}: no such folder; name one that has a sub-folder per class"):
            FolderSource(tmp_path / name, None)


def test_limit_takes_the_same_files_wherever_they_lie(tmp_path: Path) -> None:
    one = FolderSource(write_classes(tmp_path / "one", {"train/a": range(30), "train/b": [99], "test/a": [98, 97]}), 7)
    other = FolderSource(write_classes(tmp_path / "other", {"a/deep/down": range(30), "b": [99]}), 7)

    def chosen(source: FolderSource) -> set[str]:
        return {name.rsplit("/", 1)[1] for label, given, name in listed(source) if (label, given) == ("a", "train")}

    assert chosen(one) == chosen(other)
    assert len(chosen(one)) == 7
    assert chosen(one) != {f"{number}.png" for number in range(7)}
    assert len(names(one)) == 7 + 1 + 2  # the test set stays whole


def test_stamp_tells_every_change_of_the_files(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {"a": [1, 2], "b": [3]})
    seen = {FolderSource(root, None).stamp()}
    assert {FolderSource(root, None).stamp()} == seen
    os.utime(root / "a" / "1.png", ns=(time.time_ns(), 10**18))
    seen.add(FolderSource(root, None).stamp())
    (root / "a" / "1.png").rename(root / "a" / "one.png")
    seen.add(FolderSource(root, None).stamp())
    (root / "a" / "one.png").rename(root / "b" / "one.png")
    seen.add(FolderSource(root, None).stamp())
    (root / "b" / "one.png").unlink()
    seen.add(FolderSource(root, None).stamp())
    assert len(seen) == 5
