"""Runs and what was declared about them become one `Comparison`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from augexp.analysis import critical_values, wording
from augexp.analysis.comparison import contrasts_of, groups_in, look_of
from augexp.analysis.contrast import conclude, could_be_best
from augexp.analysis.critical_values import ALPHA, Level, Rule
from augexp.analysis.declared import wording as declared_wording
from augexp.analysis.declared.runs import IndependentRuns
from augexp.analysis.declared.schema import Declared, ScoredRun
from augexp.analysis.paired_runs import PairedRuns, primary
from augexp.analysis.schema import Arm, Comparison, Contrast
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Ints
from augexp.analysis.values import Metric
from augexp.analysis.warnings import words as warning_words
from augexp.analysis.warnings.collect import chance_of, is_at_chance
from augexp.errors import DefinitionError
from augexp.experiment.folds import check_metric
from augexp.experiment.nouns import nouns
from augexp.external import checks, folds, outcomes, seeds
from augexp.external import wording as words
from augexp.external.collector import run_name
from augexp.external.declaration import Declaration, DeclaredPlan, check_looks, check_words, make_plan
from augexp.external.plan_file import PlanFile
from augexp.external.seeds import Counted
from augexp.external.sources import JudgedSource
from augexp.results.records import RunRecord
from augexp.version import __version__

SHOWN_DATE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True)
class _Question:
    """Everything that does not depend on which seeds count.

    Attributes:
        plan: arms, looks, region.
        declared: design and endpoint, with statements.
        rule: by which the number of seeds was decided, as far as that can be believed.
        records: every run.
        metric: the primary one.
        folds, folds_of: see `augexp.external.folds.check`.
    """

    plan: DeclaredPlan
    declared: Declared
    rule: Rule
    records: Mapping[tuple[str, int], RunRecord]
    metric: Metric
    folds: int = 1
    folds_of: dict[int, Ints] = field(default_factory=dict)

    def runs(self, by_arm: Mapping[str, tuple[int, ...]]) -> PairedRuns:
        """Return the runs of some seeds of every arm."""
        arms, own = self.plan.arms, {arm: tuple(by_arm[arm]) for arm in self.plan.arms}
        chosen = {(arm, seed): self.records[arm, seed] for arm in arms for seed in own[arm]}
        if self.folds > 1:
            return folds.JudgedRepeats(arms, own[arms[0]], chosen, self.metric, size=self.folds, folds_of=self.folds_of)
        if not self.declared.independent:
            return PairedRuns(arms, own[arms[0]], chosen, self.metric)
        return IndependentRuns(arms, own[self.plan.baseline], chosen, self.metric, by_arm=own)

    def level(self, rule: Rule, comparisons: int) -> Level:
        """Return the level of intervals that hold together."""
        if rule == "looks" and self.declared.independent:  # not simulated: Bonferroni over the looks always holds
            return Level(rule, comparisons, ALPHA / comparisons / len(self.plan.looks))
        return critical_values.level(rule, comparisons, self.plan.looks, self.folds)

    def settings(self, rule: Rule, look: int | None = None, *, missing: bool = False) -> AnalysisSettings:
        """Return the settings of all contrasts."""
        level = self.level(rule, len(self.plan.arms) - 1)
        return AnalysisSettings(
            self.plan, level, self.metric, False, look, missing, frozenset(), declared=self.declared
        )

    def decided(self, by_arm: Mapping[str, tuple[int, ...]]) -> bool:
        """Tell whether the verdict of every contrast stands with some seeds."""
        runs, settings, baseline = self.runs(by_arm), self.settings("looks"), self.plan.baseline
        others = [arm for arm in self.plan.arms if arm != baseline]
        return all(
            conclude(runs.parts(baseline, a), settings, equal=runs.equal(baseline, a)).verdict.decided for a in others
        )


def judge(
    source: JudgedSource,
    declaration: Declaration,
    plan_file: PlanFile | None = None,
    *,
    name: str,
    command: str = "",
) -> Comparison:
    """Answer: is an arm better than the baseline, by how much, how sure is that?

    Args:
        source: the runs.
        declaration: what is said about them; a plan file says it in its place.
        plan_file: a plan that was written before the first run; None where there was none.
        name: of the comparison.
        command: what reproduces it.

    Raises:
        DataError, DefinitionError, AnalysisError: one line that says what to do.
    """
    declaration = _agree(declaration, plan_file)
    check_words(declaration.design, declaration.endpoint)
    collected = source.collected
    baseline, warnings = checks.check(collected, declaration.baseline)
    plan = _plan(collected.arms, baseline, declaration, plan_file)
    size, folds_of = folds.check(collected, declaration.design)
    try:
        check_metric(plan, size if size > 1 else None)
    except ValueError as error:
        raise DefinitionError(f"judge: {error}") from None
    if size == 1:
        check_looks(plan)
    rule, reasons = _rule(declaration, plan_file, source.first_run)
    digest = hashlib.blake2b(
        "".join(checks.digest(run) for _, run in sorted(collected.runs.items())).encode(), digest_size=8
    ).hexdigest()
    question = _Question(
        plan,
        _declared(declaration, plan_file, rule, source, size),
        rule,
        outcomes.records(collected, source.where, digest),
        primary(plan.metric, collected.labels, len(collected.classes)),
        size,
        folds_of,
    )
    counted = seeds.count(
        {arm: collected.seeds(arm) for arm in plan.arms},
        plan,
        plan.seeds if plan_file else declaration.seeds,
        rule,
        question.decided,
        paired=declaration.design == "paired",
    )
    if size > 1:  # the number of such a run is its repeat
        named = (run.model_copy(update={"name": run_name((run.arm, run.seed), folded=True)}) for run in counted.missing)
        counted = replace(counted, missing=tuple(named))
    return _comparison(question, counted, source, digest, (*warnings, *reasons), name=name, command=command)


# -- what was declared ---------------------------------------------------------------------------


def _agree(declaration: Declaration, plan_file: PlanFile | None) -> Declaration:
    """Return what is declared where a plan file says most of it; raises DefinitionError where both contradict."""
    if plan_file is None:
        return declaration
    plan = plan_file.plan
    said = {
        "design": plan_file.design, "endpoint": plan_file.endpoint, "baseline": plan.baseline, "metric": plan.metric,
        "equivalence": plan.equivalence, "seeds": plan.seeds,
    }  # fmt: skip
    for key, planned in said.items():
        received = getattr(declaration, key)
        if received is not None and received != planned:
            shown = f"{planned!r} is" if planned is not None else "looks are"
            raise DefinitionError(
                f"{key}: received {received!r}, and {shown} in {plan_file.path}; leave the option out"
            )
    return replace(
        declaration,
        design=plan_file.design,
        endpoint=plan_file.endpoint,
        baseline=plan.baseline,
        metric=plan.metric,
        equivalence=plan.equivalence,
        seeds=plan.seeds,
    )


def _plan(arms: Sequence[str], baseline: str, declaration: Declaration, plan_file: PlanFile | None) -> DeclaredPlan:
    if plan_file is not None:
        planned = set(plan_file.plan.arms)
        if planned != set(arms):
            absent, more = sorted(planned - set(arms)), sorted(set(arms) - planned)
            what = f"there is no run of {absent[0]!r}" if absent else f"there are runs of {more[0]!r}"
            raise DefinitionError(
                f"arms: {what}, but the arms of {plan_file.path} are {', '.join(plan_file.plan.arms)}; judge the "
                "runs that were planned, or judge without the plan"
            )
        return plan_file.plan
    ordered = (baseline, *(arm for arm in arms if arm != baseline))
    fixed = declaration.seeds if isinstance(declaration.seeds, int) else None
    return make_plan(
        ordered, baseline, seeds=fixed, metric=declaration.metric, equivalence=declaration.equivalence, origin="judge"
    )


def _rule(
    declaration: Declaration, plan_file: PlanFile | None, oldest: datetime | None
) -> tuple[Rule, tuple[str, ...]]:
    """Return how the number of seeds was decided, as far as that can be believed, and why not where it cannot."""
    if plan_file is None:
        return ("fixed", ()) if declaration.seeds is not None else ("anytime", (words.not_fixed(),))
    first = declaration.first_run or oldest
    if first is None:
        return "anytime", (words.undated_plan(plan_file.path.name),)
    if plan_file.written > first:
        dates = (plan_file.written.strftime(SHOWN_DATE), first.strftime(SHOWN_DATE))
        return "anytime", (words.late_plan(plan_file.path.name, *dates),)
    return ("looks" if plan_file.plan.seeds is None else "fixed"), ()


def _declared(
    declaration: Declaration, plan_file: PlanFile | None, rule: Rule, source: JudgedSource, folds_: int
) -> Declared:
    assert declaration.design is not None and declaration.endpoint is not None  # noqa: S101, PT018 - checked
    statements = [
        declared_wording.DESIGNS[declaration.design],
        declared_wording.ENDPOINTS[declaration.endpoint],
        declared_wording.SAME_RECIPE,
    ]
    if source.unnamed:
        statements.append(words.NO_NAMES)
    if plan_file is not None and rule != "anytime":
        first = declaration.first_run or source.first_run
        told = "was named" if declaration.first_run else "is that of the oldest file"
        statements.append(
            f"the plan of {plan_file.written.strftime(SHOWN_DATE)} is older than the first run, whose date"
            f"{f', {first.strftime(SHOWN_DATE)},' if first else ''} {told}"
        )
    elif rule == "fixed":
        statements.append(f"the number of {nouns(folds_).block}s was fixed before the first run")
    return Declared(
        design=declaration.design,
        endpoint=declaration.endpoint,
        statements=tuple(wording.as_sentence(text) for text in statements),
    )


# -- the answer ----------------------------------------------------------------------------------


def _comparison(
    question: _Question,
    counted: Counted,
    source: JudgedSource,
    digest: str,
    reasons: Sequence[str],
    *,
    name: str,
    command: str,
) -> Comparison:
    plan, collected = question.plan, source.collected
    runs = question.runs(counted.by_arm)
    complete = all(runs.seeds_of(arm) for arm in plan.arms)
    settings = question.settings(counted.rule, counted.look, missing=bool(counted.missing))
    contrasts = contrasts_of(runs, settings)
    fewest = min(len(runs.seeds_of(arm)) for arm in plan.arms)
    pairs = max(1, len(plan.arms) * (len(plan.arms) - 1) // 2)
    scored = tuple(
        ScoredRun(arm=arm, seed=seed, metric=100 * float(score))
        for arm in plan.arms
        if runs.seeds_of(arm)
        for seed, score in zip(runs.seeds_of(arm), runs.scores(arm), strict=True)
    )
    declared = question.declared.model_copy(update={"runs": scored})
    clusters = len(np.unique(np.stack([collected.clusters, collected.labels]), axis=1).T)
    return Comparison(
        augexp=__version__,
        name=name,
        experiment_hash=digest,
        plan_hash=_plan_hash(plan, declared),
        source=f"{len(collected.runs)} runs trained elsewhere, from {source.where}",
        synthetic=False,
        classes=collected.classes,
        metric=question.metric,
        equivalence=plan.equivalence,
        baseline=plan.baseline,
        test_images=len(collected.images),
        test_clusters=clusters,
        test_groups=groups_in(runs) if counted.by_arm[plan.baseline] else None,
        look=look_of(settings, fewest),
        missing=counted.missing,
        arms=tuple(_arm(arm, runs) for arm in plan.arms),
        contrasts=contrasts,
        best=could_be_best(runs, settings, question.level(counted.rule, pairs)) if complete else (),
        warnings=_warnings(runs, plan.baseline, counted, contrasts, reasons, complete=complete),
        command=command,
        declared=declared,
        folds=question.folds if question.folds > 1 else None,
    )


def _plan_hash(plan: DeclaredPlan, declared: Declared) -> str:
    text = f"{plan.model_dump_json()} {declared.design} {declared.endpoint}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _arm(name: str, runs: PairedRuns) -> Arm:
    count = len(runs.seeds_of(name))
    metric = 100 * float(runs.scores(name).mean()) if count else None
    return Arm(
        name=name, policy=name, summary="", runs=count, diverged=0, metric=metric, images_seen=0, unique_images=0
    )


def _warnings(
    runs: PairedRuns,
    baseline: str,
    counted: Counted,
    contrasts: Sequence[Contrast],
    reasons: Sequence[str],
    *,
    complete: bool,
) -> tuple[str, ...]:
    """Return what stands beside the answer, the gravest first."""
    texts = [warning_words.missing_runs(counted.missing)] if counted.missing else []
    several = len(contrasts) > 1
    texts += [f"`{c.arm}`: {text}" if several else text for c in contrasts for text in c.warnings]
    if complete:
        scores, chance = 100 * runs.scores(baseline), chance_of(runs)
        if is_at_chance(scores, chance):
            texts.append(words.at_chance(baseline, float(scores.mean()), chance))
    texts += [*reasons, *counted.warnings]
    if counted.left_out:
        texts.append(warning_words.unplanned_seeds(counted.left_out, runs.folds))
    return tuple(dict.fromkeys(wording.as_sentence(text) for text in texts))
