"""Indexing at LSUN's size: listing keys, `limit`, memory, decoding, and a folder of 100,000 files.

    python benchmarks/index.py [--quick]

Everything is generated in a temporary folder (about 6 GB): databases of 100,000 and 1,000,000 tiny
images under keys of 40 hex digits, photos-sized JPEG and WebP for the decoding (100,000 and 24,000, where
LSUN's smallest category has 126,227), and a folder of 100,000 files. What is timed is
`augexp.data.preparation.prepare`, each time in a process of its own, both sides of every ratio alternating; the
median counts. Private memory is the highest RssAnon that a thread saw every 10 ms in the process and those
that it started, above that at the start.

The bound of the decoding is the fastest of two bare loops that only decode what is in memory already: a
thread per core, and a process per core that is told (as the index tells its own) to use its memory again.
The index is timed from before it starts its processes until all is written, noted and on the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
from PIL import Image
from tables import write

from augexp.data.decoding import pool as decoding
from augexp.data.decoding.process import ENVIRONMENT
from augexp.data.listing import write_listing
from augexp.data.preparation import prepare
from augexp.data.sources.lmdb_folder import LmdbFolder
from augexp.data.sources.lsun import LsunSource
from augexp.experiment.sources import Data

SMALL, LARGE, LIMIT = 100_000, 1_000_000, 10_000
SIDE, ROUNDS, DECODING_ROUNDS = 16, 3, 7
PHOTOS, COPIES = 500, {"JPEG": 100, "WEBP": 24}
GOALS = {"keys": 1e6, "ratio": 1.25, "memory": 20e6, "decoding": 0.85}

Figures = dict[str, float]
"""Numbers of one measurement by name."""


# -- what is indexed ---------------------------------------------------------------------------


def tiny_images(count: int, seed: int) -> np.ndarray:
    """Return `count` different images as BMP files of 16 x 16 pixels, uint8 (count, 822)."""
    rng = np.random.default_rng(seed)
    size = 54 + 3 * SIDE * SIDE
    header = struct.pack("<2sIHHI IiiHHIIiiII", b"BM", size, 0, 0, 54, 40, SIDE, SIDE, 1, 24, 0, 0, 0, 0, 0, 0)
    files = np.empty((count, size), np.uint8)
    files[:, :54] = np.frombuffer(header, np.uint8)
    coarse = rng.integers(0, 256, (count, 5, 5, 3), np.uint8).astype(np.float32)
    soft = np.maximum(1 - np.abs(np.linspace(0, 4, SIDE)[:, None] - np.arange(5)), 0).astype(np.float32)
    rows = np.tensordot(soft, coarse, (1, 1))  # (SIDE, count, 5, 3)
    files[:, 54:] = np.tensordot(soft, rows, (1, 2)).transpose(2, 1, 0, 3).reshape(count, -1)
    return files


def write_database(folder: Path, count: int, seed: int) -> None:
    """Write an LSUN category of `count` tiny images."""
    folder.mkdir(parents=True)
    keys = _keys(count, seed)
    with lmdb.open(str(folder), map_size=1 << 32, sync=False) as environment:
        for start in range(0, count, 20_000):
            files = tiny_images(min(20_000, count - start), seed + start)
            with environment.begin(write=True) as transaction, transaction.cursor() as cursor:
                cursor.putmulti(((keys[start + row], file.tobytes()) for row, file in enumerate(files)), append=True)


def _keys(count: int, seed: int) -> list[bytes]:
    raw = np.random.default_rng(seed).bytes(20 * count)
    return sorted(raw[20 * row : 20 * row + 20].hex().encode() for row in range(count))


def write_photos(folder: Path, form: str, count: int, copies: int) -> None:
    """Write an LSUN category of photo-sized images (341 x 256): rough blobs with grain, quality 75.

    Each of the `count` images is there `copies` times, which changes nothing for decoding.
    """
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 31, sync=False) as environment, environment.begin(write=True) as out:
        for key, number in zip(_keys(count, 5), range(count), strict=True):
            rng = np.random.default_rng([number, form == "WEBP"])
            layers = [
                np.asarray(
                    Image.fromarray(rng.integers(0, 256, (side * 3, side * 4, 3), np.uint8)).resize((341, 256))
                ).astype(float)
                for side in (2, 8, 32)
            ]
            pixels = 0.5 * layers[0] + 0.3 * layers[1] + 0.2 * layers[2]
            buffer = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(buffer, form, quality=75)
            for copy in range(copies):
                out.put(key[:-2] + b"%02x" % copy, buffer.getvalue())


def write_folder(root: Path, count: int) -> None:
    """Write an image folder of two classes with `count` tiny images in all."""
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for row, file in enumerate(tiny_images(count // 2, 77 + label)):
            (root / name / f"{row:06d}.bmp").write_bytes(file.tobytes())


# -- one measurement, in a process of its own --------------------------------------------------


class Peak(threading.Thread):
    """The highest private memory of this process while it works, above that at the start."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.done, self.start_bytes, self.bytes = threading.Event(), rss_anon(), 0

    def run(self) -> None:
        """Look until `done` is set."""
        while not self.done.wait(0.01):
            self.bytes = max(self.bytes, rss_anon() - self.start_bytes)


