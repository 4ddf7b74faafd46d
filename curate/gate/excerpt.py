"""An example of a report on one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from curate.text.visible import on_a_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.report.model import Example, Part

EXCERPT_CHARS = 160
BEFORE_CHARS = 30  # shown before a mark
_BLANK = re.compile(r"\s*\n\s*|\s+")


def excerpt(example: Example, *, chars: int = EXCERPT_CHARS) -> str:
    """An example on one line: the part with a mark, the mark between » and «."""
    if example.twin is not None:
        beside = f"the same as line {example.twin.line}"
        if example.twin.source != example.source:
            beside = f"the same as {on_a_line(example.twin.source)}:{example.twin.line}"
        return f"{beside}: {_overview(example.parts, chars - len(beside))}"
    value = f"{_flat(example.value)[: chars // 2]} | " if example.value else ""
    marked = next((part for part in example.parts if _mark_at(part) is not None), None)
    if marked is None:
        return (value + _overview(example.parts, chars - len(value))).strip(" |")
    return value + _around(marked, chars - len(value))


def _mark_at(part: Part) -> int | None:
    kinds = [kind for kind, _ in part.segments]
    return next((at for at, kind in enumerate(kinds) if kind not in ("text", "cut")), None)


def _around(part: Part, chars: int) -> str:
    first = _mark_at(part) or 0
    made = ""
    for at, (kind, text) in enumerate(part.segments):
        flat = _flat(text)
        if kind == "cut":
            made += "…" if at > first else ""
        elif kind != "text":
            made += f"»{flat}«"
        elif at < first:
            made = f"…{flat[-BEFORE_CHARS:]}" if len(flat) > BEFORE_CHARS else flat
        else:
            made += flat
    return _short(made, chars)


def _overview(parts: Sequence[Part], chars: int) -> str:
    texts = [_flat("".join("…" if kind == "cut" else text for kind, text in one.segments))
             or "(empty)" for one in parts]  # fmt: skip
    if len(texts) < 2:  # noqa: PLR2004 - a question and an answer
        return _short("".join(texts), chars)
    head = _short(texts[0], chars // 2)
    return _short(f"{head} → {' → '.join(texts[1:])}", chars)


def _flat(text: str) -> str:
    return _BLANK.sub(lambda found: "↵" if "\n" in found[0] else " ", text)


def _short(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: max(chars - 1, 1)]}…"
