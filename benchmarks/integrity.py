"""What the checks of records and images cost: a run with them and without, alternating, and reading 40 sealed runs.

    python benchmarks/integrity.py [--rounds 7] [--epochs 60]     # two minutes; writes results/integrity.*

Processor time is measured, so that other programs disturb less; the default is the sample's 60 epochs. `first` is a
run that checks every image that it uses; `next` is one that finds it remembered; `without` checks no image. The
differences between them are smaller than what disturbs them, so the time that passes inside the checks of a run
(opening the store, checking images, digests of the seal, syncing to the disk) is added up as well.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from augexp.engines.worker_process import THREAD_VARIABLES

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tables import table, write

import augexp
from augexp import digests
from augexp.data.store import Store, open_store
from augexp.results import records
from augexp.training.task import RunTask

KINDS = ("without", "first", "next")
RUNS = 40


@contextmanager
def timed(spent: list[float], places: list[tuple[object, str]]) -> Iterator[None]:
    """Add to `spent` the processor seconds inside each outermost call of the named functions."""
    depth = 0

    def timer(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*positional: Any, **named: Any) -> Any:
            nonlocal depth
            depth += 1
            begin = time.process_time()
            try:
                return function(*positional, **named)
            finally:
                depth -= 1
                if not depth:
                    spent[-1] += time.process_time() - begin

        return wrapper

    with contextlib.ExitStack() as stack:
        for owner, name in places:
            stack.enter_context(mock.patch.object(owner, name, timer(getattr(owner, name))))
        yield


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    from augexp.training import backend, run
    from augexp.training.network import NetworkCache

    backend.configure(threads=1)
    networks = NetworkCache()
    experiment = augexp.define((), epochs=options.epochs)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        path = augexp.index(experiment, data_dir=place).path
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        inside: dict[str, list[float]] = {kind: [] for kind in KINDS}
        checks = [(Store, "check_images"), (digests, "of_file"), (run, "open_store"), (os, "fsync")]
        for number in range(options.rounds + 1):
            for kind in KINDS[number % 3 :] + KINDS[: number % 3]:
                if kind == "first":
                    (path / ".checked").unlink(missing_ok=True)
                elif kind == "next":
                    open_store(path).check_images()
                folder = records.run_folder(place / kind, "standard", number)
                task = RunTask(experiment, "standard", 0, path, folder)
                unchecked = mock.patch.object(Store, "check_images", return_value=None)
                spent = [0.0]
                begin = time.process_time()
                with unchecked if kind == "without" else contextlib.nullcontext(), timed(spent, checks):
                    run.execute(task, networks=networks)
                if number:  # the first round warms up
                    seconds[kind].append(time.process_time() - begin)
                    inside[kind].append(spent[0])
        begin = time.process_time()
        for _ in range(RUNS):
            records.read_run(folder).predictions()
        reading = time.process_time() - begin
        begin = time.process_time()
        open_store(path)
        opening = time.process_time() - begin
    rows = []
    for kind in KINDS:
        ratios = [100 * (one / other - 1) for one, other in zip(seconds[kind], seconds["without"], strict=True)]
        shares = [100 * one / other for one, other in zip(inside[kind], seconds[kind], strict=True)]
        against = f"{statistics.median(ratios):+.1f} % ({min(ratios):+.0f} to {max(ratios):+.0f})"
        median = f"{statistics.median(seconds[kind]):.3f}"
        rows.append((kind, median, "" if kind == "without" else against, f"{statistics.median(shares):.2f} %"))
    text = table(("run", "processor seconds, median", "against without (of rounds)", "of it inside the checks"), rows)
    text += f"\n\nReading {RUNS} sealed runs takes {reading:.2f} s, opening the store {1000 * opening:.1f} ms."
    write(
        "integrity",
        {"seconds": seconds, "inside": inside, "read_40_runs": reading, "open_store": opening, **vars(options)},
        text,
    )


if __name__ == "__main__":
    main()
