"""The tables of runs that somebody else trained."""

from __future__ import annotations

from augexp.analysis.schema import Comparison, Contrast
from augexp.experiment.nouns import nouns
from augexp.reporting.tables import Column, Table


def runs(comparison: Comparison, metric: str) -> Table:
    """One row per run that counts; `metric` is the name of the primary one."""
    declared = comparison.declared
    rows = tuple((run.arm, run.seed, run.metric) for run in declared.runs) if declared else ()
    columns = (
        Column("arm", key="arm"),
        Column(nouns(comparison.folds).block, key="seed"),
        Column(f"test {metric} (%)", 2, key="test_percent"),
    )
    return Table("Runs that count", columns, rows)


def changed_images(comparison: Comparison, contrast: Contrast) -> list[Table]:
    """Return the test images that the arm wins, and those that it loses, by name; tables without rows are left out."""
    declared = contrast.declared
    if declared is None:
        return []
    tables = []
    for images, count, verb in ((declared.best, declared.won, "won"), (declared.worst, declared.lost, "lost")):
        columns = (
            Column("image", key="image"),
            Column("label", key="label"),
            Column(f"{comparison.baseline}: runs right (%)", 0, key="baseline_percent"),
            Column(f"{contrast.arm}: runs right (%)", 0, key="arm_percent"),
        )
        rows = tuple((i.image, i.label, 100 * i.baseline, 100 * i.arm) for i in images)
        note = f"{count:,} of {comparison.test_images:,} test images"
        note += f"; the {len(rows)} clearest." if count > len(rows) else "."
        tables.append(Table(f"Images {verb} by {contrast.arm}", columns, rows, note))
    return [table for table in tables if table.rows]
