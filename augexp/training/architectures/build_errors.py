"""Errors of other people's code as one line that says what was tried and what went wrong."""

from __future__ import annotations

import contextlib
import os
import re
import traceback
import warnings
from collections.abc import Iterator

from augexp.errors import AugexpError, RunError

MAX_LENGTH = 300
"""Characters of a message that are quoted."""


@contextlib.contextmanager
def explained(what: str, advice: str, *, file: str | None = None) -> Iterator[None]:
    """Turn whatever is raised inside into a RunError of one line.

    Warnings are left out: what Keras warns of while it builds a network, such as weights for another image size, is no
    reason to stop, and every worker would repeat it.

    Args:
        what: what was tried, with what was received.
        advice: how to mend it.
        file: a user's file; the line of it in which the error arose is named.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except AugexpError:
        raise
    except MemoryError:
        raise RunError(f"model: {what}: memory ran out; {advice}") from None
    except (Exception, SystemExit) as error:  # code that is not ours raises anything
        raise RunError(f"model: {what}: {last_line(error)}{_place(error, file)}; {advice}") from None


def last_line(error: BaseException) -> str:
    """Return the type and the last line of an error's message, shortened."""
    text = str(error).partition("Arguments received by")[0]  # by which Keras ends its messages
    text = re.sub(r"\x1b\[\d+m", "", text)  # colours
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]} ..."


def _place(error: BaseException, file: str | None) -> str:
    if file is None or isinstance(error, SyntaxError):
        return ""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" ({os.path.basename(file)}, line {lines[-1]})" if lines else ""
