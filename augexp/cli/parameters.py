"""Options that several commands take, and those of the definition, made from their table."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from augexp.experiment.options import Option

Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="An experiment .toml, an image folder, a table of images (.csv, .tsv, .jsonl), arrays (.npz), keras:NAME, "
        "LSUN categories; nothing is the embedded sample.",
        show_default=False,
    ),
]
ResultsDir = Annotated[
    Path, typer.Option("--results-dir", envvar="AUGEXP_RESULTS_DIR", help="Where the results folders lie.")
]
DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="AUGEXP_DATA_DIR", help="Where downloads and prepared images lie.")
]


def parse_jobs(text: str | int) -> int:
    """Read the value of ``--jobs``: a whole number, or `auto`, which is 0: cores and memory decide."""
    try:
        number = 0 if text == "auto" else int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise typer.BadParameter(f"received {text!r}; allowed are 'auto' and whole numbers from 1")
    return number


Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        parser=parse_jobs,
        metavar="[auto|N]",
        help="Runs side by side, one thread each; auto: as many as cores and memory bear.",
        show_default="auto",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Pictures = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Put photos into figures and report, or leave all out.")
]

DATA_DIR = Path("data")
RESULTS_DIR = Path("results")


# -- the definition ------------------------------------------------------------------------------


Changes = dict[str, Any]
"""What is changed in a definition, by key: what `augexp.define` takes.

A command's parameter ``changes: Annotated[Changes, "data"]`` stands for the options of the definition that the command
takes: those of sections (``"data"``; empty for the keys of `Experiment`) or single ones (``"data.path"``).
"""


def with_definition_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command as typer reads it: in place of its parameter `changes`, one for each option that it takes."""
    parameters = inspect.signature(command, eval_str=True).parameters
    if "changes" not in parameters:
        return command
    from augexp.experiment import options  # noqa: PLC0415 - keeps --help light

    taken = {option.name: option for option in options.on_command_line(parameters["changes"].annotation.__metadata__)}

    @functools.wraps(command)
    def call(**values: Any) -> None:
        texts = {name: values.pop(name) for name in taken}  # None: the option was left out
        changes = {name: _parse(taken[name], text) for name, text in texts.items() if text is not None}
        command(changes=changes, **values)

    expanded: list[inspect.Parameter] = []
    for parameter in parameters.values():
        expanded += map(_parameter, taken.values()) if parameter.name == "changes" else [parameter]
    call.__dict__["__signature__"] = inspect.Signature(expanded)
    return call


def _parameter(option: Option) -> inspect.Parameter:
    low, high = option.bounds
    metavar = f"[{'|'.join(option.words)}]" if option.words else option.metavar
    default = typer.Option(None, min=low, max=high, metavar=metavar, help=option.help, show_default=False)
    kind = (str if option.words else option.kind) | None
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _parse(option: Option, text: Any) -> Any:
    try:
        return option.parse(text) if option.parse is not None else text
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option.flag) from None
