"""What a download would do: what is here already, what has to be fetched, and whether there is room for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from augexp.data.download import archive as archives
from augexp.data.download import catalogue as lsun
from augexp.data.download.catalogue import Archive, Catalogue, Split
from augexp.errors import DownloadError

CONTENT_RATIO = 1.25
"""Estimate of unpacked bytes per archive byte, for the space check before the archive can be read: LMDB
rounds every image up to whole pages of 4 KiB, and the zip takes the padding out again."""

ArchiveState = Literal["here", "archive", "partial", "missing", "unverified", "damaged", "foreign"]


@dataclass(frozen=True)
class ArchivePlan:
    """What there is of one archive, and what there is to do.

    Attributes:
        archive: of the catalogue.
        folder: where it is or will be unpacked.
        state: `here` (unpacked and verified: nothing to do), `archive` (the zip is here), `partial` (a part of
            it is here), `missing`, `unverified` or `damaged` (unpacked, will be fetched again), `foreign` (a
            folder of that name that augexp did not unpack).
        on_disk: bytes of the zip or of its part that are here.
        to_fetch: bytes that will cross the network; None where the size is not known.
    """

    archive: Archive
    folder: Path
    state: ArchiveState
    on_disk: int
    to_fetch: int | None

    def check(self) -> None:
        """Raise DownloadError where the place of the folder is taken by someone else's."""
        if self.state == "foreign":
            raise DownloadError(
                f"{self.folder}: exists, but augexp did not unpack it and cannot tell whether it is whole; "
                "use it as it is (augexp index), or move it away and download again"
            )


@dataclass(frozen=True)
class DownloadPlan:
    """What a download would do.

    Attributes:
        items: one per archive, in the order named.
        to_fetch: bytes that will cross the network.
        disk_needed: most bytes that will be taken beyond what is taken now, archives and content (estimated).
        disk_free: bytes free where `data_dir` is.
        data_dir: as given.
    """

    items: tuple[ArchivePlan, ...]
    to_fetch: int
    disk_needed: int
    disk_free: int
    data_dir: Path

    def check(self) -> None:
        """Raise DownloadError where the plan cannot be carried out."""
        for item in self.items:
            item.check()
        if self.disk_needed > self.disk_free:
            raise DownloadError(
                f"{self.data_dir}: about {self.disk_needed / 1e9:,.2f} GB are needed (archives and content), "
                f"{self.disk_free / 1e9:,.2f} GB are free; make room, name fewer categories or take another data folder"
            )


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk of `folder`, which need not exist yet."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free


def plan_archive(archive: Archive, data_dir: Path, *, verify: bool = True) -> ArchivePlan:
    """Tell what is here of `archive`; with ``verify=False`` an unverified copy counts as here."""
    parent = data_dir / "lsun"
    folder, target = parent / archive.folder, parent / archive.name
    part = target.with_name(target.name + ".part")
    state: ArchiveState | Literal["absent", "whole"] = archives.state(folder, archive)
    if state == "whole" or (state == "unverified" and not verify):
        return ArchivePlan(archive, folder, "here", 0, 0)
    whole_zip = target.is_file()
    on_disk = target.stat().st_size if whole_zip else part.stat().st_size if part.is_file() else 0
    # What is not checked against the catalogue may have any size.
    known = archive.size if verify else None
    to_fetch = 0 if whole_zip else None if known is None else max(0, known - on_disk)
    if state == "absent":
        state = "archive" if whole_zip else "partial" if on_disk else "missing"
    return ArchivePlan(archive, folder, state, on_disk, to_fetch)


def plan_download(
    categories: Sequence[str],
    *,
    split: Split = "both",
    data_dir: Path,
    verify: bool = True,
    keep_archive: bool = False,
    jobs: int = 2,
    catalogue: Catalogue | None = None,
    free: Callable[[Path], int] = free_bytes,
    elsewhere: bool = False,
) -> DownloadPlan:
    """Tell what `download` with the same arguments would fetch; nothing is written or asked for.

    Where the archive lies `elsewhere` already, only its content needs room.

    Raises:
        DownloadError: an unknown category or split. Space and foreign folders are `DownloadPlan.check`'s.
    """
    wanted = lsun.archives(categories, split, catalogue=catalogue)
    items = tuple(plan_archive(archive, data_dir, verify=verify) for archive in wanted)
    todo = [item for item in items if item.state != "here"]
    sizes = sorted(((item.archive.size or 0) if verify else 0 for item in todo), reverse=True)
    # An archive goes once it is unpacked, so no more of them than connections are on disk at once.
    zips = 0 if elsewhere else sum(sizes) if keep_archive else sum(sizes[:jobs])
    needed = round(CONTENT_RATIO * sum(sizes)) + zips - (0 if elsewhere else sum(item.on_disk for item in todo))
    to_fetch = sum(item.to_fetch or 0 for item in todo)
    return DownloadPlan(items, to_fetch, max(0, needed), free(data_dir), data_dir)
