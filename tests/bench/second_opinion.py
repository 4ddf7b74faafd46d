"""What a language model's opinions say: `python -m tests.bench.second_opinion MODEL [--rows N]`.

Answers of other questions found by `ifd` in Dolly and Alpaca, and LLM's texts told from people's by
curvature and perplexity; N rows (1,000; 100 at least) of each set. The figures of the page
docs/second-opinion.md are of SmolLM2-135M-Instruct over all of Dolly and 4,000 rows of Alpaca.
"""

from __future__ import annotations

import argparse
import json
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from curate.lm import Exchange, language_model
from tests.bench import quality
from tests.bench.doubts import DATA, OPEN, auroc, precision, swapped

if TYPE_CHECKING:
    from curate.lm.causal import CausalModel

LEAST = 100  # rows: answers are swapped within groups of about as many


def swaps(model: CausalModel, rows: int) -> None:
    """A tenth of the answers swapped, at random or within groups."""
    for name, path in OPEN.items():
        records = json.loads((DATA / path).read_bytes())[:rows]
        for near in (False, True):
            made, wrong = swapped(records, near=near)
            asked = ["\n\n".join(filter(None, (one["instruction"], one["input"]))) for one in made]
            pairs = zip(asked, made, strict=True)
            before = perf_counter()
            alone, after, _ = model.opinions(
                [Exchange((("user", text),), one["output"]) for text, one in pairs]
            ).T
            spent = perf_counter() - before
            ifd = np.nan_to_num(after / alone)
            hit = ifd >= 1
            print(
                f"{name}, {len(made):,} rows{', within groups' if near else ''}: ifd AUROC "
                f"{auroc(-ifd, wrong):.3f}, average precision {precision(-ifd, wrong):.3f}; the "
                f"rule's precision {wrong[hit].mean():.2f}, recall {hit[wrong].mean():.2f}; "
                f"{spent:.1f} s"
            )


def origins(model: CausalModel, rows: int) -> None:
    """LLM's texts beside people's."""
    lots = np.random.default_rng(0)
    for name, found in quality.five().items():
        drawn = lots.permutation(len(found.texts))[:rows]
        alone, _, curvature = model.opinions([Exchange((), found.texts[at]) for at in drawn]).T
        llm = found.llm[drawn]
        print(
            f"{name}, {len(drawn):,} texts: AUROC of curvature {auroc(-curvature, llm):.3f}, of a "
            f"low perplexity {auroc(alone, llm):.3f}"
        )


def main() -> None:
    """Both, with the model that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="its folder, a .gguf file, or its name on the hub")
    parser.add_argument("--rows", type=int, default=1000, help="of each set")
    asked = parser.parse_args()
    model = language_model(asked.model)
    if model is None or asked.rows < LEAST:
        parser.error(f"name a language model, and {LEAST} rows or more")
    swaps(model, asked.rows)
    origins(model, asked.rows)


if __name__ == "__main__":
    main()
