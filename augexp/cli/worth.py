"""`augexp worth`: what augmentation is worth in photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augexp.cli.parameters import DATA_DIR, RESULTS_DIR, Changes, DataDir, Jobs, Quiet, ResultsDir, Source
from augexp.cli.text import printable
from augexp.engines.registry import ENGINES

if TYPE_CHECKING:
    from augexp.analysis.worth.schema import Worth


def worth(
    source: Source = None,
    *,
    arm: Annotated[str, typer.Option(help="The policy whose worth is asked for, by name.")] = "standard",
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="K,K,...",
            help="Multiples of the photos that are trained on.",
            show_default="0.25,0.5,1,2,4, where there are so many",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Train the policy at every size, for its own curve.")] = False,
    changes: Annotated[
        Changes,
        "",
        "data",
        "training",
        "plan.baseline",
        "plan.seeds",
        "plan.max_epochs",
        "plan.metric",
        "plan.equivalence",
    ],  # fmt: skip
    jobs: Jobs = 0,
    engine: Annotated[str, typer.Option(metavar=f"[{'|'.join(ENGINES)}]", help="Where the runs execute.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Address of the Ray cluster (with --engine ray).", show_default=False)
    ] = None,
    results_dir: ResultsDir = RESULTS_DIR,
    data_dir: DataDir = DATA_DIR,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it costs, and do no more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say how many times the photos augmentation is worth: a learning curve without it, and one point with it.

    Augmentation is judged at --train-per-class photos of each class, or at a quarter of all where nothing is said. What
    it costs is said first. Runs that are already there are not repeated: the same command goes on after a crash.

    Examples: augexp worth my-photos/ | augexp worth my-photos/ --arm flip --dry-run | augexp worth
    experiments/worth-cats-dogs.toml --seeds 8
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.progress import show  # noqa: PLC0415

    numbers = _numbers(sizes) if sizes is not None else None
    experiment = api.define(source or (), **changes)
    with show(quiet and not dry_run) as progress:
        answer = api.worth(
            experiment,
            arm=arm,
            sizes=numbers,
            full=full,
            dry_run=dry_run,
            results_dir=results_dir,
            data_dir=data_dir,
            jobs=jobs,
            engine=engine,
            address=address,
            progress=progress,
        )
    if answer is not None:
        _print(answer, results_dir / f"{answer.name}-worth" / "worth", as_json=as_json)


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"received {text!r}; allowed are multiples with commas, like 0.25,0.5,1,2", param_hint="--sizes"
        ) from None


def _print(answer: Worth, folder: Path, *, as_json: bool) -> None:
    """Print tables, the sentence of record and where the files are, or JSON; exit with 1 where runs are missing."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help light

    from augexp.reporting import formats  # noqa: PLC0415
    from augexp.reporting.worth import tables, write  # noqa: PLC0415

    if as_json:
        typer.echo(write.to_json(answer), nl=False)
    else:
        console = Console(highlight=False)
        for table in formats.to_terminal([tables.sizes(answer), tables.seeds(answer)]):
            console.print(table)
            console.print()
        for text in (answer.sentence, f"report: {folder / 'report.html'}", f"figure: {folder / 'worth.png'}"):
            console.print(printable(text), markup=False, soft_wrap=not console.is_terminal)
        for warning in answer.warnings:
            typer.echo(printable(f"warning: {warning}"), err=True)
    for run in answer.missing[:5]:
        typer.echo(printable(f"missing: {run.name}: {run.reason}"), err=True)
    if not answer.complete:
        raise typer.Exit(1)
