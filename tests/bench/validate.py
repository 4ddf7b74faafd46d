"""How fast a row is validated: `python tests/bench/validate.py [FILE...]`.

The promise: from a row's bytes to its messages (JSON, twice-named keys, format, every field and
turn) at no less than 60 % of the speed of pydantic's own `validate_json` with the same model,
which does no more than parse and check. Medians of paired runs, so that a busy machine slows both.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from time import process_time

import orjson
from pydantic import TypeAdapter

from curate.formats import detect, formats, load
from curate.read import parse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = (
    DATA / "01_alpaca/stanford_alpaca_52k/alpaca_data.json",
    DATA / "01_alpaca/chatgpt_scored_1k/filtered_alpaca_1k_score.json",
    DATA / "06_chat/llamafactory_demos/glaive_toolcall_en_demo.json",
)
RUNS = 9
ROWS = 20_000  # at least so many a run, small files several times over


def seconds(step, rows) -> float:
    """CPU seconds of one run over all rows."""
    start = process_time()
    for row in rows:
        step(row)
    return process_time() - start


def ours(raw: bytes) -> None:
    """From bytes to messages."""
    load(parse(raw)).messages()


def main(paths) -> None:
    """A line a file: microseconds a row of both, and the ratio of their speeds."""
    for path in paths:
        records = orjson.loads(Path(path).read_bytes())
        rows = [orjson.dumps(record) for record in records] * -(-ROWS // len(records))
        plain = TypeAdapter(formats()[detect(records[0])]).validate_json
        pairs = [(seconds(plain, rows), seconds(ours, rows)) for _ in range(RUNS)]
        base, full = (median(times) * 1e6 / len(rows) for times in zip(*pairs, strict=True))
        ratio = median(a / b for a, b in pairs)
        print(f"{Path(path).name}: pydantic {base:.2f} µs, curate {full:.2f} µs, {ratio:.0%}")


if __name__ == "__main__":
    main(sys.argv[1:] or FILES)
