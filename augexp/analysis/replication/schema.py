"""The models of a replication. Accuracies are in percent, differences in percentage points (pp)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from augexp.analysis.values import Interval

Status = Literal["confirmed", "contradicted", "undecidable"]
BudgetKey = Literal["equal-steps", "equal-epochs", "own-best"]


class _ReplicationValue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Difference(_ReplicationValue):
    """A mean over seeds and test images with its interval.

    Attributes:
        estimate: in percent or pp.
        interval: None where there is none, such as with fewer than three seeds.
        scope: what the interval holds for.
        p: two-sided, of zero, for new images; None without an interval for these.
    """

    estimate: float
    interval: Interval | None = None
    scope: Literal["new images", "these images"] = "new images"
    p: float | None = None


class AtBudget(_ReplicationValue):
    """An arm at one budget.

    Attributes:
        key: `equal-epochs`, every arm after E epochs; `equal-steps`, an arm whose epochs have copies of the images
            after fewer epochs, so that all have taken the same steps; `own-best`, each arm at the budget that
            validation images chose.
        epochs: of the arm; of own budgets the typical one.
        accuracy: with a 95 % interval of its own.
        gain: over the baseline at this budget; intervals of all arms hold together.
    """

    key: BudgetKey
    epochs: int
    accuracy: Difference
    gain: Difference | None = None


class BestOfEpochs(_ReplicationValue):
    """What the best of some epochs on the test images would have claimed, means over the seeds.

    Attributes:
        epochs: that were chosen from.
        best: accuracy of each seed's best epoch.
        final: accuracy of the last of these epochs.
        bias: best minus final.
        bias_by_seed: the same for every seed.
        gain: best of the arm minus best of the baseline; None for the baseline.
        gain_bias: that minus the difference of the last epochs.
    """

    epochs: int
    best: float
    final: float
    bias: float
    bias_by_seed: tuple[float, ...]
    gain: float | None = None
    gain_bias: float | None = None


class ReplicatedArm(_ReplicationValue):
    """One arm.

    Attributes:
        arm, title: its name, and what the paper did.
        published: accuracy of the paper.
        published_gain: over the paper's baseline; None for that.
        published_error: 95 % half-width of that gain from 200 test images, as if the arms had been tested on
            different ones.
        budgets: where it was judged.
        best_of_epochs: of the paper's number of epochs.
    """

    arm: str
    title: str
    published: float
    published_gain: float | None = None
    published_error: float | None = None
    budgets: tuple[AtBudget, ...] = ()
    best_of_epochs: BestOfEpochs | None = None


class JudgedClaim(_ReplicationValue):
    """A claim at one budget.

    Attributes:
        key: see `AtBudget`.
        difference: arm minus reference; the intervals of all claims at one budget hold together (Bonferroni).
        p_holm: with Holm's correction over the claims at this budget.
        status: by the interval and r.
        published_inside: whether the interval holds the published difference; None without an interval.
    """

    key: BudgetKey
    difference: Difference
    p_holm: float | None = None
    status: Status
    published_inside: bool | None = None


class ReplicatedClaim(_ReplicationValue):
    """A claim of the paper.

    Attributes:
        claim: in words.
        arm, reference, expects: what is compared, and whether a gain is claimed.
        published: difference of the paper.
        published_error: 95 % half-width of it, see `ReplicatedArm`.
        judged: at each budget.
    """

    claim: str
    arm: str
    reference: str
    expects: Literal["gain", "no gain"]
    published: float
    published_error: float
    judged: tuple[JudgedClaim, ...]


class ReplicatedTable(_ReplicationValue):
    """One experiment.

    Attributes:
        experiment: name of its results folder.
        pair, variant: which classes, and what differs from the table; empty for the table itself.
        title: of the variant.
        network, batch_size: of the experiment.
        seeds: paired seeds, or with folds repeats.
        folds: K; None without.
        epochs: E of the paper.
        train_images, test_images: of a run; with folds all images are test images.
        equivalence: r in pp.
        arms, claims: in the order of the paper.
        missing: runs that the plan asks for and that are not there.
        warnings: of the comparison, as far as they apply, see `augexp.analysis.replication.remarks`.
        command: repeats this experiment alone.
    """

    experiment: str
    pair: str
    variant: str
    title: str
    network: str
    batch_size: int
    seeds: int
    folds: int | None = None
    epochs: int
    train_images: int
    test_images: int
    equivalence: float
    arms: tuple[ReplicatedArm, ...]
    claims: tuple[ReplicatedClaim, ...]
    missing: int = 0
    warnings: tuple[str, ...] = ()
    command: str = ""


class Replication(_ReplicationValue):
    """The whole answer: what ``replication.json`` holds.

    Attributes:
        schema_version: of this structure.
        augexp: version of the program.
        name: of the replication.
        paper: its reference.
        tables: the experiments, those of the paper first.
        unsaid: what the paper does not say, and what is done here.
        left_out: what is not repeated.
        command: repeats all of it.
    """

    schema_version: Literal[1] = 1
    augexp: str
    name: str
    paper: str
    tables: tuple[ReplicatedTable, ...]
    unsaid: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    command: str = ""

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return not any(table.missing for table in self.tables)
