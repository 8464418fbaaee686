"""kill -9 in the middle of a comparison, again and again: are the records those of an undisturbed one?

    python benchmarks/kills.py [--kills 20] [--seed 0]        # about five minutes; writes benchmarks/results/kills.*
    python benchmarks/kills.py --epochs auto --no-write       # while the horizon doubles, to 80 epochs
    python benchmarks/kills.py --head --kills 10              # in the middle of features of a backbone; only prints
    python benchmarks/kills.py --arms none,neural-content --epochs 20 --no-write   # a network that makes images

`augexp compare` on a small experiment runs once undisturbed. Then it runs in a process group of its own,
and after a random time either one of its workers or the whole group is killed; a command that has ended is
started again. When enough has been killed it may finish, and ``run.json``, ``epochs.csv``, ``predictions.npz`` and
``milestones.npz`` (and ``learned.npz``) of every run must be equal byte by byte to the undisturbed ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tables import table, write

from augexp.results import learned_weights, records

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES, learned_weights.NAME)
NETWORK = """
import keras
import numpy as np

def build(image_size, num_classes):
    layers = [keras.layers.Conv2D(48, 3, activation="relu") for _ in range(4)]
    model = keras.Sequential([keras.Input((image_size, image_size, 3)), *layers])
    draws = np.random.default_rng(0)
    for layer in layers:
        layer.set_weights([draws.normal(0, 0.06, weight.shape) for weight in layer.get_weights()])
    return model
