"""The shipped static embedder beside another: `python -m tests.bench.embedders MODEL [--rows N]`.

Every figure that reads vectors, by both, on the same rows; writes its table into
docs/embedders.md. With --rows it takes at most N rows (300 at least) of each set, prints, and
writes nothing: that shows in minutes that all of it runs. It needs the extra `embed`, and the real
data sets beside the checkout.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.config import Settings
from curate.embed import embedder
from curate.embed.static import unit
from curate.learn import noise
from curate.learn.coreset import rank
from curate.signals.mismatch import ROWS as LEAST  # of fewer no answers are judged
from curate.signals.tasks import instruction_vectors, tasks
from tests.bench import choice, doubts
from tests.bench.choice import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "embedders.md"
CLASSES = 40  # of banking77 and clinc150: 6,000 texts each
ROWS_A_CLASS = 20
NAMES = {"static": "static"}


class Sizes(NamedTuple):
    """How many rows are taken, at most."""

    sampled: int = 3000  # of Alpaca and of the reviews: a model takes a minute on a CPU for them
    whole: int = 100_000  # of the other sets, all of which have less


def some(total: int, most: int) -> list[int]:
    """The places of so many rows, drawn where there are more."""
    if total <= most:
        return list(range(total))
    return np.sort(np.random.default_rng(3).choice(total, most, replace=False)).tolist()


class Compared(NamedTuple):
    """A figure: what it is of, and a value an embedder."""

    what: str
    values: list[float]


def labels(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Labels that were changed."""
    for name, full in doubts.intents():
        # Few rows are of few classes: a class of one row can't be learnt.
        most = min(CLASSES, sizes.whole // ROWS_A_CLASS)
        rows = np.flatnonzero(full.given < most)
        data = full.of(rows[some(len(rows), sizes.whole)])
        vectors = [embedder(one).encode(data.texts) for one in names]
        for share, like in ((0.05, False), (0.1, True)):
            given, wrong = doubts.flipped(data, share, like=like)
            found = [
                noise.judge(data.known._replace(vectors=one), given, 0).score for one in vectors
            ]
            kind = "into like classes" if like else "changed"
            what = f"labels, {most} classes of {name}, {share:.0%} {kind}"
            yield from both(what, found, wrong)


def people(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Labels that people judged wrong."""
    for name, texts, given, judged, wrong in reviewed(sizes):
        data = doubts.labelled(texts, given)
        found = []
        for one in names:
            known = data.known._replace(vectors=embedder(one).encode(texts))
            found.append(noise.judge(known, data.given, 0).score[judged])
        yield from both(f"labels that people judged, {name}", found, wrong[judged])


def both(what: str, found: list[np.ndarray], wrong: np.ndarray) -> Iterator[Compared]:
    """AUROC and average precision of scores that are low where a row is wrong."""
    yield Compared(f"{what}: AUROC", [doubts.auroc(one, wrong) for one in found])
    yield Compared(f"{what}: average precision", [doubts.precision(one, wrong) for one in found])


def reviewed(sizes: Sizes) -> Iterator[tuple[str, list[str], list[str], np.ndarray, np.ndarray]]:
    """Texts, labels, which of them people judged, which are wrong."""
    packed = (doubts.LABELS / "imdb_label_errors/imdb_test_10k.jsonl.gz").read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    verdict = np.array([str(row["mturk_majority"]) for row in rows])
    judged = np.isin(verdict, ["given", "guessed"])
    asked, others = np.flatnonzero(judged), np.flatnonzero(~judged)
    asked = asked[some(len(asked), sizes.sampled // 2)]
    others = others[some(len(others), sizes.sampled - len(asked))]
    at = np.sort(np.concatenate([asked, others]))
    texts, given = [rows[one]["text"] for one in at], [str(rows[one]["given_label"]) for one in at]
    yield "reviews", texts, given, judged[at], verdict[at] == "guessed"
    for kind in ("cause", "treat"):
        path = doubts.LABELS / f"crowdtruth_medrel/ground_truth_{kind}.csv"
        made = list(csv.DictReader(path.open(encoding="utf-8")))
        made = [made[one] for one in some(len(made), sizes.whole)]
        judged = np.array([row["expert"] in {"1", "-1"} for row in made])
        wrong = np.array([row["expert"] != row["baseline"] for row in made])
        texts, given = [row["sentence"] for row in made], [row["baseline"] for row in made]
        yield f"medical, {kind}", texts, given, judged, wrong


def answers(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Answers that were swapped."""
    for name, path in doubts.OPEN.items():
        records = json.loads((DATA / path).read_bytes())
        records = [records[at] for at in some(len(records), sizes.sampled)]
        for near in (False, True):
            made, wrong = doubts.swapped(records, near=near)
            found = [doubts.judged(made, one).score for one in names]
            kind = " within groups" if near else ""
            yield from both(
                f"answers of {len(records):,} rows of {name} swapped{kind}", found, wrong
            )


def coverage(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """A tenth of Alpaca's rows by each embedder, seen by each: what both say of both choices."""
    records = json.loads(choice.ALPACA.read_bytes())
    taken = [records[at] for at in some(len(records), sizes.sampled)]
    frame = choice.framed([(one["instruction"], one["input"], one["output"]) for one in taken])
    vectors = [
        unit(embedder(one).encode(frame["prompt"]) + embedder(one).encode(frame["response"]))
        for one in names
    ]
    count = len(taken) // 10
    chosen = [rank(one, np.ones(len(one)), count).rows for one in vectors]
    for name, seen in zip(names, vectors, strict=True):
        yield Compared(
            f"{count} of {len(taken):,} rows chosen: coverage as {NAMES[name]} sees it "
            f"(at random {choice.covered(seen, np.arange(count) * 10):.3f})",
            [choice.covered(seen, one) for one in chosen],
        )


def paraphrases(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Pairs that people judged: the same or not."""
    folder = DATA / "05_near_dup"
    lines = (folder / "msrp/msr_paraphrase_test.txt").read_text("utf-8-sig").splitlines()[1:]
    sets = {
        "MSRP": [(one[3], one[4], one[0] == "1") for one in (line.split("\t") for line in lines)]
    }
    for name, file, pattern in (
        ("QQP", "glue_qqp_meaning", r"(?s)Question 1: (.*)\nQuestion 2: (.*)\n\nDo"),
        (
            "PAWS",
            "paws_labeled_final_Concatenation_no_label",
            r"(?s)Sentence 1: (.*)\nSentence 2: (.*)\nQuestion",
        ),
    ):
        given = [
            json.loads(line)
            for line in (folder / f"t0_qqp_paws/{file}.jsonl").read_bytes().splitlines()
        ]
        found = [(re.match(pattern, one["prompt"]), one["completion"]) for one in given]
        sets[name] = [(*one.groups(), told.startswith("Yes")) for one, told in found if one]
    for name, full in sets.items():
        pairs = [full[at] for at in some(len(full), sizes.whole)]
        same = np.array([one[2] for one in pairs])
        sides = [
            [embedder(one).encode([pair[at] for pair in pairs]) for at in (0, 1)] for one in names
        ]
        close = [np.einsum("nd,nd->n", *one) for one in sides]
        yield Compared(
            f"{len(pairs):,} pairs of {name}, the same in other words: AUROC",
            [choice.auroc(one, same) for one in close],
        )


def kinds(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Purity of the groups of instructions."""
    for name, texts, classes in choice.known_tasks():
        rows = some(len(texts), sizes.whole)
        frame = choice.framed([(texts[at], "", "Done.") for at in rows])
        known = [classes[at] for at in rows]
        pure = []
        for one in names:
            vectors = instruction_vectors(frame, Settings(embedder=one))
            pure.append(choice.purity(tasks(frame.hstack(vectors), Settings()), known))
        yield Compared(f"groups of {name}'s instructions: purity", pure)


def speed(names: list[str], sizes: Sizes) -> Iterator[Compared]:
    """Answers a CPU-second, past the cache."""
    records = json.loads(choice.ALPACA.read_bytes())
    rates = []
    for one in names:
        most = min(sizes.whole, 20_000 if one == "static" else 100)
        told = [row["output"] for row in records[:most]]
        model = embedder(one)
        run = model.encode if one == "static" else model._run
        run(told[:10])
        before = process_time()
        run(told)
        rates.append(len(told) / (process_time() - before))
    yield Compared("answers of Alpaca a CPU-second", rates)


PARTS = (labels, people, answers, coverage, paraphrases, kinds, speed)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a sentence-transformers model: its folder, or its name")
    parser.add_argument("--rows", type=int, help="at most so many of each set; writes nothing")
    asked = parser.parse_args()
    if asked.rows is not None and asked.rows < LEAST:
        parser.error(f"take {LEAST} rows or more")
    sizes = Sizes() if asked.rows is None else Sizes(asked.rows, asked.rows)
    NAMES[asked.model] = "the model"
    lines = ["| figure | static | all-MiniLM-L6-v2 |", "|---|---|---|"]
    for part in PARTS:
        for one in part(list(NAMES), sizes):
            told = [f"{value:,.0f}" if value > 1 else f"{value:.3f}" for value in one.values]
            lines.append(f"| {one.what} | {' | '.join(told)} |")
            print(lines[-1], flush=True)
    if asked.rows is None:
        written(lines)


def written(lines: list[str]) -> None:
    """The table of the page is this one from now on."""
    page, table = PAGE.read_text("utf-8"), "\n".join(lines)
    mark = re.compile(r"(?s)(<!-- compared -->\n).*?(\n<!-- end -->)")
    PAGE.write_text(mark.sub(lambda found: f"{found[1]}{table}{found[2]}", page), "utf-8")


if __name__ == "__main__":
    main()
