"""One experiment of a replication, from its runs: the arms at each budget, and the claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from augexp.analysis import statistics
from augexp.analysis.contrast import intervals
from augexp.analysis.critical_values import Level, Rule, level
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.replication import optimism
from augexp.analysis.replication.claims import classify, sampling_error
from augexp.analysis.replication.schema import (
    AtBudget,
    BestOfEpochs,
    BudgetKey,
    Difference,
    JudgedClaim,
    ReplicatedArm,
    ReplicatedClaim,
)
from augexp.analysis.statistics import Crossed, Floats
from augexp.experiment.replications import perez_wang
from augexp.experiment.replications.perez_wang import BASELINE, TEST_IMAGES, Claim

KEYS: tuple[BudgetKey, ...] = ("equal-steps", "equal-epochs", "own-best")


@dataclass(frozen=True)
class PublishedRuns:
    """The runs of an experiment beside what was published about it.

    Attributes:
        runs: paired, up to `epochs`.
        pair: which classes.
        epochs: E, of the paper.
        copies: fixed copies of each image in the epochs of an arm, where there are any; each makes an epoch longer.
        rule: by which the number of seeds was decided.
        r: half-width of the region of practical equivalence in pp.
    """

    runs: PairedRuns
    pair: str
    epochs: int
    copies: Mapping[str, int]
    rule: Rule
    r: float

    def outcomes(self, key: BudgetKey, arm: str) -> Floats:
        """Return what an arm got right at a budget, in percent and weighted as the primary metric, float64 (n, m)."""
        runs = self.runs
        correct = runs.correct(arm) if key == "own-best" else runs.correct_at(arm, self.epochs_of(key, arm))
        return 100.0 * correct * runs.weights

    def epochs_of(self, key: BudgetKey, arm: str) -> int:
        """Return the epochs of an arm at a budget."""
        if key == "own-best":
            return self.runs.budgets[arm].typical if self.runs.budgets else self.runs.horizon or self.epochs
        return self.epochs // (1 + self.copies.get(arm, 0)) if key == "equal-steps" else self.epochs

    @property
    def keys(self) -> tuple[BudgetKey, ...]:
        """The budgets that there are: equal epochs differ from equal steps where an arm has copies alone."""
        return tuple(
            key
            for key in KEYS
            if (key != "equal-epochs" or any(self.copies.get(arm) for arm in self.runs.arms))
            and (key != "own-best" or self.runs.budgets)
        )

    def level(self, comparisons: int) -> Level:
        """Return the level of so many intervals that hold together."""
        return level(self.rule, max(1, comparisons), folds=self.runs.folds)


def replicated_arms(published: PublishedRuns) -> tuple[ReplicatedArm, ...]:
    """Return every arm that there is, in the order of the paper."""
    runs, known = published.runs, perez_wang.published_of(published.pair)
    rows = []
    for row in perez_wang.ARMS:
        if row.name not in runs.arms:
            continue
        own, base = known[row.name], known[BASELINE]
        other = row.name != BASELINE
        rows.append(
            ReplicatedArm(
                arm=row.name,
                title=row.title,
                published=own,
                published_gain=own - base if other else None,
                published_error=sampling_error(own, base, TEST_IMAGES) if other else None,
                budgets=tuple(_at_budget(published, key, row.name) for key in published.keys) if runs.seeds else (),
                best_of_epochs=_best_of_epochs(published, row.name),
            )
        )
    return tuple(rows)


def _at_budget(published: PublishedRuns, key: BudgetKey, arm: str) -> AtBudget:
    runs = published.runs
    outcomes = published.outcomes(key, arm)
    accuracy = _difference(runs.decompose(outcomes, weights=runs.weights), published.level(1), p=False)
    gain = None
    if arm != BASELINE:
        parts = runs.take_apart(published.outcomes(key, BASELINE), outcomes, weights=runs.weights)
        gain = _difference(parts, published.level(len(runs.arms) - 1))
    return AtBudget(key=key, epochs=published.epochs_of(key, arm), accuracy=accuracy, gain=gain)


def _difference(parts: Crossed, own: Level, *, p: bool = True) -> Difference:
    """Return a mean with its interval where there is one."""
    if not (parts.enough and math.isfinite(own.of(parts)) and parts.seeds > 0):
        return Difference(estimate=parts.estimate)
    new, these = intervals(parts, own)
    return Difference(
        estimate=parts.estimate,
        interval=new or these,
        scope="new images" if new else "these images",
        p=statistics.p_value(parts) if p and new else None,
    )


def _best_of_epochs(published: PublishedRuns, arm: str) -> BestOfEpochs | None:
    runs = published.runs
    curves, baseline = (optimism.curves_of(runs.up_to_the_horizon(name), published.epochs) for name in (arm, BASELINE))
    if curves is None or baseline is None:
        return None
    return optimism.best_of(curves, None if arm == BASELINE else baseline, runs.folds)


# -- claims --------------------------------------------------------------------------------------


def replicated_claims(published: PublishedRuns) -> tuple[ReplicatedClaim, ...]:
    """Return every claim about the arms that there are."""
    claims = perez_wang.claims(published.pair, published.runs.arms)
    keys = published.keys if published.runs.seeds else ()
    by_key = {key: _differences(published, key, claims) for key in keys}
    known = perez_wang.published_of(published.pair)
    return tuple(
        ReplicatedClaim(
            claim=claim.words,
            arm=claim.arm,
            reference=claim.reference,
            expects=claim.expects,
            published=known[claim.arm] - known[claim.reference],
            published_error=sampling_error(known[claim.arm], known[claim.reference], TEST_IMAGES),
            judged=judge(claim, place, by_key, known, published.r),
        )
        for place, claim in enumerate(claims)
    )


def _differences(published: PublishedRuns, key: BudgetKey, claims: tuple[Claim, ...]) -> list[Difference]:
    """Return the difference of each claim, with intervals that hold together."""
    runs, own = published.runs, published.level(len(claims))
    outcomes: Callable[[str], Floats] = lambda arm: published.outcomes(key, arm)  # noqa: E731
    return [
        _difference(runs.take_apart(outcomes(c.reference), outcomes(c.arm), weights=runs.weights), own) for c in claims
    ]


def judge(
    claim: Claim,
    place: int,
    by_key: Mapping[BudgetKey, list[Difference]],
    published: Mapping[str, float],
    r: float,
) -> tuple[JudgedClaim, ...]:
    """Return what each budget says of a claim.

    Args:
        claim: which.
        place: of the claim in the lists.
        by_key: the differences of all claims at each budget.
        published: accuracies of the paper by arm.
        r: half-width of the region of practical equivalence in pp.
    """
    judged = []
    for key, differences in by_key.items():
        difference, told = differences[place], published[claim.arm] - published[claim.reference]
        interval = difference.interval
        judged.append(
            JudgedClaim(
                key=key,
                difference=difference,
                p_holm=statistics.holm([one.p for one in differences])[place],
                status=classify(interval, claim.expects, r),
                published_inside=None if interval is None else interval.low <= told <= interval.high,
            )
        )
    return tuple(judged)
