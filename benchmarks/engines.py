"""Two jobs against one, and two Ray nodes of one core each against one: does a second core do its work?

    python benchmarks/engines.py [--rounds 3] [--no-ray]        # about seven minutes; writes results/engines.*

Everything trains the same runs on the embedded sample, in workers that have loaded TensorFlow and built
their network before (a first set of runs is thrown away), and alternates. The nodes of Ray are processes
of this machine on its loopback interface, so the network between real machines is not part of this.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tables import table, write

from augexp.data.preparation import prepare
from augexp.engines.base import Engine
from augexp.engines.local import LocalEngine
from augexp.engines.worker_process import Worker
from augexp.experiment import definition
from augexp.results import records
from augexp.training.task import RunTask

JOBS_GOAL, RAY_GOAL = 1.85, 0.6
ADDRESS = "127.0.0.2"
"""Ray lets no second node join where the first one is at 127.0.0.1."""


class Work:
    """Runs that are executed again and again, each time in a new folder.

    Args:
        place: for everything.
        runs: how many, an even number.
        epochs: of each run.
    """

    def __init__(self, place: Path, runs: int, epochs: int) -> None:
        self._place, self._runs, self._count = place, runs, 0
        self.experiment = definition.parse(
            {"name": "engines", "data": {"source": "sample"}, "training": {"epochs": epochs}}, origin="engines.py"
        )
        self._store = prepare(self.experiment.data, place / "data").path

    def tasks(self, number: int | None = None) -> list[RunTask]:
        """Return the runs below a new folder."""
        self._count += 1
        results = self._place / f"results-{self._count}"
        return [
            RunTask(self.experiment, arm, seed, self._store, records.run_folder(results, arm, seed))
            for seed in range((number or self._runs) // 2)
            for arm in ("none", "standard")
        ]

    def seconds(self, engine: Engine) -> float:
        """Return what the runs take on an engine."""
        tasks = self.tasks()
        begin = time.perf_counter()
        outcome = engine.execute(tasks, lambda event: None)
        taken = time.perf_counter() - begin
        if outcome.failures or outcome.executed != len(tasks):
            raise SystemExit(f"runs failed: {outcome.failures[:1]}")
        return taken


def local(work: Work, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round with one worker and with two, each bound to a core.

    The engine itself leaves a single worker to the system, which moves it about: that is a tenth slower,
    and two jobs would look better than they are.
    """
    with LocalEngine(1) as one, LocalEngine(2) as two:
        two.start(2)
        one._workers.append(Worker(two._workers[0].slot, one._inbox))
        for engine in (one, two):
            engine.execute(work.tasks(4))
        seconds: dict[str, list[float]] = {"1 job": [], "2 jobs": []}
        for _ in range(rounds):
            seconds["1 job"].append(work.seconds(one))
            seconds["2 jobs"].append(work.seconds(two))
    return seconds


@contextmanager
def cluster(nodes: int) -> Iterator[Engine]:
    """Start a Ray cluster of `nodes` with one core each, and an engine on it."""
    import ray
    from ray.cluster_utils import Cluster

    from augexp.engines.ray_cluster import RayEngine

    ray_cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": ADDRESS})
    try:
        for _ in range(nodes - 1):
            ray_cluster.add_node(num_cpus=1, node_ip_address=ADDRESS)
        ray_cluster.wait_for_nodes()
        with RayEngine(ray_cluster.address) as engine:
            yield engine
    finally:
        ray.shutdown()
        ray_cluster.shutdown()


def on_ray(work: Work, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round on one node and on two; a process can only be in one cluster at a time."""
    seconds: dict[str, list[float]] = {"1 node": [], "2 nodes": []}
    for _ in range(rounds):
        for nodes, name in enumerate(seconds, start=1):
            with cluster(nodes) as engine:
                engine.execute(work.tasks(4), lambda event: None)
                seconds[name].append(work.seconds(engine))
    return seconds


def measure(how: Callable[[Work, int], dict[str, list[float]]], work: Work, rounds: int) -> list[tuple[str, float]]:
    """Measure, say so on the way, and return names with median seconds."""
    seconds = how(work, rounds)
    print({name: [round(value, 1) for value in values] for name, values in seconds.items()}, flush=True)
    return [(name, statistics.median(values)) for name, values in seconds.items()]


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=8, help="an even number")
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--no-ray", action="store_true")
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with tempfile.TemporaryDirectory() as name:
        work = Work(Path(name), options.runs, options.epochs)
        (_, single), (_, double) = measure(local, work, options.rounds)
        rows = [["1 job", f"{single:.1f}", "1.00", ""]]
        rows.append(["2 jobs", f"{double:.1f}", f"{single / double:.2f}", f"at least {JOBS_GOAL}"])
        good = single / double >= JOBS_GOAL
        if not options.no_ray:
            (_, first), (_, second) = measure(on_ray, work, options.rounds)
            rows.append(["Ray, 1 node with 1 core", f"{first:.1f}", f"{single / first:.2f}", ""])
            rows.append(
                ["Ray, 2 nodes with 1 core", f"{second:.1f}", f"{single / second:.2f}", f"{RAY_GOAL} x the time of one"]
            )
            good = good and second / first <= RAY_GOAL
    text = table(["", f"seconds for {options.runs} runs", "as fast as 1 job", "goal"], rows)
    if not options.no_ray:
        text += f"\n\nTwo nodes take {second / first:.2f} of the time of one."
    if options.no_write:
        print(text)
    else:
        write("engines", {"rows": rows}, text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
