"""The models of what a comparison says of runs that somebody else trained."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Design = Literal["paired", "independent"]
"""`paired`: the same seed means the same initialisation and order in every arm; `independent`: it does not."""

Endpoint = Literal["final", "validation", "best-on-test"]
"""Which state of a network was tested: after its last epoch, the one that validation images chose, or test images."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class ScoredRun(_Plain):
    """One run: its arm, its seed and its primary metric on the test images in percent."""

    arm: str
    seed: int
    metric: float


class Declared(_Plain):
    """What was declared about the runs.

    Attributes:
        design: how the seeds of two arms relate.
        endpoint: which state of each network was tested.
        statements: what was declared and cannot be verified, one sentence each.
        runs: every run that counts.
    """

    design: Design
    endpoint: Endpoint
    statements: tuple[str, ...]
    runs: tuple[ScoredRun, ...] = ()

    @property
    def independent(self) -> bool:
        """Whether the seeds of two arms are no pairs."""
        return self.design == "independent"


class ChangedImage(_Plain):
    """A test image that one arm is right about more often than the other.

    Attributes:
        image: its name.
        label: its true class.
        baseline, arm: share of the runs that are right about it, in [0, 1].
    """

    image: str
    label: str
    baseline: float
    arm: float


class DeclaredContrast(_Plain):
    """What is said of a contrast of declared runs alone.

    Attributes:
        baseline_seeds: seeds of the baseline where the seeds are no pairs; else empty.
        degrees: degrees of freedom of Welch and Satterthwaite; None for pairs and without an interval.
        won, lost: how many test images the arm is right about in a larger, and in a smaller share of its runs.
        best, worst: the first of these, the largest change first.
    """

    baseline_seeds: tuple[int, ...] = ()
    degrees: float | None = None
    won: int = 0
    lost: int = 0
    best: tuple[ChangedImage, ...] = ()
    worst: tuple[ChangedImage, ...] = ()
