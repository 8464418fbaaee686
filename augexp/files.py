"""Write files so that no reader ever sees half of one, and lock folders so that one process works in each.

Every file of a results folder is written beside its place, under a temporary name that only this process uses, and
renamed. A lock is one of the operating system's: it ends with the process that holds it, so nothing has to be cleaned
up after `kill -9` or a power cut, and a lock file that was left behind means nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from augexp.errors import ResultsError

RESULTS_ADVICE = "free some space or choose another --results-dir, then repeat the command: finished runs are kept"
"""How a results folder that cannot be written is mended."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


# -- writing -------------------------------------------------------------------------------------


def temporary_path(path: Path) -> Path:
    """Return where this process writes what is to become `path`."""
    return path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, with the same suffix, which takes its place at the end of the block.

    Where the block raises, the temporary file is removed and `path` is as it was. Raises OSError.
    """
    beside = temporary_path(path)
    try:
        yield beside
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)  # half a file, on a disk that may be full
        raise


def write_atomically(path: Path, content: bytes | str, *, durable: bool = False, advice: str = RESULTS_ADVICE) -> None:
    """Write a file beside its place and rename it there; its folder is made if missing.

    Args:
        path: the file.
        content: all of it; text is encoded as UTF-8, line ends as they are.
        durable: wait until the disk has it, since power may fail; not needed for what can be made again.
        advice: closes the message of the error.

    Raises:
        ResultsError: the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, beside.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error, advice) from None


def unwritable(path: Path, error: OSError, advice: str = RESULTS_ADVICE) -> ResultsError:
    """Return the error that says that `path` cannot be written, why, and how to mend it."""
    return ResultsError(f"{path}: cannot be written ({error.strerror or error}); {advice}")


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that were killed; only for the process that holds the folder's lock."""
    for path in folder.glob(".*.part*"):
        with contextlib.suppress(OSError):
            path.unlink()


# -- locking -------------------------------------------------------------------------------------


@contextlib.contextmanager
def hold_lock(path: Path, busy: Exception) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block; raises `busy` at once where another process holds it.

    The lock is between processes and between threads of one process. The file is removed at the end where the
    system allows that. A network file system that has no locks is used without one.

    Raises:
        OSError: the file, or a folder above it that is missing, cannot be made.
    """
    import filelock  # noqa: PLC0415 - a tenth of a second that only those who lock should pay

    lock = filelock.FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise busy from None
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        yield
        return
    try:
        yield
    finally:
        # While it is held: who has opened the file before notices, and opens the new one.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()
