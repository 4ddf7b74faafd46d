"""The self-test: look at the rows as they are, plant faults in copies of them, look again."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curate.errors import UsageError, did_you_mean
from curate.policy.choose import chosen_rules
from curate.read import open_sources
from curate.read.progress import no_tick, read_all
from curate.run.resolve import resolved
from curate.selftest.classes import KINDS, Kind
from curate.selftest.measure import Seen, look
from curate.selftest.plant import Planted, Planter, Round, wanted
from curate.selftest.result import Alarm, Alarms, ClassResult, Missed, Result, Short, wilson
from curate.selftest.texts import length
from curate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curate.config import Settings
    from curate.policy.rule import Rule
    from curate.read import Record, Source
    from curate.read.progress import Tick

ROWS = 2000
RATE = 0.01  # of the rows, a class
FEWEST = 10  # a class; of fewer a recall says nothing
EXAMPLES = 5
ITEM_WORDS = 6  # a shorter question is asked everywhere
SHOWN = 160  # characters of an example
_TYPED = {"parquet", "arrow", "csv", "tsv", "hub"}


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        rows: how many to use; more are drawn from.
        rate: faults a class, as a share of the rows.
        per_class: faults a class, in place of the rate.
        classes: names of classes; all if there are none.
        bars: class -> least recall; "" is the bar of all others.
    """

    rows: int = ROWS
    rate: float = RATE
    per_class: int | None = None
    classes: tuple[str, ...] = ()
    bars: Mapping[str, float] = field(default_factory=dict)

    def count(self, rows: int) -> int:
        """Faults a class in so many rows."""
        return self.per_class or max(round(self.rate * rows), FEWEST)


def selftest(inputs: Sequence[str], settings: Settings, wish: Wish, tick: Tick = no_tick) -> Result:
    """Plant faults in copies of the user's rows and count what this recipe finds.

    Args:
        inputs: what `curate.read.open_sources` takes.
        settings: the recipe, and the seed.
        wish: how many faults of which classes.
        tick: called with stage, done and total.

    Raises:
        UsageError: a class that does not exist, or settings that select nothing.
        InputError: an input that can't be read at all, or holds no valid record.
    """
    _check(wish)
    settings = resolved(settings)
    rules = chosen_rules(settings)
    sources = open_sources(list(inputs))
    rows, records = sample(read_all(sources, tick), wish.rows, settings.seed)
    seen, suspects = look(rows, rules, settings)
    planter = _planter(rows, seen, rules, settings, sources)
    kinds = wanted(wish.classes)
    plantable = [kind for kind in kinds if planter.why_not(kind) is None]
    asked = wish.count(len(rows))
    rounds, per_class = planter.rounds(plantable, asked)
    tally = _Tally(rows, seen)
    suspected = set(suspects)
    for number, one in enumerate(rounds, 1):
        suspected |= tally.add(one, rules, settings, number)
        tick("look", number * len(rows), len(rounds) * len(rows))
    classes = tuple(_class(kind, planter, tally, rules) for kind in kinds)
    return Result(
        seed=settings.seed,
        records=records,
        rows=len(rows),
        flawed=sum(bool(one.codes) for one in seen),
        pack=settings.pack,
        rules=len(rules),
        asked=asked,
        per_class=per_class,
        copies=len(rounds),
        classes=classes,
        alarms=tally.alarms(),
        suspects=tuple(sorted(suspected)),
        short=tuple(_short(classes, wish.bars)),
    )


def _planter(
    rows: Sequence[Record],
    seen: Sequence[Seen],
    rules: Mapping[str, Rule],
    settings: Settings,
    sources: Iterable[Source],
) -> Planter:
    return Planter(
        rows,
        seen,
        settings,
        typed=any(one.kind in _TYPED for one in sources),
        masked=frozenset(code for code, rule in rules.items() if rule.mask),
        items=evaluation_items(settings),
    )


def _check(wish: Wish) -> None:
    for name in (*wish.classes, *filter(None, wish.bars)):
        if name not in KINDS:
            hint = did_you_mean(name, KINDS) or f"; there are {', '.join(KINDS)}"
            raise UsageError(f"no class of faults is named {name!r}{hint}")


def sample(records: Iterable[Record], rows: int, seed: int) -> tuple[list[Record], int]:
    """So many records, drawn evenly and in their order; and how many there were."""
    rng = random.Random(f"{seed}/sample")  # noqa: S311 - no secret hangs on it
    kept: list[tuple[int, Record]] = []
    count = 0
    for count, record in enumerate(records, 1):
        if len(kept) < rows:
            kept.append((count, record))
        elif (at := rng.randrange(count)) < rows:
            kept[at] = (count, record)
    return [record for _, record in sorted(kept, key=lambda one: one[0])], count


