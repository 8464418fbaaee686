"""The figures of a comparison as files: ``curves-<arm>``, ``comparison`` and ``unique-images``, PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.reporting import charts, plates
from augexp.reporting.digest import Digest
from augexp.results.records import RunRecord

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison


def draw(comparison: Comparison, records: Sequence[RunRecord], folder: Path) -> list[Path]:
    """Draw all figures into `folder` and return their paths.

    Args:
        comparison: the answer.
        records: the runs behind it.
        folder: must exist.

    Raises:
        ResultsError: the folder cannot be written.
    """
    from augexp.reporting.wording import digest  # noqa: PLC0415 - the drawing itself needs no models

    return draw_digest(digest(comparison, records), records, folder)


def draw_digest(digest: Digest, records: Sequence[RunRecord], folder: Path) -> list[Path]:
    """Draw all figures of a digest; equal values give equal bytes."""
    inks, paths = charts.inks(digest), []
    with plates.styled():
        for arm in digest.arm_names:
            figure = plates.draw_curves(f"{arm}: accuracy by epoch, {digest.images}", charts.kinds(records, arm))
            paths += plates.save(figure, folder, f"curves-{arm}")
        figure = plates.draw_comparison(
            f"Does augmentation help? {digest.images}",
            charts.validation(records, inks),
            charts.gains(digest, records),
            charts.spans(digest),
            digest.r,
            (charts.label(digest, "wide"), charts.label(digest, "narrow")),
            digest.metric,
        )
        paths += plates.save(figure, folder, "comparison")
        lines, seen = charts.unique(records, inks), charts.seen(records, digest.baseline)
        figure = plates.draw_unique(f"How many different images the network received, {digest.images}", lines, seen)
        paths += plates.save(figure, folder, "unique-images")
    return paths
