"""Make curate/models/synthetic.npz: the head that `synthetic_score` asks by default.

    python docs/models/synthetic.py SETS REPOSITORIES

SETS is a folder with the public sets that tests/bench reads (`../shared/data`), REPOSITORIES one
with three more, checked out: Weixin-Liang/ChatGPT-Detector-Bias, Xianjun-Yang/DNA-GPT (both MIT)
and ranhli/l2r_data (CC BY 3.0). Two minutes on one core, and the same
bytes every time. Kept out of the package: nobody who uses curate runs it.

Trained only on sets under MIT, Apache-2.0 or CC BY (curate/models/synthetic.md lists them). Texts
of `davinci`, a model that was never taught to answer, are left out: they look like people's, and a
head that must call them synthetic finds fewer of the others.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from curate.learn.fit import Sample, calibrated, figures, out_of_fold, sample, trained
from curate.learn.head import Head, judged, save, sigmoid

FILE = Path(__file__).parents[2] / "curate" / "models" / "synthetic.npz"
LEAST = 20  # words
NOTE = "MIT, Apache-2.0 and CC BY sets; see synthetic.md"
REWRITES = "rewrites"
# How much a text of theirs counts beside one of another set, if a person's and if an LLM's. They
# teach many kinds of text; but what is rewritten keeps words of its author. All at 1: news and
# reviews are told apart worse by .02 than without them; docs/log.md has the table.
WEIGHTS = {False: 0.3, True: 0.1}
_REWRITERS = ("GPT-3-Turbo", "GPT-4o", "Llama-3-70B")
# Sources of one collection have their models and their preparation in common and lie side by side;
# where the next collection lies, they tell as one.
COLLECTIONS = (
    ("writing", "xsum", "pubmed"),
    ("abstracts", "college"),
    ("essays",),
    ("instructions",),
)
# Code is none of ours; the other holds the same texts as TechnicalWriting.
_NOT_READ = ("Code", "TravelTourism")
Text = tuple[str, bool, str]  # text, LLM's, prompt


def fast_detect(sets: Path) -> dict[str, list[Text]]:
    """Stories, news and medical answers with their twins by GPT-3.5 and GPT-4 (MIT)."""
    made: dict[str, list[Text]] = {}
    for domain in ("writing", "xsum", "pubmed"):
        for model in ("gpt-3.5-turbo", "gpt-4"):
            file = sets / f"03_human_vs_llm/fast_detect_gpt3to4/{domain}_{model}.raw_data.json"
            pairs = json.loads(file.read_text("utf-8"))
            texts = made.setdefault(domain, [])
            for place, (human, llm) in enumerate(
                zip(pairs["original"], pairs["sampled"], strict=True)
            ):
                prompt = f"{domain} {place}"
                texts += [(answer(human), False, prompt), (answer(llm), True, prompt)]
    return made


def answer(text: str) -> str:
    """A medical text without its question, which both twins have."""
    return re.sub(r"(?s)^Question:.*?Answer:", "", text)


def toefl(sets: Path) -> list[Text]:
    """Essays of learners of English and by ChatGPT on the same questions (MIT)."""
    found = sorted((sets / "03_human_vs_llm/toefl_essays_126").glob("*__*.txt"))
    parts = [(file, *file.stem.split("__")) for file in found]
    return [
        (file.read_text("utf-8"), who == "chatgpt", f"essay {number}")
        for file, who, number in parts
    ]


def instructions(sets: Path) -> list[Text]:
    """Answers to instructions: people and davinci-003, LLaMA's kin, chat models (Apache-2.0)."""
    seeds = sets / "02_human_instructions/self_instruct_seed"
    made: list[Text] = []
    for line in lines(seeds / "text-davinci-003_predictions.jsonl"):
        prompt = line["prompt"]
        made += [(line["target"], False, prompt), (line["response"], True, prompt)]
    for line in lines(seeds / "seed_tasks.jsonl"):
        made += [
            (one["output"], False, f"{line['instruction']} {one['input']}")
            for one in line["instances"]
        ]
    judged_pairs = json.loads(
        (sets / "08_quality_labels/pandalm_testset/testset-v1.json").read_text()
    )
    for one in judged_pairs:
        prompt = f"{one['instruction']} {one['input']}"
        made += [(one[key], True, prompt) for key in ("response1", "response2")]
    zipped = sets / "06_chat/llamafactory_demos/dpo_en_demo.json.gz"
    for one in json.loads(gzip.decompress(zipped.read_bytes())):
        made.append((one["chosen"]["value"], True, one["conversations"][-1]["value"]))
    return made