"""
"""A backbone with weights of its own, for `--head`."""

PLAIN = {"model": "tiny", "tune": ""}

DEFINITION = """
name = "kills"
[data]
source = "sample"
image_size = 16
train_per_class = 200
[training]
model = "{model}"
{tune}epochs = {epochs}
batch_size = 16
probe = 40
[plan]
arms = {arms}
seeds = {seeds}
{cap}
"""


class Comparison:
    """One command that is started as often as it takes.

    Args:
        folder: holds ``kills.toml`` and ``data/``.
        name: of the results folder.
        head: whether images and features are prepared anew in a data folder of its own.
    """

    def __init__(self, folder: Path, name: str, *, head: bool = False) -> None:
        self._data = folder / (f"data-{name}" if head else "data")
        self.results = folder / name
        program = "import sys; from augexp.cli import main; sys.exit(main())"
        self._command = [sys.executable, "-c", program, "compare", str(folder / "kills.toml"), "--quiet", "--jobs", "2"]
        self._command += ["--results-dir", str(self.results), "--data-dir", str(self._data)]
        self._output = folder / f"{name}.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The command, once it has been started."""
        if self._process is None:
            raise RuntimeError("the command has not been started")
        return self._process

    def ended(self) -> bool:
        """Return whether the command has ended, or was never started."""
        return self._process is None or self._process.poll() is not None

    def start(self) -> None:
        """Start the command in a process group of its own."""
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output, start_new_session=True)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; True where it came in time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait_for_an_epoch(self) -> None:
        """Wait until a run has written an epoch from now on, or the command has ended."""
        now = time.time_ns()
        runs = self.results / "kills" / "runs"
        while not self.wait(0.05):
            if any(path.stat().st_mtime_ns > now for path in runs.glob(f"*/*/{records.EPOCHS}")):
                return

    def finish(self) -> None:
        """Run to the end, which must be a good one."""
        for _ in range(3):  # a run whose worker was killed twice is failed, and is run again by the next command
            if self._process is None or self._process.poll() not in (None, 0):
                self.start()
            self.wait()
            if self.process.returncode == 0:
                return
        raise SystemExit(f"the command does not finish: {self._output.read_text(encoding='utf-8', errors='replace')}")

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes that are alive."""
        try:
            children = psutil.Process(self.process.pid).children()
            return [child for child in children if "augexp.engines.worker" in child.cmdline()]
        except psutil.Error:
            return []

    def kill(self, dice: random.Random) -> str:
        """Kill a worker or everything; return what."""
        workers = self.workers()
        if workers and dice.random() < 0.5:
            victim = dice.choice(workers)
            try:
                victim.kill()
            except psutil.Error:
                return ""
            return f"worker {workers.index(victim) + 1} of {len(workers)}"
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return "the whole group"

    def state(self) -> str:
        """Say how far the records are."""
        finished, others = 0, []
        for folder in (self.results / "kills" / "runs").glob("*/seed-*"):
            if (folder / records.RUN).exists() and b'"failed"' not in (folder / records.RUN).read_bytes():
                finished += 1
            elif (folder / records.EPOCHS).exists():
                others.append(max((folder / records.EPOCHS).read_bytes().count(b"\n") - 1, 0))
        return f"{finished} runs finished, others at epochs {sorted(others)}"

    def content(self) -> dict[str, bytes]:
        """Return all files whose bytes must be equal."""
        runs, features = self.results / "kills" / "runs", self._data / "features"
        paths = [path for path in runs.rglob("*") if path.name in SAME]
        paths += [path for path in features.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {
            "/".join(path.parts[-3:] if runs in path.parents else ("features", *path.parts[-3:])): path.read_bytes()
            for path in sorted(paths)
        }

    def litter(self) -> list[str]:
        """Return files that should have gone with the end of their runs."""
        wanted = (*SAME, records.TIMING)
        runs = self.results / "kills" / "runs"
        horizon = self.results / "kills" / "horizon.json"
        if horizon.exists() and json.loads(horizon.read_text("utf-8"))["still_gaining"]:
            return []  # checkpoints are kept, since a higher cap would go on from them
        return [str(path.relative_to(runs)) for path in runs.rglob("*") if path.is_file() and path.name not in wanted]


def main() -> int:
    """Kill, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the dice that choose when and whom")
    parser.add_argument("--epochs", default="150", help="a number, or auto")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--head", action="store_true", help="train a head on features of a frozen backbone")
    parser.add_argument("--arms", default="none,standard", help="policies, none among them")
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    dice, wrong = random.Random(options.seed), []
    lines: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "backbone.py").write_text(NETWORK, "utf-8")
        epochs, cap = ('"auto"', "max_epochs = 80") if options.epochs == "auto" else (options.epochs, "")
        network = {"model": "backbone.py:build", "tune": 'tune = "head"\nviews = 40\n'} if options.head else PLAIN
        arms = json.dumps(options.arms.split(","))
        text = DEFINITION.format(arms=arms, epochs=epochs, cap=cap, seeds=options.seeds, **network)
        (folder / "kills.toml").write_text(text, "utf-8")
        undisturbed = Comparison(folder, "undisturbed", head=options.head)
        begin = time.monotonic()
        undisturbed.finish()
        print(f"undisturbed: {time.monotonic() - begin:.0f} s, {len(undisturbed.content())} files", flush=True)
        rounds = 0
        while len(lines) < options.kills:
            rounds += 1
            comparison = Comparison(folder, f"round-{rounds}", head=options.head)
            wrong += disturb(comparison, undisturbed.content(), dice, options.kills, lines)
    verdict = f"{len(lines)} kills in {rounds} comparisons: " + (
        f"DIFFERENT: {', '.join(wrong)}" if wrong else "every record is byte for byte that of the undisturbed one"
    )
    text = table(["kill", "comparison", "after s", "killed", "state"], lines) + f"\n\n{verdict}"
    if options.no_write or options.head:
        print(text)
    else:
        write("kills", {"kills": lines, "seed": options.seed, "wrong": wrong}, text)
    return 1 if wrong else 0


def disturb(
    comparison: Comparison, expected: dict[str, bytes], dice: random.Random, kills: int, lines: list[list[object]]
) -> list[str]:
    """Kill until there were `kills` in all or the comparison has finished; return the files that differ."""
    while len(lines) < kills:
        if comparison.ended():
            comparison.start()
        begin = time.monotonic()
        if dice.random() < 0.8:  # in the middle of training; else at any time, also while it starts
            comparison.wait_for_an_epoch()
        comparison.wait(dice.uniform(0.0, 5.0))
        delay = time.monotonic() - begin
        if comparison.process.poll() == 0:
            break
        killed = "" if comparison.ended() else comparison.kill(dice)
        if killed:
            lines.append([len(lines) + 1, comparison.results.name, f"{delay:.1f}", killed, comparison.state()])
            print(*lines[-1], sep="  ", flush=True)
    comparison.finish()
    content = comparison.content()
    differing = [name for name in sorted({*expected, *content}) if expected.get(name) != content.get(name)]
    return [f"{comparison.results.name}/{name}" for name in (*differing, *comparison.litter())]


if __name__ == "__main__":
    sys.exit(main())
