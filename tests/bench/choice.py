"""Sections of quality.py: what `curate select` chooses and by which quality; knowledge; tasks."""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from curate.config import Settings
from curate.decide import decide
from curate.embed.static import static, unit
from curate.learn.coreset import rank
from curate.policy.choose import chosen_rules
from curate.row import Message, Row, to_frame
from curate.score import Scorer, make_plan
from curate.selection import quality
from curate.signals.knowledge import knowledge
from curate.signals.tasks import figure, instruction_vectors, tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ALPACA = DATA / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
SIZES = (500, 1000, 5000)
Figure = tuple[Any, ...]  # what `Line` of quality.py takes


def framed(pairs: list[tuple[str, str, str]]) -> pl.DataFrame:
    """Rows of instruction, input and answer, as signals read them."""
    rows = [
        Row(
            id=str(place),
            messages=(Message("user", asked, context), Message("assistant", told)),
            format="alpaca",
            fields="instruction input output",
            source="file",
        )
        for place, (asked, context, told) in enumerate(pairs)
    ]
    return to_frame(rows)


def judged(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns that quality reads, and what rules over single rows find."""
    rules = {code: one for code, one in chosen_rules(Settings()).items() if one.twin is None}
    rules = {code: one for code, one in rules.items() if one.action != "edit"}
    read = set().union(*(one.reads for one in rules.values()))
    scorer = Scorer(make_plan(read | {"knowledge_facts", "response_tokens"}), rules)
    for first in range(0, frame.height, 32_768):
        scorer.add(frame[first : first + 32_768])
    scores, matches = scorer.finish()
    return scores, decide(scores, matches, rules).findings


@cache
def alpaca() -> pl.DataFrame:
    """All of Alpaca."""
    rows = json.loads(ALPACA.read_text("utf-8"))
    return framed([(row["instruction"], row["input"], row["output"]) for row in rows])


def auroc(scores: np.ndarray, truth: np.ndarray) -> float:
    """The odds that a true one scores above another; ties count half."""
    places = ranks(scores)
    true = int(truth.sum())
    return float((places[truth].sum() - true * (true + 1) / 2) / (true * (len(truth) - true)))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal ones shared."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[which])


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def interval(values: Callable[[np.ndarray], float], size: int) -> tuple[float, float]:
    """The 5th and 95th percentile over rows drawn with replacement."""
    lots = np.random.default_rng(0)
    found = [values(lots.integers(size, size=size)) for _ in range(200)]
    low, high = np.percentile(found, (5, 95))
    return float(low), float(high)


# --- select -------------------------------------------------------------------------------------


def mmr(vectors: np.ndarray, good: np.ndarray, size: int, weight: float) -> np.ndarray:
    """Maximal marginal relevance: quality against the cosine to the nearest chosen row."""
    close = np.full(len(vectors), -1.0, np.float32)
    chosen = [int(good.argmax())]
    for _ in range(size - 1):
        close = np.maximum(close, vectors @ vectors[chosen[-1]])
        worth = weight * good - (1 - weight) * close
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return np.array(chosen)


def selecting() -> Iterator[Figure | str]:
    """Coverage, balance and quality of 500 to 5,000 of Alpaca's rows, chosen in several ways."""
    frame = alpaca()
    scores, findings = judged(frame)
    good = quality(scores, findings)
    grave = findings.filter(pl.col("severity") != "info")["row"].unique().to_numpy()
    prompts, answers = static().encode(frame["prompt"]), static().encode(frame["response"])
    vectors = unit(prompts + answers)
    kinds = tasks(frame.hstack(instruction_vectors(frame, Settings())), Settings())["task_number"]
    kind = kinds.fill_null(0).to_numpy()
    tokens = scores["response_tokens"].fill_null(0).to_numpy()
    lots = np.random.default_rng(0).permutation(len(good))
    most = max(SIZES)
    ways = {
        "curate select": rank(vectors, good, most).rows,
        "coverage alone": rank(vectors, np.ones(len(good)), most).rows,
        "random": lots,
        "longest": np.argsort(-tokens, kind="stable"),
        "best quality": np.argsort(-good[lots], kind="stable"),
        "MMR, quality and distance alike": mmr(vectors, good, 1000, 0.5),
        "k-center (MMR without quality)": mmr(vectors, good, 1000, 0.0),
    }
    ways["best quality"] = lots[ways["best quality"]]
    yield (
        "Value: the mean over all 52,002 rows of the cosine to the nearest chosen row (prompt and "
        "answer). Then: the same of the answers alone; entropy of the 32 kinds of tasks (1 = all "
        "alike; the file 0.97 to 0.98); mean quality (of our own making)"
        "; rows with an error or warning; answers under 20 tokens (the file: 36 %)."
    )
    for size in SIZES:
        for way, rows in ways.items():
            if len(rows) < size:
                continue
            some = rows[:size]
            told = ", ".join(
                (
                    f"answers {covered(answers, some):.3f}",
                    f"entropy {entropy(kind[some]):.3f}",
                    f"quality {good[some].mean():.3f}",
                    f"faulty {np.isin(some, grave).mean():.3f}",
                    f"short {(tokens[some] < 20).mean():.2f}",
                )
            )
            yield (f"{size:,} rows, {way}", covered(vectors, some), None, told)


def covered(vectors: np.ndarray, rows: np.ndarray) -> float:
    """Mean cosine of every row to the nearest chosen one."""
    found = [
        (vectors[first : first + 2048] @ vectors[rows].T).max(axis=1)
        for first in range(0, len(vectors), 2048)
    ]
    return float(np.concatenate(found).mean())


def entropy(kind: np.ndarray) -> float:
    """Of the kinds of the rows, 1 where all kinds have as many."""
    shares = np.bincount(kind, minlength=33)[1:] / len(kind)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(32))


