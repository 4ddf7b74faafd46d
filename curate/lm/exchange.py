"""What a language model is asked about, and what it says of it."""

from __future__ import annotations

from typing import NamedTuple

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
