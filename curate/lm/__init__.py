"""A second opinion on answers, from a small causal language model that the user names.

    language_model(name) -> CausalModel     its folder, a .gguf file, or its name on the hub
    CausalModel.opinions(exchanges)         float64 (n, 3): see `FIGURES`

`--lm` (`Settings.lm`) names the one of a run; by default there is none, and the signal that asks it
(`curate.signals.second_opinion`) abstains.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from curate.lm.causal import CausalModel

NONE = "none"
# What is measured of an answer, a column each: its mean loss after nothing and after what was
# asked (nats a token; NaN where nothing was), and its curvature (NaN where it can't be told).
FIGURES = ("alone", "asked", "curvature")


class Exchange(NamedTuple):
    """An answer and the turns before it.

    Attributes:
        turns: role and text of each turn that the answer follows.
        answer: the text that is judged.
    """

    turns: tuple[tuple[str, str], ...]
    answer: str


@lru_cache(maxsize=1)  # batches of one run share it
def language_model(name: str) -> CausalModel | None:
    """The model of this name; None for `none`.

    Raises:
        MissingExtra: torch or transformers isn't installed.
        UsageError: a folder or file that holds no causal language model, or a name that can't be
            had.
    """
    if name == NONE:
        return None
    from curate.lm.load import load

    return load(name)
