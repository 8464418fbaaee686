"""`augexp report`, `augexp status`, `augexp verify`, `augexp export`: what is in a results folder."""

from __future__ import annotations

import json
import sys
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from augexp.cli.parameters import DATA_DIR, DataDir, Quiet
from augexp.cli.text import printable
from augexp.files import write_atomically

Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="A results folder, such as results/sample.")]

INTERVAL = 5.0
"""Seconds after which ``status --watch`` reads the results folder again."""

MAX_IDLE = 6
"""Readings in a row without a run in progress after which ``status --watch`` ends."""


def report(
    results: Results,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="[html|md|csv|latex|json]", help="What to make.")
    ] = "html",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, in place of stdout.", show_default=False)
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    share: Annotated[
        Path | None,
        typer.Option(
            help="Write a copy to give away: without hosts, paths and, but for --pictures, photos.", show_default=False
        ),
    ] = None,
    pictures: Annotated[
        bool | None,
        typer.Option(
            "--pictures/--no-pictures", help="Put photos into figures and report, or leave all out.", show_default=False
        ),
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Draw the answer again from the records: figures and page, or a table on stdout.

    Examples: augexp report results/sample --open | augexp report results/published/cats-dogs --format latex
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light

    if form not in api.FORMATS:
        raise typer.BadParameter(f"received {form!r}; allowed are {', '.join(api.FORMATS)}", param_hint="--format")
    if share is not None:
        if form != "html" or output is not None:
            raise typer.BadParameter("received with --format or --output; say it alone", param_hint="--share")
        page = api.share(results, share, data_dir=data_dir, pictures=bool(pictures))
        typer.echo(page)
        if open_it:
            webbrowser.open(page.resolve().as_uri())
        return
    pictures = pictures is not False
    if form == "html" and output is None:
        page = api.report(results, data_dir=data_dir, pictures=pictures, note=_warn)
        typer.echo(page)
    else:
        text = api.render_folder(results, form, data_dir=data_dir, pictures=pictures, note=_warn)
        if output is None:
            # A terminal would obey what stands in a name; a file gets it as it is.
            shown = "\n".join(map(printable, text.split("\n"))) if sys.stdout.isatty() else text
            typer.echo(shown, nl=False)
            return
        write_atomically(output, text, advice="free some space or choose another place with --output")
        typer.echo(output)
        page = output
    if open_it:
        webbrowser.open(page.resolve().as_uri())


def _warn(text: str) -> None:
    typer.echo(printable(f"warning: {text}"), err=True)


def status(
    results: Results,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every few seconds until all is done.")] = False,
) -> None:
    """Say what is done, running, failed, how long it takes still, and the interval so far."""
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.output import status_text  # noqa: PLC0415

    idle = 0
    while True:
        state = api.status(results)
        typer.echo(json.dumps(state.to_json(), indent=1) if as_json else status_text(state))
        for warning in state.warnings * (not as_json):
            _warn(warning)
        idle = 0 if state.working else idle + 1
        # Between two runs, and while workers start, no run is in progress for a while.
        if not watch or not state.pending or idle > MAX_IDLE:
            return
        time.sleep(INTERVAL)
        if not as_json:
            typer.echo()


def verify(
    results: Results,
    arm: Annotated[str | None, typer.Option(help="The arm to run again.", show_default="drawn by chance")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed to run again.", show_default="drawn by chance")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Where the network's file lies; a Python file has to be named.", show_default=False),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Where the network's file of weights lies.", show_default=False)
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(help="Where the images lie, if the prepared ones are not here any more.", show_default=False),
    ] = None,
    data_dir: DataDir = DATA_DIR,
    quiet: Quiet = False,
) -> None:
    """Execute one run again and compare its weights and predictions, bit by bit."""
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.progress import show  # noqa: PLC0415

    with show(quiet) as progress:
        verification = api.verify(
            results, arm=arm, seed=seed, model=model, weights=weights, path=path, data_dir=data_dir, progress=progress
        )
    typer.echo(verification.words)
    if not verification.exact:
        raise typer.Exit(1)


def export(
    results: Results,
    to: Annotated[
        str, typer.Option(metavar="[tensorboard|mlflow|table]", help="Which tracker, or a table.")
    ] = "tensorboard",
    target: Annotated[
        str | None,
        typer.Option(
            help="Log folder (TensorBoard), tracking URI (MLflow) or file (table).", show_default="inside RESULTS"
        ),
    ] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Hand runs to an experiment tracker (extras `tensorboard`, `mlflow`), or write what they predicted as a table."""
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.reporting import trackers  # noqa: PLC0415 - keeps --help light

    if to not in (allowed := (*trackers.TRACKERS, "table")):
        raise typer.BadParameter(f"received {to!r}; allowed are {', '.join(allowed)}", param_hint="--to")
    typer.echo(api.export(results, to, target, data_dir=data_dir))
