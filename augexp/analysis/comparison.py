"""From the records of an experiment to its answer, and how many seeds the plan asks for.

Nothing here trains or draws. The same records, plan and history give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from augexp.analysis import contrast, statistics, trend
from augexp.analysis.contrast import Terms
from augexp.analysis.critical_values import Level, Rule, level
from augexp.analysis.paired_runs import Evidence, finished_blocks, gather
from augexp.analysis.schema import Arm, Comparison, Contrast, Look, Missing
from augexp.analysis.warnings import collect_warnings, describe_source, environment, plan_changes
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan
from augexp.results.manifests import PlanEntry
from augexp.results.records import RunRecord
from augexp.version import __version__

History = Sequence[PlanEntry]


def next_look(experiment: Experiment, held: Sequence[RunRecord], history: History) -> int | None:
    """Return the number of seeds that has to be there now; None where the plan asks for no more.

    Args:
        experiment: with the plan.
        held: records of the plan's arms.
        history: every plan that the results folder has had, oldest first.
    """
    plan = experiment.plan
    blocks = set(finished_blocks(held, plan.arms))
    if plan.seeds is not None:
        return None if blocks >= set(plan.blocks(plan.seeds)) else plan.seeds
    for look in plan.looks:
        if not blocks >= set(plan.blocks(look)):
            return look
        if look < plan.looks[-1] and _decided(experiment, held, history, look):
            return None
    return None


def _decided(experiment: Experiment, held: Sequence[RunRecord], history: History, look: int) -> bool:
    plan = experiment.plan
    seeds = _seeds(experiment, held, history, look)
    found = gather(held, plan.arms, seeds, plan.metric)
    terms = _terms(experiment, found, _level(experiment, history), missing=False)
    others = [arm for arm in plan.arms if arm != plan.baseline]
    return all(
        contrast.judge(found.differences(plan.baseline, arm), terms, control=arm in terms.controls).verdict.decided
        for arm in others
    )


def compare(
    experiment: Experiment,
    held: Sequence[RunRecord],
    history: History,
    *,
    facts: Mapping[str, Any],
    draws: str = "",
    command: str = "",
) -> Comparison:
    """Answer: does it help, by how much, how sure is that?

    Args:
        experiment: data, arms, plan.
        held: the records that there are; runs that the plan asks for and that are not among them are
            named as missing and block the verdict.
        history: every plan that the results folder has had, oldest first.
        facts: content of ``store.json``; may be empty.
        draws: how the training draws of the seeds relate; may be empty.
        command: what reproduces the answer.

    Raises:
        AnalysisError: runs that do not belong together.
    """
    plan = experiment.plan
    rule = _rule(experiment, history)
    planned, number = _planned(experiment, held, history)
    seeds = _seeds(experiment, held, history, planned)
    found = gather(held, plan.arms, seeds, plan.metric)
    missing = _missing(held, plan.arms, plan.blocks(planned))
    own = _level(experiment, history)
    others = [arm for arm in plan.arms if arm != plan.baseline]
    terms = _terms(experiment, found, own, missing=bool(missing), look=_when(plan, number))
    answers = _contrasts(found, plan.baseline, others, terms)
    pairs = max(1, len(plan.arms) * (len(plan.arms) - 1) // 2)
    best = contrast.could_be_best(found, plan.arms, terms, level(rule, pairs, plan.looks)) if others else ()
    if plan.stage == "screening":
        best = ()  # three seeds rank, and claim nothing
    return Comparison(
        augexp=__version__,
        name=experiment.name,
        experiment_hash=experiment.hash,
        plan_hash=experiment.plan_hash,
        source=describe_source(experiment),
        synthetic=experiment.data.kind.synthetic,
        classes=found.first.classes if seeds else tuple(facts.get("classes", ())),
        metric="balanced_accuracy" if found.balanced else "accuracy",
        equivalence=plan.equivalence,
        baseline=plan.baseline,
        test_images=len(found.first.labels) if seeds else 0,
        test_clusters=len(found.columns) if seeds else 0,
        draws=draws,
        look=_look(plan.looks, own, len(seeds), number),
        missing=missing,
        arms=tuple(_arm(experiment, found, held, name) for name in plan.arms),
        contrasts=answers,
        best=best,
        trends=trend.trends(experiment, found, level(rule, 1, plan.looks), missing=bool(missing)),
        warnings=collect_warnings(experiment, held, history, found, facts, draws, missing, answers),
        plan_changes=plan_changes(history),
        ledger=_ledger(found),
        data=dict(facts),
        environment=environment(list(found.runs.values())),
        command=command,
        definition=experiment.model_dump(mode="json", exclude={"data": {"path"}}),
    )


def _contrasts(found: Evidence, baseline: str, arms: Sequence[str], terms: Terms) -> tuple[Contrast, ...]:
    answers = [contrast.contrast(found, baseline, arm, terms) for arm in arms]
    adjusted = statistics.holm([one.p for one in answers])
    return tuple(one.model_copy(update={"p_holm": p}) for one, p in zip(answers, adjusted, strict=True))


def _when(plan: Plan, number: int | None) -> str:
    """Say at which planned look the answer was made, and what came before it."""
    parts = [f"look {number} of {len(plan.looks)}"] if number else []
    if plan.stage == "screening":
        parts.append(f"screening of {len(plan.arms) - 1} policies")
    elif plan.stage == "confirmation":
        parts.append(f"after a screening of {len(plan.screened)} policies")
    return ", ".join(parts)


def _look(looks: tuple[int, ...], own: Level, seeds: int, number: int | None) -> Look:
    t = own.t(seeds)
    return Look(
        rule=own.rule,
        seeds=seeds,
        number=number,
        looks=looks if own.rule == "looks" else (),
        alpha=own.alpha,
        comparisons=own.comparisons,
        t=t if np.isfinite(t) else None,
        z=own.z,
    )


# -- the plan ------------------------------------------------------------------------------------


def _rule(experiment: Experiment, history: History) -> Rule:
    if any(entry.blocks_finished > 0 for entry in history[1:]):
        return "anytime"
    return "looks" if experiment.plan.seeds is None else "fixed"


def _level(experiment: Experiment, history: History) -> Level:
    plan = experiment.plan
    return level(_rule(experiment, history), max(1, len(plan.arms) - 1), plan.looks)


def _planned(experiment: Experiment, held: Sequence[RunRecord], history: History) -> tuple[int, int | None]:
    """Return the seeds that have to be there for the answer, and which of the planned looks that is."""
    plan = experiment.plan
    if plan.seeds is not None:
        return plan.seeds, None
    blocks = set(finished_blocks(held, plan.arms))
    reached = 0
    for number, look in enumerate(plan.looks, start=1):
        if not blocks >= set(plan.blocks(look)):
            break
        reached = number
        if look < plan.looks[-1] and _decided(experiment, held, history, look):
            break
    else:
        number = reached
    return plan.looks[max(number - 1, 0)], number if _rule(experiment, history) == "looks" else None


def _seeds(experiment: Experiment, held: Sequence[RunRecord], history: History, planned: int) -> list[int]:
    """Return the complete blocks that the answer rests on.

    Blocks beyond the plan do not count, since whether they are there may depend on what the others
    showed; but whatever an earlier plan asked for stays in, since it has been looked at.
    """
    changes = zip(history, history[1:], strict=False)
    earlier = [before.plan.max_seeds for before, after in changes if after.blocks_finished > 0]
    screened = experiment.plan.stage == "screening"  # the seeds after its own are the confirmation's
    wanted = experiment.plan.blocks(planned if screened else max([planned, *earlier]))
    return [seed for seed in finished_blocks(held, experiment.plan.arms) if seed in wanted]


def _missing(held: Sequence[RunRecord], arms: Sequence[str], seeds: Sequence[int]) -> tuple[Missing, ...]:
    there = {(record.arm, record.seed): record for record in held}
    missing = []
    for seed in seeds:
        for arm in arms:
            record = there.get((arm, seed))
            if record is None:
                missing.append(Missing(arm=arm, seed=seed, reason="not run yet"))
            elif not record.finished:
                missing.append(Missing(arm=arm, seed=seed, reason=record.run.error or "failed"))
    return tuple(missing)


def _terms(experiment: Experiment, found: Evidence, own: Level, *, missing: bool, look: str = "") -> Terms:
    plan = experiment.plan
    baseline = experiment.policy(plan.baseline).definition()
    same = [arm for arm in plan.arms if arm != plan.baseline and experiment.policy(arm).definition() == baseline]
    synthetic = experiment.data.kind.synthetic
    return Terms(
        level=own,
        r=plan.equivalence,
        metric="balanced accuracy" if found.balanced else "accuracy",
        scope="new synthetic drawings of these classes" if synthetic else "new images of these classes",
        look=look,
        missing=missing,
        controls=frozenset(same),
        screening=plan.stage == "screening",
    )


# -- what the runs have in common ----------------------------------------------------------------


def _ledger(found: Evidence) -> dict[str, Any]:
    if not found.runs:
        return {}
    first = next(iter(found.runs.values())).run
    ledger = first.ledger.values() if first.ledger else {}
    counts = {f"{name}_images": count for name, count in sorted(first.counts.values().items())} if first.counts else {}
    counts["test_images"] = len(found.first.labels)  # those that are looked at
    return {**ledger, **counts, "runs": len(found.runs)}


def _arm(experiment: Experiment, found: Evidence, held: Sequence[RunRecord], name: str) -> Arm:
    policy = experiment.policy(name)
    own = [found.runs[name, seed] for seed in found.seeds]
    last = {key: _last(own, key) for key in ("val_accuracy", "probe_accuracy")}
    gap = None if None in last.values() else last["probe_accuracy"] - last["val_accuracy"]  # type: ignore[operator]
    title = f"{policy.name}@{policy.version}" if policy.version and policy.name == name else name
    return Arm(
        name=name,
        policy=title,
        summary=policy.summary,
        runs=len(own),
        diverged=sum(record.status == "diverged" for record in own),
        metric=100 * float(found.scores(name).mean()) if own else None,
        validation=last["val_accuracy"],
        probe=last["probe_accuracy"],
        gap=gap,
        images_seen=max((int(r.epochs["images_seen"][-1]) for r in own if len(r.epochs["images_seen"])), default=0),
        unique_images=round(
            float(np.mean([r.epochs["unique_images"][-1] for r in own if len(r.epochs["unique_images"])] or [0]))
        ),
        wall_seconds=_mean([record.timing.wall_seconds for record in own]),
        cpu_seconds=_mean([record.timing.cpu_seconds for record in own]),
        augment_seconds=_mean([_augmentation(record) for record in own]),
    )


def _last(records: Sequence[RunRecord], column: str) -> float | None:
    values = [100 * float(r.epochs[column][-1]) for r in records if len(r.epochs.get(column, ()))]
    return float(np.mean(values)) if values and np.isfinite(values).all() else None


def _augmentation(record: RunRecord) -> float | None:
    epochs = record.timing.epochs
    return sum(epoch.augment_seconds for epoch in epochs) if epochs else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
