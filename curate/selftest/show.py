"""A self-test in the terminal: a line a class, one missed example each, and what to do next."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING

from curate.policy.catalogue import load_rules
from curate.report.words import count, percent
from curate.selftest.classes import KINDS
from curate.text.console import Pen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from curate.selftest.result import ClassResult, Result, Short

GOOD, FAIR = 0.9, 0.7  # recall from which a class is shown in green, in yellow
WIDE = 104  # columns from which there is room for bars
BAR = 24
MAX_INPUTS = 5  # that a command is shown with
WEAK = 3  # classes that are named as the weakest


def print_result(result: Result, console: Console, inputs: Sequence[str]) -> None:
    """Print what was planted and what was found of it.

    Args:
        result: of the self-test.
        console: where to; its width and its colours are kept to.
        inputs: as the user named them, for the commands.
    """
    pen = Pen(console)
    named = " ".join(map(shlex.quote, inputs)) if len(inputs) <= MAX_INPUTS else "INPUT"
    for line in _lines(result, pen, named):
        pen.print(line)


def _lines(result: Result, pen: Pen, inputs: str) -> Iterator[Text]:
    yield pen.text("")
    yield from _head(result, pen)
    yield from _table(result, pen)
    yield from _unmeasured(result, pen)
    yield from _alarms(result, pen)
    yield from _verdict(result, pen)
    yield from _next(result, pen, inputs)


def _head(result: Result, pen: Pen) -> Iterator[Text]:
    from rich.text import Text

    drawn = (
        f"{result.rows:,} of {result.records:,} rows, drawn by seed {result.seed}"
        if result.rows < result.records
        else count(result.rows)
    )
    yield Text.assemble(
        (drawn, "bold"),
        f": {result.per_class} faults a class, planted in {result.copies} "
        f"{'copy' if result.copies == 1 else 'copies'} of them; {count(result.rules, 'rule')}.",
    )
    if result.per_class < result.asked:
        yield Text(f"There is no room for the {result.asked} that were asked for.", "yellow")
    if result.flawed:
        yield Text(
            f"{count(result.flawed)} {_have(result.flawed)} findings as they are; "
            "these count as nobody's fault here.",
            "dim",
        )
    yield pen.text("")


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


# --- the table ----------------------------------------------------------------------------------


def _table(result: Result, pen: Pen) -> Iterator[Text]:
    measured = result.measured()
    if not measured:
        return
    room = max(len(one.name) for one in measured)
    bars = BAR if pen.width >= WIDE else 0
    bar = f"{'':<{bars}} " if bars else ""
    yield pen.text((f"{'':<{room}} planted found dropped recall 95 %    {bar}found by", "dim"))
    one_source = len({missed.source for one in measured for missed in one.missed}) < 2  # noqa: PLR2004  # else it is named
    for group, members in groupby(measured, key=lambda one: one.group):
        yield pen.text((group, "bold"))
        for one in members:
            yield _row(one, pen, room, bars)
            if one.missed:
                yield _missed(one, pen, named=not one_source)
    yield pen.text("")


def _row(one: ClassResult, pen: Pen, room: int, bars: int) -> Text:
    recall, low, high = (value or 0.0 for value in (one.recall, one.low, one.high))
    style = "green" if recall >= GOOD else "yellow" if recall >= FAIR else "red"
    parts: list[str | tuple[str, str]] = [
        f"{one.name:<{room}} {one.planted:>7,} {one.found:>5,} {one.dropped:>7,} ",
        (f"{_whole(recall):>6}", f"bold {style}"),
        (f" {f'{low:.0%}-{high:.0%}'.replace('%-', '-'):<8}", "dim"),
    ]
    if bars:
        parts += _bar(one, pen, bars)
    by = ", ".join(f"{code} {number}" for code, number in one.rules.items())
    return pen.text(*parts, (by, "dim"))


def _whole(share: float) -> str:
    """A recall without decimals, which so few rows don't bear; never 100 % of what is not all."""
    return f"{min(round(100 * share), 99 if share < 1 else 100)} %"


def _bar(one: ClassResult, pen: Pen, room: int) -> list[tuple[str, str]]:
    """What was dropped, then what was flagged; the rest of the room is what was missed."""
    solid, light = "█▒" if pen.blocks else "#+"
    dropped = round(room * one.dropped / one.planted)
    flagged = round(room * one.found / one.planted) - dropped
    rest = " " * (room - dropped - flagged + 1)
    return [(solid * dropped, "red"), (light * flagged, "yellow"), (rest, "")]


