"""What was declared stands at the top of every form; several answers on one page."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex

import command_lines
import comparisons
import jsonschema
import pytest
import tables

import augexp
from augexp import api
from augexp.errors import ResultsError
from augexp.reporting import formats, write

DECLARED = "Declared, and not verified"


@pytest.fixture(scope="module", params=["paired", "independent"])
def judged(request) -> augexp.Comparison:
    columns = tables.table(n=6, m=80, classes=3)
    return augexp.judge(columns, design=request.param, endpoint="validation", seeds=6, name="made")


@pytest.mark.parametrize("form", write.FORMATS)
def test_what_was_declared_stands_at_the_top_of_every_form(judged, form) -> None:
    text = api.render(judged, form)
    for statement in judged.declared.statements:
        assert formats.escape_markdown(statement) in text or statement in text
    verdict, sentence = judged.contrasts[0].verdict, judged.declared.statements[0]
    if form == "html":
        assert text.index(DECLARED) < text.index(sentence) < text.index(verdict)
    elif form in ("md", "latex"):
        assert text.index(DECLARED) < text.index("changed balanced accuracy" if form == "md" else r"\begin{table}")
    elif form == "csv":
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["declared"].startswith(f"{DECLARED}: ")
    else:
        jsonschema.validate(json.loads(text), json.loads(formats.json_schema()))


def test_the_page_has_no_curves_and_names_the_images_won_and_lost(judged) -> None:
    page = api.render(judged, "html")
    assert "by epoch" not in page
    for title in ("What to buy next", "Images won and lost", "Confusion", "Accuracy per class", "Runs that count"):
        assert title in page
    best = judged.contrasts[0].declared.best
    assert best
    assert all(image.image in page for image in best)
    assert ("There are no dots" in page) == judged.declared.independent
    assert ("seeds better" in page) != judged.declared.independent


def test_a_comparison_of_this_program_says_nothing_of_declarations() -> None:
    answer, _ = comparisons.cases()["win"]
    assert DECLARED not in "".join(api.render(answer, form) for form in ("html", "md", "csv", "latex"))


def test_the_command_prints_the_answer_and_repeats_it(tmp_path, monkeypatch, capsys) -> None:
    path = tables.write_csv(tmp_path / "My runs.csv", tables.table())
    monkeypatch.chdir(tmp_path)
    words = ("judge", path.name, "--paired", "--endpoint", "final", "--seeds", "5", "--equivalence", "1")
    code, out, err = command_lines.run(monkeypatch, capsys, *words)
    assert (code, err) == (0, "")
    assert out.startswith(f"{DECLARED}:\nThe same seed means the same initialisation and order in every arm.\n")
    first = json.loads((tmp_path / "results/my-runs/comparison/comparison.json").read_text("utf-8"))
    again = first["command"].removeprefix("augexp ")
    code, out, _ = command_lines.run(monkeypatch, capsys, *shlex.split(again), "--json")
    assert (code, json.loads(out)) == (0, first)
    code, out, _ = command_lines.run(monkeypatch, capsys, "report", "results/my-runs", "--format", "md")
    assert code == 0
    assert DECLARED in out
    page = tmp_path / "results/my-runs/comparison/report.html"
    drawn = page.read_bytes()
    page.unlink()
    assert command_lines.run(monkeypatch, capsys, "report", "results/my-runs")[0] == 0
    assert page.read_bytes() == drawn


def test_an_experiment_is_not_written_over(tmp_path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "experiment.toml").touch()
    with pytest.raises(ResultsError, match="holds an experiment of augexp compare"):
        augexp.judge(tables.table(), design="paired", endpoint="final", name="made", results_dir=tmp_path)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("judge", "runs.csv", "--endpoint", "final"), "design: say how"),
        (("judge", "runs.csv", "--paired"), "endpoint: say which"),
        (("judge", "nothing.csv", "--paired", "--endpoint", "final"), "no such file"),
        (("judge", "runs.csv", "--paired", "--endpoint", "final", "--seeds", "two"), "ARM=N"),
        (("plan", "--arms", "none", "--paired", "--endpoint", "final"), "name the baseline and at least one other"),
        (("plan", "--arms", "none,x", "--paired", "--endpoint", "final", "--looks", "a"), "5,8,12,20"),
        (("overview", "nowhere"), "no answer here"),
        (("overview", "nowhere", "--format", "pdf"), "allowed are html, md, csv"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_wrong_usage_ends_in_words(tmp_path, monkeypatch, capsys, words, complaint) -> None:
    tables.write_csv(tmp_path / "runs.csv", tables.table())
    monkeypatch.chdir(tmp_path)
    code, out, err = command_lines.run(monkeypatch, capsys, *words)
    assert code in (1, 2)
    assert out == ""
    assert complaint in re.sub(r"[\s│]+", " ", err)
    assert "Traceback" not in err


# -- several answers -----------------------------------------------------------------------------


@pytest.fixture
def answers(tmp_path):
    """A folder of results folders: an independent judged one, and made-up ones of this program."""
    augexp.judge(tables.table(), design="independent", endpoint="final", name="judged", results_dir=tmp_path)
    for name in ("win", "many", "budgets", "hostile", "smoke", "unfinished"):
        answer, _ = comparisons.cases()[name]
        place = tmp_path / name / "comparison"
        place.mkdir(parents=True)
        named = answer.model_copy(update={"name": name})
        (place / "comparison.json").write_text(formats.to_json(named), encoding="utf-8")
    return tmp_path


def test_an_overview_has_a_row_for_every_contrast_and_claims_nothing_across_them(answers) -> None:
    rows = list(csv.DictReader(io.StringIO(augexp.overview([answers], "csv"))))
    assert [row["comparison"] for row in rows] == [
        *("budgets", "hostile", "judged"), *["many"] * 5, *("smoke", "unfinished", "win"),
    ]  # fmt: skip
    by_name = {row["comparison"]: row for row in rows}
    assert by_name["win"]["difference_pp"] == str(1.64)
    assert (by_name["smoke"]["low_pp"], by_name["unfinished"]["difference_pp"]) == ("", "")
    assert by_name["judged"]["seeds"] == "5 and 5 seeds, no pairs"
    assert by_name["judged"]["network"] == "trained elsewhere"
    assert by_name["judged"]["declared"].startswith("The seeds of the arms have nothing to do")
    assert by_name["budgets"]["budget"] == "own best: none 5, standard 14 epochs"
    for form in ("html", "md"):
        assert "nothing is claimed across the rows" in augexp.overview([answers], form)


def test_an_overview_page_holds_every_interval_and_escapes_names(answers) -> None:
    page = augexp.overview([answers], "html")
    assert page.count("<svg viewBox") >= 1
    assert "win: standard − none: +1.64 pp, +0.84 to +2.44 pp. HELPS, by at least 0.8 pp." in page
    assert "<script>" not in page
    widest = max(part.count('<th scope="col"') for part in re.findall(r"<thead>.+?</thead>", page, re.S))
    assert widest <= 8  # more columns do not fit the page: their words would be broken
    assert page == augexp.overview([answers, answers / "win"], "html")


def test_an_overview_of_nothing_is_one_line(tmp_path) -> None:
    with pytest.raises(ResultsError, match="no answer here"):
        augexp.overview([tmp_path])
    with pytest.raises(ResultsError, match="format: received 'pdf'"):
        augexp.overview([tmp_path], "pdf")
