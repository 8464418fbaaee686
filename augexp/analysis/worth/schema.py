"""The models of the answer: what ``worth.json`` holds. Accuracies are in percent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from augexp.analysis.schema import Missing
from augexp.analysis.values import Metric
from augexp.results.manifests import Horizon


class _WorthValue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class ArmAtSize(_WorthValue):
    """The runs of one arm at one size.

    Attributes:
        arm: name of the policy.
        mean: test metric in percent, mean over the seeds.
        accuracies: of every seed, in the order of `Worth.seeds`.
        epochs: at which each seed was judged; with automatic budgets the own best ones, chosen by the other seeds.
        images_trained: images that all its runs were trained on up to their horizon, repetitions counted.
        seconds: wall time of all its runs, added; None where not known.
    """

    arm: str
    mean: float
    accuracies: tuple[float, ...]
    epochs: tuple[int, ...]
    images_trained: int
    seconds: float | None = None


class TrainingSize(_WorthValue):
    """One size of the training set.

    Attributes:
        factor: multiple of the photos at which augmentation is judged.
        images: that a run is trained on.
        arms: the un-augmented one first.
        horizon: how far the runs went; None with a fixed budget.
    """

    factor: float
    images: int
    arms: tuple[ArmAtSize, ...]
    horizon: Horizon | None = None


class SeedWorth(_WorthValue):
    """What augmentation is worth in one seed.

    Attributes:
        seed: number of the block.
        accuracy: of the augmented run in percent.
        doublings: log2 of `factor`: x_s.
        factor: the size, as a multiple, at which the seed's own un-augmented curve reaches that accuracy; where it
            is censored, the largest or the smallest size.
        censored: `above`: no size of the grid reaches it; `below`: the smallest one is above it already.
    """

    seed: int
    accuracy: float
    doublings: float
    factor: float
    censored: Literal["none", "above", "below"]


class Factors(_WorthValue):
    """An interval of multiples of the photos; None where it has no end within the sizes that were trained."""

    low: float | None
    high: float | None


class Cost(_WorthValue):
    """What was trained, in images that were trained on (repetitions counted), and in wall time.

    Attributes:
        images_trained: by all runs.
        plain: by the two arms at the size at which augmentation is judged: a plain comparison.
        ratio: of the two.
        seconds: wall time of all runs, added; None where not known.
    """

    images_trained: int
    plain: int
    ratio: float
    seconds: float | None = None


class Worth(_WorthValue):
    """The whole answer.

    Attributes:
        schema_version: of this structure.
        augexp: version that computed it.
        name: of the experiment.
        experiment_hash: at the size at which augmentation is judged.
        source: what the images are.
        synthetic: whether they are drawn.
        classes: their names.
        baseline, arm: the un-augmented arm, and the one whose worth it is.
        metric: `accuracy`, `balanced_accuracy` or `auroc`.
        images: N, training photos at which augmentation is judged.
        test_images: near-duplicates counted once.
        draws: how the training draws of the seeds relate.
        seeds: that the answer rests on.
        rule: how the number of seeds was decided: `fixed`, or `anytime` where it was changed after the first runs.
        t: what multiplies the standard error of the seeds; None with fewer than three seeds.
        sizes: in ascending order.
        by_seed: in the order of `seeds`.
        doublings: mean of x_s; None where it lies beyond the sizes or cannot be told.
        factor: k = 2 ** doublings.
        beyond: where most seeds lie, if `factor` is None: `above` or `below` all sizes; empty if that is not known.
        interval: 95 % interval of k for these test images; None where there is none.
        answer: k with its interval, as it stands in sentences.
        sentence: the sentence of record.
        cost: of all runs.
        missing: runs that are not there; then there is no answer.
        warnings: what has to be read with it.
        command: that repeats it.
        data: content of ``store.json``.
        environment: versions and processors of the runs.
        definition: at the size at which augmentation is judged.
    """

    schema_version: Literal[1] = 1
    augexp: str
    name: str
    experiment_hash: str
    source: str
    synthetic: bool
    classes: tuple[str, ...]
    baseline: str
    arm: str
    metric: Metric
    images: int
    test_images: int
    draws: str
    seeds: tuple[int, ...]
    rule: Literal["fixed", "looks", "anytime"]
    t: float | None
    sizes: tuple[TrainingSize, ...]
    by_seed: tuple[SeedWorth, ...]
    doublings: float | None
    factor: float | None
    beyond: Literal["above", "below", ""]
    interval: Factors | None
    answer: str
    sentence: str
    cost: Cost
    missing: tuple[Missing, ...]
    warnings: tuple[str, ...]
    command: str
    data: dict[str, Any]
    environment: dict[str, str]
    definition: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return not self.missing
