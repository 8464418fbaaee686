"""Decode some records of a source into the staging arrays: in this process, or in one that does nothing else.

Pillow decodes WebP, LSUN's format, with the interpreter's lock held, so that the threads of one process
take turns. Processes do not, and what they decode goes through the files of the arrays: only the
numbers of the rows and the reasons of what is skipped pass between them.
"""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from augexp import child_process
from augexp.child_process import ChildProcess
from augexp.data.decoding.image import ImageStrip, Undecodable, decode
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import Listing
from augexp.data.sources.base import Source

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

Reasons = list[tuple[int, str]]
"""Row and reason why it is skipped; an empty text where it was decoded."""

DecodeRows = Callable[[list[int]], Reasons]


def decode_rows(source: Source, listing: Listing, arrays: StagingArrays, rows: list[int]) -> Reasons:
    """Decode these rows of the listing, in ascending order, into the arrays."""
    together = max(1, _BLOCK // arrays.images[:1].size)
    return [
        reason
        for start in range(0, len(rows), together)
        for reason in _decode_block(source, listing, arrays, rows[start : start + together])
    ]


def _decode_block(source: Source, listing: Listing, arrays: StagingArrays, rows: list[int]) -> Reasons:
    size = arrays.images.shape[1]
    strip = ImageStrip(len(rows), size)
    decoded: list[int] = []
    sides: list[int] = []
    reasons: Reasons = []
    for row in rows:
        try:
            image = decode(source.read(listing[row]), size)
        except Undecodable as reason:
            reasons.append((row, str(reason)))
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
    """

    def __init__(self, part: Path, size: int, source: Source, instead: DecodeRows) -> None:
        # A session of its own, since Ctrl-C is for the caller, who ends this process.
        super().__init__("augexp.data.decoding.process", ENVIRONMENT, start_new_session=True)
        self._instead = instead
        with contextlib.suppress(OSError):
            self.send((part, size, source))

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
    warnings.filterwarnings("ignore", module="PIL")
    with contextlib.suppress(EOFError, BrokenPipeError):
        part, size, source = parent.receive()
        listing = Listing(part)
        arrays = StagingArrays(part, len(listing), size)
        while True:
            rows = parent.receive()
            try:
                answer: Reasons | Exception = decode_rows(source, listing, arrays, rows)
            except Exception as error:  # noqa: BLE001 - raised again by the caller
                answer = error
            parent.send(answer)


if __name__ == "__main__":
    main()
