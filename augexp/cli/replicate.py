"""`augexp replicate`: a published table repeated with paired seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augexp.cli.parameters import DATA_DIR, DataDir, Jobs, Quiet
from augexp.cli.text import printable

if TYPE_CHECKING:
    from augexp.analysis.replication.schema import Replication

DATA = Path("data") / "tiny-imagenet-200" / "train"
OUT = Path("results") / "perez-wang"


def replicate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which published table: perez-wang.")],
    data: Annotated[
        Path, typer.Option("--data", help="Tiny ImageNet's folder of class folders, named by WordNet id.")
    ] = DATA,
    out: Annotated[Path, typer.Option("--out", help="Where the answer and the runs are written.")] = OUT,
    pairs: Annotated[
        str | None, typer.Option(metavar="[dogs-cats,dogs-goldfish]", help="Which tables.", show_default="both")
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Some of the paper's arms; the baseline is added.", show_default="all"),
    ] = None,
    variants: Annotated[
        str | None,
        typer.Option(
            metavar="[first-ids,batch-128,folds]",
            help="Beside the tables: other choices where the paper says nothing, or folds.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Paired seeds; with folds, fits of each arm.", show_default="as defined"),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=5000, help="In place of the paper's epochs.")] = 40,
    per_class: Annotated[int, typer.Option(min=25, max=500, help="Images of each class, a fifth for the test.")] = 500,
    model: Annotated[
        str | None, typer.Option(metavar="NETWORK", help="Another network.", show_default="as defined")
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Measure two epochs of every arm, say how long all takes, and end.")
    ] = False,
    jobs: Jobs = 0,
    data_dir: DataDir = DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a published table with paired seeds and intervals, and say which of its claims hold.

    The table is that of Perez & Wang 2017 (arXiv 1712.04621). It first says how long it takes and how much disk it
    needs. After an interruption the same command goes on.

    Examples: augexp replicate perez-wang --data tiny-imagenet-200/train --estimate | augexp replicate perez-wang
    --data tiny-imagenet-200/train --pairs dogs-cats --variants folds
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.progress import show  # noqa: PLC0415

    given: dict[str, Any] = {"data": data, "out": out, "data_dir": data_dir, "jobs": jobs, "seeds": seeds}
    given |= {"pairs": _split(pairs), "variants": _split(variants), "arms": _split(arms)}
    given |= {"epochs": epochs, "per_class": per_class, "model": model}
    with show(quiet) as progress:
        if estimate:
            ahead = api.replicate_forecast(name, progress=progress, **given)
        else:
            replication = api.replicate(name, progress=progress, **given)
    if estimate:
        typer.echo(ahead.words)
        return
    if as_json:
        typer.echo(json.dumps(replication.model_dump(mode="json"), indent=1, ensure_ascii=False))
    else:
        _print(replication, out)
    if not replication.complete:
        raise typer.Exit(1)


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _print(replication: Replication, out: Path) -> None:
    from augexp.cli.output import print_tables  # noqa: PLC0415 - keeps --help light
    from augexp.reporting.replication import tables, words  # noqa: PLC0415

    for table in replication.tables:
        head, sentence = words.result(table)
        print_tables([one for one in (tables.gains_by_budget(table), tables.optimism(table)) if one.rows])
        typer.echo(printable(f"{head}. {sentence}") + "\n")
    typer.echo(f"page: {out / 'replication.html'}", err=True)
