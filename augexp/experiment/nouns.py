"""The nouns of a design: what one run is called, and what is counted and drawn as one outcome of an arm.

Without folds both are seeds. With folds one run is a fit (one repeat, one fold), and one outcome is a repeat, which
puts the fits of all its folds together. Whatever shows runs or counts them takes its words from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Nouns:
    """What the parts of a design are called.

    Attributes:
        run: one training of one arm, in curves, progress and means over runs.
        block: what intervals, looks and dots rest on: one row of outcomes, of every test image.
        images: what an arm is tested on.
    """

    run: str
    block: str
    images: str

    @property
    def runs(self) -> str:
        """The plural of `run`."""
        return f"{self.run}s"

    @property
    def blocks(self) -> str:
        """The plural of `block`."""
        return f"{self.block}s"


_SEEDS = Nouns("seed", "seed", "test images")
_FOLDS = Nouns("fit", "repeat", "images")


def nouns(folds: int | None) -> Nouns:
    """Return the nouns of a design with so many folds; None or 1 is without folds."""
    return _FOLDS if (folds or 1) > 1 else _SEEDS


def count(number: int, noun: str) -> str:
    """Return a number with its noun, like "1 fit" or "20 fits"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def run_title(number: int, folds: int | None) -> str:
    """Return the name of a run inside its arm, like "seed 3" or "repeat 2 fold 4"; repeats and folds count from 1.

    Args:
        number: of the run: its seed, or repeat x folds + fold, both from 0.
        folds: K; None or 1 without folds.
    """
    size = folds or 1
    return f"seed {number}" if size == 1 else fit_title(*divmod(number, size))


def fit_title(repeat: int, fold: int) -> str:
    """Return the name of a fit by its repeat and its fold, both from 0: in words they count from 1."""
    return f"repeat {repeat + 1} fold {fold + 1}"


def recorded_title(seed: int, repeat: int | None, fold: int | None) -> str:
    """Return `run_title` of what a record says: the seed, and from 0 repeat and fold, which are None without folds."""
    return f"seed {seed}" if repeat is None or fold is None else fit_title(repeat, fold)


def block_title(number: int, folds: int | None) -> str:
    """Return the name of what a dot stands for, like "seed 3" or "repeat 2"; repeats count from 1.

    Args:
        number: of the seed, or of the repeat from 0.
        folds: K; None or 1 without folds.
    """
    return f"seed {number}" if (folds or 1) == 1 else f"repeat {number + 1}"


def run_name(arm: str, number: int, folds: int | None) -> str:
    """Return the name of a run for messages: its arm and `run_title`."""
    return f"{arm} {run_title(number, folds)}"
