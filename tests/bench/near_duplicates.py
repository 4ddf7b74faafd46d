"""Near-duplicates over 200,000 rows: CPU, memory, and what becomes of each kind of row.

    python tests/bench/near_duplicates.py [--rows 200000] [--peer-rows 20000]

Writes a seeded JSONL file (164 MB at 200,000 rows; its words are invented), then measures, each in
a process of its own: reading, validating, sketches, the duplicate signals and the decision of
curate; and, on a smaller file of the same kind, curate beside datasketch (MinHash with 128
permutations over word trigrams, LSH at 0.8) and rensa (the same), where they are installed.
A kind is `removed` where one of the row and its original goes, `kept` where none of the two does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Kind -> its share of the rows, and what should become of it.
KINDS = {
    "original": (0.50, "kept"),
    "one word of the answer": (0.15, "removed"),
    "one word of a long input": (0.05, "removed"),
    "copy": (0.03, "removed"),
    "rewritten answer": (0.12, "kept"),
    "template filled anew": (0.10, "kept"),
    "short": (0.05, "kept"),
}
VOCABULARY = 20_000
BATCH = 4_096  # as curate.pipeline


# --- the file -----------------------------------------------------------------------------------


def vocabulary(random: np.random.Generator) -> list[str]:
    """Invented words of two to four syllables, none of them a number or a negation."""
    sounds = [a + b for a in "bdfgklmprstvz" for b in "aeiou"]
    words: set[str] = set()
    while len(words) < VOCABULARY:
        words.add("".join(random.choice(sounds, random.integers(2, 5))) + "n")
    return sorted(words)


class Maker:
    """Makes rows of every kind, as lists of words."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.words = np.array(vocabulary(self.random))
        weights = 1 / (np.arange(VOCABULARY) + 10)  # as words of a language: few do most of it
        self.share = np.cumsum(weights / weights.sum())

    def some(self, count: int) -> list[str]:
        """Words as a text has them, a full stop after every ninth or so."""
        at = np.searchsorted(self.share, self.random.random(count))
        stops = self.random.random(count) < 1 / 9
        found = np.minimum(at, VOCABULARY - 1)
        return [w + "." * bool(s) for w, s in zip(self.words[found].tolist(), stops, strict=True)]

    def original(self) -> dict[str, list[str]]:
        """A question, sometimes with a long input, and an answer of 41 to 104 words."""
        long = self.random.random() < 0.15
        return {
            "instruction": self.some(int(self.random.integers(6, 20))),
            "input": self.some(int(self.random.integers(50, 90))) if long else [],
            "output": self.some(int(self.random.integers(41, 105))),
        }

    def edited(self, words: list[str]) -> list[str]:
        """One word put for another, left out or added."""
        place, kind = int(self.random.integers(len(words))), int(self.random.integers(3))
        return words[:place] + self.some(int(kind > 0)) + words[place + (kind < 2) :]

    def rewritten(self, words: list[str]) -> list[str]:
        """The same said otherwise: a third of the words are others."""
        other = self.some(len(words))
        return [
            b if c else a
            for a, b, c in zip(words, other, self.random.random(len(words)) < 1 / 3, strict=True)
        ]

    def variant(self, kind: str, row: dict[str, list[str]]) -> dict[str, list[str]]:
        """A row of a kind, made of an original."""
        made = {key: list(words) for key, words in row.items()}
        if kind == "one word of the answer":
            made["output"] = self.edited(made["output"])
        elif kind == "one word of a long input":
            made["input"] = self.edited(made["input"])
        elif kind == "copy":
            made["instruction"][0] = made["instruction"][0].upper() + " "
        elif kind == "rewritten answer":
            made["output"] = self.rewritten(made["output"])
        elif kind == "template filled anew":
            name = self.some(1)[0].strip(".") + "berg"
            made["instruction"][-1] = made["output"][0] = made["output"][-1] = name
        return made


def write(path: Path, rows: int, seed: int = 7) -> None:
    """The file, and beside it `.truth`: kind and number of the original of every line."""
    maker = Maker(seed)
    count = {kind: int(share * rows) for kind, (share, _) in KINDS.items()}
    count["original"] += rows - sum(count.values())
    originals = [maker.original() for _ in range(count["original"])]
    with_input = [n for n, row in enumerate(originals) if row["input"]]
    made = [("original", n, row, maker.random.random()) for n, row in enumerate(originals)]
    number = len(originals)
    unused = maker.random.permutation(len(originals)).tolist()
    for kind in list(KINDS)[1:]:
        for _ in range(count[kind]):
            if kind == "short":
                short = {"instruction": maker.some(4), "input": [], "output": maker.some(2)}
                made.append((kind, number, short, maker.random.random()))
                number += 1
                continue
            at = int(maker.random.choice(with_input)) if "input" in kind else unused.pop()
            later = made[at][3] + (1 - made[at][3]) * maker.random.random()
            made.append((kind, at, maker.variant(kind, originals[at]), later))
    made.sort(key=lambda one: one[3])
    with path.open("w") as file, path.with_suffix(".truth").open("w") as truth:
        for kind, at, row, _ in made:
            text = {key: " ".join(words) for key, words in row.items()}
            file.write(json.dumps(text) + "\n")
            truth.write(f"{kind}\t{at}\n")


# --- what is measured ---------------------------------------------------------------------------


