"""The whole experiment: `augexp compare` against the script that a careful person writes by hand.

    python benchmarks/experiment.py [PHOTOS] [--rounds 3]        # about eight minutes; writes results/experiment.*
    python benchmarks/experiment.py [PHOTOS] --model backbone.keras    # a backbone, 64 pixels; only prints

Both train 2 arms x 3 seeds x 5 epochs of the same network on the same photos (an image folder with
``train/`` and ``test/``), from nothing: new processes, imports included, no prepared images, no results.
They alternate, and medians are reported. By hand is once in Keras and, where torch can be imported, once in
PyTorch with batched augmentation; with `--model`, in Keras, with the same backbone, all of it trained. augexp moreover
measures a clean probe every epoch, keeps all predictions, and writes figures and a report. Once more under a listener
it says what the time is spent on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
from tables import table, write

from augexp.progress import RunEvent

HERE = Path(__file__).resolve().parent
PHOTOS = HERE.parents[1] / "shared" / "data" / "photos"
GOAL = 0.38
BY_HAND, XLA, AUGEXP = "by hand", "by hand, Keras' default (XLA)", "augexp compare"
TORCH = "by hand in PyTorch"
OPTIONS = ("--arms", "none,standard", "--seeds", "3", "--epochs", "5")
BACKBONE_GOAL = 1.0
"""Goal with a backbone, whose steps take nearly all of the time."""


def commands(photos: Path, place: Path, model: Path | None = None) -> dict[str, list[str]]:
    """Return the contenders' command lines, in the order in which they alternate."""
    script, folders = str(HERE / "by_hand.py"), ["--results-dir", str(place / "results"), "--data-dir", str(place)]
    augexp = [sys.executable, "-m", "augexp", "compare", str(photos), *OPTIONS, *folders]
    if model is not None:
        network = ["--model", str(model.absolute())]
        return {
            BY_HAND: [sys.executable, script, str(photos), *network, "--size", "64"],
            AUGEXP: [*augexp, *network, "--image-size", "64"],
        }
    contenders = {
        BY_HAND: [sys.executable, script, str(photos)],
        AUGEXP: [*augexp, "--image-size", "32"],
        XLA: [sys.executable, script, str(photos), "--xla"],
    }
    if find_spec("torch") is not None:
        contenders[TORCH] = [sys.executable, str(HERE / "by_hand_torch.py"), str(photos)]
    return contenders


