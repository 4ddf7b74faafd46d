"""Splits of real sets: rows that stay together, sizes, CPU, memory, and how time grows.

    python tests/bench/split.py [--grow 50000 100000 200000]

Every set is split 80 / 10 / 10 in a process of its own; beside it stands what a plain draw by row
would leak: rows of eval and test that are linked with a row of train. Then the file of
`near_duplicates.py` (invented words, planted near-copies) at several sizes.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SETS = {
    "Alpaca": "01_alpaca/stanford_alpaca_52k/alpaca_data.json",
    "Dolly": "02_human_instructions/dolly_3k/dolly_3k.json",
    "GPTeacher": "05_near_dup/gpteacher_thresholds/toolformer-dedupe-only-dataset.json",
    "P3": "02_human_instructions/t0_p3_templates",
    "LLaMA-Factory": "06_chat/llamafactory_demos",
}


def measure(path: str) -> None:
    """Split in this process; print what came out as JSON."""
    import polars as pl

    import curate

    with TemporaryDirectory() as name:
        before = process_time()
        told = curate.split(path, Path(name) / "out", eval=0.1, test=0.1)
        seconds = process_time() - before
        rows = pl.read_parquet(Path(name) / "out" / "rows.parquet")
    lots = random.Random(0)  # noqa: S311  # no secret
    drawn = [lots.random() < 0.2 for _ in range(rows.height)]  # eval and test
    plain = rows.with_columns(pl.Series("drawn", drawn))
    train = set(plain.filter(~pl.col("drawn"))["cluster"])
    leaked = plain.filter(pl.col("drawn") & pl.col("cluster").is_in(train)).height
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    made = {"seconds": seconds, "peak": peak, "leaked": leaked, "drawn": sum(drawn)}
    shares = [one["share"] for one in told["splits"].values()]
    print(json.dumps(made | told["clusters"] | {"records": told["records"], "shares": shares}))


def report(name: str, path: Path) -> float:
    """Measure in a process of its own, print a line, and give the CPU seconds."""
    command = [sys.executable, __file__, "--measure", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made = json.loads(done.stdout)
    links = ", ".join(f"{kind} {count:,}" for kind, count in made["links"].items() if count)
    print(
        f"{name:14}{made['records']:>8,} rows  {'/'.join(f'{s:.2%}' for s in made['shares'])}  "
        f"{made['rows_in_these']:,} in {made['of_several_rows']:,} clusters, largest "
        f"{made['largest']['rows']:,} ({links or 'no links'})  a plain draw leaks "
        f"{made['leaked'] / made['drawn']:.2%}  {made['seconds']:.2f} CPU-s {made['peak']:.0f} MB",
        flush=True,
    )
    return float(made["seconds"])


def main() -> None:
    """Split, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grow", type=int, nargs="*", default=[50_000, 100_000, 200_000])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    for name, path in SETS.items():
        report(name, DATA / path)
    seconds = []
    with TemporaryDirectory() as folder:
        for rows in given.grow:
            path = Path(folder) / f"{rows}.jsonl"
            maker = Path(__file__).with_name("near_duplicates.py")
            command = [sys.executable, str(maker), "--write", str(rows), "--file", str(path)]
            subprocess.run(command, check=True)
            seconds.append(report("invented", path))
    if len(given.grow) > 1:
        power = log(seconds[-1] / seconds[0]) / log(given.grow[-1] / given.grow[0])
        print(f"time grows with the rows to the power of {power:.2f}")


if __name__ == "__main__":
    main()
