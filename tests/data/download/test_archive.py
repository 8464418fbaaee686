from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsun_server import make_zip, pack

from augexp.data.download import archive as archives
from augexp.data.download.catalogue import Archive
from augexp.errors import DownloadError, Interrupted

SHA = "a" * 64
BEDROOM = Archive("bedroom", "val", "http://h/lsun/scenes/bedroom_val_lmdb.zip", None, SHA, 300, "bedroom_val_lmdb")
DATA, LOCK = "bedroom_val_lmdb/data.mdb", "bedroom_val_lmdb/lock.mdb"


def plenty(_: Path) -> int:
    return 1 << 40


def ignore(_: int) -> None:
    pass


def unpack(
    tmp_path: Path, content: bytes, *, free: Callable[[Path], int] = plenty, advance: Callable[[int], None] = ignore
) -> archives.Unpacked:
    path, parent = tmp_path / "archive.zip", tmp_path / "data" / "lsun"
    path.write_bytes(content)
    parent.mkdir(parents=True, exist_ok=True)
    return archives.unpack(path, BEDROOM, parent, sha256=SHA, verified=True, advance=advance, free=free)


def below(tmp_path: Path) -> list[str]:
    return sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())


def test_unpacks_whole_with_marker(tmp_path: Path) -> None:
    steps: list[int] = []
    unpacked = unpack(tmp_path, make_zip("bedroom_val_lmdb", 3_000_000), advance=steps.append)
    assert unpacked.size == 3_000_000 + 8192
    assert steps == sorted(steps)
    assert steps[-1] == unpacked.size
    assert len(steps) >= 4
    assert sorted(path.name for path in unpacked.folder.iterdir()) == ["augexp.json", "data.mdb", "lock.mdb"]
    assert archives.state(unpacked.folder, BEDROOM) == "whole"


def test_real_archive(shared: Path, tmp_path: Path) -> None:
    content = (shared / "data" / "lsun" / "scenes" / "bedroom_val_lmdb.zip").read_bytes()
    unpacked = unpack(tmp_path, content)
    assert (unpacked.folder / "data.mdb").stat().st_size == 1_273_856
    assert unpacked.left_out == ()


def test_harmless_extra_members_are_left_out_and_named(tmp_path: Path) -> None:
    content = pack({"bedroom_val_lmdb/": b"", DATA: b"x", "README.txt": b"hello", "bedroom_val_lmdb/x/data.mdb": b"y"})
    unpacked = unpack(tmp_path, content)
    assert unpacked.left_out == ("README.txt", "bedroom_val_lmdb/x/data.mdb")
    assert sorted(path.name for path in unpacked.folder.iterdir()) == ["augexp.json", "data.mdb"]


# -- hostile archives --------------------------------------------------------------------------


def symlink(info: zipfile.ZipInfo) -> None:
    if info.filename == LOCK:
        info.external_attr = 0o120777 << 16


