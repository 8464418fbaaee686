"""Near-duplicates: how many made twins are found, and how many made look-alikes are taken for twins.

    python benchmarks/near_duplicates.py [--count 200]     # under a minute; writes results/near_duplicates.*

Twins are pictures and what becomes of them: saved again as JPEG or WebP, made smaller, brighter, with more contrast, or
cropped by some pixels. Recall is the share of pairs that stand in one group. Look-alikes are different pictures
that a glance confuses: stars on black, scratched sheets, thin drawings, one scene with a small object, aligned faces
(ovals with features at the same places), digits. A false pair is one that is confirmed although the pictures
were drawn independently; precision is that of all pairs that are confirmed where twins and look-alikes are mixed. Every
row is shown for the rule before (hash and difference alone) and for the three of ``--near-duplicates``.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from tables import table, write

from augexp.data import duplicates
from augexp.data.decoding.image import ImageStrip, decode

SIDE = 32
Pixels = npt.NDArray[np.uint8]
RULES: tuple[duplicates.Rule, ...] = ("usual", "strict", "off")


def photo(rng: np.random.Generator) -> Pixels:
    """Draw something with the detail of a photo: soft fields at three scales, uint8 (128, 128, 3)."""
    layers = np.zeros((128, 128, 3))
    for cells, weight in ((4, 0.55), (12, 0.3), (40, 0.15)):
        small = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        layers += weight * np.asarray(small.resize((128, 128), Image.Resampling.BICUBIC), dtype=float)
    return np.clip(layers, 0, 255).astype(np.uint8)


def encoded(pixels: Pixels, form: str = "PNG", **options: Any) -> bytes:
    """Return pixels as a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def _light(pixels: Pixels, factor: float, shift: float) -> bytes:
    return encoded(np.clip(pixels * factor + shift, 0, 255).astype(np.uint8))


def _smaller(pixels: Pixels) -> bytes:
    return encoded(np.asarray(Image.fromarray(pixels).resize((90, 90), Image.Resampling.LANCZOS)), "JPEG", quality=85)


TWINS: dict[str, Callable[[Pixels], bytes]] = {
    "JPEG, quality 90": lambda pixels: encoded(pixels, "JPEG", quality=90),
    "JPEG, quality 50": lambda pixels: encoded(pixels, "JPEG", quality=50),
    "WebP, quality 70": lambda pixels: encoded(pixels, "WEBP", quality=70),
    "smaller, then JPEG": _smaller,
    "brighter by 5 of 255": lambda pixels: _light(pixels, 1.0, 5.0),
    "contrast 1.06": lambda pixels: _light(pixels, 1.06, -7.0),
    "cropped by 1 %": lambda pixels: encoded(pixels[1:-1, 1:-1]),
    "cropped by 5 %": lambda pixels: encoded(pixels[3:-3, 3:-3]),
}


def stars(rng: np.random.Generator) -> Pixels:
    """One or two dots on black."""
    image = Image.new("L", (64, 64))
    for _ in range(int(rng.integers(1, 3))):
        x, y = rng.integers(4, 60, 2).tolist()
        ImageDraw.Draw(image).ellipse((x - 2, y - 2, x + 2, y + 2), fill=255)
    return np.asarray(image.convert("RGB"))


def sheet(rng: np.random.Generator) -> Pixels:
    """A grey surface with noise, scratched or not."""
    pixels = np.full((64, 64), 180.0)
    if rng.random() < 0.5:
        y, x = int(rng.integers(5, 58)), int(rng.integers(0, 30))
        pixels[y : y + 2, x : x + 25] = 90
    noisy = np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8)
    return np.repeat(noisy[:, :, None], 3, axis=2)


def sketch(rng: np.random.Generator) -> Pixels:
    """A thin circle or square on white."""
    image = Image.new("L", (200, 200), 255)
    radius, (x, y) = int(rng.integers(30, 90)), (100 + rng.integers(-20, 20, 2)).tolist()
    pen = ImageDraw.Draw(image)
    (pen.ellipse if rng.random() < 0.5 else pen.rectangle)((x - radius, y - radius, x + radius, y + radius), outline=0)
    return np.asarray(image.convert("RGB"))


_SCENE = photo(np.random.default_rng(99))


