"""Download LSUN categories: fetch several archives at once, verify, unpack; what is already here is not touched.

Every archive goes through the same stages under a lock of its own: ``<name>.zip.part`` (fetched, resumable) →
``<name>.zip`` (verified) → ``<folder>.part-unpacking`` → ``<folder>`` (whole, with its completion marker).
A run that is cut off anywhere leaves a state that the next run goes on from.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from augexp.data.download import archive as archives
from augexp.data.download import catalogue as lsun
from augexp.data.download.catalogue import Archive, Catalogue, Split
from augexp.data.download.connection import Settings
from augexp.data.download.plan import ArchivePlan, free_bytes, plan_archive, plan_download
from augexp.data.download.progress import DownloadProgress, Reporter
from augexp.data.download.threads import run_in_threads
from augexp.data.download.transfer import fetch
from augexp.errors import DownloadError, Interrupted
from augexp.files import hold_lock

MAX_JOBS = 4
"""Connections at once: the source is one university server, known to be slow and not always up."""

_PIECE = 1 << 20


@dataclass(frozen=True)
class Result:
    """What became of one archive.

    Attributes:
        archive: of the catalogue.
        folder: the unpacked folder.
        status: `here` (was already there), `unpacked` (from a zip that was there) or `fetched`.
        transferred: bytes that crossed the network.
        verified: whether the archive's SHA-256 is the catalogue's.
        left_out: members of the zip that were not unpacked.
        seconds: wall time.
    """

    archive: Archive
    folder: Path
    status: Literal["here", "unpacked", "fetched"]
    transferred: int = 0
    verified: bool = True
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class _Request:
    """What was asked for, the same for every archive."""

    parent: Path
    mirrors: tuple[str, ...]
    from_file: Path | None
    verify: bool
    keep_archive: bool
    settings: Settings
    free: Callable[[Path], int]
    stop: threading.Event = field(default_factory=threading.Event)


def download(
    categories: Sequence[str],
    *,
    split: Split = "both",
    data_dir: Path,
    mirrors: Sequence[str] = (),
    from_file: Path | None = None,
    verify: bool = True,
    keep_archive: bool = False,
    jobs: int = 2,
    catalogue: Catalogue | None = None,
    settings: Settings | None = None,
    on_progress: Callable[[DownloadProgress], None] | None = None,
    free: Callable[[Path], int] = free_bytes,
) -> list[Result]:
    """Fetch, verify and unpack LSUN archives to ``<data_dir>/lsun/``; a verified copy is left alone.

    Args:
        categories: labelled categories; may be empty with `from_file`, whose name then tells.
        split: ``both`` takes what there is.
        data_dir: made if it is missing.
        mirrors: roots with the official layout (``<mirror>/scenes/x.zip``), tried before the official host.
        from_file: a zip that was fetched otherwise; it is checked and unpacked, never changed or removed.
        verify: compare size and SHA-256 with the catalogue.
        keep_archive: leave the verified zip beside the unpacked folder.
        jobs: archives at once, 1 to `MAX_JOBS`.
        catalogue: instead of LSUN's own.
        settings: timeouts and delays.
        on_progress: called in the calling thread only.
        free: returns the free bytes on the disk of a folder.

    Returns:
        One result per archive, in the order named.

    Raises:
        DownloadError: one line; what has been finished or fetched so far stays.
        Interrupted: Ctrl-C; every part stays.
    """
    _check_arguments(mirrors, jobs)
    if from_file is not None:
        categories, split = _identify(from_file, categories, split, catalogue)
        if verify:  # before anything is said of the room that the right file would need
            (archive,) = lsun.archives(categories, split, catalogue=catalogue)
            _check_size(from_file, archive, from_file.stat().st_size, "name another file")
    plan = plan_download(
        categories,
        split=split,
        data_dir=data_dir,
        verify=verify,
        keep_archive=keep_archive and from_file is None,
        jobs=jobs,
        catalogue=catalogue,
        free=free,
        elsewhere=from_file is not None,
    )
    plan.check()
    parent = data_dir / "lsun"
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"{parent}: cannot be made ({error.strerror}); take another data folder") from None
    request = _Request(parent, tuple(mirrors), from_file, verify, keep_archive, settings or Settings(), free)

    def work(item: ArchivePlan, emit: Callable[[DownloadProgress], None]) -> Result:
        return _acquire(item, request, Reporter(item.archive.name, emit))

    return run_in_threads(plan.items, work, jobs=jobs, stop=request.stop, on_event=on_progress)


def _check_arguments(mirrors: Sequence[str], jobs: int) -> None:
    if not 1 <= jobs <= MAX_JOBS:
        raise DownloadError(f"jobs: received {jobs}; allowed are 1 to {MAX_JOBS} connections to one server")
    for mirror in mirrors:
        if not mirror.startswith(("http://", "https://")):
            raise DownloadError(
                f"mirror: received {mirror!r}; allowed is an http:// or https:// address that has "
                "scenes/ and objects/ below it (a zip that is already here: --from-file)"
            )


def _identify(path: Path, categories: Sequence[str], split: Split, known: Catalogue | None) -> tuple[list[str], Split]:
    """Find out which archive the zip `path` is meant to be: by the words given, its name or its size."""
    if not path.is_file():
        hint = "a folder; name the zip file itself" if path.is_dir() else "not there; name an existing zip file"
        raise DownloadError(f"{path}: {hint}")
    candidates = lsun.archives(categories or (known or lsun.catalogue()).names(), split, catalogue=known)
    named = [archive for archive in candidates if archive.name == path.name]
    sized = [archive for archive in candidates if archive.size == path.stat().st_size]
    matching = named or sized or (list(candidates) if categories else [])
    if len(matching) != 1:
        raise DownloadError(
            f"{path}: cannot tell which LSUN archive this is; name one category and --split train or val, "
            "or give the file its official name, for instance bedroom_val_lmdb.zip"
        )
    return [matching[0].category], "val" if matching[0].split == "val" else "train"


# -- one archive -------------------------------------------------------------------------------


def _acquire(item: ArchivePlan, request: _Request, reporter: Reporter) -> Result:
    start = time.monotonic()
    archive, target = item.archive, request.parent / item.archive.name
    if item.state == "here":  # without a lock: this has to work on a read-only disk too
        reporter.enter("done", archive.size, archive.size or 0)
        return Result(archive, item.folder, "here")
    busy = DownloadError(
        f"{archive.name}: another augexp is working on it; wait until that one ends and run the same command again"
    )
    try:
        with hold_lock(target.with_name(target.name + ".lock"), busy):
            # Looked at again: another process may have finished it between the plan and the lock.
            now = plan_archive(archive, request.parent.parent, verify=request.verify)
            now.check()
            if now.state == "here":
                reporter.enter("done", archive.size, archive.size or 0)
                return Result(archive, item.folder, "here")
            result = _obtain(item, request, reporter, target)
    except (DownloadError, Interrupted):
        reporter.enter("failed", None)
        raise
    except OSError as error:
        reporter.enter("failed", None)
        raise DownloadError(f"{error.filename or target}: {error.strerror or error}") from None
    reporter.enter("done", archive.size, archive.size or 0)
    return replace(result, seconds=time.monotonic() - start)


def _obtain(item: ArchivePlan, request: _Request, reporter: Reporter, target: Path) -> Result:
    archive, transferred = item.archive, 0
    if not request.verify:
        reporter.note(
            "NOT VERIFIED: nothing is compared with the catalogue, whatever arrives is unpacked", warning=True
        )
    source = request.from_file or target
    here = source.is_file()
    if here:
        digest = _hash_zip(source, archive, request, reporter)
    else:
        got = fetch(
            archive.urls(request.mirrors),
            target,
            size=archive.size if request.verify else None,
            sha256=archive.sha256 if request.verify else None,
            reporter=reporter,
            stop=request.stop,
            settings=request.settings,
            ceiling=archive.size,
        )
        digest, transferred = got.sha256, got.transferred

    def advance(done: int) -> None:
        _check_stop(request.stop)
        reporter.move(done)

    wanted, _ = archives.inspect(source, archive.folder)
    reporter.enter("unpacking", sum(member.file_size for member in wanted.values()))
    verified = digest == archive.sha256
    unpacked = archives.unpack(
        source, archive, request.parent, sha256=digest, verified=verified, advance=advance, free=request.free
    )
    if request.from_file is None and not request.keep_archive:
        target.unlink()
    status: Literal["unpacked", "fetched"] = "unpacked" if here else "fetched"
    return Result(archive, unpacked.folder, status, transferred, verified, unpacked.left_out)


def _hash_zip(path: Path, archive: Archive, request: _Request, reporter: Reporter) -> str:
    """Hash a zip that is already here; raises DownloadError where it is not the catalogue's."""
    size = path.stat().st_size
    mend = "name another file" if request.from_file else f"delete it, or rename it to {path.name}.part to go on with it"
    if request.verify:
        _check_size(path, archive, size, mend)
    digest, done = hashlib.sha256(), 0
    reporter.enter("verifying", size)
    with path.open("rb") as file:
        while block := file.read(_PIECE):
            _check_stop(request.stop)
            digest.update(block)
            done += len(block)
            reporter.move(done)
    received = digest.hexdigest()
    if request.verify and received != archive.sha256:
        raise DownloadError(
            f"{path}: wrong checksum: expected sha256 {archive.sha256}, received {received}; "
            f"likely cause: it was damaged on the way, or is another file; {mend}"
        )
    return received


def _check_size(path: Path, archive: Archive, size: int, mend: str) -> None:
    if archive.size is not None and size != archive.size:
        raise DownloadError(
            f"{path}: not the archive of the catalogue: it has {size:,} bytes, {archive.size:,} are expected; {mend}"
        )


def _check_stop(stop: threading.Event) -> None:
    if stop.is_set():
        raise Interrupted("stopped; the same command goes on where this one ended")
