"""Plants faults in copies of the rows: which fault in which row, all of it drawn from one seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from curate import formats, read
from curate.read import Record
from curate.selftest.broken import TURNED
from curate.selftest.classes import KINDS, Kind
from curate.selftest.host import Draft, Host, open_host
from curate.selftest.texts import length
from curate.selftest.ways import INSERTED, LAST, RECORDS, ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.config import Settings
    from curate.selftest.measure import Seen
    from curate.selftest.way import Way

# More would change what the untouched rows are compared with: their language, their lengths.
SHARE = 0.25
MAX_ROUNDS = 8
TRIES = 300  # rows that are asked whether they can bear a way before it is given up
LENT = 600  # characters of a text that is lent to another row
LABEL_WORDS, LABEL_ROWS, LABEL_SHARE, MAX_LABELS = 6, 5, 0.8, 300


# In these the question is none any more, stays as it is, or is to be what another asks.
_KEEP_ASKS = INSERTED | RECORDS | TURNED.keys()


class Planted(NamedTuple):
    """One planted fault.

    Attributes:
        kind: its class.
        row: the row it is planted in, or that it is a copy of; a position among the rows.
        raw: the record with the fault.
        what: what was done, or the text that was put in.
        inserted: it is a row beside the others; else it stands in the place of the row.
        lenders: rows whose text was used.
    """

    kind: str
    row: int
    raw: bytes
    what: str
    inserted: bool
    lenders: tuple[int, ...] = ()


@dataclass
class Round:
    """One copy of the rows, with faults in some of them.

    Attributes:
        planted: the faults, in the order they were planted.
        used: rows in which, or beside which, there is one.
        asks: questions that were put in.
    """

    planted: list[Planted] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    asks: set[str] = field(default_factory=set)

    def records(self, rows: Sequence[Record], rng: random.Random) -> tuple[list[Record], list[int]]:
        """The copy, and for each of its records the row it is, or -1 - the fault that it is.

        A copy of a row stands anywhere, before its original too.
        """
        instead = {one.row: at for at, one in enumerate(self.planted) if not one.inserted}
        beside: dict[int, list[int]] = {}
        for at, one in enumerate(self.planted):
            if one.inserted:
                beside.setdefault(rng.randrange(len(rows)), []).append(at)
        order: list[int] = []
        for row in range(len(rows)):
            order.append(-1 - instead[row] if row in instead else row)
            order += [-1 - at for at in beside.get(row, ())]
        return [rows[at] if at >= 0 else self._record(rows, -1 - at) for at in order], order

    def _record(self, rows: Sequence[Record], at: int) -> Record:
        one = self.planted[at]
        return Record(rows[one.row].source, rows[one.row].line, one.raw)


@dataclass
class Planter:
    """Chooses rows and spoils them.

    Attributes:
        rows: the records, untouched.
        seen: what the rules say of each of them as it is.
        settings: how they are read; the seed.
        typed: whether the file type declares types, so that no value can have a wrong one.
        masked: rules whose finds are not to be shown.
        items: question and answer of evaluation items.
    """

    rows: Sequence[Record]
    seen: Sequence[Seen]
    settings: Settings
    typed: bool
    masked: frozenset[str]
    items: Sequence[tuple[str, str]] = ()

    @cached_property
    def hosts(self) -> dict[int, Host]:
        """The rows that are right as far as the rules can tell, by position.

        None that is like another: with a fault in it, the other would differ from it.
        """
        found = {}
        for row, seen in enumerate(self.seen):
            if seen.kept and not seen.twin and not self.masked.intersection(seen.codes):
                host = open_host(self.rows[row].raw, self.settings)
                if host is not None:
                    found[row] = host
        return found

    @cached_property
    def labels(self) -> list[str]:
        """The answers that are labels: short, few, and of nearly all rows; none in other data."""
        hosts = self.hosts.values()
        counts = Counter(Draft(one, one.exchanges[-1]).answer.strip() for one in hosts)
        labels = sorted(
            text
            for text, count in counts.items()
            if text and count >= LABEL_ROWS and length(text) <= LABEL_WORDS
        )
        labelled = sum(counts[text] for text in labels)
        enough = labelled >= LABEL_SHARE * len(hosts)
        return labels if enough and 1 < len(labels) <= MAX_LABELS else []

    @cached_property
    def asks(self) -> frozenset[str]:
        """What the rows ask."""
        drafts = (Draft(one, each) for one in self.hosts.values() for each in one.exchanges)
        return frozenset(key_of(draft.ask) for draft in drafts)

    # what the ways ask for

    def lend(self, draft: Draft, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of another row, short enough to be put into one."""
        for _ in range(20):
            row = rng.choice(self._order)
            other = Draft(self.hosts[row], self.hosts[row].exchanges[0])
            texts = other.ask.strip(), other.answer.strip()
            if other.host is not draft.host and all(0 < len(text) <= LENT for text in texts):
                draft.lenders.append(row)
                return texts
        return None

    @cached_property
    def _order(self) -> list[int]:
        return list(self.hosts)

    def label(self, answer: str, rng: random.Random) -> str | None:
        """Another label than this answer."""
        others = [one for one in self.labels if one != answer.strip()]
        return rng.choice(others) if len(others) < len(self.labels) else None

    def item(self, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of an evaluation item."""
        return rng.choice(self.items) if self.items else None

    # planting

    def why_not(self, kind: Kind) -> str | None:
        """Why a class can't be planted in rows like these; None if it can."""
        if kind.name in RECORDS and self.typed:
            return "the file type itself keeps records whole and of one type"
        if kind.name in TURNED and not any(
            Draft(one, one.exchanges[0]).turns for one in self.hosts.values()
        ):
            return "no row has its whole conversation in one list of turns"
        if kind.name == "label-flip" and not self.labels:
            return "the answers are no labels"
        if kind.name == "contamination" and not self.items:
            return "no evaluation items are named (--against)"
        return None if self.hosts else "no row is right and has a question with an answer"

    def rounds(self, kinds: Sequence[Kind], count: int) -> tuple[list[Round], int]:
        """Copies of the rows with `count` faults a class; fewer where the rows are too few.

        Returns:
            the copies, and the faults a class that they have room for.
        """
        room = max(int(SHARE * len(self.rows)), 1)
        wanted = min(ceil(count * len(kinds) / room), MAX_ROUNDS)
        made = [Round() for _ in range(max(wanted, 1))]
        count = max(min(count, room * len(made) // max(len(kinds), 1)), 1)
        plots = [_Plot(self, kind) for kind in kinds]
        for turn in range(count * len(plots)):
            number, at = divmod(turn, len(plots))
            plots[at].plant(number, made[(number + at) % len(made)])
        return made, count


class _Plot:
    """Where one class is planted: its ways and its rows, each in a drawn order."""

    def __init__(self, planter: Planter, kind: Kind) -> None:
        self.planter, self.kind = planter, kind
        self.ways = list(ways(kind.name))
        rng = self._rng("order")
        rng.shuffle(self.ways)
        seen = planter.seen
        self.rows = [row for row in planter.hosts if not any(map(kind.answers, seen[row].codes))]
        rng.shuffle(self.rows)

    def _rng(self, what: str) -> random.Random:
        """Its own generator for each fault: one class more changes nothing in the others."""
        seed = f"{self.planter.settings.seed}/{self.kind.name}/{what}"
        return random.Random(seed)  # noqa: S311 - no secret hangs on it

    def plant(self, number: int, into: Round) -> None:
        """Plant one fault, in the next way that a row can bear."""
        rng = self._rng(str(number))
        for way in list(self.ways):
            self.ways.remove(way)
            done = self._drafted(way, into, rng)
            if done is None:
                continue  # no row can bear it; it is not asked again
            self.ways.append(way)
            row, draft, what = done
            if not self._is_asked(draft, into):
                self._add(into, row, draft, what)
                return

    def _drafted(self, way: Way, into: Round, rng: random.Random) -> tuple[int, Draft, str] | None:
        """The first row that can bear the way, and the draft with the fault in it."""
        free = (row for row in self.rows if row not in into.used)
        for row in islice(free, TRIES):
            draft = Draft.of(self.planter.hosts[row], rng, last=self.kind.name in LAST)
            what = way(draft, rng, self.planter)
            if what is not None:
                return row, draft, what
        return None

    def _is_asked(self, draft: Draft, into: Round) -> bool:
        """Whether its new question is one that another row asks: they would be copies, too."""
        if draft.raw is not None or self.kind.name in _KEEP_ASKS:
            return False
        ask = key_of(draft.ask)
        if not ask or ask == key_of(Draft(draft.host, draft.exchange).ask):
            return False
        if ask in into.asks or ask in self.planter.asks:
            return True
        into.asks.add(ask)
        return False

    def _add(self, into: Round, row: int, draft: Draft, what: str) -> None:
        self.rows.remove(row)
        self.rows.append(row)
        raw = draft.raw
        if raw is None:
            named = self.planter.settings.map
            record = draft.record
            if named:
                record = formats.undo_map(record, named, read.parse(self.planter.rows[row].raw))
            raw = read.dump(record)
        if self.kind.name == "exact" and read.dump(draft.host.record) == raw:
            raw = self.planter.rows[row].raw
        inserted = self.kind.name in INSERTED
        into.planted.append(Planted(self.kind.name, row, raw, what, inserted, tuple(draft.lenders)))
        into.used.add(row)


def key_of(text: str) -> str:
    """A question without case and white space, to tell whether it is asked again."""
    return " ".join(text.casefold().split())


def wanted(names: Sequence[str]) -> list[Kind]:
    """The classes of these names; all if there are none."""
    return [kind for name, kind in KINDS.items() if not names or name in names]
