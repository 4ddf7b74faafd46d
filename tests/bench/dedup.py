"""Deduplication beside its peers on the same rows, and beside brute force.

    python tests/bench/dedup.py [--peer NAME=PYTHON]... [--model DIR] [FILE]

Writes the rows of FILE (Alpaca) with planted rows among them: 155 distinct rows of two to four
words, 500 copies, 500 copies with other white space, and 1,000 near-copies of answers of 40 words
and more with one word changed. Then each way runs on that file in a process of its own: curate here
(`clean --select duplicate`, and the signals alone), each peer in the interpreter named for it:
datasketch, rensa, text-dedup, datatrove, semhash (which wants a model2vec folder as `--model`).

CPU is of the whole process and its children, imports included; `work` leaves out imports and
reading where the way can tell. All look at word trigrams with 128 permutations and a threshold of
0.8, semhash at its own 0.9 of cosines. At the end: recall and precision of our search against
brute-force Jaccard on 5,000 rows of four data sets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
ALPACA = DATA / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
FOUND = ("short", "copy", "space", "near")
SAMPLE = 5_000
FLOOR = 0.7  # as curate.dedup.minhash
SEMANTIC = ("duplicate-semantic", "duplicate-reworded")  # rules that embed each row
# Real sets: their texts, and which part of a record is one.
SETS = {
    "Alpaca, answers": "01_alpaca/stanford_alpaca_52k/alpaca_data.json",
    "Toolformer, rows": "05_near_dup/gpteacher_thresholds/toolformer-dedupe-only-dataset.json",
    "SNIPS, utterances": "07_style_tasks/snips_json_slots",
    "Articles, texts": "05_near_dup/minhash_articles/articles_2500.train",
}


# --- the rows -----------------------------------------------------------------------------------


def planted(rows: list[dict[str, str]], seed: int = 3) -> list[dict[str, Any]]:
    """The rows and those planted among them; `kind` says what each is, `of` which it repeats."""
    random = Random(seed)  # noqa: S311 - a seeded file
    made = [{**row, "kind": "row", "of": -1} for row in rows]
    words = sorted(
        {word for row in rows[:2000] for word in row["output"].split() if word.isalpha()}
    )
    long = [
        n for n, row in enumerate(rows) if sum(map(str.isalpha, row["output"].split(" "))) >= 40
    ]
    chosen = random.sample(long, 2000)
    for place, number in enumerate(chosen):
        row, text = rows[number], rows[number]["output"].split(" ")
        kind = ("near", "near", "copy", "space")[place % 4]
        if kind == "near":
            at = random.choice([n for n, word in enumerate(text) if word.isalpha()])
            text[at] = random.choice([word for word in words if word != text[at]])
        joined = (" \n " if kind == "space" else " ").join(text)
        made.append({**row, "output": joined, "kind": kind, "of": number})
    short: dict[str, None] = {}
    while len(short) < 155:  # as many as in the probe of the tests
        short[" ".join(random.sample(words, random.randint(2, 4)))] = None
    for text in short:
        asked, *answer = text.split()
        row = {"instruction": f"{asked}?", "input": "", "output": " ".join(answer)}
        made.append({**row, "kind": "short", "of": -1})
    later = [(n if row["of"] < 0 else row["of"] + 0.5, row) for n, row in enumerate(made)]
    # Copies stand somewhere behind what they repeat, the short rows anywhere.
    keys = [
        at + random.random() * (len(rows) - at) if row["kind"] != "row" else at for at, row in later
    ]
    order = sorted(range(len(made)), key=keys.__getitem__)
    place_of = {number: place for place, number in enumerate(order)}
    for row in made:
        row["of"] = place_of.get(row["of"], -1)
    return [made[number] for number in order]


def write(path: Path, source: Path) -> None:
    """The planted file as Alpaca rows, as texts with their number, and what is what."""
    rows = planted(json.loads(source.read_text("utf-8")))
    fields = ("instruction", "input", "output")
    with path.open("w") as alpaca, path.with_suffix(".texts.jsonl").open("w") as texts:
        for number, row in enumerate(rows):
            alpaca.write(json.dumps({key: row[key] for key in fields}) + "\n")
            text = " ".join(row[key] for key in fields if row[key])
            texts.write(json.dumps({"n": number, "id": str(number), "text": text}) + "\n")
    truth = [(row["kind"], row["of"]) for row in rows]
    path.with_suffix(".truth.json").write_text(json.dumps(truth))


# --- the ways: each returns the numbers of the rows that stay, and the CPU seconds of its work ----

Kept = tuple["list[int]", "float | None"]


def curate_clean(path: Path, folder: Path) -> Kept:
    """The command, everything it writes included."""
    from curate.config import Settings
    from curate.pipeline import clean

    clean([path], folder / "run", Settings(select=("duplicate",), ignore=SEMANTIC))
    import polars as pl

    ledger = pl.read_parquet(folder / "run" / "ledger.parquet")
    return (ledger["disposition"] != "dropped").arg_true().to_list(), None


def curate_signals(path: Path, _folder: Path) -> Kept:
    """The duplicate signals and the decision, on rows that are laid out as a run lays them out."""
    import orjson

    from curate.decide import decide
    from curate.ingest import Ingest
    from curate.policy.catalogue import load_rules
    from curate.read import Record
    from curate.row import to_frame
    from curate.score import Scorer, make_plan

    rules = {
        code: rule
        for code, rule in load_rules().items()
        if code.startswith("duplicate-") and code not in SEMANTIC
    }
    scorer = Scorer(make_plan({name for rule in rules.values() for name in rule.reads}), rules)
    ingest, lines, work = Ingest(), path.read_bytes().splitlines(), 0.0
    assert orjson.loads(lines[0])
    for start in range(0, len(lines), 32_768):
        batch = lines[start : start + 32_768]
        frame = to_frame([ingest(Record("f", 0, line, None))[0] for line in batch])
        before = process_time()
        scorer.add(frame)
        work += process_time() - before
    before = process_time()
    ledger = decide(*scorer.finish(), rules).ledger
    work += process_time() - before
    return (ledger["disposition"] != "dropped").arg_true().to_list(), work


def texts_of(path: Path) -> list[str]:
    """What the peers are given."""
    lines = path.with_suffix(".texts.jsonl").read_text().splitlines()
    return [json.loads(line)["text"] for line in lines]


def grams(text: str) -> list[str]:
    """Word trigrams, as the peers' own examples make them."""
    words = text.lower().split()
    return list({" ".join(words[n : n + 3]) for n in range(max(len(words) - 2, 1))})


