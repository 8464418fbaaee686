"""The values that the models of a comparison are made of: intervals, counts, measures, what to buy next."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from augexp.analysis.folds.schema import FoldsOutlook

Tone = Literal["helps", "hurts", "same", "open"]
Metric = Literal["accuracy", "balanced_accuracy", "auroc"]


class Value(BaseModel):
    """Base of every model of a comparison: frozen, without unknown keys."""

    # What is written always has every field, also one with a default.
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Interval(Value):
    """An interval in the unit of what it belongs to."""

    low: float
    high: float


class Look(Value):
    """How many seeds there are, and what that number was planned as.

    Attributes:
        rule: `fixed` in the plan, `looks` (planned) or `anytime` (extended or edited after the first pair).
        seeds: paired seeds that the answer rests on.
        number: which look this is, from 1; None without planned looks.
        looks: the planned looks; empty without.
        alpha: the nominal error probability of each interval, after looks and comparisons.
        comparisons: number of comparisons against the baseline that hold together.
        t: quantile that multiplies the standard error of the seeds; None where it is infinite or not the same for all.
        z: quantile that multiplies the standard error of the images.
    """

    rule: Literal["fixed", "looks", "anytime"]
    seeds: int
    number: int | None = None
    looks: tuple[int, ...] = ()
    alpha: float
    comparisons: int
    t: float | None = None
    z: float


class Components(Value):
    """The parts of the variance of one difference, in squared percentage points.

    Attributes:
        n: seeds.
        m: test images, near-duplicates counted once.
        seeds: V_A, of the seeds and the seed x image interaction.
        images: V_B, of the images.
        residual: V_E, of the interaction alone.
    """

    n: int
    m: int
    seeds: float
    images: float
    residual: float


class Wins(Value):
    """In how many seeds the arm was better.

    Attributes:
        wins, ties, n: counts.
        low, high: 95 % Clopper-Pearson interval of the probability of a win, ties left out.
        chance: probability of at least so many wins where neither arm is better.
    """

    wins: int
    ties: int
    n: int
    low: float
    high: float
    chance: float


class Measure(Value):
    """One quantity in both arms and its paired difference.

    Attributes:
        key: `accuracy`, `balanced_accuracy`, `log_loss`, `brier`, `calibration_error`, `auroc`, `average_precision`,
            `sensitivity`, `f1`, or a class.
        name: with the unit.
        images: test images behind it.
        baseline, arm: mean over the seeds.
        difference: arm minus baseline.
        interval: 95 % interval of the difference; None where there is none.
        scope: what the interval holds for.
        p: of no difference, with Holm's correction over the classes where it is a class.
    """

    key: str
    name: str
    images: int
    baseline: float
    arm: float
    difference: float
    interval: Interval | None = None
    scope: Literal["new images", "these images"]
    p: float | None = None


class Gain(Value):
    """The paired difference of validation accuracy by epoch, in pp.

    Attributes:
        mean, low, high: one value per epoch; low and high are None with fewer than three seeds.
        pairs: number of seeds.
        ahead_from: first epoch from which the mean stays above zero; None where it does not.
        surely_ahead_from: the same for the lower end of the band.
        slope: pp per epoch over the last third of the budget, with its 95 % interval.
        slope_interval: see `slope`.
        still_gaining: whether that slope is above zero beyond doubt.
    """

    mean: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    pairs: int
    ahead_from: int | None = None
    surely_ahead_from: int | None = None
    slope: float | None = None
    slope_interval: Interval | None = None
    still_gaining: bool = False


class EqualBudget(Value):
    """What both arms give after the same number of epochs, on test images.

    Attributes:
        epochs: of either arm.
        baseline, arm: mean primary metric over the seeds, in percent.
        difference: arm minus baseline, in pp.
        differences: the same per seed.
        interval: 95 % interval of the difference, as if this budget alone had been planned; None where there is none.
        scope: what the interval holds for.
    """

    epochs: int
    baseline: float
    arm: float
    difference: float
    differences: tuple[float, ...]
    interval: Interval | None = None
    scope: Literal["new images", "these images"]


class Outlook(Value):
    """What would narrow the interval for new images.

    Attributes:
        half_width: now, in pp.
        image_floor: half-width that no number of seeds can go below with these test images.
        with_seeds: half-width by number of seeds, with these test images.
        with_images: half-width by number of test images, with these seeds.
        sd_seeds: standard deviation of the per-seed differences in pp.
        sd_upper: its 80 % upper limit, which seeds are planned with.
        seeds_needed: for 80 % power to see a difference as large as the estimate; None beyond 1000.
        buy: `nothing`, `seeds` or `images`.
        folds: what folds would give; None where they are there, or cannot be.
    """

    half_width: float
    image_floor: float
    with_seeds: dict[int, float]
    with_images: dict[int, float]
    sd_seeds: float
    sd_upper: float
    seeds_needed: int | None = None
    buy: Literal["nothing", "seeds", "images"]
    folds: FoldsOutlook | None = None
