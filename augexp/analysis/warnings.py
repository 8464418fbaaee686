"""Which warnings stand beside an answer, and what was changed in the plan; the words are in `wording`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from augexp.analysis import wording
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.schema import Contrast, Missing
from augexp.data.store_manifest import StoreManifest
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import MANY_POLICIES, Plan
from augexp.results.manifests import PlanEntry
from augexp.results.records import RunRecord


def collect_warnings(
    experiment: Experiment,
    records: Sequence[RunRecord],
    history: Sequence[PlanEntry],
    runs: PairedRuns,
    manifest: StoreManifest | None,
    draws: str,
    missing: Sequence[Missing],
    contrasts: Sequence[Contrast],
) -> tuple[str, ...]:
    """Return what stands beside the answer, the gravest first."""
    texts = [wording.missing_runs(missing)] if missing else []
    several = len(contrasts) > 1
    texts += [f"`{c.arm}`: {text}" if several else text for c in contrasts for text in c.warnings]
    texts += _of_runs(records, runs)
    texts += _of_design(experiment, history, draws, manifest)
    return tuple(dict.fromkeys(wording.as_sentence(text) for text in texts))


def _of_runs(records: Sequence[RunRecord], runs: PairedRuns) -> list[str]:
    texts = []
    diverged = [f"{r.arm} seed {r.seed}" for r in runs.records.values() if r.status == "diverged"]
    if diverged:
        texts.append(wording.diverged_runs(diverged))
    versions = {json.dumps(record.run.versions, sort_keys=True) for record in runs.records.values()}
    if len(versions) > 1:
        texts.append(wording.OTHER_VERSIONS)
    backends = {(record.run.versions or {}).get("backend", "tensorflow") for record in runs.records.values()}
    if others := sorted(backends - {"tensorflow"}):
        texts.append(wording.other_backend(others))
    beyond = sorted({record.seed for record in records if record.finished} - set(runs.seeds))
    if beyond and runs.seeds:
        texts.append(wording.unplanned_seeds(beyond))
    return texts


def _of_design(
    experiment: Experiment, history: Sequence[PlanEntry], draws: str, manifest: StoreManifest | None
) -> list[str]:
    texts = []
    if any(entry.blocks_finished > 0 for entry in history[1:]):
        texts.append(wording.PLAN_CHANGED)
    if history and history[0].blocks_finished > 0:
        texts.append(wording.late_plan(history[0].blocks_finished))
    if draws in wording.DRAWS:
        texts.append(wording.DRAWS[draws])
    texts += _of_stage(experiment.plan)
    if experiment.data.kind.synthetic:
        texts.append(wording.SYNTHETIC)
    if manifest is None:
        return texts
    if manifest.skipped.count:
        texts.append(wording.skipped_records(manifest.skipped.count))
    return [*texts, *manifest.warnings]


def _of_stage(plan: Plan) -> list[str]:
    policies = len(plan.arms) - 1
    if plan.stage == "screening":
        return [wording.SCREENING]
    if plan.stage == "whole" and plan.screen is not False and policies > MANY_POLICIES:
        return [wording.many_policies(policies)]
    return []


def plan_changes(history: Sequence[PlanEntry]) -> tuple[str, ...]:
    """Say what was changed in the plan after its first pair of runs, oldest first."""
    texts = []
    for before, after in zip(history, history[1:], strict=False):
        if after.blocks_finished <= 0:
            continue
        old, new = before.plan.model_dump(), after.plan.model_dump()
        changes = [(key, old[key], new[key]) for key in new if new[key] != old[key]]
        arm_changed = before.arms != after.arms and "arms" not in [key for key, *_ in changes]
        texts.append(wording.plan_change(after.blocks_finished, changes, arm_changed=arm_changed))
    return tuple(texts)
