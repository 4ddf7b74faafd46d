"""How fast a whole run is: `python tests/bench/clean.py [--peer PYTHON] [FILE]`.

One table, all measured in the same call, each row a process of its own: CPU seconds, wall seconds,
peak memory, rows a second and the ratio to `json.load` of the same file, which says how fast the
machine is just now. Medians over RUNS. Then the share of each stage of one more run, measured in
this process: they add up to the whole run.

With `--peer`, the interpreter of an environment in which `py-data-juicer` is installed: the
operators nearest to ours and its MinHash run once on the same rows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ALPACA = DATA / "01_alpaca/stanford_alpaca_52k/alpaca_data.json"
RUNS = 3

PEER = """
project_name: bench
dataset_path: {source}
export_path: {target}
np: 1
text_keys: text
use_cache: false
open_tracer: false
process:
  - fix_unicode_mapper:
  - clean_email_mapper:
  - clean_ip_mapper:
  - text_length_filter: {{min_len: 1, max_len: 100000}}
  - alphanumeric_filter: {{tokenization: false, min_ratio: 0.1}}
  - special_characters_filter: {{max_ratio: 0.8}}
  - character_repetition_filter: {{rep_len: 10, max_ratio: 0.6}}
  - word_repetition_filter: {{tokenization: false, rep_len: 10, max_ratio: 0.6}}
  - maximum_line_length_filter: {{max_len: 100000}}
  - document_minhash_deduplicator:
      {{tokenization: space, window_size: 3, num_permutations: 128, jaccard_threshold: 0.8}}
"""


class Cost(NamedTuple):
    """What one process took: seconds, seconds, MB."""

    cpu: float
    wall: float
    peak: float


def cost(command: list[str], **options) -> Cost:
    """Run a command to its end and measure it and its children."""
    start = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, **options) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, perf_counter() - start, used.ru_maxrss / 1024)


def middle(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(values) for values in zip(*costs, strict=True)))


def ours(file: Path, folder: Path) -> list[str]:
    """The command under test: all rules but those that want an embedding."""
    command = [sys.executable, "-m", "curate", "clean", str(file), "-o", str(folder)]
    return [*command, "-q", "--force", "--embedder", "none", "--no-cache"]


def peer(python: str, file: Path, folder: Path) -> Cost:
    """data-juicer on the same rows, as one text each."""
    source = folder / "rows.jsonl"
    with source.open("wb") as out:
        for row in records(file):
            text = "\n".join(value for value in row.values() if isinstance(value, str))
            out.write(orjson.dumps(row | {"text": text}) + b"\n")
    config = folder / "config.yaml"
    config.write_text(PEER.format(source=source, target=folder / "peer" / "out.jsonl"))
    main = "from data_juicer.tools.process_data import main; main()"
    command = [python, "-c", main, "--config", str(config)]
    return cost(command, cwd=folder, stderr=subprocess.DEVNULL)


def records(file: Path) -> list[dict]:
    """The rows of the file."""
    data = file.read_bytes()
    return orjson.loads(data) if data[:1] == b"[" else [orjson.loads(x) for x in data.splitlines()]


def stages(file: Path, folder: Path) -> dict[str, float]:
    """CPU seconds a stage of one run in this process; together they are all that it took."""
    spent: defaultdict[str, float] = defaultdict(float)
    inner: list[float] = []  # what timed calls within the present one took

    def timed(name: str, step: Callable) -> Callable:
        def wrapped(*args, **options):
            start = process_time()
            inner.append(0.0)
            try:
                return step(*args, **options)
            finally:
                took = process_time() - start
                spent[name] += took - inner.pop()
                if inner:
                    inner[-1] += took

        return wrapped

    def load():
        from curate import pipeline, report, score
        from curate.registry import signals

        signals()
        return pipeline, report, score

    pipeline, report, score = timed("import", load)()
    for module, function, name in (
        (pipeline, "clean", "all else"),
        (pipeline, "chosen_rules", "load rules"),
        (pipeline, "measure", "read, validate, keep the bytes"),
        (pipeline, "to_frame", "lay out"),
        (score.match, "match", "patterns of all rules"),
        (score.Scorer, "add", "join batches"),
        (score.Scorer, "finish", "join batches"),
        (pipeline, "write_facts", "write"),
        (pipeline, "settle", "write"),
        (pipeline, "decide", "decide"),
        (report, "build", "report"),
        (report, "write", "report"),
    ):
        setattr(module, function, timed(name, getattr(module, function)))
    call = score.Signal.__call__
    score.Signal.__call__ = lambda one, *args: timed(f"signal {one.name}", call)(one, *args)
    from curate.config import Settings

    pipeline.clean(str(file), folder, Settings(embedder="none"))
    return dict(spent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", type=Path, default=ALPACA)
    parser.add_argument("--peer", help="a python that has py-data-juicer")
    parser.add_argument("--runs", type=int, default=RUNS, help="the medians are over so many")
    asked = parser.parse_args()
    rows = len(records(asked.file))
    load = [sys.executable, "-c", f"import json; json.load(open({str(asked.file)!r}))"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        costs = {
            "json.load": middle([cost(load) for _ in range(asked.runs)]),
            "curate clean": middle(
                [cost(ours(asked.file, folder / "run")) for _ in range(asked.runs)]
            ),
        }
        if asked.peer:
            costs["data-juicer"] = peer(asked.peer, asked.file, folder)
    base = costs["json.load"].cpu
    print(f"{rows:,} rows\n{'':14}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'rows/s':>9}{'x json':>8}")
    for name, one in costs.items():
        print(
            f"{name:14}{one.cpu:8.2f}{one.wall:8.2f}{one.peak:7.0f}"
            f"{rows / one.cpu:9,.0f}{one.cpu / base:8.1f}"
        )
    with tempfile.TemporaryDirectory() as temporary:
        spent = stages(asked.file, Path(temporary) / "run")
    whole = sum(spent.values())
    print(f"\n{'stage':32}{'CPU s':>7}{'share':>7}")
    for name, seconds in sorted(spent.items(), key=lambda one: -one[1]):
        print(f"{name:32}{seconds:7.2f}{seconds / whole:7.1%}")
    print(f"{'whole':32}{whole:7.2f}")


if __name__ == "__main__":
    main()
