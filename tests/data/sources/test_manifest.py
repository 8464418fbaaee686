"""Images that a table names: what is read right, and what is refused in one line that names row and column."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from builders import listed, png, write_images

from augexp.data.preparation import prepare
from augexp.data.sources import manifest
from augexp.data.sources.manifest import ManifestSource
from augexp.errors import DataError
from augexp.experiment.source_kinds import KINDS
from augexp.experiment.sources import Data


def opened(path: Path, place: Path, **settings: object) -> ManifestSource:
    return ManifestSource.open(Data(source="manifest", path=str(path), **settings), place, lambda *_: None)


def write_table(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    write_images(folder / "in", range(8))
    return folder


HEADINGS = ("file_name", "label")
ROWS = [(f"in/{number}.png", ("dog", "cat")[number % 2]) for number in range(8)]
EXPECTED = sorted((label, "train", name) for name, label in ROWS)


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".csv", ";"), (".csv", "\t"), (".tsv", "\t")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_a_mark_at_the_start_are_read(
    photos: Path, tmp_path: Path, suffix: str, delimiter: str, encoding: str
) -> None:
    table = write_table(photos / f"metadata{suffix}", [HEADINGS, *ROWS], delimiter, encoding)
    source = opened(table, tmp_path)
    assert source.classes == ("cat", "dog")
    assert sorted(listed(source)) == EXPECTED
    assert sorted(listed(opened(photos, tmp_path))) == EXPECTED  # the folder that holds it means the same


def test_objects_in_lines_are_read(photos: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"file_name": name, "label": label, "text": ["more"]}) for name, label in ROWS]
    (photos / "metadata.jsonl").write_text("\n".join(lines) + "\n\n", "utf-8")
    assert sorted(listed(opened(photos, tmp_path))) == EXPECTED


def test_quotes_spaces_and_other_ways_to_write_a_path_are_read(photos: Path, tmp_path: Path) -> None:
    (photos / "a, b.png").write_bytes(png(8))
    text = 'label,file_name\n"big, red ", "a, b.png"\n'.replace(', "a', ',"a')
    (photos / "t.csv").write_text(text + "small,in\\0.png\nsmall,./in/1.png\n", "utf-8")
    assert sorted(listed(opened(photos / "t.csv", tmp_path))) == [
        ("big, red", "train", "a, b.png"),
        ("small", "train", "in/0.png"),
        ("small", "train", "in/1.png"),
    ]


def test_numbers_are_categories_in_the_order_of_numbers(photos: Path, tmp_path: Path) -> None:
    rows = [(name, number) for (name, _), number in zip(ROWS, (10, 9, 2, 10, 9, 2, 100, 100), strict=True)]
    assert opened(write_table(photos / "t.csv", [HEADINGS, *rows]), tmp_path).classes == ("2", "9", "10", "100")


def test_other_columns_and_the_splits_are_read(photos: Path, tmp_path: Path) -> None:
    splits = ("Train", "training", "val", "validation", "test", "test", "train", "dev")
    rows = [(split, name, label) for (name, label), split in zip(ROWS, splits, strict=True)]
    table = write_table(photos / "t.csv", [("part", "where", "kind"), *rows])
    source = opened(table, tmp_path, file_column="where", label_column="kind", split_column="part")
    given = {name: split for _, split, name in listed(source)}
    assert [given[name] for name, _ in ROWS] == [
        "train", "train", "validation", "validation", "test", "test", "train", "validation",
    ]  # fmt: skip


def test_folders_of_splits_are_read_as_in_an_image_folder(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for split, numbers in (("train", (1, 2, 3, 4)), ("test", (5, 6))):
        write_images(folder / split, numbers)
        write_table(folder / split / "metadata.csv", [HEADINGS, *((f"{n}.png", "ab"[n % 2]) for n in numbers)])
    expected = [("a", "test", "test/6.png"), ("a", "train", "train/2.png"), ("a", "train", "train/4.png"),
                ("b", "test", "test/5.png"), ("b", "train", "train/1.png"), ("b", "train", "train/3.png")]  # fmt: skip
    assert sorted(listed(opened(folder, tmp_path))) == expected
    rows = [(name, label) for label, _, name in expected]
    assert sorted(listed(opened(write_table(folder / "metadata.csv", [HEADINGS, *rows]), tmp_path))) == expected


def test_the_same_row_twice_counts_once(photos: Path, tmp_path: Path) -> None:
    table = write_table(photos / "t.csv", [HEADINGS, *ROWS, ROWS[3]])
    assert sorted(listed(opened(table, tmp_path))) == EXPECTED


BROKEN = {
    "no table": (None, r"gone\.csv: no such table"),
    "no column of files": ([("image", "label"), *ROWS], "the column 'file_name' is missing.*--file-column"),
    "no column of labels": ([("file_name", "class"), *ROWS], "the column 'label' is missing.*--label-column"),
    "nothing in it": ([], "is empty; the first line has to name the columns"),
    "no row": ([HEADINGS], "has no row"),
    "two columns of one name": ([("file_name", "label", "label"), *((*row, 1) for row in ROWS)], "two columns 'label'"),
    "a missing file": ([HEADINGS, *ROWS, ("in/9.png", "cat")], "row 10: file_name: received 'in/9.png'.*no such file"),
    "an empty label": ([HEADINGS, *ROWS[:2], ("in/2.png", " "), *ROWS[3:]], "row 4: label: is empty"),
    "two labels": ([HEADINGS, *ROWS, ("./in/2.png", "cat")], "row 10: label: received 'cat' for in/2.png, which row 4"),
    "an unknown split": (
        [(*HEADINGS, "split"), *((*row, "train" if row != ROWS[5] else "holdout") for row in ROWS)],
        "row 7: split: received 'holdout'; allowed are train, validation and test",
    ),
    "an empty group": ([(*HEADINGS, "group"), *((*row, "x" * (row != ROWS[1])) for row in ROWS)], "row 3: group: is"),
    "a path that leads out": ([HEADINGS, *ROWS[:-1], ("../a.png", "cat")], r"row 9: file_name: received '\.\./a.png'"),
    "a whole path": ([HEADINGS, *ROWS[:-1], ("/a.png", "cat")], "row 9: file_name: received '/a.png'.*relative"),
    "one class": ([HEADINGS, *((name, "cat") for name, _ in ROWS)], "label: received one class, 'cat'; at least two"),
    "one number in two ways": ([HEADINGS, *((n, "1" if x == "cat" else "1.0") for n, x in ROWS)], "are one number"),
    "cells too many": ([HEADINGS, *ROWS[:4], (*ROWS[4], "more")], "row 6: received 3 cells; the headings name 2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_one_line(photos: Path, tmp_path: Path, name: str) -> None:
    rows, message = BROKEN[name]
    table = photos / "gone.csv" if rows is None else write_table(photos / "t.csv", rows)
    with pytest.raises(DataError, match=message) as caught:
        opened(table, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file_name,label\nin/0.png,cat\nin/1.png,h\xfcnd\n".encode("latin-1"), "row 3: is no text in UTF-8"),
        (b'file_name,label\nin/0.png,"cat\n', "cannot be read as a table"),
    ],
)
def test_bytes_that_are_no_table_are_one_line(photos: Path, tmp_path: Path, content: bytes, message: str) -> None:
    (photos / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        opened(photos / "t.csv", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ['["a"]', '{"file_name": "in/0.png", "label": ["a"]}', '{"file_name": '])
def test_lines_that_are_no_objects_with_a_label_are_one_line(photos: Path, tmp_path: Path, line: str) -> None:
    (photos / "t.jsonl").write_text(f'{{"file_name": "in/1.png", "label": "a"}}\n{line}\n', "utf-8")
    with pytest.raises(DataError, match="row 2") as caught:
        opened(photos / "t.jsonl", tmp_path)
    assert "\n" not in str(caught.value)


def test_labels_groups_and_splits_survive_any_order_of_rows(tmp_path: Path) -> None:
    write_images(tmp_path / "photos", range(30))
    rng = np.random.default_rng(0)
    splits = ["train"] * 18 + ["val"] * 6 + ["test"] * 6
    rows = [(f"{n}.png", n % 2, splits[n], f"patient {n // 2}") for n in range(30)]
    stores = []
    for number in range(5):
        order = rng.permutation(30)
        table = write_table(
            tmp_path / "photos" / f"{number}.csv", [(*HEADINGS, "split", "group"), *(rows[row] for row in order)]
        )
        stores.append(prepare(Data(source="manifest", path=str(table), image_size=16), tmp_path / "data"))
    assert len({store.fingerprint for store in stores}) == 1


def test_a_folder_of_classes_with_a_table_of_something_else_stays_one(tmp_path: Path) -> None:
    write_images(tmp_path / "a", [1])
    write_table(tmp_path / "metadata.csv", [("file_name", "caption"), ("a/1.png", "a picture")])
    found = {name for name, kind in KINDS.items() if kind.recognise([str(tmp_path)], ())}
    assert found == {"folder"}
    write_table(tmp_path / "metadata.csv", [HEADINGS, ("a/1.png", "a")])
    assert KINDS["manifest"].recognise([str(tmp_path)], ()) == {"path": str(tmp_path)}


def test_many_rows_take_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path / "photos", range(4))

    def peak(count: int) -> int:
        # One file under many names: links cost less than files.
        folder = tmp_path / f"photos-{count}"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:06}.png").hardlink_to(tmp_path / "photos" / f"{number % 4}.png")
        rows = ((f"{number:06}.png", f"class {number % 7}", f"patient {number}") for number in range(count))
        table = write_table(folder / "metadata.csv", [(*HEADINGS, "group"), *rows])
        tracemalloc.start()
        try:
            assert sum(len(names) for _, _, names in opened(table, tmp_path).records()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    monkeypatch.setattr(manifest, "GROUP_SIZE", 256)  # what is listed together is in memory
    few, many = peak(1000), peak(6000)
    assert many - few < 5000 * 120  # bytes a row, where a row in memory takes a thousand
