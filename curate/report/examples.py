"""Rows as evidence: what a rule found in one, cut to what a reader needs to judge it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curate.report.excerpt import Mark, around, cut, differences, ends
from curate.report.model import Example, Part, Twin
from curate.report.rows import Shown, Turn, is_secret
from curate.report.words import figure
from curate.text.mask import mask
from curate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curate.policy.rule import Rule

BEFORE, AFTER = 90, 150  # characters shown around a mark
HEAD, TAIL = 150, 80  # of a turn without one
CONTEXT = 120  # of the question that a marked answer belongs to
BRIEF = 70  # of each turn of a conversation
MAX_TURNS = 8
BEGINNING = 90  # of a point's question on the map
VALUE_CHARS = 120
DIFF_CHARS = 4000  # of each turn that twins are compared over
MAX_WINDOWS = 3  # differences shown of one turn
Finding = dict[str, Any]
# `user 3: text`, as `curate.text.evidence` puts it, or text alone.
_SEEN_IN = re.compile(
    r"(?:(?P<place>(?:system|user|assistant|tool|rejected)(?: \d+)?): )?(?P<text>.*)", re.DOTALL
)


@dataclass(frozen=True)
class Examiner:
    """Makes examples of findings.

    Attributes:
        rows: the texts of every row that may be shown, by position.
        rules: of the run, by code; a rule whose file is gone is missing.
        places: id, source (as shown), line and disposition, by position, of all that are named.
        position: of each id that is named.
        before: id -> the record of an edited row as it came.
    """

    rows: Mapping[int, Shown]
    rules: Mapping[str, Rule]
    places: Mapping[int, tuple[str, str, int, Any]] | Sequence[tuple[str, str, int, Any]]
    position: Mapping[str, int]
    before: Mapping[str, Shown]

    def example(self, finding: Finding, beside: str | None = None) -> Example:
        """The row of a finding (a row of findings.parquet, with its `position`).

        Args:
            finding: what is shown of the row.
            beside: the twin that another finding names, shown where this one names none.
        """
        at = finding["position"]
        own, source, line, disposition = self.places[at]
        shown = self.rows[at]
        rule = self.rules.get(finding["code"])
        twin_at = self.position.get(finding["twin"]) if finding["twin"] else None
        came = self.before.get(own) if finding["action"] == "edit" else None
        parts: tuple[Part, ...] = ()
        twin = None
        if twin_at is not None:
            parts, twin = self._pair(shown, twin_at)
        elif shown.hidden or (came is not None and came.hidden):
            pass
        elif came is not None:
            parts, _ = _compared(came, shown)
        else:
            parts = _found(shown, rule, finding)
        if twin is None and beside is not None and beside in self.position:
            twin = self._beside(self.position[beside])
        value = self._value(shown, rule, finding)
        if value is not None and any(_quotes(part, value) for part in parts):
            value = None
        return Example(
            id=own, source=source, line=line, disposition=disposition,
            value=value, parts=parts, twin=twin,
        )  # fmt: skip

    def alone(self, at: int) -> Example:
        """A record that no rule found anything in: how it begins, or what is wrong with it."""
        shown = self.rows[at]
        if shown.row is None:
            return self.quarantined(at)
        own, source, line, disposition = self.places[at]
        parts = () if shown.hidden else _overview(shown)
        return Example(id=own, source=source, line=line, disposition=disposition, parts=parts)

    def quarantined(self, at: int) -> Example:
        """A record that is no row, as far as it can be read, and what is wrong with it."""
        own, source, line, disposition = self.places[at]
        shown = self.rows[at]
        record, error = shown.turns
        return Example(
            id=own, source=source, line=line, disposition=disposition,
            value=None if shown.hidden else visible(shown.masked(error.text)[: 2 * VALUE_CHARS]),
            parts=() if shown.hidden else (_whole(shown, record, tail=0),),
        )  # fmt: skip

    def beginning(self, at: int) -> str | None:
        """How the question of a row begins, masked; None where nothing of it may be shown."""
        shown = self.rows[at]
        turn = _question(shown) or (shown.turns[0] if shown.turns else None)
        if shown.hidden or turn is None:
            return None
        part = _whole(shown, turn, head=BEGINNING, tail=0)
        return "".join("…" if kind == "cut" else text for kind, text in part.segments)

    def _pair(self, shown: Shown, twin_at: int) -> tuple[tuple[Part, ...], Twin]:
        own, source, line, _ = self.places[twin_at]
        other = self.rows.get(twin_at)
        if other is None:
            mine = () if shown.hidden else _overview(shown)
            return mine, Twin(id=own, source=source, line=line, parts=())
        mine, its = ((), ()) if shown.hidden or other.hidden else _compared(shown, other)
        return mine, Twin(id=own, source=source, line=line, parts=its)

    def _beside(self, at: int) -> Twin:
        """How a twin begins, uncompared."""
        own, source, line, _ = self.places[at]
        other = self.rows.get(at)
        parts = () if other is None or other.hidden else _overview(other)
        return Twin(id=own, source=source, line=line, parts=parts)

    def _value(self, shown: Shown, rule: Rule | None, finding: Finding) -> str | None:
        value = finding["value"]
        if value is None or value == finding["twin"]:
            return None
        if is_secret(finding["code"], rule):
            # A signal masks what it found itself; of what a pattern found the rule has to say so.
            is_masked = rule is not None and (rule.mask or not rule.match)
            return visible(value if is_masked else mask(value))
        number = _number(value)
        if number is not None:
            return figure(number)
        if shown.hidden:
            return None
        spoken = finding["column"] is not None  # else the excerpt shows it, marked
        return visible(shown.masked(value)[:VALUE_CHARS]) if spoken else None


def _quotes(part: Part, value: str) -> bool:
    """Whether an excerpt marks just this, perhaps with the turn's name before it."""
    marked = "".join(text for kind, text in part.segments if kind == "hit")
    return bool(marked) and value.endswith(marked)


