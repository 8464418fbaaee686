"""kill -9 in the middle of other commands than a plain comparison: screening, index, drawing, Ray, folds with groups.

    python benchmarks/kills_of_commands.py [--kinds index folds ...] [--kills 10] [--seed 0]

Each command runs once undisturbed. Then it is started in a process group of its own and the group is killed after a
random part of that time, again and again; at last it may finish. What it leaves must be equal byte by byte: records of
runs, the store, tables and pages. `folds-ray` is killed under Ray, and has to leave what the local engine leaves. The
table goes to benchmarks/results/kills_of_commands.*, after every kind anew; kinds that are not asked for keep their
lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tables import RESULTS, table, write

from augexp.results import records

RECORDS = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES)
DEFINITION = """
name = "kills"
[data]
{data}
image_size = 16
[training]
model = "tiny"
epochs = 2
batch_size = 32
probe = 40
[plan]
arms = [{arms}]
{plan}
"""
FEW, MANY = '"none", "standard"', '"none", "standard", "flip", "crop", "randaugment"'
SAMPLE = 'source = "sample"'
GROUPED = """source = "folder"
path = "photos"
folds = 3
group_from = 'patient(\\d+)_'"""
NAME = "kills_of_commands"
KINDS = ("index", "drawing", "screening", "ray", "folds", "folds-ray")


def write_patients(folder: Path) -> None:
    """Write 96 images of 24 patients, each with images of both classes."""
    generator = np.random.default_rng(5)
    for number in range(96):
        label = number % 2
        image = generator.integers(0, 200, (16, 16, 3))
        image[8 * label : 8 * label + 8] += 40
        place = folder / "photos" / "ab"[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(place / f"patient{number // 4}_{number}.png")


def command(kind: str, folder: Path, place: Path) -> list[str]:
    """Return the command of a kind that works below `place`."""
    arms, plan = (MANY, "looks = [3, 4]\nscreen = true") if kind == "screening" else (FEW, "seeds = 3")
    folds = kind.startswith("folds")
    if folds and not (folder / "photos").is_dir():
        write_patients(folder)
    definition = folder / f"{kind}.toml"
    values = {"arms": arms, "plan": "repeats = 2" if folds else plan, "data": GROUPED if folds else SAMPLE}
    definition.write_text(DEFINITION.format(**values), "utf-8")
    program = [sys.executable, "-c", "import sys; from augexp.cli import main; sys.exit(main())"]
    where = ["--data-dir", str(place / "data")]
    if kind == "index":
        return [*program, "index", str(definition), "--quiet", *where]
    if kind == "drawing":
        return [*program, "report", str(place / "results" / "kills"), *where]
    engine = ["--engine", "ray"] if kind.endswith("ray") else ["--jobs", "2"]
    return [*program, "compare", str(definition), "--quiet", "--results-dir", str(place / "results"), *where, *engine]


def content(kind: str, place: Path) -> dict[str, bytes]:
    """Return what has to be equal."""
    if kind == "index":
        # Without requests: they are named by the dates of the files that are read, which the sample draws anew.
        paths = [path for path in (place / "data" / "stores").glob("*-*/*") if path.is_file()]
    elif kind == "drawing":
        paths = [path for path in (place / "results" / "kills" / "comparison").rglob("*") if path.is_file()]
        paths = [path for path in paths if ".part" not in path.name]
    else:
        paths = [path for path in (place / "results").rglob("*") if path.name in RECORDS]
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(paths)}


def finish(words: list[str]) -> float:
    """Execute a command to its good end; return the seconds."""
    begin = time.monotonic()
    for _ in range(3):  # a run whose worker was killed twice is failed, and is run again by the next command
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode == 0:
            return time.monotonic() - begin
    raise SystemExit(done.stderr.decode(errors="replace"))


def kill_once(words: list[str], seconds: float) -> bool:
    """Start a command and kill its group after so many seconds; False where it ended before."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def known(without: Sequence[str]) -> tuple[list[tuple[str, int, int, int, str]], list[str]]:
    """Return the lines of an earlier measurement and what differed in it, without some kinds."""
    path = RESULTS / f"{NAME}.json"
    values = json.loads(path.read_text("utf-8")) if path.exists() else {"kills": [], "wrong": []}
    lines = [(kind, *map(int, numbers), seconds) for kind, *numbers, seconds in values["kills"] if kind not in without]
    return lines, [name for name in values["wrong"] if name.partition(",")[0] not in without]


def main() -> int:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--kills", type=int, default=10, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the dice that choose when")
    parser.add_argument("--no-write", action="store_true", help="only print, and tell of these kinds alone")
    options = parser.parse_args()
    lines, wrong = known(without=KINDS if options.no_write else options.kinds)
    for kind in options.kinds:
        dice, kills, rounds = random.Random(f"{options.seed} {kind}"), 0, 0
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            base = folder / "base"
            base.mkdir()
            if kind == "drawing":
                finish(command("ray", folder, base)[:-2])  # the runs that are drawn, by the local engine
            whole = folder / "undisturbed"
            shutil.copytree(base, whole)
            seconds = finish(command(kind.removesuffix("-ray"), folder, whole))
            expected = content(kind, whole)
            latest = seconds  # a machine that was busy with other work while it was measured is faster afterwards
            while kills < options.kills:
                rounds += 1
                place = folder / f"round-{rounds}"
                shutil.copytree(base, place)
                words = command(kind, folder, place)
                for _ in range(min(5, options.kills - kills)):
                    if not kill_once(words, dice.uniform(0.1, 1.0) * latest):
                        latest *= 0.8
                        break
                    kills += 1
                finish(words)
                found = content(kind, place)
                differing = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
                wrong += [f"{kind}, round {rounds}: {name}" for name in differing]
        lines = sorted([*lines, (kind, kills, rounds, len(expected), f"{seconds:.0f}")])
        verdict = f"{sum(line[1] for line in lines)} kills: " + (
            f"DIFFERENT: {', '.join(wrong)}" if wrong else "every file is byte for byte that of the undisturbed one"
        )
        text = table(["command", "kills", "rounds", "files compared", "s undisturbed"], lines) + f"\n\n{verdict}"
        if options.no_write:
            print(text)
        else:
            write(NAME, {"kills": lines, "seed": options.seed, "wrong": wrong}, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