def ours(path: Path) -> tuple[list[int], dict[str, float]]:
    """Lines that curate drops, streaming: no more than a batch of texts is held."""
    from curate.decide import decide
    from curate.ingest import Ingest
    from curate.policy.catalogue import load_rules
    from curate.read import Record
    from curate.row import Row, to_frame
    from curate.score import Scorer, make_plan

    clock = Clock()
    rules = {
        code: rule
        for code, rule in load_rules().items()
        if code.startswith("duplicate-") and code != "duplicate-semantic"
    }
    scorer = Scorer(make_plan({name for rule in rules.values() for name in rule.reads}), rules)
    ingest = Ingest()
    clock.stop("start")
    with path.open("rb") as file:
        while lines := list(islice(file, BATCH)):
            rows = [ingest(Record(path.name, 0, line.rstrip(b"\n"), None))[0] for line in lines]
            frame = to_frame([row for row in rows if isinstance(row, Row)])
            assert frame.height == len(lines)
            clock.stop("rows")
            scorer.add(frame)
            clock.stop("sketches")
    scores, matches = scorer.finish()
    clock.stop("duplicates")
    dropped = decide(scores, matches, rules).ledger["disposition"] == "dropped"
    clock.stop("decision")
    return dropped.arg_true().to_list(), clock.stages


class Clock:
    """CPU seconds of each stage."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.last = process_time()

    def stop(self, stage: str) -> None:
        """Add what passed since the last stop to a stage."""
        now = process_time()
        self.stages[stage] = self.stages.get(stage, 0) + now - self.last
        self.last = now


def shingles(path: Path) -> Iterator[set[str]]:
    """Word trigrams of each line, as the peers' own examples make them."""
    with path.open() as file:
        for line in file:
            words = " ".join(json.loads(line).values()).lower().split()
            yield {" ".join(words[n : n + 3]) for n in range(max(len(words) - 2, 1))}


def with_datasketch(path: Path) -> tuple[list[int], dict[str, float]]:
    """Lines that datasketch's LSH finds an earlier line for."""
    from datasketch import MinHash, MinHashLSH

    clock = Clock()
    index, dropped = MinHashLSH(threshold=0.8, num_perm=128), []
    for number, grams in enumerate(shingles(path)):
        made = MinHash(num_perm=128)
        made.update_batch([gram.encode() for gram in grams])
        if index.query(made):
            dropped.append(number)
        else:
            index.insert(number, made)
    clock.stop("duplicates")
    return dropped, clock.stages


def with_rensa(path: Path) -> tuple[list[int], dict[str, float]]:
    """Lines that rensa's LSH finds an earlier line for."""
    from rensa import RMinHash, RMinHashLSH

    clock = Clock()
    index, dropped = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16), []
    for number, grams in enumerate(shingles(path)):
        made = RMinHash(num_perm=128, seed=42)
        made.update(list(grams))
        if index.query(made):
            dropped.append(number)
        else:
            index.insert(number, made)
    clock.stop("duplicates")
    return dropped, clock.stages


WAYS: dict[str, Callable[[Path], tuple[list[int], dict[str, float]]]] = {
    "curate": ours,
    "datasketch": with_datasketch,
    "rensa": with_rensa,
}


def measure(way: str, path: Path) -> None:
    """Run one way in this process; print what it took and what became of each kind."""
    numbers, stages = WAYS[way](path)
    dropped, cpu = set(numbers), process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    truth = [line.split("\t") for line in path.with_suffix(".truth").read_text().splitlines()]
    first = {int(at): n for n, (kind, at) in enumerate(truth) if kind in {"original", "short"}}
    right: Counter[str] = Counter()
    edited = {int(at) for kind, at in truth if KINDS[kind][1] == "removed"}
    for number, (kind, at) in enumerate(truth):
        gone = number in dropped or (first[int(at)] in dropped and int(at) not in edited)
        right[kind] += gone if KINDS[kind][1] == "removed" else not gone
    counts = Counter(kind for kind, _ in truth)
    shares = {kind: right[kind] / counts[kind] for kind in KINDS}
    found = {"cpu": cpu, "stages": stages, "peak": peak, "shares": shares}
    print(json.dumps(found | {"dropped": len(dropped)}))


def report(way: str, path: Path) -> float | None:
    """Measure in a process of its own.

    Returns:
        CPU seconds of what all ways do (shingles, signatures, search); None where the peer is not
        installed.
    """
    command = [sys.executable, __file__, "--measure", way, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{way}: {done.stderr.strip().splitlines()[-1]}")
        return None
    found = json.loads(done.stdout)
    stages = found["stages"]
    each = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in stages.items())
    print(f"{way}: {found['cpu']:.1f} CPU-s in all ({each}), {found['peak']:.0f} MB peak")
    for kind, share in found["shares"].items():
        print(f"    {share:8.2%} {KINDS[kind][1]}: {kind}")
    return float(stages.get("sketches", 0) + stages["duplicates"])


def main() -> None:
    """Write the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--peer-rows", type=int, default=20_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.file)
        return
    if given.write:
        write(given.file, given.write)
        return
    with tempfile.TemporaryDirectory() as folder:
        for rows, ways in ((given.rows, ["curate"]), (given.peer_rows, list(WAYS))):
            path = Path(folder) / f"{rows}.jsonl"
            at = ["--file", str(path)]
            # A child's peak starts at its parent's size, so the parent stays small.
            subprocess.run([sys.executable, __file__, "--write", str(rows), *at], check=True)
            print(f"{rows} rows, {path.stat().st_size / 1e6:.0f} MB")
            seconds = {way: report(way, path) for way in ways}
            for way, taken in seconds.items():
                if way != "curate" and taken and seconds["curate"]:
                    print(f"{way} takes {taken / seconds['curate']:.1f} times as long as curate")


if __name__ == "__main__":
    main()
