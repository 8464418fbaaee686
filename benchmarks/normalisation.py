"""A training step of `smallnet` that normalises with one operation, against Keras' own operations.

Both sides run in this process, on one thread, alternating; the ratio is the median over rounds. Two arms: `none`, and
`neural-content`, whose second network makes as many images again.

    python benchmarks/normalisation.py --rounds 15 --save normalisation
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
RESULTS = Path(__file__).parent / "results"
DEFINITION = Path(__file__).parents[1] / "experiments" / "perez-wang-dogs-cats.toml"
SIDES = {"Keras' operations": (), "one operation": ("smallnet",)}
ARMS = ("none", "neural-content")


def network_of(experiment: Any, arm: str, fused: tuple[str, ...]) -> Any:
    """Return a fresh smallnet for an arm, traced."""
    from augexp.training import normalisation
    from augexp.training.network import Network

    normalisation.FUSED = fused
    network = Network(experiment.training, experiment.data.image_size, 2, 0)
    network.learn(getattr(experiment.policy(arm), "learned", None))
    network.renew(0, 0)
    return network


def compare(experiment: Any, arm: str, rounds: int, steps: int) -> dict[str, float]:
    """Return milliseconds of a step on both sides, and the ratio."""
    import numpy as np

    rng = np.random.default_rng(0)
    networks = {side: network_of(experiment, arm, fused) for side, fused in SIDES.items()}
    batch, size = experiment.training.batch_size, experiment.data.image_size
    learned = getattr(experiment.policy(arm), "learned", None)
    shape = (batch, learned.pictures, size, size, 3) if learned else (batch, size, size, 3)
    images = rng.random(shape, dtype=np.float32)
    targets = np.eye(2, dtype=np.float32)[rng.integers(0, 2, batch)]
    taken: dict[str, list[float]] = {side: [] for side in SIDES}
    for round_ in range(rounds + 1):
        for side, network in networks.items():
            start = time.perf_counter()
            for _ in range(steps):
                network.train(images, targets)
            network.totals()
            if round_:  # the first warms up
                taken[side].append((time.perf_counter() - start) / steps)
    before, after = taken.values()
    ratios = [b / a for a, b in zip(before, after, strict=True)]
    return {
        "before_ms": 1e3 * statistics.median(before),
        "after_ms": 1e3 * statistics.median(after),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def main() -> None:
    """Measure both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--save")
    chosen = parser.parse_args()
    from augexp.training import backend

    backend.configure(threads=1)
    from augexp.experiment import definition

    experiment = definition.load(DEFINITION)
    record = {arm: compare(experiment, arm, chosen.rounds, chosen.steps) for arm in ARMS}
    lines = ["| step of smallnet, one thread | Keras' operations | one operation | ratio |", "|---|---:|---:|---:|"]
    for arm, one in record.items():
        ratio = f"{one['ratio']:.2f} ({one['least']:.2f} to {one['most']:.2f})"
        lines.append(f"| `{arm}` | {one['before_ms']:.0f} ms | {one['after_ms']:.0f} ms | {ratio} |")
    text = "\n".join(lines) + f"\n\n32 images of 64 px, {chosen.rounds} rounds of {chosen.steps} steps, alternating.\n"
    print(text)
    if chosen.save:
        saved = {"rounds": chosen.rounds, "steps": chosen.steps, "arms": record}
        (RESULTS / f"{chosen.save}.json").write_text(json.dumps(saved, indent=1) + "\n")
        (RESULTS / f"{chosen.save}.md").write_text(text)


if __name__ == "__main__":
    main()
