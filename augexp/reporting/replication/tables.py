"""The tables of a replication as values."""

from __future__ import annotations

from augexp.analysis.replication.schema import AtBudget, Difference, ReplicatedArm, ReplicatedTable, Replication
from augexp.analysis.wording import MISSING, ends, number
from augexp.reporting.replication import words
from augexp.reporting.tables import Cell, Column, Table


def arms(replication: Replication) -> Table:
    """One row per arm of any experiment: what the paper did."""
    titles = {arm.arm: arm.title for table in replication.tables for arm in table.arms}
    return Table("The arms", (Column("arm", whole=True), Column("what it is")), tuple(titles.items()))


def gains(table: ReplicatedTable) -> Table:
    """One row per arm: the published gain with its error, and the gain at each budget with its interval."""
    keys = [budget.key for budget in table.arms[0].budgets] if table.arms else []
    columns = [Column("arm"), Column("published gain (pp)", 1, signed=True), Column("its error (±pp)", 1)]
    for key in keys:
        columns += [Column(f"{words.BUDGETS[key]} (pp)", 1, signed=True), Column("interval", whole=True)]
    rows = []
    for arm in table.arms:
        if arm.published_gain is None:
            continue
        row: list[Cell] = [arm.arm, arm.published_gain, arm.published_error]
        for key in keys:
            gain = _at(arm, key)
            row += [gain.estimate if gain else None, _interval(gain)]
        rows.append(tuple(row))
    return Table(f"{words.title(table)}: gain over no augmentation", tuple(columns), tuple(rows), _scope(table))


def gains_by_budget(table: ReplicatedTable) -> Table:
    """What `gains` says with a row for each arm and budget, narrow enough for a terminal of 80 columns."""
    columns = (
        Column("arm", whole=True),
        Column("published (pp)", whole=True),
        Column("at", whole=True),
        Column("gain (pp)", 1, signed=True, whole=True),
        Column("interval", whole=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for arm in table.arms:
        if arm.published_gain is not None:
            published = f"{number(arm.published_gain, 1, signed=True)} (±{number(arm.published_error or 0.0, 1)})"
            for place, budget in enumerate(arm.budgets):
                names: tuple[Cell, Cell] = (arm.arm, published) if place == 0 else ("", "")
                gain = budget.gain.estimate if budget.gain else None
                rows.append((*names, words.BUDGETS[budget.key], gain, _interval(budget.gain)))
    return Table(f"{words.title(table)}: gain over no augmentation", columns, tuple(rows), _scope(table))


def accuracies(table: ReplicatedTable) -> Table:
    """One row per arm: the published accuracy, and that at each budget with its interval and epochs."""
    keys = [budget.key for budget in table.arms[0].budgets] if table.arms else []
    columns = [Column("arm"), Column("published (%)", 1)]
    for key in keys:
        columns += [Column(f"{words.BUDGETS[key]} (%)", 1), Column("interval", whole=True), Column("epochs")]
    rows = []
    for arm in table.arms:
        row: list[Cell] = [arm.arm, arm.published]
        for key in keys:
            budget = next(one for one in arm.budgets if one.key == key)
            row += [budget.accuracy.estimate, _plain(budget.accuracy), budget.epochs]
        rows.append(tuple(row))
    note = "Epochs of own best budgets: the number that all seeds together choose."
    return Table(f"{words.title(table)}: accuracy", tuple(columns), tuple(rows), note)


def claims(table: ReplicatedTable) -> Table:
    """One row per claim: the published difference, then estimate, interval, p and status at equal steps; the others."""
    keys = [one.key for one in table.claims[0].judged] if table.claims else []
    columns = [Column("claim"), Column("published (pp)", 1, signed=True), Column("its error (±pp)", 1)]
    columns += [Column("equal steps (pp)", 1, signed=True), Column("interval", whole=True)]
    columns += [Column("p (Holm)", 3, least=0.001), *(Column(words.BUDGETS[key], whole=True) for key in keys)]
    rows = []
    for claim in table.claims:
        first = claim.judged[0] if claim.judged else None
        row: list[Cell] = [claim.claim, claim.published, claim.published_error]
        row += (
            [first.difference.estimate, _interval(first.difference), first.p_holm] if first else [None, MISSING, None]
        )
        rows.append((*row, *(one.status for one in claim.judged)))
    return Table(f"{words.title(table)}: the claims of the paper", tuple(columns), tuple(rows))


def optimism(table: ReplicatedTable) -> Table:
    """One row per arm: best and last epoch, the bias, and what the gain would have been."""
    columns = (
        Column("arm", whole=True),
        Column("best epoch (%)", 1),
        Column("last epoch (%)", 1),
        Column("bias (pp)", 2, signed=True),
        Column("gain of the best epochs (pp)", 1, signed=True),
        Column("bias of that gain (pp)", 2, signed=True),
    )
    rows = tuple(
        (arm.arm, best.best, best.final, best.bias, best.gain, best.gain_bias)
        for arm in table.arms
        if (best := arm.best_of_epochs)
    )
    return Table(f"{words.title(table)}: the best of {table.epochs} epochs", columns, rows)


def all_rows(replication: Replication) -> Table:
    """One row per experiment, arm and budget, for CSV."""
    names = ("experiment", "pair", "variant", "seeds", "folds", "test_images", "arm", "published_percent")
    gain = ("gain_pp", "gain_low_pp", "gain_high_pp", "gain_scope")
    accuracy = ("accuracy_percent", "accuracy_low_percent", "accuracy_high_percent")
    best = ("best_of_epochs_percent", "best_of_epochs_bias_pp", "best_of_epochs_gain_pp")
    heads = (*names, "published_gain_pp", "published_error_pp", "budget", "epochs", *accuracy, *gain, *best)
    rows: list[tuple[Cell, ...]] = []
    for table in replication.tables:
        about = (table.experiment, table.pair, table.variant, table.seeds, table.folds, table.test_images)
        for arm in table.arms:
            said = (arm.arm, arm.published, arm.published_gain, arm.published_error)
            rows += [(*about, *said, *_cells(arm, budget)) for budget in arm.budgets]
    return Table("Replication", tuple(Column(head, key=head) for head in heads), tuple(rows))


def _cells(arm: ReplicatedArm, budget: AtBudget) -> tuple[Cell, ...]:
    best, gain = arm.best_of_epochs, budget.gain
    return (
        *(budget.key, budget.epochs, budget.accuracy.estimate, *_pair(budget.accuracy)),
        *((gain.estimate, *_pair(gain), gain.scope) if gain else (None,) * 4),
        *((best.best, best.bias, best.gain) if best else (None,) * 3),
    )


def _at(arm: ReplicatedArm, key: str) -> Difference | None:
    return next((budget.gain for budget in arm.budgets if budget.key == key), None)


def _pair(difference: Difference) -> tuple[float | None, float | None]:
    return (difference.interval.low, difference.interval.high) if difference.interval else (None, None)


def _interval(difference: Difference | None) -> str:
    return ends(difference.interval) if difference and difference.interval else MISSING


def _plain(difference: Difference) -> str:
    interval = difference.interval
    return f"{interval.low:.1f} to {interval.high:.1f}" if interval else MISSING


def _scope(table: ReplicatedTable) -> str:
    scopes = {b.gain.scope for arm in table.arms for b in arm.budgets if b.gain and b.gain.interval}
    if scopes == {"these images"}:
        return "With so few test images the intervals are for these images alone."
    return "Intervals are for new images of the same source." if scopes else "There is no interval with so few seeds."
