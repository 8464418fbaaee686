"""The exceptions of augexp: every one of them is something the user can mend.

The message is one line that says what was received, what is allowed and how to mend it. The command
line prints that line on stderr and ends with exit code 1; anything that is not an `AugexpError` is a
defect of augexp and keeps its traceback.
"""

from __future__ import annotations


class AugexpError(Exception):
    """Base of all errors that augexp raises on purpose."""


class DefinitionError(AugexpError):
    """An experiment definition is wrong: file, key, what was received, what is allowed."""


class DataError(AugexpError):
    """Images cannot be read, or there are too few of them for the experiment."""


class DownloadError(AugexpError):
    """An archive could not be fetched, verified or unpacked."""


class ResultsError(AugexpError):
    """A results folder holds something else than this experiment, or is damaged or locked."""


class RunError(AugexpError):
    """A run cannot be executed or breaks the rules of the comparison."""


class AnalysisError(AugexpError):
    """The records do not allow the comparison that was asked for."""


class Interrupted(AugexpError):  # noqa: N818 - not a fault: the user asked for it
    """The user stopped the work; everything finished so far is on disk."""
