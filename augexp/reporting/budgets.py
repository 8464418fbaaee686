"""What is shown of automatic budgets: test accuracy and differences at equal budgets, and what each arm's own one cost.

Everything here is empty where the budget was fixed.
"""

from __future__ import annotations

import numpy as np

from augexp.analysis.learning_curves import Course
from augexp.analysis.schema import Comparison, Contrast
from augexp.analysis.wording import level_words, number
from augexp.experiment.nouns import nouns
from augexp.reporting import charts, wording
from augexp.reporting.charts import CurveChart, GainChart, GainCurve, Line, Mark
from augexp.reporting.palette import LineStyle
from augexp.reporting.tables import Cell, Column, Table

OWN_BUDGETS = (
    "Each arm is judged at its own best budget: the milestone with the highest validation accuracy, averaged over the "
    "epochs up to it. For every {run} the other {run}s choose, so that no {run}'s luck at one epoch pays. At equal "
    "budgets both arms have taken the same steps."
)
"""With `run` for the noun of a run."""


def accuracy_chart(comparison: Comparison) -> CurveChart | None:
    """Return the mean test metric of every arm by budget, with a mark at each arm's own; None at a fixed budget."""
    contrasts = [contrast for contrast in comparison.contrasts if contrast.equal_budgets]
    if not contrasts:
        return None
    styles, points = charts.styles(comparison), contrasts[0].equal_budgets
    epochs = np.array([point.epochs for point in points], dtype=np.float64)
    means = {comparison.baseline: [point.baseline for point in points]}
    means |= {contrast.arm: [point.arm for point in contrast.equal_budgets] for contrast in contrasts}
    courses = {arm: Course(epochs, np.array([values]), (0,)) for arm, values in means.items()}
    marks = tuple(
        Mark(arm.budget.typical, arm.metric, styles[arm.name], f"{arm.name} at its own best budget")
        for arm in comparison.arms
        if arm.budget and arm.metric is not None
    )
    return CurveChart(
        caption=f"Test {wording.metric(comparison)} by budget.",
        note=f"Mean of the {nouns(comparison.folds).blocks}; a diamond is an arm at its own best budget, chosen on "
        "validation.",
        description="Test accuracy of every arm by the number of epochs", unit=f"test {wording.metric(comparison)} (%)",
        lines=tuple(Line(courses[arm], style, arm) for arm, style in styles.items() if arm in courses),
        seeds=False, budgets=True, marks=marks,
    )  # fmt: skip


def difference_chart(comparison: Comparison) -> GainChart | None:
    """Return the paired difference on test images at equal budgets; None at a fixed budget."""
    styles = charts.styles(comparison)
    curves = tuple(_curve(c, comparison, styles[c.arm]) for c in comparison.contrasts if c.equal_budgets)
    if not curves:
        return None
    which = ", ".join(curve.line.label for curve in curves)
    return GainChart(
        caption=f"{which}: difference on test images at equal budgets.",
        note="Both arms after the same number of epochs. Above zero the arm is ahead of the baseline.",
        description=f"Paired difference of test accuracy by the number of epochs, {which}", curves=curves,
        r=comparison.equivalence, region=wording.region(comparison), budgets=True,
    )  # fmt: skip


def _curve(contrast: Contrast, comparison: Comparison, style: LineStyle) -> GainCurve:
    points = contrast.equal_budgets
    epochs = np.array([point.epochs for point in points], dtype=np.float64)
    ends = [(p.interval.low, p.interval.high) if p.interval else (np.nan, np.nan) for p in points]
    course = Course(epochs, np.array([p.differences for p in points]).T, contrast.seeds)
    label, names = f"{contrast.arm} − {comparison.baseline}", charts.block_names(contrast, comparison)
    low, high = np.array(ends).T
    mean = np.array([point.difference for point in points])
    return GainCurve(Line(course, style, label, names), epochs, mean, low, high, _band(contrast, comparison))


def _band(contrast: Contrast, comparison: Comparison) -> str:
    point = next((point for point in contrast.equal_budgets if point.interval), None)
    if point is None:
        return ""
    images = f", {wording.tested(comparison)}" if point.scope == "new images" else ""
    kind = level_words(wording.level(comparison.look))
    return f"{point.scope}: {kind} at each budget, {len(contrast.seeds)} pairs{images}"


