"""What each prompt and each answer means, as a vector: embedded once, for every signal that asks.

Signals that read these columns turn them into an array with `curate.embed.matrix`. They abstain
where a vector is null: the text says nothing, or `--embedder none` asked for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curate.embed import column, embedder
from curate.registry import signal

if TYPE_CHECKING:
    from curate.config import Settings


@signal(
    columns={
        "prompt_vector": "the user's turns as a unit vector; null where they say nothing",
        "response_vector": "the assistant's turns as a unit vector; null where they say nothing",
    },
    needs=("prompt", "response"),
    transient=True,
    settings=("embedder",),
)
def vectors(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Embed both texts with the embedder of the settings: 1 KB a text in 256 dimensions."""
    model = embedder(settings.embedder)
    return pl.DataFrame(
        [
            column("prompt_vector", frame["prompt"], model),
            column("response_vector", frame["response"], model),
        ]
    )