def _missed(one: ClassResult, pen: Pen, *, named: bool) -> Text:
    first = one.missed[0]
    source = f"{first.source.rpartition('/')[2]}:" if named else "line "
    return pen.text((f"  missed, {source}{first.line}: ", "dim"), (first.what, "italic"))


def _unmeasured(result: Result, pen: Pen) -> Iterator[Text]:
    """What has no recall, and why: nothing is left out without a word."""
    from rich.text import Text

    others = [one for one in result.classes if one.status != "measured"]
    for (status, reason), members in groupby(
        sorted(others, key=lambda one: (one.status, one.reason)),
        key=lambda one: (one.status, one.reason),
    ):
        names = ", ".join(map(_named, members))
        yield Text.assemble((f"{status}: ", "bold"), names, (f" - {reason}", "dim"))
    if others:
        yield pen.text("")


def _named(one: ClassResult) -> str:
    """A class; one that no rule looks for with the family that would."""
    return f"{one.name} ({KINDS[one.name].families[0]})" if one.planted else one.name


# --- alarms, verdict, next ----------------------------------------------------------------------


def _alarms(result: Result, pen: Pen) -> Iterator[Text]:
    from rich.text import Text

    alarms = result.alarms
    share = percent(alarms.rows / alarms.looked) if alarms.looked else "0 %"
    by = ", ".join(f"{code} {rows}" for code, rows in alarms.rules.items())
    yield Text.assemble(
        ("false alarms ", "bold"),
        (f"{alarms.rows:,}", "bold red" if alarms.rows else "bold green"),
        f" of {alarms.looked:,} untouched rows ({share}), {alarms.dropped:,} of them dropped",
        (f": {by}" if by else "", "dim"),
    )
    for one in alarms.examples[:3]:
        yield pen.text((f"  {one.source.rpartition('/')[2]}:{one.line} {one.code}", "dim"))
    for code in result.suspects:
        yield Text(f"{code} hit so many rows that it only flags, as it would in a run.", "yellow")
    yield pen.text("")


def _verdict(result: Result, pen: Pen) -> Iterator[Text]:
    for one in result.short:
        yield pen.text(
            ("under its bar ", "bold red"),
            f"{one.name}: {_said(one)}, wanted {_whole(one.wanted)}",
        )
    if result.short:
        yield pen.text("")


def _said(one: Short) -> str:
    return "no rule looks for it" if one.recall is None else f"recall {_whole(one.recall)}"


def _next(result: Result, pen: Pen, inputs: str) -> Iterator[Text]:
    from rich.text import Text

    yield pen.text(("what next", "bold"))
    for what, command in _steps(result):
        yield Text(what, "dim")
        # Neither cut nor broken: it could not be copied.
        yield Text(f"  {command.replace('INPUT', inputs)}", no_wrap=True, overflow="ignore")


def _steps(result: Result) -> Iterator[tuple[str, str]]:
    weak = sorted(
        (one for one in result.measured() if (one.recall or 0.0) < GOOD),
        key=lambda one: one.recall or 0.0,
    )[:WEAK]
    if weak:
        names = ",".join(one.name for one in weak)
        yield (
            (
                f"The weakest are {names.replace(',', ', ')}. See more of what is missed, with a "
                "narrower interval; a rule of your own (--rules) can look for it."
            ),
            f"curate selftest INPUT --classes {names} --per-class 100",
        )
    if uncovered := [one for one in result.classes if one.status == "not covered"]:
        yield from _cover(uncovered)
    kept = sum(one.flagged for one in result.measured())
    found = sum(one.found for one in result.measured())
    if kept and result.pack != "strict":
        yield (
            f"{kept:,} of the {found:,} found are flagged and kept; the strict pack drops more.",
            "curate selftest INPUT --pack strict",
        )
    if not result.short:
        yield (
            "Hold the recipe to what it finds today: exit code 1 where a recall is lower.",
            "curate selftest INPUT --min-recall 0.8 --min-recall CLASS=0.5",
        )


def _cover(uncovered: Sequence[ClassResult]) -> Iterator[tuple[str, str]]:
    """How to look for what this recipe does not."""
    catalogue = load_rules()
    names = [one.name for one in uncovered if KINDS[one.name].covered(catalogue)]
    if names:
        yield (
            f"Rules that look for {', '.join(names)} exist and were not chosen.",
            "curate selftest INPUT --pack default",
        )
