"""The options that change a definition, each said once: for the command line, for `augexp.define`, for the report.

A row of `OPTIONS` names a key of the models and explains it. Its type, its bounds and its allowed words are read from
the model (`Data`, `Training`, `Plan`, `Experiment`), so a new option for a key that is there already is one row.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from augexp.experiment.budget import AUTO, LONGEST
from augexp.experiment.definition import Experiment

STUDY = "study"
"""Section of the options that no model has a key for: `augexp.experiment.studies` makes arms and policies of them."""


@dataclass(frozen=True)
class Option:
    """Something of a definition that can be changed.

    Attributes:
        place: where it lies in the models: section and key (``training.epochs``), or a key of `Experiment` alone.
        help: the sentence in the help of the command line; empty where it can only be changed from Python.
        metavar: stands for the value in the help where type and allowed words do not say enough.
        parse: makes the value from the text of the command line; raises ValueError that says what is allowed.
    """

    place: str
    help: str = ""
    metavar: str | None = None
    parse: Callable[[str], Any] | None = None

    @property
    def section(self) -> str:
        """`data`, `training`, `plan` or `study`; empty for a key of `Experiment` itself."""
        return self.place.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key: the argument of `augexp.define`."""
        return self.place.rpartition(".")[2]

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def field(self) -> FieldInfo | None:
        """The field of the model; None for an option of a study."""
        if self.section == STUDY:
            return None
        model: type[BaseModel] = Experiment
        if self.section:
            (model,) = _without_none(Experiment.model_fields[self.section].annotation)
        return model.model_fields[self.name]

    @property
    def kind(self) -> Any:
        """What the model takes beside None, by its annotation: a type, or a Literal; `str` for what is parsed."""
        if self.field is None or self.parse is not None:
            return str
        (kind,) = _without_none(self.field.annotation)
        return kind

    @property
    def words(self) -> tuple[str, ...]:
        """The allowed words; empty where the model does not list them."""
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The smallest and the largest whole number; None without one, or where the model excludes the bound itself."""
        rules = self.field.metadata if self.field is not None and self.kind is int else ()
        low, high = ([getattr(rule, side) for rule in rules if hasattr(rule, side)] for side in ("ge", "le"))
        return (*low, None)[0], (*high, None)[0]


def _without_none(annotation: Any) -> list[Any]:
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return [part for part in parts if part is not types.NoneType]


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _epochs(text: str) -> int | str:
    if text != AUTO and not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST):
        raise ValueError(f"received {text!r}; allowed are {AUTO!r} and whole numbers from 1 to {LONGEST:,}")
    return text if text == AUTO else int(text)


def _numbers(text: str) -> list[float]:
    return [_number(word) for word in _split(text)]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"received {word!r}; allowed are numbers with commas, like 0.5,1,2") from None


OPTIONS = (
    Option("plan.arms", "Policies to compare, by name, with commas; the baseline is added.", parse=_split),
    Option("plan.baseline", "The arm that all others are compared with."),
    Option("plan.seeds", "A fixed number of seeds, instead of planned looks at 5, 8, 12, 20."),
    Option("data.folds", "Make every image a test image: each of so many parts is the test set of one fit."),
    Option("plan.repeats", "With --folds: a fixed number of repeats of all folds, instead of looks at 2, 3, 4."),
    Option(
        "training.epochs",
        "Passes over the training images, equal in every arm; auto, the default for your own images: each arm at the "
        "budget that validation images choose for it.",
        metavar="[auto|N]",
        parse=_epochs,
    ),
    Option("plan.max_epochs", "With --epochs auto: epochs that no run goes beyond."),
    Option("data.image_size", "Side of the square images in pixels."),
    Option("training.batch_size", "Images per optimiser step."),
    Option("data.limit", "Read at most this many images per class."),
    Option("data.test", "Where the test set comes from."),
    Option("data.train_per_class", "Training images per class in one block."),
    Option("data.near_duplicates", "Which images that look alike are kept on one side of a split."),
    Option("data.fit", "How a picture that is not square becomes so."),
    Option("data.file_column", "Column of a table that names the image files, if not file_name.", metavar="COLUMN"),
    Option("data.label_column", "Column of a table with the classes, if not label.", metavar="COLUMN"),
    Option("data.split_column", "Column of a table with the splits, if not split.", metavar="COLUMN"),
    Option(
        "data.group_column",
        "Column of a table that says which images belong together (patient, camera), if not group.",
        metavar="COLUMN",
    ),
    Option(
        "data.group_from",
        "Regular expression for the images' paths: what its first group matches says which images belong together.",
        metavar="REGEX",
    ),
    Option(
        "training.model",
        "The network: small, residual, smallnet, one of keras.applications, a saved FILE.keras, or FILE.py:FUNCTION.",
        metavar="NETWORK",
        parse=str,
    ),
    Option(
        "training.weights",
        "Of a network of keras.applications: imagenet (the default), none, or FILE.weights.h5.",
        metavar="[imagenet|none|FILE]",
        parse=str,
    ),
    Option("training.tune", "What is trained: all, or the head on features that a frozen backbone computes once."),
    Option("training.views", "Augmented versions of each image with --tune head."),
    Option("training.optimizer", "The optimiser."),
    Option("training.learning_rate", "Learning rate of the optimiser, before the schedule."),
    Option("training.weight_decay", "Share of the weights, times the learning rate, that a step takes away."),
    Option("training.momentum", "Momentum of sgd."),
    Option("training.label_smoothing", "Share of each training target that is spread over all classes."),
    Option("training.schedule", "Course of the learning rate."),
    Option("training.warmup", "Epochs in which the learning rate first rises in a line."),
    Option("training.precision", "Arithmetic of the network."),
    Option("plan.metric", "What is compared."),
    Option("plan.positive", "The class whose AUROC, average precision, F1 and sensitivity are measured."),
    Option("plan.equivalence", "Differences up to this many percentage points count as none."),
    Option(
        "plan.screen",
        "Rank the policies with 3 seeds on half of the test images, confirm the best two with fresh seeds on the other "
        "half; by itself with planned looks and more than 3 policies.",
    ),
    Option("study.ablate", "Compare a policy with itself without each of its operations.", metavar="POLICY"),
    Option(
        "study.strengths",
        "Compare strengths of the policy in --arms (or of standard), like 0.5,1,2: is stronger better?",
        metavar="LIST",
        parse=_numbers,
    ),
    Option("root_seed", "Changes every random draw of the experiment."),
    Option("name", "Name of the results folder."),
    Option(
        "data.path",
        "The images' folder, in place of the definition's.",
        metavar="<path>",
        parse=lambda text: str(Path(text)),
    ),
    Option("plan.looks"),
    Option("plan.horizon"),
    Option("training.probe"),
    Option("data.train_factor"),
    Option("training.test_curve"),
    Option("data.test_per_class"),
    Option("data.validation_per_class"),
    Option("data.max_skipped"),
)
"""In the order of the help. `policies`, which only a file or Python can say, is a key of `Experiment` without a row."""

BY_NAME = {option.name: option for option in OPTIONS}


def on_command_line(places: Iterable[str]) -> Iterator[Option]:
    """Yield the options that a command takes, by section (`training`; empty for the top) or by place (`data.path`)."""
    chosen = set(places)
    return (option for option in OPTIONS if option.help and chosen & {option.section, option.place})


def sections(changes: dict[str, Any]) -> dict[str, Any]:
    """Sort changes by key into the sections of `Experiment.replace`; a key without a row stays at the top."""
    by_section: dict[str, Any] = {}
    for key, value in changes.items():
        section = BY_NAME[key].section if key in BY_NAME else ""
        (by_section.setdefault(section, {}) if section else by_section)[key] = value
    return by_section
