"""A worker that speaks the protocol and computes nothing; what it does is named by the arm.

dies: the process ends, every time. dies-once: only the first time. killed-once: by a signal.
fails: an error of the run. full: the disk. slow: an epoch every tenth of a second until it is asked to stop.
Other arms finish.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

stop = threading.Event()


def say(**value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def event(task, kind, epoch=0):
    say(**{"is": "event", "event": {"kind": kind, "arm": task["arm"], "seed": task["seed"], "epoch": epoch}})


def work(task):
    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    event(task, "started")
    before = folder / "tried"
    if task["arm"] == "dies" or (task["arm"] == "dies-once" and not before.exists()):
        before.touch()
        sys.stderr.write("last words\n")
        sys.stderr.flush()
        os._exit(3)
    if task["arm"] == "killed-once" and not before.exists():
        before.touch()
        os.kill(os.getpid(), 9)
    if task["arm"] == "fails":
        return say(**{"is": "end", "ending": "failed", "message": "its own error"})
    if task["arm"] == "full":
        return say(**{"is": "end", "ending": "unwritable", "message": "the disk is full"})
    while task["arm"] == "slow":
        event(task, "epoch", 1)
        if stop.wait(0.1):
            return say(**{"is": "end", "ending": "stopped", "message": ""})
    event(task, "finished")
    return say(**{"is": "end", "ending": "finished", "message": ""})


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say(**{"is": "ready"})
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            stop.set()
        elif command["do"] == "run":
            threading.Thread(target=work, args=(command["task"],), daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
