"""Make a store: read the source once, decode in parallel, find duplicates, split, put in place.

The work happens beside the final place and is taken up where it stopped: `state.npy` says which records
are done. A finished store is found again by the request (settings and a digest of the source's listing),
so an unchanged source is not read twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.data import duplicates, sample, splits
from augexp.data.pictures import Undecodable, decode
from augexp.data.sources import Entry, FolderSource, LsunSource
from augexp.data.store import Progress
from augexp.errors import DataError
from augexp.experiment import MAX_SEEDS, Data

FORMAT = 1
"""Version of the store's files and of the pixels in them."""

CHUNK = 512
"""Records between two notes of what is done."""

LISTED = 1000
"""At most so many skipped records are listed by name; all are counted."""

_TODO, _DONE, _SKIPPED = 0, 1, 2
Any_Source = LsunSource | FolderSource


def build(data: Data, data_dir: Path, progress: Progress, jobs: int) -> Path:
    """Return the folder of the store of `data`, made if it is not there."""
    stores = data_dir / "stores"
    source = open_source(data, data_dir, progress)
    request = _request(data, source)
    pointer = stores / "requests" / request
    with contextlib.suppress(OSError):
        known = stores / pointer.read_text(encoding="utf-8").strip()
        if (known / "store.json").is_file():
            return known
    try:
        part = stores / f"building-{request}"
        part.mkdir(parents=True, exist_ok=True)
        entries = source.entries()
        _check_entries(data, source, entries)
        _decode_all(data, source, entries, part, progress, jobs or os.cpu_count() or 1)
        final = _finish(data, source, entries, part, stores, progress)
        pointer.parent.mkdir(exist_ok=True)
        pointer.write_text(final.name + "\n", encoding="utf-8")
        shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"{error.filename or stores}: cannot be written ({error.strerror or error}); "
            "free some space or choose another place with --data-dir"
        ) from None
    return final


def open_source(data: Data, data_dir: Path, progress: Progress) -> Any_Source:
    """Return the source that `data` names."""
    if data.source == "folder":
        return FolderSource(Path(data.path or ""), data.limit)
    if data.source == "sample":
        try:
            folder = sample.ensure(data_dir, progress)
        except OSError as error:
            raise DataError(f"{data_dir}: cannot be written ({error.strerror}); choose another --data-dir") from None
        return LsunSource(folder, sample.CLASSES, data.limit)
    folder = Path(data.path) if data.path else data_dir / "lsun"
    return LsunSource(folder, data.categories, data.limit or _needed(data))


def _needed(data: Data) -> int | None:
    """Return how many training records per class the splits can make use of."""
    if data.train_per_class is None:
        return None
    test, validation = splits.wanted(data)
    return (test or 0) + (validation or 0) + MAX_SEEDS * data.train_per_class


