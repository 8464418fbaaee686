"""Write a preview sheet as PNG, as SVG or as a page of its own."""

from __future__ import annotations

import base64
import io
import textwrap
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augexp.errors import DefinitionError
from augexp.files import write_atomically
from augexp.reporting.templating import fill_template
from augexp.surroundings import drawing, load_matplotlib

if TYPE_CHECKING:
    from augexp.reporting.preview_sheets import Image, PreviewSheet

SUFFIXES = (".png", ".svg", ".html")

_SIDE = 1.15  # inches per image
_LEFT = 1.5  # inches for the names of the rows
_FALLBACKS = (
    "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC",
    "Hiragino Sans", "Arial Unicode MS", "Segoe UI Symbol", "Noto Sans Arabic", "Noto Sans Devanagari",
    "WenQuanYi Micro Hei",
)  # fmt: skip


def check_target(path: Path) -> None:
    """Refuse a file that no sheet can be written to, before anything is computed for it."""
    if path.suffix.lower() not in SUFFIXES:
        raise DefinitionError(f"{path}: received the suffix {path.suffix!r}; allowed are {', '.join(SUFFIXES)}")


def save(sheet: PreviewSheet, path: Path) -> None:
    """Write `sheet` to `path`, in the format of its suffix, one of `SUFFIXES`; an existing file is replaced at once."""
    suffix = path.suffix.lower()
    content = page(sheet).encode() if suffix == ".html" else draw(sheet, suffix.removeprefix("."))
    write_atomically(path, content, advice="free some space or choose another place with --output")


def draw(sheet: PreviewSheet, form: str) -> bytes:
    """Return `sheet` as an image file of the format `form` (``png`` or ``svg``), the same bytes every time."""
    load_matplotlib()  # half a second that only drawing should pay
    buffer = io.BytesIO()
    settings: dict[Any, Any] = {"font.family": _families(), "svg.hashsalt": "augexp", "text.parse_math": False}
    with drawing(settings), warnings.catch_warnings():
        # Where no installed font has a letter of a class name, a box stands in its place.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure = _figure(sheet)
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(buffer, format=form, dpi=120, metadata=metadata)
    return buffer.getvalue()


def _figure(sheet: PreviewSheet) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above
    from matplotlib.image import BboxImage  # noqa: PLC0415
    from matplotlib.transforms import Bbox, TransformedBbox  # noqa: PLC0415

    columns = max(len(row.cells) for row in sheet.rows)
    captioned = any(cell.caption for row in sheet.rows for cell in row.cells)
    step = _SIDE + (0.34 if captioned else 0.08)
    top = 0.95 if sheet.columns else 0.75
    width, height = _LEFT + columns * (_SIDE + 0.08) + 0.1, top + len(sheet.rows) * step + 0.05
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.suppressComposite = True  # images stay apart in an SVG
    _text(figure, 0.1, height - 0.28, sheet.title, size=12, weight="bold")
    for down, line in zip((0.5, 0.66), _wrapped(sheet.note, int(width * 15)), strict=False):
        _text(figure, 0.1, height - down, line, size=8, color="#555555")
    for i, head in enumerate(sheet.columns):
        _text(figure, _LEFT + i * (_SIDE + 0.08) + _SIDE / 2, height - top + 0.06, head, size=8, ha="center")
    for j, row in enumerate(sheet.rows):
        bottom = height - top - j * step - _SIDE
        _text(figure, _LEFT - 0.1, bottom + _SIDE / 2, _cut(row.name, 22), size=9, ha="right", va="center")
        for i, cell in enumerate(row.cells):
            left = _LEFT + i * (_SIDE + 0.08)
            # Axes would give each image ticks and scales, which take ten times as long as the image itself.
            place = Bbox.from_bounds(left / width, bottom / height, _SIDE / width, _SIDE / height)
            artist = BboxImage(TransformedBbox(place, figure.transFigure), interpolation="nearest")
            artist.set_data(cell.image)
            figure.add_artist(artist)
            _text(figure, left + _SIDE / 2, bottom - 0.13, _cut(cell.caption, 24), size=6.5, ha="center")
    return figure


def _text(figure: Any, x: float, y: float, text: str, **style: Any) -> None:
    width, height = figure.get_size_inches()
    figure.text(x / width, y / height, text, **style)


def _wrapped(text: str, length: int) -> list[str]:
    return textwrap.wrap(_printable(text), length, max_lines=2, placeholder="…")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cut(text: str, length: int) -> str:
    line = _printable(text)
    return line if len(line) <= length else line[: length - 1] + "…"


@lru_cache(maxsize=1)
def _families() -> list[str]:
    from matplotlib import font_manager  # noqa: PLC0415 - as above

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]


# -- the page ------------------------------------------------------------------------------------


def page(sheet: PreviewSheet) -> str:
    """Return `sheet` as one HTML page that needs no other file; names are escaped."""
    return fill_template("sheet.html", sheet=sheet, encode=_encode)


def _encode(image: Image) -> str:
    from PIL import Image as Pillow  # noqa: PLC0415 - only a page needs it

    buffer = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
