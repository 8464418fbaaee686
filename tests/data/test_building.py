from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_pictures import encode, fill, image_folder, pixels, png, scene, write_lmdb

from augexp.data import building, decoding, locks, splits
from augexp.data.lmdb_folder import LmdbFolder
from augexp.data.store import Store, prepare
from augexp.errors import DataError
from augexp.experiment import Data


class Place:
    """A temporary image folder with a data folder beside it."""

    def __init__(self, path: Path) -> None:
        self.images, self.data_dir = path / "in", path / "data"

    def prepare(self, **settings: Any) -> Store:
        """Prepare the folder (or what `settings` say) at 16 pixels."""
        named = {"source": "folder", "path": str(self.images), "image_size": 16} | settings
        return prepare(Data(**named), self.data_dir, jobs=2)

    def refusal(self, **settings: Any) -> str:
        with pytest.raises(DataError) as caught:
            self.prepare(**settings)
        text = str(caught.value)
        assert "\n" not in text
        return text

    def left(self) -> list[str]:
        """Return what lies in the folder of the stores."""
        return sorted(path.name for path in (self.data_dir / "stores").iterdir())


LSUN: dict[str, Any] = {"source": "lsun", "categories": ("a", "b")}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def folder(place: Place) -> Place:
    image_folder(place.images, {"a": range(40), "b": range(100, 130)})
    return place


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes of every picture that is decoded from now on."""
    seen: list[bytes] = []
    decode = decoding.decode

    def watched(data: bytes, size: int) -> object:
        seen.append(data)
        return decode(data, size)

    monkeypatch.setattr(decoding, "decode", watched)
    return seen


# -- read once ---------------------------------------------------------------------------------


def test_unchanged_source_is_not_read_twice(folder: Place, decoded: list[bytes]) -> None:
    first = folder.prepare()
    assert len(decoded) == 70
    again = folder.prepare()
    assert len(decoded) == 70
    assert again.path == first.path
    assert folder.left() == [first.path.name, "requests"]


def test_changed_source_is_another_store_and_the_others_keep_their_sides(folder: Place) -> None:
    first = folder.prepare()
    fill(folder.images / "a", [41, 42])
    second = folder.prepare()
    assert second.fingerprint != first.fingerprint
    assert len(second) == 72
    assert first.path.is_dir()
    sides = [
        {store.keys[row].tobytes(): split for split in ("train", "validation", "test") for row in store.rows(split)}
        for store in (first, second)
    ]
    assert sides[0].items() <= sides[1].items()


def test_moved_and_renamed_files_are_the_same_store(folder: Place, tmp_path: Path) -> None:
    first = folder.prepare()
    for number, path in enumerate(sorted((folder.images / "a").iterdir())):
        path.rename(path.with_name(f"renamed-{number}.png"))
    folder.images.rename(tmp_path / "moved")
    folder.images = tmp_path / "moved"
    assert folder.prepare().fingerprint == first.fingerprint


def test_every_setting_that_changes_pixels_or_splits_is_another_store(folder: Place) -> None:
    stores = [
        folder.prepare(),
        folder.prepare(image_size=8),
        folder.prepare(limit=20),
        folder.prepare(test_per_class=15),
        folder.prepare(validation_per_class=10),
    ]
    assert len({store.fingerprint for store in stores}) == 5


def test_deleted_store_is_made_again(folder: Place) -> None:
    first = folder.prepare()
    shutil.rmtree(first.path)
    assert folder.prepare().fingerprint == first.fingerprint


def test_store_with_damaged_facts_is_made_again(folder: Place) -> None:
    first = folder.prepare()
    (first.path / "store.json").write_text("{", encoding="utf-8")
    assert folder.prepare().facts == first.facts


def test_works_from_a_finished_store_without_writing(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder.prepare()
    monkeypatch.setattr(Path, "mkdir", None)
    monkeypatch.setattr(locks, "hold", None)
    assert folder.prepare().path == first.path


# -- restart -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError])
def test_goes_on_where_it_stopped(
    folder: Place, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(decoding, "CHUNK", 16)

    def stop(stage: str, done: int, total: int) -> None:
        if done >= 64:
            raise error("stop")

    data = Data(source="folder", path=str(folder.images), image_size=16)
    with pytest.raises(error):
        prepare(data, folder.data_dir, progress=stop, jobs=2)
    before = len(decoded)
    assert 64 <= before <= 70
    store = folder.prepare()
    assert len(decoded) <= before + 70 - 64
    assert folder.left() == [store.path.name, "requests"]
    fresh = Place(folder.data_dir.parent / "fresh")
    fresh.images = folder.images
    assert fresh.prepare().facts == store.facts


def test_a_power_cut_loses_only_what_was_not_noted(folder: Place, decoded: list[bytes]) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    source = building.open_source(data, folder.data_dir, lambda *_: None)
    part = folder.data_dir / "stores" / f"building-{building._request(data, source)}"
    part.mkdir(parents=True)
    listing = building.write_listing(part, source.blocks())
    decoding.decode_all(data, source, listing, part, lambda *_: None, 2)
    # As if neither the last pixels nor the note of them had reached the disk, and one array had been cut off.
    state = np.load(part / "state.npy", mmap_mode="r+")
    state[60:] = 0
    np.load(part / "images.npy", mmap_mode="r+")[60:] = 0
    (part / "sides.npy").write_bytes(b"\x93NUM")
    decoded.clear()
    store = folder.prepare()
    assert len(decoded) == 10
    assert {one.tobytes() for one in store.images} == {pixels(n).tobytes() for n in (*range(40), *range(100, 130))}


def test_only_one_at_a_time(folder: Place) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    request = building._request(data, building.open_source(data, folder.data_dir, lambda *_: None))
    stores = folder.data_dir / "stores"
    stores.mkdir(parents=True)
    with locks.hold(stores / f"building-{request}.lock", RuntimeError()):
        assert "another augexp is preparing the same images; wait for it" in folder.refusal()
    assert len(folder.prepare()) == 70


# -- skipped records ---------------------------------------------------------------------------


def test_bad_files_are_skipped_counted_and_listed(folder: Place) -> None:
    bad = {"a/empty.jpg": b"", "a/page.png": b"<html>", "b/cut.png": png(5)[:60]}
    for name, content in bad.items():
        (folder.images / name).write_bytes(content)
    (folder.images / "a" / "dead.png").symlink_to(folder.images / "nowhere")
    (folder.images / "a" / "notes.txt").write_text("x")
    store = folder.prepare(max_skipped=0.2)
    assert len(store) == 70
    assert store.facts["records"] == 74
    assert store.facts["ignored_files"] == 1
    assert store.facts["skipped"]["count"] == 4
    listed = {one["key"]: (one["class"], one["reason"]) for one in store.facts["skipped"]["records"]}
    assert set(listed) == {*bad, "a/dead.png"}
    assert listed["a/empty.jpg"] == ("a", "empty record")
    assert listed["a/dead.png"] == ("a", "cannot be read (No such file or directory)")
    assert listed["b/cut.png"][0] == "b"


def test_odd_but_readable_pictures_warn_nobody(folder: Place) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\xff\xff\xff"
    (folder.images / "a" / "odd.jpg").write_bytes(encode(pixels(77), "JPEG", exif=exif))
    store = folder.prepare()
    assert (len(store), store.facts["skipped"]["count"]) == (71, 0)


def test_too_many_bad_files(folder: Place) -> None:
    for number in range(8):
        (folder.images / "b" / f"bad-{number}.png").write_bytes(b"bad")
    text = folder.refusal()
    assert text.startswith(
        "8 of 78 images cannot be decoded, more than the ceiling of 5% (data.max_skipped); "
        "the first: b/bad-0.png: UnidentifiedImageError"
    )
    assert len(folder.prepare(max_skipped=0.15)) == 70
    assert "8 of 78 images cannot be decoded" in folder.refusal(max_skipped=0.1)  # also out of a finished store


def test_ceiling_stops_early(folder: Place, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "CHUNK", 8)
    monkeypatch.setattr(decoding, "NOTED_EVERY", 0.0)
    for number in range(8):
        (folder.images / "a" / f"!{number}.png").write_bytes(b"bad")
    assert "cannot be decoded" in folder.refusal()
    assert len(decoded) < 78


def test_skipped_lsun_records_are_named_by_key(place: Place) -> None:
    values = {b"%040x" % number: png(number) for number in range(30)} | {b"f" * 40: b"", b"e" * 40: b"RIFFxxxxWEBP"}
    write_lmdb(place.images / "a_train_lmdb", values)
    scene(place.images, "b", range(100, 130))
    store = place.prepare(**LSUN, max_skipped=0.1)
    assert [one["key"] for one in store.facts["skipped"]["records"]] == ["e" * 40, "f" * 40]
    assert store.facts["skipped"]["count"] == 2


# -- too little, or damaged --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({}, "has no sub-folder; at least two classes are needed"),
        ({"a": range(9)}, "has only the class 'a'; at least two classes are needed"),
        ({"a": range(9), "b": []}, "class 'b' has 0 training images; at least 3 are needed, one each for training"),
        ({"a": range(9), "b": [1_000]}, "class 'b' has 1 training image; at least 3 are needed"),
        ({"a": range(9), "b": [1_000, 1_001]}, "class 'b' has 2 training images; at least 3 are needed"),
        ({"train/a": range(9), "train/b": range(20, 29), "test/c": [5]}, "class 'c' has 0 training images"),
    ],
)
def test_too_few_images(place: Place, classes: dict[str, Any], message: str) -> None:
    place.images.mkdir()
    image_folder(place.images, classes)
    assert message in place.refusal()


def test_a_class_of_one_picture_many_times(place: Place) -> None:
    image_folder(place.images, {"a": range(20), "b": []})
    for number in range(5):
        (place.images / "b" / f"{number}.png").write_bytes(png(1_000))
    assert re.search(r"class 'b' has no \w+ image left after \d+ could be used; add images", place.refusal())


def test_a_class_whose_pictures_are_all_bad(place: Place) -> None:
    image_folder(place.images, {"a": range(40), "b": []})
    for number in range(4):
        (place.images / "b" / f"{number}.png").write_bytes(b"bad")
    assert "class 'b' has no train image left after 0 could be used" in place.refusal(max_skipped=0.5)


def test_damaged_database_is_one_line(place: Place) -> None:
    scene(place.images, "a", range(20))
    scene(place.images, "b", range(20, 40))
    path = place.images / "a_train_lmdb" / "data.mdb"
    path.write_bytes(path.read_bytes()[:10_000])
    text = place.refusal(**LSUN)
    assert str(path) in text
    assert "download it again" in text


def test_full_disk_is_one_line(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1_000))
    text = folder.refusal(image_size=512)
    assert "70 images of 512 x 512 pixels need 0.1 GB, 0.0 GB are free; free some space" in text


def test_data_dir_that_cannot_be_written(folder: Place) -> None:
    folder.data_dir.write_text("a file")
    assert "cannot be written" in (text := folder.refusal())
    assert "--data-dir" in text


# -- which records -----------------------------------------------------------------------------


def test_limit_reads_no_more_than_that(place: Place, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    scene(place.images, "a", range(100), range(200, 210))
    scene(place.images, "b", range(300, 380), range(400, 405))
    read: list[bytes] = []
    value = LmdbFolder.value
    monkeypatch.setattr(LmdbFolder, "value", lambda self, key: (read.append(key), value(self, key))[1])
    store = place.prepare(**LSUN, limit=25)
    assert len(read) == len(decoded) == len(store) == 25 + 10 + 25 + 5


def test_lsun_reads_what_the_splits_can_use(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MAX_SEEDS", 3)
    scene(place.images, "a", range(200))
    scene(place.images, "b", range(300, 500))
    settings = {"train_per_class": 10, "test_per_class": 12, "validation_per_class": 6}
    records = place.prepare(**LSUN, **settings).facts["records"]
    assert 2 * (3 * 10 + 12 + 6) < records < 2 * 120
    assert place.prepare(**LSUN).facts["records"] == 400


def test_what_is_read_by_default_gives_every_block_its_own_draw() -> None:
    """At LSUN's size, without pictures: 1,000 images for each of 20 blocks, beside 2,500 for the test."""
    data = Data(**LSUN, train_per_class=1_000)
    records = building._needed(data)
    assert records is not None
    assert records < 24_000
    rng = np.random.default_rng(0)
    for _ in range(3):
        n = 2 * records
        keys, labels = rng.integers(0, 256, (n, 20), np.uint8), np.arange(n) % 2
        split = splits.split(data, np.zeros(n, np.uint8), labels, np.arange(n), keys, 2)
        sizes = [np.bincount(labels[split.codes == code]).min() for code in (splits.TRAIN, splits.TEST)]
        assert sizes[0] >= 20 * 1_000
        assert sizes[1] >= 0.95 * 2_500


