"""What is shown of a comparison, in the units in which it is shown.

A `Digest` is the boundary between the statistics and everything that people look at: tables, figures
and the report draw it and nothing else, so no form can show a number that another form does not have.
Accuracies are in percent, differences in percentage points (pp), times in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augexp.analysis.learning_curves import Floats

Interval = tuple[float, float]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Measure:
    """One quantity in both arms and its paired difference, in the unit that `name` says.

    Attributes:
        name: what is measured, or the class it is measured on.
        images: test images behind it.
        baseline: mean without the policy.
        arm: mean with it.
        difference: arm minus baseline.
        interval: of the difference, for new images; None where there is none.
        p: adjusted p-value, None where there is none.
    """

    name: str
    images: int
    baseline: float
    arm: float
    difference: float
    interval: Interval | None = None
    p: float | None = None


@dataclass(frozen=True)
class Contrast:
    """One arm against the baseline.

    Attributes:
        arm: its name.
        words: the verdict.
        tone: `helps`, `hurts`, `same` (no practical difference) or `open` (not decided).
        sentence: the sentence of record.
        seeds: the paired seeds.
        dots: difference of each seed.
        estimate: mean difference; NaN where there is none.
        wide: interval for new images, None where there is none.
        narrow: interval for these test images, None where there is none.
        wide_label: what the wide interval is, e.g. "new images: 95 % interval, 8 pairs, 3,000 images".
        narrow_label: what the narrow interval is.
        facts: further numbers by name (wins, correlation, relative error reduction, d_z, p-values).
        gain: paired difference of validation accuracy by epoch, float64 (E,).
        gain_low: lower end of its band, float64 (E,).
        gain_high: upper end of its band, float64 (E,).
        band: what the band is, e.g. "95 % t interval at each epoch, 8 pairs".
        pays: when it pays and whether it still gains, in sentences.
        buy: what would narrow the interval, in sentences.
        measures: accuracy, log loss and the like.
        classes: the same per class.
        confusion: mean counts per run without and with the policy, float64 (2, C, C), rows are true classes.
    """

    arm: str
    words: str
    tone: str
    sentence: str
    seeds: tuple[int, ...]
    dots: tuple[float, ...]
    estimate: float
    wide: Interval | None
    narrow: Interval | None
    wide_label: str
    narrow_label: str
    facts: Pairs
    gain: Floats
    gain_low: Floats
    gain_high: Floats
    band: str
    pays: tuple[str, ...]
    buy: tuple[str, ...]
    measures: tuple[Measure, ...]
    classes: tuple[Measure, ...]
    confusion: npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Arm:
    """One arm over its runs: means over the complete ones, and what they cost.

    Attributes:
        name: of the arm.
        policy: what it does to images.
        runs: number of complete runs.
        diverged: number of runs without a finite loss or weights.
        accuracy: test accuracy in percent.
        gap: clean-probe minus validation accuracy at the last epoch, in pp.
        unique_images: different images that the network received, per run.
        wall_seconds: mean per run; None where not measured.
        cpu_seconds: mean per run; None where not measured.
    """

    name: str
    policy: str
    runs: int
    diverged: int
    accuracy: float
    gap: float
    unique_images: int
    wall_seconds: float | None
    cpu_seconds: float | None


@dataclass(frozen=True)
class Digest:
    """The whole comparison as it is shown.

    Attributes:
        name: of the experiment.
        source: what the images are, one line.
        synthetic: whether the images are drawn and not photos.
        metric: name of the primary metric.
        r: half-width of the region of practical equivalence, in pp.
        baseline: the arm that the others are compared with.
        arms: in the order of the plan, the baseline among them.
        contrasts: in the order of the plan.
        together: sentences about all arms: ranking, which could be the best one, trends.
        warnings: what a reader must know with the answer.
        plan: what was planned and what changed after the first run.
        ledger: the equal budget.
        data: images, splits, duplicates, what was skipped.
        environment: versions and the machine.
        command: how to reproduce it.
        class_names: the C classes.
    """

    name: str
    source: str
    synthetic: bool
    metric: str
    r: float
    baseline: str
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    together: tuple[str, ...]
    warnings: tuple[str, ...]
    plan: Pairs
    ledger: Pairs
    data: Pairs
    environment: Pairs
    command: str
    class_names: tuple[str, ...]

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of all arms in the order of the plan."""
        return tuple(arm.name for arm in self.arms)

    @property
    def images(self) -> str:
        """Say what the images are, for titles: a drawn sample must never pass for photos."""
        return f"{self.name} (synthetic images)" if self.synthetic else self.name
