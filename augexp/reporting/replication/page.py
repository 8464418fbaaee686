"""The page of a replication, and the other forms: JSON, CSV, Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from augexp.analysis.learning_curves import course
from augexp.analysis.replication.schema import ReplicatedTable, Replication
from augexp.files import write_atomically
from augexp.reporting import blocks, charts, figures, formats
from augexp.reporting import write as pages
from augexp.reporting.palette import line_styles
from augexp.reporting.replication import chart, tables, words
from augexp.reporting.tables import Column, Table
from augexp.results.records import TEST_ACCURACY, RunRecord
from augexp.version import __version__

TITLE = "A published table, repeated"

Records = Mapping[str, Sequence[RunRecord]]
"""The runs of every experiment, by its name."""


def write(replication: Replication, records: Records, folder: Path) -> list[Path]:
    """Write ``replication.json`` with its schema, ``.csv``, ``.md`` and ``.html``; return their paths.

    Args:
        replication: the answer.
        records: for the curves of the page.
        folder: made if missing.

    Raises:
        ResultsError: the folder cannot be written.
    """
    texts = {
        "json": json.dumps(replication.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "csv": formats.csv_table(tables.all_rows(replication)),
        "md": to_markdown(replication),
        "html": pages.lay_out(build_page(replication, records)),
        "schema.json": json_schema(),
    }
    paths = [folder / f"replication.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_atomically(path, text, advice="free some space or choose another place with --out")
    return paths


def json_schema() -> str:
    """Return the JSON schema of ``replication.json``."""
    return json.dumps(Replication.model_json_schema(mode="serialization"), indent=1, sort_keys=True) + "\n"


def to_markdown(replication: Replication) -> str:
    """Return all sentences and tables as Markdown."""
    escape = formats.escape_markdown
    lines = [f"## {TITLE}\n", f"{escape(replication.paper)}.\n"]
    for table in replication.tables:
        head, sentence = words.result(table)
        lines += [f"> **{escape(head)}.** {escape(sentence)}\n"]
    warnings = [f"- {escape(text)}" for table in replication.tables for text in words.warnings(table)]
    lines += [*warnings, ""] if warnings else []
    lines += [f"{escape(text)}\n" for text in (*words.METHOD, words.CLAIMS, words.OPTIMISM, words.SAMPLING)]
    lines += [formats.markdown_table(tables.arms(replication))]
    for table in replication.tables:
        lines += [formats.markdown_table(one) for one in _tables(table)]
    lines += [formats.markdown_table(unsaid(replication)), *(f"{escape(text)}\n" for text in replication.left_out)]
    return "\n".join([*lines, "```bash", replication.command, "```", ""])


def _tables(table: ReplicatedTable) -> list[Table]:
    listed = [tables.gains(table), tables.accuracies(table), tables.claims(table), tables.optimism(table)]
    return [one for one in listed if one.rows]


def unsaid(replication: Replication) -> Table:
    """Return what the paper does not say, and what is done here."""
    return Table("What the paper does not say", (Column("what"), Column("here")), replication.unsaid)


def build_page(replication: Replication, records: Records) -> blocks.Page:
    """Return the page; it holds no photo."""
    results = [words.result(table) for table in replication.tables]
    return blocks.Page(
        title=TITLE,
        kicker=replication.paper,
        verdicts=tuple(blocks.VerdictBox(head, "open", sentence) for head, sentence in results),
        warnings=tuple(text for table in replication.tables for text in words.warnings(table)),
        sections=(
            _method(replication),
            *(_section(table) for table in replication.tables),
            _claims(replication),
            _optimism(replication, records),
            *_choices(replication),
        ),
        footer=f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else.",
    )


def _method(replication: Replication) -> blocks.Section:
    listed = tables.arms(replication)
    parts: list[blocks.Block] = [blocks.Prose((*words.METHOD, words.SAMPLING))]
    parts += [blocks.Tabular(listed)] if listed.rows else []
    return blocks.Section("How to read this", "method", tuple(parts))


def _section(table: ReplicatedTable) -> blocks.Section:
    picture = chart.ReplicationChart(table)
    parts: list[blocks.Block] = []
    if picture.arms and any(arm.budgets for arm in picture.arms):
        parts.append(blocks.Figure(chart.to_svg(picture), picture.caption, picture.note, picture.legend))
    parts += [blocks.Tabular(one) for one in (tables.gains(table), tables.accuracies(table)) if one.rows]
    return blocks.Section(words.title(table), table.experiment, tuple(parts))


def _claims(replication: Replication) -> blocks.Section:
    listed = [one for table in replication.tables if (one := tables.claims(table)).rows]
    return blocks.Section("Claims", "claims", (blocks.Prose((words.CLAIMS,)), *map(blocks.Tabular, listed)))


def _optimism(replication: Replication, records: Records) -> blocks.Section:
    """Return what the best epochs would have claimed, with the test curves."""
    parts: list[blocks.Block] = [blocks.Prose((words.OPTIMISM,))]
    biases = tuple(text for table in replication.tables if (text := words.largest_bias(table)))
    parts += [blocks.Items("", biases)] if biases else []
    for table in replication.tables:
        curves = curves_chart(table, records.get(table.experiment, ()))
        if curves is not None:
            parts.append(blocks.Figure(figures.to_svg(curves), curves.caption, curves.note, curves.legend))
        if (listed := tables.optimism(table)).rows:
            parts.append(blocks.Tabular(listed))
    return blocks.Section("The best of many epochs", "best-epochs", tuple(parts))


def curves_chart(table: ReplicatedTable, records: Sequence[RunRecord]) -> charts.CurveChart | None:
    """Return the accuracy on the test images by epoch of every arm; None where no run has it."""
    arms = [arm.arm for arm in table.arms]
    known = [record for record in records if record.finished]
    courses = {arm: course(known, arm, TEST_ACCURACY, factor=100.0) for arm in arms}
    if not any(len(one.seeds) for one in courses.values()):
        return None
    styles = line_styles(arms, "none")
    return charts.CurveChart(
        caption=f"{words.title(table)}: accuracy on the test images by epoch.",
        note="Mean of the seeds. Nothing is chosen by these curves.",
        description=f"Accuracy on the test images of every arm by epoch, {words.title(table)}",
        unit="accuracy (%)",
        lines=tuple(charts.Line(one, styles[arm], arm) for arm, one in courses.items() if len(one.seeds)),
        seeds=False,
    )


def _choices(replication: Replication) -> Iterator[blocks.Section]:
    parts = (blocks.Tabular(unsaid(replication)), blocks.Items("Left out", replication.left_out))
    yield blocks.Section("Choices of this replication", "choices", parts)
    commands = "\n".join((replication.command, *(table.command for table in replication.tables)))
    yield blocks.Section("Repeat it", "repeat", (blocks.Code(commands),))
