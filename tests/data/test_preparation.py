from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LSUN, DataFolders, encode, pixels, png, write_classes, write_images, write_lmdb, write_scene
from PIL import Image

from augexp.data import preparation
from augexp.data.decoding import pool, process
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import Entry
from augexp.data.preparation import prepare
from augexp.data.sources.folder import FolderSource
from augexp.data.store import open_store
from augexp.errors import DataError
from augexp.experiment.sources import Data
from augexp.files import hold_lock

# -- read once ---------------------------------------------------------------------------------


def test_unchanged_source_is_not_read_twice(folder: DataFolders, decoded: list[bytes]) -> None:
    first = folder.prepare()
    assert len(decoded) == 70
    again = folder.prepare()
    assert len(decoded) == 70
    assert again.path == first.path
    assert folder.store_names() == [first.path.name, "requests"]


def test_changed_source_is_another_store_and_the_others_keep_their_sides(folder: DataFolders) -> None:
    first = folder.prepare()
    write_images(folder.images / "a", [41, 42])
    second = folder.prepare()
    assert second.fingerprint != first.fingerprint
    assert len(second) == 72
    assert first.path.is_dir()
    sides = [
        {store.keys[row].tobytes(): split for split in ("train", "validation", "test") for row in store.rows(split)}
        for store in (first, second)
    ]
    assert sides[0].items() <= sides[1].items()


def test_moved_and_renamed_files_are_the_same_store(folder: DataFolders, tmp_path: Path) -> None:
    first = folder.prepare()
    for number, path in enumerate(sorted((folder.images / "a").iterdir())):
        path.rename(path.with_name(f"renamed-{number}.png"))
    folder.images.rename(tmp_path / "moved")
    folder.images = tmp_path / "moved"
    assert folder.prepare().fingerprint == first.fingerprint


def test_every_setting_that_changes_pixels_or_splits_is_another_store(folder: DataFolders) -> None:
    stores = [
        folder.prepare(),
        folder.prepare(image_size=8),
        folder.prepare(limit=20),
        folder.prepare(test_per_class=15),
        folder.prepare(validation_per_class=10),
    ]
    assert len({store.fingerprint for store in stores}) == 5


def test_deleted_store_is_made_again(folder: DataFolders) -> None:
    first = folder.prepare()
    shutil.rmtree(first.path)
    assert folder.prepare().fingerprint == first.fingerprint


def test_store_with_damaged_facts_is_made_again(folder: DataFolders) -> None:
    first = folder.prepare()
    (first.path / "store.json").write_text("{", encoding="utf-8")
    assert folder.prepare().manifest == first.manifest


