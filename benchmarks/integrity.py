"""What the checks of records and images cost: a run with them and without, alternating, and reading 40 sealed runs.

    python benchmarks/integrity.py [--rounds 5] [--epochs 4]      # a few minutes; writes results/integrity.*

Processor time is measured, so that other programs disturb less. `first` is a run that checks every image that it
uses; `next` is one that finds it remembered; `without` checks nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

from augexp.engines.worker_process import THREAD_VARIABLES

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tables import table, write

import augexp
from augexp.data.store import Store, open_store
from augexp.results import records
from augexp.training.task import RunTask

KINDS = ("without", "first", "next")
RUNS = 40


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
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
        for number in range(options.rounds + 1):
            for kind in KINDS[number % 3 :] + KINDS[: number % 3]:
                if kind == "first":
                    (path / ".checked").unlink(missing_ok=True)
                elif kind == "next":
                    open_store(path).check_images()
                folder = records.run_folder(place / kind, "standard", number)
                task = RunTask(experiment, "standard", 0, path, folder)
                unchecked = mock.patch.object(Store, "check_images", return_value=None)
                begin = time.process_time()
                if kind == "without":
                    with unchecked:
                        run.execute(task, networks=networks)
                else:
                    run.execute(task, networks=networks)
                if number:  # the first round warms up
                    seconds[kind].append(time.process_time() - begin)
        begin = time.process_time()
        for _ in range(RUNS):
            records.read_run(folder).predictions()
        reading = time.process_time() - begin
        begin = time.process_time()
        open_store(path)
        opening = time.process_time() - begin
    base = statistics.median(seconds["without"])
    medians = {kind: statistics.median(values) for kind, values in seconds.items()}
    rows = [(kind, f"{value:.3f}", f"{100 * (value / base - 1):+.1f} %") for kind, value in medians.items()]
    text = table(("run", "processor seconds, median", "against without"), rows)
    text += f"\n\nReading {RUNS} sealed runs takes {reading:.2f} s, opening the store {1000 * opening:.1f} ms."
    write("integrity", {"seconds": seconds, "read_40_runs": reading, "open_store": opening, **vars(options)}, text)


if __name__ == "__main__":
    main()
