"""A process that executes a module of this package, and the messages between it and its parent: pickled values.

Both ends have `send` and `receive`. A process is started as ``python -m <module>`` and not through
`multiprocessing`, so that a user's script needs no ``if __name__ == "__main__"`` and is never imported a second
time. When the parent is gone, the input of the child ends, and the child has to end, too.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any

from augexp import surroundings, version

TIMEOUT = 5.0
"""Seconds that a child gets to end after its input was closed."""


class Channel:
    """Messages to and from another process, by one thread in each direction.

    A message must not hold instances of classes that one of the processes has in ``__main__``.
    """

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer = reader, writer

    def send(self, message: object) -> None:
        """Send a message; raises OSError where the other process has ended or this end was closed."""
        data = pickle.dumps(message)
        try:
            self._writer.write(data)
            self._writer.flush()
        except ValueError as error:  # a closed file
            raise OSError(str(error)) from None

    def receive(self) -> Any:
        """Wait for the next message; raises EOFError where the other process has ended, maybe in the middle of one."""
        try:
            return pickle.load(self._reader)  # noqa: S301 - from our own process
        except Exception as error:  # half a message, or none at all, and pickle raises almost anything
            raise EOFError(str(error)) from error


class ChildProcess(Channel):
    """The parent's end of a process that executes a module.

    Args:
        module: dotted name of a module of this package.
        environment: variables that differ from those of this process; see also `surroundings.environment`.
        **options: more of `subprocess.Popen`, such as ``stderr``.
    """

    def __init__(self, module: str, environment: Mapping[str, str], **options: Any) -> None:
        # The child must find this very package, wherever the caller found it.
        inherited = surroundings.environment(os.environ)
        paths = [str(version.PACKAGE.parent), inherited.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            # Without the current folder on the import path, where anything may lie.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**inherited, **environment, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            **options,
        )
        super().__init__(self.process.stdout, self.process.stdin)  # type: ignore[arg-type] # both are pipes

    def finish(self) -> None:
        """Close the child's input, so that it ends by itself."""
        with contextlib.suppress(OSError):  # it has ended already
            self._writer.close()

    def wait(self) -> int:
        """End the child, by closing its input or, where that takes too long, by force; return its exit code."""
        self.finish()
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def close(self) -> None:
        """End the child as `wait` does, and drop what it has sent and nobody received."""
        self.wait()
        self._reader.close()


def parent() -> Channel:
    """Return the child's end; to be called once, before anything is read or printed.

    From then on Ctrl-C is left to the parent, and whatever a library prints goes to standard error.
    """
    # Ctrl-C in a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    writer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Channel(sys.stdin.buffer, writer)
