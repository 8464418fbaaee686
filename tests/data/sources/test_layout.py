"""Folders as people have them: which are classes, which are splits, what is not read, what is refused and why."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from builders import DataFolders, listed, names, pixels, png, write_classes, write_images, write_lmdb
from PIL import Image

from augexp.data.listing import Entry
from augexp.data.sources import unread
from augexp.data.sources.folder import FolderSource
from augexp.data.sources.layout import find_layout, split_of
from augexp.errors import DataError


def classes_of(root: Path, layout: dict[str, list[int]]) -> tuple[str, ...]:
    return FolderSource(write_classes(root, layout), None).classes


def refusal(root: Path, layout: dict[str, list[int]]) -> str:
    with pytest.raises(DataError) as caught:
        FolderSource(write_classes(root, layout), None)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def unread_files(source: FolderSource) -> dict[str, int]:
    source.stamp()
    return {files.reason: files.count for files in source.unread()}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"), ("Training", "train"), ("training_set", "train"), ("train_images", "train"),
        ("trainset", "train"), ("images-train", "train"), ("TrainData", "train"), ("val_images", "validation"),
        ("valid", "validation"), ("dev", "validation"), ("dev_set", "validation"), ("test_set", "test"),
        ("testing", "test"), ("Test Images", "test"), ("trains", None), ("test_drive", None), ("train_station", None),
        ("contest", None), ("images", None), ("", None), ("train_val", None), ("bus", None), ("valley", None),
    ],
)  # fmt: skip
def test_names_of_splits(name: str, split: str | None) -> None:
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("one", "two", "given"),
    [
        ("training_set", "test_set", "test"),
        ("train_images", "val_images", "validation"),
        ("Train", "dev", "validation"),
        ("training_set/training_set", "test_set/test_set", "test"),
    ],
)
def test_split_folders_of_other_names_hold_the_classes(tmp_path: Path, one: str, two: str, given: str) -> None:
    root = write_classes(tmp_path, {f"{one}/cat": [1], f"{one}/dog": [2], f"{two}/cat": [3], f"{two}/dog": [4]})
    source = FolderSource(root, None)
    assert source.classes == ("cat", "dog")
    assert [(name, split) for name, split, _ in listed(source)] == [
        *(("cat", given), ("dog", given)) * (given == "test"),
        *(("cat", "train"), ("dog", "train")),
        *(("cat", given), ("dog", given)) * (given != "test"),
    ]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    assert classes_of(tmp_path, {"bus": [1], "train": [2]}) == ("bus", "train")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            {"bus": [1], "train/freight": [2], "train/passenger": [3]},
            "two ways: train/ can be the training set with the classes freight, passenger, or a class beside bus; ",
        ),
        (
            {"bus": [1], "train": [2], "test": [3]},
            "train, test can be classes beside bus, or splits without class folders",
        ),
        (
            {"val/a": [1], "val/b": [2], "test/a": [3], "test/b": [4]},
            "test, val hold the same folders (a, b), as splits do",
        ),
        ({"train": [1, 2], "test": [3]}, "has no sub-folder in train; at least two classes are needed"),
        ({"photos/a": [1], "photos/b": [2]}, "did you mean"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path, layout: dict[str, list[int]], message: str) -> None:
    assert message in refusal(tmp_path, layout)


def test_leftovers_beside_splits_are_counted(tmp_path: Path) -> None:
    layout = {"train/cat": [1], "train/dog": [2], "test/cat": [3], "test/dog": [4], "extra": [5, 6], "cat": [7]}
    source = FolderSource(write_classes(tmp_path, layout), None)
    assert source.classes == ("cat", "dog")
    assert unread_files(source) == {"that are images outside the class folders": 3}
    assert source.unread()[0].examples == ("cat/7.png", "extra/5.png", "extra/6.png")


def test_a_test_set_without_class_folders_is_counted(tmp_path: Path) -> None:
    source = FolderSource(write_classes(tmp_path, {"train/cat": [1], "train/dog": [2], "test": [3, 4, 5]}), None)
    assert len(names(source)) == 2
    assert unread_files(source) == {"that are images outside the class folders": 3}


def test_the_same_name_in_two_spellings_is_refused(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    for number, (one, two) in enumerate(((composed, decomposed), ("Cat", "cat"), ("cat", "cat "))):
        text = refusal(tmp_path / str(number), {f"train/{one}": [1], "train/dog": [2], f"test/{two}": [3]})
        assert "two names look alike (" in text
        assert "rename one folder like the other" in text
    both = {"train/A": [1], "train/a": [2], "test/A": [3], "test/a": [4]}
    assert classes_of(tmp_path / "letters", both) == ("A", "a")


def own_output(root: Path) -> None:
    """Write what augexp leaves behind: prepared images, results, and a results folder that has just been begun."""
    write_images(root / "data" / "stores" / "in-64px-0", [901])
    (root / "data" / "stores" / "requests").mkdir()
    write_images(root / "results" / "in" / "comparison", [902])
    (root / "results" / "in" / "experiment.toml").write_text("")
    (root / "results" / "other").mkdir()
    (root / "results" / "other" / ".lock").write_text("")
    write_images(root / "cat" / "mine" / "comparison", [903])
    (root / "cat" / "mine" / "experiment.toml").write_text("")


def test_own_output_is_no_class(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {"cat": [1], "dog": [2], "results": [], "data": []})
    own_output(root)
    source = FolderSource(root, None)
    assert source.classes == ("cat", "dog")
    assert names(source) == ["cat/1.png", "dog/2.png"]
    assert unread_files(source) == {}


def test_results_written_into_the_folder_of_the_images_are_no_classes(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {"cat": range(5), "dog": range(5, 10)})
    for name in ("runs", "comparison"):
        (root / name).mkdir()
    assert find_layout(root).classes == ("cat", "comparison", "dog", "runs")  # as they may be called
    (root / "experiment.toml").touch()
    assert find_layout(root).classes == ("cat", "dog")


def test_folders_called_results_and_data_may_be_classes(tmp_path: Path) -> None:
    assert classes_of(tmp_path, {"results": [1], "data": [2]}) == ("data", "results")


def test_images_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": [], "b": [1]})
    (tmp_path / "a" / "without").write_bytes(png(1))
    (tmp_path / "a" / "README").write_bytes(b"no image")
    Image.fromarray(pixels(2)).save(tmp_path / "a" / "x.PPM")
    Image.fromarray(pixels(3)).convert("L").save(tmp_path / "a" / "y.pgm")
    source = FolderSource(tmp_path, None)
    assert names(source) == ["a/without", "a/x.PPM", "a/y.pgm", "b/1.png"]
    assert unread_files(source) == {"without a suffix that do not begin like an image": 1}


def test_what_needs_a_plug_in_is_named(place: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread.pillow, "has_heif", lambda: False)
    write_classes(place.images, {"cat": [], "dog": range(9)})
    for number in range(4):
        (place.images / "cat" / f"{number}.HEIC").write_bytes(b"heic")
    text = place.refusal()
    assert "class 'cat' has 0 training images" in text
    assert "(not read in it: 4 called *.heic (pip install 'augexp[heic]', and they are))" in text
    write_images(place.images / "cat", range(20, 29))
    store = place.prepare()
    assert store.manifest.ignored_files == 4
    assert store.manifest.unread[0].image
    assert any(text.startswith("4 files are not read: those called *.heic") for text in store.manifest.warnings)
    monkeypatch.setattr(unread.pillow, "has_heif", lambda: True)
    assert len(names(FolderSource(place.images, None))) == 9 + 9 + 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes exist on POSIX systems only")
def test_what_is_no_file_is_skipped_and_listed(place: DataFolders) -> None:
    write_classes(place.images, {"cat": range(20), "dog": range(30, 50)})
    os.mkfifo(place.images / "cat" / "pipe.jpg")
    (place.images / "dog" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(place.images / "dog" / "without")
    store = place.prepare()
    assert [(record.key, record.reason) for record in store.manifest.skipped.records] == [
        ("cat/pipe.jpg", "cannot be read (no regular file)"),
        ("dog/zero.png", "cannot be read (no regular file)"),
    ]
    assert [files.count for files in store.manifest.unread] == [1]


def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": [1], "b": [2]})
    with (tmp_path / "a" / "huge.jpg").open("wb") as file:
        file.truncate(40_000_000_000)  # takes no room on the disk
    with pytest.raises(OSError, match="40,000,000,000 bytes, more than 2,000,000,000"):
        FolderSource(tmp_path, None).read(Entry(b"a/huge.jpg", 0, "train"))


def test_databases_instead_of_images_are_named(tmp_path: Path) -> None:
    for name in ("bedroom_train_lmdb", "kitchen_train_lmdb"):
        write_lmdb(tmp_path / name, [png(1)])
    assert f"name the categories: bedroom kitchen --path {tmp_path}" in refusal(tmp_path, {})


@pytest.mark.skipif(sys.platform != "linux", reason="folder names that are no text exist on Linux only")
def test_a_class_whose_name_is_no_text(place: DataFolders) -> None:
    write_classes(place.images, {"a": range(9), "b": range(20, 29)})
    os.rename(place.images / "b", os.fsencode(place.images) + b"/caf\xe9")
    store = place.prepare()
    assert store.classes == ("a", "caf\\udce9")
    assert (store.path / "store.json").read_text("utf-8")
