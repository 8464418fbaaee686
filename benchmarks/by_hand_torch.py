"""The experiment as a careful person writes it in PyTorch, without augexp; `experiment.py` times it.

    python benchmarks/by_hand_torch.py PHOTOS        # PHOTOS/{train,test}/<class>/*.jpg

Pictures are decoded once and held as bytes in memory; a batch is augmented as a whole: one affine warp by
`grid_sample` for flip, rotation, zoom and translation, and one multiplication for brightness. Every model starts
from its seed; validation every epoch, the test images once at the end. All cores compute.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

SIZE, BATCH, EPOCHS, SEEDS = 32, 32, 5, 3

Split = tuple[torch.Tensor, torch.Tensor]


def load(folder: Path, names: list[str]) -> Split:
    """Return images, uint8 (N, 3, S, S), and labels, of an image folder."""
    images, labels = [], []
    for label, name in enumerate(names):
        for path in sorted((folder / name).iterdir()):
            with Image.open(path) as picture:
                square = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
            images.append(np.asarray(square).transpose(2, 0, 1))
            labels.append(label)
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def build(classes: int) -> nn.Module:
    """Return the network of `augexp.training.models`, on pixels from 0 to 1."""
    layers: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    side = SIZE // 8
    layers += [nn.Flatten(), nn.Linear(64 * side * side, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, classes)]
    return nn.Sequential(*layers)


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return a batch, float (B, 3, S, S) from 0 to 1, under what comes nearest to the policy `standard`."""
    draws = torch.rand((len(images), 6), generator=generator) * 2 - 1
    angle, zoom = draws[:, 0] * math.radians(15), 1 + 0.12 * draws[:, 1]
    flip = torch.where(draws[:, 2] < 0, -1.0, 1.0)
    cosine, sine = zoom * torch.cos(angle), zoom * torch.sin(angle)
    rows = [
        torch.stack([flip * cosine, -sine, 0.2 * draws[:, 3]], 1),
        torch.stack([flip * sine, cosine, 0.2 * draws[:, 4]], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    warped = functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return (warped * (1 + 0.25 * draws[:, 5])[:, None, None, None]).clamp(0, 1)


def accuracy(model: nn.Module, split: Split) -> float:
    """Return the fraction of a split that is classified correctly."""
    model.eval()
    with torch.no_grad():
        parts = zip(split[0].split(128), split[1].split(128), strict=True)
        right = sum(int((model(images.float() / 255).argmax(1) == labels).sum()) for images, labels in parts)
    return right / len(split[1])


def run(arm: str, seed: int, train: Split, validation: Split, test: Split, classes: int) -> float:
    """Train one arm with one seed; return the test accuracy."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = build(classes)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(EPOCHS):
        model.train()
        order = torch.randperm(len(train[1]), generator=generator)
        for rows in order.split(BATCH):
            if len(rows) < BATCH:
                break
            images = train[0][rows].float() / 255
            if arm == "standard":
                images = augment(images, generator)
            optimizer.zero_grad()
            functional.cross_entropy(model(images), train[1][rows]).backward()
            optimizer.step()
        accuracy(model, validation)
    return accuracy(model, test)


def main() -> None:
    """Compare the arms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    photos = parser.parse_args().photos
    names = sorted(path.name for path in (photos / "train").iterdir() if path.is_dir())
    images, labels = load(photos / "train", names)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    cut = len(order) // 10
    validation, train = ((images[rows], labels[rows]) for rows in (order[:cut], order[cut:]))
    data = (train, validation, load(photos / "test", names))
    scores = {arm: [run(arm, seed, *data, len(names)) for seed in range(SEEDS)] for arm in ("none", "standard")}
    gain = 100 * (np.array(scores["standard"]) - np.array(scores["none"]))
    print(f"standard minus none: {gain.mean():+.1f} points, seeds {np.round(gain, 1).tolist()}")


if __name__ == "__main__":
    main()
