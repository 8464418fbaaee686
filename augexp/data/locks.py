"""A lock that one process at a time can hold, and that the system lets go when its holder dies.

It is an operating-system lock on a small file, not the existence of a file: after `kill -9` or a power
cut there is nothing to clean up by hand.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def hold(path: Path, busy: Exception) -> Iterator[None]:
    """Hold the lock file `path`; raises `busy` at once where someone else holds it.

    The lock is between processes and between threads of one process. The file is removed at the end
    where the system allows that; a file left behind means nothing.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS:
                yield  # a network file system without locks: the user has to take care himself
                return
            raise busy from None
        # The holder before may have removed the file between our open and our lock; then this lock is
        # on a file that nobody else will ever open, and has to be taken again.
        if _same_file(descriptor, path):
            break
        os.close(descriptor)
    try:
        yield
    finally:
        # Windows does not remove an open file; there it stays, empty and meaningless.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    if sys.platform == "win32":
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
