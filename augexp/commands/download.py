"""`augexp download`: LSUN archives, verified and unpacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augexp.data.download.catalogue import Split
    from augexp.data.download.categories import Result
    from augexp.data.download.progress import DownloadProgress


def download(
    categories: str | Sequence[str],
    *,
    split: Split = "both",
    data_dir: str | Path = "data",
    mirrors: Sequence[str] = (),
    from_file: str | Path | None = None,
    verify: bool = True,
    keep_archive: bool = False,
    jobs: int = 2,
    progress: Callable[[DownloadProgress], None] | None = None,
) -> list[Result]:
    """Fetch, verify and unpack LSUN categories to ``<data_dir>/lsun/``; what is there already is left alone.

    Nothing is asked before a large transfer: `augexp.data.download.plan.plan_download` with the same
    arguments tells its size.

    Args:
        categories: one category or several; may be empty with `from_file`, whose name then tells.
        split: `train`, `val`, or `both`, which takes what there is.
        data_dir: made if it is missing.
        mirrors: roots with the official layout (``<mirror>/scenes/x.zip``), tried before the official host.
        from_file: a zip that was fetched otherwise; it is checked and unpacked, never changed or removed.
        verify: compare size and SHA-256 with the catalogue.
        keep_archive: leave the verified zip beside the unpacked folder.
        jobs: archives at once, 1 to 4.
        progress: called in the calling thread with what happens to each archive.

    Returns:
        One result per archive, in the order named: folder, status, bytes transferred, whether it is verified.

    Raises:
        DownloadError: one line; what has been finished or fetched so far stays.
        Interrupted: Ctrl-C; every part stays, the same call goes on from there.
    """
    from augexp.data.download import categories as lsun  # noqa: PLC0415 - not needed for anything else

    return lsun.download(
        [categories] if isinstance(categories, str) else categories,
        split=split,
        data_dir=Path(data_dir),
        mirrors=mirrors,
        from_file=Path(from_file) if from_file is not None else None,
        verify=verify,
        keep_archive=keep_archive,
        jobs=jobs,
        on_progress=progress,
    )
