from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from builders import lsun_key, png, write_lmdb

from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.errors import DataError

VALUES = [bytes([number]) * 5_000 for number in range(50)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_lmdb(tmp_path / "bedroom_train_lmdb", VALUES)


@pytest.fixture
def sealed(folder: Path) -> Iterator[Path]:
    """A folder as on a read-only mount: without ``lock.mdb``, and nothing can be written."""
    (folder / "lock.mdb").unlink()
    (folder / "data.mdb").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_keys_and_values(folder: Path) -> None:
    database = LmdbFolder(folder)
    keys = list(database.keys(None))
    assert keys == sorted(lsun_key(value) for value in VALUES)
    assert {database.value(key) for key in keys} == set(VALUES)
    assert database.value(b"0" * 40) == b""


def test_leaves_no_trace_on_a_read_only_folder(sealed: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sealed.iterdir())
    database = LmdbFolder(sealed)
    assert len(list(database.keys(None))) == 50
    assert database.value(lsun_key(VALUES[7])) == VALUES[7]
    assert sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sealed.iterdir()) == before
    assert [path.name for path in sealed.iterdir()] == ["data.mdb"]


def test_limit_is_a_prefix_of_hashed_keys(folder: Path) -> None:
    database = LmdbFolder(folder)
    assert list(database.keys(7)) == list(database.keys(None))[:7]
    assert len(list(database.keys(1_000))) == 50


def test_limit_chooses_among_other_keys_as_if_by_chance(tmp_path: Path) -> None:
    database = LmdbFolder(write_lmdb(tmp_path / "db", {b"photo-%03d" % n: b"x" for n in range(200)}))
    chosen = list(database.keys(20))
    assert chosen == sorted(chosen)
    assert len(set(chosen)) == 20
    numbers = [int(key[-3:]) for key in chosen]
    assert min(numbers) < 60
    assert max(numbers) > 140
    more = list(database.keys(40))
    assert set(chosen) < set(more)


def test_limited_keys_read_no_further(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, read = LmdbFolder(folder), []
    scan = database._scan

    def watched() -> Iterator[bytes]:
        for key in scan():
            read.append(key)
            yield key

    monkeypatch.setattr(database, "_scan", watched)
    assert len(list(database.keys(5))) == 5
    assert len(read) <= 5 + 2


def test_read_from_many_threads(folder: Path) -> None:
    database = LmdbFolder(folder)
    keys = list(database.keys(None))
    with ThreadPoolExecutor(24) as pool:
        got = list(pool.map(database.value, keys * 20))
    assert got == [database.value(key) for key in keys] * 20


def test_several_readers_in_one_process(folder: Path) -> None:
    one, other = LmdbFolder(folder), LmdbFolder(folder)
    keys = one.keys(None)
    first = next(keys)
    assert other.value(first) == one.value(first)
    assert list(other.keys(None))[1:] == list(keys)


def test_replaced_while_it_is_read(folder: Path, tmp_path: Path) -> None:
    held = LmdbFolder(folder)
    next(held.keys(None))
    write_lmdb(tmp_path / "new", [b"x" * 9_000])
    os.replace(tmp_path / "new" / "data.mdb", folder / "data.mdb")
    said = ["changed while this program had it open; start the program again"]
    try:
        said = [key.decode() for key in LmdbFolder(folder).keys(None)]  # py-lmdb before 3 does not notice
    except DataError as error:
        said = [one for one in said if one in str(error)]
    assert len(said) == 1


def test_empty_database(tmp_path: Path) -> None:
    database = LmdbFolder(write_lmdb(tmp_path / "db", []))
    assert list(database.keys(None)) == list(database.keys(5)) == []


def test_stamp_changes_with_the_file(folder: Path) -> None:
    before = LmdbFolder(folder).stamp()
    os.utime(folder / "data.mdb", ns=(1, 1))
    assert LmdbFolder(folder).stamp() != before


# -- damage ------------------------------------------------------------------------------------


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(LmdbFolder(folder).keys(None))
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("content", [b"", b"x", b"not a database " * 2_000, bytes(100_000), b"PK\3\4" + bytes(50_000)])
def test_no_database_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.mdb").write_bytes(content)
    assert f"{tmp_path / 'data.mdb'}: " in (text := refusal(tmp_path))
    assert "download it again" in text


def test_zip_instead_of_the_database(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.mdb", "w") as archive:
        archive.writestr("bedroom_val_lmdb/data.mdb", bytes(10_000))
    assert "damaged or no LMDB database" in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_truncated_database(folder: Path, share: float) -> None:
    whole = (folder / "data.mdb").read_bytes()
    (folder / "data.mdb").chmod(0o644)
    (folder / "data.mdb").write_bytes(whole[: int(share * len(whole))])
    text = refusal(folder)
    assert "truncated" in text or "damaged or no LMDB database" in text
    assert "download it again" in text


def test_overwritten_pages_are_one_line_or_harmless(folder: Path) -> None:
    # Pages 2 and up hold the tree and the values; LMDB notices a page that is of another kind.
    whole = bytearray((folder / "data.mdb").read_bytes())
    whole[2 * 4096 : 30 * 4096] = bytes(28 * 4096)
    (folder / "data.mdb").write_bytes(whole)
    assert "damaged or no LMDB database" in refusal(folder)


def test_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.mdb: missing; the folder is no unpacked LSUN category"):
        LmdbFolder(tmp_path)


def test_zip_instead_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "bedroom_train_lmdb").write_bytes(png(1))
    with pytest.raises(DataError, match="bedroom_train_lmdb: a file, not the folder of a database"):
        LmdbFolder(tmp_path / "bedroom_train_lmdb")


def outcome(folder: Path, limit: int | None = None) -> str:
    """Read keys and values; return how many, or the error."""
    database = LmdbFolder(folder)
    try:
        keys = list(database.keys(limit))
        for key in keys:
            database.value(key)
    except DataError as error:
        return str(error)
    return str(len(keys))


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8, 0.97])
@pytest.mark.parametrize("limit", [None, 5])
def test_zeroed_pages_are_one_line_or_are_not_needed(tmp_path: Path, share: float, limit: int | None) -> None:
    # The library ends the whole process on such a page, which a test would not survive.
    folder = write_lmdb(tmp_path / "many", [number.to_bytes(4) * 20 for number in range(2_000)])
    whole = bytearray((folder / "data.mdb").read_bytes())
    first = max(2, int(share * len(whole)) // 4096) * 4096
    whole[first:] = bytes(len(whole) - first)
    (folder / "data.mdb").write_bytes(whole)
    text = outcome(folder, limit)
    if limit is None or not text.isdigit():
        assert "damaged or no LMDB database (page " in text
        assert text.endswith("; delete the folder and download it again")
    else:
        assert int(text) == limit


def test_any_damage_is_survived(folder: Path) -> None:
    random = np.random.default_rng(0)
    whole = (folder / "data.mdb").read_bytes()
    texts = []
    for number in range(60):
        data = bytearray(whole)
        for place in random.integers(2 * 4096, len(data), 200):
            data[place] = random.integers(256)
        copy = folder.with_name(f"copy-{number}")
        copy.mkdir()
        (copy / "data.mdb").write_bytes(data)
        texts.append(outcome(copy))
    errors = [text for text in texts if not text.isdigit()]
    assert len(errors) > 10
    assert all("damaged or no LMDB database" in text for text in errors)