def selecting_costs() -> Iterator[Figure | str]:
    """The whole command over all of Alpaca."""
    for size in (1000, 52_002):
        with TemporaryDirectory() as folder:
            out = Path(folder) / "out.jsonl"
            command = [sys.executable, "-m", "curate", "select", str(ALPACA), "-o", str(out)]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([*command, "--size", str(size), "-q"], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        yield (f"`curate select --size {size}`, CPU-s", f"{spent:.1f}", None, "60")
    yield ("most memory, MB", f"{after.ru_maxrss / 1000:,.0f}", None, "2,000")


# --- what people prefer -------------------------------------------------------------------------


def preferring() -> Iterator[Figure | str]:
    """Quality against people (PandaLM) and ChatGPT (AlpaGasus), on halves that set nothing."""
    rows = json.loads((DATA / "08_quality_labels/pandalm_testset/testset-v1.json").read_text())[
        1::2
    ]
    votes = np.array([[row[f"annotator{one}"] for one in (1, 2, 3)] for row in rows])
    first, second = (votes == 1).sum(axis=1), (votes == 2).sum(axis=1)
    decided, truth = np.maximum(first, second) >= 2, first > second
    sides = [
        judged(framed([(row["instruction"], row["input"] or "", answer(row[key])) for row in rows]))
        for key in ("response1", "response2")
    ]
    good = [quality(*side) for side in sides]
    long = [side[0]["response_tokens"].fill_null(0).to_numpy() for side in sides]
    yield (
        "PandaLM: 999 pairs of answers to one prompt, three people each; every second row, of "
        "which the weights have seen nothing. Half a point where both sides are equal."
    )
    right, by_length = (
        np.where(left == right, 0.5, (left > right) == truth)[decided]
        for left, right in (good, long)
    )
    count = int(decided.sum())
    yield (
        f"the better answer of {count} pairs where two people agree", right.mean(),
        interval(lambda at: float(right[at].mean()), count), f"{by_length.mean():.3f} (the longer)",
    )  # fmt: skip
    apart, votes_apart, length_apart = good[0] - good[1], first - second, long[0] - long[1]
    yield (
        "rank correlation of quality's difference with the votes", spearman(apart, votes_apart),
        interval(lambda at: spearman(apart[at], votes_apart[at]), len(rows)),
        f"{spearman(length_apart, votes_apart):.3f} (of the length's)",
    )  # fmt: skip
    yield "ChatGPT's scores of Alpaca's rows; odd rows."
    yield from _scored()


def answer(text: object) -> str:
    """An answer as text; some of PandaLM's are true or null."""
    return "" if text is None else str(text)


def _scored() -> Iterator[Figure]:
    scores, findings = judged(alpaca())
    good = quality(scores, findings)
    long = scores["response_tokens"].fill_null(0).to_numpy()
    rated: dict[str, dict[int, float]] = {}
    for name in ("longest", "score"):
        path = DATA / f"01_alpaca/chatgpt_scored_1k/filtered_alpaca_1k_{name}.json"
        rated[name] = {
            int(row["id"].split("_")[1]): row["score"]
            for row in json.loads(path.read_text("utf-8"))
        }
    at = np.array([row for row in rated["longest"] if row % 2])
    given = np.array([rated["longest"][row] for row in at.tolist()])
    yield (
        f"rank correlation with the score, {len(at)} of the longest 1,000",
        spearman(good[at], given),
        interval(lambda some: spearman(good[at][some], given[some]), len(at)),
        f"{spearman(long[at], given):.3f} (of the length)",
    )  # fmt: skip
    odd = np.arange(1, len(good), 2)
    best = np.isin(odd, list(rated["score"]))
    yield (
        f"AUROC, {int(best.sum())} rows of the best scores against all others",
        auroc(good[odd], best), None, f"{auroc(long[odd].astype(float), best):.3f} (of the length)",
    )  # fmt: skip


# --- knowledge ----------------------------------------------------------------------------------

HELD = ("closed_qa", "summarization", "information_extraction")
P3 = (
    "kilt_tasks_hotpotqa_combining_facts",
    "dream_answer_to_dialogue",
    "wiki_bio_key_content",
    "samsum_Sum_up_the_following_dialogue",
    "adversarial_qa_droberta_tell_what_it_is",
    "rotten_tomatoes_Text_Expressed_Sentiment",
)
BROUGHT = ("open_qa", "general_qa", "brainstorming", "creative_writing")


def knowing() -> Iterator[Figure | str]:
    """`knowledge_score` against Dolly's categories; then what sets of tasks have."""
    path = DATA / "02_human_instructions/dolly_3k/dolly_3k.json"
    rows = json.loads(path.read_text("utf-8"))
    frame = framed([(row["instruction"], row["input"], row["output"]) for row in rows])
    found = knowledge(frame)["knowledge_score"]
    category = np.array([row["category"] for row in rows])
    words = frame.select(_overlap())["overlap"].to_numpy()
    yield "Dolly: tasks with material (closed Q&A, summaries, extraction) against four others."
    for others in (BROUGHT, *((one,) for one in BROUGHT)):
        use = np.isin(category, (*HELD, *others)) & found.is_not_null().to_numpy()
        score, truth = found.fill_null(0).to_numpy()[use], np.isin(category[use], HELD)
        title = "all four" if len(others) > 1 else others[0]
        yield (
            f"AUROC against {title}", auroc(score, truth),
            interval(lambda at, s=score, t=truth: auroc(s[at], t[at]), len(score)),
            f"{auroc(np.nan_to_num(words[use]), truth):.3f} (share of all words)",
        )  # fmt: skip
    yield "Median, and the share of rows for which it abstains:"
    for one in (*HELD, "classification", *BROUGHT):
        some = found.filter(pl.Series(category == one))
        yield (f"Dolly, {one}", some.median(), None, f"{some.null_count() / len(some):.2f}")
    for name in P3:
        lines = (DATA / f"02_human_instructions/t0_p3_templates/{name}.jsonl").read_text("utf-8")
        given = [json.loads(line) for line in lines.splitlines()]
        some = knowledge(framed([(row["prompt"] or "", "", row["completion"]) for row in given]))
        score = some["knowledge_score"]
        abstained = f"{score.null_count() / len(score):.2f}"
        yield (f"P3, {name}", score.median(), None, abstained)
    frame = alpaca()
    knowledge(frame.head(10))
    before = process_time()
    knowledge(frame)
    yield ("52,002 rows, CPU-s", f"{process_time() - before:.2f}", None, "2")


def _overlap() -> pl.Expr:
    """The share of the answer's different words that stand in the prompt."""
    words = [pl.col(one).str.to_lowercase().str.extract_all(r"\w+").list.unique()
             for one in ("response", "prompt")]  # fmt: skip
    held = words[0].list.set_intersection(words[1]).list.len()
    return (held / words[0].list.len()).alias("overlap")


# --- tasks --------------------------------------------------------------------------------------


def known_tasks() -> Iterator[tuple[str, list[str], list[str]]]:
    """Sets that know the classes of their instructions."""
    snips: tuple[list[str], list[str]] = ([], [])
    for path in sorted((DATA / "07_style_tasks/snips_json_slots").glob("train_*_full.json")):
        kind = path.name.split("_")[1]
        rows = json.loads(path.read_text("latin-1"))[kind][:400]
        snips[0].extend("".join(part["text"] for part in row["data"]) for row in rows)
        snips[1].extend([kind] * len(rows))
    yield ("SNIPS", *snips)
    with (DATA / "04_label_noise/banking77/train.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    yield "banking77", [row["text"] for row in listed], [row["category"] for row in listed]
    dolly = json.loads((DATA / "02_human_instructions/dolly_3k/dolly_3k.json").read_text("utf-8"))
    yield "Dolly", [row["instruction"] for row in dolly], [row["category"] for row in dolly]


def purity(found: pl.DataFrame, labels: list[str]) -> float:
    """The share of rows in a group whose commonest class is theirs."""
    pairs = found.with_columns(pl.Series("label", labels)).drop_nulls()
    most = pairs.group_by("task_number").agg(pl.col("label").value_counts(sort=True).first())
    return float(most["label"].struct.field("count").sum() / pairs.height)


def grouping() -> Iterator[Figure | str]:
    """Kinds of tasks against classes that are known, and the cost."""
    yield "Purity: the share of rows in a group whose commonest class is theirs; anchor: one group."
    for name, texts, labels in known_tasks():
        frame = framed([(text, "", "Done.") for text in texts])
        found = tasks(frame.hstack(instruction_vectors(frame, Settings())), Settings())
        groups, pure = found["task_number"].n_unique(), purity(found, labels)
        what = f"{name}, {len(set(labels))} classes, {groups} groups"
        yield (what, pure, None, f"{Counter(labels).most_common(1)[0][1] / len(labels):.3f}")
    frame = alpaca()
    before = process_time()
    vectors = instruction_vectors(frame, Settings())
    found = tasks(frame.hstack(vectors), Settings())
    spent = process_time() - before
    yield ("52,002 rows, embedded and grouped, CPU-s", f"{spent:.1f}", None, "")
    told = figure(found)
    if told is not None:
        listed = "; ".join(f"{one['name']} ({one['rows']:,})" for one in told["groups"])
        yield f"Alpaca's groups: {listed}."
