"""The program: `augexp` and `python -m augexp` begin here."""

import contextlib
import os
import sys

# Python looks for modules in the working folder too (``-m``, PYTHONPATH with an empty or relative entry), where any
# file may have the name of a library. A checkout that is the working folder stays.
with contextlib.suppress(OSError):  # a working folder that is gone
    if os.getcwd() != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != os.getcwd()]

from augexp.cli import main  # noqa: E402 - the path first

__all__ = ["main"]

if __name__ == "__main__":
    main()