def test_training_draws_of_the_blocks_are_disjoint(place: Place) -> None:
    scene(place.images, "a", range(250))
    scene(place.images, "b", range(300, 550))
    settings = {"train_per_class": 4, "test_per_class": 60, "validation_per_class": 30}
    store = place.prepare(**LSUN, **settings)
    data = Data(**LSUN, **settings)
    assert store.draw_mode(data) == "disjoint"
    draws = np.concatenate([store.training_rows(data, 0, seed) for seed in range(20)])
    assert len(np.unique(draws)) == 20 * 2 * 4
    assert not set(draws.tolist()) & {*store.rows("test").tolist(), *store.rows("validation").tolist()}


def test_a_scene_beside_an_object(place: Place) -> None:
    scene(place.images, "a", range(60), range(60, 70))
    write_lmdb(place.images / "b", [png(number) for number in range(100, 160)])
    store = place.prepare(**LSUN)
    assert store.facts["split"]["rule"] == "held-out"
    assert all(all(parts.values()) for parts in store.facts["counts"].values())


def test_lsun_folder_below_the_data_dir_is_the_default(place: Place) -> None:
    scene(place.data_dir / "lsun", "a", range(20))
    scene(place.data_dir / "lsun", "b", range(20, 40))
    store = prepare(Data(**LSUN, image_size=16), place.data_dir)
    assert store.path.name.startswith("a-b-16px-")


