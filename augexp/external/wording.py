"""The words of warnings, statements and errors about declared runs."""

from __future__ import annotations

from collections.abc import Sequence

from augexp.analysis.warnings.words import coded
from augexp.analysis.wording import as_sentence, number

NO_NAMES = "the images have no names in these files: their order is taken to be the same in every run"


def at_chance(baseline: str, metric: float, chance: float) -> str:
    """Warn of a baseline whose accuracy is not clearly above chance; both in percent."""
    return coded(
        "baseline-at-chance",
        f"`{baseline}` gets {number(metric, 1)} %, which is not clearly above the {number(chance, 1)} % of chance: a "
        "gain over such a network says nothing; train the baseline for longer, and check labels and classes",
    )


def same_outcomes(runs: Sequence[str]) -> str:
    """Warn of runs with the same outcomes, where no probabilities tell whether they are one run."""
    return coded(
        "equal-runs",
        f"{' and '.join(runs[:4])} have the same outcome on every image, as if they were one run; with "
        "probabilities in the table that could be told",
    )


def not_argmax(images: int, runs: int) -> str:
    """Warn of predicted classes that are not those of the highest probability."""
    return coded(
        "predicted-not-argmax",
        f"predicted is another class than the one of the highest probability {images:,} times in {runs} runs; it "
        "counts as it stands",
    )


def ignored(columns: Sequence[str]) -> str:
    """Warn of columns that were not read."""
    more = f" and {len(columns) - 8} more" if len(columns) > 8 else ""
    return coded("ignored-columns", f"columns that mean nothing here were not read: {', '.join(columns[:8])}{more}")


def late_plan(path: str, written: str, first: str) -> str:
    """Warn of a plan that is younger than the first run."""
    return coded(
        "late-plan",
        f"{path} was written on {written}, and the oldest file of the runs is of {first}: as if there were no plan, "
        "the intervals are the wider, anytime-valid ones",
    )


def undated_plan(path: str) -> str:
    """Warn of a plan whose runs have no date."""
    return coded(
        "undated-runs",
        f"nothing says when the first run was made, so {path} does not show that the number of seeds was planned: the "
        "intervals are the wider, anytime-valid ones; --first-run names the date, or give files",
    )


def not_fixed() -> str:
    """Warn that nothing says how the number of seeds was decided."""
    return coded(
        "seeds-not-fixed",
        "nothing says that the number of seeds was decided before the first run, so the intervals are the wider, "
        "anytime-valid ones; a plan file or --seeds gives narrower ones, where that is true",
    )


def more_seeds(declared: int, there: int) -> str:
    """Warn of more seeds than were fixed."""
    return coded(
        "more-seeds",
        f"{declared} seeds were fixed and {there} are there: the intervals are the wider, anytime-valid ones",
    )


def statement(text: str) -> str:
    """Return a statement as a sentence."""
    return as_sentence(text)


def unpaired_more(arm: str, declared: int, there: int) -> str:
    """Warn of an independent arm with more seeds than were fixed."""
    return coded(
        "more-seeds",
        f"`{arm}`: {declared} seeds were fixed and {there} are there: the intervals are the wider, anytime-valid ones",
    )
