"""The ways in which each class of faults is planted: functions that spoil a draft.

A way takes a draft, the generator of everything that is drawn, and the rows that lend texts. It
spoils the draft and says what it did; None means that this row can't bear it, and another is tried.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from curate.selftest import broken, changes, texts
from curate.selftest.values import FILL, fill
from curate.signals.language import detect, holds

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from curate.selftest.host import Draft

    Way = Callable[[Draft, random.Random, "Pool"], str | None]
    Wording = Mapping[str, Any]

NEAR_WORDS = 30  # one word in so many is a small edit
OWN_WORDS = 8  # an answer of fewer may serve many questions
ECHO_WORDS = 6  # a shorter question may be its own answer: a word to repeat
# What asks for a fault, so that it is none: a template, a translation, the same again.
_ASKS_BLANK = re.compile(r"(?i)template|letter|e-?mail|draft|form\b|placeholder|vorlage|模板|信")
_ASKS_LANGUAGE = re.compile(
    r"(?i)translat|language|übersetz|tradu|翻译|french|german|spanish|italian|portuguese|dutch"
    r"|polish|russian|chinese|japanese|arabic|turkish|english|hindi|latin\b"
)
_ASKS_SAME = re.compile(r"(?i)repeat|correct|rewrite|edit|fix|improve|proofread|convert|punctuat")
_NAMES_MATERIAL = re.compile(r"(?i)\b(following|given|below|above|provided)\b|folgende|以下|下面")
_MERE_WORDS = re.compile(r"[/\\{}<>=$|_~*]")


class Pool(Protocol):
    """The rows that lend texts."""

    def lend(self, draft: Draft, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of another row, which is noted in the draft."""

    def label(self, answer: str, rng: random.Random) -> str | None:
        """Another label than this answer; None where the rows have none."""

    def item(self, rng: random.Random) -> tuple[str, str] | None:
        """Question and answer of an evaluation item; None where there are none."""


# --- wordings -----------------------------------------------------------------------------------


@cache
def wordings() -> Mapping[str, list[Wording]]:
    """Class -> how it reads."""
    import yaml

    text = files("curate.selftest").joinpath("wordings.yaml").read_text("utf-8")
    loaded: Mapping[str, list[Wording]] = yaml.safe_load(text)
    return loaded


