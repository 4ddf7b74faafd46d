"""Evaluation items in training rows: what is found of planted ones, what else is, and the cost.

    python tests/bench/contamination.py [--plants 200] [--hits FILE]

Items are the rows of Dolly, P3 and GPTeacher (15,477), rows are Alpaca's 52,002. What is planted in
place of a row of Alpaca: an item as it stands, with another answer, in capitals and other signs,
with one word put for another, within a longer prompt, both, half of it within another prompt, as
the second question of a chat, and its answer alone; of Dolly's, each a question of its own, and of
the other sets', nearly all templates filled. Printed is, for items of few, some and many words, how
many rows are found, how many are dropped, and under which class; then what is found in rows that
nobody touched, set against set; then CPU seconds of a whole `curate clean` with and without
`--against`, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import Settings, clean
from curate.dedup.against import load
from curate.read import open_sources, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Record = dict[str, Any]

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ALPACA = DATA / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
DOLLY = DATA / "02_human_instructions/dolly_3k/dolly_3k.json"
GPTEACHER = DATA / "05_near_dup/gpteacher_thresholds/toolformer-dedupe-only-dataset.json"
P3 = DATA / "02_human_instructions/t0_p3_templates"
SEED = DATA / "02_human_instructions/self_instruct_seed"
PROMPTS = DATA / "02_human_instructions/eval_prompts"
BUCKETS = {"under 8": (1, 7), "8 to 16": (8, 16), "17 to 60": (17, 60), "over 60": (61, 10**6)}


def records(*paths: Path) -> list[Record]:
    """All records of some files."""
    return [parse(one.raw) for source in open_sources([*map(str, paths)]) for one in source]


def asked(record: Record) -> str:
    """A record's question."""
    parts = [record.get(key, "") for key in ("instruction", "input", "prompt")]
    return "\n\n".join(part for part in parts if part)


def answered(record: Record) -> str:
    """A record's answer."""
    return str(record.get("output") or record.get("response") or record.get("completion") or "")


# --- planting -----------------------------------------------------------------------------------


def edited(text: str, lots: random.Random) -> str:
    """The text with one of its words put for another."""
    words = list(re.finditer(r"[A-Za-z]{3,}", text))
    if not words:
        return f"{text} indeed"
    one = lots.choice(words)
    return f"{text[: one.start()]}zebra{text[one.end() :]}"


def restyled(text: str, lots: random.Random) -> str:
    """Other case, other signs, other spaces; the words stay."""
    made = text.upper() if lots.random() < 0.5 else text.lower()
    return re.sub(r"[.,!?;] ", "  ", made).replace("\n", " \n\n")


def within(text: str, other: Record) -> str:
    """The text within a prompt of another row."""
    return f"{other['instruction']}\n\n{text}\n\n{other['output'][:200]}"


