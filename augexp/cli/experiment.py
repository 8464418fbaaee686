"""`augexp compare` and `augexp train`: execute runs and say what they show."""

from __future__ import annotations

from typing import Annotated

import typer

from augexp.cli import options as given
from augexp.cli.options import DATA_DIR, RESULTS_DIR
from augexp.engines.registry import ENGINES


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command(short_help="Train all arms with all seeds, and answer.")(compare)
    app.command(short_help="Train one arm with one seed.")(train)


def compare(
    source: given.Source = None,
    arms: Annotated[
        str | None,
        typer.Option(help="Policies to compare, by name, with commas; the baseline is added.", show_default=False),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The arm that all others are compared with.", show_default=False)
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, help="A fixed number of seeds, instead of planned looks at 5, 8, 12, 20.", show_default=False
        ),
    ] = None,
    epochs: given.Epochs = None,
    image_size: given.ImageSize = None,
    batch_size: given.BatchSize = None,
    train_per_class: given.TrainPerClass = None,
    limit: given.Limit = None,
    test: given.TestSet = None,
    model: given.Model = None,
    precision: given.Precision = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="[auto|accuracy|balanced_accuracy]", help="What is compared.", show_default=False),
    ] = None,
    equivalence: Annotated[
        float | None,
        typer.Option(help="Differences up to this many percentage points count as none.", show_default=False),
    ] = None,
    screen: Annotated[
        bool | None,
        typer.Option(
            "--screen/--no-screen",
            help="Rank the policies with 3 seeds on half of the test images, confirm the best two with fresh seeds on "
            "the other half; by itself with planned looks and more than 3 policies.",
            show_default=False,
        ),
    ] = None,
    ablate: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY", help="Compare a policy with itself without each of its operations.", show_default=False
        ),
    ] = None,
    strengths: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Compare strengths of the policy in --arms (or of standard), like 0.5,1,2: is stronger better?",
            show_default=False,
        ),
    ] = None,
    root_seed: given.RootSeed = None,
    name: given.Name = None,
    path: given.Path_ = None,
    jobs: given.Jobs = given.AUTO,
    engine: Annotated[str, typer.Option(metavar=f"[{'|'.join(ENGINES)}]", help="Where the runs execute.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Address of the Ray cluster (with --engine ray).", show_default=False)
    ] = None,
    results_dir: given.ResultsDir = RESULTS_DIR,
    data_dir: given.DataDir = DATA_DIR,
    pictures: given.Pictures = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    quiet: given.Quiet = False,
) -> None:
    """Train every arm with every seed, then answer: does it help, by how much, how sure is that?

    Runs that are already there are not repeated: after a crash, or with more seeds, the same command
    goes on. Without --seeds it looks at the evidence after 5, 8, 12 and 20 seeds and stops as soon as
    the verdict is decided.

    Examples: augexp compare | augexp compare my-photos/ --arms standard,randaugment | augexp compare
    bedroom kitchen | augexp compare experiments/cats-dogs.toml --seeds 8
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.progress import show  # noqa: PLC0415

    definition = api.define(source or (), **given.definition(locals()))
    with show(quiet) as progress:
        comparison = api.compare(
            definition,
            results_dir=results_dir,
            data_dir=data_dir,
            jobs=jobs,
            engine=engine,
            address=address,
            pictures=pictures,
            progress=progress,
        )
    if as_json:
        typer.echo(api.render(comparison, "json"), nl=False)
    else:
        from augexp.cli.answer import print_comparison  # noqa: PLC0415

        print_comparison(comparison, results_dir / comparison.name)
    if not comparison.complete:
        raise typer.Exit(1)


def train(
    source: given.Source = None,
    augment: Annotated[
        bool | None,
        typer.Option("--augment/--no-augment", help="The `standard` arm, or `none`.", show_default=False),
    ] = None,
    arm: Annotated[str | None, typer.Option(help="The policy to train with, by name.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Number of the block.")] = 0,
    epochs: given.Epochs = None,
    image_size: given.ImageSize = None,
    batch_size: given.BatchSize = None,
    train_per_class: given.TrainPerClass = None,
    limit: given.Limit = None,
    test: given.TestSet = None,
    model: given.Model = None,
    precision: given.Precision = None,
    root_seed: given.RootSeed = None,
    name: given.Name = None,
    path: given.Path_ = None,
    save_model: Annotated[bool, typer.Option(help="Keep the trained network as model.keras.")] = True,
    results_dir: given.ResultsDir = RESULTS_DIR,
    data_dir: given.DataDir = DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
    quiet: given.Quiet = False,
) -> None:
    """Train one arm with one seed; `augexp compare` later makes use of the run.

    Examples: augexp train --augment | augexp train my-photos/ --no-augment --seed 3 | augexp train
    bedroom kitchen --arm mixup
    """
    from augexp import api  # noqa: PLC0415 - keeps --help light
    from augexp.cli.answer import print_run  # noqa: PLC0415
    from augexp.cli.progress import show  # noqa: PLC0415
    from augexp.experiment import command_line  # noqa: PLC0415 - keeps --help light

    if augment is not None and arm is not None:
        raise typer.BadParameter("received both; name the arm with --arm, or say --augment or --no-augment")
    chosen = arm or ("none" if augment is False else "standard")
    said = given.definition(locals())
    definition = api.define(source or (), **{**said, "arms": [chosen]})
    with show(quiet) as progress:
        record = api.train(
            definition,
            arm=chosen,
            seed=seed,
            save_model=save_model,
            results_dir=results_dir,
            data_dir=data_dir,
            progress=progress,
        )
    if chosen not in api.define(source or ()).plan.arms:
        said["arms"] = [chosen]
    places = {"--results-dir": (results_dir, RESULTS_DIR), "--data-dir": (data_dir, DATA_DIR)}
    moved = {option: str(place) for option, (place, usual) in places.items() if place != usual}
    print_run(record, command_line.following(source or [], said, moved), as_json=as_json)
    if not record.finished:
        raise typer.Exit(1)
