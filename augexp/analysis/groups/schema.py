"""What is said of groups in an answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _OfGroups(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class GroupGain(_OfGroups):
    """What one group gains.

    Attributes:
        name: of the group.
        images: test images in it.
        baseline, arm: mean accuracy over its images and the seeds, in percent.
        difference: arm minus baseline, in pp.
    """

    name: str
    images: int
    baseline: float
    arm: float
    difference: float


class GroupedContrast(_OfGroups):
    """What groups add to a contrast.

    Attributes:
        count: groups in the test set; those that share near-duplicates count as one.
        largest: share of the images that the largest of them has, in [0, 1].
        effective: 1 / sum of the squared shares: as many equal groups would tell as much.
        better, worse: named groups in which the arm is better, or worse.
        gains: by group, the worst first; of many groups the first and the last.
        by_images: ends of the interval for new images if every image counted as its own, in pp; None without. It is
            shown beside the interval by groups and is not what the verdict rests on.
        sentence: what the two intervals say.
    """

    count: int
    largest: float
    effective: float
    better: int
    worse: int
    gains: tuple[GroupGain, ...]
    by_images: tuple[float, float] | None = None
    sentence: str = ""
