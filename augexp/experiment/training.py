"""Which network and which budget: the `training` section of a definition, equal in every arm."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from augexp.experiment import networks
from augexp.experiment.budget import AUTO, FIRST_HORIZON, LONGEST
from augexp.experiment.plan import Frozen


class Training(Frozen):
    """The network and its budget, equal in every arm.

    Attributes:
        model: a network of `augexp.training.models` (`small` is convolutional, `residual` is also normalised,
            `smallnet` is that of Perez & Wang 2017), one of keras.applications by its name, a saved network
            ``FILE.keras``, or ``FILE.py:FUNCTION``, a function of (image size, number of classes) that returns a
            keras.Model; see `augexp.experiment.networks`.
        epochs: passes over the training draw; steps = epochs x (images // batch_size). `auto` lets the validation
            images choose the budget of every arm, see `augexp.analysis.budget`.
        batch_size: images per optimiser step; an incomplete last batch is dropped.
        optimizer: `adam` (Kingma & Ba 2014), `adamw` (Loshchilov & Hutter 2017, arXiv 1711.05101) or `sgd`.
        learning_rate: of the optimiser, before the schedule.
        weight_decay: share of every trained number, times the learning rate, that a step takes away (`adamw`, `sgd`).
        momentum: of `sgd`.
        label_smoothing: share of each training target that is spread over all classes (Szegedy et al. 2015, arXiv
            1512.00567); losses of evaluations have plain targets.
        schedule: `constant`, or `cosine` decay to zero over a fixed budget after the warm-up; with it the final epoch
            alone is a result, and any other budget takes runs of its own.
        warmup: epochs in which the learning rate first rises in a line from nearly zero.
        precision: `float32`, or `mixed_bfloat16` arithmetic with float32 weights.
        probe: number of training images, un-augmented, whose accuracy is measured each epoch.
        test_curve: write the accuracy on the test images down after every epoch; no verdict rests on it.
        weights: of a network of keras.applications: `imagenet`, where nothing is said; `none` draws them anew for
            every seed; or a file of weights without a head, ``FILE.weights.h5``.
        tune: what is trained: `all`, or the `head` alone, on features that a frozen backbone has computed once for
            every image and view.
        views: V, augmented versions of each training image with ``tune = "head"``; epoch e shows view e mod V.
        model_digest, weights_digest: 32 hex digits over the content of the file that `model`, `weights` names; filled
            in by `augexp.define`.
    """

    LATER = (
        *("optimizer", "weight_decay", "momentum", "label_smoothing", "warmup"),
        *("weights", "tune", "views", "model_digest", "weights_digest", "test_curve"),
    )

    model: str = "small"
    epochs: int | Literal["auto"] = AUTO
    batch_size: int = Field(default=32, ge=1, le=4096)
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = Field(default=1e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(default=0.0, ge=0.0, le=1.0)
    momentum: float = Field(default=0.0, ge=0.0, lt=1.0)
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0)
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: int = Field(default=0, ge=0)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    probe: int = Field(default=500, ge=1)
    test_curve: bool = False
    weights: str | None = None
    tune: Literal["all", "head"] = "all"
    views: int = Field(default=40, ge=1, le=1000)
    model_digest: str | None = None
    weights_digest: str | None = None

    @field_validator("model")
    @classmethod
    def _known(cls, model: str) -> str:
        networks.kind_of(model)
        return model

    @field_validator("epochs", mode="before")
    @classmethod
    def _is_a_budget(cls, value: Any) -> Any:
        if value != AUTO and (type(value) is not int or not 1 <= value <= LONGEST):
            raise ValueError(f"received {value!r}; allowed are whole numbers from 1 to {LONGEST:,}, or {AUTO!r}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.weight_decay and self.optimizer == "adam":
            raise ValueError(f"weight_decay: received {self.weight_decay} with adam; allowed with adamw and sgd")
        if self.optimizer == "adamw" and not self.weight_decay:
            raise ValueError("weight_decay: received 0 with adamw, which is adam; allowed are numbers above, like 0.01")
        if self.momentum and self.optimizer != "sgd":
            raise ValueError(f"momentum: received {self.momentum} with {self.optimizer}; allowed with sgd")
        if self.auto and self.schedule != "constant":
            raise ValueError(
                f"schedule: received {self.schedule!r} with epochs = 'auto'; where the learning rate decays, only the "
                "final epoch is a result: name the epochs, or leave the schedule at 'constant'"
            )
        if self.warmup >= self.schedule_epochs:
            raise ValueError(
                f"warmup: received {self.warmup} of {self.schedule_epochs} epochs; allowed are 0 to "
                f"{self.schedule_epochs - 1}"
            )
        networks.check(self, views=self.views != type(self).model_fields["views"].default)
        return self

    @property
    def auto(self) -> bool:
        """Whether the validation images choose the budget."""
        return self.epochs == AUTO

    @property
    def schedule_epochs(self) -> int:
        """The epochs over which schedule and warm-up are laid out: the fixed budget, or the first horizon."""
        return FIRST_HORIZON if isinstance(self.epochs, str) else self.epochs

    def identity(self) -> dict[str, Any]:
        """Return what makes runs comparable: a file by what it holds, not by its name and place."""
        values: dict[str, Any] = self.model_dump(mode="json")
        for key in networks.DIGESTS:
            value = getattr(self, key)
            if networks.is_file(key, value):
                path, rest = networks.split(value)
                values[key] = Path(path).suffix + rest
        return values

    @property
    def constant_rate(self) -> bool:
        """Whether every step has the same learning rate."""
        return self.schedule == "constant" and not self.warmup

    def describe_optimizer(self) -> str:
        """Say optimiser, learning rate, and what else of the recipe is not zero, for the ledger of a run."""
        further = {
            "weight decay": self.weight_decay,
            "momentum": self.momentum,
            "label smoothing": self.label_smoothing,
        }
        parts = [f"{self.optimizer} {self.learning_rate!r}", *(f"{name} {n!r}" for name, n in further.items() if n)]
        return ", ".join(parts)

    def describe_tune(self) -> str:
        """Say what is trained, for the ledger of a run; empty where it is the whole network."""
        if self.tune == "all":
            return ""
        views = "1 view" if self.views == 1 else f"{self.views} views"
        return f"the head, on features of a frozen backbone; {views} of each image that is augmented"

    def describe_schedule(self) -> str:
        """Say schedule and warm-up, for the ledger of a run."""
        epochs = f"{self.warmup} epoch{'s' if self.warmup > 1 else ''}"
        return f"{self.schedule} after {epochs} of warm-up" if self.warmup else self.schedule
