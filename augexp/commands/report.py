"""`augexp report`: draw the answer of a results folder again, or give it as a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.commands import answer, judge
from augexp.files import check_inside
from augexp.results.folder import reopen_workspace

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison

FORMATS = ("html", "md", "csv", "latex", "json")
"""What `augexp report` can make; the same as `augexp.reporting.write.FORMATS`, without loading it."""


def report(
    results: str | Path,
    *,
    data_dir: str | Path = "data",
    pictures: bool = True,
    note: Callable[[str], None] = lambda text: None,
) -> Path:
    """Draw figures, tables and page of a results folder again, and return the page's path.

    Photos appear where the prepared images are still found in `data_dir`. `note` is told which files had been changed
    since they were written, and what has to be known of the records.

    Raises:
        ResultsError: no results there, or only a published answer without its runs.
    """
    folder = Path(results)
    check_inside(folder)
    if not (folder / "experiment.toml").is_file() and (folder / "comparison" / "comparison.json").is_file():
        published = answer.published(folder)
        if published.declared:  # judged runs lie elsewhere; the answer holds everything that the page shows
            judge.publish(published, folder)
            return folder / "comparison" / "report.html"
    workspace = reopen_workspace(folder)
    comparison, records, store = answer.recompute(workspace, Path(data_dir))
    answer.publish(workspace, comparison, records, store, pictures=pictures, again=True, note=note)
    for warning in answer.remarks_on(workspace, records, answer.Images(store, None, "")):
        note(warning)
    return workspace.comparison / "report.html"


def render(comparison: Comparison, form: str) -> str:
    """Return a comparison as text in one of `FORMATS`; a page of it has neither curves nor photos."""
    from augexp.reporting import write as reports  # noqa: PLC0415

    return reports.render(comparison, form)


def render_folder(
    results: str | Path,
    form: str,
    *,
    data_dir: str | Path = "data",
    pictures: bool = True,
    note: Callable[[str], None] = lambda text: None,
) -> str:
    """Return the answer of a results folder as text in one of `FORMATS`.

    Where the runs are not there any more, tables are made from the ``comparison.json`` that is.
    """
    folder = Path(results)
    if form == "html":
        return report(folder, data_dir=data_dir, pictures=pictures, note=note).read_text(encoding="utf-8")
    return render(answer.current(folder, Path(data_dir)), form)