def datasketch(path: Path, _folder: Path) -> Kept:
    """Query, then insert what has no match."""
    from datasketch import MinHash, MinHashLSH

    texts, before = texts_of(path), process_time()
    index, kept = MinHashLSH(threshold=0.8, num_perm=128), []
    for number, text in enumerate(texts):
        made = MinHash(num_perm=128)
        made.update_batch([gram.encode() for gram in grams(text)])
        if not index.query(made):
            index.insert(number, made)
            kept.append(number)
    return kept, process_time() - before


def rensa(path: Path, _folder: Path) -> Kept:
    """The same with rensa's classes."""
    from rensa import RMinHash, RMinHashLSH

    texts, before = texts_of(path), process_time()
    index, kept = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16), []
    for number, text in enumerate(texts):
        made = RMinHash(num_perm=128, seed=42)
        made.update(grams(text))
        if not index.query(made):
            index.insert(number, made)
            kept.append(number)
    return kept, process_time() - before


def text_dedup(path: Path, folder: Path) -> Kept:
    """Its command, on one process, with no least length."""
    command = [
        *(sys.executable, "-m", "text_dedup.minhash", "--path", "json"),
        *("--data_files", str(path.with_suffix(".texts.jsonl")), "--split", "train"),
        *("--cache_dir", str(folder / "cache"), "--output", str(folder / "out")),
        *("--column", "text", "--num_proc", "1", "--ngram", "3", "--min_length", "1"),
        *("--num_perm", "128", "--threshold", "0.8", "--hash_func", "xxh3"),
    ]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    from datasets import load_from_disk

    return load_from_disk(str(folder / "out"))["n"][:], None


