"""What is compared, how often, and what counts as a difference: the part of a definition that a verdict rests on."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from augexp.experiment.budget import LONGEST, MAX_EPOCHS

LOOKS = (5, 8, 12, 20)
"""Numbers of seeds at which a planned comparison may stop."""

MANY_POLICIES = 3
"""Policies above which planned looks begin with a screening."""

SCREENING_SEEDS = 3
"""Seeds of a screening; the confirmation takes the ones after them."""

DRAWS = LOOKS[-1] + SCREENING_SEEDS
"""Disjoint training draws that a store provides for, where there are as many images."""

SLUG = r"^[a-z0-9][a-z0-9._@-]{0,62}$"
"""Names that become folder names: lower case, so that they differ on every file system."""

Slug = Annotated[str, Field(pattern=SLUG)]


class Frozen(BaseModel):
    """A part of the definition: immutable, unknown keys are errors, nothing is coerced.

    Attributes:
        LATER: keys that older definitions do not have. They are left out of every dump, and so of hashes and files,
            where they have their defaults: an experiment that does not use them stays the one that it was before they
            existed, and its runs are not repeated.
    """

    LATER: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_serializer(mode="wrap")
    def _leave_out_later_keys(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        defaults = {key: type(self).model_fields[key].default for key in self.LATER}
        return {key: value for key, value in serialize(self).items() if key not in defaults or value != defaults[key]}


class Asked(Frozen):
    """What was asked for when policies are screened: the two stages are made from it, and it is what is repeated.

    Attributes:
        name: of the results folder.
        arms, seeds, screen: of the plan.
    """

    name: Slug
    arms: tuple[Slug, ...]
    seeds: int | None = None
    screen: bool | None = None


_NO_INTERVAL = "its interval holds for these test images alone, and the verdict is about new ones"
"""Why a measure cannot be the primary metric; see docs/measures.md."""


class Plan(Frozen):
    """What is compared, how often, and what counts as a difference.

    Attributes:
        arms: names of policies, the baseline among them.
        baseline: the arm that every other arm is compared with.
        seeds: a fixed number of seeds; None takes the planned `looks`.
        looks: numbers of seeds at which the comparison may stop.
        metric: `auto` takes balanced accuracy where the test classes differ in size; `auroc` is one class against
            the rest, the mean over the classes unless `positive` names one.
        equivalence: r, half-width of the region of practical equivalence in percentage points.
        screen: whether few seeds on one half of the test images choose the policies that are then
            confirmed with fresh seeds on the other half; None where planned looks would compare more than three.
        stage: `screening` and `confirmation` are the two parts of that; `whole` is neither.
        screened: in a confirmation, the policies that were screened, the best one first.
        asked: in both stages, what was asked for.
        max_epochs: cap of the horizon where ``epochs = "auto"``.
        horizon: epochs to which every run goes where ``epochs = "auto"``, whether an arm still gains or not; in a
            confirmation, the horizon that the screening found.
        positive: the class whose AUROC, average precision, F1 and sensitivity are measured; None takes the mean over
            the classes.
        repeats: with folds, a fixed number of repeats in place of `seeds`; `looks` then are numbers of repeats too.
    """

    LATER = ("max_epochs", "horizon", "repeats", "positive")

    arms: tuple[Slug, ...] = ("none", "standard")
    baseline: Slug = "none"
    seeds: int | None = Field(default=None, ge=1, le=1000)
    looks: tuple[int, ...] = LOOKS
    metric: Literal["auto", "accuracy", "balanced_accuracy", "auroc"] = "auto"
    equivalence: float = Field(default=0.5, gt=0.0, le=50.0)
    screen: bool | None = None
    stage: Literal["whole", "screening", "confirmation"] = "whole"
    screened: tuple[Slug, ...] = ()
    asked: Asked | None = None
    max_epochs: int = Field(default=MAX_EPOCHS, ge=1, le=LONGEST)
    horizon: int | None = Field(default=None, ge=1, le=LONGEST)
    repeats: int | None = Field(default=None, ge=1, le=200)
    positive: str | None = None

    @field_validator("metric", mode="before")
    @classmethod
    def _is_judged_by(cls, metric: Any) -> Any:
        if metric in ("average_precision", "f1", "sensitivity"):
            raise ValueError(
                f"received {metric!r}; allowed are auto, accuracy, balanced_accuracy and auroc: {metric} stands "
                f"among the measures of every answer, but {_NO_INTERVAL}"
            )
        return metric

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.baseline not in self.arms:
            raise ValueError(f"baseline: received {self.baseline!r}, which is not one of the arms {list(self.arms)}")
        if len(set(self.arms)) != len(self.arms):
            raise ValueError(f"arms: an arm is named twice in {list(self.arms)}")
        if list(self.looks) != sorted(set(self.looks)) or not self.looks or self.looks[0] < 2:
            raise ValueError(f"looks: received {list(self.looks)}; allowed are increasing numbers from 3")
        self._check_stage()
        return self

    def _check_stage(self) -> None:
        policies = [arm for arm in self.arms if arm != self.baseline]
        good = {
            "whole": self.asked is None and not self.screened,
            "screening": self.asked is not None
            and not self.screened
            and self.horizon is None
            and self.seeds == SCREENING_SEEDS,
            "confirmation": self.asked is not None
            and len(set(self.screened)) == len(self.screened)
            and set(policies) <= set(self.screened) <= set(self.asked.arms) - {self.baseline},
        }
        if not good[self.stage]:
            raise ValueError(
                f"stage: received {self.stage!r} with other seeds, arms, screened, horizon or asked than augexp writes;"
                " leave all of them out and say screen = true"
            )

    def definition(self) -> dict[str, Any]:
        """Return what the verdict is planned with, as JSON values.

        What was asked for is no part of it, and no stage where none chose the arms: such plans keep their hashes.
        """
        values = self.model_dump(mode="json", exclude={"screen", "asked"})
        if self.stage == "whole":
            del values["stage"], values["screened"]
        return values

    def blocks(self, count: int) -> range:
        """Return the seeds of the first `count` blocks."""
        first = SCREENING_SEEDS if self.stage == "confirmation" else 0
        return range(first, first + count)

    @property
    def fixed(self) -> int | None:
        """The fixed number of seeds, or with folds of repeats; None with planned looks."""
        return self.seeds if self.seeds is not None else self.repeats

    @property
    def first_look(self) -> int:
        """The number of seeds, or of repeats, after which there is an answer for the first time."""
        return self.fixed if self.fixed is not None else self.looks[0]

    @property
    def max_seeds(self) -> int:
        """The number of seeds, or of repeats, that the plan may reach."""
        return self.fixed if self.fixed is not None else self.looks[-1]
