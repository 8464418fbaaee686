"""Write files so that no reader ever sees half of one, lock folders, and follow no link that a stranger made.

Every file of a results folder is written beside its place, under a random name that is opened exclusively, and
renamed: a link that lies in the folder is replaced and never followed. What a record names is on the disk before the
record is: `write_atomically` with ``durable=True`` waits for the content, for the new name, and in that order.

A lock is one of the operating system's: it ends with the process that holds it, so nothing has to be cleaned up after
`kill -9` or a power cut, and a lock file that was left behind means nothing. Where a file system has no locks, a file
that is made exclusively and names host and process stands for one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from augexp.errors import AugexpError, ResultsError

RESULTS_ADVICE = "free some space or choose another --results-dir, then repeat the command: finished runs are kept"
"""How a results folder that cannot be written is mended."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Flags of `os.open` for a file that is no link, byte by byte."""

MAX_ENTRIES = 1_000_000
"""Files of a folder that are looked at for links; more are nobody's results."""

# -- writing -------------------------------------------------------------------------------------


def temporary_path(path: Path) -> Path:
    """Return a place beside `path`, with the same suffix, that nobody else uses or can foresee."""
    return path.with_name(f".{path.stem[:100]}.{secrets.token_hex(8)}.part{path.suffix}")


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a new, empty file beside `path`, with the same suffix, which takes its place at the end of the block.

    Where the block raises, the temporary file is removed and `path` is as it was. Raises OSError.

    Args:
        path: the file; a link of that name is replaced, not followed.
        durable: wait until the disk has content and name, since power may fail.
    """
    beside = temporary_path(path)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW, 0o666))
    try:
        yield beside
        if durable:
            sync(beside)
        os.replace(beside, path)
        if durable:
            sync(path.parent)
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
        with replacing(path, durable=durable) as beside:
            beside.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise unwritable(path, error, advice) from None


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder where the system can say so; raises OSError."""
    if path.is_dir():
        if os.name != "posix":
            return
        flags = os.O_RDONLY
    else:
        flags = os.O_RDWR  # Windows asks for a file that may be written
    descriptor = os.open(path, flags | NOFOLLOW)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot do it for folders
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has all files of a folder and their names; raises OSError."""
    for path in folder.iterdir():
        if path.is_file():
            sync(path)
    sync(folder)


def remove_durably(path: Path) -> None:
    """Remove a file that may be missing, and wait until the disk has no such name; raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync(path.parent)


def allocate(path: Path, size: int) -> None:
    """Give a file its size with room on the disk behind every byte; raises OSError where there is none.

    A write to a mapped file whose room was only promised is a signal that kills the process, not an exception.
    """
    with path.open("r+b") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
        for start in range(0, size, 1 << 20):  # every byte is written once more, as it is
            file.seek(start)
            content = file.read(1 << 20)
            file.seek(start)
            file.write(content or bytes(min(1 << 20, size - start)))


def unwritable(path: Path, error: OSError, advice: str = RESULTS_ADVICE) -> ResultsError:
    """Return the error that says that `path` cannot be written, why, and how to mend it."""
    return ResultsError(f"{path}: cannot be written ({error.strerror or error}); {advice}")


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that were killed; only for the process that holds the folder's lock."""
    for path in folder.glob(".*.part*"):
        with contextlib.suppress(OSError):
            path.unlink()


def lacks_resources(error: BaseException) -> bool:
    """Tell whether an error says that the machine lacks memory, open files or permission, and nothing of a file."""
    wanting = (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM)
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in wanting)


# -- folders of strangers ------------------------------------------------------------------------


def check_inside(folder: Path, kind: type[AugexpError] = ResultsError) -> None:
    """Check that a folder holds files and folders of its own alone, before anything in it is read or written.

    A folder that somebody else has made may hold a link to any file of whoever opens it, or a pipe that never ends.

    Args:
        folder: may be a link itself, since the user has named it; may be missing.
        kind: of the error.

    Raises:
        AugexpError: a link that leads out of the folder, or what is neither file nor folder. Of the class `kind`.
    """
    root = os.path.realpath(folder)
    waiting, count = [os.fspath(folder)], 0
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise kind(
                f"{error.filename or folder}: cannot be read ({error.strerror}); check its permissions"
            ) from None
        count += len(entries)
        if count > MAX_ENTRIES:
            raise kind(f"{folder}: holds more than {MAX_ENTRIES:,} files; name a folder that augexp has written")
        for entry in entries:
            if entry.is_symlink():
                target = os.path.realpath(entry.path)
                if not target.startswith(root + os.sep):
                    raise kind(
                        f"{entry.path}: is a link that leads out of this folder, and augexp follows none; delete it, "
                        "or put in its place what it points at"
                    )
                if os.path.exists(target) and not os.path.isdir(target) and not os.path.isfile(target):
                    raise kind(_no_file(entry.path))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif not entry.is_file(follow_symlinks=False):
                raise kind(_no_file(entry.path))


