"""Duplicates at scale: a probe with known truth, real sets, and any number of threads."""

from __future__ import annotations

import csv
import gzip
import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import orjson
import polars as pl
import pytest

from curate.decide import decide
from curate.dedup.minhash import FLOOR, Runs, candidates, shingles
from curate.signals.shingles import as_lists, token_runs
from tests.signals.copies import RULES, ask, decided, dropped, found, scored

ROOT = Path(__file__).resolve().parents[2]


# --- the probe that peers fail --------------------------------------------------------------------


class Words:
    """Invented words, seeded."""

    def __init__(self, seed):
        self.random = Random(seed)  # noqa: S311 - a seeded probe
        self.known = sorted({self._word() for _ in range(3000)})

    def _word(self):
        return "".join(
            self.random.choice("bdfgklmnprstv") + self.random.choice("aeiou")
            for _ in range(self.random.randint(2, 4))
        )

    def some(self, count):
        return [self.random.choice(self.known) for _ in range(count)]

    def text(self, count):
        return " ".join(self.some(count))


def probe(seed=11):
    """1,005 rows: 155 distinct texts under five words, 50 copies of them, 500 long ones, and 100
    each of copies, of near-copies with one word changed and of copies with other white space.
    """
    words = Words(seed)
    short = list(dict.fromkeys(words.text(words.random.randint(1, 4)) for _ in range(170)))[:155]
    long = [words.text(words.random.randint(45, 90)) for _ in range(500)]
    rows = [("short", text) for text in short] + [("long", text) for text in long]
    rows += [("short copy", text) for text in short[:50]]
    rows += [("copy", text) for text in long[:100]]
    for text in long[100:200]:
        changed = text.split()
        changed[words.random.randrange(len(changed))] = "zorgulix"
        rows.append(("near-copy", " ".join(changed)))
    rows += [("white space", text.replace(" ", " \n ", 9) + " ") for text in long[200:300]]
    assert len(rows) == 1005
    return rows


SAME = {
    "answers to one question": lambda text: ask("Say something.", text),
    "questions with one answer": lambda text: ask(text, "It is so."),
    "both": lambda text: ask(text, text),
}


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("way", ["answers to one question", "questions with one answer"])
def test_of_the_probe_nothing_is_lost_and_nothing_left(way, shuffled):
    rows = probe()
    if shuffled:
        Random(5).shuffle(rows)  # noqa: S311 - a seeded probe
    gone = dropped([SAME[way](text) for _, text in rows])
    distinct = {" ".join(text.split()) for kind, text in rows if kind != "near-copy"}
    kept = [rows[n][1] for n in range(len(rows)) if n not in gone]
    assert len(kept) == 655, "155 short ones and 500 long ones, no copy of either"
    short = {text for text in distinct if len(text.split()) < 5}
    assert short <= {" ".join(text.split()) for text in kept}
    for row, twin in gone.items():
        one, other = rows[row][1].split(), rows[twin][1].split()
        assert len(one) == len(other)
        assert sum(a != b for a, b in zip(one, other, strict=True)) <= 1


def test_distinct_chinese_answers_are_all_kept(shared_data):
    records = orjson.loads(
        (shared_data / "06_chat/llamafactory_demos/alpaca_zh_demo.json").read_bytes()
    )
    answers = list(dict.fromkeys(record["output"] for record in records))
    assert len(answers) == 992
    assert dropped([ask("回答。", answer) for answer in answers]) == {}
    gone = dropped(records)
    assert {records[row]["output"] for row in gone} == {
        records[twin]["output"] for twin in gone.values()
    }


# --- sentences that share their words and not their meaning ---------------------------------------


def msrp(shared_data):
    for part in ("train", "test"):
        path = shared_data / f"05_near_dup/msrp/msr_paraphrase_{part}.txt"
        with path.open(encoding="utf-8-sig") as file:
            lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(lines)
            yield from ((first, second, same == "1") for same, _, _, first, second in lines)