def _found(shown: Shown, rule: Rule | None, finding: Finding) -> tuple[Part, ...]:
    located = _located(shown, rule, finding)
    if located is None:
        return _overview(shown)
    turn, mark = located
    windows = around(turn.text, mark, before=BEFORE, after=AFTER)
    part = Part(label=turn.label, segments=cut(turn.text, [mark, *shown.marks(turn.text)], windows))
    asked, answered = _exchange(shown, turn)
    before = () if asked is None else (_whole(shown, asked, head=CONTEXT, tail=0),)
    after = () if answered is None else (_whole(shown, answered, head=CONTEXT, tail=0),)
    return (*before, part, *after)


def _exchange(shown: Shown, turn: Turn) -> tuple[Turn | None, Turn | None]:
    """The question before a turn and the answer after it, without which nobody can judge it."""
    at = next((number for number, one in enumerate(shown.turns) if one is turn), None)
    if at is None:  # one field of the first question
        at = next(number for number, one in enumerate(shown.turns) if one.label[:4] == "user")
        first = next(one for one in shown.row.messages if one.role == "user") if shown.row else None
        whole = turn.label == "instruction" or first is None or not first.content
        asked = None if whole or first is None else Turn("instruction", first.content or "")
    else:
        before = [] if turn.label.startswith("user") else shown.turns[:at]
        asked = next((one for one in reversed(before) if one.label.startswith("user")), None)
    after = () if turn.label.startswith(("assistant", "rejected")) else shown.turns[at + 1 :]
    return asked, next((one for one in after if one.label.startswith("assistant")), None)


