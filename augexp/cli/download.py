"""What `augexp download` shows: the catalogue, the question before a large transfer, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from augexp.cli.text import printable
from augexp.data.download import catalogue
from augexp.data.download.categories import Result
from augexp.data.download.plan import DownloadPlan, plan_archive
from augexp.data.download.progress import DownloadProgress
from augexp.errors import DownloadError

ASK_ABOVE = 1_000_000_000
"""Bytes from which a download on a terminal asks first."""

STATES = {
    "here": "here",
    "archive": "zip here, not unpacked",
    "partial": "partly fetched",
    "missing": "-",
    "unverified": "here, not verified",
    "damaged": "damaged, fetch again",
    "foreign": "folder here, not from augexp",
}


def print_catalogue(data_dir: Path) -> None:
    """Print every archive of LSUN with its size, its number of images and what is here of it."""
    table = Table("category", "split", "images", "size", "here", box=None, pad_edge=False)
    for column in (2, 3):
        table.columns[column].justify = "right"
    for archive in catalogue.catalogue().all_archives():
        state = STATES[plan_archive(archive, data_dir).state] if archive.split != "test" else "no labels"
        size = "about 172 MB" if archive.size is None else _size(archive.size)
        table.add_row(archive.category, archive.split, f"{archive.images:,}", size, state)
    console = Console()
    console.print(table)
    console.print(f"\nSource: yf.io/p/lsun. Folder: {data_dir / 'lsun'}", soft_wrap=True, highlight=False)


def announce(plan: DownloadPlan, *, quiet: bool, ask: bool) -> None:
    """Show what is to be fetched; on a terminal ask where that is a lot.

    Raises:
        DownloadError: the plan cannot be carried out, or there is no terminal to ask on.
    """
    if not quiet:
        for item in plan.items:
            size = "size unknown" if item.to_fetch is None else f"{_size(item.to_fetch)} to fetch"
            sys.stderr.write(f"{item.archive.name}: {STATES[item.state]}, {size}\n".replace("-, ", ""))
        sys.stderr.write(
            f"in all {_size(plan.to_fetch)} to fetch; about {_size(plan.disk_needed)} of disk needed, "
            f"{_size(plan.disk_free)} free\n"
        )
    plan.check()
    if plan.to_fetch <= ASK_ABOVE or not ask:
        return
    if not sys.stdin.isatty():
        raise DownloadError(f"{_size(plan.to_fetch)} would be fetched and nobody can be asked; say --yes to go ahead")
    if not typer.confirm(f"Fetch {_size(plan.to_fetch)}?", err=True):
        raise typer.Exit(1)


def print_results(results: Sequence[Result]) -> None:
    """Print what is here now, and which command makes use of it."""
    for result in results:
        checked = "" if result.verified else " (NOT VERIFIED)"
        typer.echo(f"{result.folder}: {result.status}, {result.transferred / 1e6:,.1f} MB transferred{checked}")
    names = " ".join(dict.fromkeys(result.archive.category for result in results))
    sys.stderr.write(f"next: augexp compare {names}\n" if " " in names else f"next: augexp index {names} <another>\n")


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


@contextmanager
def bars(quiet: bool) -> Iterator[Callable[[DownloadProgress], None]]:
    """Show a bar per archive on a terminal; elsewhere only the messages."""
    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[speed]}"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=quiet or not console.is_terminal
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def report(event: DownloadProgress) -> None:
            if event.message:
                console.print(
                    printable(event.message), style="bold red" if event.warning else None, soft_wrap=True, markup=False
                )
            task = tasks.get(event.archive)
            if task is None:
                task = tasks[event.archive] = progress.add_task(event.archive, total=event.total, speed="")
            speed = f"{event.speed / 1e6:,.1f} MB/s" if event.speed else ""
            progress.update(
                task, description=f"{event.archive} {event.stage}", completed=event.done, total=event.total, speed=speed
            )

        yield report
