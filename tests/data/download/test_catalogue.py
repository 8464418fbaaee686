from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from augexp.data.download import catalogue
from augexp.errors import DownloadError

SCENES = (
    "bedroom",
    "bridge",
    "church_outdoor",
    "classroom",
    "conference_room",
    "dining_room",
    "kitchen",
    "living_room",
    "restaurant",
    "tower",
)


def test_ten_scenes_come_first_then_twenty_objects() -> None:
    names = catalogue.catalogue().names()
    assert names[:10] == SCENES
    assert len(names) == 30
    assert "test" not in names
    assert {"person", "tv-monitor", "train"} <= set(names[10:])


def test_scenes_have_both_splits_objects_one_archive() -> None:
    archives = catalogue.archives(["bedroom", "cat"])
    assert [(one.name, one.split, one.folder) for one in archives] == [
        ("bedroom_train_lmdb.zip", "train", "bedroom_train_lmdb"),
        ("bedroom_val_lmdb.zip", "val", "bedroom_val_lmdb"),
        ("cat.zip", "train", "cat"),
    ]
    assert archives[0].size == 45_922_737_680
    assert archives[0].images == 3_033_042
    assert [one.place for one in archives] == [
        "scenes/bedroom_train_lmdb.zip",
        "scenes/bedroom_val_lmdb.zip",
        "objects/cat.zip",
    ]


def test_every_labelled_archive_has_size_and_checksum_and_its_own_name() -> None:
    archives = catalogue.archives(catalogue.catalogue().names())
    assert len(archives) == 10 * 2 + 20
    assert all(one.size and one.sha256 and one.images > 0 for one in archives)
    assert len({one.name for one in archives}) == len({one.folder for one in archives}) == len(archives)
    assert all(one.images == 300 for one in archives if one.split == "val")


def test_catalogue_agrees_with_the_source_facts(shared: Path) -> None:
    facts = json.loads((shared / "lsun.json").read_text(encoding="utf-8"))
    expected = {
        (category, split): (one["url"], one["bytes"], one["sha256"], one["images"], one["dir_in_zip"])
        for category, entry in facts.items()
        for split, one in entry["splits"].items()
    }
    found = {
        (one.category, one.split): (one.url, one.size, one.sha256, one.images, one.folder)
        for one in catalogue.catalogue().all_archives()
    }
    assert found == expected


def test_split_and_repetition() -> None:
    archives = catalogue.archives(["tower", "bridge", "tower"], "val")
    assert [one.name for one in archives] == ["tower_val_lmdb.zip", "bridge_val_lmdb.zip"]


@pytest.mark.parametrize(
    ("categories", "split", "words"),
    [
        (["bedrom"], "both", "did you mean 'bedroom'"),
        (["Church-Outdoor"], "both", "did you mean 'church_outdoor'"),
        (["test"], "train", "has no labels"),
        (["cat"], "val", "cat has no split 'val'"),
        ([], "both", "no category was named"),
        (["cat"], "all", "allowed are 'train', 'val' and 'both'"),
    ],
)
def test_wrong_words_end_in_one_line(categories: list[str], split: catalogue.Split, words: str) -> None:
    with pytest.raises(DownloadError, match=words) as caught:
        catalogue.archives(categories, split)
    assert "\n" not in str(caught.value)


def test_mirrors_come_before_the_official_host() -> None:
    (archive,) = catalogue.archives(["bedroom"], "val")
    assert archive.urls(["http://a/lsun/", "https://b"]) == (
        "http://a/lsun/scenes/bedroom_val_lmdb.zip",
        "https://b/scenes/bedroom_val_lmdb.zip",
        "http://dl.yf.io/lsun/scenes/bedroom_val_lmdb.zip",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a catalogue"),
        ("[]", "not a catalogue"),
        ('{"a": {"group": "scene", "splits": {"val": {"url": "http://h/scenes/a.zip"}}}}', "'bytes' is missing"),
        (
            '{"a": {"group": "scene", "splits": {"val": {"url": "http://h/scenes/a.zip", "bytes": 1,'
            ' "sha256": null, "images": 1, "dir_in_zip": "../a"}}}}',
            "no plain name",
        ),
        (
            '{"a": {"group": "scene", "splits": {"val": {"url": "http://h/scenes/a.zip", "bytes": 1,'
            ' "sha256": "abc", "images": 1, "dir_in_zip": "a"}}}}',
            "not 64 hex digits",
        ),
    ],
)
def test_wrong_catalogue_file_ends_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DownloadError, match=words):
        catalogue.read_catalogue(path)


def test_catalogue_of_ones_own_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"url": "http://h/scenes/a.zip", "bytes": 1, "sha256": "0" * 64, "images": 1, "dir_in_zip": "a"}
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps({"mine": {"group": "scene", "splits": {"val": facts}}}), encoding="utf-8")
    monkeypatch.setenv(catalogue.CATALOGUE_VARIABLE, str(path))
    assert catalogue.catalogue().names() == ("mine",)
    monkeypatch.setenv(catalogue.CATALOGUE_VARIABLE, str(tmp_path / "missing.json"))
    with pytest.raises(DownloadError, match="cannot be read"):
        catalogue.catalogue().names()


def test_importing_the_downloader_loads_no_http_library() -> None:
    code = "import sys, augexp.data.download.categories; assert not {'requests', 'urllib3', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
