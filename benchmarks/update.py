"""A training step of `smallnet` with the optimiser's update compiled into one pass, against one of single operations.

Both sides run in this process, on one thread, alternating; the ratio is the median over rounds.

    python benchmarks/update.py --rounds 15 --save update
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


def steps_of(fused: bool) -> Any:
    """Return the compiled steps of a fresh smallnet for batches of 32 images of 64 px."""
    import keras

    from augexp.training import backend, update

    update.FUSED_FROM = 0 if fused else 2**62
    keras.utils.set_random_seed(1)
    from augexp.training import models

    network = models.build("smallnet", 64, 2)
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(network.trainable_variables)
    return backend.compile_steps(network, optimizer, 32), network


def main() -> None:
    """Measure both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--save")
    chosen = parser.parse_args()
    from augexp.training import backend

    backend.configure(threads=1)
    import numpy as np

    rng = np.random.default_rng(0)
    images = rng.random((32, 64, 64, 3), dtype=np.float32)
    targets = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 32)]
    sides = {fused: steps_of(fused) for fused in (False, True)}
    taken: dict[bool, list[float]] = {False: [], True: []}
    for round_ in range(chosen.rounds + 1):
        for fused, (steps, _) in sides.items():
            start = time.perf_counter()
            for _ in range(chosen.steps):
                steps.train(images, targets)
            steps.totals()
            if round_:  # the first warms up
                taken[fused].append((time.perf_counter() - start) / chosen.steps)
    difference = max(
        float(np.max(np.abs(np.asarray(a) - np.asarray(b))))
        for a, b in zip(sides[False][1].get_weights(), sides[True][1].get_weights(), strict=True)
    )
    ratios = [b / a for a, b in zip(taken[False], taken[True], strict=True)]
    record = {
        "single_ms": 1e3 * statistics.median(taken[False]),
        "compiled_ms": 1e3 * statistics.median(taken[True]),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "rounds": chosen.rounds,
        "largest_difference_of_a_weight": difference,
    }
    text = (
        "| step of smallnet, 32 images of 64 px, one thread | ms |\n|---|---|\n"
        f"| update as single operations | {record['single_ms']:.0f} |\n"
        f"| update as one compiled pass | {record['compiled_ms']:.0f} |\n"
        f"| ratio, median of {chosen.rounds} rounds | {record['ratio']:.2f} "
        f"({record['least']:.2f} to {record['most']:.2f}) |\n"
    )
    print(text + f"\nlargest difference of a weight after all steps: {difference:.1e}")
    if chosen.save:
        (RESULTS / f"{chosen.save}.json").write_text(json.dumps(record, indent=1) + "\n")
        (RESULTS / f"{chosen.save}.md").write_text(text)


if __name__ == "__main__":
    main()