def rss_anon() -> int:
    """Return the private memory of this process and of those that it started, in bytes."""
    own, total = Path("/proc/self"), 0
    started = " ".join(path.read_text(encoding="ascii") for path in own.glob("task/*/children")).split()
    for place in (own, *(Path("/proc", number) for number in started)):
        with contextlib.suppress(OSError):  # it has ended
            for line in (place / "status").read_text(encoding="ascii").splitlines():
                if line.startswith("RssAnon"):
                    total += 1024 * int(line.split()[1])
    return total


def child(settings: dict[str, Any], data_dir: str) -> None:
    """Index once and print what it took as JSON."""
    read = keys = 0
    value, scan = LmdbFolder.value, LmdbFolder._scan

    def counted_value(self: LmdbFolder, key: bytes) -> bytes:
        nonlocal read
        read += 1
        return value(self, key)

    def counted_scan(self: LmdbFolder) -> Iterator[bytes]:
        nonlocal keys
        for key in scan(self):
            keys += 1
            yield key

    watch_memory, count = settings.pop("watch_memory"), settings.pop("count")
    if count:  # in this process, where they can be counted
        LmdbFolder.value, LmdbFolder._scan = counted_value, counted_scan  # type: ignore[method-assign]
        decoding.PROCESSES_FROM = 10**9
    marks: dict[str, float] = {}

    def progress(stage: str, done: int, total: int) -> None:
        marks.setdefault(f"{stage} starts", time.perf_counter())
        marks[f"{stage} ends"] = time.perf_counter()

    settings["categories"] = tuple(settings.get("categories", ()))
    begin, peak = time.perf_counter(), Peak()
    if watch_memory:  # looking costs time, and is left out where the time counts
        peak.start()
    store = prepare(Data(**settings), Path(data_dir), progress=progress)
    seconds = time.perf_counter() - begin
    peak.done.set()
    figures = {
        "seconds": seconds,
        "decoding_seconds": marks["decoding images ends"] - marks["decoding images starts"],
        "private_bytes": peak.bytes,
        "images": len(store),
        "keys_read": keys,
        "records_read": read,
    }
    print(json.dumps(figures))


