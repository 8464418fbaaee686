"""`augexp download`, `augexp index`, `augexp preview`, `augexp export-policy`: images before training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from augexp.cli.parameters import DATA_DIR, RESULTS_DIR, Changes, DataDir, Jobs, Quiet, ResultsDir, Source


def download(
    categories: Annotated[
        list[str] | None, typer.Argument(metavar="CATEGORY", help="LSUN categories.", show_default=False)
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="[train|val|both]", help="Which archives; objects have no val.")
    ] = "both",
    catalogue: Annotated[bool, typer.Option("--list", help="Show all categories, sizes and what is here.")] = False,
    mirror: Annotated[
        list[str] | None,
        typer.Option(help="Base URL laid out like the official host; repeat for several.", show_default=False),
    ] = None,
    from_file: Annotated[
        Path | None, typer.Option(help="An archive that you fetched otherwise.", show_default=False)
    ] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Check size and SHA-256.")] = True,
    keep_archive: Annotated[bool, typer.Option(help="Keep the .zip after unpacking.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=4, help="Transfers side by side.")] = 2,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before large downloads.")] = False,
    data_dir: DataDir = DATA_DIR,
    quiet: Quiet = False,
) -> None:
    """Fetch LSUN categories, check every byte, unpack; broken off, the same command goes on.

    Examples: augexp download --list | augexp download church_outdoor classroom --split val | augexp
    download bedroom kitchen --yes
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli import download as terminal  # noqa: PLC0415
    from augexp.data.download.plan import plan_download  # noqa: PLC0415

    if catalogue:
        terminal.print_catalogue(data_dir)
        return
    if not categories and from_file is None:  # an archive tells by its name or size which one it is
        raise typer.BadParameter("name at least one LSUN category, or --list to see them all", param_hint="CATEGORY")
    order: dict[str, Any] = {"split": split, "data_dir": data_dir, "verify": verify}
    order |= {"keep_archive": keep_archive, "jobs": jobs}
    if from_file is None:
        terminal.announce(plan_download(categories or (), **order), quiet=quiet, ask=not yes)
    with terminal.bars(quiet) as progress:
        results = api.download(categories or (), mirrors=mirror or (), from_file=from_file, progress=progress, **order)
    terminal.print_results(results)


def index(
    source: Source = None,
    *,
    changes: Annotated[Changes, "data"],
    jobs: Jobs = 0,
    data_dir: DataDir = DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts of the prepared images as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Decode the images once, find duplicates, split; `train` and `compare` do this by themselves.

    Examples: augexp index my-photos/ --image-size 64 | augexp index bedroom kitchen --limit 10000
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.output import print_store  # noqa: PLC0415
    from augexp.cli.progress import show  # noqa: PLC0415

    experiment = api.define(source or (), **changes)
    with show(quiet) as progress:
        store = api.index(experiment, data_dir=data_dir, jobs=jobs, progress=progress)
    print_store(store, as_json=as_json)


def preview(
    source: Source = None,
    *,
    arm: Annotated[str, typer.Option(help="The policy, by name.")] = "standard",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Picture (.png, .svg) or page (.html).", show_default="samples-ARM.png"),
    ] = None,
    describe: Annotated[
        bool, typer.Option("--describe", help="Print the policy's operations and sources only.")
    ] = False,
    strength: Annotated[bool, typer.Option("--strength", help="Show every operation over its range.")] = False,
    draws: Annotated[int, typer.Option(min=1, max=12, help="Augmented versions of each original.")] = 6,
    changes: Annotated[Changes, "data.image_size", "data.path"],
    data_dir: DataDir = DATA_DIR,
    results_dir: ResultsDir = RESULTS_DIR,
    quiet: Quiet = False,
) -> None:
    """Show what an arm does to the images: originals and several augmented versions per class.

    Examples: augexp preview my-photos/ --arm randaugment | augexp preview --arm strong --describe
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.progress import show  # noqa: PLC0415

    experiment = api.define(source or (), **changes, arms=[arm])
    if describe:
        typer.echo(experiment.policy(arm).describe())
        return
    with show(quiet) as progress:
        target = api.preview(
            experiment,
            arm=arm,
            output=output,
            strength=strength,
            draws=draws,
            data_dir=data_dir,
            results_dir=results_dir,
            progress=progress,
        )
    typer.echo(target)


def export_policy(
    policy: Annotated[str, typer.Argument(help="A policy, by name.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="Experiment .toml that defines the policy.", show_default=False)
    ] = None,
) -> None:
    """Print the policy as Keras layers to paste into a model, and what they cannot express."""
    from augexp import api  # noqa: PLC0415 - keeps --help light

    typer.echo(api.export_policy(policy, source))
