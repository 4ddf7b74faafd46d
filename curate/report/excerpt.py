"""Cut a text down to what matters in it, with marks; nothing in the result can act on its reader.

Offsets are characters of the whole text. A mark that is secret is shown by its ends only, however
the windows fall, and characters that show nothing or turn the reading direction are spelled out.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from curate.report.model import Kind, Segment
from curate.text.mask import mask
from curate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|\w+|\s+|.", re.DOTALL)
MAX_DIFF_TOKENS = 400  # the matcher is quadratic: 400 x 400 tokens take 10 ms


class Mark(NamedTuple):
    """A stretch of a text that is shown apart from the rest."""

    start: int
    end: int
    kind: Kind


def around(text: str, mark: Mark, *, before: int, after: int) -> list[tuple[int, int]]:
    """Windows that show a mark and its surroundings; a long one is cut in its middle."""
    low, high = mark.start - before, mark.end + after
    if mark.end - mark.start <= 2 * after:
        return [(_word(text, low, -1), _word(text, high, 1))]
    return [
        (_word(text, low, -1), _word(text, mark.start + after, 1)),
        (_word(text, mark.end - after // 2, -1), _word(text, high, 1)),
    ]


def ends(text: str, *, head: int, tail: int) -> list[tuple[int, int]]:
    """Windows that show how a text begins and how it ends."""
    if len(text) <= (head + tail) * 1.2:  # to leave out a fifth saves no room
        return [(0, len(text))]
    return [(0, _word(text, head, 1)), (_word(text, len(text) - tail, -1), len(text))]


def _word(text: str, at: int, step: int) -> int:
    """The word boundary next to this offset, outwards, if it is within 12 characters."""
    at = min(max(at, 0), len(text))
    for offset in range(12):
        moved = at + step * offset
        if moved <= 0 or moved >= len(text) or text[moved - (step < 0)].isspace():
            return min(max(moved, 0), len(text))
    return at


def cut(
    text: str, marks: Iterable[Mark], windows: Iterable[tuple[int, int]]
) -> tuple[Segment, ...]:
    """The text inside the windows, its marks shown; what lies between them is counted."""
    apart = _apart(marks, len(text))
    made: list[Segment] = []
    at = 0
    for low, high in _joined(windows, apart, len(text)):
        if low > at:
            made.append(Segment("cut", f"{low - at:,}"))
        made += _segments(text, apart, low, high)
        at = high
    if at < len(text):
        made.append(Segment("cut", f"{len(text) - at:,}"))
    return tuple(made)


def masked(text: str, marks: Iterable[Mark]) -> str:
    """The text with its secrets masked; of all else nothing is changed."""
    made, at = [], 0
    for start, end, _ in _merged(mark for mark in marks if mark.kind == "secret"):
        made += [text[at:start], mask(text[start:end])]
        at = end
    return "".join([*made, text[at:]])


def _apart(marks: Iterable[Mark], length: int) -> list[Mark]:
    """Marks in order without overlaps: secrets stay whole, of others what the first leaves."""
    clipped = [Mark(max(one.start, 0), min(one.end, length), one.kind) for one in marks]
    made = _merged(one for one in clipped if one.kind == "secret")
    for mark in sorted(clipped, key=lambda one: (one.start, -one.end)):
        if mark.kind != "secret":
            made = sorted([*made, *_left(mark, made)])
    return made


def _merged(marks: Iterable[Mark]) -> list[Mark]:
    """Marks of one kind, those that overlap as one."""
    made: list[Mark] = []
    for mark in sorted(marks):
        if made and mark.start < made[-1].end:
            made[-1] = made[-1]._replace(end=max(made[-1].end, mark.end))
        elif mark.start < mark.end:
            made.append(mark)
    return made


def _left(mark: Mark, others: list[Mark]) -> Iterator[Mark]:
    """What others, in their order, leave of a mark."""
    at = mark.start
    for start, end, _ in others:
        if at < min(start, mark.end):
            yield Mark(at, min(start, mark.end), mark.kind)
        at = max(at, end)
    if at < mark.end:
        yield Mark(at, mark.end, mark.kind)


def _joined(
    windows: Iterable[tuple[int, int]], marks: list[Mark], length: int
) -> list[tuple[int, int]]:
    """Windows in order, grown to hold whole secrets, joined where they all but touch."""
    made: list[tuple[int, int]] = []
    for window in sorted(windows):
        low, high = max(window[0], 0), min(window[1], length)
        for mark in marks:
            if mark.kind == "secret" and mark.start < high and mark.end > low:
                low, high = min(low, mark.start), max(high, mark.end)
        if made and low <= made[-1][1] + 8:
            made[-1] = (made[-1][0], max(high, made[-1][1]))
        elif low < high:
            made.append((low, high))
    return made


def _segments(text: str, marks: list[Mark], low: int, high: int) -> Iterator[Segment]:
    at = low
    for mark in marks:
        if mark.end <= low or mark.start >= high:
            continue
        start, end = max(mark.start, low), min(mark.end, high)
        if start > at:
            yield Segment("text", visible(text[at:start]))
        shown = text[start:end]
        yield Segment(mark.kind, visible(mask(shown) if mark.kind == "secret" else shown))
        at = end
    if at < high:
        yield Segment("text", visible(text[at:high]))


def differences(one: str, other: str) -> tuple[list[Mark], list[Mark]]:
    """The words of each text that the other does not have there.

    Where only the other text has words, an empty mark says where they would stand.
    """
    left, right = _TOKEN.findall(one), _TOKEN.findall(other)
    head = _shared(left, right)
    tail = _shared(left[head:][::-1], right[head:][::-1])
    inner = left[head : len(left) - tail], right[head : len(right) - tail]
    if max(map(len, inner)) > MAX_DIFF_TOKENS:
        blocks = [("replace", 0, len(inner[0]), 0, len(inner[1]))]
    else:
        matcher = SequenceMatcher(None, *inner, autojunk=False)
        blocks = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    return (
        _marks(left, [(head + low, head + high) for _, low, high, _, _ in blocks]),
        _marks(right, [(head + low, head + high) for _, _, _, low, high in blocks]),
    )


def _shared(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _marks(tokens: list[str], blocks: list[tuple[int, int]]) -> list[Mark]:
    """Blocks of tokens as marks; those that only white space parts are one."""
    joined: list[tuple[int, int]] = []
    for low, high in blocks:
        if joined and not "".join(tokens[joined[-1][1] : low]).strip():
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    starts = [0, *accumulate(map(len, tokens))]
    return [
        Mark(starts[low], starts[high - (high - low > 1 and tokens[high - 1].isspace())], "differs")
        for low, high in joined
    ]
