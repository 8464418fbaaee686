"""What `augexp compare` says, with the options that `augexp replicate` has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from augexp.analysis.replication import remarks
from augexp.errors import AugexpError, Interrupted
from augexp.progress import ProgressListener, RunEvent

INSTEAD = {
    "a name of its own with --name": "a folder of its own with --out",
    "--name": "--out",
    "--path": "--data",
    "--results-dir": "--out",
}
"""What `augexp compare` says of its options, and what mends the same thing here."""

_OPTION = re.compile("|".join(rf"{option}(?![\w-])" for option in INSTEAD))


class OwnOptions:
    """A listener that passes everything on, notes without remedies that the command does not have."""

    def __init__(self, listener: ProgressListener) -> None:
        """Pass on to `listener`."""
        self._listener = listener

    def stage(self, name: str, done: int, total: int) -> None:
        """Pass it on."""
        self._listener.stage(name, done, total)

    def runs(self, total: int) -> None:
        """Pass it on."""
        self._listener.runs(total)

    def event(self, event: RunEvent) -> None:
        """Pass it on."""
        self._listener.event(event)

    def note(self, text: str) -> None:
        """Pass on what `augexp replicate` can say of it."""
        for own in remarks.applicable((text,)):
            self._listener.note(own)


@contextmanager
def own_options() -> Iterator[None]:
    """Let an error name the options of `augexp replicate`; also a decorator.

    Raises:
        AugexpError: of the same class, with the same line but for the options.
    """
    try:
        yield
    except Interrupted:
        raise
    except AugexpError as error:
        text = _OPTION.sub(lambda option: INSTEAD[option[0]], str(error))
        raise type(error)(text) from None
