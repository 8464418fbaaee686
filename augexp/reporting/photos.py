"""Photos inside the report: encoded into the page, and the test images that an arm wins or loses consistently."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp.reporting.blocks import Block, Heading, Photo, Prose, Strip
from augexp.results.records import RunRecord

if TYPE_CHECKING:
    from augexp.data.store import Store
    from augexp.reporting.preview_sheets import PreviewSheet

SIDE = 128
"""Longest side in pixels of a photo in the report."""

QUALITY = 82
PER_STRIP = 12
"""Photos per strip."""

MAX_ROWS = 10
"""Classes of a sample sheet that appear in the page, which would grow with them beyond what can be sent around."""

Images = npt.NDArray[np.uint8]


def encode(image: Images) -> str:
    """Return a picture as a ``data:`` address (WebP, at most `SIDE` pixels wide and high).

    Args:
        image: uint8 (height, width, 3).
    """
    from PIL import Image  # noqa: PLC0415 - only a report with photos needs it

    picture = Image.fromarray(np.ascontiguousarray(image))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def strips(records: Sequence[RunRecord], store: Store, baseline: str, arm: str) -> list[Strip]:
    """Show the test images on which `arm` beats the baseline in most seeds, and those on which it loses.

    Images are ordered by the number of seeds won minus those lost, then by their row, so that the choice is
    the same every time. Images that change in no seed are never shown.
    """
    first, second = _right(records, baseline), _right(records, arm)
    seeds = sorted(set(first) & set(second))
    if not seeds:
        return []
    one, two = np.stack([first[seed] for seed in seeds]), np.stack([second[seed] for seed in seeds])
    seen = next(r for r in records if r.arm == arm and r.seed == seeds[0]).predictions()
    # A stage that may look at one half of the test images shows no others.
    rows = store.rows("test")[np.isin(store.ids[store.rows("test")], seen.ids)]
    labels = store.labels[rows]
    if not np.array_equal(store.ids[rows], seen.ids):
        return []
    net = two.sum(axis=0).astype(np.int64) - one.sum(axis=0).astype(np.int64)
    made = []
    for sign, title in ((1, f"Won by {arm}."), (-1, f"Lost by {arm}.")):
        order = [int(i) for i in np.argsort(-sign * net, kind="stable") if sign * net[i] > 0][:PER_STRIP]
        pictures = tuple(
            Photo(
                uri=encode(store.images[int(rows[i])]),
                name=store.classes[int(labels[i])],
                lines=(f"{baseline}: {one[:, i].sum()} of {len(seeds)}", f"{arm}: {two[:, i].sum()} of {len(seeds)}"),
            )
            for i in order
        )
        better, worse = (arm, baseline) if sign > 0 else (baseline, arm)
        note = f"{_count(sign * net)} right with {better} in more seeds than with {worse}"
        note += f"; the {len(order)} clearest." if len(order) == PER_STRIP else "."
        made.append(Strip(title, note, pictures))
    return made


def _count(net: npt.NDArray[np.int64]) -> str:
    won = int((net > 0).sum())
    return f"{won:,} of {len(net):,} test images {'is' if won == 1 else 'are'}"


def _right(records: Sequence[RunRecord], arm: str) -> dict[int, npt.NDArray[np.bool_]]:
    return {r.seed: r.predictions().correct for r in records if r.arm == arm and r.status == "complete"}


def sheet_blocks(sheet: PreviewSheet) -> list[Block]:
    """Turn a sample sheet into a heading, its note and one row of photos for each of the first classes."""
    left = len(sheet.rows) - MAX_ROWS
    more = f" Shown: the first {MAX_ROWS} of {len(sheet.rows)} classes." if left > 0 else ""
    blocks: list[Block] = [Heading(sheet.title), Prose((sheet.note + more,), soft=True)]
    for row in sheet.rows[:MAX_ROWS]:
        heads = (*sheet.columns, *[""] * len(row.cells))
        pictures = tuple(
            Photo(encode(cell.image), " · ".join(part for part in (row.name, head, cell.caption) if part))
            for cell, head in zip(row.cells, heads, strict=False)
        )
        blocks.append(Strip(f"{row.name}:", "original, then its augmented versions.", pictures, cells=len(pictures)))
    return blocks