def _request(data: Data, source: Any_Source) -> str:
    settings = data.model_dump(mode="json", exclude={"path", "max_skipped"})
    text = json.dumps([FORMAT, settings, source.stamp()], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _check_entries(data: Data, source: Any_Source, entries: list[Entry]) -> None:
    counts = np.bincount([entry.label for entry in entries if entry.given == "train"], minlength=len(source.classes))
    for name, count in zip(source.classes, counts, strict=True):
        if count < 3:
            plural = "" if count == 1 else "s"
            raise DataError(
                f"class {name!r} has {count} training image{plural}; at least 3 are needed, one each "
                "for training, validation and test: add images, or remove the class"
            )


# -- decoding ------------------------------------------------------------------------------------


class _Desk:
    """The unfinished arrays of one store, on disk."""

    def __init__(self, part: Path, count: int, size: int) -> None:
        self.part = part
        self.images = self._array("images", (count, size, size, 3), np.uint8)
        self.keys = self._array("keys", (count, 20), np.uint8)
        self.hashes = self._array("hashes", (count,), np.uint64)
        self.sides = self._array("sides", (count,), np.int32)
        self.state = self._array("state", (count,), np.uint8)
        self.reasons = part / "skipped.jsonl"

    def _array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        path = self.part / f"{name}.npy"
        if path.is_file():
            held = np.load(path, mmap_mode="r+")
            if held.shape == shape:
                return held
        return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def _decode_all(
    data: Data, source: Any_Source, entries: list[Entry], part: Path, progress: Progress, jobs: int
) -> None:
    desk = _Desk(part, len(entries), data.image_size)
    done = int((desk.state != _TODO).sum())
    progress("decoding images", done, len(entries))
    with ThreadPoolExecutor(jobs) as pool:
        for start in range(0, len(entries), CHUNK):
            rows = [row for row in range(start, min(start + CHUNK, len(entries))) if desk.state[row] == _TODO]
            if not rows:
                continue

            def work(row: int) -> tuple[int, str]:
                return row, _decode_one(data, source, entries[row], row, desk)  # noqa: B023 - used within the loop

            failed = [(row, reason) for row, reason in pool.map(work, rows) if reason]
            with desk.reasons.open("a", encoding="utf-8") as log:
                for row, reason in failed:
                    log.write(json.dumps({"row": row, "reason": reason}) + "\n")
            # The pixels reach the disk before the note that they are there.
            desk.images.flush()
            good = np.setdiff1d(rows, [row for row, _ in failed])
            desk.state[good] = _DONE
            desk.state[[row for row, _ in failed]] = _SKIPPED
            desk.state.flush()
            done += len(rows)
            progress("decoding images", done, len(entries))
            _check_skipped(data, source, entries, desk)


def _decode_one(data: Data, source: Any_Source, entry: Entry, row: int, desk: _Desk) -> str:
    """Decode one record into its row and return an empty text, or the reason why it is skipped."""
    try:
        picture = decode(source.read(entry), data.image_size)
    except Undecodable as reason:
        return str(reason)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    desk.images[row] = picture.pixels
    desk.keys[row] = np.frombuffer(hashlib.blake2b(picture.pixels.tobytes(), digest_size=20).digest(), np.uint8)
    desk.hashes[row] = duplicates.difference_hash(picture.pixels) if data.image_size >= 9 else 0
    desk.sides[row] = picture.side
    return ""


def _check_skipped(data: Data, source: Any_Source, entries: list[Entry], desk: _Desk) -> None:
    skipped = int((desk.state == _SKIPPED).sum())
    if skipped > data.max_skipped * len(entries):
        first = [f"{source.name_of(entries[row])}: {reason}" for row, reason in _reasons(desk)][:3]
        raise DataError(
            f"{skipped} of {len(entries)} images cannot be decoded, more than the ceiling of {data.max_skipped:.0%} "
            f"(data.max_skipped); the first: {'; '.join(first)}"
        )


def _reasons(desk: _Desk) -> Iterator[tuple[int, str]]:
    if desk.reasons.is_file():
        seen: dict[int, str] = {}
        for line in desk.reasons.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError):  # a line cut off by a crash is written again
                note = json.loads(line)
                seen[int(note["row"])] = str(note["reason"])
        yield from sorted(seen.items())


# -- finishing -----------------------------------------------------------------------------------


