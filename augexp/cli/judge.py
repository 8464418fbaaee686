"""`augexp judge`, `augexp plan`, `augexp overview`: runs that somebody else trained, and several answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augexp.cli.parameters import RESULTS_DIR, ResultsDir
from augexp.files import write_atomically

Paired = Annotated[
    bool | None,
    typer.Option(
        "--paired/--independent",
        help="The same seed means the same initialisation and order in every arm, or it does not.",
        show_default=False,
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        metavar="[final|validation|best-on-test]", help="Which state of each network was tested.", show_default=False
    ),
]
Baseline = Annotated[
    str | None, typer.Option(help="The arm that the others are compared with.", show_default="none or baseline")
]
Metric = Annotated[
    str | None,
    typer.Option(metavar="[auto|accuracy|balanced_accuracy|auroc]", help="What is compared.", show_default="auto"),
]
Equivalence = Annotated[
    float | None,
    typer.Option(metavar="PP", help="Differences within ± this many points count as none.", show_default="0.5"),
]


def judge(
    runs: Annotated[
        Path, typer.Argument(metavar="RUNS", help="A table (.csv, .tsv, .parquet) or a folder of them, or of .npz.")
    ],
    paired: Paired = None,
    endpoint: Endpoint = None,
    baseline: Baseline = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N", help="Seeds fixed before the first run, or ARM=N,ARM=N.", show_default=False),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="A plan that `augexp plan` wrote before the first run.", show_default=False)
    ] = None,
    metric: Metric = None,
    equivalence: Equivalence = None,
    first_run: Annotated[
        str | None, typer.Option(metavar="DATE", help="When the first run was made.", show_default="the oldest file's")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(help="Where files say arm and seed, like '{arm}/seed-{seed}.csv'.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the answer.", show_default="that of RUNS")] = None,
    results_dir: ResultsDir = RESULTS_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
) -> None:
    """Judge runs that somebody else trained: the same statistics, verdict and report.

    A table has the columns arm, seed, image, label, and predicted, correct or one p_<class> for each class. What nobody
    but you knows (how seeds relate, which epoch was tested) has to be said, and stands in the report as said.

    Examples: augexp judge runs.csv --paired --endpoint final --seeds 8 | augexp judge runs/ --independent --endpoint
    validation --pattern '{arm}/{seed}.npz' | augexp judge runs.parquet --plan plan.toml
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.output import print_answer  # noqa: PLC0415
    from augexp.external.declaration import parse_seeds  # noqa: PLC0415

    try:
        fixed = parse_seeds(seeds) if seeds is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--seeds") from None
    comparison = api.judge(
        runs,
        design=_design(paired),
        endpoint=endpoint,
        baseline=baseline,
        seeds=fixed,
        plan=plan,
        metric=metric,
        equivalence=equivalence,
        first_run=first_run,
        pattern=pattern,
        name=name,
        results_dir=results_dir,
    )
    print_answer(comparison, results_dir / comparison.name, as_json=as_json)


def _design(paired: bool | None) -> str | None:
    return None if paired is None else "paired" if paired else "independent"


def plan(
    arms: Annotated[str, typer.Option(metavar="A,B,...", help="Names of the arms, the baseline among them.")],
    paired: Paired = None,
    endpoint: Endpoint = None,
    baseline: Baseline = None,
    seeds: Annotated[
        int | None, typer.Option(min=3, help="A fixed number of seeds, in place of looks.", show_default=False)
    ] = None,
    looks: Annotated[
        str | None,
        typer.Option(metavar="N,N,...", help="Seeds at which it may stop.", show_default="5,8,12,20"),
    ] = None,
    metric: Metric = None,
    equivalence: Equivalence = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; never overwritten.")] = Path(
        "plan.toml"
    ),
) -> None:
    """Write down, before the first run, how runs that augexp does not train will be judged.

    `augexp judge --plan` then may stop at planned looks, with narrower intervals than without a plan.

    Examples: augexp plan --arms none,augmix --paired --endpoint final --looks 5,8,12,20 -o plan.toml
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light

    numbers = None
    if looks is not None:
        try:
            numbers = [int(part) for part in looks.split(",")]
        except ValueError:
            raise typer.BadParameter(
                f"received {looks!r}; allowed are increasing whole numbers like 5,8,12,20", param_hint="--looks"
            ) from None
    written = api.write_plan(
        output,
        [part.strip() for part in arms.split(",") if part.strip()],
        design=_design(paired),
        endpoint=endpoint,
        baseline=baseline,
        seeds=seeds,
        looks=numbers,
        metric=metric,
        equivalence=equivalence,
    )
    typer.echo(written.path)


def overview(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results folders, or folders of results folders.")
    ],
    form: Annotated[str, typer.Option("--format", "-f", metavar="[html|md|csv]", help="What to make.")] = "html",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write.", show_default="overview.html; else stdout"),
    ] = None,
) -> None:
    """Put several answers on one page: one row each, all intervals on one axis. No claim is made across them.

    Examples: augexp overview results | augexp overview results/cats-dogs results/bedroom-kitchen --format md
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light

    if form not in api.OVERVIEW_FORMATS:
        allowed = ", ".join(api.OVERVIEW_FORMATS)
        raise typer.BadParameter(f"received {form!r}; allowed are {allowed}", param_hint="--format")
    text = api.overview(results, form)
    if output is None and form != "html":
        typer.echo(text, nl=False)
        return
    target = output or Path("overview.html")
    write_atomically(target, text, advice="free some space or choose another place with --output")
    typer.echo(target)
