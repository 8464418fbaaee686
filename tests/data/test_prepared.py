from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LSUN, DataFolders, encode, pixels, png, write_classes, write_lmdb, write_scene

from augexp.data import preparation, splits
from augexp.data.decoding import process
from augexp.data.preparation import prepare
from augexp.data.sources import lsun
from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.experiment import plan
from augexp.experiment.plan import DRAWS
from augexp.experiment.sources import Data

# -- which records -----------------------------------------------------------------------------


def test_limit_reads_no_more_than_that(
    place: DataFolders, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scene(place.images, "a", range(100), range(200, 210))
    write_scene(place.images, "b", range(300, 380), range(400, 405))
    read: list[bytes] = []
    value = LmdbFolder.value
    monkeypatch.setattr(LmdbFolder, "value", lambda self, key: (read.append(key), value(self, key))[1])
    store = place.prepare(**LSUN, limit=25)
    assert len(read) == len(decoded) == len(store) == 25 + 10 + 25 + 5


def test_lsun_reads_what_the_splits_can_use(place: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "DRAWS", 3)
    write_scene(place.images, "a", range(200))
    write_scene(place.images, "b", range(300, 500))
    settings = {"train_per_class": 10, "test_per_class": 12, "validation_per_class": 6}
    records = place.prepare(**LSUN, **settings).manifest.records
    assert 2 * (3 * 10 + 12 + 6) < records < 2 * 120
    assert place.prepare(**LSUN).manifest.records == 400


def test_what_is_read_by_default_gives_every_block_its_own_draw() -> None:
    """At LSUN's size, without images: 1,000 images for each of 23 blocks (3 to screen), 2,500 for the test."""
    data = Data(**LSUN, train_per_class=1_000)
    records = lsun._needed(data)
    assert records is not None
    assert records < 27_000
    rng = np.random.default_rng(0)
    for _ in range(3):
        n = 2 * records
        keys, labels = rng.integers(0, 256, (n, 20), np.uint8), np.arange(n) % 2
        split = splits.split(data, np.zeros(n, np.uint8), labels, np.arange(n), keys, 2)
        sizes = [np.bincount(labels[split.codes == code]).min() for code in (splits.TRAIN, splits.TEST)]
        assert sizes[0] >= DRAWS * 1_000
        assert sizes[1] >= 0.95 * 2_500


def test_training_draws_of_the_blocks_are_disjoint(place: DataFolders) -> None:
    write_scene(place.images, "a", range(250))
    write_scene(place.images, "b", range(300, 550))
    settings = {"train_per_class": 4, "test_per_class": 60, "validation_per_class": 30}
    store = place.prepare(**LSUN, **settings)
    data = Data(**LSUN, **settings)
    assert store.draw_mode(data) == "disjoint"
    draws = np.concatenate([store.training_rows(data, 0, seed) for seed in range(DRAWS)])
    assert len(np.unique(draws)) == DRAWS * 2 * 4
    assert not set(draws.tolist()) & {*store.rows("test").tolist(), *store.rows("validation").tolist()}


def test_a_scene_beside_an_object(place: DataFolders) -> None:
    write_scene(place.images, "a", range(60), range(60, 70))
    write_lmdb(place.images / "b", [png(number) for number in range(100, 160)])
    store = place.prepare(**LSUN)
    assert store.manifest.split.rule == "held-out"
    assert all(all(counts.model_dump().values()) for counts in store.manifest.counts.values())


def test_lsun_folder_below_the_data_dir_is_the_default(place: DataFolders) -> None:
    write_scene(place.data_dir / "lsun", "a", range(20))
    write_scene(place.data_dir / "lsun", "b", range(20, 40))
    store = prepare(Data(**LSUN, image_size=16), place.data_dir)
    assert store.path.name.startswith("a-b-16px-")


# -- duplicates --------------------------------------------------------------------------------


def test_duplicates_are_counted_shown_and_kept_together(folder: DataFolders) -> None:
    (folder.images / "a" / "again.png").write_bytes(png(3))
    # An image in two classes, and one that was saved again with a loss.
    (folder.images / "b" / "astray.png").write_bytes(png(4))
    (folder.images / "a" / "lossy.jpg").write_bytes(encode(pixels(5), "JPEG", quality=90, subsampling=0))
    store = folder.prepare()
    found = store.manifest.duplicates
    assert (found.exact, found.near, found.clustered_images, found.across_classes) == (2, 1, 6, 2)
    assert [set(pair) for pair in found.pairs] == [{"a/5.png", "a/lossy.jpg"}]
    assert any("2 pictures are in more than one class" in text for text in store.manifest.warnings)
    codes = np.load(store.path / "splits.npy")
    for cluster in np.unique(store.clusters):
        assert len(set(codes[store.clusters == cluster].tolist())) == 1


def test_training_images_that_repeat_the_official_test_are_left_out(place: DataFolders) -> None:
    write_classes(place.images, {"train/a": range(30), "train/b": range(50, 80), "test/a": [1, 90], "test/b": [51, 91]})
    store = place.prepare()
    assert store.manifest.split.rule == "official"
    assert store.manifest.duplicates.excluded == 2
    assert "2 training or validation images were left out" in store.manifest.split.explanation
    assert store.manifest.counts["a"].test == 2
    everything = np.concatenate([store.rows(split) for split in ("train", "validation", "test")])
    assert len(everything) == len(store) - 2


# -- what is recorded --------------------------------------------------------------------------


def test_facts(folder: DataFolders) -> None:
    store = folder.prepare()
    facts = json.loads((store.path / "store.json").read_text(encoding="utf-8"))
    assert facts["source"] == "folder"
    assert facts["synthetic"] is False
    assert facts["images"] == facts["records"] == 70
    assert facts["fingerprint"] == store.fingerprint == store.path.name[-16:]
    assert "The test set was carved out of the training images" in facts["split"]["explanation"]
    assert [text for text in facts["warnings"] if "test images; its own interval is not reported" in text]


def test_small_originals_are_worth_a_warning(folder: DataFolders) -> None:
    warnings = folder.prepare(image_size=32).manifest.warnings
    assert any("70 of 70 images are smaller than 32 pixels (median 16); a smaller --image-size" in w for w in warnings)


@pytest.mark.skipif(os.name == "nt", reason="file names there hold no such text")
def test_names_that_are_no_text_can_be_recorded(folder: DataFolders) -> None:
    with open(os.fsencode(folder.images / "a") + b"/bad-\xe9.png", "wb") as file:
        file.write(b"bad")
    store = folder.prepare()
    assert [record.key for record in store.manifest.skipped.records] == ["a/bad-\\udce9.png"]


def test_jobs_change_nothing(folder: DataFolders, tmp_path: Path) -> None:
    data = Data(source="folder", path=str(folder.images), image_size=16)
    stores = [prepare(data, tmp_path / f"jobs-{jobs}", jobs=jobs) for jobs in (1, 5)]
    assert stores[0].manifest == stores[1].manifest
    for name in ("images", "labels", "keys", "splits", "clusters"):
        one, other = ((store.path / f"{name}.npy").read_bytes() for store in stores)
        assert one == other


def test_progress_is_told(folder: DataFolders) -> None:
    said: list[tuple[str, int, int]] = []
    data = Data(source="folder", path=str(folder.images), image_size=16)
    prepare(data, folder.data_dir, progress=lambda *event: said.append(event))
    assert ("decoding images", 0, 70) in said
    assert ("decoding images", 70, 70) in said
    assert said[-1] == ("putting in order", 70, 70)


def test_memory_holds_an_image_per_thread(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are copied into a strip one by one: a thread has at most one that it is done with beside a new one."""
    alive, most = 0, 0
    decode = process.decode

    class Counted:
        def __init__(self, data: bytes, *settings: Any) -> None:
            nonlocal alive, most
            alive, most = alive + 1, max(most, alive + 1)
            image = decode(data, *settings)
            self.square, self.side = image.square, image.side

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    monkeypatch.setattr(process, "decode", Counted)
    folder.prepare()
    assert 1 <= most <= 4
    assert alive == 0


def test_entries_are_listed_from_disk(folder: DataFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[type] = []
    write = preparation.write_listing

    def watched(part: Path, groups: Iterator[Any]) -> Any:
        listing = write(part, groups)
        kinds.extend(type(array.base) for array in (listing.labels, listing.given, listing._names, listing._ends))
        return listing

    monkeypatch.setattr(preparation, "write_listing", watched)
    folder.prepare()
    assert kinds == [np.memmap] * 4
