"""The pictures of the documentation: every operation over its range, on a drawn image, and three drawings.

    python docs/pictures.py            # writes docs/images/
    python docs/pictures.py --check    # fails where an operation has no picture, or one shows an operation that is gone

The images are those of the embedded sample, so anyone can draw the pictures again.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

import augexp
from augexp.analysis.verdict import decide
from augexp.augment.catalogue.registry import SPECS
from augexp.reporting import preview_sheets

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
OPERATIONS = IMAGES / "operations"
SIDE, GAP, CAPTION = 96, 6, 26
TEAL, ORANGE, GREY = "#00796b", "#d84315", "#777777"

REGION = 0.5
EXAMPLES = ((1.2, 2.6), (0.2, 1.8), (-0.3, 1.6), (-0.4, 0.35), (-2.0, 2.4), (-1.6, 0.3), (-1.8, -0.2), (-2.6, -0.9))
"""Intervals in percentage points, one for each verdict."""


def wanted() -> list[str]:
    """Return the operations that have a picture: all that do not choose others."""
    return [spec.name for spec in SPECS.values() if not spec.choices]


def operations() -> None:
    """Draw every operation from its smallest to its largest draw."""
    experiment = augexp.define(image_size=64)
    with tempfile.TemporaryDirectory() as folder:
        store = augexp.index(experiment, data_dir=folder)
        sheet = preview_sheets.strengths(experiment, "none", store)
        OPERATIONS.mkdir(parents=True, exist_ok=True)
        for row in sheet.rows:
            strip(row).save(OPERATIONS / f"{row.name}.webp", lossless=False, quality=82, method=6)


def strip(row: preview_sheets.Row) -> Image.Image:
    """Return the images of a row side by side, each with its caption."""
    font = ImageFont.load_default(10)
    canvas = Image.new("RGB", (len(row.cells) * (SIDE + GAP) - GAP, SIDE + CAPTION), "white")
    draw = ImageDraw.Draw(canvas)
    for i, cell in enumerate(row.cells):
        left = i * (SIDE + GAP)
        canvas.paste(
            Image.fromarray(np.ascontiguousarray(cell.image)).resize((SIDE, SIDE), Image.Resampling.NEAREST), (left, 0)
        )
        words, lines = cell.caption.replace("degrees", "°").replace(" °", "°").split(), [""]
        for word in words:
            longer = f"{lines[-1]} {word}".strip()
            lines = [*lines[:-1], longer] if draw.textlength(longer, font) <= SIDE else [*lines, word]
        draw.multiline_text((left + SIDE / 2, SIDE + 1), "\n".join(lines[:2]), "black", font, "ma", 1, "center")
    return canvas


def interval() -> None:
    """Draw the parts of the published interval on cats and dogs."""
    place = ROOT / "results" / "published" / "cats-dogs" / "comparison" / "comparison.json"
    answer = json.loads(place.read_text("utf-8"))
    (contrast,) = answer["contrasts"]
    estimate, look = contrast["estimate"], answer["look"]
    parts = contrast["components"]
    images = look["z"] * math.sqrt(max(parts["images"] - parts["residual"], 0.0))
    rows = (
        ("another seed", estimate - contrast["these_images"]["low"], GREY),
        ("other images", images, GREY),
        ("another seed and other images", estimate - contrast["new_images"]["low"], TEAL),
    )
    figure, axes = _axes(2.0)
    for i, (name, half, colour) in enumerate(rows):
        axes.plot([estimate - half, estimate + half], [-i, -i], color=colour, linewidth=4, solid_capstyle="butt")
        axes.plot([estimate], [-i], "o", color=colour)
        axes.text(estimate, -i + 0.22, f"{name}: ±{half:.1f} pp", ha="center", fontsize=9)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlim=(-1, estimate + 5.5), ylim=(-2.5, 0.8), xlabel="difference in accuracy (pp)")
    _save(figure, "interval")


def verdicts() -> None:
    """Draw an interval for each verdict, against the region of equivalence."""
    figure, axes = _axes(3.4)
    axes.axvspan(-REGION, REGION, color="#b2dfdb", linewidth=0)
    axes.axvline(0, color="black", linewidth=0.8)
    colours = {"helps": TEAL, "hurts": ORANGE}
    for i, (low, high) in enumerate(EXAMPLES):
        verdict = decide(low, high, REGION)
        axes.plot([low, high], [-i, -i], color=colours.get(verdict.tone, GREY), linewidth=4, solid_capstyle="butt")
        axes.text(2.8, -i, verdict.words, va="center", fontsize=9)
    axes.set(xlim=(-3, 9), ylim=(-len(EXAMPLES) + 0.4, 0.6), xlabel="difference in accuracy (pp)", xticks=range(-3, 4))
    _save(figure, "verdicts")


def way() -> None:
    """Draw the way of the data."""
    figure = Figure(figsize=(4.6, 4.5), facecolor="white")
    axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set(xlim=(0, 100), ylim=(0, 100))
    boxes = {
        "images": (50, 94, "images"),
        "store": (50, 78, "memory map, split by content"),
        "generator": (50, 62, "generator: one batch"),
        "augment": (25, 44, "augmentation"),
        "plain": (75, 44, "no augmentation"),
        "with": (25, 26, "network"),
        "without": (75, 26, "network"),
        "answer": (50, 8, "difference, pair by pair"),
    }
    for x, y, text in boxes.values():
        box = {"boxstyle": "round,pad=0.5", "facecolor": "#e0f2f1", "edgecolor": TEAL}
        axes.text(x, y, text, ha="center", va="center", fontsize=9.5, bbox=box)
    ways = (("images", "store", "generator", "augment", "with", "answer"), ("generator", "plain", "without", "answer"))
    for start, end in (pair for way in ways for pair in pairwise(way)):
        (x, y, _), (to_x, to_y, _) = boxes[start], boxes[end]
        axes.annotate("", (to_x, to_y + 5), (x, y - 5), arrowprops={"arrowstyle": "->", "color": GREY})
    note = "same\ninitial weights,\norder and steps"
    axes.text(50, 35, note, ha="center", va="center", fontsize=8, color=GREY)
    _save(figure, "way")


def _axes(height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, height), facecolor="white", layout="constrained")
    axes: Any = figure.add_subplot()
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Figure, name: str) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "augexp", "svg.fonttype": "path"}):
        figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None, "Creator": "augexp"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures, or check that each operation has one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="draw nothing; fail where a picture is missing or too many"
    )
    if parser.parse_args(arguments).check:
        different = set(wanted()) ^ {path.stem for path in OPERATIONS.glob("*.webp")}
        if different:
            print(f"docs/images: {', '.join(sorted(different))}; run: python docs/pictures.py", file=sys.stderr)
        return 1 if different else 0
    for draw in (operations, interval, verdicts, way):
        draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
