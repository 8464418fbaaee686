"""Decode some records of a source into its desk: in this process, or in one that does nothing else.

Pillow decodes WebP, LSUN's format, with the interpreter's lock held, so that the threads of one process
take turns. Processes do not, and what they decode goes through the mapped files of the desk: only the
numbers of the rows and the reasons of what is skipped pass between them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import augexp
from augexp.data.desk import Desk
from augexp.data.listing import Entry, Listing
from augexp.data.pictures import Undecodable, decode
from augexp.data.sources import Source

PROGRAM = ("-P", "-m", "augexp.data.decoder")
"""What a decoder executes; without the current folder on the import path, where anything may lie."""

PATIENCE = 5.0
"""Seconds that a decoder gets to end after its input was closed."""

ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
"""What glibc is told: to keep the memory of one picture for the next, which is up to a third of the time of WebP."""

Reasons = list[tuple[int, str]]
"""Row and reason why it is skipped; an empty text where its picture was decoded."""


def decode_rows(source: Source, listing: Listing, desk: Desk, rows: list[int]) -> Reasons:
    """Decode these rows of the listing into the desk."""
    return [(row, _decode_one(source, listing[row], row, desk)) for row in rows]


def _decode_one(source: Source, entry: Entry, row: int, desk: Desk) -> str:
    try:
        picture = decode(source.read(entry), desk.images.shape[1])
    except Undecodable as reason:
        return str(reason)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    desk.images[row] = picture.pixels
    desk.keys[row] = np.frombuffer(hashlib.blake2b(picture.pixels.data, digest_size=20).digest(), np.uint8)
    desk.thumbnails[row] = picture.thumbnail
    desk.sides[row] = picture.side
    return ""


class Decoder:
    """The caller's end of a process that decodes.

    Args:
        part: folder of the listing and of the desk.
        size: S, side of the pictures on the desk in pixels.
        source: where the records come from; a copy of it goes to the process.
        instead: decodes rows in this process, should the other one have died.
    """

    def __init__(self, part: Path, size: int, source: Source, instead: Callable[[list[int]], Reasons]) -> None:
        self._instead = instead
        paths = [str(Path(augexp.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, *PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # It must find this very package, wherever the caller found it.
            env={**ALLOCATION, **os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            start_new_session=True,  # Ctrl-C is for the caller, who ends this process
        )
        with contextlib.suppress(OSError):
            self._send((part, size, source))

    def decode_rows(self, rows: list[int]) -> Reasons:
        """Have these rows decoded into the desk; raises what `decode_rows` raises."""
        try:
            self._send(rows)
            answer = pickle.load(self._process.stdout)  # type: ignore[arg-type] # noqa: S301 - our own process
        except (OSError, EOFError, pickle.UnpicklingError):
            return self._instead(rows)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    def close(self) -> None:
        """End the process: by closing its input, or by force where that takes too long."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]

    def _send(self, value: object) -> None:
        self._process.stdin.write(pickle.dumps(value))  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]


def main() -> None:
    """Decode what standard input asks for until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.filterwarnings("ignore", module="PIL")
    # Whatever a library prints is no answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(EOFError, BrokenPipeError):
        part, size, source = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own caller
        listing = Listing(part)
        desk = Desk(part, len(listing), size)
        while True:
            rows = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own caller
            try:
                answer: Reasons | Exception = decode_rows(source, listing, desk, rows)
            except Exception as error:  # noqa: BLE001 - raised again by the caller
                answer = error
            answers.write(pickle.dumps(answer))
            answers.flush()


if __name__ == "__main__":
    main()
