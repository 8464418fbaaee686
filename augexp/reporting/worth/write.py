"""The page, the figure, and the other forms of the answer, all made from one `Worth`."""

from __future__ import annotations

import json
from pathlib import Path

from augexp.analysis import wording as common
from augexp.analysis.worth.schema import Worth
from augexp.files import write_atomically
from augexp.reporting import blocks, formats
from augexp.reporting import write as pages
from augexp.reporting.worth import chart as charts
from augexp.reporting.worth import tables
from augexp.version import __version__

MEANING = (
    "For every seed the training photos of the smaller sizes are part of those of the larger ones, and the test images "
    "are the same at all sizes. The seed's own curve without augmentation, made non-decreasing and linear in the "
    "logarithm of the size, reaches its accuracy with augmentation at some size: that many photos would have done as "
    "much. The answer is the mean of the logarithms over the seeds.",
    "The interval says what other seeds would give on these test images. It says nothing about other test images, and "
    "nothing about sizes beyond those that were trained: seeds that leave them count as known to lie beyond.",
)


def write(worth: Worth, folder: Path) -> list[Path]:
    """Write ``report.html``, ``worth.json`` with its schema, ``worth.md``, ``worth.csv``, ``worth.png`` and ``.svg``.

    Args:
        worth: the answer.
        folder: must exist.

    Raises:
        ResultsError: the folder cannot be written.
    """
    chart = charts.WorthChart(worth)
    files = {
        "report.html": to_html(worth),
        "worth.json": to_json(worth),
        "worth.schema.json": json_schema(),
        "worth.md": to_markdown(worth),
        "worth.csv": formats.csv_table(tables.seeds(worth)),
        "sizes.csv": formats.csv_table(tables.sizes(worth)),
    }
    for name, text in files.items():
        write_atomically(folder / name, text)
    return [*(folder / name for name in files), *charts.save(chart, folder)]


def to_json(worth: Worth) -> str:
    """Return the content of ``worth.json``."""
    return json.dumps(worth.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_schema() -> str:
    """Return the JSON schema of ``worth.json``."""
    return json.dumps(Worth.model_json_schema(mode="serialization"), indent=1, sort_keys=True) + "\n"


def to_markdown(worth: Worth) -> str:
    """Return title, sentence of record, warnings and tables as Markdown."""
    escape = formats.escape_markdown
    warnings = [f"- {escape(text)}" for text in worth.warnings]
    head = [f"## {escape(title(worth))}\n", f"> {escape(worth.sentence)}\n", *warnings, *[""] * bool(warnings)]
    return "\n".join([*head, *(formats.markdown_table(part) for part in (tables.sizes(worth), tables.seeds(worth)))])


def title(worth: Worth) -> str:
    """Return the heading."""
    return f"What is augmentation worth in photos? {worth.name}{' (synthetic images)' if worth.synthetic else ''}"


def to_html(worth: Worth) -> str:
    """Return the page as one HTML file that asks for nothing outside itself."""
    chart = charts.WorthChart(worth)
    figure = blocks.Figure(charts.to_svg(chart), chart.caption, chart.note, chart.legend)
    sections = (
        blocks.Section("Learning curves", "curves", (figure,)),
        blocks.Section("What it means", "meaning", (blocks.Prose(MEANING),)),
        blocks.Section("Sizes", "sizes", (blocks.Tabular(tables.sizes(worth)),)),
        blocks.Section("Seeds", "seeds", (blocks.Tabular(tables.seeds(worth)),)),
        blocks.Section("Repeat it", "repeat", (blocks.Facts(_facts(worth)), blocks.Code(worth.command))),
    )
    tone = "open" if worth.interval is None else "helps" if (worth.interval.low or 0.0) > 1 else "same"
    words = f"Worth {worth.answer}" if not worth.answer.startswith("no ") else worth.answer.capitalize()
    return pages.lay_out(
        blocks.Page(
            title=title(worth),
            kicker=f"{worth.source}; {len(worth.seeds)} seeds, {worth.test_images:,} test images",
            verdicts=(blocks.VerdictBox(words, tone, worth.sentence),),
            warnings=worth.warnings,
            sections=sections,
            footer=f"Made by augexp {__version__}. This file holds everything it shows and asks for nothing else.",
        )
    )


def _facts(worth: Worth) -> tuple[tuple[str, str], ...]:
    cost = worth.cost
    seconds = "" if cost.seconds is None else f", {common.number(cost.seconds, 0)} s of wall time"
    return (
        ("experiment", worth.experiment_hash),
        ("classes", ", ".join(worth.classes)),
        ("training draws", worth.draws),
        ("cost", f"{cost.images_trained:,} images trained on, {cost.ratio:.2f} times a plain comparison{seconds}"),
        *worth.environment.items(),
    )