def lines(file: Path) -> list[dict]:
    """The records of a JSONL file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def students(repositories: Path) -> dict[str, list[Text]]:
    """Abstracts and college essays with ChatGPT's, school and learners' essays (MIT)."""
    folder = repositories / "ChatGPT-Detector-Bias/Data_and_Results"

    def read(name: str, *, llm: bool) -> list[Text]:
        file = folder / ("GPT_Data" if llm else "Human_Data") / name / "data.json"
        found = [one["document"] for one in json.loads(file.read_text("utf-8"))]
        texts = [re.split("Abstract:", one, maxsplit=1)[-1].strip() for one in found]
        return [(one, llm, f"{name} {place}") for place, one in enumerate(texts)]

    abstracts = read("CS224N_real_145", llm=False) + read("CS224N_gpt3_145", llm=True)
    essays = read("CollegeEssay_real_70", llm=False) + read("CollegeEssay_gpt3_31", llm=True)
    return {
        "abstracts": abstracts + read("CS224N_gpt3PromptEng_145", llm=True),
        "college": essays + read("CollegeEssay_gpt3PromptEng_31", llm=True),
        "school": read("HewlettStudentEssay_real_88", llm=False) + read("TOEFL_real_91", llm=False),
    }


def people(repositories: Path) -> tuple[list[Text], list[Text]]:
    """Explanations from Reddit, and abstracts from Nature, all by people (MIT)."""
    folder = repositories / "DNA-GPT/get_data"
    asked = lines(folder / "reddit_eli5.jsonl")
    papers = json.loads((folder / "nature_paper.json").read_text("utf-8"))
    return (
        [(one["human_answer"], False, one["question"]) for one in asked],
        [(one["abstract"], False, one["title"]) for one in papers],
    )


def rewrites(repositories: Path) -> dict[str, list[Text]]:
    """Texts of people of 19 kinds, each rewritten by one of three models in turn (CC BY)."""
    made: dict[str, list[Text]] = {}
    for folder in sorted((repositories / "l2r_data").glob("[!.]*")):
        if not folder.is_dir() or folder.name in _NOT_READ:
            continue
        texts = made.setdefault(folder.name, [])
        by = [json.loads((folder / f"{model}.json").read_text("utf-8")) for model in _REWRITERS]
        for place, text in enumerate(json.loads((folder / "human.json").read_text("utf-8"))):
            prompt = f"{folder.name} {place}"
            again = by[place % len(by)][place]
            texts += [(text, False, prompt), (again, True, prompt)]
    return made


def sources(sets: Path, repositories: Path) -> dict[str, list[Text]]:
    """Every source, in the parts that are left out one at a time."""
    made = fast_detect(sets) | students(repositories)
    # A part without both origins is left out with its like.
    made["essays"] = toefl(sets) + made.pop("school")
    reddit, nature = people(repositories)
    made["instructions"] = instructions(sets) + reddit
    made["abstracts"] += nature
    made[REWRITES] = [one for texts in rewrites(repositories).values() for one in texts]
    return {name: enough(texts) for name, texts in made.items()}


def enough(texts: list[Text]) -> list[Text]:
    """Each text once, of those that have words enough."""
    return [
        one
        for one in dict.fromkeys(texts)
        if isinstance(one[0], str) and len(one[0].split()) >= LEAST
    ]


def learnt(found: dict[str, list[Text]]) -> tuple[Sample, np.ndarray]:
    """All texts with their weights, and the number of each one's source."""
    rows = [text for texts in found.values() for text in texts]
    source = np.repeat(np.arange(len(found)), [len(texts) for texts in found.values()])
    llm = np.array([one[1] for one in rows])
    again = source == list(found).index(REWRITES)
    weight = np.where(again, [WEIGHTS[bool(one)] for one in llm], 1.0)
    texts, prompts = (pl.Series("text", [one[at] for one in rows]) for at in (0, 2))
    return sample(texts, llm, prompts)._replace(weight=weight), source


def main() -> None:
    """Train, calibrate on sources left out, write."""
    found = sources(*map(Path, sys.argv[1:3]))
    known, source = learnt(found)
    llm, again = known.llm, source == list(found).index(REWRITES)
    # Sources are the folds: what the head says of a source, it says of one it has not seen.
    sums, style = out_of_fold(known, source)
    enough_words = judged(style)
    # A person's text in a model's words is neither origin: it teaches, and calibrates nothing.
    counted = enough_words & ~again
    head = calibrated(trained(known), sums, llm, counted)
    ratio, offsets = within(head, sums[counted], llm[counted], source[counted])
    for number, name in enumerate(found):
        here = enough_words & (source == number)
        told = figures(head, sums[here], llm[here], here[here])
        print(f"{name:14} {told} {offsets[number : number + 1]}")
    print(f"{'all':14} {figures(head, sums, llm, counted)} ratio {ratio:.2f}")
    placed = dict(zip(found, offsets, strict=False))  # of all but the rewrites
    means = [np.mean([placed[name] for name in names]) for names in COLLECTIONS]
    places = tuple(round(float(one), 4) for one in means)
    FILE.write_bytes(save(replace(head, ratio=ratio, offsets=places), NOTE))
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


def within(
    head: Head, sums: np.ndarray, llm: np.ndarray, source: np.ndarray
) -> tuple[float, list[float]]:
    """How much steeper the logit is within a source than over all, and where each one stands."""
    moved = sums.copy()
    for _ in range(20):
        here = calibrated(head, moved, llm, np.ones(len(llm), bool))
        shifts = [
            offset(here.slope * sums[source == one] + here.shift, llm[source == one])
            for one in np.unique(source)
        ]
        moved = sums + np.array(shifts)[source] / here.slope
    # The probability's own logit times this, plus the offset, is the logit within a source.
    ratio = here.slope / head.slope
    rest = here.shift - ratio * head.shift
    return round(ratio, 4), [round(one + rest, 4) for one in shifts]


def offset(logits: np.ndarray, llm: np.ndarray) -> float:
    """What must be added so that the mean probability is the share, both origins counting half."""
    weight = np.where(llm, 0.5 / llm.sum(), 0.5 / (~llm).sum())
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        over = weight @ sigmoid(logits + middle) > 0.5  # noqa: PLR2004 - half
        low, high = (low, middle) if over else (middle, high)
    return round((low + high) / 2, 4)


if __name__ == "__main__":
    main()
