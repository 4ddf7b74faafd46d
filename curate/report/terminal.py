"""The end of a run in the terminal: what was found, shown by rows, and where to look next.

The totals come last, for they are what is still on the screen. Everything fits any width, is told
without colour too, and holds no sign that a terminal could obey: see `curate.report.excerpt`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections import Counter
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, get_args

from curate.policy.rule import Severity
from curate.report.words import count, percent, verb
from curate.run.ledger import DISPOSITIONS
from curate.text.console import Pen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rich.console import Console
    from rich.text import Text

    from curate.report.model import Example, Part, Report, RuleReport, Segment

MAX_RULES = 12
MAX_REASONS = 3
MAX_BAR = 48  # columns; a longer bar says no more
_STYLES = {
    "kept": "green",
    "edited": "cyan",
    "dropped": "red",
    "quarantined": "magenta",
    "drops": "red",
    "edits": "cyan",
    "flags": "yellow",
    "suspect": "bold yellow",
}
_NUMBER = re.compile(r"-?[\d.]+(?:e[+-]\d+)?")
_PIECE = re.compile(r"([^_\-./ ]+)([_\-./ ]*)")
_BLANK = re.compile(r"\s*\n\s*|\s+")


def print_summary(report: Report, console: Console, folder: Path | str | None = None) -> None:
    """Print what a run did.

    Args:
        report: of the run.
        console: where to; its width and its colours are kept to.
        folder: the run folder as the user named it, for the commands.
    """
    pen = Pen(console)
    for line in _lines(report, pen, "DIR" if folder is None else shlex.quote(str(folder))):
        pen.print(line)


def _lines(report: Report, pen: Pen, folder: str) -> Iterator[Text]:
    yield pen.text("")
    yield from _rules(report, pen)
    yield from _suspects(report, pen)
    yield from _quarantine(report, pen)
    yield from _totals(report, pen)
    yield from _next(report, pen, folder)


# --- rules --------------------------------------------------------------------------------------


def _rules(report: Report, pen: Pen) -> Iterator[Text]:
    fired = report.fired
    if not fired:
        yield pen.text(f"None of {count(len(report.rules), 'rule')} hit a row.")
        yield pen.text("")
        return
    shown, names = sorted(fired, key=_weight)[:MAX_RULES], _names(report, pen.width)
    name_room = max(len(rule.code) for rule in shown)
    most = max(rule.hits for rule in shown)
    digits = len(f"{most:,}")
    for rule in shown:
        yield _rule(rule, pen, name_room, digits, most)
        places = [_place(one, names) for one in rule.examples]
        room = max(map(len, places), default=0)
        for place, example in zip(places, rule.examples, strict=True):
            yield _example(f"  {place:<{room}} ", example, pen, rule.column)
    more = len(fired) - len(shown)
    silent = len(report.rules) - len(fired)
    notes = [f"{count(more, 'more rule')} hit rows" if more else "",
             f"{count(silent, 'rule')} found nothing" if silent else ""]  # fmt: skip
    if any(notes):
        yield pen.text((", ".join(filter(None, notes)), "dim"))
    yield pen.text("")


def _weight(rule: RuleReport) -> tuple[bool, bool, int, int]:
    """What is told first: secrets left in the core, what drops, then the graver and commoner."""
    leaks = rule.code.startswith("secret") and rule.severity == "error" and rule.action != "drop"
    return not leaks, rule.action != "drop", _GRAVITY.index(rule.severity), -rule.hits


_GRAVITY = get_args(Severity)


def _rule(rule: RuleReport, pen: Pen, name_room: int, digits: int, most: int) -> Text:
    """Code, hits, what the rule does, and a bar of the hits."""
    what = verb(rule)
    said = what.removesuffix("s") if rule.hits == 1 else what
    head = f"{rule.code:<{name_room}}  "
    figures = f"{rule.hits:>{digits},} "
    room = min(max(pen.width - len(head) - len(figures) - 10, 4), MAX_BAR)
    return pen.text(
        (head, "bold"),
        figures,
        (f"{said:<8} ", _STYLES[what]),
        pen.bar(rule.hits / most, room, _STYLES[what]),
    )


def _example(place: str, example: Example, pen: Pen, column: str | None) -> Text:
    """Where a row stands and what was found there, on one line."""
    value, parts = "", example.parts
    if example.twin is not None and not _telling(parts) and _telling(example.twin.parts):
        value, parts = "the other has ", example.twin.parts
    elif example.value is not None and column == "contamination":  # the excerpt names no item
        value = f"{example.value.rpartition('/')[2]} "
    elif example.value is not None and not _telling(parts):
        named = column is not None and _NUMBER.fullmatch(example.value) is not None
        value = _head(_one_line(example.value), (pen.width - len(place)) // 2)
        value = f"{column} {value} " if named else f"{value} | " if example.parts else value
    line = pen.text((place, "dim"), (pen.spell(value), "italic"))
    excerpt = _excerpt(parts, pen, pen.width - line.cell_len)
    blank = bool(parts) and not excerpt.plain.strip("»«>< ")
    return line.append("(blank)", "dim") if blank else line.append_text(excerpt)


def _names(report: Report, width: int) -> dict[str, str]:
    """Source -> a name that tells it from the others and leaves room for the evidence."""
    lasts = {one.name: one.name.rpartition("/")[2] for one in report.sources}
    unique = Counter(lasts.values())
    names = {name: last if unique[last] == 1 else name for name, last in lasts.items()}
    if any(len(name) > width // 5 for name in names.values()):
        names = dict(zip(names, _differing(list(names.values())), strict=True))
    return {name: _tail(short, width // 3) for name, short in names.items()}


def _differing(names: list[str]) -> list[str]:
    """Names without the words that all of them share, `a…c` of `a_b_c.json`, if that tells."""
    pieces = [_PIECE.findall(name) for name in names]  # a word and the signs after it
    shared = set.intersection(*({word for word, _ in own} for own in pieces))
    made = []
    for own in pieces:
        runs = groupby(own, key=lambda piece: piece[0] in shared)
        kept = ["…" if common else "".join(map("".join, run)) for common, run in runs]
        made.append("".join(one.rstrip("_-./ ") for one in kept).strip("…"))
    return made if len(names) > 1 and all(made) and len(set(made)) == len(names) else names


def _place(example: Example, names: Mapping[str, str]) -> str:
    source, twin = names.get(example.source, example.source), example.twin
    if twin is None:
        return f"{source}:{example.line}"
    other = names.get(twin.source, twin.source)
    same = twin.source == example.source
    return f"{source}:{example.line} beside {twin.line if same else f'{other}:{twin.line}'}"


def _telling(parts: Iterable[Part]) -> Part | None:
    """The first excerpt with a mark."""
    return next((one for one in parts if any(map(_is_mark, one.segments))), None)


def _is_mark(segment: Segment) -> bool:
    return segment.kind not in ("text", "cut")


def _excerpt(parts: tuple[Part, ...], pen: Pen, room: int) -> Text:
    """One line: the part with a mark, its first mark on it; else question and answer."""
    part = _telling(parts)
    if part is None:
        return pen.text(_overview([pen.spell(_said(one)) for one in parts], room, pen))
    first = next(at for at, one in enumerate(part.segments) if _is_mark(one))
    line = pen.text()
    for at, segment in enumerate(part.segments):
        said = pen.spell(_one_line(segment.text))
        if segment.kind == "cut":
            line.append("…" if at > first else "", "dim")
        elif segment.kind == "text":
            line.append(_tail(said, max(room // 3, 8)) if at < first else said)
        else:
            line.append(*pen.marked(said, segment.kind))
    return line


def _overview(texts: list[str], room: int, pen: Pen) -> str:
    """Question and answer, the question on half of the line at most."""
    if len(texts) < 2:  # noqa: PLR2004 - a question and an answer
        return "".join(texts)
    arrow = " → " if pen.blocks else " -> "
    return _head(texts[0], room // 2) + arrow + arrow.join(texts[1:])


def _said(part: Part) -> str:
    """A part without marks."""
    return "".join("…" if kind == "cut" else _one_line(text) for kind, text in part.segments) or (
        "(empty)"
    )


def _one_line(text: str) -> str:
    return _BLANK.sub(lambda found: "↵" if "\n" in found[0] else " ", text)


def _tail(text: str, room: int) -> str:
    """The end of a text that fits the room, by the columns that its characters take."""
    from rich.cells import cell_len

    if cell_len(text) <= room:
        return text
    while cell_len(text) > room - 1:
        text = text[1:]
    return f"…{text}"


# --- what needs a person ------------------------------------------------------------------------


def _suspects(report: Report, pen: Pen) -> Iterator[Text]:
    from rich.text import Text

    for rule in report.suspects:
        yield Text.assemble(
            ("suspect ", "bold yellow"),
            f"{rule.code} hit {percent(rule.share)} of the rows, more than is believed unasked: it "
            "dropped none of them. If its examples convince you, insist: ",
            (f"--set {rule.code}.action=drop", "bold"),
        )
    if report.suspects:
        yield pen.text("")


def _quarantine(report: Report, pen: Pen) -> Iterator[Text]:
    if not report.quarantine:
        return
    names = _names(report, pen.width)
    yield pen.text(
        ("quarantined ", "bold magenta"), f"{count(report.totals.quarantined, 'record')}:"
    )
    for reason in report.quarantine[:MAX_REASONS]:
        first = reason.examples[0] if reason.examples else None
        where = f"{names.get(first.source, first.source)}:{first.line}: " if first else ""
        said = first.value if first and first.value else reason.reason
        also = f" (and {reason.rows - 1:,} like it)" if reason.rows > 1 else ""
        fits = _head(_one_line(said), pen.width - len(where) - len(also) - 3)
        yield pen.text((f"  {where}", "dim"), fits, (also, "dim"))
    more = len(report.quarantine) - MAX_REASONS
    if more > 0:
        yield pen.text((f"  {count(more, 'more reason')}", "dim"))
    yield pen.text("")


def _head(text: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= room else f"{set_cell_size(text, max(room - 1, 1))}…"


# --- totals -------------------------------------------------------------------------------------


def _totals(report: Report, pen: Pen) -> Iterator[Text]:
    totals = report.totals
    digits = len(f"{totals.records:,}")
    room = min(pen.width - digits - 23, MAX_BAR)
    yield pen.text((f"{'records in':<11} ", "dim"), f"{totals.records:>{digits},}")
    for name in DISPOSITIONS:
        number, share = getattr(totals, name), totals.share(name)
        yield pen.text(
            (f"{name:<11} ", _STYLES[name] if number else "dim"),
            f"{number:>{digits},} ",
            (f"{percent(share):>9} ", "dim"),
            pen.bar(share, room, _STYLES[name]),
        )
    if report.flagged:
        yield pen.text((f"{count(report.flagged)} of the core flagged", "dim"))
    yield pen.text("")


def _next(report: Report, pen: Pen, folder: str) -> Iterator[Text]:
    from rich.text import Text

    where = folder if folder != "DIR" else "the run folder"
    yield Text.assemble(("look next ", "bold"), f"{where}/report.html" if where == folder else "")
    for step in report.next_steps:
        yield Text(step.what, "dim")
        if step.command:
            yield pen.text(f"  {_command(step.command, folder)}")


def _command(command: str, folder: str) -> str:
    """A command for this run, with the program as it was called where its name alone would fail."""
    called = re.sub(r"^curate\b", lambda _: _program(), command)
    return re.sub(r"\bDIR\b", lambda _: folder, called, count=1)


def _program() -> str:
    called = sys.argv[0]
    if PurePath(called).name != "curate" or shutil.which("curate"):
        return "curate"
    return shlex.quote(called)
