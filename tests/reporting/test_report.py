"""The answer in every form: the same numbers in all of them, escaped in each, and the page section by section."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import browser
import comparisons
import numpy as np
import pytest

from augexp.errors import AnalysisError
from augexp.reporting import page as sections
from augexp.reporting import photos, preview_sheets, tables, write
from augexp.reporting.blocks import Figures, Heading, Matrices, Prose, Section, Tabular

CASES = comparisons.cases()


class Photos:
    """A store as far as the page needs one."""

    def __init__(self, count: int, classes: tuple[str, ...], side: int = 16) -> None:
        self.images = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
        self.labels, self.classes = np.arange(count) % len(classes), classes
        self.ids = np.arange(count, dtype=np.uint64)

    def read_images(self, rows: np.ndarray) -> np.ndarray:
        return self.images[rows]

    def rows(self, split: str) -> np.ndarray:
        assert split == "test"
        return np.arange(len(self.images))


class Text(HTMLParser):
    """The text of a page, and its text by the tag that it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.parts)


def page(name: str, *, pictures: bool = False) -> str:
    comparison, records = CASES[name]
    if not pictures:
        return write.html(comparison, records)
    seen = comparisons.with_predictions(comparisons.cases()[name][1], 40, comparison.classes)
    return write.html(comparison, seen, Photos(40, comparison.classes))  # type: ignore[arg-type]


def section(name: str, anchor: str, **changes: object) -> Section | None:
    comparison, records = CASES[name]
    built = sections.build_page(sections.PageContext(comparison.model_copy(update=changes), records))
    return next((part for part in built.sections if part.anchor == anchor), None)


# -- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["win", "loss", "many", "smoke"])
def test_every_number_of_the_tables_is_in_every_form(name: str) -> None:
    comparison, records = CASES[name]
    markdown = write.render(comparison, "md").replace("\\", "")
    latex = write.render(comparison, "latex").replace("$-$", "−").replace("--", "–").replace("\\", "")
    html = Text(write.html(comparison, records)).text
    for table in tables.all_tables(comparison):
        for row in table.text_rows():
            in_latex = [cell.replace("ρ", "$rho$").replace("±", "$pm$") for cell in row]
            for cells, text in ((row, markdown), (in_latex, latex), (row, html)):
                assert not [cell for cell in cells if cell not in text], table.title


def test_markdown_has_the_sentence_of_record_and_the_warnings_first() -> None:
    lines = [line for line in write.render(CASES["win"][0], "md").splitlines() if line]
    assert lines[1].startswith("> On new images of these classes, \\`standard\\` changed accuracy by +1.6 pp")
    assert lines[2] == "- Conditional on this training set."


def test_hostile_names_stay_text_in_every_form() -> None:
    comparison, records = CASES["hostile"]
    markdown = write.render(comparison, "md")
    assert "<script>" not in markdown.replace("\\<", "")
    for line in markdown.splitlines():
        if line.startswith("| "):
            assert not line.replace("\\|", "").strip("| ").startswith("#")
    assert "<" not in write.render(comparison, "latex")
    text = Text(write.html(comparison, records))
    assert "script" not in text.tags
    assert text.text.count(comparisons.HOSTILE) > 8


def test_an_unknown_format_is_named_with_those_that_exist() -> None:
    with pytest.raises(AnalysisError, match=r"format: received 'pdf'; allowed are html, md, csv, latex, json"):
        write.render(CASES["win"][0], "pdf")