def index(settings: dict[str, Any], *, watch_memory: bool = True, count: bool = False) -> Figures:
    """Index with `settings` into an empty data folder, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        return run("--child", json.dumps({"watch_memory": watch_memory, "count": count, **settings}), place)


def run(*arguments: str) -> Figures:
    """Run this file with `arguments` and return the JSON that it prints."""
    # The bare loop's processes are told what the index's are: else the bound would be lower.
    environment = {**os.environ, **(ENVIRONMENT if "processes" in arguments else {})}
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    figures: Figures = json.loads(done.stdout)
    return figures


# -- the sections ------------------------------------------------------------------------------


def measure_keys(root: Path, large: int) -> Figures:
    """Return keys per second: read alone, and listed as an index lists them."""
    source = LsunSource(root / "large", ("a", "b"), None)
    database = LmdbFolder(root / "large" / "a_train_lmdb")
    alone, listed = [], []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        count = sum(1 for _ in database.keys(None))
        alone.append(count / (time.perf_counter() - begin))
        with tempfile.TemporaryDirectory() as place:
            begin = time.perf_counter()
            listing = write_listing(Path(place), source.records())
            listed.append(len(listing) / (time.perf_counter() - begin))
    # The first round brings the pages into the cache.
    return {"records": large, "read": statistics.median(alone[1:]), "listed": statistics.median(listed[1:])}


def measure_limit(root: Path) -> dict[str, Any]:
    """Return the same `limit` out of a small and a large database."""
    rounds: dict[str, list[Figures]] = {"small": [], "large": []}
    wanted = {"source": "lsun", "categories": ["a", "b"], "image_size": SIDE, "limit": LIMIT}
    for _ in range(ROUNDS):
        for name, figures in rounds.items():
            figures.append(index({**wanted, "path": str(root / name)}))
    small, large = (middle(figures) for figures in rounds.values())
    ratios = [b["seconds"] / a["seconds"] for a, b in zip(rounds["small"], rounds["large"], strict=True)]
    counted = index({**wanted, "path": str(root / "large")}, count=True)
    large |= {name: counted[name] for name in ("keys_read", "records_read")}
    return {"small": small, "large": large, "ratio": statistics.median(ratios)}


def measure_folder(root: Path, few: int, many: int) -> dict[str, Figures]:
    """Return a small and a large image folder, indexed whole."""
    runs = {}
    for name, count in (("few", few), ("many", many)):
        write_folder(root / name, count)
        runs[name] = index({"source": "folder", "path": str(root / name), "image_size": SIDE})
    return runs


def measure_decoding(root: Path, part: int) -> dict[str, Figures]:
    """Return the index's decoding of a `part` of the images against the fastest bare loop, per format."""
    table: dict[str, Figures] = {}
    wanted = {"source": "lsun", "categories": ["a", "b"], "image_size": 64, "test": "held-out"}
    for form in ("JPEG", "WEBP"):
        place = root / form.lower()
        for name in ("a", "b"):
            write_photos(place / f"{name}_train_lmdb", form, PHOTOS, COPIES[form] // part)
        images = 2 * PHOTOS * (COPIES[form] // part)
        rounds = []
        for _ in range(DECODING_ROUNDS):
            before = run("--bare", str(place), "processes")
            own = index({**wanted, "path": str(place)}, watch_memory=False)
            after, threads = run("--bare", str(place), "processes"), run("--bare", str(place), "threads")
            processes = {key: (before[key] + after[key]) / 2 for key in before}
            bare = min((processes, threads), key=lambda loop: loop["seconds"])
            rounds.append({"processes": processes, "threads": threads, "bare": bare, "own": own})
        table[form] = {
            f"{loop}_per_second": images / statistics.median(figures[loop]["seconds"] for figures in rounds)
            for loop in ("processes", "threads", "bare")
        }
        table[form]["index_per_second"] = images / statistics.median(
            figures["own"]["decoding_seconds"] for figures in rounds
        )
        for name, span in (("ratio", "decoding_seconds"), ("ratio_with_everything", "seconds")):
            table[form][name] = statistics.median(
                figures["bare"]["seconds"] / figures["own"][span] for figures in rounds
            )
    return table


def decode_only(data: bytes) -> int:
    """Decode to 64 pixels with Pillow and nothing else."""
    with Image.open(io.BytesIO(data)) as image:
        if image.format == "JPEG":
            image.draft("RGB", (128, 128))
        left = (image.width - image.height) / 2
        box = (left, 0, left + image.height, image.height)
        small = image.resize((64, 64), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
        return int(np.asarray(small)[0, 0, 0])


def decode_some(start: int) -> int:
    """Decode some of the images in memory."""
    return sum(map(decode_only, in_memory[start : start + 32]))


in_memory: list[bytes] = []


def bare_loop(place: Path, how: str) -> None:
    """Decode from memory with a thread or a process per core; print what it took.

    A number that decides nothing comes back of each image, so the processes send no pixels. Of the slower
    threads, a quarter of the images is enough.
    """
    databases = (LmdbFolder(place / f"{name}_train_lmdb") for name in ("a", "b"))
    in_memory.extend(database.value(key) for database in databases for key in database.keys(None))
    if how == "processes":
        with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
            pool.map(decode_some, range(0, 1024, 32))  # all are there, and warm
            figures = timed(pool.imap_unordered, 1)
            pool.close()
            pool.join()
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            figures = timed(pool.map, 4)
    print(json.dumps(figures))


def timed(spread: Callable[..., Iterable[int]], part: int) -> Figures:
    """Return the seconds that the loop takes, or would take, for all images in memory."""
    begin = time.perf_counter()
    for _ in spread(decode_some, range(0, len(in_memory), 32 * part)):
        pass
    return {"seconds": part * (time.perf_counter() - begin)}


def middle(runs: list[Figures]) -> Figures:
    """Return the median of every number."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


# -- the table ---------------------------------------------------------------------------------


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes; the results are not written")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(json.loads(options.child[0]), options.child[1])
        return
    if options.bare:
        bare_loop(Path(options.bare[0]), options.bare[1])
        return
    part = 10 if options.quick else 1
    small, large, files = SMALL // part, LARGE // part, 100_000 // part
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for name, count in (("small", small), ("large", large)):
            write_database(root / name / "a_train_lmdb", count, 1)
            write_database(root / name / "b_train_lmdb", LIMIT, 2)
        sections = {
            "keys": measure_keys(root, large),
            "limit": measure_limit(root),
            "folder": measure_folder(root, files // 10, files),
            "decoding": measure_decoding(root, part),
        }
    text = table(sections, small, large, files)
    if options.quick:
        print(text)
    else:
        write("index", {"goals": GOALS, **sections}, text)


def table(sections: dict[str, Any], small: int, large: int, files: int) -> str:
    """Return all numbers as a Markdown table."""
    keys, limit, folder = sections["keys"], sections["limit"], sections["folder"]
    grown = limit["large"]["private_bytes"] - limit["small"]["private_bytes"]
    more = folder["many"]["private_bytes"] - folder["few"]["private_bytes"]
    lines = ["| what | measured | goal |", "|---|---:|---:|"]
    lines.append(f"| keys read per second, {large:,} records, cached | {keys['read']:,.0f} | {GOALS['keys']:,.0f} |")
    lines.append(f"| keys listed on disk per second, as an index does | {keys['listed']:,.0f} | {GOALS['keys']:,.0f} |")
    lines.append(
        f"| limit {LIMIT:,} of {large:,} against of {small:,}: {limit['large']['seconds']:.2f} s "
        f"against {limit['small']['seconds']:.2f} s | × {limit['ratio']:.2f} | × {GOALS['ratio']} |"
    )
    lines.append(
        f"| keys and records that the {large:,} give up for 2 × {LIMIT:,} | {limit['large']['keys_read']:,} "
        f"and {limit['large']['records_read']:,} | {2 * LIMIT:,} |"
    )
    lines.append(
        f"| private memory that ten times the records add | {grown / 1e6:+.1f} MB | {GOALS['memory'] / 1e6:.0f} MB |"
    )
    lines.append(
        f"| folder of {files:,} files, {folder['many']['seconds']:.0f} s: private memory above the one of "
        f"{files // 10:,} | {more / 1e6:+.1f} MB | {GOALS['memory'] / 1e6:.0f} MB |"
    )
    for form, row in sections["decoding"].items():
        lines.append(
            f"| {form} decoded to 64 pixels: {row['index_per_second']:,.0f} per second against "
            f"{row['bare_per_second']:,.0f} in the fastest bare loop "
            f"({row['processes_per_second']:,.0f} in processes, {row['threads_per_second']:,.0f} in threads) "
            f"| × {row['ratio']:.2f} | × {GOALS['decoding']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