# -- duplicates --------------------------------------------------------------------------------


def test_duplicates_are_counted_shown_and_kept_together(folder: Place) -> None:
    (folder.images / "a" / "again.png").write_bytes(png(3))
    # A picture in two classes, and one that was saved again with a loss.
    (folder.images / "b" / "astray.png").write_bytes(png(4))
    (folder.images / "a" / "lossy.jpg").write_bytes(encode(pixels(5), "JPEG", quality=90, subsampling=0))
    store = folder.prepare()
    found = store.facts["duplicates"]
    assert (found["exact"], found["near"], found["clustered_images"], found["across_classes"]) == (2, 1, 6, 2)
    assert [set(pair) for pair in found["pairs"]] == [{"a/5.png", "a/lossy.jpg"}]
    assert any("2 pictures are in more than one class" in text for text in store.facts["warnings"])
    codes = np.load(store.path / "splits.npy")
    for cluster in np.unique(store.clusters):
        assert len(set(codes[store.clusters == cluster].tolist())) == 1


def test_training_images_that_repeat_the_official_test_are_left_out(place: Place) -> None:
    image_folder(place.images, {"train/a": range(30), "train/b": range(50, 80), "test/a": [1, 90], "test/b": [51, 91]})
    store = place.prepare()
    assert store.facts["split"]["rule"] == "official"
    assert store.facts["duplicates"]["excluded"] == 2
    assert "2 training or validation images were left out" in store.facts["split"]["explanation"]
    assert store.facts["counts"]["a"]["test"] == 2
    everything = np.concatenate([store.rows(split) for split in ("train", "validation", "test")])
    assert len(everything) == len(store) - 2


