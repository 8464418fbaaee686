"""Calling augexp as the console does, and reading what a command line means."""

from __future__ import annotations

import contextlib
import shlex
import sys
from typing import Any

from augexp import api, cli
from augexp.experiment.definition import Experiment


def run(monkeypatch, capsys, *words: object) -> tuple[int, str, str]:
    """Call `augexp` as the console does; return exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["augexp", *map(str, words)])
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def read(monkeypatch, command: str) -> Experiment:
    """Return the definition that a command line of `augexp compare` means, without executing it."""
    experiments: list[Experiment] = []

    def note(experiment: Experiment, **_: Any) -> None:
        experiments.append(experiment)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(api, "compare", note)
        patched.setattr(sys, "argv", shlex.split(command))
        with contextlib.suppress(SystemExit):
            cli.main()
    return experiments[0]
