"""The figures of a comparison as files: ``curves-<arm>``, ``comparison`` and ``unique-images``, PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from augexp.analysis.schema import Comparison
from augexp.reporting import charts, plates, wording
from augexp.results.records import RunRecord


def draw(comparison: Comparison, records: Sequence[RunRecord], folder: Path) -> list[Path]:
    """Draw all figures into `folder` and return their paths; equal values give equal bytes.

    Args:
        comparison: the answer.
        records: the runs behind it.
        folder: must exist.

    Raises:
        ResultsError: the folder cannot be written.
    """
    inks, paths = charts.inks(comparison), []
    images = wording.images(comparison)
    with plates.styled():
        for arm in inks:
            figure = plates.draw_curves(f"{arm}: accuracy by epoch, {images}", charts.kinds(records, arm))
            paths += plates.save(figure, folder, f"curves-{arm}")
        figure = plates.draw_comparison(
            f"Does augmentation help? {images}",
            charts.validation(records, inks),
            charts.gains(comparison, records),
            charts.spans(comparison),
            comparison.equivalence,
            charts.labels(comparison),
            wording.metric(comparison),
        )
        paths += plates.save(figure, folder, "comparison")
        lines, seen = charts.unique(records, inks), charts.seen(records, comparison.baseline)
        figure = plates.draw_unique(f"How many different images the network received, {images}", lines, seen)
        paths += plates.save(figure, folder, "unique-images")
    return paths