def _worded(wording: Wording, draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """Put a wording into the row, or in the place of its exchange."""
    if wording.get("empty") and draft.material != "":
        return None
    if "ask" in wording:
        return _exchanged(wording, draft, rng)
    if "answer" in wording:
        if len(draft.answer.split()) < 4:  # noqa: PLR2004  # such a marker may be the right answer
            return None
        draft.answer = str(wording["answer"])
        return draft.answer
    text = _filled(wording["text"], draft, rng, pool)
    if text is None:
        return None
    where, place = wording["put"].split("-")
    if where == "input" and draft.material is not None:
        draft.material = texts.put(draft.material, place, text, rng)
    elif where == "answer":
        draft.answer = texts.put(draft.answer, place, text, rng)
    else:
        draft.ask = texts.put(draft.ask, place, text, rng)
    return text.strip()


def _exchanged(wording: Wording, draft: Draft, rng: random.Random) -> str:
    """Another question and answer in the place of the row's."""
    numbers = _numbers(rng)
    ask, answer = (_numbered(str(wording[key]), numbers) for key in ("ask", "answer"))
    answer = texts.spoil(answer, wording["by"]) if "by" in wording else answer
    material = wording.get("input", "")
    if draft.material is None and material:
        ask = f"{ask}\n\n{material}"
    draft.ask, draft.answer, draft.material = ask, answer, material
    return f"{ask} → {answer}"


_SPOT = re.compile(r"\{(\w+)\}")


def _numbered(text: str, numbers: Mapping[str, str]) -> str:
    return _SPOT.sub(lambda found: numbers.get(found[1], found[0]), text)


def _numbers(rng: random.Random) -> dict[str, str]:
    """The numbers of a sum, and results that are wrong by a slip: a digit, a carry, a neighbour."""
    a, b, c, d, e = (
        rng.randint(*one) for one in ((12, 480), (12, 480), (12, 95), (3, 12), (9, 99))
    )
    h, p = rng.randrange(20, 900, 20), rng.choice((10, 15, 25, 30, 60))
    slip = rng.choice((1, 2, 10, -1, -10, 9))
    right = {
        "sum": a + b,
        "difference": a - b,
        "product": c * d,
        "mean": round((a + b + e) / 3, 2),
        "percent": p * h / 100,
        "sum3": a + b + c,
        "square": d * d,
    }
    wrong = {f"{name}_wrong": f"{value + slip:g}" for name, value in right.items()}
    plain = {"a": a, "b": b, "c": c, "d": d, "e": e, "h": h, "p": p}
    return wrong | {name: str(value) for name, value in plain.items()}


def _filled(text: str, draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    if "«ask»" in text:
        other = pool.lend(draft, rng)
        if other is None:
            return None
        text = text.replace("«ask»", other[0]).replace("«answer»", other[1])
    text = text.replace("«n»", str(rng.randint(4, 30)))
    known = re.compile("«(" + "|".join(FILL) + ")»")
    return known.sub(lambda found: fill(found[0], rng), text)


def _unless(asks: re.Pattern[str], way: Way) -> Way:
    """The way, but not where the question asks for just that."""

    def guarded(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
        asked = f"{draft.ask} {draft.material or ''}"
        return None if asks.search(asked) else way(draft, rng, pool)

    return guarded


def _foreign(wording: Wording, draft: Draft, _: random.Random, __: Pool) -> str | None:
    """An answer in a language that the row has nothing to do with."""
    row = f"{draft.ask} {draft.answer}"
    guess = detect(draft.answer) or detect(draft.ask)
    unknown = guess is None and (wording["lang"] == "en" or not row.isascii())
    if unknown or (guess and guess.code == wording["lang"]) or holds(row, wording["lang"]):
        return None
    draft.answer = wording["answer"]
    return draft.answer


# --- texts of the row itself --------------------------------------------------------------------


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


# --- copies -------------------------------------------------------------------------------------


def _same(draft: Draft, _: random.Random, __: Pool) -> str:  # noqa: ARG001  # a way's shape
    return "the same record"


def _reordered(draft: Draft, _: random.Random, __: Pool) -> str | None:
    draft.record = dict(reversed(draft.record.items()))
    return "its keys in another order" if len(draft.record) > 1 else None


def _respelled(
    change: Callable[[str], str], what: str, draft: Draft, _: random.Random, __: Pool
) -> str | None:
    if any(_MERE_WORDS.search(draft.get(path)) for path in draft.host.texts):
        return None  # in code, case and white space mean something
    before = draft.ask, draft.answer
    draft.map_texts(change)
    return what if (draft.ask, draft.answer) != before else None


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _edited(draft: Draft, rng: random.Random, _: Pool) -> str | None:
    """One word in 30 replaced, left out, added or misspelt."""
    words = texts.length(draft.answer)
    if words < NEAR_WORDS or not texts.editable(draft.answer):
        return None
    done = []
    for _number in range(min(max(1, words // (2 * NEAR_WORDS)), 3)):
        draft.answer, what = texts.edit_one_word(draft.answer, rng)
        done.append(what)
    return ", ".join(done)


def _grown(text: str, draft: Draft, _: random.Random, __: Pool) -> str | None:
    if texts.length(draft.answer) < 2 * NEAR_WORDS:
        return None
    draft.answer += text
    return f"another end: {text.strip()}"


def _shortened(draft: Draft, _: random.Random, __: Pool) -> str | None:
    sentences = list(changes.SENTENCE.finditer(draft.answer))
    if texts.length(draft.answer) < 2 * NEAR_WORDS or len(sentences) < 4:  # noqa: PLR2004
        return None
    draft.answer = draft.answer[: sentences[-1].start()].rstrip()
    return "the last sentence left out"


def _asked_anew(
    change: Callable[[str], str], draft: Draft, _: random.Random, __: Pool
) -> str | None:
    if texts.length(draft.answer) < 2 * NEAR_WORDS or texts.length(draft.ask) < ECHO_WORDS:
        return None
    before = draft.ask
    draft.ask = change(draft.ask)
    return f"asked anew: {draft.ask}" if draft.ask != before else None


def _both_edited(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """Question and answer both touched, as when a row was proofread."""
    asked = _asked_anew(rng.choice(_POLITE), draft, rng, pool)
    edited = asked and _edited(draft, rng, pool)
    return f"{asked}; answer {edited}" if edited else None


def _remarked(draft: Draft, _: random.Random, __: Pool) -> str | None:
    """The same list or emphasis with other marks."""
    before = draft.answer
    after = re.sub(r"(?m)^[-*•] ", "– ", re.sub(r"(?m)^(\d+)\. ?", r"\1) ", before))
    draft.answer = after.replace("**", "")
    same = texts.length(before) < NEAR_WORDS or draft.answer == before
    return None if same else "other marks of lists"


def _asked_the_same(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """The question in another spelling, with another answer."""
    draft.ask = rng.choice((str.lower, lambda ask: ask.rstrip(".?! "), lambda ask: f" {ask}\n"))(
        draft.ask
    )
    return _other_answer(draft, rng, pool)


def _first_sentence(draft: Draft, _: random.Random, __: Pool) -> str | None:
    sentences = list(changes.SENTENCE.finditer(draft.answer))
    if len(sentences) < 3:  # noqa: PLR2004  # what is left out is most of it
        return None
    draft.answer = sentences[0][0].strip()
    return f"a shorter answer: {draft.answer}"


def _other_answer(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    other = pool.lend(draft, rng)
    if other is None or other[1].strip() == draft.answer.strip():
        return None
    draft.answer = other[1]
    return f"{draft.ask} → {draft.answer}"


def _swapped(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """The answer to another question, where neither is a label that many rows have."""
    own = texts.length(draft.answer)
    what = _other_answer(draft, rng, pool)
    return what if own >= OWN_WORDS <= texts.length(draft.answer) else None


def _other_label(draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    label = pool.label(draft.answer, rng)
    if label is None:
        return None
    was, draft.answer = draft.answer, label
    return f"{was} → {label}"


def _item(how: str, draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """An evaluation item as a row: alone, with its answer, with a word changed, in other words."""
    item = pool.item(rng)
    if item is None or (how == "answered" and not item[1]):
        return None
    ask = item[0]
    if how == "edited":
        if texts.length(ask) < NEAR_WORDS or not texts.editable(ask):
            return None
        ask, _ = texts.edit_one_word(ask, rng)
    if how == "among":
        ask = f"{rng.choice(_LEADS)}\n\n{ask}"
    if how == "respelled":
        ask = ask.upper() if rng.random() < 0.3 else ask.lower().rstrip(".?! ")  # noqa: PLR2004
    draft.ask, draft.material = ask, ""
    if how == "answered":
        draft.answer = item[1]
    return ask


_LEADS = (
    "Answer the following question as well as you can.",
    "Solve this step by step:",
    "I found this in an old exam, can you help me?",
    "Beantworte diese Frage.",
)


# --- all ----------------------------------------------------------------------------------------


@cache
def ways(name: str) -> tuple[Way, ...]:
    """The ways of a class, in no order of importance."""
    worded = [partial(_worded, one) for one in wordings().get(name, ())]
    if name == "other-language":
        foreign = [partial(_foreign, one) for one in wordings()[name]]
        return tuple(_unless(_ASKS_LANGUAGE, way) for way in foreign)
    if name == "placeholder":
        return tuple(_unless(_ASKS_BLANK, way) for way in worded)
    return (*worded, *_OWN.get(name, ()), *broken.ways(name))


_POLITE = (
    lambda ask: ask if "?" in ask else f"Please {ask[0].lower()}{ask[1:]}",
    lambda ask: ask.rstrip(".?!"),
    lambda ask: f"{ask.rstrip('.?! ')}?",
)
_OWN: Mapping[str, tuple[Way, ...]] = {
    "empty-turn": tuple(partial(_blank, texts.BLANK, part) for part in ("answer", "answer", "ask")),
    "zero-width-turn": tuple(partial(_blank, texts.ZERO_WIDTH, part) for part in ("answer", "ask")),
    "exact": (_same, _same, _reordered),
    "normalised": tuple(
        partial(_respelled, change, what)
        for change, what in (*texts.NORMALISED, (_decomposed, "accents apart"))
    ),
    "near": (
        *(_edited, _edited, _edited, _shortened, _both_edited, _remarked),
        *(
            partial(_grown, text)
            for text in (" I hope this helps!", "\n\nLet me know if you need more.")
        ),
        *(partial(_asked_anew, change) for change in _POLITE),
    ),
    "same-prompt": (_first_sentence, _other_answer, _other_answer, _asked_the_same),
    "swapped": (_swapped,),
    "label-flip": (_other_label,),
    "contamination": tuple(
        partial(_item, how) for how in ("alone", "answered", "edited", "among", "respelled")
    ),
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
