"""Find the reader of a file, and the arm and seed of each file of a folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from augexp.errors import DataError, DefinitionError
from augexp.external import arrays, npz, parquet, text_table
from augexp.external.collector import Collected, Collector
from augexp.external.rows import Rows, TableLayout

Reader = Callable[[Path, Mapping[str, str]], Iterator[tuple[TableLayout, Rows]]]

READERS: dict[str, Reader] = {
    ".csv": text_table.read_with_layout,
    ".tsv": text_table.read_with_layout,
    ".parquet": parquet.read_with_layout,
    ".npz": npz.read_with_layout,
}
"""The reader of a file by the end of its name."""

PATTERNS = (
    "{arm}/seed-{seed}/predictions",
    "{arm}/seed-{seed}",
    "{arm}/seed_{seed}",
    "{arm}/{seed}",
    "{arm}-seed-{seed}",
    "{arm}_seed_{seed}",
    "{arm}-{seed}",
    "{arm}_{seed}",
)
"""Names of files below a folder, without their ends, that say arm and seed; tried in this order."""


class JudgedSource(NamedTuple):
    """Runs as they were read.

    Attributes:
        collected: the runs.
        where: what they were read from, without folders of this machine.
        first_run: date of the oldest file; None where there is no file.
        unnamed: whether images have no names but their place.
    """

    collected: Collected
    where: str
    first_run: datetime | None = None
    unnamed: bool = False


def read(runs: Any, pattern: str | None = None) -> JudgedSource:
    """Read all runs.

    Args:
        runs: path of a table or of a folder of files, or a table in memory, see `augexp.external.arrays`.
        pattern: where the files of a folder say arm and seed, like ``{arm}/seed-{seed}.csv``; None tries `PATTERNS`,
            unless the files have such columns.

    Raises:
        DataError, DefinitionError: one line that names file, row and remedy.
    """
    collector = Collector()
    if not isinstance(runs, (str, Path)):
        if not isinstance(runs, Mapping) and not hasattr(runs, "columns"):
            raise DataError(
                f"runs: received {type(runs).__name__}; allowed are a path, a data frame, and a mapping of columns"
            )
        for layout, rows in arrays.read_with_layout(runs, "table"):
            collector.add(layout, rows)
        return JudgedSource(collector.finish(), "a table in memory")
    path = Path(runs)
    files = _files(path, pattern)
    for file, known in files:
        for layout, rows in READERS[file.suffix.lower()](file, known):
            collector.add(layout, rows)
    oldest = min(file.stat().st_mtime for file, _ in files)
    where = path.name if path.is_file() else f"{len(files)} files in {path.resolve().name}"
    collected = collector.finish()
    numbered = all(file.suffix == ".npz" for file, _ in files) and collected.images[:2] == ("0", "1")
    return JudgedSource(collected, where, datetime.fromtimestamp(oldest, UTC), numbered)


def _files(path: Path, pattern: str | None) -> list[tuple[Path, dict[str, str]]]:
    """Return the files of a path, each with what its place says of arm and seed."""
    allowed = ", ".join(READERS)
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise DataError(f"{path}: received a file {path.suffix or 'without an end'!r}; allowed are {allowed}")
        if pattern is not None:
            raise DefinitionError(
                f"pattern: received {pattern!r} with {path.name}, a table that says arm and seed itself; allowed with "
                "a folder of files"
            )
        return [(path, {})]
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder; name a table ({allowed}) or a folder of them")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in READERS and not file.name.startswith("."))
    if pattern is not None:
        expression = _expression(pattern)
        return [(file, _match(file, path, expression, pattern)) for file in files if file.is_file()] or _none(path)
    if not files:
        return _none(path)
    for candidate in PATTERNS:
        found = [_expression(candidate).fullmatch(file.relative_to(path).as_posix()) for file in files]
        hits = [(file, match.groupdict()) for file, match in zip(files, found, strict=True) if match]
        if len(hits) == len(files) or ("/predictions" in candidate and hits):
            return [(file, known if not _says_itself(file) else {}) for file, known in hits]
    return [(file, {}) for file in files]


def _none(path: Path) -> list[tuple[Path, dict[str, str]]]:
    raise DataError(f"{path}: no file of runs below this folder; allowed are {', '.join(READERS)}")


def _says_itself(file: Path) -> bool:
    """Tell whether a text table has columns of its own for arm and seed."""
    if file.suffix.lower() not in text_table.SEPARATORS:
        return False
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        names = [name.strip() for name in lines.readline().split(text_table.SEPARATORS[file.suffix.lower()])]
    return {"arm", "seed"} <= {*names}


def _expression(pattern: str) -> re.Pattern[str]:
    for name in ("{arm}", "{seed}"):
        if pattern.count(name) != 1:
            raise DefinitionError(
                f"pattern: received {pattern!r}; allowed are paths with {{arm}} and {{seed}} once each, like "
                "'{arm}/seed-{seed}.csv'"
            )
    text = re.escape(pattern).replace(r"\{arm\}", r"(?P<arm>[^/]+?)").replace(r"\{seed\}", r"(?P<seed>\d+)")
    ends = "" if Path(pattern).suffix.lower() in READERS else r"\.\w+"
    return re.compile(text + ends)


def _match(file: Path, folder: Path, expression: re.Pattern[str], pattern: str) -> dict[str, str]:
    name = file.relative_to(folder).as_posix()
    match = expression.fullmatch(name)
    if match is None:
        raise DataError(
            f"{folder}: the file {name} does not fit the pattern {pattern!r}; move it away, or name another --pattern"
        )
    return match.groupdict()
