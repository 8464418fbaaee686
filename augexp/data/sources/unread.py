"""Files of an image folder that are not read: how many, why, and whether they are images that somebody may miss."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field

from augexp.data.decoding import pillow
from augexp.data.store_manifest import LeftOutFiles

READ = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Ends of the names of files that are taken for images, compared in lower case."""

_AVIF, _HEIC = frozenset({".avif"}), frozenset({".heic", ".heif", ".hif"})

_OTHER_IMAGES = frozenset(
    (  # noqa: SIM905 - a list would take a screen
        ".raw .cr2 .cr3 .nef .nrw .arw .srf .dng .orf .rw2 .raf .pef .srw .x3f .svg .psd .xcf .jxl .jp2 .j2k .jpf .exr "
        ".hdr .dcm .dicom .nii .npy .npz .ico .tga .pcx .eps .pdf .mp4 .mov .avi .mkv .webm .mat .fits .czi .lif "
        ".nd2 .svs .zip .tar .tgz .gz .rar .7z .tfrecord .parquet .h5 .hdf5 .mdb"
    ).split()
)
"""Ends of names of files that hold images, and are not read."""

_MAGIC = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"P4", b"P5", b"P6",
)  # fmt: skip

NOT_IMAGES = frozenset({"thumbs.db", "desktop.ini"})
"""Files that systems leave behind in image folders, in lower case; not worth a word."""

OUTSIDE = "outside the class folders"
_EXAMPLES = 3


def suffixes() -> frozenset[str]:
    """Return the ends of the names of files that are read here; some need a part of Pillow, or a plug-in."""
    return READ | (_AVIF if pillow.has_avif() else frozenset()) | (_HEIC if pillow.has_heif() else frozenset())


def is_worth_a_word(name: str) -> bool:
    """Tell whether a file of this name counts at all."""
    return not (name.startswith(".") or name.lower() in NOT_IMAGES)


def begins_like_an_image(path: str) -> bool:
    """Tell whether a regular file without a suffix is an image by its first bytes."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            start = file.read(12)
    except OSError:
        return False
    return start.startswith(_MAGIC) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


@dataclass
class _Files:
    count: int = 0
    image: bool = False
    examples: list[str] = field(default_factory=list)
    classes: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class UnreadFiles:
    """Counts them."""

    def __init__(self) -> None:
        self._files: dict[str, _Files] = {}

    def add(self, name: str, where: str = "", *, outside: bool = False) -> None:
        """Count a file.

        Args:
            name: its path below the folder, as text.
            where: the class that it lies in; empty for none.
            outside: whether it lies in no class folder, so that its name alone does not keep it from being read.
        """
        suffix = os.path.splitext(name)[1].lower()
        image = suffix in READ | _AVIF | _HEIC | _OTHER_IMAGES
        reason = f"that are images {OUTSIDE}" if outside and image else _reason(suffix)
        files = self._files.setdefault(reason, _Files(image=image))
        files.count += 1
        if where:
            files.classes[where] += 1
        if len(files.examples) < _EXAMPLES:
            files.examples.append(name)

    @property
    def count(self) -> int:
        """Number of all of them."""
        return sum(files.count for files in self._files.values())

    def of_class(self, name: str) -> str:
        """Say what lies unread in the folders of a class; empty where nothing does."""
        parts = [f"{files.classes[name]:,} {reason}" for reason, files in self._files.items() if name in files.classes]
        return f"not read in it: {'; '.join(parts)}" if parts else ""

    def all(self) -> tuple[LeftOutFiles, ...]:
        """Return all of them, images first, the most first."""
        order = sorted(self._files.items(), key=lambda pair: (not pair[1].image, -pair[1].count, pair[0]))
        return tuple(
            LeftOutFiles(reason=reason, count=files.count, image=files.image, examples=tuple(files.examples))
            for reason, files in order
        )


def _reason(suffix: str) -> str:
    if suffix in _HEIC:
        return f"called *{suffix} (pip install 'augexp[heic]', and they are)"
    if suffix in _AVIF:
        return f"called *{suffix} (which this Pillow does not know; update it)"
    return f"called *{suffix}" if suffix else "without a suffix that do not begin like an image"
