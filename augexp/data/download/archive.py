"""Unpack an LSUN archive, which is a zip with one LMDB folder inside, without trusting it.

A checksum says that the bytes are the catalogue's; without one (``--no-verify``) the archive may be
anybody's. So the names inside never become paths: two files are taken out, under names that are
constants here, and an archive with a member that could reach elsewhere is refused as a whole.

The folder is written beside its place and renamed at the end with a completion marker in it, so
that a half-unpacked folder is never taken for a whole one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from augexp.data.download.catalogue import Archive
from augexp.errors import DownloadError
from augexp.files import sync

MEMBERS = ("data.mdb", "lock.mdb")
"""What is taken out of the archive's folder; the first has to be there."""

MARKER = "augexp.json"
"""Name of the completion marker inside an unpacked folder."""

MAX_RATIO = 10
"""Declared content may be this many times the archive: LMDB files of JPEG or WebP shrink by a fifth."""

SLACK = 16 << 20
"""Bytes that are always allowed: a tiny database is mostly empty pages, which shrink to nothing."""

_PIECE = 1 << 20

State = Literal["absent", "whole", "unverified", "damaged", "foreign"]


@dataclass(frozen=True)
class Unpacked:
    """A folder that has been unpacked: its path, its bytes, and the members that were left out."""

    folder: Path
    size: int
    left_out: tuple[str, ...]


# -- what is there already ---------------------------------------------------------------------


def state(folder: Path, archive: Archive) -> State:
    """Tell what stands at `folder`.

    Returns:
        `whole`: unpacked here from the verified archive, all files with their sizes. `unverified`: unpacked
        here from another or an unchecked archive. `damaged`: unpacked here, then changed. `foreign`: someone
        else's. `absent`: nothing.
    """
    if not folder.exists() and not folder.is_symlink():
        return "absent"
    try:
        marker: Any = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        files: dict[str, int] = dict(marker["files"])
        verified = bool(marker["verified"]) and marker["sha256"] == archive.sha256
        # LMDB sets its lock file up anew, in whatever size it likes, whenever someone opens the database.
        intact = all((folder / name).stat().st_size == size for name, size in files.items() if name != MEMBERS[1])
    except FileNotFoundError as error:
        return "foreign" if error.filename == str(folder / MARKER) else "damaged"
    except (OSError, ValueError, KeyError, TypeError):
        return "foreign"
    if not intact:
        return "damaged"
    return "whole" if verified else "unverified"


# -- looking inside ----------------------------------------------------------------------------


def inspect(path: Path, folder: str) -> tuple[dict[str, zipfile.ZipInfo], tuple[str, ...]]:
    """Read the directory of the zip `path` and refuse anything that is not an LSUN archive.

    Returns:
        The wanted members by their name in the folder, and the names of harmless members that are left out.

    Raises:
        DownloadError: no zip; a member that leads out of the folder; a link; an encrypted member; the same
            name twice; more declared bytes than an archive of its size can hold; no ``data.mdb``.
    """
    try:
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise DownloadError(f"{path}: not a readable zip archive ({error}); delete it and download it again") from None
    _refuse_hostile(path, members)
    wanted: dict[str, zipfile.ZipInfo] = {}
    left_out = []
    for member in members:
        parent, _, name = member.filename.rpartition("/")
        if parent == folder and name in MEMBERS:
            if name in wanted:
                raise DownloadError(f"{path}: refused: the member {member.filename!r} is there twice")
            wanted[name] = member
        elif member.filename != f"{folder}/":
            left_out.append(member.filename)
    if MEMBERS[0] not in wanted:
        inside = ", ".join(repr(name) for name in left_out[:3]) or "nothing"
        raise DownloadError(f"{path}: holds no {folder}/{MEMBERS[0]} (but {inside}); it is not this LSUN archive")
    _refuse_bomb(path, list(wanted.values()))
    return wanted, tuple(left_out)


