"""What a reader must know with the answer: warnings, changes of the plan, the machine, the source in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from augexp.analysis.paired_runs import Evidence
from augexp.analysis.schema import Contrast, Missing
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import MANY_POLICIES, Plan
from augexp.results.manifests import PlanEntry
from augexp.results.records import RunRecord

SHOWN = 5
"""Missing runs that a warning names one by one."""


def describe_source(experiment: Experiment) -> str:
    """Say in one line what the images are, without their place on this machine."""
    data = experiment.data
    return f"{data.kind.describe(data)}, {data.image_size} × {data.image_size} pixels"


def collect_warnings(
    experiment: Experiment,
    held: Sequence[RunRecord],
    history: Sequence[PlanEntry],
    found: Evidence,
    facts: Mapping[str, Any],
    draws: str,
    missing: Sequence[Missing],
    answers: Sequence[Contrast],
) -> tuple[str, ...]:
    """Return what stands beside the answer, the gravest first."""
    said = _missing_runs(missing)
    named = len(answers) > 1
    said += [f"`{one.arm}`: {text}" if named else text for one in answers for text in one.warnings]
    said += _runs(held, found)
    said += _design(experiment, history, draws, facts)
    return tuple(dict.fromkeys(f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in said))


def _missing_runs(missing: Sequence[Missing]) -> list[str]:
    if not missing:
        return []
    failed = [one for one in missing if one.reason != "not run yet"]
    listed = [f"{one.arm} seed {one.seed} ({one.reason})" for one in (failed or missing)[:SHOWN]]
    more = f" and {len(missing) - len(listed)} more" if len(missing) > len(listed) else ""
    return [f"{len(missing)} runs are missing, which blocks the verdict: {', '.join(listed)}{more}"]


def _runs(held: Sequence[RunRecord], found: Evidence) -> list[str]:
    said = []
    diverged = [f"{r.arm} seed {r.seed}" for r in found.runs.values() if r.status == "diverged"]
    if diverged:
        said.append(f"diverged, and counted as they are: {', '.join(diverged)}")
    versions = {json.dumps(r.run.versions, sort_keys=True) for r in found.runs.values()}
    if len(versions) > 1:
        said.append("the runs were made with different library versions or on different machines; see Environment")
    beyond = sorted({r.seed for r in held if r.finished} - set(found.seeds))
    if beyond and found.seeds:
        listed = ", ".join(str(seed) for seed in beyond)
        said.append(f"runs outside the blocks of the plan were left out: seed {listed}")
    return said


def _design(experiment: Experiment, history: Sequence[PlanEntry], draws: str, facts: Mapping[str, Any]) -> list[str]:
    said = []
    if any(entry.blocks_finished > 0 for entry in history[1:]):
        said.append(
            "the plan was changed after its first pair of runs, so the intervals are the wider, anytime-valid ones"
        )
    if history and history[0].blocks_finished > 0:
        said.append(f"{history[0].blocks_finished} pairs of runs were there before the plan was written down")
    if draws == "whole":
        said.append("every seed trains on the same images: the answer is conditional on this training set")
    elif draws == "subsampled":
        said.append("the training draws of the seeds overlap, since there are too few images for disjoint ones")
    said += _stages(experiment.plan)
    if experiment.data.kind.synthetic:
        said.append("the images are synthetic drawings: nothing about photos follows from this answer")
    skipped = (facts.get("skipped") or {}).get("count", 0)
    if skipped:
        said.append(f"{skipped} records could not be read and were left out; see Data")
    return [*said, *(str(text) for text in facts.get("warnings", ()))]


def _stages(plan: Plan) -> list[str]:
    policies = len(plan.arms) - 1
    if plan.stage == "screening":
        return ["this is a screening on one half of the test images: it ranks the policies, and nothing is claimed"]
    if plan.stage == "whole" and plan.screen is not False and policies > MANY_POLICIES:
        return [
            f"{policies} policies share the error probability, which widens every interval; with --screen a few "
            "seeds rank them first, and the best two are confirmed on fresh seeds and images"
        ]
    return []


def plan_changes(history: Sequence[PlanEntry]) -> tuple[str, ...]:
    """Say what was changed in the plan after its first pair of runs, oldest first."""
    changes = []
    for before, after in zip(history, history[1:], strict=False):
        if after.blocks_finished <= 0:
            continue
        old, new = before.plan.model_dump(), after.plan.model_dump()
        keys = [key for key in new if new[key] != old[key]]
        parts = [f"{key} from {_plain(old[key])} to {_plain(new[key])}" for key in keys]
        if before.arms != after.arms and "arms" not in keys:
            parts.append("the definition of an arm")
        changes.append(f"after {after.blocks_finished} pairs: {'; '.join(parts) or 'data or training'}")
    return tuple(changes)


def _plain(value: Any) -> str:
    if value is None:
        return "planned looks"
    return (", ".join(map(str, value)) or "none") if isinstance(value, (list, tuple)) else str(value)


def environment(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return versions and processors of the runs; several values of one thing are listed."""
    seen: dict[str, set[str]] = {}
    for record in records:
        values = {**(record.run.versions or {})}
        if record.timing.processor:
            values["processor"] = record.timing.processor
        for key, value in values.items():
            seen.setdefault(str(key), set()).add(str(value))
    return {key: ", ".join(sorted(values)) for key, values in sorted(seen.items())}
