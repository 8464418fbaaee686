"""Images that are chosen from folders named by WordNet id."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from augexp.data.class_folders import copy_images
from augexp.errors import DataError

CLASSES = {"cat": ("n1", "n2", "n3"), "fish": ("n9",)}
COUNTS = {"n1": 40, "n2": 40, "n3": 40, "n9": 60}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Folders of files that differ in nothing but their names; one has its images in a folder of their own."""
    for name, count in COUNTS.items():
        folder = tmp_path / "tiny" / name / ("images" if name == "n9" else "")
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{name}_{number}.JPEG").write_bytes(b"%d" % number)
    (tmp_path / "tiny" / "n9" / "n9_boxes.txt").write_text("no image", encoding="utf-8")
    return tmp_path / "tiny"


def copied(folder: Path) -> dict[tuple[str, str], list[str]]:
    places = sorted(path for path in folder.glob("*/*") if path.is_dir())
    return {(p.parent.name, p.name): sorted(one.name for one in p.iterdir()) for p in places}


def choose(source: Path, count: int = 50, choice="pooled") -> Path:
    return copy_images(source, source.parent / "out", CLASSES, count, choice, advice="get them")


def test_every_split_has_its_share_and_no_image_twice(source) -> None:
    found = copied(choose(source))
    assert {key: len(names) for key, names in found.items()} == {
        (split, name): number
        for split, number in (("test", 10), ("validation", 4), ("train", 36))
        for name in ("cat", "fish")
    }
    every = [name for names in found.values() for name in names]
    assert len(every) == len(set(every)) == 100


def test_pooled_takes_as_many_of_every_id_in_every_split(source) -> None:
    found = copied(choose(source))
    whole = Counter(n.split("_")[0] for (_, name), names in found.items() if name == "cat" for n in names)
    assert whole == {"n1": 17, "n2": 17, "n3": 16}
    test = Counter(name.split("_")[0] for name in found["test", "cat"])
    assert max(test.values()) - min(test.values()) <= 1


def test_first_takes_whole_ids_in_the_order_of_their_numbers(source) -> None:
    found = copied(choose(source, choice="first"))
    names = {n for (_, name), own in found.items() if name == "cat" for n in own}
    assert names == {f"n1_{k}.JPEG" for k in range(40)} | {f"n2_{k}.JPEG" for k in range(10)}


def test_the_same_choice_is_not_copied_again_and_another_one_is(source) -> None:
    target = choose(source)
    before = target.stat().st_ino
    assert choose(source).stat().st_ino == before
    (source / "n1" / "n1_0.JPEG").unlink()
    assert choose(source, choice="first").stat().st_ino != before
    assert "n1_0.JPEG" not in copied(target)["train", "cat"]


def test_copies_are_enough_where_the_source_is_gone(source) -> None:
    found = copied(choose(source))
    shutil.rmtree(source)
    assert copied(choose(source)) == found


def test_what_is_missing_is_one_line(source) -> None:
    with pytest.raises(DataError, match="n1: has 40 images; 42 are needed for 125 of class 'cat'"):
        copy_images(source, source / "out", {"cat": CLASSES["cat"]}, 125, "pooled", advice="get them")
    with pytest.raises(DataError, match="class 'fish' has 60 images in n9; 100 are needed"):
        copy_images(source, source / "out", {"fish": ("n9",)}, 100, "first", advice="get them")
    shutil.rmtree(source / "n2")
    with pytest.raises(DataError, match="n2: no images of this WordNet id; get them"):
        choose(source)
    shutil.rmtree(source)
    with pytest.raises(DataError, match="tiny: no such folder; get them"):
        choose(source)
