"""Seconds until the command line answers where nothing has to be trained.

    python benchmarks/startup.py [--rounds 9]        # about a minute; writes benchmarks/results/startup.*

Measured are the console script's `--help`, and `compare` on a small experiment whose runs are finished.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import table, write

GOALS = {"augexp --help": 0.3, "augexp compare, runs finished": 1.5}
SMOKE = Path(__file__).resolve().parents[1] / "experiments" / "smoke.toml"


def seconds(command: list[str], folder: Path) -> float:
    """Return what a command takes, which must succeed."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - begin


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--experiment", type=Path, default=SMOKE)
    options = parser.parse_args()
    script = str(Path(sys.executable).with_name("augexp"))
    compare = [script, "compare", str(options.experiment.resolve())]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = seconds(compare, folder)
        commands = dict(zip(GOALS, ([script, "--help"], compare), strict=True))
        rounds = {
            label: [seconds(command, folder) for _ in range(options.rounds)] for label, command in commands.items()
        }
    medians = {label: statistics.median(values) for label, values in rounds.items()}
    rows = [[label, f"{value:.2f}", f"{GOALS[label]}"] for label, value in medians.items()]
    text = table(["command", "seconds (median)", "goal"], rows)
    text += f"\n\nThe first `compare`, which trains the runs: {first:.1f} s."
    write("startup", {"seconds": medians, "all": rounds, "first": first}, text)
    return 0 if all(medians[label] <= goal for label, goal in GOALS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
