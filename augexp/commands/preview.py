"""`augexp preview`: a sheet of images that shows what an arm does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augexp.commands.arrays import as_source
from augexp.commands.define import Source, define
from augexp.commands.index import index
from augexp.progress import ProgressListener


def preview(
    source: Source = (),
    *,
    arm: str = "standard",
    output: str | Path | None = None,
    strength: bool = False,
    draws: int = 6,
    data_dir: str | Path = "data",
    results_dir: str | Path = "results",
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Path:
    """Write a sheet of images that shows what an arm does to the images of `source`.

    Args:
        source: an `Experiment`, a path, LSUN categories, (images, labels) as arrays, or nothing.
        arm: the policy, by name.
        output: ``.png``, ``.svg`` or ``.html``; None is ``samples-<arm>.png`` (``strength-<arm>.png``).
        strength: show every operation over its range, in place of one original per class with its versions.
        draws: number of augmented versions of each original.
        data_dir: holds downloads and prepared images.
        results_dir: holds one folder per experiment; the network of a learned policy is shown as it was trained there.
        progress: listens to what happens.
        **changes: to the definition, see `define`.

    Returns:
        The path of the file.

    Raises:
        DefinitionError, DataError: one line that says what to do.
    """
    from augexp.reporting import preview_sheets, sheet_files  # noqa: PLC0415 - OpenCV
    from augexp.reporting.learned import sheets as learned_sheets  # noqa: PLC0415 - OpenCV

    experiment = define(as_source(source, data_dir), **{"arms": [arm], **changes})
    target = Path(output or f"{'strength' if strength else 'samples'}-{arm}.png")
    sheet_files.check_target(target)
    store = index(experiment, data_dir=data_dir, progress=progress)
    if strength:
        sheet = preview_sheets.strengths(experiment, arm, store)
    elif experiment.policy(arm).learned is not None:
        sheet = learned_sheets.samples(experiment, arm, store, draws, Path(results_dir) / experiment.name)
    else:
        sheet = preview_sheets.samples(experiment, arm, store, draws)
    sheet_files.save(sheet, target)
    return target