def datatrove(path: Path, folder: Path) -> Kept:
    """Its four stages, each with one task."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    config = MinhashConfig(n_grams=3, num_buckets=14, hashes_per_bucket=8)
    source = path.with_suffix(".texts.jsonl")
    reader = JsonlReader(str(source.parent), glob_pattern=source.name)
    at = {name: str(folder / name) for name in ("signatures", "buckets", "removed", "out")}
    stages = [
        [reader, MinhashDedupSignature(at["signatures"], config=config)],
        [MinhashDedupBuckets(at["signatures"], at["buckets"], config=config)],
        [MinhashDedupCluster(at["buckets"], at["removed"], config=config)],
        [reader, MinhashDedupFilter(at["removed"]), JsonlWriter(at["out"], compression=None)],
    ]
    for number, stage in enumerate(stages):
        tasks = config.num_buckets if number == 1 else 1
        LocalPipelineExecutor(
            stage, tasks=tasks, workers=1, logging_dir=str(folder / f"log{number}")
        ).run()
    lines = [
        line for file in Path(at["out"]).glob("*.jsonl") for line in file.read_text().splitlines()
    ]
    return [int(json.loads(line)["id"]) for line in lines], None


def semhash(path: Path, _folder: Path) -> Kept:
    """Static embeddings, nearest neighbours, its default threshold."""
    from model2vec import StaticModel
    from semhash import SemHash

    model = StaticModel.from_pretrained(os.environ["MODEL"])
    records = [{"n": str(n), "text": text} for n, text in enumerate(texts_of(path))]
    before = process_time()
    made = SemHash.from_records(records, columns=["text"], model=model).self_deduplicate()
    return [int(one["n"]) for one in made.selected], process_time() - before


WAYS: dict[str, Callable[[Path, Path], Kept]] = {
    "curate clean": curate_clean,
    "curate signals": curate_signals,
    "datasketch": datasketch,
    "rensa": rensa,
    "text-dedup": text_dedup,
    "datatrove": datatrove,
    "semhash": semhash,
}


# --- measuring ----------------------------------------------------------------------------------


def found(kept: list[int], truth: list[tuple[str, int]]) -> dict[str, int]:
    """How many short rows are lost, and of how many planted rows one of the two is gone."""
    left = set(kept)
    made = dict.fromkeys(FOUND, 0)
    for number, (kind, of) in enumerate(truth):
        if kind == "short":
            made[kind] += number not in left
        elif kind != "row":
            made[kind] += number not in left or of not in left
    return made


def run(way: str, python: str, path: Path) -> dict[str, Any] | str:
    """Run a way in its interpreter; what it took, or the last thing it said."""
    own = {"PYTHONPATH": str(ROOT)} if way.startswith("curate") else {}
    with tempfile.TemporaryDirectory() as folder:
        command = [python, __file__, str(path), "--way", way, "--folder", folder]
        start = perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | own, text=True
        ) as child:
            said, wrong = child.communicate()
        wall = perf_counter() - start
    if child.returncode:
        return (wrong.strip().splitlines() or ["no word"])[-1]
    return {**json.loads(said.splitlines()[-1]), "wall": wall}


def measure(way: str, path: Path, folder: Path) -> None:
    """Run one way in this process and print what it took and what became of the planted rows."""
    import resource

    with redirect_stdout(sys.stderr):
        kept, work = WAYS[way](path, folder)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    truth = json.loads(path.with_suffix(".truth.json").read_text())
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    peak = max(one.ru_maxrss for one in used) / 1024
    print(
        json.dumps(
            {"cpu": cpu, "work": work, "peak": peak, "gone": len(truth) - len(kept)}
            | found(kept, truth)
        )
    )


def table(ways: dict[str, str], path: Path) -> None:
    """Run all ways and print a row each."""
    truth = json.loads(path.with_suffix(".truth.json").read_text())
    counts = {kind: sum(one == kind for one, _ in truth) for kind in FOUND}
    print(f"{len(truth):,} rows, of them {counts}")
    print("| | CPU s | work | wall s | peak MB | removed | short lost | copies | spaces | near |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for way, python in ways.items():
        one = run(way, python, path)
        if isinstance(one, str):
            print(f"| {way} | {one} |")
            continue
        work = "" if one["work"] is None else f"{one['work']:.2f}"
        print(
            f"| {way} | {one['cpu']:.2f} | {work} | {one['wall']:.1f} | {one['peak']:.0f} | "
            f"{one['gone']:,} | " + " | ".join(str(one[kind]) for kind in FOUND) + " |",
            flush=True,
        )


# --- against brute force ------------------------------------------------------------------------


def samples(data: Path = DATA) -> dict[str, list[str]]:
    """5,000 texts of each set: 2,500 of its own and as many edited copies of these.

    An edit changes one word in twenty to one in five, so that similarities lie all around the
    threshold; what is alike in the set itself comes on top.
    """
    made = {}
    for name, file in SETS.items():
        random = Random(4)  # noqa: S311 - a seeded sample
        texts = [text for text in set_texts(data / file) if len(text.split()) > 3]
        texts = random.sample(sorted(set(texts)), SAMPLE // 2)
        words = sorted({word for text in texts for word in text.split()})
        for text in texts[: SAMPLE // 2]:
            edited = text.split(" ")
            for _ in range(max(round(len(edited) * random.uniform(0, 0.1)), 1)):
                edited[random.randrange(len(edited))] = random.choice(words)
            texts.append(" ".join(edited))
        made[name] = texts
    return made


def set_texts(path: Path) -> list[str]:
    """The texts of a set."""
    if path.is_dir():
        files = sorted(path.glob("train_*_full.json"))
        rows = [
            row
            for file in files
            for row in next(iter(json.loads(file.read_bytes().decode("utf-8", "replace")).values()))
        ]
        return ["".join(part["text"] for part in row["data"]).strip() for row in rows]
    if path.suffix == ".train":
        return [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]
    rows = json.loads(path.read_text("utf-8"))
    if "alpaca" in path.name:
        return [row["output"] for row in rows]
    return [" ".join(row.values()) for row in rows]


Pairs = dict[tuple[int, int], float]


def alike(texts: list[str]) -> tuple[Pairs, Pairs]:
    """Pairs (later, earlier) from `FLOOR` on: all there are, and those that the search finds."""
    import numpy as np
    import polars as pl

    from curate.dedup import minhash
    from curate.signals.shingles import token_runs

    rows = np.arange(len(texts))
    runs = minhash.Runs(token_runs(pl.Series(texts).str.to_lowercase()), rows)
    made = minhash.shingles(runs.of(rows))
    left, right = minhash.candidates(runs.signatures(rows))
    pair, _, count = minhash.surplus(
        *(minhash.shingles(runs.of(rows[side])) for side in (left, right))
    )
    odd = np.bincount(pair, np.abs(count), len(left)) / 2
    total = (runs.sizes[left] + runs.sizes[right]) / 2
    similarity = ((total - odd) / (total + odd)).tolist()
    proposed = zip(left.tolist(), right.tolist(), similarity, strict=True)
    found = {(later, earlier): same for later, earlier, same in proposed if same >= FLOOR}
    return brute_force(made.rows, made.values), found


def brute_force(rows: Any, values: Any) -> dict[tuple[int, int], float]:
    """Each row against all earlier ones: the similarity of every pair that has some.

    The second occurrence of a trigram in a row is another item, so that sets are multisets.
    """
    import numpy as np

    order = np.lexsort((values, rows))
    rows, values = rows[order], values[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(values.astype(np.int64), prepend=-1))
    nth = np.arange(len(rows)) - np.repeat(first, np.diff(first, append=len(rows)))
    _, item = np.unique(
        values.astype(np.uint64) * 1000 + nth.astype(np.uint64), return_inverse=True
    )
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    sizes = np.diff(starts, append=len(rows))
    held = np.zeros(item.max() + 1, np.int32)
    found = {}
    for row in range(1, len(starts)):
        own = item[starts[row] : starts[row] + sizes[row]]
        held[own] = 1
        shared = np.add.reduceat(held[item[: starts[row]]], starts[:row])
        held[own] = 0
        similarity = shared / (sizes[row] + sizes[:row] - shared)
        for other in np.flatnonzero(similarity >= FLOOR).tolist():
            found[row, other] = float(similarity[other])
    return found


def recall_table() -> None:
    """What is found at the floor and at the threshold of the rule, a line each.

    Recall is of rows: those that an earlier one is like, for a cluster of n needs n - 1 pairs.
    """
    print("| set | threshold | rows like an earlier one | recall | pairs found | precision |")
    print("|---|---|---|---|---|---|")
    for name, texts in samples().items():
        both = alike(texts)
        for threshold in (FLOOR, 0.8):
            true, found = (
                {pair for pair, same in pairs.items() if same >= threshold} for pairs in both
            )
            rows, seen = ({later for later, _ in pairs} for pairs in (true, found))
            recall, precision = len(rows & seen) / len(rows), len(true & found) / len(found)
            figures = f"{len(rows):,} | {recall:.4f} | {len(found):,} | {precision:.4f}"
            print(f"| {name} | {threshold} | {figures} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=ALPACA)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--model", default="", help="a model2vec folder, for semhash")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        measure(asked.way, asked.file, asked.folder)
        return
    os.environ["MODEL"] = asked.model
    ways = dict.fromkeys(("curate clean", "curate signals"), sys.executable)
    ways |= dict(one.split("=", 1) for one in asked.peer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write(path, asked.file)
        table(ways, path)
    print()
    recall_table()


if __name__ == "__main__":
    main()
