"""Progress on stderr: bars on a terminal, a line per finished run elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from augexp.cli.text import printable
from augexp.experiment.nouns import run_name
from augexp.progress import NullListener, ProgressListener, RunEvent

ENDED = ("finished", "failed", "stopped")


def _name(event: RunEvent) -> str:
    return f"{run_name(event.arm, event.seed, event.folds)} {event.size}".rstrip()


@contextmanager
def show(quiet: bool) -> Iterator[ProgressListener]:
    """Show what the work reports until the block ends."""
    console = Console(stderr=True)
    if quiet:
        yield NullListener()
    elif not console.is_terminal:
        yield _Lines()
    else:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[text]}"))
        bars = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
        with bars:
            yield _Bars(bars)


class _Lines:
    """For logs and pipes: a line for each stage and for each run that has ended, none for progress in between."""

    def __init__(self) -> None:
        self._total = self._ended = 0
        self._stage = ""
        self._start = time.monotonic()

    def stage(self, name: str, done: int, total: int) -> None:
        if name != self._stage:
            self._stage = name
            self.note(name)

    def runs(self, total: int) -> None:
        self._total = self._ended + total

    def event(self, event: RunEvent) -> None:
        if event.kind == "note":
            self.note(f"{_name(event)}: {event.message}")
        if event.kind in ENDED:
            self._ended += event.kind == "finished"
            message = f": {event.message}" if event.message else ""
            self.note(
                f"[{time.monotonic() - self._start:5.0f} s] {self._ended}/{self._total} "
                f"{_name(event)} {event.kind}{message}"
            )

    def note(self, text: str) -> None:
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()


class _Bars:
    """A bar for each stage, one for all runs together, and one for every run that is going on."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._stages: dict[str, TaskID] = {}
        self._whole: TaskID | None = None
        self._live: dict[str, TaskID] = {}
        self._epochs: dict[str, float] = {}
        self._total = self._ended = 0

    def stage(self, name: str, done: int, total: int) -> None:
        if name not in self._stages:
            self._stages[name] = self._bars.add_task(name, total=total or None, text="")
        count = f"{done:,}/{total:,}" if total else f"{done:,}"
        self._bars.update(self._stages[name], completed=done, total=total or None, text=count)

    def runs(self, total: int) -> None:
        self._total = self._ended + total
        if self._whole is None:
            self._whole = self._bars.add_task("all runs", total=self._total, text="")
        self._bars.update(self._whole, total=self._total)

    def event(self, event: RunEvent) -> None:
        run = _name(event)
        if event.kind == "note":
            self.note(f"{_name(event)}: {event.message}")
            return
        if event.kind in ENDED:
            self._end(run, event)
        else:
            if run not in self._live:
                self._live[run] = self._bars.add_task(_name(event), total=event.epochs or None, text="")
            accuracy = event.row.get("val_accuracy")
            quality = "" if accuracy is None else f"validation {100 * accuracy:.1f} %"
            self._bars.update(self._live[run], completed=event.epoch, total=event.epochs or None, text=quality)
            self._epochs[run] = event.epoch / event.epochs if event.epochs else 0.0
        if self._whole is not None:
            done = self._ended + sum(self._epochs.values())
            self._bars.update(self._whole, completed=done, text=f"{self._ended}/{self._total} runs")

    def _end(self, run: str, event: RunEvent) -> None:
        self._epochs.pop(run, None)
        if run in self._live:
            self._bars.remove_task(self._live.pop(run))
        self._ended += event.kind == "finished"
        if event.kind != "finished":
            self.note(f"{_name(event)} {event.kind}: {event.message}")

    def note(self, text: str) -> None:
        self._bars.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