@pytest.mark.parametrize("form", ["md", "csv", "latex"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_forms_are_the_same_every_time_and_without_nan(name: str, form: str) -> None:
    text = write.render(CASES[name][0], form)
    assert text == write.render(comparisons.cases()[name][0], form)
    if form != "csv":
        assert "nan" not in text.lower()


# -- page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_verdict_and_sentence_come_first_and_whole(name: str) -> None:
    comparison = CASES[name][0]
    html = page(name)
    places = [html.index(f'<section class="verdict {contrast.tone}">') for contrast in comparison.contrasts]
    assert places == sorted(places)
    assert places[-1] < html.index('<section id="verdict">')
    text = " ".join(Text(html).text.split())
    for contrast in comparison.contrasts:
        assert contrast.verdict in text
        assert " ".join(contrast.sentence.replace("`", "").split()) in text


def test_every_finished_comparison_has_all_sections_in_order() -> None:
    comparison = comparisons.with_budgets(CASES["win"])[0]
    comparison = comparison.model_copy(update={"arms": CASES["win"][0].arms})  # whose runs have no milestones
    seen = comparisons.with_predictions(comparisons.cases()["win"][1], 40, comparison.classes)
    sheet = preview_sheets.PreviewSheet("sheet", "", (), ())
    store = Photos(40, comparison.classes)
    built = sections.build_page(sections.PageContext(comparison, seen, store, [sheet]))  # type: ignore[arg-type]
    anchors = [maker.anchor for maker in sections.SECTIONS if maker.anchor != "groups"]  # none were declared
    assert [part.anchor for part in built.sections] == anchors
    assert len({maker.anchor for maker in sections.SECTIONS}) == len(sections.SECTIONS) >= 13


@pytest.mark.parametrize("name", ["win", "null", "loss", "same", "undecided"])
def test_all_verdicts_get_the_same_sections(name: str) -> None:
    comparison, records = CASES[name]
    built = sections.build_page(sections.PageContext(comparison, records))
    reference = sections.build_page(sections.PageContext(*CASES["win"]))
    assert [part.anchor for part in built.sections] == [part.anchor for part in reference.sections]
    assert [len(part.blocks) for part in built.sections] == [len(part.blocks) for part in reference.sections]


def test_what_is_not_there_has_no_section() -> None:
    comparison, records = CASES["unfinished"]
    anchors = [part.anchor for part in sections.build_page(sections.PageContext(comparison, records)).sections]
    assert not {"pays", "next", "confusion", "images", "samples"} & set(anchors)
    assert "curves" not in [part.anchor for part in sections.build_page(sections.PageContext(comparison)).sections]


def test_one_contrast_has_one_chart_of_each_kind_and_several_have_a_gain_chart_each() -> None:
    titles = {}
    for name in ("win", "many"):
        curves = section(name, "curves")
        assert curves is not None
        (block,) = curves.blocks
        assert isinstance(block, Figures)
        titles[name] = [figure.title for figure in block.figures]
    assert titles["win"] == [
        "Validation accuracy of every arm.",
        "standard − none: gain by epoch.",
        "none: accuracy by epoch.",
        "standard: accuracy by epoch.",
        "Different images that the network received.",
    ]
    assert titles["many"][2:4] == ["arm-1: accuracy by epoch.", "arm-1 − none: gain by epoch."]
    assert len(titles["many"]) == 2 + 6 + 5


def test_the_change_of_the_confusion_says_which_way_is_better() -> None:
    confusion = (((90.0, 10.0), (20.0, 80.0)), ((95.0, 5.0), (30.0, 70.0)))
    part = section("win", "confusion", contrasts=comparisons.changed(CASES["win"][0], confusion=confusion).contrasts)
    assert part is not None
    (block,) = part.blocks
    assert isinstance(block, Matrices)
    change = block.matrices[2].rows
    assert [[cell.text for cell in row] for row in change] == [["+5.0", "−5.0"], ["+10.0", "−10.0"]]
    assert [[cell.tone for cell in row] for row in change] == [["helps", "helps"], ["hurts", "hurts"]]
    assert change[1][0].shade == 2 * change[0][0].shade == sections.MAX_SHADE


def test_no_change_is_not_painted() -> None:
    part = section("same", "confusion")
    assert part is not None
    (block,) = part.blocks
    assert isinstance(block, Matrices)
    assert {(cell.text, cell.tone, cell.shade) for row in block.matrices[2].rows for cell in row} == {("0.0", "", 0.0)}


def test_the_baseline_matrix_of_several_contrasts_is_shown_once() -> None:
    part = section("many", "confusion")
    assert part is not None
    shown = [matrix.title for block in part.blocks if isinstance(block, Matrices) for matrix in block.matrices]
    assert shown.count("Confusion of none.") == 1
    assert len(shown) == 1 + 2 * 5


def test_too_many_classes_for_a_matrix_are_said() -> None:
    part = section("win", "confusion", classes=tuple(f"c{i}" for i in range(21)))
    assert part is not None
    assert part.blocks == (Prose(("Matrices are shown for up to 20 classes; these are 21.",), soft=True),)


def test_several_contrasts_are_headed_by_their_names() -> None:
    part = section("many", "numbers")
    assert part is not None
    heads = [block.text for block in part.blocks if isinstance(block, Heading)]
    assert heads == [f"arm-{i} against none" for i in range(1, 6)]
    assert [block.table.title for block in part.blocks[:2] if isinstance(block, Tabular)][1] == "Arms"


def test_names_between_back_quotes_become_code_and_nothing_else_does() -> None:
    html = page("win")
    assert "changed" in html.split("<code>standard</code>")[1][:20]
    warned = write.html(CASES["win"][0].model_copy(update={"warnings": ("one ` alone <b>", "`<i>`")}))
    assert "one ` alone &lt;b&gt;" in warned
    assert "<code>&lt;i&gt;</code>" in warned


# -- photos --------------------------------------------------------------------------------------


def runs(right: dict[tuple[str, int], list[bool]], classes: tuple[str, ...]) -> list[object]:
    made = comparisons.with_predictions(comparisons.records(["none", "a"], 3), 4, classes)
    for record in made:
        values = np.array(right[record.arm, record.seed])
        record.__dict__["_predictions"] = replace(record.predictions(), correct=values)
    return made


def test_strips_show_the_images_that_change_in_most_seeds() -> None:
    never, always = [False] * 4, [True, True, False, True]
    right = {("none", 0): never, ("none", 1): never, ("none", 2): [False, False, True, True]}
    right |= {("a", 0): always, ("a", 1): [True, False, False, False], ("a", 2): [True, False, False, False]}
    store = Photos(4, comparisons.TWO)
    won, lost = photos.strips(runs(right, comparisons.TWO), store, "none", "a")  # type: ignore[arg-type]
    assert [photo.lines for photo in won.photos] == [
        ("none: 0 of 3", "a: 3 of 3"),
        ("none: 0 of 3", "a: 1 of 3"),
    ]
    assert [photo.name for photo in won.photos] == ["bedroom", "kitchen"]
    assert won.photos[0].uri == photos.encode(store.images[0])
    assert won.note == "2 of 4 test images are right with a in more seeds than with none."
    assert [photo.lines for photo in lost.photos] == [("none: 1 of 3", "a: 0 of 3")]
    assert lost.note == "1 of 4 test images is right with none in more seeds than with a."


def test_strips_need_the_same_test_images() -> None:
    made = runs({(arm, seed): [True] * 4 for arm in ("none", "a") for seed in range(3)}, comparisons.TWO)
    assert photos.strips(made, Photos(3, comparisons.TWO), "none", "a") == []  # type: ignore[arg-type]
    assert photos.strips(made, Photos(4, comparisons.TWO), "none", "other") == []  # type: ignore[arg-type]


def test_photos_are_in_the_page_only_with_a_store() -> None:
    assert "data:image/" not in page("win")
    assert "data:image/webp" in page("win", pictures=True)


# -- in a browser --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["win", "same", "loss", "hostile", "many", "unfinished"])
def test_a_browser_shows_the_page_whole(tmp_path: Path, name: str, width: int, dark: bool) -> None:
    seen = browser.look(page(name, pictures=True), tmp_path, width=width, dark=dark)
    assert seen.console == []
    assert seen.found["requests"] == []
    assert seen.found["width"] <= width
    assert seen.found["wide"] == []
    assert width < 600 or seen.found["cut"] == []  # on a telephone tables are moved with the finger
    assert seen.found["clipped"] == []
    assert seen.found["crossing"] == []
    assert seen.found["broken"] == 0
    assert seen.found["images"] > 0
    assert seen.found["smallest"] > 9
    red = int(re.findall(r"\d+", seen.found["background"])[0])
    assert red < 60 if dark else red > 230
