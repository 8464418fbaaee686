"""`augexp overview`: several answers on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from augexp.commands import answer
from augexp.errors import ResultsError

OVERVIEW_FORMATS = ("html", "md", "csv")
"""What `augexp overview` can make."""

PUBLISHED = Path("comparison") / "comparison.json"


def overview(results: Sequence[str | Path], form: str = "html") -> str:
    """Return several published answers as one text: one row for each comparison of an arm with its baseline.

    Args:
        results: results folders, or folders of results folders; each answer is shown once, in the order of names.
        form: `html`, `md` or `csv`.

    Raises:
        ResultsError: no answer there, one that cannot be read, or an unknown form.
    """
    from augexp.reporting.overview import page  # noqa: PLC0415 - matplotlib and Jinja

    if form not in OVERVIEW_FORMATS:
        raise ResultsError(f"format: received {form!r}; allowed are {', '.join(OVERVIEW_FORMATS)}")
    folders = list(dict.fromkeys(folder for place in results for folder in _folders(Path(place))))
    return page.render([answer.published(folder) for folder in folders], form)


def _folders(place: Path) -> list[Path]:
    """Return the results folders at a place: itself, or those below it and below its folders."""
    if (place / PUBLISHED).is_file():
        return [place]
    patterns = (f"{depth}/{PUBLISHED.as_posix()}" for depth in ("*", "*/*"))
    below = sorted(path.parent.parent for pattern in patterns for path in place.glob(pattern))
    if not below:
        raise ResultsError(
            f"{place}: no answer here ({PUBLISHED.as_posix()} is missing); name results folders that augexp compare or "
            "augexp judge wrote, or a folder of them"
        )
    return below