def _located(shown: Shown, rule: Rule | None, finding: Finding) -> tuple[Turn, Mark] | None:
    """Where the finding stands: at its span, or where the text that a signal saw is found."""
    span = finding["span"]
    if span is not None and span["start"] is not None:
        place = shown.place(rule, span)
        return None if place is None else (place[0], Mark(place[1], place[2], "hit"))
    told = _SEEN_IN.match(finding["value"] or "")
    if told is None or _number(told["text"]) is not None:
        return None
    value = told["text"]
    for seen in dict.fromkeys((value, value.split("; ")[0], value.split(", ")[0])):
        text = seen.strip("… \n")
        if len(text) > 1 and (found := _find(shown, text, told["place"] or "")) is not None:
            return found
    return None


def _find(shown: Shown, value: str, place: str) -> tuple[Turn, Mark] | None:
    """A text in the turns of a row: at the end of one, where it stands there, else its first."""
    role, _, number = place.partition(" ")
    for at, turn in sorted(
        enumerate(shown.turns, start=1), key=lambda one: not one[1].label.startswith("assistant")
    ):
        if (number and str(at) != number) or not turn.label.startswith(role):
            continue
        text = turn.text.rstrip()
        start = len(text) - len(value) if text.endswith(value) else _at(value, text)
        if start >= 0:
            return turn, Mark(start, start + len(value), "hit")
    return None


def _overview(shown: Shown) -> tuple[Part, ...]:
    """How the question begins, how the answer begins and ends; of more turns how each begins."""
    if len(shown.turns) > 2:  # noqa: PLR2004 - a question and an answer
        some = shown.turns[: MAX_TURNS - 1] + shown.turns[MAX_TURNS - 1 :][-1:]
        return tuple(_whole(shown, turn, head=BRIEF, tail=0) for turn in some)
    question = _question(shown)
    last = shown.turns[-1] if shown.turns else None
    parts = [] if question is None else [_whole(shown, question, head=CONTEXT, tail=0)]
    if last is not None and last is not question:
        parts.append(_whole(shown, last))
    return tuple(parts)


def _question(shown: Shown) -> Turn | None:
    return next((one for one in shown.turns if one.label.startswith("user")), None)


def _whole(shown: Shown, turn: Turn, *, head: int = HEAD, tail: int = TAIL) -> Part:
    windows = ends(turn.text, head=head, tail=tail)
    return Part(label=turn.label, segments=cut(turn.text, shown.marks(turn.text), windows))


def _compared(one: Shown, other: Shown) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The turns of two rows side by side, what differs marked."""
    mine, its = [], []
    differing = 0
    for left, right in zip(one.turns, other.turns, strict=False):
        marks = differences(left.text[:DIFF_CHARS], right.text[:DIFF_CHARS])
        differs = any(marks)
        differing += differs
        if len(one.turns) > MAX_WINDOWS and not (differs and differing == 1):
            continue  # of a long conversation the first turn that differs is enough
        mine.append(_marked(one, left, marks[0], alike=not differs))
        its.append(_marked(other, right, marks[1], alike=not differs))
    if not mine:
        return _overview(one), _overview(other)
    return tuple(mine), tuple(its)


def _marked(shown: Shown, turn: Turn, marks: list[Mark], *, alike: bool) -> Part:
    if alike or not marks:
        return _whole(shown, turn, head=CONTEXT if alike else HEAD, tail=0 if alike else TAIL)
    windows = [
        window
        for mark in marks[:MAX_WINDOWS]
        for window in around(turn.text, mark, before=BEFORE // 2, after=AFTER // 2)
    ]
    return Part(
        label=turn.label,
        segments=cut(turn.text, [*marks, *shown.marks(turn.text)], windows),
    )


def _at(value: str, text: str) -> int:
    """Where a value stands in a text; a code of a few letters (`en`) is in no word of it; -1."""
    if len(value) > _CODE or not value.isalpha():
        return text.find(value)
    found = re.search(rf"\b{re.escape(value)}\b", text)
    return found.start() if found else -1


_CODE = 3  # letters: of a language


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