def device(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o020666 << 16


HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (pack({DATA: b"x", "../evil.txt": b"evil"}), "leads out"),
    "deep parent": (pack({DATA: b"x", "bedroom_val_lmdb/../../evil.txt": b"evil"}), "leads out"),
    "parent data": (pack({"../bedroom_val_lmdb/data.mdb": b"x"}), "leads out"),
    "backslash parent": (pack({DATA: b"x", "..\\evil.txt": b"evil"}), "leads out"),
    "backslash": (pack({DATA: b"x", "bedroom_val_lmdb\\evil.txt": b"evil"}), "leads out"),
    "absolute": (pack({DATA: b"x", "/tmp/evil.txt": b"evil"}), "absolute"),
    "absolute backslash": (pack({DATA: b"x", "\\\\host\\share\\evil.txt": b"evil"}), "absolute"),
    "drive": (pack({DATA: b"x", "C:/evil.txt": b"evil"}), "absolute"),
    "drive relative": (pack({DATA: b"x", "C:evil.txt": b"evil"}), "absolute"),
    "link": (pack({DATA: b"x", LOCK: b"/etc/passwd"}, symlink), "link"),
    "device": (pack({DATA: b"x"}, device), "link or a device"),
    "no data": (pack({LOCK: b"x"}), "holds no bedroom_val_lmdb/data.mdb"),
    "another category": (make_zip("kitchen_val_lmdb"), "not this LSUN archive"),
    "empty": (pack({}), "holds no"),
    "bomb": (pack({DATA: bytes(20 << 20)}), "more than 10 times its own size"),
    "not a zip": (b"<html>error</html>", "not a readable zip"),
    "cut off": (make_zip("bedroom_val_lmdb")[:-30], "not a readable zip"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archive_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    content, words = HOSTILE[name]
    with pytest.raises(DownloadError, match=words) as caught:
        unpack(tmp_path, content)
    assert "\n" not in str(caught.value)
    assert below(tmp_path) == ["archive.zip"]


def test_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(DATA, b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr(DATA, b"second")
    with pytest.raises(DownloadError, match="twice"):
        unpack(tmp_path, buffer.getvalue())
    assert below(tmp_path) == ["archive.zip"]


def directory_entry(content: bytes) -> int:
    """Offset of the first entry of the central directory."""
    return content.index(b"PK\x01\x02")


@pytest.mark.parametrize("lie", [10, 250_000, 2_000_000])
def test_declared_size_that_lies_is_refused(tmp_path: Path, lie: int) -> None:
    content = bytearray(pack({DATA: bytes(range(256)) * 800}))
    struct.pack_into("<I", content, directory_entry(content) + 24, lie)
    with pytest.raises(DownloadError, match="damaged"):
        unpack(tmp_path, bytes(content))
    assert below(tmp_path) == ["archive.zip"]


def test_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(pack({DATA: b"secret"}))
    content[directory_entry(content) + 8] |= 1
    with pytest.raises(DownloadError, match="encrypted"):
        unpack(tmp_path, bytes(content))


def test_flipped_byte_inside_is_noticed(tmp_path: Path) -> None:
    content = bytearray(make_zip("bedroom_val_lmdb"))
    content[100_000] ^= 1
    with pytest.raises(DownloadError, match="damaged"):
        unpack(tmp_path, bytes(content))
    assert below(tmp_path) == ["archive.zip"]


SMALL = pack({DATA: b"0123456789" * 30, LOCK: b"lock", "notes.txt": b"n"})


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_no_change_of_bytes_gives_anything_but_the_content_or_one_line(changes: list[tuple[int, int]]) -> None:
    content = bytearray(SMALL)
    for position, difference in changes:
        content[position] ^= difference
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            unpacked = unpack(root, bytes(content))
        except DownloadError as error:
            lines, written = str(error).splitlines(), below(root)
        else:
            lines, written = ["whole"], below(unpacked.folder)
            assert (unpacked.folder / "data.mdb").read_bytes() == b"0123456789" * 30
        assert len(lines) == 1
        assert written in (["archive.zip"], ["augexp.json", "data.mdb", "lock.mdb"], ["augexp.json", "data.mdb"])


def test_zip64_archive_unpacks(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, file.open(zipfile.ZipInfo(DATA), "w", force_zip64=True) as member:
        member.write(b"x" * 100_000)
    unpacked = unpack(tmp_path, buffer.getvalue())
    assert (unpacked.folder / "data.mdb").stat().st_size == 100_000


# -- all or nothing ----------------------------------------------------------------------------


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="208,192 bytes are needed .* 1,000 are free"):
        unpack(tmp_path, make_zip("bedroom_val_lmdb"), free=lambda _: 1000)
    assert below(tmp_path) == ["archive.zip"]


def test_interrupted_unpacking_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        unpack(tmp_path, make_zip("bedroom_val_lmdb"), advance=stop)
    assert below(tmp_path) == ["archive.zip"]
    assert archives.state(unpack(tmp_path, make_zip("bedroom_val_lmdb")).folder, BEDROOM) == "whole"


def test_what_a_killed_unpacking_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "data" / "lsun" / "bedroom_val_lmdb.part-unpacking"
    left.mkdir(parents=True)
    (left / "data.mdb").write_bytes(b"half")
    unpacked = unpack(tmp_path, make_zip("bedroom_val_lmdb"))
    assert not left.exists()
    assert (unpacked.folder / "data.mdb").stat().st_size == 200_000


def test_a_link_in_the_place_of_the_folder_is_removed_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"1")
    parent = tmp_path / "data" / "lsun"
    parent.mkdir(parents=True)
    (parent / "bedroom_val_lmdb.part-unpacking").symlink_to(outside, target_is_directory=True)
    unpack(tmp_path, make_zip("bedroom_val_lmdb"))
    assert [path.name for path in outside.iterdir()] == ["precious"]


# -- what is there -----------------------------------------------------------------------------


def rewrite_marker(folder: Path, **values: object) -> None:
    marker = json.loads((folder / "augexp.json").read_text(encoding="utf-8"))
    (folder / "augexp.json").write_text(json.dumps({**marker, **values}), encoding="utf-8")


def test_states_of_a_folder(tmp_path: Path) -> None:
    folder = unpack(tmp_path, make_zip("bedroom_val_lmdb")).folder
    assert archives.state(folder.with_name("other"), BEDROOM) == "absent"
    (folder / "lock.mdb").write_bytes(b"")  # LMDB does this
    assert archives.state(folder, BEDROOM) == "whole"
    rewrite_marker(folder, verified=False)
    assert archives.state(folder, BEDROOM) == "unverified"
    rewrite_marker(folder, verified=True, sha256="b" * 64)
    assert archives.state(folder, BEDROOM) == "unverified"
    rewrite_marker(folder, sha256=SHA)
    (folder / "data.mdb").write_bytes(b"short")
    assert archives.state(folder, BEDROOM) == "damaged"
    (folder / "data.mdb").unlink()
    assert archives.state(folder, BEDROOM) == "damaged"
    (folder / "augexp.json").write_text("{", encoding="utf-8")
    assert archives.state(folder, BEDROOM) == "foreign"
    (folder / "augexp.json").unlink()
    assert archives.state(folder, BEDROOM) == "foreign"


def test_a_file_in_the_place_of_the_folder_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert archives.state(tmp_path / "file", BEDROOM) == "foreign"
