"""Perez & Wang 2017, "The Effectiveness of Data Augmentation in Image Classification using Deep Learning".

Source of every number: arXiv 1712.04621, the tables of dogs against goldfish and dogs against cats. What the paper
does not say is chosen here and listed in `UNSAID`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from augexp.errors import DefinitionError
from augexp.experiment.budget import LONGEST, milestones
from augexp.version import PACKAGE

NAME = "perez-wang"

PAPER = (
    "Luis Perez and Jason Wang, The Effectiveness of Data Augmentation in Image Classification using Deep Learning, "
    "2017, arXiv 1712.04621"
)

EPOCHS = 40
"""Epochs of the paper, of which the best one on the test images was reported."""

PER_CLASS = 500
"""Images of a class: a fifth of them is for testing, as in the paper."""

TEST_IMAGES = 200
"""Test images of the paper: 100 of each class."""

BASELINE = "none"

CLASSES = {
    "cat": ("n02123045", "n02123394", "n02124075"),
    "dog": ("n02085620", "n02094433", "n02099601", "n02099712", "n02106662", "n02113799"),
    "goldfish": ("n01443537",),
}
"""WordNet ids of Tiny ImageNet by class, in ascending order. The paper does not say which of them it took."""

PAIRS = {"dogs-cats": ("dog", "cat"), "dogs-goldfish": ("dog", "goldfish")}
"""Classes of each table."""

Choice = Literal["pooled", "first"]
"""How images are chosen: the same number of every id of a class, or the first ids until there are enough."""


@dataclass(frozen=True)
class PublishedArm:
    """A row of the paper's tables.

    Attributes:
        name: of the arm here.
        title: what the paper did.
        accuracy: published, in percent, by pair.
    """

    name: str
    title: str
    accuracy: dict[str, float]


ARMS = tuple(
    PublishedArm(name, title, {"dogs-goldfish": goldfish, "dogs-cats": cats})
    for name, title, goldfish, cats in (
        ("none", "no augmentation", 85.5, 70.5),
        ("traditional", "one transformed copy of each image", 89.0, 77.5),
        ("neural", "learned augmentation without a loss of its own", 91.5, 76.5),
        ("neural-content", "learned augmentation, content loss", 90.0, 77.0),
        ("neural-style", "learned augmentation, style loss", 89.0, 74.0),
        ("neural-same", "control: the same image twice", 84.0, 71.0),
    )
)
"""In the order of the paper. Its CycleGAN arms are left out, see `LEFT_OUT`."""

LEFT_OUT = (
    "The CycleGAN arms of the paper are left out: they need other images and a network that is trained beforehand."
)

UNSAID = (
    ("WordNet ids of cats and dogs", "all ids of Tiny ImageNet, the same number of each; variant: the first ids"),
    ("batch size", "32; variant: 128"),
    ("validation images", "40 of the 400 training images of a class, which choose the own best budget"),
    ("dropout, padding and initialiser", "those of the network smallnet, see the page about networks"),
    ("which images are for testing", "100 of a class, the same number of every id, by a hash of the file's name"),
    ("number of runs", "one in the paper; here several paired seeds"),
)
"""What the paper does not say, and what is done here."""


@dataclass(frozen=True)
class Claim:
    """A claim of the paper about two arms.

    Attributes:
        arm, reference: what is compared.
        expects: `gain`, the arm is better; or `no gain`, it is not.
    """

    arm: str
    reference: str
    expects: Literal["gain", "no gain"] = "gain"

    @property
    def words(self) -> str:
        """The claim in words."""
        return f"{self.arm} is {'better' if self.expects == 'gain' else 'no better'} than {self.reference}"


def claims(pair: str, arms: Collection[str]) -> tuple[Claim, ...]:
    """Return what the paper's table claims about some arms; where its order differs by pair, in the order of the pair.

    Args:
        pair: a key of `PAIRS`.
        arms: that there are.
    """
    gains = [(arm, BASELINE) for arm in ("traditional", "neural", "neural-content", "neural-style")]
    others = [("neural", other) for other in ("traditional", "neural-content", "neural-style", "neural-same")]
    published = published_of(pair)
    ordered = [(a, b) if published[a] >= published[b] else (b, a) for a, b in others]
    listed = [
        *(Claim(*both) for both in gains),
        Claim("neural-same", BASELINE, "no gain"),
        *(Claim(*both) for both in ordered),
    ]
    return tuple(claim for claim in listed if {claim.arm, claim.reference} <= set(arms))


def published_of(pair: str) -> dict[str, float]:
    """Return the published accuracies of a pair by arm, in percent."""
    return {arm.name: arm.accuracy[pair] for arm in ARMS}


# -- the definitions -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """A way of repeating the tables; the first one is the one that is compared with the paper.

    Attributes:
        name: empty for the table itself.
        title: what differs, in words.
        choice: of the images.
        pairs: for which it is defined.
    """

    name: str
    title: str
    choice: Choice = "pooled"
    pairs: tuple[str, ...] = tuple(PAIRS)

    def experiment(self, pair: str) -> str:
        """Return the name of the experiment of a pair."""
        return "-".join(filter(None, (NAME, pair, self.name)))


TABLE = Variant("", "the table of the paper")

VARIANTS = (
    Variant("first-ids", "the first ids of each class in place of all of them", "first"),
    Variant("batch-128", "128 images per step in place of 32"),
    Variant("folds", "5 folds of the same 500 images per class, so that every image is a test image"),
)
"""Each changes one thing that the paper does not say, or what the answer can tell."""


def definition_file(experiment: str) -> Path:
    """Return the file that defines an experiment: in this folder, or in ``experiments/`` of the source."""
    installed = Path(__file__).with_name(f"{experiment}.toml")
    return installed if installed.is_file() else PACKAGE.parent / "experiments" / installed.name


# -- what may be asked for -----------------------------------------------------------------------


def chosen(what: str, names: Sequence[str] | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """Return those of `allowed` that are named, in its order; all where nothing is.

    Raises:
        DefinitionError: a name that is not allowed, or none at all.
    """
    if names is None:
        return tuple(allowed)
    wrong = next((name for name in names if name not in allowed), None)
    if wrong is not None or not names:
        received = repr(wrong) if names else "nothing"
        raise DefinitionError(f"{what}: received {received}; allowed are {', '.join(allowed)}")
    return tuple(name for name in allowed if name in names)


def check_epochs(epochs: int) -> None:
    """Raise DefinitionError where predictions are not kept after half as many epochs, which are as many steps.

    Args:
        epochs: of every arm; half of them are as many steps in an arm with a copy of each image.
    """
    grid = [2 * one for one in milestones(LONGEST) if 2 * one <= LONGEST]
    if epochs not in grid:
        shown = ", ".join(str(one) for one in grid if one <= 160)
        raise DefinitionError(f"epochs: received {epochs}; allowed are {shown} and so on")


def check_per_class(per_class: int) -> None:
    """Raise DefinitionError where there are too few images of a class for training, validation and test."""
    if not 25 <= per_class <= PER_CLASS:
        raise DefinitionError(f"per_class: received {per_class}; allowed are whole numbers from 25 to {PER_CLASS}")