def _finish(data: Data, source: Any_Source, entries: list[Entry], part: Path, stores: Path, progress: Progress) -> Path:
    """Bring the decoded images into the order of their hashes, split them, and put the store in place."""
    desk = _Desk(part, len(entries), data.image_size)
    good = np.flatnonzero(desk.state == _DONE)
    labels = np.array([entries[row].label for row in good], dtype=np.int64)
    # Equal pictures are ordered by label, so that the order of the listing decides nothing.
    order = np.lexsort((labels, *np.array(desk.keys[good]).T[::-1]))
    rows, labels = good[order], labels[order]
    keys, hashes = np.array(desk.keys[rows]), np.array(desk.hashes[rows])
    given = np.array([splits.CODES[entries[row].given] for row in rows], dtype=np.uint8)
    ready = part / "store"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    images = np.lib.format.open_memmap(
        ready / "images.npy", mode="w+", dtype=np.uint8, shape=(len(rows), *desk.images.shape[1:])
    )
    for start in range(0, len(rows), CHUNK):
        images[start : start + CHUNK] = desk.images[rows[start : start + CHUNK]]
        progress("putting in order", min(start + CHUNK, len(rows)), len(rows))
    clusters, exact, near = duplicates.find_clusters(images, hashes, keys)
    split = splits.split(data, given, labels, clusters, keys, len(source.classes))
    for name, array in (("labels", labels), ("keys", keys), ("splits", split.codes), ("clusters", clusters)):
        np.save(ready / f"{name}.npy", array)
    facts = _facts(data, source, entries, desk, labels, split)
    facts["duplicates"] = {
        "exact": exact,
        "near": len(near),
        "clustered_images": int((np.bincount(clusters, minlength=len(clusters))[clusters] > 1).sum()),
        "excluded": split.excluded,
        "pairs": [[source.name_of(entries[rows[a]]), source.name_of(entries[rows[b]])] for a, b in near[:50]],
    }
    facts["fingerprint"] = _fingerprint(keys, labels, split.codes, clusters, facts["classes"])
    (ready / "store.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    images.flush()
    del images
    final = stores / f"{_name(data)}-{facts['fingerprint']}"
    if not final.is_dir():
        os.replace(ready, final)
    return final


def _facts(
    data: Data,
    source: Any_Source,
    entries: list[Entry],
    desk: _Desk,
    labels: npt.NDArray[np.int64],
    split: splits.Split,
) -> dict[str, Any]:
    counts = {
        name: {part: int(((split.codes == code) & (labels == label)).sum()) for part, code in splits.CODES.items()}
        for label, name in enumerate(source.classes)
    }
    for name, parts in counts.items():
        missing = [part for part, count in parts.items() if not count]
        if missing:
            raise DataError(
                f"class {name!r} has no {missing[0]} image left after {sum(parts.values())} could be used; "
                "add images of this class, or remove it"
            )
    skipped = [
        {"key": source.name_of(entries[row]), "class": source.classes[entries[row].label], "reason": reason}
        for row, reason in _reasons(desk)
    ]
    return {
        "format": FORMAT,
        "source": data.source,
        "synthetic": data.source == "sample",
        "classes": list(source.classes),
        "image_size": data.image_size,
        "images": len(labels),
        "records": len(entries),
        "counts": counts,
        "split": {"rule": split.rule, "explanation": split.explanation},
        "skipped": {"count": len(skipped), "records": skipped[:LISTED]},
        "ignored_files": source.ignored,
        "warnings": _warnings(data, desk, counts),
    }


def _warnings(data: Data, desk: _Desk, counts: dict[str, dict[str, int]]) -> list[str]:
    found = []
    sides = desk.sides[desk.state == _DONE]
    smaller = int((sides < data.image_size).sum())
    if smaller > len(sides) / 2:
        found.append(
            f"{smaller:,} of {len(sides):,} images are smaller than {data.image_size} pixels (median "
            f"{int(np.median(sides))}); a smaller --image-size is faster and loses nothing"
        )
    found += [
        f"class {name!r} has only {parts['test']} test images; its own interval is not reported below 30"
        for name, parts in counts.items()
        if parts["test"] < 30
    ]
    return found


def _fingerprint(
    keys: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    codes: npt.NDArray[np.uint8],
    clusters: npt.NDArray[np.int64],
    classes: list[str],
) -> str:
    digest = hashlib.blake2b(json.dumps([FORMAT, classes]).encode(), digest_size=8)
    for array in (keys, labels, codes, clusters):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _name(data: Data) -> str:
    text = "-".join(data.categories) if data.categories else Path(data.path).name if data.path else data.source
    safe = "".join(character if character.isascii() and character.isalnum() else "-" for character in text.lower())
    return f"{safe.strip('-')[:40] or 'images'}-{data.image_size}px"
