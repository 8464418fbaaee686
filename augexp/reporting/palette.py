"""Colours that colour-blind readers can tell apart, one per arm, and the tone of each verdict.

The hues are those of Okabe & Ito (2008, "Color Universal Design"); the baseline is always grey. For a
dark page each hue has a lighter variant of the same name. More arms than hues repeat the hues with another dash
pattern, so that line style alone tells arms apart as well.

No tone is green or red: a verdict that augmentation hurts is as good a result as one that it helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ink:
    """How the lines of one arm are drawn.

    Attributes:
        index: position in `HUES` (0 is the baseline's grey); the report's style sheet has a variable for each.
        light: hex colour on a white page.
        dark: hex colour on a dark page.
        dash: lengths of strokes and gaps in points, empty for a solid line.
    """

    index: int
    light: str
    dark: str
    dash: tuple[float, ...] = ()


HUES = (
    ("#6b7076", "#a9b0b8"),  # grey, the baseline
    ("#0072b2", "#56b4e9"),  # blue
    ("#d55e00", "#f0894a"),  # vermilion
    ("#009e73", "#3fcf9f"),  # bluish green
    ("#aa5a8a", "#e29cc4"),  # reddish purple, darkened for thin lines on white
    ("#b37400", "#f0b840"),  # orange
    ("#3a4fb0", "#98a6f5"),  # indigo in place of sky blue, which is this palette's dark-page blue
)
DASHES: tuple[tuple[float, ...], ...] = ((), (6.0, 2.0), (2.0, 2.0))

ZONE = "#e9edf2"
"""Fill of the region of practical equivalence on a white page."""


def assign(arms: Sequence[str], baseline: str) -> dict[str, Ink]:
    """Give every arm its ink: grey to the baseline, hues in order to the others.

    Args:
        arms: names in the order of the plan.
        baseline: the arm that the others are compared with.
    """
    inks = {baseline: Ink(0, *HUES[0])}
    others = [arm for arm in arms if arm != baseline]
    colours = len(HUES) - 1
    for position, arm in enumerate(others):
        index = 1 + position % colours
        inks[arm] = Ink(index, *HUES[index], dash=DASHES[(position // colours) % len(DASHES)])
    return inks
