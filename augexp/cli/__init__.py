"""The command line: parse, call `augexp.api`, print, exit code.

Exit codes: 0 done, 1 failed (one line on stderr that says what to do), 2 wrong usage, 130 interrupted.
The answer goes to stdout, progress and warnings to stderr. Nothing heavy is imported before a command
needs it, so that ``--help`` answers at once.

- `answer`: What the commands print on stdout: the answer, a run, the prepared images, how things stand.
- `data`: `augexp download`, `augexp index`, `augexp preview`, `augexp export-policy`: images before training.
- `experiment`: `augexp compare` and `augexp train`: execute runs and say what they show.
- `fetch`: The terminal's side of `augexp download`: the catalogue, the question before a large transfer, progress.
- `options`: Options that several commands share, declared once so that they mean the same everywhere.
- `progress`: Progress on stderr: bars on a terminal, a line per finished run elsewhere.
- `results`: `augexp report`, `augexp status`, `augexp verify`: what is in a results folder.
"""

from __future__ import annotations

import io
import os
import sys

import typer

from augexp.cli import data, experiment, results
from augexp.errors import AugexpError, Interrupted

app = typer.Typer(
    name="augexp",
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
for module in (experiment, data, results):
    module.register(app)


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
    # The progress of TensorFlow's own start-up is not the user's.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe on Windows may know no minus sign
    try:
        app(prog_name="augexp")  # and not the name of whatever has called it
    except Interrupted as stop:
        sys.exit(_complain(str(stop), 130))
    except AugexpError as error:
        sys.exit(_complain(str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; the same command goes on from here", 130))
    except BrokenPipeError:
        # The reader (head, less) has gone; that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        sys.exit(_complain(f"{error.filename or 'operating system'}: {error.strerror or error}", 1))


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"augexp: {message}\n")
    return code
