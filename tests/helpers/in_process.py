"""An engine that executes runs in this process, and a listener that keeps what it is told."""

from __future__ import annotations

from augexp.engines.base import Engine
from augexp.training import run


class Notes:
    """A listener that keeps the notes."""

    def __init__(self):
        self.notes, self.totals = [], []

    def stage(self, name, done, total): ...

    def event(self, event): ...

    def runs(self, total):
        self.totals.append(total)

    def note(self, text):
        self.notes.append(text)


def engine_of(networks):
    """Return an engine that executes runs here, one after another; `stop_after` epochs in all are an interruption."""

    class InProcess(Engine):
        STOPPED_AT_ONCE = ""
        stop_after = None
        epochs = 0

        @classmethod
        def open(cls, **_):
            return cls()

        @property
        def side_by_side(self):
            return 1

        def start(self, runs): ...

        def close(self): ...

        def _execute(self, execution):
            for task in execution.pending:
                run.execute(task, networks=networks, report=execution.listener, stop=self._count)
                execution.executed += 1

        @classmethod
        def _count(cls):
            cls.epochs += 1
            return cls.stop_after is not None and cls.epochs >= cls.stop_after

    return InProcess