def scene(rng: np.random.Generator) -> Pixels:
    """One view of a fixed camera, with something small in it and the noise of a sensor."""
    image = Image.fromarray(_SCENE.copy())
    x, y = rng.integers(5, 115, 2).tolist()
    ImageDraw.Draw(image).rectangle((x, y, x + 9, y + 9), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return np.clip(np.asarray(image) + rng.normal(0, 3, (128, 128, 3)), 0, 255).astype(np.uint8)


def face(rng: np.random.Generator) -> Pixels:
    """An oval with eyes and mouth at nearly the same places."""
    image = Image.new("RGB", (96, 96), tuple(rng.integers(90, 110, 3).tolist()))
    pen = ImageDraw.Draw(image)
    pen.ellipse((22, 10, 74, 86), fill=tuple((np.array([190, 150, 130]) + rng.integers(-8, 9, 3)).tolist()))
    for x, y, width, height in ((38, 38, 5, 3), (58, 38, 5, 3), (48, 52, 3, 7), (48, 68, 11, 3)):
        dx, dy, w, h = rng.integers(-2, 3, 4).tolist()
        pen.ellipse(
            (x + dx - width - w, y + dy - height - h, x + dx + width + w, y + dy + height + h), fill=(60, 40, 40)
        )
    return np.asarray(image)


def digit(rng: np.random.Generator) -> Pixels:
    """A seven-segment digit, white on black, thick or thin, moved and tilted a little."""
    lit = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")[
        int(rng.integers(10))
    ]
    ends = {"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2),
            "f": (0, 0, 0, 1), "g": (0, 1, 1, 1)}  # fmt: skip
    image, (dx, dy), tilt = Image.new("L", (64, 64)), rng.integers(-3, 4, 2).tolist(), float(rng.uniform(-4, 4))
    for name in lit:
        x1, y1, x2, y2 = ends[name]
        line = (
            22 + 20 * x1 + dx + tilt * (1 - y1),
            12 + 20 * y1 + dy,
            22 + 20 * x2 + dx + tilt * (1 - y2),
            12 + 20 * y2 + dy,
        )
        ImageDraw.Draw(image).line(line, fill=255, width=int(rng.integers(3, 6)))
    return np.asarray(image.convert("RGB"))


LOOK_ALIKES: dict[str, Callable[[np.random.Generator], Pixels]] = {
    "stars on black": stars,
    "sheets, scratched or not": sheet,
    "thin drawings": sketch,
    "one scene, small object": scene,
    "aligned faces": face,
    "digits": digit,
}


def pairs_of(files: Sequence[bytes], rule: duplicates.Rule | None) -> set[tuple[int, int]]:
    """Return the pairs of files that stand in one group; a rule of None is the one before."""
    squares = [decode(data, SIDE).square for data in files]
    strip = ImageStrip(len(squares), SIDE)
    for square in squares:
        strip.add(square)
    pixels, thumbnails = np.array(strip.pixels()), strip.thumbnails()
    keys = np.stack(
        [np.frombuffer(hashlib.blake2b(one.tobytes(), digest_size=20).digest(), np.uint8) for one in pixels]
    )
    order = np.array(sorted(range(len(files)), key=lambda n: keys[n].tobytes()))
    hashes = duplicates.difference_hashes(thumbnails)[order]
    least, duplicates.MIN_CORRELATION = duplicates.MIN_CORRELATION, -2.0 if rule is None else duplicates.MIN_CORRELATION
    try:
        clusters = duplicates.find_clusters(pixels[order], hashes, keys[order], rule=rule or "usual").clusters
    finally:
        duplicates.MIN_CORRELATION = least
    return set(_together(clusters, order))


def _together(clusters: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for root in np.unique(clusters):
        rows = order[np.flatnonzero(clusters == root)].tolist()
        yield from ((min(a, b), max(a, b)) for i, a in enumerate(rows) for b in rows[i + 1 :])


def measure(count: int, rule: duplicates.Rule | None) -> dict[str, float]:
    """Return recall by twins, false pairs per 1,000 pictures by look-alikes, and the precision of all together."""
    rng = np.random.default_rng(0)
    originals = [photo(rng) for _ in range(count)]
    values: dict[str, float] = {}
    right = wrong = 0
    for name, change in TWINS.items():
        files = [encoded(pixels) for pixels in originals] + [change(pixels) for pixels in originals]
        together = pairs_of(files, rule)
        twins = sum((n, n + count) in together for n in range(count))
        values[name] = twins / count
        right, wrong = right + twins, wrong + len(together) - twins
    for name, draw in LOOK_ALIKES.items():
        pictures = list({pixels.tobytes(): pixels for pixels in (draw(rng) for _ in range(count))}.values())
        false = pairs_of([encoded(pixels) for pixels in pictures], rule)
        values[name] = 1000 * len(false) / len(pictures)
        wrong += len(false)
    values["precision"] = right / max(right + wrong, 1)
    return values


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    count = parser.parse_args().count
    results: dict[str, dict[str, float]] = {"before": measure(count, None)}
    results |= {rule: measure(count, rule) for rule in RULES}
    rows = [[f"recall: {name}", *(f"{values[name]:.0%}" for values in results.values())] for name in TWINS]
    rows += [
        [f"false pairs per 1,000: {name}", *(f"{values[name]:,.0f}" for values in results.values())]
        for name in LOOK_ALIKES
    ]
    rows.append(["precision of all pairs", *(f"{values['precision']:.1%}" for values in results.values())])
    text = f"{count} pictures of each kind, {SIDE} x {SIDE} pixels.\n\n{table(['', *results], rows)}"
    write("near_duplicates", {"count": count, "side": SIDE, "results": results}, text)


if __name__ == "__main__":
    main()
