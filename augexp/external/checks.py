"""What must hold between runs before any number is computed."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from augexp.errors import AnalysisError, DataError
from augexp.external import wording
from augexp.external.collector import Collected, Run, RunOutcome, run_name


def digest(run: RunOutcome) -> str:
    """Return 32 hex digits over everything that is known of a run."""
    state = hashlib.blake2b(digest_size=16)
    folds = () if run.fold is None else (run.fold,)
    for values in (run.correct, run.predicted, run.log_loss, run.brier, run.confidence, *folds):
        state.update(b"-" if values is None else values.tobytes())
    return state.hexdigest()


def check(collected: Collected, baseline: str | None) -> tuple[str, list[str]]:
    """Return the name of the baseline and warnings.

    Args:
        collected: the runs.
        baseline: its name; None takes `none` or `baseline`, where there is such an arm.

    Raises:
        DataError, AnalysisError: runs that cannot be compared, one line.
    """
    arms = collected.arms
    if len(arms) < 2:
        raise DataError(
            f"arm: received {arms[0]!r} alone; a comparison needs the runs of a baseline and of another arm"
        )
    baseline = _baseline(arms, baseline)
    warnings = _equal_runs(collected)
    other = [run.other_than_argmax for run in collected.runs.values() if run.other_than_argmax]
    if other:
        warnings.append(wording.not_argmax(sum(other), len(other)))
    if collected.ignored:
        warnings.append(wording.ignored(collected.ignored))
    return baseline, warnings


def _baseline(arms: list[str], name: str | None) -> str:
    if name is None:
        name = next((word for word in ("none", "baseline") if word in arms), None)
        if name is None:
            raise AnalysisError(f"baseline: received none; name one of the arms {', '.join(arms)} with --baseline")
    if name not in arms:
        raise AnalysisError(f"baseline: received {name!r}; the arms are {', '.join(arms)}")
    return name


def _equal_runs(collected: Collected) -> list[str]:
    """Find runs with equal outcomes: one run under two names, or a seed that reaches nothing.

    Without probabilities two runs may agree on every image by chance; then it takes a whole arm.
    """
    by_arm = {arm: [digest(collected.runs[arm, seed]) for seed in collected.seeds(arm)] for arm in collected.arms}
    by_digest: dict[str, list[Run]] = defaultdict(list)
    for arm, digests in by_arm.items():
        for seed, value in zip(collected.seeds(arm), digests, strict=True):
            by_digest[value].append((arm, seed))
    equal = sorted(runs for runs in by_digest.values() if len(runs) > 1)
    names = {run: run_name(run, folded=outcome.fold is not None) for run, outcome in collected.runs.items()}
    for runs in equal:
        first, other = runs[0], next((run for run in runs if run[0] != runs[0][0]), None)
        if other and (collected.has_probabilities or sorted(by_arm[first[0]]) == sorted(by_arm[other[0]])):
            raise AnalysisError(
                f"{names[first]} and {names[other]} are the same run, number by number: a run would be compared with "
                "itself; write every run's own outcomes"
            )
        same = [run for run in runs if run[0] == first[0]]
        if len(same) > 1 and (collected.has_probabilities or len(same) == len(by_arm[first[0]])):
            raise AnalysisError(
                f"{names[same[0]]} and {names[same[1]]} are the same run, number by number: the seed reaches "
                "nothing, or one file was written twice; runs of other seeds have to differ"
            )
    return [wording.same_outcomes([names[run] for run in runs]) for runs in equal]
