"""A worker that speaks the protocol and computes nothing; what it does is named by the arm.

dies: the process ends, every time. dies-once: only the first time. killed-once: by a signal.
fails: an error of the run. full: the disk. slow: an epoch every tenth of a second until it is asked to stop.
half: the process ends in the middle of a message. Other arms finish.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading

from augexp import child_process
from augexp.progress import RunEvent

stop = threading.Event()


def work(driver, task):
    def send(*message):
        driver.send(message)

    def event(kind, epoch=0):
        send("event", RunEvent(kind, task.arm, task.seed, epoch))

    task.folder.mkdir(parents=True, exist_ok=True)
    event("started")
    before = task.folder / "tried"
    if task.arm == "dies" or (task.arm == "dies-once" and not before.exists()):
        before.touch()
        sys.stderr.write("last words\n")
        sys.stderr.flush()
        os._exit(3)
    if task.arm == "killed-once" and not before.exists():
        before.touch()
        os.kill(os.getpid(), 9)
    if task.arm == "half" and not before.exists():
        before.touch()
        driver._writer.write(pickle.dumps(("end", "finished", ""))[:-3])
        driver._writer.flush()
        os._exit(4)
    if task.arm == "fails":
        return send("end", "failed", "its own error")
    if task.arm == "full":
        return send("end", "unwritable", "the disk is full")
    while task.arm == "slow":
        event("epoch", 1)
        if stop.wait(0.1):
            return send("end", "stopped", "")
    event("finished")
    return send("end", "finished", "")


def main():
    driver = child_process.parent()
    driver.receive()
    driver.send(("ready",))
    while True:
        try:
            command = driver.receive()
        except EOFError:
            os._exit(0)
        if command == ("stop",):
            stop.set()
        elif command[0] == "run":
            threading.Thread(target=work, args=(driver, command[1]), daemon=True).start()


if __name__ == "__main__":
    main()
