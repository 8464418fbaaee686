from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import pixels, write_classes

from augexp import digests, seeds
from augexp.data import checked_images, splits
from augexp.data.checked_images import CheckedImages
from augexp.data.preparation import prepare
from augexp.data.store import Store, find_store, open_store
from augexp.errors import DataError
from augexp.experiment.plan import DRAWS
from augexp.experiment.sources import Data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder of two classes, 90 and 60 images."""
    place = tmp_path_factory.mktemp("store")
    write_classes(place / "in", {"a": range(90), "b": range(1_000, 1_060)})
    return prepare(Data(source="folder", path=str(place / "in"), image_size=16), place, jobs=2).path


@pytest.fixture
def store(made: Path) -> Store:
    return open_store(made)


def test_content(store: Store) -> None:
    assert len(store) == 150
    assert store.images.shape == (150, 16, 16, 3)
    assert store.classes == ("a", "b")
    assert store.image_size == 16
    assert isinstance(store.images, np.memmap)
    numbers = [*range(90), *range(1_000, 1_060)]
    expected = {pixels(number).tobytes(): number >= 1_000 for number in numbers}
    assert {store.images[row].tobytes(): bool(store.labels[row]) for row in range(150)} == expected


def test_rows_are_in_the_order_of_their_hashes(store: Store) -> None:
    keys = [key.tobytes() for key in store.keys]
    assert keys == sorted(keys)
    assert len(set(store.ids.tolist())) == 150


def test_splits_share_out_all_images(store: Store) -> None:
    parts = [store.rows(split) for split in ("train", "validation", "test")]
    assert sorted(np.concatenate(parts).tolist()) == list(range(150))
    assert {name: counts.model_dump() for name, counts in store.manifest.counts.items()} == {
        name: {
            split: int((store.labels[rows] == label).sum())
            for split, rows in zip(("train", "validation", "test"), parts, strict=True)
        }
        for label, name in enumerate("ab")
    }


def test_a_view_reads_batches_by_position(store: Store) -> None:
    rows = store.rows("validation")
    draw = store.view(rows)
    batch = draw[np.array([2, 0, 2])]
    assert len(draw) == len(rows)
    assert (batch.images == np.asarray(store.images)[rows[[2, 0, 2]]]).all()
    assert batch.ids.tolist() == store.ids[rows[[2, 0, 2]]].tolist()
    batch.images[:] = 0  # a copy, not the file


def test_found_by_fingerprint(store: Store, made: Path) -> None:
    found = find_store(made.parents[1], store.fingerprint)
    assert found is not None
    assert found.path == made
    assert made.name.endswith(f"-16px-{store.fingerprint}")
    assert find_store(made.parents[1], "0" * 16) is None


# -- training draws ----------------------------------------------------------------------------


def pool_sizes(store: Store) -> list[int]:
    train = store.rows("train")
    return [int((store.labels[train] == label).sum()) for label in (0, 1)]


def drawing(n: int | None) -> Data:
    return Data(source="folder", path="x", train_per_class=n)


def test_whole_pool_where_nothing_is_said(store: Store) -> None:
    for seed in (0, 1, 7):
        assert store.training_rows(drawing(None), 0, seed).tolist() == store.rows("train").tolist()
    assert store.draw_mode(drawing(None)) == "whole"
    assert store.draw_mode(drawing(1_000)) == "whole"


def test_blocks_draw_disjoint_subsets_while_the_pool_lasts(store: Store) -> None:
    smaller = min(pool_sizes(store))
    n = smaller // 5
    draws = [store.training_rows(drawing(n), 0, seed) for seed in range(5)]
    assert len(np.unique(np.concatenate(draws))) == 5 * 2 * n
    for rows in draws:
        assert rows.tolist() == sorted(rows.tolist())
        assert np.bincount(store.labels[rows]).tolist() == [n, n]
        assert set(rows.tolist()) <= set(store.rows("train").tolist())
    assert store.draw_mode(drawing(n), range(5)) == "disjoint"
    assert store.draw_mode(drawing(n), range(6)) == "subsampled"
    assert store.draw_mode(drawing(n)) == "subsampled"
    assert store.draw_mode(drawing(smaller // DRAWS)) == "disjoint"


def test_beyond_the_pool_blocks_draw_without_replacement(store: Store) -> None:
    n = min(pool_sizes(store)) - 2
    draws = [store.training_rows(drawing(n), 0, seed) for seed in range(1, 4)]
    assert all(len(np.unique(rows)) == 2 * n for rows in draws)
    assert len({rows.tobytes() for rows in draws}) == 3
    assert store.draw_mode(drawing(n)) == "subsampled"


def test_a_class_smaller_than_wanted_is_taken_whole(store: Store) -> None:
    large, small = pool_sizes(store)
    rows = store.training_rows(drawing(small + 1), 0, 0)
    assert np.bincount(store.labels[rows]).tolist() == [small + 1, small]
    assert large > small + 1
    assert store.draw_mode(drawing(small + 1)) == "subsampled"


def test_no_draw_depends_on_how_many_seeds_there_are(store: Store) -> None:
    assert store.training_rows(drawing(6), 0, 3).tolist() == store.training_rows(drawing(6), 0, 3).tolist()
    assert store.training_rows(drawing(6), 1, 3).tolist() != store.training_rows(drawing(6), 0, 3).tolist()
    order = seeds.stream(0, 0, "pool", "a").permutation(pool_sizes(store)[0])
    pool = store.rows("train")[store.labels[store.rows("train")] == 0]
    assert set(pool[order[18:24]].tolist()) <= set(store.training_rows(drawing(6), 0, 3).tolist())


# -- damage ------------------------------------------------------------------------------------


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / made.name)
    return tmp_path / made.name


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        open_store(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: the prepared images are damaged (")
    assert text.endswith("); delete this folder, they will be prepared again")
    return text


@pytest.mark.parametrize("name", ["store.json", "images.npy", "labels.npy", "keys.npy", "splits.npy", "clusters.npy"])
def test_missing_empty_and_truncated_files(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    for damaged in (content[:-20], content[:50], b""):
        (copy / name).write_bytes(damaged)
        refusal(copy)
    (copy / name).unlink()
    refusal(copy)


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"classes": ["a", "b"]}', '{"fingerprint": 1, "classes": null}'])
def test_store_json_of_another_kind(copy: Path, text: str) -> None:
    (copy / "store.json").write_text(text, encoding="utf-8")
    refusal(copy)


def test_a_missing_key_is_named(copy: Path) -> None:
    values = json.loads((copy / "store.json").read_text(encoding="utf-8"))
    del values["fingerprint"]
    (copy / "store.json").write_text(json.dumps(digests.sealed(values)), encoding="utf-8")
    assert "damaged ('fingerprint' is missing)" in refusal(copy)


def test_arrays_that_do_not_belong_together(copy: Path) -> None:
    np.save(copy / "labels.npy", np.zeros(149, np.int64))
    assert "lengths differ" in refusal(copy)


def test_no_store(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nothing")


def test_store_json_holds_the_manifest_in_the_order_of_its_fields(store: Store) -> None:
    text = (store.path / "store.json").read_text(encoding="utf-8")
    values = store.manifest.plain() | {"files": store.manifest.files, "seal": store.manifest.seal}
    assert text == json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    assert list(json.loads(text)) == [
        *("format", "source", "synthetic", "classes", "image_size", "images", "records", "counts", "split"),
        *("skipped", "ignored_files", "warnings", "duplicates", "fingerprint", "unread", "scales"),
        *("files", "seal"),
    ]


def test_keys_of_a_newer_version_are_kept(copy: Path) -> None:
    values = json.loads((copy / "store.json").read_text(encoding="utf-8"))
    values |= {"colour": "sRGB", "split": {**values["split"], "seed": 7}}
    (copy / "store.json").write_text(json.dumps(digests.sealed(values)), encoding="utf-8")
    assert open_store(copy).manifest.plain() == {key: values[key] for key in values if key not in ("files", "seal")}


def test_duplicates_in_the_manifest_are_those_of_the_arrays(store: Store) -> None:
    assert store.manifest.duplicates.excluded == int((np.load(store.path / "splits.npy") == splits.EXCLUDED).sum())


@pytest.mark.parametrize("name", ["*", "?" * 16, "[0-9a-f]" * 2, "../../elsewhere", "0" * 15, ""])
def test_a_fingerprint_is_no_pattern(made: Path, name: str) -> None:
    assert find_store(made.parents[1], name) is None


def test_a_store_under_the_name_of_another_one_is_not_taken_for_it(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "stores" / ("photos-16px-" + "0" * 16))
    with pytest.raises(DataError, match="under the name of others; delete this folder"):
        find_store(tmp_path, "0" * 16)


def test_a_store_with_a_link_out_of_it_is_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "store")
    (tmp_path / "store" / "labels.npy").unlink()
    (tmp_path / "store" / "labels.npy").symlink_to(made / "labels.npy")
    with pytest.raises(DataError, match=r"labels.npy: is a link that leads out of this folder"):
        open_store(tmp_path / "store")


def test_a_lack_of_memory_is_no_damage(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(DataError, match="cannot be opened .*Cannot allocate memory.*; repeat the command$"):
        open_store(made)


@pytest.mark.parametrize("name", ["labels.npy", "keys.npy", "splits.npy", "clusters.npy", "store.json"])
@pytest.mark.parametrize("sealed", [True, False])
def test_a_flipped_bit_of_a_small_file_is_found_on_opening(copy: Path, name: str, sealed: bool) -> None:
    if not sealed:  # as augexp 0.1 wrote it: the fingerprint tells
        values = json.loads((copy / "store.json").read_text(encoding="utf-8"))
        values = {key: value for key, value in values.items() if key not in ("files", "seal")}
        (copy / "store.json").write_text(json.dumps(values), encoding="utf-8")
        assert not open_store(copy).sealed
    content = bytearray((copy / name).read_bytes())
    content[-1 if name != "store.json" else content.index(b"150")] ^= 1
    (copy / name).write_bytes(content)
    refusal(copy)


def test_images_are_checked_when_they_are_first_read_and_not_again(copy: Path) -> None:
    store = open_store(copy)
    rows = store.rows("test")
    batch = store.view(rows)[np.arange(3)]
    assert (batch.images == np.asarray(store.images)[rows[:3]]).all()
    images = np.load(copy / "images.npy", mmap_mode="r+")
    row = int(store.rows("train")[5])
    images[row, 0, 0, 0] ^= 1
    images.flush()
    with pytest.raises(DataError, match=f"image {row} is not the one that was prepared.*delete this folder"):
        open_store(copy).view(store.rows("train"))[np.array([0])]
    open_store(copy).check_images(rows)
    images[row, 0, 0, 0] ^= 1
    images.flush()
    open_store(copy).check_images()


def test_what_was_checked_is_remembered_as_long_as_the_file_is_the_same(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("an image is checked again")

    open_store(copy).check_images()
    again = open_store(copy)
    with monkeypatch.context() as patch:
        patch.setattr(checked_images.hashlib, "blake2b", refuse)
        again.check_images()
    memory = copy / ".checked"
    content = memory.read_bytes()
    memory.write_bytes(content[:-1] + bytes([content[-1] ^ 4]))
    assert not CheckedImages(copy, open_store(copy).fingerprint, 150)._flags.any()
    memory.write_bytes(content)
    (copy / "images.npy").touch()
    assert not CheckedImages(copy, open_store(copy).fingerprint, 150)._flags.any()


def test_a_request_that_names_another_store_is_not_believed(tmp_path: Path) -> None:
    prepared = {}
    for name, numbers in (("one", range(40)), ("two", range(40, 80))):
        write_classes(tmp_path / name, {"a": numbers, "b": range(numbers.start + 1_000, numbers.stop + 1_000)})
        data = Data(source="folder", path=str(tmp_path / name), image_size=16)
        prepared[name] = prepare(data, tmp_path, jobs=1).fingerprint
    first, second = sorted((tmp_path / "stores" / "requests").iterdir())
    first.write_text(second.read_text())
    for name, fingerprint in prepared.items():
        data = Data(source="folder", path=str(tmp_path / name), image_size=16)
        assert prepare(data, tmp_path, jobs=1).fingerprint == fingerprint