# -- what is recorded --------------------------------------------------------------------------


def test_facts(folder: Place) -> None:
    store = folder.prepare()
    facts = json.loads((store.path / "store.json").read_text(encoding="utf-8"))
    assert facts["source"] == "folder"
    assert facts["synthetic"] is False
    assert facts["images"] == facts["records"] == 70
    assert facts["fingerprint"] == store.fingerprint == store.path.name[-16:]
    assert "The test set was carved out of the training images" in facts["split"]["explanation"]
    assert [text for text in facts["warnings"] if "test images; its own interval is not reported" in text]


def test_small_originals_are_worth_a_warning(folder: Place) -> None:
    warnings = folder.prepare(image_size=32).facts["warnings"]
    assert any("70 of 70 images are smaller than 32 pixels (median 16); a smaller --image-size" in w for w in warnings)


@pytest.mark.skipif(os.name == "nt", reason="file names there hold no such text")
def test_names_that_are_no_text_can_be_recorded(folder: Place) -> None:
    with open(os.fsencode(folder.images / "a") + b"/bad-\xe9.png", "wb") as file:
        file.write(b"bad")
    store = folder.prepare()
    assert [one["key"] for one in store.facts["skipped"]["records"]] == ["a/bad-\\udce9.png"]


def test_jobs_change_nothing(folder: Place, tmp_path: Path) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    stores = [prepare(data, tmp_path / f"jobs-{jobs}", jobs=jobs) for jobs in (1, 5)]
    assert stores[0].facts == stores[1].facts
    for name in ("images", "labels", "keys", "splits", "clusters"):
        one, other = ((store.path / f"{name}.npy").read_bytes() for store in stores)
        assert one == other


def test_progress_is_told(folder: Place) -> None:
    said: list[tuple[str, int, int]] = []
    data = Data(source="folder", path=str(folder.images), image_size=16)
    prepare(data, folder.data_dir, progress=lambda *event: said.append(event))
    assert ("decoding images", 0, 70) in said
    assert ("decoding images", 70, 70) in said
    assert said[-1] == ("putting in order", 70, 70)


def test_memory_holds_one_chunk_of_pictures(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are handed on one by one: never more of them are alive than a chunk has."""
    monkeypatch.setattr(decoding, "CHUNK", 8)
    alive, most = 0, 0
    decode = decoding.decode

    class Counted:
        def __init__(self, data: bytes, size: int) -> None:
            nonlocal alive, most
            alive, most = alive + 1, max(most, alive + 1)
            picture = decode(data, size)
            self.pixels, self.side = picture.pixels, picture.side

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    monkeypatch.setattr(decoding, "decode", Counted)
    folder.prepare()
    assert 1 <= most <= 8
    assert alive == 0


def test_entries_are_listed_from_disk(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[type] = []
    write = building.write_listing

    def watched(part: Path, blocks: Iterator[Any]) -> Any:
        listing = write(part, blocks)
        kinds.extend(type(array) for array in (listing.labels, listing.given, listing._names, listing._ends))
        return listing

    monkeypatch.setattr(building, "write_listing", watched)
    folder.prepare()
    assert kinds == [np.memmap] * 4
