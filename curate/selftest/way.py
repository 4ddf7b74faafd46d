"""What a way of planting a fault is, and what it is given to work with.

A way takes a draft, the generator of everything that is drawn, and the rows that lend texts. It
spoils the draft and says what it did; None means that this row can't bear it, and another is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from curate.selftest.host import Draft

    Way = Callable[[Draft, random.Random, "Pool"], str | None]


class Pool(Protocol):
    """The rows that lend texts."""

    def lend(self, draft: Draft, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of another row, which is noted in the draft."""

    def label(self, answer: str, rng: random.Random) -> str | None:
        """Another label than this answer; None where the rows have none."""

    def item(self, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of an evaluation item; None where there are none."""
