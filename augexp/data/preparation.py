"""Make a store: read the source once, decode in parallel, find duplicates, split, put in place.

The work happens beside the final place and is taken up where it stopped. A finished store is found again
by the request (settings and a digest of the source's listing), so an unchanged source is not read twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from augexp import digests
from augexp.data import duplicates, folds, group_names, groups, remarks, splits, store_manifest
from augexp.data.class_check import check_listing, check_splits, lacks_a_split, lacks_units
from augexp.data.decoding.pool import check_skipped, decode_all
from augexp.data.decoding.staging import StagingArrays
from augexp.data.listing import Listing, write_listing
from augexp.data.sources.base import Source
from augexp.data.sources.registry import source_class
from augexp.data.store import FORMAT, Store, fingerprint_of, open_store
from augexp.data.store_manifest import StoreManifest, read_manifest, write_manifest
from augexp.errors import DataError
from augexp.experiment.sources import Data
from augexp.files import check_inside, sync, sync_folder, wait_for_lock, write_atomically
from augexp.progress import StageProgress

READING = 2
"""Raised where more, or other, pixels may be read from the same files: they are read again, and a store with the same
images and splits is found again by its fingerprint."""

CHUNK = 512
"""Images that are put in order at a time."""

ADVICE = "free some space or choose another place with --data-dir"

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*px-[0-9a-f]{16}")
"""What the folder of a store is called."""

TIMEOUT = 24 * 3600.0
"""Seconds that a command waits for another one that prepares the same images."""

MAX_LISTED = 1000
"""Skipped records that are listed by name; all are counted."""


def prepare(data: Data, data_dir: Path, *, progress: StageProgress | None = None, jobs: int = 0) -> Store:
    """Return the prepared images of `data`, reading the source only where that has not been done.

    Args:
        data: source, size, limits, splits.
        data_dir: holds ``lsun/`` and ``stores/``.
        progress: called with (stage, done, total).
        jobs: decoding threads or processes; 0 takes all cores.

    Raises:
        DataError: no images, too few, or too many that cannot be decoded; one line that says which.
    """
    return open_store(build(data, Path(data_dir), progress or (lambda *_: None), jobs))


def build(data: Data, data_dir: Path, progress: StageProgress, jobs: int) -> Path:
    """Return the folder of the store of `data`, made if it is not there."""
    stores = data_dir / "stores"
    source = source_class(data.source).open(data, data_dir, progress)
    source.fit = data.fit
    request = _request(data, source)
    known = _known(data, stores, request)
    if known:
        return known
    part = stores / f"building-{request}"
    busy = DataError(f"{part}: another augexp is preparing the same images; wait for it, then start again")

    def tell() -> None:
        progress("waiting for another augexp that prepares the same images", 0, 0)

    try:
        (stores / "requests").mkdir(parents=True, exist_ok=True)
        with wait_for_lock(part.with_suffix(".lock"), busy, TIMEOUT, tell):
            _check_own(part)
            # Looked up again: another process may have finished it before the lock was ours.
            return _known(data, stores, request) or _make(data, source, part, request, progress, jobs)
    except OSError as error:
        raise DataError(
            f"{error.filename or stores}: cannot be written ({error.strerror or error}); {ADVICE}"
        ) from None


def _check_own(part: Path) -> None:
    """Check that what an earlier attempt has left lies in its own folder, before anything is written to it."""
    if part.is_symlink():
        raise DataError(f"{part}: is a link, and augexp prepares images in a folder of its own; delete it")
    check_inside(part, DataError)


def _known(data: Data, stores: Path, request: str) -> Path | None:
    try:
        name, *digest = (stores / "requests" / request).read_text(encoding="utf-8").splitlines()
        if not NAME.fullmatch(name):
            return None  # a path, perhaps out of this folder
        path = stores / name
        manifest = read_manifest(path / "store.json")
    except (OSError, ValueError):
        return None
    if digest != [_request_digest(request, name)] and (digest or not _fits(data, manifest)):
        return None
    skipped = manifest.skipped
    reasons = (f"{record.key}: {record.reason}" for record in skipped.records)
    check_skipped(data, skipped.count, manifest.records, reasons)
    return path


def _request_digest(request: str, name: str) -> str:
    return digests.of_bytes(f"{request} {name}".encode())


def _fits(data: Data, manifest: StoreManifest) -> bool:
    """Tell whether a store may be what was asked for, where a request of augexp 0.1 has no digest that says so."""
    return (manifest.source, manifest.image_size) == (data.source, data.image_size)


def _make(data: Data, source: Source, part: Path, request: str, progress: StageProgress, jobs: int) -> Path:
    part.mkdir(exist_ok=True)
    shutil.rmtree(part / "store", ignore_errors=True)  # of an attempt that was cut off: it takes room that is needed
    listing = write_listing(part, source.records())
    check_listing(source, listing)
    arrays = decode_all(data, source, listing, part, progress, jobs or os.cpu_count() or 1)
    final = _finish(data, source, listing, arrays, part, progress)
    text = f"{final.name}\n{_request_digest(request, final.name)}\n"
    write_atomically(part.parent / "requests" / request, text, durable=True, advice=ADVICE)
    del arrays, listing
    shutil.rmtree(part, ignore_errors=True)
    return final


def _request(data: Data, source: Source) -> str:
    settings = data.model_dump(
        mode="json", exclude={"path", "max_skipped", "folds", "train_factor"}
    )  # neither the number of folds nor how much is trained on makes other images
    text = json.dumps([FORMAT, READING, settings, source.stamp()], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


# -- finishing -----------------------------------------------------------------------------------


def _finish(
    data: Data, source: Source, listing: Listing, arrays: StagingArrays, part: Path, progress: StageProgress
) -> Path:
    """Bring the decoded images into the order of their hashes, split them, and put the store in place."""
    rows = arrays.decoded_rows()
    rows = rows[_order(arrays.keys[rows], listing.labels[rows].astype(np.int64))]
    labels = listing.labels[rows].astype(np.int64)
    keys, source_splits = np.asarray(arrays.keys[rows]), np.asarray(listing.given[rows])
    hashes = duplicates.difference_hashes(arrays.thumbnails)[rows]
    ready = part / "store"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    images = _put_in_order(ready / "images.npy", arrays.images, rows, progress)
    declared = group_names.find(data, source, listing, rows)
    found, split, dissolved = _group_and_split(
        data, source_splits, labels, keys, hashes, images, len(source.classes), declared
    )
    clusters, near = found.clusters, found.near
    own = declared.rows if declared else None
    if data.folds is None:
        check_splits(source.classes, labels, split.codes, clusters, images, own)
    else:
        folds.check(labels, groups.units(clusters, own), source.classes, folds.MIN_UNITS)
    _write_arrays(ready, {"labels": labels, "keys": keys, "splits": split.codes, "clusters": clusters}, declared)
    names = [(source.name_of(listing[int(rows[a])]), source.name_of(listing[int(rows[b])])) for a, b in near[:50]]
    repeated = store_manifest.Duplicates(
        exact=found.exact,
        across_classes=duplicates.count_mixed(clusters, labels),
        near=len(near),
        clustered_images=_repeated(clusters),
        excluded=split.excluded,
        pairs=tuple(names),
        undecided=found.undecided,
        dissolved=dissolved,
    )
    further = (declared.rows, declared.hashes) if declared else ()
    fingerprint = fingerprint_of(source.classes, keys, labels, split.codes, clusters, *further)
    mixed = duplicates.count_mixed(duplicates.exact_clusters(keys), labels)
    manifest = _manifest(data, source, listing, arrays, labels, split, repeated, mixed, fingerprint)
    if declared:
        counts = _count_groups(data, declared, split, clusters)
        texts = (*manifest.warnings, *remarks.of_groups(counts))
        manifest = manifest.model_copy(update={"groups": counts, "warnings": texts})
    elif source.names_are_paths:
        suspected = group_names.suspect(source, listing, len(source.classes))
        texts = (*manifest.warnings, *([suspected] if suspected else []))
        manifest = manifest.model_copy(update={"warnings": texts})
    write_manifest(ready / "store.json", manifest)
    del images
    return _put_in_place(ready, part.parent / f"{_name(data)}-{fingerprint}")


def _write_arrays(ready: Path, arrays: Mapping[str, npt.NDArray[np.generic]], declared: groups.Groups | None) -> None:
    """Write what is known of each image into the folder of a store; its group, too, where groups were declared."""
    if declared:
        np.save(ready / "groups.npy", declared.rows)
        first = np.unique(declared.rows).tolist()
        names = [(row, declared.names[int(declared.hashes[row])]) for row in first]
        (ready / "groups.json").write_text(json.dumps(names, indent=0) + "\n", encoding="utf-8")
    for name, array in arrays.items():
        np.save(ready / f"{name}.npy", array)


def _put_in_place(ready: Path, final: Path) -> Path:
    """Move a whole store to its place, unless the same images and splits are there already; return that place."""
    sync_folder(ready)
    try:
        known = open_store(final)  # the same images and splits were asked for in other words
        known.check_images()
    except DataError:
        shutil.rmtree(final, ignore_errors=True)
        os.replace(ready, final)
    else:
        if not known.sealed:  # an older version, which wrote down less
            os.replace(ready / "store.json", final / "store.json")
            sync(final)
    sync(final.parent)
    return final


def _put_in_order(
    path: Path, images: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], progress: StageProgress
) -> npt.NDArray[np.uint8]:
    """Write some rows of `images` to a file and return them as a memory map.

    They are written and not mapped meanwhile: on a full disk, a write raises OSError, and a mapping kills the process.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *images.shape[1:])}
    try:
        with path.open("xb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(rows), CHUNK):
                file.write(np.ascontiguousarray(images[rows[start : start + CHUNK]]).data)
                progress("putting in order", min(start + CHUNK, len(rows)), len(rows))
    except OSError:
        path.unlink(missing_ok=True)  # half of it, on a disk that is full
        raise
    return np.asarray(np.load(path, mmap_mode="r"))


def _group_and_split(
    data: Data,
    given: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    keys: npt.NDArray[np.uint8],
    hashes: npt.NDArray[np.uint64],
    images: npt.NDArray[np.uint8],
    classes: int,
    declared: groups.Groups | None,
) -> tuple[duplicates.Clusters, splits.Split, int]:
    """Return which images belong together, the splits, and how many that look alike are not kept together.

    Where so many look alike that a class cannot be split, they show one scene: only exact repeats count.
    """
    found = duplicates.find_clusters(images, hashes, keys, labels, data.near_duplicates)
    split = splits.split(data, given, labels, found.clusters, keys, classes, declared)
    unit = groups.units(found.clusters, declared.rows if declared else None)
    lacks = lacks_units(labels, unit, classes) if data.folds else lacks_a_split(split.codes, labels, classes)
    if not (found.near and lacks):
        return found, split, 0
    alone = duplicates.find_clusters(images, hashes, keys, labels, "off")
    split = splits.split(data, given, labels, alone.clusters, keys, classes, declared)
    return alone, split, _repeated(found.clusters) - _repeated(alone.clusters)


def _count_groups(
    data: Data, declared: groups.Groups, split: splits.Split, clusters: npt.NDArray[np.int64]
) -> store_manifest.GroupCounts:
    by_split = {part: len(np.unique(declared.rows[split.codes == code])) for part, code in splits.CODES.items()}
    column = f"the column {data.group_column!r}" if data.group_column else "the images' source"
    sizes = np.unique(declared.rows, return_counts=True)[1]
    return store_manifest.GroupCounts(
        declared=f"the expression {data.group_from!r}" if data.group_from else column,
        count=len(sizes),
        **by_split,
        largest=int(sizes.max()),
        joined=groups.count_joined(declared.rows, groups.units(clusters, declared.rows)),
        excluded=split.excluded_by_group,
    )


def _repeated(clusters: npt.NDArray[np.int64]) -> int:
    """Return how many images share their cluster with another."""
    return int((np.bincount(clusters, minlength=len(clusters))[clusters] > 1).sum())


def _order(keys: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the order of ascending content hash, int64 (N,), for keys uint8 (N, 20).

    Equal images are ordered by label, so that the order of the listing decides nothing.
    """
    words = [np.ascontiguousarray(keys[:, low:high]) for low, high in ((0, 8), (8, 16), (16, 20))]
    first, second, third = (word.view(f">u{word.shape[1]}")[:, 0] for word in words)
    return np.lexsort((labels, third, second, first))


def _manifest(
    data: Data,
    source: Source,
    listing: Listing,
    arrays: StagingArrays,
    labels: npt.NDArray[np.int64],
    split: splits.Split,
    repeated: store_manifest.Duplicates,
    exact_mixed: int,
    fingerprint: str,
) -> StoreManifest:
    by_split = {
        part: np.bincount(labels[split.codes == code], minlength=len(source.classes)).tolist()
        for part, code in splits.CODES.items()
    }
    counts = {name: {part: by_split[part][label] for part in by_split} for label, name in enumerate(source.classes)}
    classes = source.classes
    skipped = tuple(
        store_manifest.SkippedRecord(key=source.name_of(entry), class_name=classes[entry.label], reason=reason)
        for entry, reason in ((listing[row], reason) for row, reason in islice(arrays.skip_reasons(), MAX_LISTED))
    )
    return StoreManifest(
        format=FORMAT,
        source=data.source,
        synthetic=data.kind.synthetic,
        classes=classes,
        image_size=data.image_size,
        images=len(labels),
        records=len(listing),
        counts={name: store_manifest.SplitCounts(**parts) for name, parts in counts.items()},
        split=store_manifest.SplitRule(rule=split.rule, explanation=split.explanation),
        skipped=store_manifest.Skipped(count=arrays.count_skipped(), records=skipped),
        ignored_files=source.ignored,
        warnings=remarks.warnings(
            source,
            arrays,
            {name: parts["train" if data.folds else "test"] for name, parts in counts.items()},
            repeated,
            exact_mixed,
        ),
        duplicates=repeated,
        fingerprint=fingerprint,
        unread=source.unread(),
        scales=remarks.scales(arrays),
    )


def _name(data: Data) -> str:
    title = data.kind.title(data).lower()
    safe = "".join(character if character.isascii() and character.isalnum() else "-" for character in title)
    return f"{safe.strip('-')[:40] or 'images'}-{data.image_size}px"
