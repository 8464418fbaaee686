"""Options that several commands share, declared once so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="An experiment .toml, an image folder, LSUN categories; nothing is the embedded sample.",
        show_default=False,
    ),
]
ResultsDir = Annotated[
    Path, typer.Option("--results-dir", envvar="AUGEXP_RESULTS_DIR", help="Where the results folders lie.")
]
DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="AUGEXP_DATA_DIR", help="Where downloads and prepared images lie.")
]
AUTO = 0
"""The number of jobs that asks cores and memory."""


def parse_jobs(text: str | int) -> int:
    """Read the value of ``--jobs``: a whole number, or `auto` (the same as 0)."""
    if str(text) == "auto":
        return AUTO
    try:
        number = int(text)
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
Name = Annotated[str | None, typer.Option(help="Name of the results folder.", show_default=False)]
Path_ = Annotated[
    Path | None, typer.Option("--path", help="The images' folder, in place of the definition's.", show_default=False)
]
ImageSize = Annotated[
    int | None, typer.Option(min=8, max=512, help="Side of the square images in pixels.", show_default=False)
]
Limit = Annotated[int | None, typer.Option(min=4, help="Read at most this many images per class.", show_default=False)]
TestSet = Annotated[
    str | None,
    typer.Option(
        "--test", metavar="[auto|official|held-out]", help="Where the test set comes from.", show_default=False
    ),
]
TrainPerClass = Annotated[
    int | None, typer.Option(min=2, help="Training images per class in one block.", show_default=False)
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the training images.", show_default=False)]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Images per optimiser step.", show_default=False)]
Model = Annotated[str | None, typer.Option(metavar="[small|tiny]", help="The network.", show_default=False)]
Precision = Annotated[
    str | None,
    typer.Option(metavar="[float32|mixed_bfloat16]", help="Arithmetic of the network.", show_default=False),
]
RootSeed = Annotated[
    int | None, typer.Option(min=0, help="Changes every random draw of the experiment.", show_default=False)
]
Pictures = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Put photos into figures and report, or leave all out.")
]

DATA_DIR = Path("data")
RESULTS_DIR = Path("results")


DEFINITION = (
    *("arms", "baseline", "seeds", "metric", "equivalence", "root_seed", "name", "path"),
    *("screen", "ablate", "strengths"),
    *("epochs", "batch_size", "model", "precision"),
    *("image_size", "limit", "test", "train_per_class"),
)
"""Options that change the definition; every other one only says how and where it is executed."""


def definition(given: Mapping[str, Any]) -> dict[str, Any]:
    """Pick from a command's arguments what the user said of the definition, as plain values.

    An option that was left out is None and means the value of the definition.
    """
    said = {key: given[key] for key in DEFINITION if given.get(key) is not None}
    if isinstance(said.get("arms"), str):
        said["arms"] = [arm.strip() for arm in said["arms"].split(",") if arm.strip()]
    if isinstance(said.get("strengths"), str):
        said["strengths"] = [_number(word) for word in said["strengths"].split(",") if word.strip()]
    if "path" in said:
        said["path"] = str(said["path"])
    return said


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise typer.BadParameter(
            f"received {word.strip()!r}; allowed are numbers with commas, like 0.5,1,2", param_hint="--strengths"
        ) from None