def test_works_from_a_finished_store_without_writing(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder.prepare()
    monkeypatch.setattr(Path, "mkdir", None)
    monkeypatch.setattr(preparation, "wait_for_lock", None)
    assert folder.prepare().path == first.path


# -- restart -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError])
def test_goes_on_where_it_stopped(
    folder: DataFolders, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(pool, "_TASK", 16)

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
    assert folder.store_names() == [store.path.name, "requests"]
    fresh = DataFolders(folder.data_dir.parent / "fresh")
    fresh.images = folder.images
    assert fresh.prepare().manifest == store.manifest


def test_a_power_cut_loses_only_what_was_not_noted(folder: DataFolders, decoded: list[bytes]) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    source = FolderSource(folder.images, None)
    part = folder.data_dir / "stores" / f"building-{preparation._request(data, source)}"
    part.mkdir(parents=True)
    listing = preparation.write_listing(part, source.records())
    pool.decode_all(data, source, listing, part, lambda *_: None, 2)
    # As if neither the last pixels nor the note of them had reached the disk, and one array had been cut off.
    state = np.load(part / "state.npy", mmap_mode="r+")
    state[60:] = 0
    np.load(part / "images.npy", mmap_mode="r+")[60:] = 0
    (part / "sides.npy").write_bytes(b"\x93NUM")
    decoded.clear()
    store = folder.prepare()
    assert len(decoded) == 10
    assert {one.tobytes() for one in store.images} == {pixels(n).tobytes() for n in (*range(40), *range(100, 130))}


def test_only_one_at_a_time(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "TIMEOUT", 0.0)
    data = Data(source="folder", path=str(folder.images), image_size=16)
    request = preparation._request(data, FolderSource(folder.images, None))
    stores = folder.data_dir / "stores"
    stores.mkdir(parents=True)
    with hold_lock(stores / f"building-{request}.lock", RuntimeError()):
        assert "another augexp is preparing the same images; wait for it" in folder.refusal()
    assert len(folder.prepare()) == 70


def test_the_second_command_waits_for_the_first(folder: DataFolders) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    request = preparation._request(data, FolderSource(folder.images, None))
    stores = folder.data_dir / "stores"
    stores.mkdir(parents=True)
    stages: list[str] = []
    with contextlib.ExitStack() as first:
        first.enter_context(hold_lock(stores / f"building-{request}.lock", RuntimeError()))

        def listen(stage: str, done: int, total: int) -> None:
            stages.append(stage)
            first.close()  # the first has ended

        path = preparation.build(data, folder.data_dir, listen, 1)
    assert stages[0] == "waiting for another augexp that prepares the same images"
    assert len(open_store(path)) == 70


def test_half_of_a_store_takes_no_room_from_the_next_attempt(
    folder: DataFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    part = folder.data_dir / "stores" / f"building-{preparation._request(data, FolderSource(folder.images, None))}"
    (part / "store").mkdir(parents=True)
    (part / "store" / "images.npy").write_bytes(bytes(1 << 16))
    room = 2 * 70 * (3 * 16 * 16 + 64)
    before = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda place: before(place)._replace(free=room - _size(part / "store")))
    assert len(folder.prepare()) == 70


def _size(folder: Path) -> int:
    """Return the bytes that the files of a folder take; 0 where it is missing."""
    return sum(path.stat().st_size for path in folder.glob("*"))


def test_a_disk_that_is_full_while_images_are_put_in_order_is_said(
    folder: DataFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array_header_1_0", full)
        assert "cannot be written (No space left on device); free some space" in folder.refusal()
    assert not list(folder.data_dir.glob("stores/building-*/store/images.npy"))
    assert len(folder.prepare()) == 70


def test_every_mapped_byte_has_room_on_the_disk_before_it_is_written(folder: DataFolders, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    StagingArrays(part, 5000, 8)
    for name in ("keys", "thumbnails", "sides", "state"):
        stat = (part / f"{name}.npy").stat()
        assert stat.st_blocks * 512 >= stat.st_size
    assert (part / "images.npy").stat().st_blocks * 512 < (part / "images.npy").stat().st_size


def test_a_link_in_the_place_of_the_folder_is_not_followed(folder: DataFolders, tmp_path: Path) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    part = folder.data_dir / "stores" / f"building-{preparation._request(data, FolderSource(folder.images, None))}"
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "store").mkdir(parents=True)
    (elsewhere / "store" / "mine").write_text("mine")
    part.parent.mkdir(parents=True)
    part.symlink_to(elsewhere)
    assert "is a link, and augexp prepares images in a folder of its own" in folder.refusal()
    assert (elsewhere / "store" / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc", "*", "photos-16px-0123456789abcdeg"])
def test_what_a_request_names_is_a_store_beside_it(folder: DataFolders, name: str) -> None:
    first = folder.prepare()
    (request,) = (folder.data_dir / "stores" / "requests").iterdir()
    request.write_text(name)
    assert folder.prepare().path == first.path


# -- skipped records ---------------------------------------------------------------------------


def test_bad_files_are_skipped_counted_and_listed(folder: DataFolders) -> None:
    bad = {"a/empty.jpg": b"", "a/page.png": b"<html>", "b/cut.png": png(5)[:60]}
    for name, content in bad.items():
        (folder.images / name).write_bytes(content)
    (folder.images / "a" / "dead.png").symlink_to(folder.images / "nowhere")
    (folder.images / "a" / "notes.txt").write_text("x")
    store = folder.prepare(max_skipped=0.2)
    assert len(store) == 70
    assert store.manifest.records == 74
    assert store.manifest.ignored_files == 1
    assert store.manifest.skipped.count == 4
    listed = {record.key: (record.class_name, record.reason) for record in store.manifest.skipped.records}
    assert set(listed) == {*bad, "a/dead.png"}
    assert listed["a/empty.jpg"] == ("a", "empty record")
    assert listed["a/dead.png"] == ("a", "cannot be read (No such file or directory)")
    assert listed["b/cut.png"][0] == "b"
    plain = json.loads((store.path / "store.json").read_text(encoding="utf-8"))
    assert plain == store.manifest.plain() | {"files": store.manifest.files, "seal": store.manifest.seal}
    assert {tuple(record) for record in plain["skipped"]["records"]} == {("key", "class", "reason")}


def test_odd_but_readable_images_warn_nobody(folder: DataFolders) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\xff\xff\xff"
    (folder.images / "a" / "odd.jpg").write_bytes(encode(pixels(77), "JPEG", exif=exif))
    store = folder.prepare()
    assert (len(store), store.manifest.skipped.count) == (71, 0)


def test_too_many_bad_files(folder: DataFolders) -> None:
    for number in range(8):
        (folder.images / "b" / f"bad-{number}.png").write_bytes(b"bad")
    text = folder.refusal()
    assert text.startswith(
        "8 of 78 images cannot be decoded, more than the ceiling of 5% (data.max_skipped); "
        "the first: b/bad-0.png: UnidentifiedImageError"
    )
    assert len(folder.prepare(max_skipped=0.15)) == 70
    assert "8 of 78 images cannot be decoded" in folder.refusal(max_skipped=0.1)  # also out of a finished store


def test_ceiling_stops_early(folder: DataFolders, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_TASK", 4)
    monkeypatch.setattr(pool, "SAVE_INTERVAL", 0.0)
    for number in range(8):
        (folder.images / "a" / f"!{number}.png").write_bytes(b"bad")
    assert "cannot be decoded" in folder.refusal()
    assert len(decoded) < 78


def test_skipped_lsun_records_are_named_by_key(place: DataFolders) -> None:
    values = {b"%040x" % number: png(number) for number in range(30)} | {b"f" * 40: b"", b"e" * 40: b"RIFFxxxxWEBP"}
    write_lmdb(place.images / "a_train_lmdb", values)
    write_scene(place.images, "b", range(100, 130))
    store = place.prepare(**LSUN, max_skipped=0.1)
    assert [record.key for record in store.manifest.skipped.records] == ["e" * 40, "f" * 40]
    assert store.manifest.skipped.count == 2


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
def test_too_few_images(place: DataFolders, classes: dict[str, Any], message: str) -> None:
    place.images.mkdir()
    write_classes(place.images, classes)
    assert message in place.refusal()


def test_a_class_of_one_image_many_times(place: DataFolders) -> None:
    write_classes(place.images, {"a": range(20), "b": []})
    for number in range(5):
        (place.images / "b" / f"{number}.png").write_bytes(png(1_000))
    assert re.search(r"class 'b' has no \w+ image left after \d+ could be used; add images", place.refusal())


def test_a_class_whose_images_are_all_bad(place: DataFolders) -> None:
    write_classes(place.images, {"a": range(40), "b": []})
    for number in range(4):
        (place.images / "b" / f"{number}.png").write_bytes(b"bad")
    assert "class 'b' has no train image left after 0 could be used" in place.refusal(max_skipped=0.5)


def test_damaged_database_is_one_line(place: DataFolders) -> None:
    write_scene(place.images, "a", range(20))
    write_scene(place.images, "b", range(20, 40))
    path = place.images / "a_train_lmdb" / "data.mdb"
    path.write_bytes(path.read_bytes()[:10_000])
    text = place.refusal(**LSUN)
    assert str(path) in text
    assert "download it again" in text


def test_full_disk_is_one_line(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1_000))
    text = folder.refusal(image_size=512)
    assert "70 images of 512 x 512 pixels need 0.1 GB, 0.0 GB are free; free some space" in text


def test_a_small_want_of_room_has_digits(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 40_000))
    assert "70 images of 16 x 16 pixels need 0.1 MB, 0.0 MB are free" in folder.refusal()


def test_data_dir_that_cannot_be_written(folder: DataFolders) -> None:
    folder.data_dir.write_text("a file")
    assert "cannot be written" in (text := folder.refusal())
    assert "--data-dir" in text


# -- why a class has no image for a split ----------------------------------------------------------


def test_a_test_set_that_is_a_copy_is_named(place: DataFolders) -> None:
    write_classes(place.images, {"train/a": range(20), "train/b": range(30, 50)})
    shutil.copytree(place.images / "train", place.images / "test")
    text = place.refusal()
    assert "class 'a' has no train image left after 20 could be used: 20 of its 40 images repeat" in text
    assert "add images" not in text


def test_blank_images_are_named(place: DataFolders) -> None:
    write_classes(place.images, {"a": range(20), "b": []})
    for number in range(8):
        Image.new("RGBA", (16, 16), (255, 255, 255, 9 * number)).save(place.images / "b" / f"{number}.png")
    assert "its 8 images are blank, of one colour each, once they are decoded" in place.refusal()


def test_one_picture_under_many_names_is_named(place: DataFolders) -> None:
    write_classes(place.images, {"a": range(20), "b": []})
    for number in range(8):
        (place.images / "b" / f"{number}.png").write_bytes(png(1_000))
    assert "; add images that differ, or remove it: its 8 images show one picture" in place.refusal()


def test_one_scene_is_split_and_said(place: DataFolders) -> None:
    # Twenty frames that differ by a breath: near-duplicates all, which would leave one side of every split empty.
    write_classes(place.images, {"a": range(20), "b": []})
    base = pixels(500).astype(int)
    for number in range(20):
        frame = base.copy()
        frame[number % 16, number // 16] += 3
        Image.fromarray(np.clip(frame, 0, 255).astype(np.uint8)).save(place.images / "b" / f"{number}.png")
    store = place.prepare()
    assert store.manifest.duplicates.dissolved == 20
    assert store.manifest.duplicates.near == 0
    assert any("so alike that a class could not have been split" in text for text in store.manifest.warnings)


# -- errors that pass --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [OSError(errno.EIO, "Input/output error"), OSError(errno.ESTALE, "Stale handle")])
def test_an_error_of_the_drive_is_no_skipped_picture(
    folder: DataFolders, monkeypatch: pytest.MonkeyPatch, wrong: OSError
) -> None:
    read = FolderSource.read
    failures = [3]

    def unreliable(self: FolderSource, entry: Entry) -> bytes:
        if entry.name == b"a/7.png" and failures[0]:
            failures[0] -= 1
            raise wrong
        return read(self, entry)

    monkeypatch.setattr(process, "_PAUSE", 0.0)
    monkeypatch.setattr(FolderSource, "read", unreliable)
    text = folder.refusal()
    assert text.startswith(f"a/7.png: cannot be read now ({wrong.strerror}); repeat the command when its drive answers")
    failures[0] = 2  # passes while it is tried
    assert (len(folder.prepare()), folder.prepare().manifest.skipped.count) == (70, 0)


def test_memory_that_runs_out_is_no_skipped_picture(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = process.decode

    def hungry(data: bytes, *settings: Any) -> Any:
        if data == png(7):
            raise MemoryError
        return decode(data, *settings)

    with monkeypatch.context() as patched:
        patched.setattr(process, "decode", hungry)
        assert "a/7.png: memory ran out while it was decoded" in folder.refusal()
    assert folder.prepare().manifest.skipped.count == 0
