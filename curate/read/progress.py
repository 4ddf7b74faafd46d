"""Reading all that was named, and telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curate.read.record import Record
    from curate.read.source import Source

# Called with stage, done and total (bytes or rows; None where nobody knows) as the work goes on.
Tick = Callable[[str, int, int | None], None]


def no_tick(_stage: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


_listening: ContextVar[Tick] = ContextVar("listening", default=no_tick)


@contextmanager
def listening(tick: Tick) -> Iterator[None]:
    """While the block runs, what is far from any command tells this tick: see `listener`."""
    before = _listening.set(tick)
    try:
        yield
    finally:
        _listening.reset(before)


def listener() -> Tick:
    """Whom a signal that takes minutes can tell how far it is."""
    return _listening.get()


def read_all(sources: Sequence[Source], tick: Tick) -> Iterator[Record]:
    """The records of all sources, in order, telling how many bytes were read."""
    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    before = 0
    for source in sources:
        for record in source:
            yield record
            tick("read", before + source.position, total)
        before += source.position
