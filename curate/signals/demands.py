"""What the question asks for in numbers, items and words, and how many of them came.

Only plain demands are read, "List five ...", "in at most 50 words", "write an essay"; a question
with two numbers, or an answer that is no plain list, is left out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import polars as pl

from curate.registry import signal
from curate.text.answers import NEEDS, answers

_NUMBERS = {
    word: number
    for number, words in enumerate(
        "two three four five six seven eight nine ten eleven twelve".split(), start=2
    )
    for word in words.split()
} | {"dozen": 12, "fifteen": 15, "twenty": 20}

_ITEMS = re.compile(
    r"(?i)^\W*(?:please |can you |could you |i want you to |i need you to )?(?:list|name|give"
    r"|provide|generate|suggest|write|create|identify|come up|tell|find|describe|mention|propose"
    r"|brainstorm"
    r"|make|compose|think|outline|state|recommend|offer|share|develop|formulate|what are|produce"
    r"|enumerate|show)\b(?: (?:me|us|down|out|up|with|of|a|an|list|the|at least|some|another"
    r"|exactly|about|approximately|around|your|top|best|main|most))* (?P<number>\d{1,2}|[a-z]+) "
    r"(?P<noun>(?:[a-z'’-]+ ){0,4}?[a-z'’-]+s)\b"
)
_NO_ITEMS = re.compile(
    r"(?i)\b(?:sentences?|words?|lines?|paragraphs?|pages?|stanzas?|verses?|characters?|digits?"
    r"|letters?|syllables?|minutes?|hours?|days?|weeks?|months?|years?|dollars?|percent|points?"
    r"|stars?|ingredients?|people|persons?|players?|times|parts?|columns?|rows?|variables?"
    r"|sections?|acts?|dice|sides?|chapters?|groups?|categories|rhymes)\b"
)
_ANY_NUMBER = re.compile(rf"(?i)\d+|\b(?:{'|'.join(_NUMBERS)}|each|per|both|pair|every)\b")

_MOST = re.compile(
    r"(?i)\b(?:(?:in|using|with|to|of|be|is)? ?(?:no|not) more than|(?:in |using |with "
    r"|to )?(?:at most"
    r"|under|(?<!no )(?<!not )(?:less|fewer) than|maximum(?: of)?|max|up to|a maximum of|within)"
    r"|limit(?:ed)?(?: \w+){0,3}"
    r" to|not exceed(?:ing)?) (?:of )?(?P<a>\d{1,4}|[a-z]+) words?\b|\b(?P<b>\d{1,4}|[a-z]+) words?"
    r" (?:or (?:less|fewer)|max(?:imum)?|at most|limit)\b|\bin (?:just |only |exactly )?(?P<c>one"
    r"|\d{1,4}|[a-z]+)"
    r" words?\b|\bone[- ]word\b(?P<d>)"
)
_LEAST = re.compile(
    r"(?i)\b(?:at least|no less than|no fewer than|not less than|minimum(?: of)?|a minimum of) "
    r"(?P<a>\d{2,4}) words\b|\b(?P<b>\d{2,4})[- ]words?[- ](?:essay|article|story|blog|report"
    r"|review|speech|paragraph|post|description)|\b(?:essay|article|story|report|speech|post) (?:of"
    r"|with) (?:about"
    r" |around |approximately |roughly )?(?P<c>\d{2,4}) words\b"
)

# What an answer to such a task is hardly shorter than, in words. Of Alpaca's answers to them one in
# a thousand is, nearly always one that failed.
_KINDS = {
    r"essay|article|report|speech|blog": 30,
    r"story|tale|letter|release|review": 15,
    r"paragraph|e-?mail|song": 8,
    r"poem|dialogue|conversation": 6,
    r"explain|discuss|elaborate|compare|describe": 3,
}
_WRITES = re.compile(
    r"(?i)^\W*(?:please |can you |could you )?(?:(?:write|compose|generate|create|draft|produce"
    r"|pen|craft"
    r"|prepare|develop)(?: (?:me|us|up|out|an?|the|short|brief|long|new|original|detailed|formal"
    r"|informal"
    r"|persuasive|creative|\d+[- ]words?|five[- ]paragraph|fictional|funny|argumentative|concise"
    r"|complete|engaging|interesting|polite|thank you|cover))* (?P<kind>essay|article|report|speech"
    r"|blog post|story"
    r"|tale|fairy tale|letter|press release|review|song|poem|paragraph|e-?mail|dialogue"
    r"|conversation)"
    r"|(?P<says>explain (?:how|why|what|the)|discuss|elaborate|compare and contrast"
    r"|describe (?:how|why|the"
    r" process)))\b"
)
_OTHER = re.compile(
    r"(?i)title|headline|outline|summar|topic|name for|subject|opening|first|sentence|starter"
    r"|signature"
    r"|template|caption|idea|haiku|\bone\b|\bline|words?\b|plan\b|prompt|complete|continue|ending"
)

_ITEM = re.compile(r"(?m)^[ \t]*(?:\*\*)?(\d{1,3})[.):]")
_INLINE = re.compile(r"(?:^|[^\n\S]|[;,.])(\d{1,2})[.)] ?[^\W\d]")
_BLANK = re.compile(r"(?i)blank|\bfill|_{2,}|sentence|headline|title")
_BULLET = re.compile(r"(?m)^[-*•–] ?\S")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


BRIEF = 240  # bytes from which no answer is too short for a task that names no number of words
LEAST_SHARE = 3  # an answer with less than a third of the words that were asked for is short


class _Found(NamedTuple):
    items_asked: int | None = None
    items_given: int | None = None
    words_least: int | None = None
    words_most: int | None = None
    words_given: int | None = None

    @property
    def is_met(self) -> bool:
        """Whether all that was asked for came, as far as it was counted."""
        items = self.items_given is None or self.items_given == self.items_asked
        least = self.words_least is None or (self.words_given or 0) >= self.words_least
        return (
            items
            and least
            and (self.words_most is None or (self.words_given or 0) <= self.words_most)
        )


@signal(
    columns={
        "items_asked": "how many things the question asks for; null where it names no plain number",
        "items_given": "items of the list that came; null where none were asked for, or what came "
        "is no plain list",
        "words_least": "words below which the answer is too short: a third of those the question "
        "asks for, or what an essay, a letter, an explanation hardly does without; null where "
        "nothing is said, or the answer is long enough for all of these",
        "words_most": "words that the answer may have by the question; null where nothing is said",
        "words_given": "words of the answer where the question says how many; else null",
    },
    needs=(*NEEDS, "instruction"),
    version=2,
)
def demands(frame: pl.DataFrame) -> pl.DataFrame:
    """Read the demands of each question, and count what came; of several the one not met."""
    turns = answers(frame)
    instruction = frame["instruction"].gather(turns["row"]).alias("task")
    first = pl.col("turn") == pl.col("turn").min().over("row")
    task = pl.when(first).then(pl.coalesce(instruction, "asked")).otherwise("asked")
    turns = turns.with_columns(task.alias("task"))
    asked = pl.col("task")
    brief = pl.col("answer").str.len_bytes() < BRIEF
    asks = (
        asked.str.contains(_NUMBER)
        | asked.str.contains(_WORDS)
        | (brief & asked.str.contains(_KIND))
    )
    made: list[_Found] = [_Found()] * frame.height
    for row, task, answer in turns.filter(asks).select("row", "task", "answer").iter_rows():
        found = _read(task, answer)
        if found.is_met < made[row].is_met or made[row] == _Found():
            made[row] = found
    schema = dict.fromkeys(_Found._fields, pl.Int64)
    return pl.DataFrame(made, schema=schema, orient="row")


# In Rust's syntax: what is in every question that a pattern above reads.
_NUMBER = (
    r"(?i)^\W*(?:please |can you |could you |i want you to |i need you to )?(?:list|name|give"
    r"|provide|generate|suggest|write|create|identify|come|tell|find|describe|mention|propose"
    r"|brainstorm|make|compose|think|outline|state|recommend|offer|share|develop|formulate"
    r"|what are|produce|enumerate"
    r"|show)(?: [a-z]+){0,6}? (?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen"
    r"|twenty|fifteen|\d{1,2}) "
)
_KIND = (
    r"(?i)^\W*(?:please |can you |could you )?(?:write|compose|generate|create|draft|produce|pen"
    r"|craft|prepare|develop|explain|discuss|elaborate|compare and|describe (?:how|why|the"
    r" process))\b"
)
_WORDS = r"(?i)words?\b"


def _read(question: str, answer: str) -> _Found:
    asked = _items_asked(question)
    given = _items_given(answer) if asked is not None else None
    least, most = _words_asked(question)
    if least is None and most is None:
        return _Found(asked, given)
    return _Found(asked, given, least, most, _count(answer))


def _number(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isdigit() else _NUMBERS.get(text.lower())


def _items_asked(question: str) -> int | None:
    """The number in "List five ...", if it is the only one in the question's first line."""
    line = question.strip().split("\n")[0]
    found = _ITEMS.match(line)
    if found is None or len(_ANY_NUMBER.findall(line)) > 1 or _NO_ITEMS.search(found["noun"]):
        return None
    number = _number(found["number"])
    return number if number is not None and number > 1 else None


