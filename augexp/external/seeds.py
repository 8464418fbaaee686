"""Which runs count: by a plan, by a number that was fixed, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from augexp.analysis.critical_values import Rule
from augexp.analysis.schema import Missing
from augexp.errors import DefinitionError
from augexp.external import wording
from augexp.external.declaration import DeclaredPlan

ABSENT = "no such run among these"
"""Reason of a run that another arm has with the same seed."""


@dataclass(frozen=True)
class Counted:
    """The seeds that the answer rests on.

    Attributes:
        rule: how their number was decided.
        by_arm: seeds of every arm that count, ascending; the same in every arm where they are pairs.
        missing: runs that have to be there and are not.
        look: number of the planned look, from 1; None without.
        left_out: seeds that are there in full and do not count.
        warnings: why the rule is another one than was declared.
    """

    rule: Rule
    by_arm: Mapping[str, tuple[int, ...]]
    missing: tuple[Missing, ...] = ()
    look: int | None = None
    left_out: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


def count(
    there: Mapping[str, Sequence[int]],
    plan: DeclaredPlan,
    fixed: int | Mapping[str, int] | None,
    rule: Rule,
    decided: Callable[[Mapping[str, tuple[int, ...]]], bool],
    *,
    paired: bool,
) -> Counted:
    """Return the seeds that count.

    Under planned looks these are the first ones, in ascending order, up to the first look whose verdict is decided, or
    the last one that there are seeds enough for. A
    number that was fixed and is exceeded was not fixed, so all count, by the anytime-valid rule.

    Args:
        there: seeds of every arm, ascending.
        plan: with the looks.
        fixed: number of seeds in every arm, or by arm.
        rule: that was declared.
        decided: tells whether the verdicts about some seeds of every arm stand.
        paired: whether the same seed in every arm is a pair.

    Raises:
        DefinitionError: numbers of seeds by arm, which pairs cannot have, or of arms that there are not.
    """
    wanted = _fixed(there, fixed, paired=paired) if rule == "fixed" else None
    if paired:
        every = sorted({seed for seeds in there.values() for seed in seeds})
        lines: dict[str, Sequence[int]] = dict.fromkeys(there, every)
    else:
        lines = dict(there)
    if wanted is not None:
        more = [arm for arm in there if len(lines[arm]) > wanted[arm]]
        if not more:
            return _counted("fixed", lines, there, wanted)
        warnings = [wording.unpaired_more(arm, wanted[arm], len(lines[arm])) for arm in more]
        if paired:
            warnings = [wording.more_seeds(wanted[more[0]], len(lines[more[0]]))]
        return _counted("anytime", lines, there, {arm: len(line) for arm, line in lines.items()}, tuple(warnings))
    if rule == "looks" and max(len(line) for line in lines.values()) <= plan.looks[-1]:
        return _at_a_look(lines, there, plan.looks, decided)
    everything = {arm: len(line) for arm, line in lines.items()}
    extended: tuple[str, ...] = ()
    if rule == "looks":
        extended = (wording.more_seeds(plan.looks[-1], max(everything.values())),)
    return _counted("anytime", lines, there, everything, extended)


def _fixed(
    there: Mapping[str, Sequence[int]], fixed: int | Mapping[str, int] | None, *, paired: bool
) -> dict[str, int] | None:
    if fixed is None:
        return None
    if isinstance(fixed, int):
        return dict.fromkeys(there, fixed)
    if paired:
        raise DefinitionError(
            f"seeds: received {dict(fixed)} with pairs; every arm has the same seeds: name one number"
        )
    if set(fixed) != set(there):
        raise DefinitionError(f"seeds: received {', '.join(fixed)}; the arms are {', '.join(there)}: name each once")
    return dict(fixed)


def _at_a_look(
    lines: Mapping[str, Sequence[int]],
    there: Mapping[str, Sequence[int]],
    looks: Sequence[int],
    decided: Callable[[Mapping[str, tuple[int, ...]]], bool],
) -> Counted:
    fewest = min(len(line) for line in lines.values())
    number, reached = 1, _counted("looks", lines, there, dict.fromkeys(lines, looks[0]))
    for number, (look, following) in enumerate(zip(looks, (*looks[1:], None), strict=True), start=1):  # noqa: B007
        reached = _counted("looks", lines, there, dict.fromkeys(lines, look))
        further = following is not None and fewest >= following and not reached.missing
        if not further or decided(reached.by_arm):
            break
    return replace(reached, look=number)


def _counted(
    rule: Rule,
    lines: Mapping[str, Sequence[int]],
    there: Mapping[str, Sequence[int]],
    wanted: Mapping[str, int],
    warnings: tuple[str, ...] = (),
) -> Counted:
    """Return the first `wanted` seeds of every arm's line; what is missing of them is named."""
    missing: list[Missing] = []
    by_arm: dict[str, tuple[int, ...]] = {}
    for arm, line in lines.items():
        first = list(line[: wanted[arm]])
        missing += [Missing(arm=arm, seed=seed, reason=ABSENT) for seed in first if seed not in there[arm]]
        free = (seed for seed in range(wanted[arm] + len(line)) if seed not in line)
        number = f"one of the {wanted[arm]} seeds that were planned"
        missing += [Missing(arm=arm, seed=next(free), reason=number) for _ in range(wanted[arm] - len(first))]
        by_arm[arm] = tuple(first)
    # A pair that lacks one of its runs does not count.
    lacking = {run.seed for run in missing if run.reason == ABSENT}
    by_arm = {arm: tuple(seed for seed in seeds if seed not in lacking) for arm, seeds in by_arm.items()}
    left = sorted({seed for arm, line in lines.items() for seed in line[wanted[arm] :]})
    return Counted(rule, by_arm, tuple(missing), None, tuple(left), warnings)
