"""Colours that colour-blind readers can tell apart: one per arm, one per verdict, and those of page and axes.

The hues of the arms are those of Okabe & Ito (2008, "Color Universal Design"); the baseline is always grey. For a
dark page each hue has a lighter variant of the same name. More arms than hues repeat the hues with another dash
pattern, so that line style alone tells arms apart as well.

No verdict is green or red: that augmentation hurts is as good a result as that it helps.

`COLOURS` is the one place where a colour is written. The figures are drawn in the light theme; the page's style
sheet has a variable of each name, and a chart in the page refers to these in place of the light colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark", "print"]

_HUES = (
    ("#6b7076", "#a9b0b8"),  # grey, the baseline
    ("#0072b2", "#56b4e9"),  # blue
    ("#d55e00", "#f0894a"),  # vermilion
    ("#009e73", "#3fcf9f"),  # bluish green
    ("#aa5a8a", "#e29cc4"),  # reddish purple, darkened for thin lines on white
    ("#b37400", "#f0b840"),  # orange
    ("#3a4fb0", "#98a6f5"),  # indigo in place of sky blue, which is this palette's dark-page blue
)
_DASHES: tuple[tuple[float, ...], ...] = ((), (6.0, 2.0), (2.0, 2.0))

COLOURS: dict[str, dict[Theme, str]] = {
    name: {"light": light, "dark": dark, "print": printed}
    for name, light, dark, printed in (
        ("page", "#ffffff", "#14171b", "#ffffff"),
        ("ink", "#1c2127", "#e8ebee", "#000000"),
        ("soft", "#5b646e", "#a3adb8", "#444444"),
        ("rule", "#d9dee4", "#343b43", "#bbbbbb"),
        ("zone", "#e9edf2", "#2a3139", "#e9edf2"),
        *((f"a{index}", light, dark, light) for index, (light, dark) in enumerate(_HUES)),
        ("card", "#f6f8fa", "#1d2228", "#ffffff"),
        ("helps", "#0072b2", "#56b4e9", "#0072b2"),
        ("hurts", "#c25400", "#f0894a", "#c25400"),
        ("same", "#5b646e", "#a9b0b8", "#5b646e"),
        ("open", "#7a5ea8", "#bda3ea", "#7a5ea8"),
    )
}
"""Hex colours by name and theme. Where two have the same light colour, the charts use the first."""

PAGE, INK, SOFT, RULE, ZONE = (COLOURS[name]["light"] for name in ("page", "ink", "soft", "rule", "zone"))


@dataclass(frozen=True)
class LineStyle:
    """How the lines of one arm are drawn.

    Attributes:
        index: of the hue; 0 is the baseline's grey.
        pattern: of the dashes; 0 is a solid line.
    """

    index: int
    pattern: int = 0

    @property
    def colour(self) -> str:
        """Hex colour on a white page."""
        return COLOURS[f"a{self.index}"]["light"]

    @property
    def dash(self) -> tuple[float, ...]:
        """Lengths of strokes and gaps in points, empty for a solid line."""
        return _DASHES[self.pattern]

    @property
    def css(self) -> str:
        """Class names of a legend's line."""
        return f"c{self.index} d{self.pattern}" if self.pattern else f"c{self.index}"


def line_styles(arms: Sequence[str], baseline: str) -> dict[str, LineStyle]:
    """Give every arm its style, in the order of `arms`: grey to the baseline, hues in order to the others.

    Args:
        arms: names in the order of the plan.
        baseline: the arm that the others are compared with.
    """
    colours = len(_HUES) - 1
    others = [arm for arm in arms if arm != baseline]
    styles = {arm: LineStyle(1 + n % colours, n // colours % len(_DASHES)) for n, arm in enumerate(others)}
    return {arm: styles.get(arm, LineStyle(0)) for arm in arms}


def variables(theme: Theme) -> str:
    """Return the colours of a theme as CSS variables."""
    return ";".join(f"--{name}:{colours[theme]}" for name, colours in COLOURS.items())
