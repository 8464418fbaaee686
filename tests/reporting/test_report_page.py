"""The page as such: hostile text stays text, nothing is fetched, and the browser check can fail."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import browser
import numpy as np
import pytest

from augexp.reporting import blocks, photos, preview_sheets, write
from augexp.reporting.tables import Column, Table

HOSTILE = "\"><script>alert('x')</script><img src=http://example.org/x.png onerror=alert(1)>{{ 7 * 7 }}</style>"


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str) -> blocks.Page:
    picture = blocks.Photo(photos.encode(np.zeros((8, 8, 3), dtype=np.uint8)), text, (text, text))
    shown: tuple[blocks.Block, ...] = (
        blocks.Figure("<svg></svg>", text, text, (("bold c1", text),)),
        blocks.Tabular(Table(text, (Column(text), Column(text, 1)), ((text, 1.0),), text)),
        blocks.Heading(text),
        blocks.Matrices((blocks.Matrix(text, text, (text,), ((blocks.Square(text),),)),)),
        blocks.Strip(text, text, (picture,)),
        blocks.Strip(text, text, (picture, picture), cells=2),
        blocks.Facts(((text, text),)),
        blocks.Prose((text,)),
        blocks.Items(text, (text,)),
        blocks.Code(text),
    )
    verdict = blocks.VerdictBox(text, "helps", text)
    return blocks.Page(text, text, (verdict,), (text,), (blocks.Section(text, "anchor", shown),), text)


def test_hostile_text_stays_text() -> None:
    tags = Tags(write.lay_out(page(HOSTILE)))
    assert "script" not in tags.tags
    assert tags.tags.count("img") == 3
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert tags.text.count(HOSTILE) > 20


def test_page_points_nowhere() -> None:
    tags = Tags(write.lay_out(page("plain")))
    addresses = [value for name, value in tags.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert addresses
    assert all(value is not None and value.startswith(("data:", "#")) for value in addresses)


def test_layout_is_the_same_every_time() -> None:
    assert write.lay_out(page("x")) == write.lay_out(page("x"))


def test_photos_are_small_and_keep_their_shape() -> None:
    import base64
    import io

    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (300, 150, 3), dtype=np.uint8)
    uri = photos.encode(noise)
    head, data = uri.split(",")
    assert head == "data:image/webp;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (photos.SIDE // 2, photos.SIDE)
    assert photos.encode(noise) == uri


def test_sample_sheets_become_rows_of_photos() -> None:
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    cells = (preview_sheets.Cell(image), preview_sheets.Cell(image, "bedroom 0.6"))
    sheet = preview_sheets.PreviewSheet("t", "n", ("original", "epoch 1"), (preview_sheets.Row("bedroom", cells),))
    heading, note, strip = photos.sheet_blocks(sheet)
    assert (heading, note) == (blocks.Heading("t"), blocks.Prose(("n",), soft=True))
    assert isinstance(strip, blocks.Strip)
    assert strip.cells == 2
    assert [photo.name for photo in strip.photos] == ["bedroom · original", "bedroom · epoch 1 · bedroom 0.6"]


def test_a_sheet_of_many_classes_is_cut_and_says_so() -> None:
    cells = (preview_sheets.Cell(np.zeros((8, 8, 3), dtype=np.uint8)),)
    rows = tuple(preview_sheets.Row(f"class {i}", cells) for i in range(photos.MAX_ROWS + 1))
    found = photos.sheet_blocks(preview_sheets.PreviewSheet("t", "n", ("original",), rows))
    assert sum(isinstance(block, blocks.Strip) for block in found) == photos.MAX_ROWS
    assert found[1] == blocks.Prose(("n Shown: the first 10 of 11 classes.",), soft=True)


@pytest.mark.slow
def test_the_browser_check_sees_what_it_looks_for(tmp_path: Path) -> None:
    bad = (
        "<!doctype html><body><div style='width:900px'>wide</div><svg viewBox='0 0 50 20' width='50'>"
        "<text x='40' y='10'>clipped label</text></svg>"
        "<svg viewBox='0 0 200 40' width='200'><text x='9' y='20'>one</text><text x='12' y='22'>two</text></svg><img src='http://127.0.0.1:9/nowhere.png'>"
        "<script>console.error('boom')</script>"
    )
    seen = browser.look(bad, tmp_path, width=390)
    assert seen.found["width"] > 390
    assert seen.found["clipped"] == ["clipped label"]
    assert seen.found["crossing"] == ["one / two"]
    assert [name.split(".")[0] for name in seen.found["wide"]] == ["DIV"]
    assert seen.found["broken"] == 1
    assert seen.found["requests"]
    assert any("boom" in line for line in seen.console)
