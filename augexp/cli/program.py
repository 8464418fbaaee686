"""The program `augexp`: its commands, each built when it is asked for, and its exit codes."""

from __future__ import annotations

import functools
import io
import os
import sys
from collections import UserDict
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from augexp import surroundings
from augexp.cli import data, experiment, judge, parameters, replicate, results, worth
from augexp.cli.text import printable
from augexp.errors import AugexpError, Interrupted

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "compare": (experiment.compare, "Train all arms with all seeds, and answer."),
    "train": (experiment.train, "Train one arm with one seed."),
    "worth": (worth.worth, "Say what augmentation is worth in photos."),
    "download": (data.download, "Fetch LSUN categories, verified and resumable."),
    "index": (data.index, "Decode the images once, find duplicates, split."),
    "preview": (data.preview, "Show what an arm does to the images."),
    "export-policy": (data.export_policy, "Print a policy as Keras layers."),
    "report": (results.report, "Draw the answer again, or print it as a table."),
    "judge": (judge.judge, "Judge runs that somebody else trained."),
    "plan": (judge.plan, "Write down how such runs will be judged."),
    "overview": (judge.overview, "Put several answers on one page."),
    "replicate": (replicate.replicate, "Repeat a published table with intervals."),
    "status": (results.status, "Say what is done, running and failed."),
    "verify": (results.verify, "Execute a run again and compare the bits."),
    "export": (results.export, "Hand results to TensorBoard or MLflow."),
}
"""The functions of the commands, and what the list of commands says of each."""


@functools.cache
def _build(name: str) -> Any:
    function, short_help = COMMANDS[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name, short_help=short_help)(_told_when_stopped(parameters.with_definition_options(function)))
    return get_command(alone)


def _told_when_stopped(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command that says what Ctrl-C has left, where typer would end with a bare "Aborted"."""

    @functools.wraps(function)
    def call(*arguments: Any, **values: Any) -> None:
        try:
            function(*arguments, **values)
        except KeyboardInterrupt:
            raise Interrupted("stopped; what is finished is kept: repeat the same command to go on") from None

    return call


class _BuiltOnDemand(UserDict[str, Any]):
    """The commands of typer by name, each built when it is first asked for.

    The options of the definition are read from its models, which takes 0.1 s: as long as all of ``augexp --help``,
    which needs the names alone.
    """

    def __getitem__(self, name: str) -> Any:
        return _build(name)


class _Group(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _BuiltOnDemand(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help) for name, (_, short_help) in COMMANDS.items()])


app = typer.Typer(
    name="augexp",
    cls=_Group,
    help="Does image augmentation help on your images? A controlled experiment answers, with an honest interval.\n\n"
    "Start with `augexp compare`: it needs neither images nor network.",
    epilog="SOURCE is an experiment .toml, an image folder with one sub-folder per class, LSUN category names, "
    "or nothing: the embedded sample of synthetic drawings.",
    no_args_is_help=True,
    # Plain help starts in half the time of the decorated one and reads well in every pipe.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from augexp.version import __version__  # noqa: PLC0415 - keeps --help light

        typer.echo(f"augexp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line and turn every expected failure into one line and an exit code."""
    surroundings.settle()
    # The messages of TensorFlow's own start are of no use to the user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # the encoding of a pipe on Windows may lack the minus sign
    try:
        app(prog_name="augexp")  # and not the name of whatever has called it
    except Interrupted as stop:
        sys.exit(_complain(str(stop), 130))
    except AugexpError as error:
        sys.exit(_complain(str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; the same command goes on from here", 130))
    except BrokenPipeError:
        # The reader (head, less) has ended, which is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except RecursionError:
        sys.exit(
            _complain("a file is nested too deeply to be read; it was not written by augexp: restore or delete it", 1)
        )
    except MemoryError as error:
        sys.exit(
            _complain(f"memory ran out ({error or 'no details'}); close other programs, then repeat the command", 1)
        )
    except OSError as error:
        sys.exit(_complain(f"{error.filename or 'operating system'}: {error.strerror or error}", 1))


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"augexp: {printable(message)}\n")
    return code
