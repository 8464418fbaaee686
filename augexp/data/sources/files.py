"""The bytes of one image file."""

from __future__ import annotations

import os
import stat

MAX_BYTES = 2_000_000_000
"""Files that are larger are not read: they are mistakes, or made to exhaust the memory."""


def read_file(path: bytes) -> bytes:
    """Return the content of a regular file; raises OSError where it is none, or too large."""
    status = os.stat(path)  # opening a named pipe would wait for somebody who writes into it
    if not stat.S_ISREG(status.st_mode):
        raise OSError("no regular file")
    if status.st_size > MAX_BYTES:
        raise OSError(f"{status.st_size:,} bytes, more than {MAX_BYTES:,}")
    with open(path, "rb") as file:
        return file.read()