def _items_given(answer: str) -> int | None:
    """Items of an answer that is one plain list: numbered from 1 on, or with bullets."""
    numbers = [int(one) for one in _ITEM.findall(answer)]
    if _INLINE.search(answer, 3):
        return None
    if numbers:
        return len(numbers) if numbers == list(range(1, len(numbers) + 1)) else None
    bullets = len(_BULLET.findall(answer))
    return bullets if bullets > 1 and len(answer.strip().split("\n")) <= bullets + 2 else None


def _words_asked(question: str) -> tuple[int | None, int | None]:
    counted = "word" in question.lower()
    kind = _WRITES.match(question)
    least = _LEAST.search(question) if counted else None
    if least is not None:
        number = int(least["a"] or least["b"] or least["c"])
        return (number // LEAST_SHARE if kind and kind["kind"] else None), None
    most = _MOST.search(question) if counted else None
    if most is not None and not _BLANK.search(question):
        one = "one" in (most["c"] or "").lower() or most["d"] is not None
        return None, 1 if one else _number(most["a"] or most["b"] or most["c"])
    if kind is None or _OTHER.search(question):
        return None, None
    said = (kind["kind"] or kind["says"]).lower()
    return next(size for one, size in _KINDS.items() if re.search(one, said)), None


def _count(text: str) -> int:
    """Words, or characters of a script without spaces, half of them."""
    return (
        len(_WORD.findall(text))
        if not _DENSE.search(text)
        else (len(_DENSE.findall(text)) // 2 + len(_WORD.findall(_DENSE.sub(" ", text))))
    )
