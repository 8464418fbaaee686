"""What a report page is made of: plain values that the template lays out.

All text in here is raw; the template escapes it. Only `Figure.svg` is markup; it comes from
`augexp.reporting.figures`, which escapes on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from augexp.reporting.tables import Table


class _Block:
    @property
    def kind(self) -> str:
        """Name of the class in small letters, by which the template knows how to lay it out."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Figure(_Block):
    """A chart with its caption and legend.

    Attributes:
        svg: the chart's markup.
        title: what it shows.
        note: how to read it.
        legend: class names of each swatch, and what it stands for.
    """

    svg: str
    title: str
    note: str = ""
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Heading(_Block):
    """A heading below that of the section."""

    text: str


@dataclass(frozen=True)
class Figures(_Block):
    """Charts side by side where there is room."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Tabular(_Block):
    """A table."""

    table: Table


@dataclass(frozen=True)
class Square:
    """One cell of a matrix: its text, and its shade from 0 (none) to 70 (strong) in a tone."""

    text: str
    shade: float = 0.0
    tone: str = ""


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix: one row per true class, one column per predicted class."""

    title: str
    note: str
    names: tuple[str, ...]
    rows: tuple[tuple[Square, ...], ...]


@dataclass(frozen=True)
class Matrices(_Block):
    """Matrices side by side where there is room."""

    matrices: tuple[Matrix, ...]


@dataclass(frozen=True)
class Photo:
    """A photo with its caption; `uri` holds the image itself."""

    uri: str
    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Strip(_Block):
    """Photos in a row that wraps; `cells` above zero makes it a fixed grid of that many columns."""

    title: str
    note: str
    photos: tuple[Photo, ...]
    cells: int = 0


@dataclass(frozen=True)
class Facts(_Block):
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Prose(_Block):
    """Paragraphs; `soft` ones stand back."""

    paragraphs: tuple[str, ...]
    soft: bool = False


@dataclass(frozen=True)
class Items(_Block):
    """A list of remarks."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Code(_Block):
    """Lines to copy."""

    text: str


Block = Heading | Figure | Figures | Tabular | Matrices | Strip | Facts | Prose | Items | Code


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class VerdictBox:
    """The box of one contrast: its words, tone (`helps`, `hurts`, `same`, `open`) and sentence of record."""

    words: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class Page:
    """The whole report; `declared` is what nobody has verified, which stands above everything else."""

    title: str
    kicker: str
    verdicts: tuple[VerdictBox, ...]
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str
    declared: tuple[str, ...] = ()
