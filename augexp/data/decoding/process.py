"""Decode some records of a source into the staging arrays: in this process, or in one that does nothing else.

Pillow decodes WebP, LSUN's format, with the interpreter's lock held, so that the threads of one process
take turns. Processes do not, and what they decode goes through the files of the arrays: only the
numbers of the rows and the reasons of what is skipped pass between them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from augexp import child_process
from augexp.child_process import ChildProcess
from augexp.data.decoding.image import Deferred, ImageStrip, Undecodable, decode
from augexp.data.decoding.numeric import Measured, Scale
from augexp.data.decoding.pillow import own_settings
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import Entry, Listing
from augexp.data.sources.base import Source
from augexp.errors import DataError

ENVIRONMENT = {
    # glibc keeps the memory of one image for the next, which is up to a third of the time of WebP.
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    # Pillow keeps its own blocks too, and rows of pixels begin where a line of the processor's cache does.
    "PILLOW_BLOCKS_MAX": "8",
    "PILLOW_ALIGNMENT": "64",
    # numpy starts no threads: glibc takes no locks in a process with one thread, a tenth of the time of JPEG.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
"""What the libraries of a process that decodes are told."""

_BLOCK = 1 << 20
"""Bytes of pixels that are written at a time: it costs a call, and memory."""

Reasons = list[tuple[int, str | Measured]]
"""Row and why it is skipped; an empty text where it was decoded, its values where their scale is not known yet."""

NO_SCALES: Mapping[str, Scale] = {}

DecodeRows = Callable[[list[int]], Reasons]


_PASSING = {
    getattr(errno, name)
    for name in ("EIO", "ENOMEM", "ESTALE", "ETIMEDOUT", "EAGAIN", "EINTR", "EMFILE", "ENFILE", "ENETDOWN", "EREMOTEIO",
                 "EHOSTDOWN", "EHOSTUNREACH", "ECONNRESET", "ENOTCONN", "ENETUNREACH", "EBUSY")
    if hasattr(errno, name)
}  # fmt: skip
"""Errors of a drive, a network or a machine, which say nothing of the file."""

_TRIES, _PAUSE = 3, 0.2
"""How often a record is read that meets such an error, and the seconds between."""


def decode_rows(
    source: Source, listing: Listing, arrays: StagingArrays, rows: list[int], scales: Mapping[str, Scale] = NO_SCALES
) -> Reasons:
    """Decode these rows of the listing, in ascending order, into the arrays.

    Where `scales` lacks the kind of a picture's values, the picture is measured alone.

    Raises:
        DataError: a drive does not answer, or memory ran out; nothing is wrong with the images.
    """
    together = max(1, _BLOCK // arrays.images[:1].size)
    return [
        reason
        for start in range(0, len(rows), together)
        for reason in _decode_block(source, listing, arrays, rows[start : start + together], scales)
    ]


def _read(source: Source, entry: Entry) -> bytes:
    """Read a record, again where an error passes; raises OSError where it stays, DataError where it may pass later."""
    for attempt in range(1, _TRIES + 1):
        try:
            return source.read(entry)
        except OSError as error:
            if error.errno not in _PASSING:
                raise
            if attempt == _TRIES:
                raise DataError(
                    f"{source.name_of(entry)}: cannot be read now ({error.strerror or error}); repeat the command when "
                    "its drive answers: what has been decoded is kept"
                ) from None
            time.sleep(_PAUSE)
    raise AssertionError


def _decode_block(
    source: Source, listing: Listing, arrays: StagingArrays, rows: list[int], scales: Mapping[str, Scale]
) -> Reasons:
    size = arrays.images.shape[1]
    strip = ImageStrip(len(rows), size)
    decoded: list[int] = []
    sides: list[int] = []
    reasons: Reasons = []
    for row in rows:
        try:
            image = decode(_read(source, listing[row]), size, scales, source.fit)
        except Undecodable as reason:
            reasons.append((row, str(reason)))
        except Deferred as deferred:
            reasons.append((row, deferred.measured))
        except MemoryError:
            raise DataError(
                f"{source.name_of(listing[row])}: memory ran out while it was decoded; close other programs or use "
                "fewer --jobs, then repeat the command: what has been decoded is kept"
            ) from None
        except OSError as error:
            reasons.append((row, f"cannot be read ({error.strerror or error})"))
        else:
            strip.add(image.square)
            decoded.append(row)
            sides.append(image.side)
            reasons.append((row, ""))
    if decoded:
        pixels = strip.pixels()
        arrays.write(decoded, pixels, _content_hashes(pixels), strip.thumbnails(), sides)
    return reasons


def _content_hashes(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    digests = b"".join(hashlib.blake2b(image.data, digest_size=20).digest() for image in pixels)
    return np.frombuffer(digests, np.uint8).reshape(len(pixels), 20)


class Decoder(ChildProcess):
    """The caller's end of a process that decodes.

    Args:
        part: folder of the listing and of the arrays.
        size: S, side of the images in pixels.
        source: where the records come from; a copy of it goes to the process.
        instead: decodes rows in this process, should the other one have died.
        scales: of values of more than 8 bits, as far as they are known.
    """

    def __init__(
        self, part: Path, size: int, source: Source, instead: DecodeRows, scales: Mapping[str, Scale] = NO_SCALES
    ) -> None:
        # A session of its own, since Ctrl-C is for the caller, who ends this process.
        super().__init__("augexp.data.decoding.process", ENVIRONMENT, start_new_session=True)
        self._instead = instead
        with contextlib.suppress(OSError):
            self.send((part, size, source, scales))

    def decode_rows(self, rows: list[int]) -> Reasons:
        """Have these rows decoded into the arrays; raises what `decode_rows` raises."""
        try:
            self.send(rows)
            answer = self.receive()
        except (OSError, EOFError):
            self.close()
            return self._instead(rows)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)


def main() -> None:
    """Decode what the caller asks for until it closes the input."""
    parent = child_process.parent()
    with contextlib.suppress(EOFError, BrokenPipeError), own_settings():
        part, size, source, scales = parent.receive()
        listing = Listing(part)
        arrays = StagingArrays(part, len(listing), size)
        while True:
            rows = parent.receive()
            try:
                answer: Reasons | Exception = decode_rows(source, listing, arrays, rows, scales)
            except Exception as error:  # noqa: BLE001 - raised again by the caller
                answer = error
            parent.send(answer)


if __name__ == "__main__":
    main()