def _no_file(path: str) -> str:
    return f"{path}: is neither a file nor a folder (a pipe, a socket or a device); delete it"


# -- locking -------------------------------------------------------------------------------------

HELD = ".held"
"""Ends the name of the file that stands for a lock where the file system has none."""

_warned = set[str]()


@contextlib.contextmanager
def hold_lock(path: Path, busy: Exception) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block; raises `busy` at once where another process holds it.

    The lock is between processes and between threads of one process. The file is removed at the end where the
    system allows that. On a file system that has no locks a file with the ending `HELD`, made exclusively, stands for
    one, and a warning says so once; it is given up where its process has ended on this machine.

    Args:
        path: of the file.
        busy: its message is extended by the process that holds the lock, where that is known.

    Raises:
        OSError: the file, or a folder above it that is missing, cannot be made.
    """
    import filelock  # noqa: PLC0415 - a tenth of a second that only those who lock should pay

    lock: filelock.BaseFileLock = filelock.FileLock(path, blocking=False, thread_local=False)
    file = path
    try:
        try:
            lock.acquire()
        except (NotImplementedError, OSError) as error:
            if isinstance(error, filelock.Timeout) or (isinstance(error, OSError) and error.errno not in _NO_LOCKS):
                raise
            file = path.with_name(path.name + HELD)
            _warn_of_no_locks(path.parent)
            lock = filelock.SoftFileLock(file, blocking=False, thread_local=False)
            lock.acquire()
    except filelock.Timeout:
        busy.args = (_name_holder(str(busy), file, exclusive=file != path),)
        raise busy from None
    try:
        if file == path:
            _write_holder(path)
        yield
    finally:
        # While it is held: who has opened the file before notices, and opens the new one.
        if file == path:
            with contextlib.suppress(OSError):
                path.unlink()
        lock.release()


@contextlib.contextmanager
def wait_for_lock(
    path: Path, busy: Exception, seconds: float, on_wait: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold the lock as `hold_lock` does, but wait for another holder, and raise `busy` after so many seconds alone.

    `on_wait` is called each time that the lock is not free. Raises OSError as `hold_lock`.
    """
    deadline = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(hold_lock(path, busy))
                break
            except type(busy) as error:
                if error is not busy or time.monotonic() >= deadline:
                    raise
                on_wait()
                time.sleep(0.1)
        yield


def _warn_of_no_locks(folder: Path) -> None:
    if not _warned:
        _warned.add(str(folder))
        logging.getLogger("augexp").warning(
            "warning: %s: this file system has no locks; files that name host and process stand for them, so one that "
            "is left by a machine that crashed has to be deleted by hand",
            folder,
        )


def _write_holder(path: Path) -> None:
    """Say in the lock file who holds it, for the words of those who are turned away."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | NOFOLLOW)
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{os.getpid()}\n{socket.gethostname()}\n".encode())


def _name_holder(message: str, path: Path, *, exclusive: bool) -> str:
    """Extend a message by the process that holds a lock, whether it is stopped, and what may be done."""
    if "(process " in message:
        return message
    try:
        descriptor = os.open(path, os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            number, host = file.read(1000).decode("utf-8", "replace").splitlines()[:2]
        process = int(number[:20])
    except (OSError, ValueError):
        return message
    if host != socket.gethostname():
        hint = f"; delete {path} if that has ended" if exclusive else ""
        return f"{message} (process {process} on {host[:100]}{hint})"
    state = f"; it is stopped: kill -CONT {process} lets it go on" if _is_stopped(process) else ""
    return f"{message} (process {process}{state})"


def _is_stopped(process: int) -> bool:
    import psutil  # noqa: PLC0415 - only for those who are turned away

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_STOPPED)
    except (psutil.Error, ValueError, OverflowError):
        return False
