"""`augexp index`: prepare the images of a source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands.arrays import as_source
from augexp.commands.define import Source, define
from augexp.progress import NullListener, ProgressListener

if TYPE_CHECKING:
    from augexp.data.store import Store


def index(
    source: Source = (),
    *,
    data_dir: str | Path = "data",
    jobs: int = 0,
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Store:
    """Prepare the images of `source`, or open them where they are prepared; see `augexp.data.store`."""
    from augexp.data.preparation import prepare  # noqa: PLC0415 - numpy is not needed for definitions

    listener = progress or NullListener()
    return prepare(
        define(as_source(source, data_dir), **changes).data, Path(data_dir), progress=listener.stage, jobs=jobs
    )
