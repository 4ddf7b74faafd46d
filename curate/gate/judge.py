"""Examined data, limits, waivers and a baseline: the report of a check."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import __version__
from curate.gate.bounds import Beside, Measure
from curate.gate.config import REFUSED
from curate.gate.config import limits as listed
from curate.gate.evidence import Witness
from curate.gate.limits import Asked, all_limits
from curate.gate.model import (
    Baseline,
    Counts,
    Fault,
    File,
    Level,
    LimitReport,
    NotAsked,
    Report,
    RuleNote,
    WaiverReport,
)
from curate.gate.place import path_in_repository
from curate.policy.choose import matches_prefix
from curate.report.run import counts, spread
from curate.text.visible import on_a_line, visible

if TYPE_CHECKING:
    from datetime import date

    from curate.gate.baseline import Known
    from curate.gate.bounds import Bound
    from curate.gate.config import Config, Waiver
    from curate.gate.examine import Examined
    from curate.policy.rule import Rule
    from curate.report import model as report

LEAKED = "secret"  # the family of keys and passwords: whoever reads the file can use them
MAX_FAULTS = 5000  # as many as code scanning shows
_ORDER: tuple[Level, ...] = ("error", "warning", "passed")
Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Tried:
    """A limit that was tried.

    Attributes:
        asked: the limit.
        level: what came of it.
        measure: what was held against it.
        live: findings that count.
        waived: findings that a waiver covers, with its reason.
        old: findings of the baseline that do not count.
        note: what else there is to say.
    """

    asked: Asked
    level: Level
    measure: Measure
    live: Sequence[Finding] = ()
    waived: Sequence[tuple[Finding, str]] = ()
    old: Sequence[Finding] = ()
    note: str | None = None


@dataclass(frozen=True)
class Terms:
    """What a check is judged by, beside its limits.

    Attributes:
        waivers: those of the config.
        today: the day, on which waivers may have expired.
        known: what was bad before.
        only_new: what was bad before does not count.
        ratchet: that a limit allows rows is no leave for new ones.
    """

    waivers: Sequence[Waiver]
    today: date
    known: Known | None = None
    only_new: bool = False
    ratchet: bool = False

    def waivers_of(self, code: str, known: Collection[str]) -> dict[str | None, Waiver]:
        """The waivers that still count for a code, by the row that they name; None is any row.

        Args:
            code: of a rule that found something.
            known: the codes of all rules: a waiver that names one of them is for that one alone.
        """
        made: dict[str | None, Waiver] = {}
        for one in self.waivers:
            if one.expires >= self.today and one.is_about(code, known):
                made.setdefault(one.row, one)
        return made

    def is_old(self, finding: Finding) -> bool:
        """Whether it was there before."""
        own, twin = finding["id"], finding["twin"]
        return self.known is not None and self.known.has(finding["code"], own, twin)


def try_all(examined: Examined, config: Config, terms: Terms) -> list[Tried]:
    """Hold examined data to the limits of a config, the worst that is broken first.

    Raises:
        ConfigError: a limit on a number that is none.
    """
    asked = [one for one in all_limits(examined, config.check) if one.missing is None]
    tried = [_try(one, examined, terms) for one in asked]
    return sorted(tried, key=lambda one: _gravity(one, examined.rules))


def report_on(tried: Sequence[Tried], examined: Examined, config: Config, terms: Terms) -> Report:
    """What came of the limits, with the rows that show it."""
    faults = list(_faults(tried))
    witness = Witness(examined, config.check)
    shown = [finding for one in tried for finding in _shown(one)]
    witness.read(shown, [finding for _, finding, _ in faults])
    waivers = tuple(_waiver(one, examined, terms) for one in terms.waivers)
    return Report(
        curate=__version__,
        passed=not any(one.level == "error" for one in tried)
        and not any(one.state == "expired" for one in waivers),
        config=None if config.file is None else on_a_line(str(config.file)),
        pack=config.check.pack,
        counts=_counts(examined.counts),
        files=tuple(_files(examined)),
        limits=tuple(_limit(one, witness, terms) for one in tried),
        faults=tuple(_fault(*one, witness, terms) for one in faults),
        faults_left_out=sum(_size(one) for one in tried if one.level != "passed") - len(faults),
        rules=tuple(_notes(tried, examined)),
        waivers=waivers,
        not_asked=tuple(_not_asked(examined, config)),
        baseline=_baseline(terms),
        known=known_rows(examined),
    )


def _not_asked(examined: Examined, config: Config) -> Iterator[NotAsked]:
    """The limits of a config that nothing could break."""
    names = {".".join(loc[1:]) for loc, _ in listed(config.check)}
    for one in all_limits(examined, config.check):
        if one.missing is not None and one.name in names:
            yield NotAsked(name=visible(one.name), title=visible(one.title), missing=one.missing)


def known_rows(examined: Examined) -> dict[str, tuple[str, ...]]:
    """Code -> ids of the rows that it hit and of their twins."""
    made: dict[str, set[str]] = {}
    for code, own, twin in examined.run.findings.select("code", "id", "twin").iter_rows():
        made.setdefault(code, set()).update(filter(None, (own, twin)))
    return {code: tuple(sorted(made[code])) for code in sorted(made)}


# --- limits -------------------------------------------------------------------------------------


def _try(asked: Asked, examined: Examined, terms: Terms) -> Tried:
    if not asked.codes:
        return _try_figure(asked, terms)
    live, waived, old = [], [], []
    for code in asked.codes:
        waivers = terms.waivers_of(code, examined.rules)
        for finding in examined.of(code).iter_rows(named=True):
            waiver = waivers.get(finding["id"], waivers.get(None))
            if waiver is not None:
                waived.append((finding, waiver.reason))
            elif terms.only_new and terms.is_old(finding):
                old.append(finding)
            else:
                live.append(finding)
    live.sort(key=lambda one: one["position"])
    rows = len({one["id"] for one in live})
    measure = Measure(max(rows - _forgiven(asked, examined, terms), 0), asked.measure.of)
    if not terms.only_new or terms.known is None:
        return Tried(asked, _level(asked, measure), measure, live, waived)
    whole = Measure(len({one["id"] for one in (*live, *old)}), asked.measure.of)
    before = terms.known.measures.get(asked.name)
    beside = Beside(measure.value, whole, before, terms.ratchet)
    level = _level_beside(asked, beside)
    note = (
        "the baseline does not know this limit: all rows count" if _unknown(asked, terms) else None
    )
    return Tried(asked, level, measure, live, waived, old, note)


def _level_beside(asked: Asked, beside: Beside) -> Level:
    """What comes of a limit on rows where only those that are new may break it."""
    if asked.error_if is not None and asked.error_if.worsened(beside):
        return "error"
    if asked.warn_if is not None and asked.warn_if.worsened(beside):
        return "warning"
    return "passed"


def _broken(asked: Asked, level: Level) -> Bound | None:
    """The comparison that a level comes from."""
    return {"error": asked.error_if, "warning": asked.warn_if}.get(level)


def _unknown(asked: Asked, terms: Terms) -> bool:
    """Whether a baseline was made without this limit and its rules, so that nothing can be old."""
    known = terms.known
    if not terms.only_new or known is None or not known.measures or asked.name in known.measures:
        return False
    return not any(f"rules.{code}" in known.measures or (known.rows and code in known.rows)
                   for code in asked.codes)  # fmt: skip


def _forgiven(asked: Asked, examined: Examined, terms: Terms) -> int:
    """Rows that were bad before by number alone, where the baseline does not name its rows."""
    known = terms.known
    if not terms.only_new or known is None or known.rows is not None:
        return 0
    refused = known.counts.quarantined if "invalid-record" in asked.codes else 0
    before = sum(min(known.hits.get(code, 0), examined.count(code)) for code in asked.codes)
    return before + refused


def _try_figure(asked: Asked, terms: Terms) -> Tried:
    level = _level(asked, asked.measure)
    before = terms.known.measures.get(asked.name) if terms.only_new and terms.known else None
    bound = _broken(asked, level)
    if bound is None or before is None or bound.excess(asked.measure) > bound.excess(before):
        return Tried(asked, level, asked.measure, note=asked.note and visible(asked.note))
    note = f"beyond the limit, but no worse than the baseline ({before})"
    return Tried(asked, "passed", asked.measure, note=note)


def _level(asked: Asked, measure: Measure) -> Level:
    if asked.error_if is not None and asked.error_if.breaks(measure):
        return "error"
    if asked.warn_if is not None and asked.warn_if.breaks(measure):
        return "warning"
    return "passed"


def _gravity(one: Tried, rules: Mapping[str, Rule]) -> tuple[int, int, float]:
    """Errors first; of them secrets, then what rules drop, then the most rows too many."""
    bound = _broken(one.asked, one.level)
    beyond = bound.beyond(one.measure) if bound is not None and one.asked.codes else 0
    return _ORDER.index(one.level), _rank(one, rules), -(beyond or _size(one))


def _rank(one: Tried, rules: Mapping[str, Rule]) -> int:
    """How bad what was found is, 0 the worst: one leaked key is more than a hundred copies."""
    codes = {finding["code"] for finding in one.live} or one.asked.codes
    if any(matches_prefix(code, LEAKED) for code in codes):
        return 0
    found = [rules[code] for code in codes if code in rules]
    if any(one.action == "drop" or one.severity == "error" for one in found):
        return 1
    if set(REFUSED) & set(codes):
        return 1
    return 2 if codes else 3


def _limit(one: Tried, witness: Witness, terms: Terms) -> LimitReport:
    asked = one.asked
    broken = _broken(asked, one.level)
    return LimitReport(
        name=visible(asked.name),
        level=one.level,
        title=visible(asked.title),
        value=one.measure.value,
        of=one.measure.of,
        bound=_bound(one, broken, terms) if broken is not None else asked.bounds,
        codes=asked.codes,
        waived=len({finding["id"] for finding, _ in one.waived}),
        old=len({finding["id"] for finding in one.old}),
        before=_before(asked, terms),
        note=one.note,
        why=visible(asked.limit.why) if asked.limit and asked.limit.why else None,
        examples=tuple(witness.row(finding) for finding in _shown(one)),
    )


def _bound(one: Tried, broken: Bound, terms: Terms) -> str:
    """The comparison that was broken; where new rows alone would not, how they did."""
    said = f"{one.level} if {broken}"
    if not terms.only_new or not one.asked.codes or broken.breaks(one.measure):
        return said
    whole = Measure(len({row["id"] for row in (*one.live, *one.old)}), one.measure.of)
    if broken.breaks(whole):
        return f"{said}, old rows counted: {whole}"
    return f"{one.level} if any is new (ratchet; {broken} of all)"


def _before(asked: Asked, terms: Terms) -> float | None:
    if terms.known is None:
        return None
    if asked.name in terms.known.measures:
        return terms.known.measures[asked.name].value
    if asked.codes and set(asked.codes) <= terms.known.hits.keys():
        return sum(terms.known.hits[code] for code in asked.codes)
    return None


# --- rows ---------------------------------------------------------------------------------------


def _shown(one: Tried) -> list[Finding]:
    """The findings of a broken limit that stand for it."""
    if one.level == "passed":
        return []
    first = {finding["id"]: finding for finding in reversed(one.live)}
    rows = list(reversed(first.values()))
    return [rows[at] for at in spread(len(rows))]


def _size(one: Tried) -> int:
    return len(one.live) + len(one.waived)


def _faults(tried: Iterable[Tried]) -> Iterator[tuple[Tried, Finding, str | None]]:
    """The findings behind broken limits in input order, at most MAX_FAULTS, shared out fairly."""
    broken = sorted((one for one in tried if one.level != "passed"), key=_size)
    room = MAX_FAULTS
    chosen: list[tuple[Tried, Finding, str | None]] = []
    for at, one in enumerate(broken):
        own: Iterator[tuple[Tried, Finding, str | None]] = (
            *((one, finding, None) for finding in one.live),
            *((one, finding, reason) for finding, reason in one.waived),
        ).__iter__()
        some = list(islice(own, room // (len(broken) - at)))
        room -= len(some)
        chosen += some
    chosen.sort(key=lambda fault: fault[1]["position"])
    return iter(chosen)


def _fault(
    one: Tried, finding: Finding, waived: str | None, witness: Witness, terms: Terms
) -> Fault:
    by_row = terms.known is not None and terms.known.rows is not None
    return Fault(
        limit=visible(one.asked.name),
        level=one.level,
        code=finding["code"],
        id=finding["id"],
        source=on_a_line(finding["source"]),
        line=finding["line"],
        said=witness.said(finding),
        new=not terms.is_old(finding) if by_row else None,
        waived=waived,
    )


def _notes(tried: Iterable[Tried], examined: Examined) -> Iterator[RuleNote]:
    broken = {code for one in tried if one.level != "passed" for code in one.asked.codes}
    for code in sorted(broken & examined.rules.keys()):
        rule = examined.rules[code]
        if examined.of(code).height:
            yield RuleNote(code=code, name=rule.name, what=rule.what, why=rule.why)


# --- the rest -----------------------------------------------------------------------------------


def _files(examined: Examined) -> Iterator[File]:
    ledgers = examined.run.ledger.partition_by("source", as_dict=True)
    for source in examined.sources:
        own = ledgers.get((source.name,), examined.run.ledger.clear())
        yield File(
            name=on_a_line(source.name),
            path=on_a_line(path_in_repository(source.name)),
            has_lines=source.kind == "jsonl" and source.compression is None,
            counts=_counts(counts(own)),
        )


def _counts(counted: report.Counts) -> Counts:
    """Records by disposition; a check edits nothing."""
    return Counts(
        records=counted.records,
        kept=counted.kept,
        dropped=counted.dropped,
        quarantined=counted.quarantined,
    )


def _waiver(one: Waiver, examined: Examined, terms: Terms) -> WaiverReport:
    findings = examined.run.findings.select("code", "id")
    codes = [code for code in findings["code"].unique() if one.is_about(code, examined.rules)]
    covered = findings.filter(pl.col("code").is_in(codes))["id"]
    rows = (covered if one.row is None else covered.filter(covered == one.row)).n_unique()
    expired = one.expires < terms.today
    return WaiverReport(
        what=visible(str(one)),
        reason=visible(one.reason),
        owner=visible(one.owner),
        expires=one.expires.isoformat(),
        rows=rows,
        state="expired" if expired else "used" if rows else "unused",
    )


def _baseline(terms: Terms) -> Baseline | None:
    if terms.known is None:
        return None
    return Baseline(
        name=on_a_line(terms.known.name),
        counts=terms.known.counts,
        only_new=terms.only_new,
        by_row=terms.known.rows is not None,
        of_others=terms.known.of_others,
    )
