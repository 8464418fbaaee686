"""The measured parts of the README and of the pages in ``docs/``, written from the files of results.

    python benchmarks/readme.py            # writes README.md and docs/*.md
    python benchmarks/readme.py --check    # fails where one of them says something else

What stands between ``<!-- measured: NAME -->`` and ``<!-- /measured -->`` comes from `BLOCKS`: the words are
here, the numbers in ``benchmarks/results/`` and ``results/``. This script measures nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from augexp.analysis.replication.schema import ReplicatedTable, Replication
from augexp.reporting import formats
from augexp.reporting.replication import tables as replication_tables
from augexp.reporting.replication import words as replication_words

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
WIDTH = 116
MARKED = re.compile(r"(<!-- measured: ([\w-]+) -->\n?)(.*?)(\n?<!-- /measured -->)", re.S)
KILLED = {
    "drawing": "figures and page",
    "index": "preparing images",
    "ray": "the Ray engine",
    "screening": "a screening of five arms",
}
TIMES = {2: "twice", 3: "three times", 4: "four times"}


def measured(name: str) -> Any:
    """Return what a benchmark wrote."""
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))


def published(name: str) -> Any:
    """Return the ``comparison.json`` of a published comparison."""
    return json.loads((ROOT / "results" / "published" / name / "comparison" / "comparison.json").read_text("utf-8"))


# -- the blocks ----------------------------------------------------------------------------------


def example() -> str:
    """Return the answer on cats and dogs, and what it means."""
    answer = published("cats-dogs")
    (contrast,) = answer["contrasts"]
    points = {point["epochs"]: point for point in contrast["equal_budgets"]}
    lowest = min(points.values(), key=lambda point: point["difference"])
    usual, interval, last = points[20], points[20]["interval"], contrast["equal_budgets"][-1]
    place = "results/published/cats-dogs"
    meaning = f"""
        That is {sum(arm["runs"] for arm in answer["arms"])} runs of {answer["horizon"]["epochs"]} epochs on
        {answer["arms"][0]["unique_images"]:,} small training photos. How long the networks train decides what one
        sees: after {lowest["epochs"]} epochs in both arms the difference was {_signed(lowest["difference"])} pp, after
        {usual["epochs"]} it was {_signed(usual["difference"])} pp ({_signed(interval["low"])} to
        {_signed(interval["high"])}), at the end {_signed(last["difference"])} pp. So augexp lets validation images
        choose the budget of each arm, and shows both. The whole answer is in [{place}]({place}/comparison)."""
    return f"> {contrast['sentence']}\n\n{_wrapped(meaning)}"


def views() -> str:
    """Return what a few stored views do to accuracy, against a view of its own in every epoch."""
    values = measured("views")
    items = [
        f"""with {case["views"]} versions over {case["epochs"]} epochs, `{values["arm"]}` differed from fresh versions
        by {_signed(case["difference"])} pp ({_signed(case["low"])} to {_signed(case["high"])}; {case["seeds"]} seeds,
        {case["test_images"]:,} test images)"""
        for case in values["cases"]
    ]
    ends = (";", ".")
    return "\n".join(_wrapped(f"{item}{end}", first="* ", others="  ") for item, end in zip(items, ends, strict=True))


def image_floor() -> str:
    """Return the half-width that the test images of cats and dogs leave, however many seeds there are."""
    answer = published("cats-dogs")
    floor = answer["contrasts"][0]["outlook"]["image_floor"]
    return f"the {answer['test_images']:,} images of the published answer on cats and dogs leave ±{floor:.1f} pp"


FOLDED = {"cats-dogs": "cats and dogs, 10 epochs", "bedroom-kitchen": "bedrooms and kitchens, 40 epochs"}
"""Photos that have been judged with folds and with a held-out test set, and what they are called."""


def folds() -> str:
    """Return a table of the half-widths of folds and of a held-out test set, with as many runs."""
    lines = [
        "| photos | | test images | difference | half-width of the seeds or fits | half-width for new images |",
        "|---|---|---:|---:|---:|---:|",
    ]
    names = (("held-out", "{} seeds, the official test set"), ("folds", "`--folds 5 --repeats {}`"))
    for (photos, title), (name, label) in itertools.product(FOLDED.items(), names):
        answer = published(f"{photos}-{name}")
        (contrast,) = answer["contrasts"]
        these, new = (
            (contrast[scope]["high"] - contrast[scope]["low"]) / 2 for scope in ("these_images", "new_images")
        )
        label = label.format(len(contrast["seeds"]))
        facts = f"{answer['test_images']:,} | {_signed(contrast['estimate'])} pp"
        lines.append(f"| {title} | {label} | {facts} | {these:.2f} pp | **{new:.2f} pp** |")
    return "\n".join(lines)


def groups() -> str:
    """Return the sentence on the two intervals of the published answer with groups."""
    (contrast,) = published("tiny-imagenet-folds")["contrasts"]
    return f"> {contrast['groups']['sentence']}"


def head() -> str:
    """Return the answer on a head that is trained on frozen features."""
    (contrast,) = published("cats-dogs-head")["contrasts"]
    interval = contrast["new_images"]
    return (
        f"{_signed(contrast['estimate'])} pp ({_signed(interval['low'])} to {_signed(interval['high'])}; "
        f"{len(contrast['seeds'])} seeds)"
    )


def worth() -> str:
    """Return what augmentation is worth in photos, of every published answer."""
    lines = ["| photos | worth |", "|---|---|"]
    for path in sorted((ROOT / "results" / "worth").glob("*/worth.json")):
        answer = json.loads(path.read_text("utf-8"))
        lines.append(f"| {path.parent.name} | {answer['sentence']} |")
    return "\n".join(lines)


def replicated() -> tuple[ReplicatedTable, ...]:
    """Return the tables of ``replication.json`` as the paper has them, of which no run may be missing."""
    answer = Replication.model_validate_json((ROOT / "results" / "perez-wang" / "replication.json").read_bytes())
    for table in answer.tables:
        if table.missing:
            raise ValueError(f"{table.experiment}: {table.missing} runs are missing; run: {answer.command}")
    return tuple(table for table in answer.tables if not table.variant)


def paper() -> str:
    """Return what came out of the repeated paper, in three sentences."""
    repeated = replicated()
    statuses: list[str] = [claim.judged[0].status for table in repeated for claim in table.claims]  # at equal steps
    confirmed, contradicted, undecidable = map(statuses.count, ("confirmed", "contradicted", "undecidable"))
    biases = [arm.best_of_epochs.bias for table in repeated for arm in table.arms if arm.best_of_epochs]
    gains = []
    for table in repeated:
        (arm,) = (arm for arm in table.arms if arm.arm == "traditional")
        gain, pair = arm.budgets[0].gain, replication_words.PAIRS[table.pair]
        if gain is None or gain.interval is None or arm.published_gain is None:
            raise ValueError(f"{table.experiment}: `traditional` has no interval")
        low, high = _signed(gain.interval.low), _signed(gain.interval.high)
        published = _signed(arm.published_gain)
        gains.append(f"{_signed(gain.estimate)} pp ({low} to {high}) on {pair}, published as {published} pp")
    return _wrapped(f"""
        The source of the method, [Perez & Wang 2017](https://arxiv.org/abs/1712.04621), reports the best of
        {repeated[0].epochs} epochs of one run on {repeated[0].test_images} test images. [Repeated](docs/replicate.md)
        with {min(table.seeds for table in repeated)} paired seeds, {confirmed} of {len(statuses)} claims are confirmed,
        {contradicted} contradicted and {undecidable} undecidable: its transformed copies gain {" and ".join(gains)}.
        Choosing the best epoch by the test images raises the accuracy of an arm by
        {sum(biases) / len(biases):.1f} pp on average.""")


def paper_table() -> str:
    """Return the answer of every repeated table, its gains, and what the best epochs would have claimed."""
    texts = []
    for table in replicated():
        head, sentence = replication_words.result(table)
        texts.append(f"> **{formats.escape_markdown(head)}.** {sentence}\n")
        listed = (replication_tables.gains(table), replication_tables.claims(table), replication_tables.optimism(table))
        texts += [formats.markdown_table(one) for one in listed]
    return "\n".join(texts).rstrip()


def gallery() -> str:
    """Return a table of the published answers."""
    lines = ["| images | difference | 95 % interval | runs of an arm | test images | verdict |"]
    lines.append("|---|---:|---|---:|---:|---|")
    for path in sorted((ROOT / "results" / "published").glob("*/comparison/comparison.json")):
        answer = published(path.parents[1].name)
        folds = answer.get("folds")
        for contrast in answer["contrasts"]:
            low, high = (_signed(contrast["new_images"][side]) for side in ("low", "high"))
            cells = (
                f"{answer['name']}, `{contrast['arm']}`",
                f"{_signed(contrast['estimate'])} pp",
                f"{low} to {high}",
                f"{len(contrast['seeds'])} {'seeds' if folds is None else f'repeats × {folds} folds'}",
                f"{answer['test_images']:,}",
                contrast["verdict"],
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def speed() -> str:
    """Return the list of what was measured."""
    items = (whole_comparison, augmentation_cost, loop_cost, precision, indexing, memory, startup, kills, report)
    return "\n".join(_wrapped(item(), first="* ", others="  ") for item in items)


def whole_comparison() -> str:
    """Return the time of a comparison, of two jobs, and of two Ray nodes."""
    seconds, faster = ({row[0]: float(row[column]) for row in measured("engines")["rows"]} for column in (1, 2))
    nodes = seconds["Ray, 2 nodes with 1 core"] / seconds["Ray, 1 node with 1 core"]
    return f"""
        `augexp compare` with 2 arms × 3 seeds × 5 epochs on cats and dogs, with figures and report, takes
        {measured("experiment")["ratio"]:.2f} of the time of a script written by hand in Keras. Two jobs on two cores
        do {faster["2 jobs"]:.2f} × the work of one job on one, and two Ray nodes of one core take {nodes:.2f} of the
        time of one."""


def augmentation_cost() -> str:
    """Return the speed of an augmented arm against that of the arm without augmentation."""
    training, fast, ahead = measured("training"), measured("training-fast-core"), measured("ahead")["sizes"]
    alone, spare = (sizes["64"]["standard"] for sizes in (training["sizes"], training["with a spare core"]))
    (low, high), (spare_low, spare_high) = alone["against_none_interval"], spare["against_none_interval"]
    faster, slower = (sizes["64"]["bare"]["images_per_second"] for sizes in (fast["sizes"], training["sizes"]))
    return f"""
        With 64 pixels an arm with `standard` trains at {alone["against_none"]:.2f} of the speed of the arm without
        augmentation on one core (95 % interval {low:.2f} to {high:.2f}), and at {spare["against_none"]:.2f}
        ({spare_low:.2f} to {spare_high:.2f}) where a second core is to spare and augments ahead of the network (each
        against `none` in the same setting). On a core that trains {TIMES[round(faster / slower)]} as fast it was
        {fast["sizes"]["64"]["standard"]["against_none"]:.2f}
        ([measured before](../benchmarks/results/training-fast-core.md), without a core to spare). To a lone worker the
        thread gives {ahead["64"]["standard"]["ratio"]:.2f} × the speed with `standard` and 64 pixels,
        {ahead["32"]["standard"]["ratio"]:.2f} × with 32 ([the thread against none](../benchmarks/results/ahead.md))."""


def loop_cost() -> str:
    """Return the speed of the training loop against a loop over the compiled step alone."""
    training = measured("training")
    none, standard, read, warp = (
        " and ".join(f"{training['sizes'][side][row]['ratio']:.2f}" for side in ("32", "64"))
        for row in ("none", "standard", "read, rescale (by hand)", "read, warp, table (by hand)")
    )
    spare = " and ".join(f"{training['with a spare core'][side]['standard']['ratio']:.2f}" for side in ("32", "64"))
    none_32, none_64 = none.split(" and ")
    return f"""
        Against a loop over the compiled step alone, on one core, an arm without augmentation trains at {none_32} of
        the speed with 32 pixels and {none_64} with 64, one with `standard` at {standard}; with a core to spare, at
        {spare}. A loop by hand that only reads and rescales images reaches {read}; with one call for the warp and one
        for the table per image, {warp} ([every policy](../benchmarks/results/training.md))."""


def precision() -> str:
    """Return what bfloat16 buys, and what it does to accuracy."""
    values = measured("precision")
    ratios, accuracy = values["ratios"], values["accuracy"]
    return f"""
        `--precision mixed_bfloat16` makes the training step {ratios["64"]:.2f} × as fast with 64 pixels, on a
        processor with bfloat16 instructions, and {ratios["32"]:.2f} × with 32; accuracy on cats and dogs, with 32
        pixels, changed by {_signed(accuracy["difference"])} pp ({_signed(accuracy["low"])} to
        {_signed(accuracy["high"])}). Worth a try from 64 pixels on, where accuracy has not been measured; all arms
        get it."""


def indexing() -> str:
    """Return what a limit saves on a large database, and the speed of decoding."""
    values = measured("index")
    decoding, images = values["decoding"], values["limit"]["large"]["images"] // 2  # of each of two categories
    return f"""
        Of {values["keys"]["records"]:,} records, {images:,} are indexed in {values["limit"]["ratio"]:.2f} of the
        time that they take out of 100,000; JPEG is decoded at {decoding["JPEG"]["ratio"]:.2f} and WebP at
        {decoding["WEBP"]["ratio"]:.2f} of the speed of a loop that does nothing else."""


def memory() -> str:
    """Return the private memory that a large store costs."""
    values = measured("memory")
    few, many = sorted(map(int, values["mebibytes"]))
    return f"""
        A training worker takes {values["growth"]:.0f} MiB more private memory with {many:,} images than with
        {few:,}."""


def startup() -> str:
    """Return the seconds of a command that trains nothing."""
    seconds = measured("startup")["seconds"]
    return f"""
        The help answers in {seconds["augexp --help"]:.1f} s, and `augexp compare` on finished results in
        {seconds["augexp compare, runs finished"]:.1f} s."""


def kills() -> str:
    """Return how many killed processes changed no record."""
    values, others = measured("kills"), measured("kills_of_commands")
    for name, one in (("kills", values), ("kills_of_commands", others)):
        if one["wrong"]:
            raise ValueError(
                f"{name}.json: records differ: {', '.join(one['wrong'])}; the README must not say otherwise"
            )
    further = {kind: count for kind, count, *_ in others["kills"]}
    return f"""
        After {len(values["kills"])} random `kill -9` of workers and of the whole program, every record was byte for
        byte that of an undisturbed comparison; so was what the program left after {sum(further.values())} further ones
        ({", ".join(f"{KILLED[kind]}: {count}" for kind, count in further.items())}:
        [kills](../benchmarks/results/kills_of_commands.md))."""


def report() -> str:
    """Return the seconds and the size of a large report, drawn for the first time."""
    values = measured("report")
    options, steps = values["options"], dict(values["seconds"])
    size = steps.pop("bytes")[0]
    return f"""
        Figures, tables and page of 5 arms × {options["seeds"]} seeds × {options["images"]:,} test images take
        {sum(rounds[0] for rounds in steps.values()):.0f} s and {size / 1e6:.1f} MB."""


def augmentation() -> str:
    """Return the table of images per second: the common part of `standard`, then RandAugment, the fastest first."""
    sizes = measured("augmentation")["sizes"]
    speeds = {name: one["images_per_second"] for name, one in sizes[1]["contenders"].items()}
    lines = ["| images/s on one core |" + "".join(f" {size['side']} px |" for size in sizes)]
    lines.append("|---|" + "---:|" * len(sizes))
    for name in sorted(speeds, key=lambda name: ("randaugment" in name.lower(), -speeds[name])):
        cells = []
        for size in sizes:
            speed, ratio = size["contenders"][name]["images_per_second"], size["ratios"].get(name)
            cells.append(f"{speed:,.0f} (1 / {ratio:.1f})" if ratio else f"{speed:,.0f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _wrapped(text: str, first: str = "", others: str = "") -> str:
    """Return a paragraph in lines of at most `WIDTH` characters; code, links and percentages stay in one line."""
    text = re.sub(r"`[^`]+`|\[[^]]+\]\(|\d %", lambda match: match[0].replace(" ", "\0"), " ".join(text.split()))
    lines = textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
    return lines.replace("\0", " ")


BLOCKS: dict[str, Callable[[], str]] = {
    "example": example,
    "image-floor": image_floor,
    "views": views,
    "folds": folds,
    "groups": groups,
    "head": head,
    "worth": worth,
    "paper": paper,
    "paper-table": paper_table,
    "gallery": gallery,
    "speed": speed,
    "augmentation": augmentation,
}


# -- the files -----------------------------------------------------------------------------------


def update(texts: Mapping[Path, str]) -> dict[Path, str]:
    """Return pages with their measured blocks written anew; fails where one lacks, is unknown or stands twice."""
    names = [name for text in texts.values() for _, name, _, _ in MARKED.findall(text)]
    if sorted(names) != sorted(BLOCKS):
        raise ValueError(f"measured blocks: received {', '.join(names)}; expected are {', '.join(BLOCKS)}, once each")
    return {
        path: MARKED.sub(lambda block: f"{block[1]}{BLOCKS[block[2]]()}{block[4]}", text)
        for path, text in texts.items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    options = parser.parse_args(arguments)
    texts = {path: path.read_text("utf-8") for path in PAGES}
    try:
        updated = update(texts)
    except ValueError as error:
        print(f"README.md and docs: {error}", file=sys.stderr)
        return 1
    changed = [path for path in PAGES if updated[path] != texts[path]]
    for path in changed:
        if options.check:
            print(f"{path.name} differs from the results; run: python benchmarks/readme.py", file=sys.stderr)
        else:
            path.write_text(updated[path], "utf-8")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