def _refuse_hostile(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    for member in members:
        # The name as written in the archive: zipfile has already mended the one in `filename`.
        name = member.orig_filename
        mode = member.external_attr >> 16
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            reason = "is an absolute path"
        elif ".." in re.split(r"[/\\]", name) or "\\" in name or "\0" in name:
            reason = "leads out of its folder"
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            reason = "is a link or a device, not a file"
        elif member.flag_bits & 0x1:
            reason = "is encrypted"
        else:
            continue
        raise DownloadError(f"{path}: refused, nothing was unpacked: the member {name[:100]!r} {reason}")


def _refuse_bomb(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    declared = sum(member.file_size for member in members)
    allowed = MAX_RATIO * path.stat().st_size + SLACK
    if declared > allowed:
        raise DownloadError(
            f"{path}: refused, nothing was unpacked: it declares {declared:,} bytes of content, "
            f"more than {MAX_RATIO} times its own size"
        )


# -- unpacking ---------------------------------------------------------------------------------


def unpack(
    path: Path,
    archive: Archive,
    parent: Path,
    *,
    sha256: str,
    verified: bool,
    advance: Callable[[int], None],
    free: Callable[[Path], int],
) -> Unpacked:
    """Unpack the zip `path` to ``parent/<archive.folder>``, all or nothing.

    Args:
        path: the zip file; it is not changed.
        archive: what it is meant to be.
        parent: an existing folder.
        sha256: of the zip, for the completion marker.
        verified: whether `sha256` was compared with the catalogue's.
        advance: gets the bytes written so far; whatever it raises ends the unpacking.
        free: returns the free bytes on the disk of a folder.

    Raises:
        DownloadError: the archive is hostile or damaged, or the disk is too small; nothing is left behind.
    """
    wanted, left_out = inspect(path, archive.folder)
    target, beside = parent / archive.folder, parent / f"{archive.folder}.part-unpacking"
    _remove(beside)
    size = sum(member.file_size for member in wanted.values())
    room = free(parent)
    if size > room:
        raise DownloadError(
            f"{parent}: {size:,} bytes are needed to unpack {archive.name}, {room:,} are free; "
            "make room and run the same command again (the archive is kept)"
        )
    try:
        beside.mkdir()
        with zipfile.ZipFile(path) as file:
            done = 0
            for name, member in wanted.items():
                done = _extract(file, member, beside / name, done, advance)
        _write_marker(beside, archive, path.stat().st_size, sha256, verified, wanted)
        _remove(target)
        os.rename(beside, target)
        sync(parent)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        raise DownloadError(f"{path}: damaged ({str(error) or 'cut off'}); delete it and download it again") from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # a wrong offset or stream inside the zip, not the disk
            raise DownloadError(f"{path}: damaged ({error}); delete it and download it again") from None
        raise DownloadError(f"{beside}: cannot be written ({error.strerror or error})") from None
    finally:
        _remove(beside)
    return Unpacked(target, size, left_out)


def _extract(
    file: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, done: int, advance: Callable[[int], None]
) -> int:
    """Write one member; its content has to be exactly as long as declared, and zipfile compares its CRC."""
    written = 0
    with file.open(member) as source, target.open("xb") as sink:
        while data := source.read(_PIECE):
            written += len(data)
            if written > member.file_size:
                break
            sink.write(data)
            advance(done + written)
        if written != member.file_size:
            raise zipfile.BadZipFile(f"{member.filename} declares {member.file_size:,} bytes and has others")
        sink.flush()
        os.fsync(sink.fileno())
    return done + written


def _write_marker(
    folder: Path, archive: Archive, size: int, sha256: str, verified: bool, wanted: dict[str, zipfile.ZipInfo]
) -> None:
    marker = {
        "schema": 1,
        "archive": archive.name,
        "bytes": size,
        "sha256": sha256,
        "verified": verified,
        "images": archive.images,
        "files": {name: member.file_size for name, member in wanted.items()},
    }
    with (folder / MARKER).open("x", encoding="utf-8") as file:
        file.write(json.dumps(marker, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    """Remove what an earlier unpacking left; a link is removed, never followed."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
