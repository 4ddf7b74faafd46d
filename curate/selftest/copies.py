"""Ways that make a copy of a row, or give it the text of another: a row, a label, an item."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

from curate.selftest import changes, texts

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from curate.selftest.host import Draft
    from curate.selftest.way import Pool, Way

NEAR_WORDS = 30  # one word in so many is a small edit
ASK_WORDS = 6  # of a question that can be asked in other words
OWN_WORDS = 8  # an answer of fewer may serve many questions
_MERE_WORDS = re.compile(r"[/\\{}<>=$|_~*]")


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
    if texts.length(draft.answer) < 2 * NEAR_WORDS or texts.length(draft.ask) < ASK_WORDS:
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
_POLITE = (
    lambda ask: ask if "?" in ask else f"Please {ask[0].lower()}{ask[1:]}",
    lambda ask: ask.rstrip(".?!"),
    lambda ask: f"{ask.rstrip('.?! ')}?",
)
WAYS: Mapping[str, tuple[Way, ...]] = {
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
}