def halved(text: str) -> str:
    """The first half of its words, and one more of an odd number."""
    words = text.split()
    return " ".join(words[: (len(words) + 1) // 2])


def row(question: str, answer: str) -> Record:
    """An Alpaca record."""
    return {"instruction": question, "input": "", "output": answer}


WAYS: dict[str, Callable[[Record, Record, random.Random], Record]] = {
    "as it stands": lambda item, _o, _l: row(asked(item), answered(item)),
    "another answer": lambda item, other, _l: row(asked(item), other["output"]),
    "case, signs, spaces": lambda item, other, lots: row(
        restyled(asked(item), lots), other["output"]
    ),
    "one word changed": lambda item, other, lots: row(edited(asked(item), lots), other["output"]),
    "within a prompt": lambda item, other, _l: row(within(asked(item), other), other["output"]),
    "within, one word": lambda item, other, lots: row(
        within(edited(asked(item), lots), other), other["output"]
    ),
    "half, within": lambda item, other, _l: row(within(halved(asked(item)), other), "Yes."),
    "second question": lambda item, other, _l: {
        "messages": [
            {"role": "user", "content": asked(other)},
            {"role": "assistant", "content": other["output"]},
            {"role": "user", "content": asked(item)},
            {"role": "assistant", "content": answered(item)},
        ]
    },
    "answer alone": lambda item, other, _l: row(asked(other), answered(item)),
}


def plant(items: list[Record], rows: list[Record], count: int) -> Iterator[tuple[str, str, Record]]:
    """Way, bucket and planted row: so many of each way and bucket, seeded."""
    lots = random.Random(0)  # noqa: S311  # no secret
    for way, make in WAYS.items():
        text = answered if way == "answer alone" else asked
        for bucket, (least, most) in BUCKETS.items():
            fit = [one for one in items if least <= len(re.findall(r"\w+", text(one))) <= most]
            for one in lots.sample(fit, min(count, len(fit))):
                yield way, bucket, make(one, lots.choice(rows), lots)


def found(path: Path, against: Iterable[Path], folder: Path) -> pl.DataFrame:
    """Line, code, what was found, and the action, for each row of a file with a find."""
    settings = Settings(
        against=tuple(map(str, against)),
        select=("contamination",),
        ignore=("contamination-paraphrase",),  # what words find is measured here
    )
    clean(str(path), folder, settings, force=True)
    findings = pl.read_parquet(folder / "findings.parquet")
    ledger = pl.read_parquet(folder / "ledger.parquet").select("id", "line")
    return findings.join(ledger, on="id", maintain_order="left").select(
        "line", "code", "action", "value"
    )


def recall(folder: Path, count: int) -> None:
    """Plant, look, and print a line a way and bucket."""
    rows = [one for one in records(ALPACA) if one["output"]]
    items = folder / "items.jsonl"
    sets = {"Dolly": records(DOLLY), "P3, GPTeacher": records(P3, GPTEACHER)}
    lines = [json.dumps(one) + "\n" for some in sets.values() for one in some if asked(one)]
    items.write_text("".join(lines), "utf-8")
    for name, some in sets.items():
        planted = list(plant([one for one in some if asked(one)], rows, count))
        print(f"\n{len(planted):,} planted rows from {name}; {len(lines):,} items")
        _recall(planted, items, folder)


def _recall(planted: list[tuple[str, str, Record]], items: Path, folder: Path) -> None:
    path = folder / "planted.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for *_, one in planted), "utf-8")
    hits = {
        line: (code.removeprefix("contamination-"), action)
        for line, code, action, _ in found(path, [items], folder / "run").iter_rows()
    }
    print(f"{'planted':22}{'words':>10}{'rows':>6}{'found':>9}{'dropped':>9}  classes")
    kinds = [(way, bucket) for way, bucket, _ in planted]
    for kind in dict.fromkeys(kinds):
        lines = [line for line, one in enumerate(kinds, start=1) if one == kind]
        got = [hits[line] for line in lines if line in hits]
        gone = sum(action == "drop" for _, action in got)
        classes = ", ".join(f"{name} {n}" for name, n in Counter(c for c, _ in got).most_common())
        shares = f"{len(got) / len(lines):>9.1%}{gone / len(lines):>9.1%}"
        print(f"{kind[0]:22}{kind[1]:>10}{len(lines):>6}{shares}  {classes}")


# --- what else is found -------------------------------------------------------------------------

PAIRS: dict[str, tuple[Path, list[Path]]] = {
    "Dolly / Alpaca": (DOLLY, [ALPACA]),
    "Alpaca / Dolly": (ALPACA, [DOLLY]),
    "Alpaca / Self-Instruct": (ALPACA, [SEED / "user_oriented_instructions.jsonl"]),
    "Alpaca / test prompts": (ALPACA, [PROMPTS]),
    "Dolly / test prompts": (DOLLY, [PROMPTS]),
    "Alpaca / P3": (ALPACA, [P3]),
    "Dolly / P3": (DOLLY, [P3]),
    "GPTeacher / Alpaca": (GPTEACHER, [ALPACA]),
}


def alarms(folder: Path, hits: Path | None) -> None:
    """Print what is found in rows that nobody touched; write each find down to be read."""
    print(f"\n{'rows / items':26}{'rows':>8}{'items':>8}  found")
    out: list[str] = []
    for name, (path, against) in PAIRS.items():
        seen = found(path, against, folder / "run")
        lines = dict(enumerate(records(path), start=1))
        counts = Counter(f"{code} ({action})" for _, code, action, _ in seen.iter_rows())
        items = load([*map(str, against)]).items
        texts = {one.place: one.texts for one in items}
        told = ", ".join(f"{what} {n}" for what, n in sorted(counts.items())) or "nothing"
        print(f"{name:26}{len(lines):>8,}{len(items):>8,}  {told}")
        for line, code, action, value in seen.iter_rows():
            item = texts[value.partition(", ")[0]]
            out.append(
                json.dumps(
                    {"pair": name, "code": code, "action": action, "value": value,
                     "row": lines.get(line), "item": item},
                    ensure_ascii=False,
                )
            )  # fmt: skip
    if hits:
        hits.write_text("\n".join(out) + "\n", "utf-8")


# --- cost ---------------------------------------------------------------------------------------


def cost(folder: Path) -> None:
    """CPU seconds of `curate clean --pack default` over Alpaca, without items and with 15,477."""
    seconds = {}
    for name, options in (("without", []), ("with", ["--against", str(folder / "items.jsonl")])):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = str(folder / f"run-{name}")
        command = [sys.executable, "-m", "curate", "clean", str(ALPACA), "-o", out, "--quiet"]
        subprocess.run([*command, *options], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds[name] = sum(after[:2]) - sum(before[:2])
    print(
        f"\nclean --pack default, 52,002 rows: {seconds['without']:.2f} CPU-s, with --against "
        f"{seconds['with']:.2f}: {seconds['with'] - seconds['without']:+.2f}"
    )


def main() -> None:
    """Plant, count, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=200)
    parser.add_argument("--hits", type=Path, help="write what is found in untouched rows here")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        recall(folder, given.plants)
        alarms(folder, given.hits)
        cost(folder)


if __name__ == "__main__":
    main()
