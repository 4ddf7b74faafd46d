"""Scores are facts: what the wanted signals measure, and what the rules' patterns find."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.config import Settings
from curate.policy import match
from curate.registry import Signal, plan
from curate.row import BASE_SCHEMA
from curate.run.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from curate.policy.rule import Rule

STORED_BASE = ("id", "source", "line", "format")
# Columns that go to a file when they are long: most of what a run over many rows would hold.
SPOOLED = ("prompt_words", "response_words")


@dataclass(frozen=True)
class Plan:
    """The signals of a run, split at the point from which all rows are needed at once.

    Attributes:
        row: signals that are measured batch by batch.
        corpus: signals that are measured when every batch is in.
        carried: columns that a batch leaves behind; texts are not among them unless a corpus
            signal needs them.
        stored: columns of the finished scores.
        base: columns that batches have to start with, but for those that patterns look at.
    """

    row: tuple[Signal, ...]
    corpus: tuple[Signal, ...]
    carried: tuple[str, ...]
    stored: tuple[str, ...]
    base: frozenset[str]


def make_plan(columns: Iterable[str]) -> Plan:
    """Which signals to run, and when, so that these columns are there in the end."""
    order = plan(columns)
    late: dict[str, Signal] = {}
    for signal in order:
        makes_late = {column for one in late.values() for column in one.columns}
        if signal.scope == "corpus" or makes_late.intersection(signal.needs):
            late[signal.name] = signal
    early = tuple(signal for signal in order if signal.name not in late)
    needed_late = {name for signal in late.values() for name in signal.needs}
    kept = [name for one in early for name in one.columns if not one.transient]
    passing = [name for one in early for name in one.columns if one.transient]
    passing += [name for name in BASE_SCHEMA if name not in STORED_BASE]
    carried = (*STORED_BASE, *kept, *(name for name in passing if name in needed_late))
    stored = [name for one in order for name in one.columns if not one.transient]
    base = BASE_SCHEMA.keys() & {*STORED_BASE, *(name for one in order for name in one.needs)}
    return Plan(early, tuple(late.values()), carried, (*STORED_BASE, *stored), frozenset(base))


@dataclass
class Scorer:
    """Scores batch after batch, then the corpus; holds no text that no corpus signal needs.

    Attributes:
        plan: what to measure.
        rules: whose patterns to look for.
        settings: those of the run.
        folder: where a file may lie for what is too long for memory; none without.
        height: how many rows were added.
        sketches: of a run that adds its rows to an index.
    """

    plan: Plan
    rules: Mapping[str, Rule]
    settings: Settings = field(default_factory=Settings)
    folder: Path | None = None
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _matches: list[pl.DataFrame] = field(default_factory=list)
    _spools: dict[str, Spool] = field(default_factory=dict)
    height: int = 0
    sketches: pl.DataFrame | None = None

    @property
    def base(self) -> frozenset[str]:
        """The columns that a batch has to start with."""
        looks = any(rule.match for rule in self.rules.values())
        return frozenset(BASE_SCHEMA) if looks else self.plan.base

    def add(self, frame: pl.DataFrame) -> None:
        """Score one batch of rows, laid out by `curate.row.to_frame` with the columns `base`."""
        self._matches.append(match.match(frame, self.rules.values(), self.height))
        for signal in self.plan.row:
            frame = frame.hstack(signal(frame, self.settings))
        left = frame.select(self.plan.carried)
        for name in set(SPOOLED).intersection(left.columns):
            self._spools.setdefault(name, Spool(self.folder)).add(left.drop_in_place(name))
        self._frames.append(left)
        self.height += frame.height

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The scores, a row a record, and the matches (`curate.policy.match.SCHEMA`)."""
        frame = _joined(self._frames)
        spooled = [self._spools.pop(name).column().alias(name) for name in [*self._spools]]
        frame = frame.hstack(spooled).with_columns(unique_ids(frame["id"]))
        if self.settings.index is not None:
            from curate.dedup.index import COLUMNS

            self.sketches = frame.select(name for name in COLUMNS if name in frame.columns)
        for signal in self.plan.corpus:
            frame = frame.hstack(signal(frame, self.settings))
        return frame.select(self.plan.stored), pl.concat(self._matches)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """All batches as one frame of whole columns; `frames` is emptied.

    Column by column, and each batch's part is let go: else all of it would be there twice, and
    again with every signal that meets columns in parts.
    """
    first = frames[0].clear()
    columns = []
    for name in first.columns:
        parts = [first[name], *(frame.drop_in_place(name) for frame in frames)]
        columns.append(pl.concat(parts, rechunk=True))
    frames.clear()
    return pl.DataFrame(columns)


def unique_ids(ids: pl.Series) -> pl.Series:
    """Number the repeats of an id: `a`, `a-2`, `a-3`, so that equal records can be told apart."""
    keys = ids.hash().to_numpy()
    ordered = np.sort(keys)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return ids
    # Only what may be there again is looked at: the ids of 10 million rows are unlike each other.
    rows = np.flatnonzero(again[np.minimum(np.searchsorted(again, keys), len(again) - 1)] == keys)
    repeat = pl.int_range(1, pl.len() + 1).over("id")
    numbered = pl.when(repeat == 1).then("id").otherwise(pl.format("{}-{}", "id", repeat))
    made = ids.gather(rows).to_frame("id").select(numbered.alias("id")).to_series()
    return ids.scatter(rows, made)
