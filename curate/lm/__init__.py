"""A second opinion on answers, from a small causal language model that the user names.

    language_model(name) -> CausalModel     its folder, a .gguf file, or its name on the hub
    CausalModel.opinions(exchanges)         float64 (n, 3): see `FIGURES`

`--lm` (`Settings.lm`) names the one of a run; by default there is none, and the signal that asks it
(`curate.signals.second_opinion`) abstains.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from curate.lm.exchange import FIGURES, Exchange

if TYPE_CHECKING:
    from curate.lm.causal import CausalModel

__all__ = ["FIGURES", "NONE", "Exchange", "language_model"]

NONE = "none"


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