def measure(command: list[str]) -> dict[str, float]:
    """Run a command to its good end; return its seconds, and the most MiB that one process and all took (RSS)."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peaks, over = {"process": 0.0, "all": 0.0}, threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            sizes = list(_sizes(process.pid))
            peaks["process"], peaks["all"] = max([peaks["process"], *sizes]), max(peaks["all"], sum(sizes))

    watcher = threading.Thread(target=look)
    watcher.start()
    output = process.communicate()[0].decode(errors="replace")
    seconds = time.perf_counter() - begin
    over.set()
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"{command}: exit code {process.returncode}\n{output}")
    return {"seconds": seconds, **peaks}


def _sizes(number: int) -> list[float]:
    try:
        parent = psutil.Process(number)
        return [process.memory_info().rss / 2**20 for process in [parent, *parent.children(recursive=True)]]
    except psutil.Error:
        return []


# -- what the time is spent on -------------------------------------------------------------------


class Listener:
    """Notes when things happen, in seconds since `begin`."""

    def __init__(self, begin: float) -> None:
        self._begin = begin
        self.moments: dict[str, float] = {}

    def note_down(self, name: str, *, last: bool = False) -> None:
        """Note a moment: the first one of its name, or the last one."""
        if last or name not in self.moments:
            self.moments[name] = time.time() - self._begin

    def stage(self, name: str, done: int, total: int) -> None:
        """A stage of preparing."""
        self.note_down("preparing begins")
        self.note_down("preparing ends", last=True)

    def runs(self, total: int) -> None:
        """Training may begin."""

    def event(self, event: RunEvent) -> None:
        """A run begins or ends."""
        if event.kind == "started":
            self.note_down("training begins")
        if event.kind == "finished":
            self.note_down("training ends", last=True)

    def note(self, text: str) -> None:
        """A line."""


def listen(photos: str, place: str, begin: float) -> None:
    """Compare under a listener, in a new process; print the moments."""
    import augexp

    listener = Listener(begin)
    listener.note_down("started")
    augexp.compare(
        photos,
        arms=["none", "standard"],
        seeds=3,
        epochs=5,
        image_size=32,
        results_dir=f"{place}/results",
        data_dir=place,
        progress=listener,
    )
    listener.note_down("answered")
    print(json.dumps(listener.moments))


def profile(photos: Path, place: Path) -> dict[str, float]:
    """Return the seconds of each part of a comparison."""
    command = [sys.executable, __file__, str(photos), "--listen", str(place), "--begin", str(time.time())]
    begin = time.time()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    end, at = time.time() - begin, json.loads(output.splitlines()[-1])
    timings = [json.loads(path.read_text(encoding="utf-8")) for path in (place / "results").rglob("timing.json")]
    epochs = [epoch for timing in timings for epoch in timing["epochs"]]
    return {
        "start of the command": at["preparing begins"],
        "preparing the images, while workers load TensorFlow": at["preparing ends"] - at["preparing begins"],
        "waiting for the first worker": at["training begins"] - at["preparing ends"],
        "training, 6 runs": at["training ends"] - at["training begins"],
        "analysis, figures, report": at["answered"] - at["training ends"],
        "end of the processes": end - at["answered"],
        "of training: epochs, per run": sum(epoch["seconds"] for epoch in epochs) / len(timings),
        "of training: augmentation, per run": sum(epoch["augment_seconds"] for epoch in epochs) / len(timings),
        "of training: the rest of a run (network, test, files)": (
            sum(timing["wall_seconds"] for timing in timings) - sum(epoch["seconds"] for epoch in epochs)
        )
        / len(timings),
        "whole": end,
    }


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="?", default=PHOTOS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path, help="a saved backbone")
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--listen", help=argparse.SUPPRESS)
    parser.add_argument("--begin", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.listen:
        listen(str(options.photos), options.listen, options.begin)
        return 0
    measured: dict[str, list[dict[str, float]]] = {}
    for _ in range(options.rounds):
        for name in commands(options.photos, Path(), options.model):
            with tempfile.TemporaryDirectory() as place:
                command = commands(options.photos, Path(place), options.model)[name]
                measured.setdefault(name, []).append(measure(command))
                print(name, {key: round(value, 1) for key, value in measured[name][-1].items()}, flush=True)
    parts: dict[str, float] = {}
    if options.model is None:
        with tempfile.TemporaryDirectory() as place:
            parts = profile(options.photos, Path(place))
    medians = {
        name: {key: statistics.median(round[key] for round in values) for key in values[0]}
        for name, values in measured.items()
    }
    ratio = medians[AUGEXP]["seconds"] / medians[BY_HAND]["seconds"]
    rows = [
        [
            name,
            f"{m['seconds']:.1f}",
            f"{m['seconds'] / medians[BY_HAND]['seconds']:.2f}",
            f"{m['process']:.0f}",
            f"{m['all']:.0f}",
        ]
        for name, m in medians.items()
    ]
    text = table(["", "seconds", "against by hand", "peak MiB of a process", "of all processes"], rows)
    goal = GOAL if options.model is None else BACKBONE_GOAL
    text += f"\n\naugexp takes {ratio:.2f} of the time by hand; the goal is at most {goal}.\n\n"
    if TORCH not in measured and options.model is None:
        text += "By hand in PyTorch: not measured, since torch cannot be imported here.\n\n"
    if parts:
        text += table(["what augexp spends its time on", "seconds"], [[name, f"{s:.2f}"] for name, s in parts.items()])
    if options.no_write or options.model is not None:
        print(text)
    else:
        write("experiment", {"medians": medians, "all": measured, "ratio": ratio, "profile": parts}, text)
    return 0 if ratio <= goal else 1


if __name__ == "__main__":
    sys.exit(main())