def from_prompts(name, pattern):
    def read(shared_data):
        path = shared_data / f"05_near_dup/t0_qqp_paws/{name}.jsonl"
        for line in path.read_bytes().splitlines():
            record = orjson.loads(line)
            first, second = re.match(pattern, record["prompt"], re.DOTALL).groups()
            yield first, second, record["completion"].startswith("Yes")

    return read


PAIRS = {
    "msrp": msrp,
    "paws": from_prompts(
        "paws_labeled_final_Concatenation_no_label", r"Sentence 1: (.*)\nSentence 2: (.*)\nQuestion"
    ),
    "qqp": from_prompts("glue_qqp_meaning", r"Question 1: (.*)\nQuestion 2: (.*)\n\nDo"),
}
LETTER = "The keeper of the archive will look into the matter and write to you in a day or so"
# How many of the pairs that people judged to differ are taken for copies, at most. What is found
# there differs in a word ("in electronics?", "in astronomy?") or leaves out a half-sentence.
MISTAKES = {("msrp", "questions"): 1, ("qqp", "answers"): 1, ("qqp", "questions"): 2}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["answers", "questions"])
@pytest.mark.parametrize("name", PAIRS)
def test_what_people_tell_apart_stays_apart(shared_data, name, way):
    pairs = list(PAIRS[name](shared_data))
    rows = [
        ask(f"Tell me about {n}.", text) if way == "answers" else ask(text, f"{LETTER}: {n}")
        for n, pair in enumerate(pairs)
        for text in pair[:2]
    ]
    gone = dropped(rows)
    assert all(row // 2 == twin // 2 for row, twin in gone.items()), "no stranger is a copy"
    wrong = [pairs[row // 2] for row in gone if not pairs[row // 2][2]]
    assert len(wrong) <= MISTAKES.get((name, way), 0)


def test_rows_about_such_sentences_all_stay(shared_data):
    folder = shared_data / "05_near_dup/t0_qqp_paws"
    rows = [
        orjson.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    assert len(rows) == 3491
    assert dropped(rows) == {}


# --- real sets ------------------------------------------------------------------------------------


def toolformer(shared_data, kind):
    path = shared_data / f"05_near_dup/gpteacher_thresholds/toolformer-{kind}-dataset.json"
    return orjson.loads(path.read_bytes())


@pytest.mark.slow
def test_the_removal_curve_of_gpteacher(shared_data):
    """Fewer rows go as the threshold rises, and hardly one that the set's own tool would keep.

    That tool takes 2,964 of the 7,673 at its 0.8: slots of templates, which are other tasks to us.
    """
    records = toolformer(shared_data, "dedupe-only")
    near = RULES["duplicate-near"]
    facts = scored(records, {near.code: near})
    removed = {}
    for threshold in (0.7, 0.8, 0.9, 1.0):
        rules = {near.code: near.model_copy(update={"threshold": threshold})}
        ledger = decide(*facts, rules).ledger
        gone = ledger["disposition"] == "dropped"
        twin = ledger["id"].to_list().index
        removed[threshold] = {row: twin(ledger["twin"][row]) for row in gone.arg_true().to_list()}
    counts = [len(gone) for gone in removed.values()]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 100
    as_bytes = [orjson.dumps(record) for record in records]
    kept = {orjson.dumps(record) for record in toolformer(shared_data, "similarity-0.8")}
    both = [row for row, twin in removed[0.8].items() if {as_bytes[row], as_bytes[twin]} <= kept]
    assert len(both) <= 0.02 * len(removed[0.8])
    for kind in ("similarity-0.8", "similarity-0.6"):
        assert dropped(toolformer(shared_data, kind)) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("size", "planted"), [(100, 5), (1000, 10), (2500, 20)])
def test_planted_articles_are_found(shared_data, size, planted):
    folder = shared_data / "05_near_dup/minhash_articles"
    lines = (folder / f"articles_{size}.train").read_text("utf-8").splitlines()
    names, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    truth = {
        frozenset(line.split())
        for line in (folder / f"articles_{size}.truth").read_text().splitlines()
    }
    assert len(truth) == planted
    gone = dropped([ask("Write an article.", text) for text in texts])
    assert {frozenset((names[row], names[twin])) for row, twin in gone.items()} == truth


@pytest.mark.slow
def test_alpaca_has_no_copies(shared_data):
    path = shared_data / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
    records = orjson.loads(path.read_bytes())
    decision = decided(records)
    assert (decision.ledger["disposition"] == "dropped").sum() == 0
    assert decision.findings.filter(pl.col("code") != "duplicate-semantic").height < 20
    planted = records + records[1000:1100]
    assert dropped(planted) == {52_002 + n: 1000 + n for n in range(100)}


def test_human_rows_lose_two_copies(shared_data):
    records = orjson.loads(
        (shared_data / "02_human_instructions/dolly_3k/dolly_3k.json").read_bytes()
    )
    gone = dropped(records)
    assert all(records[a]["output"] == records[b]["output"] for a, b in gone.items())
    assert len(gone) == 2
    assert len(found(records, "duplicate-prompt")) == 22


@pytest.mark.slow
def test_commands_stay_where_a_character_tells(shared_data):
    folder = shared_data / "07_style_tasks/nl2bash"
    asked, command = (
        gzip.decompress((folder / f"all.{name}.gz").read_bytes()).decode().splitlines()
        for name in ("nl", "cm")
    )
    rows = [ask(*pair) for pair in zip(asked, command, strict=True)]
    for row, twin in dropped(rows).items():
        same_command = command[row] == command[twin]
        assert same_command or len(command[row].split()) > 12, (command[row], command[twin])


# --- recall ---------------------------------------------------------------------------------------


def brute_force(grams, rows):
    """All pairs of rows whose trigrams are alike, from their inverted lists."""
    sizes = np.bincount(grams.rows, minlength=rows)
    order = np.argsort(grams.values, kind="stable")
    ordered, shared = grams.rows[order], {}
    cuts = np.flatnonzero(np.diff(grams.values[order])) + 1
    for group in np.split(ordered, cuts):
        if 1 < len(group) <= 200:  # what more rows have in common makes none of them alike
            for pair in combinations(sorted(set(group.tolist())), 2):
                shared[pair] = shared.get(pair, 0) + 1
    return {
        (b, a): n / (sizes[a] + sizes[b] - n)
        for (a, b), n in shared.items()
        if n >= FLOOR * (sizes[a] + sizes[b] - n)
    }


def texts_of(shared_data):
    """5,000 answers of which many are alike: half edited copies at all distances."""
    path = shared_data / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
    long = [r["output"] for r in orjson.loads(path.read_bytes()) if len(r["output"].split()) > 40]
    random = Random(2)  # noqa: S311 - a seeded probe
    texts = random.sample(long, 2500)
    for text in texts[:2500]:
        words = text.split()
        for _ in range(random.randint(1, max(len(words) // 20, 1))):
            words[random.randrange(len(words))] = "zorgulix"
        texts.append(" ".join(words))
    return texts


@pytest.mark.slow
def test_bands_find_what_brute_force_finds(shared_data):
    texts = texts_of(shared_data)
    runs = token_runs(pl.Series(texts).str.to_lowercase())
    alike = brute_force(shingles(runs), len(texts))
    assert len(alike) > 1000
    bands = Runs(runs, np.arange(len(texts))).signatures(np.arange(len(texts)))
    left, right = candidates(bands)
    proposed = set(zip(left.tolist(), right.tolist(), strict=True))
    recall = len(alike.keys() & proposed) / len(alike)
    assert recall >= 0.99


def test_lists_are_runs():
    runs = token_runs(pl.Series(["a b", "", "c"]))
    lists = as_lists(runs)
    assert lists.list.len().to_list() == [3, 1, 2]
    assert lists.explode().to_list() == runs.tolist()


# --- threads --------------------------------------------------------------------------------------

SCRIPT = """
import sys
from tests.signals.copies import scored
from tests.signals.test_duplicates_real import SAME, probe
rows = [SAME[way](text) for way in SAME for _, text in probe()]
scores, _ = scored(rows, batch=500)
sys.stdout.buffer.write(scores.write_json().encode())
"""


@pytest.mark.slow
def test_the_scores_are_the_same_on_one_core_and_on_two():
    made = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert len(made[0]) > 100_000
    assert made[0] == made[1]