def evaluation_items(settings: Settings) -> list[tuple[str, str]]:
    """Question and answer of the items that `--against` names; the answer may be missing."""
    from curate.dedup.against import item
    from curate.read import parse

    if not settings.against:
        return []
    made = []
    for source in open_sources(settings.against):
        for record in source:
            texts = dict(reversed(item(parse(record.raw)).texts))
            ask = texts.get("task") or texts.get("question") or texts.get("text") or ""
            if length(ask) >= ITEM_WORDS:
                made.append((ask, texts.get("answer", "")))
    return made


@dataclass
class _Tally:
    """What was found in all copies so far."""

    rows: Sequence[Record]
    before: Sequence[Seen]
    found: dict[str, list[tuple[Planted, Seen, frozenset[str]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    looked: int = 0
    raised: list[tuple[int, frozenset[str], bool]] = field(default_factory=list)

    def add(
        self, one: Round, rules: Mapping[str, Rule], settings: Settings, number: int
    ) -> set[str]:
        """Look at a copy; the rules that are suspect in it."""
        rng = random.Random(f"{settings.seed}/copy/{number}")  # noqa: S311 - no secret hangs on it
        records, order = one.records(self.rows, rng)
        seen, suspects = look(records, rules, settings)
        now = dict(zip(order, seen, strict=True))
        for at, planted in enumerate(one.planted):
            own = now[-1 - at]
            beside = now[planted.row] if planted.inserted else None
            self.found[planted.kind].append((planted, *self._together(planted, own, beside)))
        lenders = {row for planted in one.planted for row in planted.lenders}
        kept = {row for row, was in enumerate(self.before) if was.kept}
        untouched = kept - one.used - lenders
        self.looked += len(untouched)
        for row in sorted(untouched):
            was, here = self.before[row], now[row]
            new, lost = here.codes - was.codes, was.kept and not here.kept
            if new or lost:
                self.raised.append((row, new or here.drops, lost))
        return set(suspects)

    def _together(
        self, planted: Planted, own: Seen, beside: Seen | None
    ) -> tuple[Seen, frozenset[str]]:
        """What is said of a planted row; of a copy what is new of its original counts too."""
        was = self.before[planted.row]
        if beside is None:
            return own, own.codes - was.codes
        fresh = own.codes.union(beside.codes) - was.codes
        return Seen(own.codes | beside.codes, (own.drops | beside.drops) - was.drops), fresh

    def alarms(self) -> Alarms:
        """What untouched rows raised."""
        rules = Counter(code for _, codes, _ in self.raised for code in codes)
        examples = [
            Alarm(
                source=self.rows[row].source,
                line=self.rows[row].line,
                code=min(codes),
                dropped=lost,
            )
            for row, codes, lost in self.raised[:EXAMPLES]
        ]
        return Alarms(
            looked=self.looked,
            rows=len(self.raised),
            dropped=sum(lost for *_, lost in self.raised),
            rules=dict(sorted(rules.items())),
            examples=tuple(examples),
        )


def _class(kind: Kind, planter: Planter, tally: _Tally, rules: Mapping[str, Rule]) -> ClassResult:
    named: dict[str, Any] = {"name": kind.name, "group": kind.group, "what": kind.what}
    planted = tally.found.get(kind.name, [])
    covered = kind.covered(rules)
    if not planted:
        why = planter.why_not(kind) or "no row can bear it"
        return ClassResult(**named, status="not plantable", reason=why)
    dropped = flagged = 0
    codes: Counter[str] = Counter()
    missed: list[Planted] = []
    for one, seen, fresh in planted:
        right = {code for code in fresh if kind.answers(code)}
        dropped += not seen.kept
        flagged += seen.kept and bool(right)
        codes.update(right or seen.drops)
        if seen.kept and not right:
            missed.append(one)
    counts: dict[str, Any] = {
        "planted": len(planted),
        "dropped": dropped,
        "flagged": flagged,
        "rules": dict(sorted(codes.items(), key=lambda one: (-one[1], one[0]))),
    }
    if not covered:
        reason = "no rule of this recipe is made for it"
        return ClassResult(**named, **counts, status="not covered", reason=reason)
    low, high = wilson(dropped + flagged, len(planted))
    return ClassResult(
        **named,
        **counts,
        status="measured",
        missed=tuple(_missed(one, tally.rows) for one in missed[:EXAMPLES]),
        recall=(dropped + flagged) / len(planted),
        low=low,
        high=high,
    )


def _missed(one: Planted, rows: Sequence[Record]) -> Missed:
    what = " ".join(visible(one.what).split())
    shown = what if len(what) <= SHOWN else f"{what[:SHOWN]}…"
    return Missed(source=rows[one.row].source, line=rows[one.row].line, what=shown)


def _short(classes: Iterable[ClassResult], bars: Mapping[str, float]) -> Iterable[Short]:
    """The classes under their bar; one that has a bar of its own must be looked for, too."""
    for one in classes:
        bar = bars.get(one.name, bars.get("", 0.0))
        unwatched = one.status == "not covered" and bars.get(one.name, 0.0) > 0
        if unwatched or (one.recall is not None and one.recall < bar):
            yield Short(name=one.name, recall=one.recall, wanted=bar)
