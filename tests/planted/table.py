"""Prints what is found of each planted class, in each format.

    python -m tests.planted.table [SEED ...]

Each seed makes a file a format with the known wordings and one with the held-out ones, 8 rows a
class. A cell is found / planted.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.planted.expected import BAR
from tests.planted.generate import ALPACA, CHAT, CHAT_FURTHER, FURTHER, LINES, generate
from tests.planted.measure import clean, found, outcomes, right_lines

HERE = Path(__file__).resolve().parent
WORDS: dict[str, dict[str, Path]] = {
    "known": {},
    "held-out": {
        "wordings": HERE / "held_out.yaml",
        "negatives": HERE / "held_out_negatives.yaml",
    },
}


def main() -> None:
    """Print the table and the number of right rows that were called wrong."""
    seeds = [int(one) for one in sys.argv[1:]] or [7]
    columns = [(words, form) for words in WORDS for form in LINES]
    hits: dict[str, Counter[tuple[str, str]]] = {}
    planted: dict[str, Counter[tuple[str, str]]] = {}
    alarms = rows = 0
    for words, form in columns:
        for seed in seeds:
            bar, further = (ALPACA, FURTHER) if form == "alpaca" else (CHAT, CHAT_FURTHER)
            file = generate(form, seed, defects=bar + further, **WORDS[words])
            with tempfile.TemporaryDirectory() as folder:
                path = file.write(Path(folder) / "planted.jsonl")
                done = clean(path, Path(folder) / "run")
                if done.code:
                    sys.exit(done.stderr)
                seen = outcomes(Path(folder) / "run")
            right = right_lines(file)
            rows += len(right)
            alarms += sum(seen[line].alarm for line in right)
            for defect, one in found(file, seen).items():
                hits.setdefault(defect, Counter())[words, form] += sum(one)
                planted.setdefault(defect, Counter())[words, form] += len(one)
    head = ["class", "bar of 8", *(f"{words} {form}" for words, form in columns)]
    lines = [head, ["---"] * len(head)]
    for defect in dict.fromkeys((*BAR, *FURTHER)):
        cells = [(hits[defect][column], planted[defect][column]) for column in columns]
        shown = [f"{hit}/{all_}" if all_ else "" for hit, all_ in cells]
        lines.append([defect, str(BAR.get(defect, "")), *shown])
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text += f"\n\n{alarms} of {rows} right rows were dropped, quarantined or called an error.\n"
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
