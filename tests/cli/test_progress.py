"""Progress without a terminal: a line for every run that has ended."""

from __future__ import annotations

from augexp.cli.progress import show
from augexp.progress import RunEvent


def test_runs_of_a_later_look_are_counted_on_top(capsys):
    with show(quiet=False) as progress:
        progress.runs(2)
        progress.event(RunEvent("finished", "none", 0))
        progress.event(RunEvent("finished", "standard", 0))
        progress.runs(3)
        progress.event(RunEvent("finished", "none", 1))
    lines = capsys.readouterr().err.splitlines()
    assert ["2/2" in lines[1], "3/5" in lines[2]] == [True, True]


def test_with_folds_a_run_is_named_by_repeat_and_fold(capsys):
    with show(quiet=False) as progress:
        progress.runs(1)
        progress.event(RunEvent("note", "none", 7, message="its worker ended", folds=5))
        progress.event(RunEvent("finished", "none", 7, folds=5))
    note, line = capsys.readouterr().err.splitlines()
    assert note == "none repeat 2 fold 3: its worker ended"
    assert line.endswith("1/1 none repeat 2 fold 3 finished")


def test_quiet_says_nothing(capsys):
    with show(quiet=True) as progress:
        progress.runs(1)
        progress.note("something")
    assert capsys.readouterr().err == ""
