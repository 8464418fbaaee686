"""Write the files of a comparison: one self-contained HTML page, JSON with its schema, CSV.

Every form is made from one `Comparison`, so no number can differ between them, and the same comparison
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.analysis.schema import Comparison
from augexp.errors import AnalysisError
from augexp.files import write_atomically
from augexp.reporting import formats, palette
from augexp.reporting.blocks import Page
from augexp.reporting.page import PageContext, build_page
from augexp.reporting.templating import fill_template
from augexp.results.records import RunRecord

if TYPE_CHECKING:
    from augexp.data.store import Store
    from augexp.reporting.preview_sheets import PreviewSheet

TEXTS = {"md": formats.to_markdown, "csv": formats.to_csv, "latex": formats.to_latex, "json": formats.to_json}
FORMATS = ("html", *TEXTS)
SCHEMA_NAME = "comparison.schema.json"


def write(
    comparison: Comparison,
    records: Sequence[RunRecord],
    store: Store | None,
    folder: Path,
    sheets: Sequence[PreviewSheet] = (),
) -> list[Path]:
    """Write ``report.html``, ``comparison.json`` with its schema, ``comparison.csv`` and ``runs.csv``.

    Args:
        comparison: the answer.
        records: the runs behind it.
        store: the images; without it the page shows no test images.
        folder: must exist.
        sheets: preview sheets of the arms; may be empty.

    Raises:
        ResultsError: the folder cannot be written.
    """
    page = html(comparison, records, store, sheets)
    files = {
        "report.html": page,
        "comparison.json": formats.to_json(comparison),
        SCHEMA_NAME: formats.json_schema(),
        "comparison.csv": formats.to_csv(comparison),
        "runs.csv": formats.declared_runs_csv(comparison) if comparison.declared else formats.runs_csv(records),
    }
    for name, text in files.items():
        write_atomically(folder / name, text)
    return [folder / name for name in files]


def render(comparison: Comparison, format: str, records: Sequence[RunRecord] = ()) -> str:  # noqa: A002
    """Return the comparison as text.

    Args:
        comparison: the answer.
        format: `html`, `md`, `csv` (one row per contrast, full precision), `latex` or `json`.
        records: for the curves of the page; without them it has none.

    Raises:
        AnalysisError: an unknown format.
    """
    if format == "html":
        return html(comparison, records)
    if format in TEXTS:
        return TEXTS[format](comparison)
    raise AnalysisError(f"format: received {format!r}; allowed are {', '.join(FORMATS)}")


# -- the page ------------------------------------------------------------------------------------


def html(
    comparison: Comparison,
    records: Sequence[RunRecord] = (),
    store: Store | None = None,
    sheets: Sequence[PreviewSheet] = (),
) -> str:
    """Return the page; photos are in it only where `store` and `sheets` are given."""
    return lay_out(build_page(PageContext(comparison, records, store, sheets)))


def lay_out(page: Page) -> str:
    """Return a page as one HTML file that asks for nothing outside itself."""
    return fill_template("report.html", page=page, colours=palette.variables)
