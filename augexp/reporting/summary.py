"""The tables of a comparison, the same in the terminal, the report, Markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from augexp.reporting.digest import Contrast, Digest, Measure
from augexp.reporting.tables import Cell, Column, Table

NEW_IMAGES = "Intervals are for new images of the same source."


def contrasts(digest: Digest) -> Table:
    """One row per contrast: the estimate, both intervals and the verdict."""
    rows: list[tuple[Cell, ...]] = []
    for c in digest.contrasts:
        wide, narrow = c.wide or (None, None), c.narrow or (None, None)
        rows.append((c.arm, digest.baseline, len(c.seeds), c.estimate, *wide, *narrow, c.words))
    columns = (
        Column("arm", key="arm"),
        Column("against", key="baseline"),
        Column("seeds", key="seeds"),
        Column("difference (pp)", 2, signed=True, key="difference_pp"),
        Column("new images: low", 2, signed=True, key="new_images_low_pp"),
        Column("new images: high", 2, signed=True, key="new_images_high_pp"),
        Column("these images: low", 2, signed=True, key="these_images_low_pp"),
        Column("these images: high", 2, signed=True, key="these_images_high_pp"),
        Column("verdict", key="verdict"),
    )
    labels = dict.fromkeys(label for c in digest.contrasts for label in (c.wide_label, c.narrow_label) if label)
    note = "; ".join((f"Paired differences of test {digest.metric} in percentage points", *labels)) + "."
    return Table(f"Differences on {digest.images}", columns, tuple(rows), note)


def arms(digest: Digest) -> Table:
    """One row per arm: accuracy, generalisation gap and measured cost."""
    rows = tuple(
        (a.name, a.policy, a.runs, a.diverged, a.accuracy, a.gap, a.unique_images, a.wall_seconds, a.cpu_seconds)
        for a in digest.arms
    )
    columns = (
        Column("arm", key="arm"),
        Column("policy", key="policy"),
        Column("runs", key="runs"),
        Column("diverged", key="diverged"),
        Column(f"test {digest.metric} (%)", 2, key="test_percent"),
        Column("gap (pp)", 1, signed=True, key="gap_pp"),
        Column("unique images", key="unique_images"),
        Column("wall time (s)", 1, key="wall_seconds"),
        Column("CPU time (s)", 1, key="cpu_seconds"),
    )
    note = (
        "Gap: accuracy on clean training images minus validation accuracy at the last epoch. "
        "Gap and times are means over the runs."
    )
    return Table("Arms", columns, rows, note)


def measures(digest: Digest, contrast: Contrast) -> Table:
    """Accuracy, log loss, Brier score and calibration error of one contrast."""
    title = f"More than accuracy: {contrast.arm} against {digest.baseline}"
    note = f"{NEW_IMAGES} Lower is better for losses and errors."
    return _measures(title, "measure", digest, contrast, contrast.measures, 3, note)


def classes(digest: Digest, contrast: Contrast) -> Table:
    """The accuracy per class of one contrast, in percent."""
    title = f"Accuracy per class (%): {contrast.arm} against {digest.baseline}"
    note = f"{NEW_IMAGES} p-values with Holm's correction over the classes."
    return _measures(title, "class", digest, contrast, contrast.classes, 2, note)


def _measures(
    title: str, head: str, digest: Digest, contrast: Contrast, found: Sequence[Measure], digits: int, note: str
) -> Table:
    columns = (
        Column(head, key=head),
        Column("test images", key="test_images"),
        Column(digest.baseline, digits, key="baseline"),
        Column(contrast.arm, digits, key="arm"),
        Column("difference", digits, signed=True, key="difference"),
        Column("low", digits, signed=True, key="low"),
        Column("high", digits, signed=True, key="high"),
        Column("p", 4, key="p", least=0.001),
    )
    rows = tuple((m.name, m.images, m.baseline, m.arm, m.difference, *(m.interval or (None, None)), m.p) for m in found)
    return Table(title, columns, rows, note)


def facts(digest: Digest, contrast: Contrast) -> Table:
    """Wins, correlation, effect sizes and p-values of one contrast."""
    title = f"Also reported: {contrast.arm} against {digest.baseline}"
    return Table(title, (Column("quantity"), Column("value")), contrast.facts)


def all_tables(digest: Digest) -> list[Table]:
    """Return every table in reading order, empty ones left out."""
    tables = [contrasts(digest), arms(digest)]
    for contrast in digest.contrasts:
        tables += [facts(digest, contrast), measures(digest, contrast), classes(digest, contrast)]
    for title, pairs in (("Equal budget", digest.ledger), ("Data", digest.data), ("Plan", digest.plan)):
        tables.append(Table(title, (Column("what"), Column("value")), pairs))
    return [table for table in tables if table.rows]
