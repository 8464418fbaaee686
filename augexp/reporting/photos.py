"""Photos inside the page: their encoding, preview sheets, and the test images that an arm wins or loses."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augexp.analysis.folds.runs import out_of_fold
from augexp.experiment.nouns import nouns
from augexp.reporting.blocks import Block, Heading, Photo, Prose, Strip
from augexp.results.predictions import Predictions
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
"""Classes of a preview sheet that appear in the page, so that the page stays small enough to be sent."""

Images = npt.NDArray[np.uint8]


def encode(image: Images) -> str:
    """Return an image as a ``data:`` address (WebP, at most `SIDE` pixels wide and high).

    Args:
        image: uint8 (height, width, 3).
    """
    from PIL import Image  # noqa: PLC0415 - only a report with photos needs it

    photo = Image.fromarray(np.ascontiguousarray(image))
    photo.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    photo.save(buffer, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def strips(
    records: Sequence[RunRecord], store: Store, baseline: str, arm: str, folds: int | None = None
) -> list[Strip]:
    """Show the test images on which `arm` beats the baseline in most seeds, and those on which it loses.

    Images are ordered by the number of seeds won minus those lost, then by their row, so that the choice is
    the same every time. Images that change in no seed are never shown. With folds the same is said of repeats.
    """
    first, second = _predictions(records, baseline, folds), _predictions(records, arm, folds)
    seeds = sorted(set(first) & set(second))
    if not seeds:
        return []
    before, after = (np.stack([outcomes[seed].correct for seed in seeds]) for outcomes in (first, second))
    predictions = second[seeds[0]]
    tested = store.rows("test") if folds is None else np.arange(len(store))
    # A stage that may look at one half of the test images shows no others.
    rows = tested[np.isin(store.ids[tested], predictions.ids)]
    labels = store.labels[rows]
    if not np.array_equal(store.ids[rows], predictions.ids):
        return []
    net = after.sum(axis=0).astype(np.int64) - before.sum(axis=0).astype(np.int64)
    pair = []
    for sign, title in ((1, f"Won by {arm}."), (-1, f"Lost by {arm}.")):
        order = [int(i) for i in np.argsort(-sign * net, kind="stable") if sign * net[i] > 0][:PER_STRIP]
        photos = tuple(
            Photo(
                uri=encode(store.read_images(rows[[i]])[0]),
                name=store.classes[int(labels[i])],
                lines=tuple(
                    f"{name}: {right[:, i].sum()} of {len(seeds)}" for name, right in ((baseline, before), (arm, after))
                ),
            )
            for i in order
        )
        better, worse = (arm, baseline) if sign > 0 else (baseline, arm)
        won = int((sign * net > 0).sum())
        shown = len(order) if len(order) == PER_STRIP else None
        pair.append(Strip(title, net_images(better, worse, won, len(net), shown, folds), photos))
    return pair


def _predictions(records: Sequence[RunRecord], arm: str, folds: int | None) -> dict[int, Predictions]:
    if folds is not None:
        return out_of_fold(records, arm, folds)
    return {r.seed: r.predictions() for r in records if r.arm == arm and r.status == "complete"}


def sheet_blocks(sheet: PreviewSheet) -> list[Block]:
    """Turn a preview sheet into a heading, its note and one row of photos for each of the first classes."""
    note = sheet.note + first_classes(MAX_ROWS, len(sheet.rows))
    blocks: list[Block] = [Heading(sheet.title), Prose((note,), soft=True)]
    for row in sheet.rows[:MAX_ROWS]:
        heads = (*sheet.columns, *[""] * len(row.cells))
        photos = tuple(
            Photo(encode(cell.image), " · ".join(part for part in (row.name, head, cell.caption) if part))
            for cell, head in zip(row.cells, heads, strict=False)
        )
        blocks.append(Strip(f"{row.name}:", "original, then its augmented versions.", photos, cells=len(photos)))
    return blocks


# -- words ---------------------------------------------------------------------------------------


def net_images(better: str, worse: str, count: int, total: int, shown: int | None, folds: int | None = None) -> str:
    """Say on how many test images one arm is right in more seeds than the other.

    Args:
        better: name of that arm.
        worse: name of the other one.
        count: such images.
        total: test images.
        shown: how many of them are shown; None where all are.
        folds: K, where repeats of folds take the place of seeds.
    """
    unit, kind = nouns(folds).blocks, nouns(folds).images
    verb = "is" if count == 1 else "are"
    end = "." if shown is None else f"; the {shown} clearest."
    return f"{count:,} of {total:,} {kind} {verb} right with {better} in more {unit} than with {worse}{end}"


def first_classes(shown: int, total: int) -> str:
    """Say that a sheet shows the first classes alone; empty where it shows all."""
    return f" Shown: the first {shown} of {total} classes." if total > shown else ""
