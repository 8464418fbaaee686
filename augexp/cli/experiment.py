"""`augexp compare` and `augexp train`: execute runs and say what they show."""

from __future__ import annotations

from typing import Annotated

import typer

from augexp.cli.parameters import DATA_DIR, RESULTS_DIR, Changes, DataDir, Jobs, Pictures, Quiet, ResultsDir, Source
from augexp.engines.registry import ENGINES


def compare(
    source: Source = None,
    *,
    changes: Annotated[Changes, "", "data", "training", "plan", "study"],
    jobs: Jobs = 0,
    engine: Annotated[str, typer.Option(metavar=f"[{'|'.join(ENGINES)}]", help="Where the runs execute.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Address of the Ray cluster (with --engine ray).", show_default=False)
    ] = None,
    results_dir: ResultsDir = RESULTS_DIR,
    data_dir: DataDir = DATA_DIR,
    pictures: Pictures = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train every arm with every seed, then answer: does it help, by how much, how sure is that?

    Runs that are already there are not repeated: after a crash, or with more seeds, the same command
    goes on. Without --seeds it looks at the evidence after 5, 8, 12 and 20 seeds and stops as soon as
    the verdict is decided.

    Examples: augexp compare | augexp compare my-photos/ --arms standard,randaugment | augexp compare
    bedroom kitchen | augexp compare experiments/cats-dogs.toml --seeds 8
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.output import print_answer  # noqa: PLC0415
    from augexp.cli.progress import show  # noqa: PLC0415

    experiment = api.define(source or (), **changes)
    with show(quiet) as progress:
        comparison = api.compare(
            experiment,
            results_dir=results_dir,
            data_dir=data_dir,
            jobs=jobs,
            engine=engine,
            address=address,
            pictures=pictures,
            progress=progress,
        )
    print_answer(comparison, results_dir / comparison.name, as_json=as_json)


def train(
    source: Source = None,
    *,
    augment: Annotated[
        bool | None, typer.Option("--augment/--no-augment", help="The `standard` arm, or `none`.", show_default=False)
    ] = None,
    arm: Annotated[str | None, typer.Option(help="The policy to train with, by name.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Number of the block.")] = 0,
    changes: Annotated[Changes, "", "data", "training"],
    save_model: Annotated[bool, typer.Option(help="Keep the trained network as model.keras.")] = True,
    results_dir: ResultsDir = RESULTS_DIR,
    data_dir: DataDir = DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train one arm with one seed; `augexp compare` later makes use of the run.

    Examples: augexp train --augment | augexp train my-photos/ --no-augment --seed 3 | augexp train
    bedroom kitchen --arm mixup
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.output import print_run  # noqa: PLC0415
    from augexp.cli.progress import show  # noqa: PLC0415
    from augexp.experiment import command_line  # noqa: PLC0415 - keeps --help light

    if augment is not None and arm is not None:
        raise typer.BadParameter("received both; name the arm with --arm, or say --augment or --no-augment")
    arm = arm or ("none" if augment is False else "standard")
    experiment = api.define(source or (), **changes, arms=[arm])
    with show(quiet) as progress:
        record = api.train(
            experiment,
            arm=arm,
            seed=seed,
            save_model=save_model,
            results_dir=results_dir,
            data_dir=data_dir,
            progress=progress,
        )
    if arm not in api.define(source or ()).plan.arms:
        changes["arms"] = [arm]
    places = {"--results-dir": (results_dir, RESULTS_DIR), "--data-dir": (data_dir, DATA_DIR)}
    moved = {option: str(place) for option, (place, usual) in places.items() if place != usual}
    print_run(record, command_line.next_command(source or [], changes, moved), as_json=as_json)
    if not record.finished:
        raise typer.Exit(1)
