"""The ways (`curate.selftest.way`) in which each class of faults is planted."""

from __future__ import annotations

import html
import re
from functools import cache, partial
from typing import TYPE_CHECKING

from curate.selftest import broken, changes, copies, texts
from curate.selftest.worded import foreign, worded, wordings

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from curate.selftest.host import Draft
    from curate.selftest.way import Pool, Way

ECHO_WORDS = 6  # a shorter question may be its own answer: a word to repeat
# What asks for a fault, so that it is none: a template, a translation, the same again.
_ASKS_BLANK = re.compile(r"(?i)template|letter|e-?mail|draft|form\b|placeholder|vorlage|模板|信")
_ASKS_LANGUAGE = re.compile(
    r"(?i)translat|language|übersetz|tradu|翻译|french|german|spanish|italian|portuguese|dutch"
    r"|polish|russian|chinese|japanese|arabic|turkish|english|hindi|latin\b"
)
_ASKS_SAME = re.compile(r"(?i)repeat|correct|rewrite|edit|fix|improve|proofread|convert|punctuat")
_NAMES_MATERIAL = re.compile(r"(?i)\b(following|given|below|above|provided)\b|folgende|以下|下面")


def _unless(asks: re.Pattern[str], way: Way) -> Way:
    """The way, but not where the question asks for just that."""

    def guarded(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
        asked = f"{draft.ask} {draft.material or ''}"
        return None if asks.search(asked) else way(draft, rng, pool)

    return guarded


def _answer(change: Callable[[str, random.Random], str | None], what: str) -> Way:
    """A way that changes the answer; None, or the same text, means that it can't."""

    def way(draft: Draft, rng: random.Random, _: Pool) -> str | None:
        after = change(draft.answer, rng)
        if after is None or after == draft.answer:
            return None
        draft.answer = after
        return what

    return way


def _echo_ask(change: Callable[[str], str], draft: Draft, _: random.Random, __: Pool) -> str | None:
    if texts.length(draft.ask) < ECHO_WORDS:
        return None
    draft.answer = change(draft.ask)
    return "the question again"


def _echo_input(draft: Draft, _: random.Random, __: Pool) -> str | None:
    asks = re.search(r"(?i)\b(translate|summar|paraphrase|simplify|shorten|rephrase)", draft.ask)
    if not asks or texts.length(draft.material or "") < 10:  # noqa: PLR2004  # words that would change
        return None
    draft.answer = str(draft.material)
    return "the material again"


def _lost_material(draft: Draft, _: random.Random, __: Pool) -> str | None:
    named = _NAMES_MATERIAL.search(draft.ask)
    if not named or texts.length(draft.material or "") < 8 or "?" in draft.ask:  # noqa: PLR2004
        return None
    draft.material = ""
    return f"{draft.ask} (its material left out)"


def _blank(signs: tuple[str, ...], part: str, draft: Draft, rng: random.Random, _: Pool) -> str:
    sign = rng.choice(signs)
    if part == "answer":
        draft.answer = sign
    else:
        draft.ask, draft.material = sign, ""
    return f"the {'answer' if part == 'answer' else 'question'} is {sign!r}"


# --- all ----------------------------------------------------------------------------------------


@cache
def ways(name: str) -> tuple[Way, ...]:
    """The ways of a class, in no order of importance."""
    if name == "other-language":
        return tuple(_unless(_ASKS_LANGUAGE, partial(foreign, one)) for one in wordings()[name])
    said = [partial(worded, one) for one in wordings().get(name, ())]
    if name == "placeholder":
        return tuple(_unless(_ASKS_BLANK, way) for way in said)
    return (*said, *_OWN.get(name, ()), *broken.ways(name))


_OWN: Mapping[str, tuple[Way, ...]] = {
    **copies.WAYS,
    "empty-turn": tuple(partial(_blank, texts.BLANK, part) for part in ("answer", "answer", "ask")),
    "zero-width-turn": tuple(partial(_blank, texts.ZERO_WIDTH, part) for part in ("answer", "ask")),
    "mojibake": tuple(
        _answer(partial(changes.misread, by), f"read as {by}")
        for by in ("cp1252", "twice", "mac-roman", "latin-1", "cp1252", "replacement", "gbk")
    ),
    "invisible": (
        *(
            _answer(partial(changes.sprinkle, sign, times), f"U+{ord(sign):04X} x {times}")
            for sign, times in (
                *(("\u200b", 1), ("\u200b", 4), ("\u2060", 2), ("\ufeff", 1), ("\u200e", 2)),
                *(("\x07", 1), ("\x00", 1), ("\x1b[0m", 1), ("\uf0b7 ", 2), ("\u2028", 1)),
            )
            if len(sign) == 1
        ),
        _answer(changes.soft_hyphens, "soft hyphens"),
        _answer(changes.overridden, "right-to-left override"),
        _answer(changes.tagged, "tag characters"),
        _answer(partial(changes.sprinkle, "\uf0b7 ", 2), "private-use bullets"),
        _answer(partial(changes.sprinkle, "\x1b[1m", 1), "a terminal's escape sequence"),
    ),
    "escaped-newline": (
        *(
            _answer(partial(changes.escaped, end), f"{end} for line ends")
            for end in ("\\n", "\\r\\n")
        ),
        _answer(changes.dumped, "JSON escapes"),
        _answer(partial(changes.escaped, "\\\\n"), "\\\\n for line ends"),
    ),
    "html": (
        _answer(partial(changes.as_html, html.escape), "HTML entities"),
        _answer(
            partial(changes.as_html, lambda text: text.replace("\n", "<br>")), "<br> for line ends"
        ),
        _answer(partial(changes.as_html, changes.paragraphs), "<p> around paragraphs"),
        _answer(partial(changes.as_html, lambda text: text.replace(" ", "&nbsp;", 2)), "&nbsp;"),
        _answer(partial(changes.as_html, lambda text: f"<div><b>{text}</b></div>"), "<div><b>"),
        _answer(partial(changes.as_html, lambda text: text.replace("'", "&#8217;")), "&#8217;"),
    ),
    "repetition": tuple(
        _answer(partial(changes.loop, what), f"a loop: {what}")
        for what in (
            *("sentence", "paragraph", "two sentences", "numbered", "whole", "sign", "word"),
            *("phrase", "sentence", "phrase"),
        )
    ),
    "truncated": (
        *(
            _answer(partial(changes.broken_off, how), f"cut: {how}")
            for how in ("word", "mid-word", "comma")
        ),
        _answer(changes.cut_in_last, "cut in the last sentence"),
        _answer(changes.cut_in_last, "cut in the last sentence"),
        _answer(changes.cut_anywhere, "cut anywhere"),
        _answer(changes.cut_in_list, "cut in a list"),
        _answer(changes.cut_in_code, "cut in code"),
    ),
    "unclosed-fence": (_answer(changes.unclosed, "the end of a code block left out"),) * 3,
    "echo": (
        partial(_echo_ask, str),
        partial(_echo_ask, lambda ask: ask.lower().rstrip(".?!")),
        partial(_echo_ask, lambda ask: f"{ask}\n"),
        partial(_echo_ask, lambda ask: f'"{ask}"'),
        _echo_input,
        _unless(_ASKS_SAME, _echo_input),
    ),
    "missing-material": (_lost_material,) * 4,
}
LAST = frozenset({"truncated", "unclosed-fence"})  # the answer that the row ends with
INSERTED = frozenset({"exact", "normalised", "near", "same-prompt"})  # beside the row, not in it
RECORDS = frozenset({"invalid-json", "wrong-type", "missing-key"})  # where types are not declared