def own_budgets(comparison: Comparison) -> Table:
    """One row per arm: its own best budget, what that costs, and how far it gets."""
    rows: list[tuple[Cell, ...]] = []
    for arm in comparison.arms:
        if arm.budget:
            low, high = min(arm.budget.epochs), max(arm.budget.epochs)
            over = str(low) if low == high else f"{low} to {high}"
            budget = arm.budget
            rows.append((arm.name, budget.typical, over, round(budget.steps), budget.seconds, arm.metric))
    run, runs = nouns(comparison.folds).run, nouns(comparison.folds).runs
    columns = (
        Column("arm", key="arm"),
        Column("epochs", key="epochs"),
        Column(f"over the {runs}", key="epochs_over_the_seeds"),
        Column("steps", key="steps"),
        Column("seconds", 1, key="seconds"),
        Column(f"test {wording.metric(comparison)} (%)", 2, key="test_percent"),
    )
    note = (
        f"Epochs: the budget that all {runs} together choose on validation; the budget of each {run} is chosen by the "
        f"other {runs}. Steps and seconds are those up to the budget, mean over the {runs}."
    )
    return Table("Each arm at its own best budget", columns, tuple(rows), note)


def equal_budgets(comparison: Comparison, contrast: Contrast) -> Table:
    """One row per milestone: both arms after the same number of epochs, and the difference with its interval."""
    rows = tuple(
        (
            *(point.epochs, point.baseline, point.arm, point.difference),
            *((point.interval.low, point.interval.high) if point.interval else (None, None)),
        )
        for point in contrast.equal_budgets
    )
    columns = (
        Column("epochs", key="epochs"),
        Column(f"{comparison.baseline} (%)", 2, key="baseline_percent"),
        Column(f"{contrast.arm} (%)", 2, key="arm_percent"),
        Column("difference (pp)", 2, signed=True, key="difference_pp"),
        Column("low", 2, signed=True, key="low_pp"),
        Column("high", 2, signed=True, key="high_pp"),
    )
    note = _band(contrast, comparison)
    note = (
        f"{note[:1].upper()}{note[1:]}. Each interval is that of a comparison planned for this budget alone."
        if note
        else ""
    )
    return Table(f"Equal budgets: {contrast.arm} against {comparison.baseline}", columns, rows, note)


def horizon(comparison: Comparison) -> str:
    """Say how far the runs went and whether an arm still gained there; empty at a fixed budget."""
    reached = comparison.horizon
    if reached is None:
        return ""
    if not reached.settled:
        return f"The runs go to {reached.epochs} epochs, and it is not settled whether they go further."
    gains = ", ".join(f"{arm} {number(pp, 1, signed=True)} pp" for arm, pp in reached.gains.items())
    over = f" (gain in validation accuracy over the last doubling: {gains})" if gains else ""
    if reached.still_gaining:
        arms = wording.joined([f"`{arm}`" for arm in reached.still_gaining])
        return f"The runs ended at the cap of {reached.epochs} epochs, where {arms} still gained{over}."
    whole = comparison.definition.get("plan", {}).get("stage") == "whole"
    planned = "as planned" if whole else "the horizon that the screening found"
    found = f"every arm had levelled off{over}" if gains else planned
    return f"The runs went to {reached.epochs} epochs, {'where ' if gains else ''}{found}."


def words(comparison: Comparison) -> tuple[str, ...]:
    """Say what own budgets mean and how far the runs went; empty at a fixed budget."""
    if comparison.horizon is None:
        return ()
    return (OWN_BUDGETS.format(run=nouns(comparison.folds).run), horizon(comparison))


def costs(comparison: Comparison) -> wording.Pairs:
    """Return what differs between the arms: images seen, and the own budget of every arm with its cost, as pairs."""
    pairs = []
    for arm in comparison.arms:
        if not arm.budget and arm.images_seen > comparison.ledger.get("images_seen", arm.images_seen):
            pairs.append((f"images seen by {arm.name}", f"{arm.images_seen:,}, with copies or generated images"))
        if arm.budget:
            seconds = "" if arm.budget.seconds is None else f", {number(arm.budget.seconds, 1)} s"
            text = f"{arm.budget.typical} epochs, {number(arm.budget.steps, 0)} steps{seconds}"
            pairs.append((f"own best budget of {arm.name}", text))
    return tuple(pairs)
