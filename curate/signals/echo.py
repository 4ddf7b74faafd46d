"""Answers that say the question or its material again instead of answering.

A question is compared by its words, and an answer that leaves a few out but adds none is nearly
the same; one that adds a word ("The capital of France is Paris.") has answered. Material is
compared by its text, but for its ends, white space and case: a comma more may be what was asked.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from curate.registry import signal
from curate.signals.endings import is_known
from curate.text.answers import NEEDS, answers

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_WORDS = 3  # what is shorter is an answer that happens to be in the question: "Yes", "a cat"
NEAR = 0.8  # share of the question's words from which an answer is nearly the same
ENDS = 8  # bytes by which material and its copy may differ: quotes, white space, a stop

# What may stand before a question that is said again, instead of an answer.
_LABEL = (
    r"(?i)^\s*(?:\**(?:question|instruction|task|prompt|input|query|q|you asked"
    r"|your question(?: was)?)\**\s*[:：]\**\s*|here(?: i|['’])s )"
)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_WHAT_IS = re.compile(r"(?i)^\W*what (?:is|are|was|were) ")  # ... the function of the liver?
_QUESTION = re.compile(r"[?？]|(?i:classif|separate|which|whether)|[:：]")
_ENDS = " \n\t\"'“”‘’`.。"

# Where the question itself may be the answer ...
_AGAIN = re.compile(
    r"(?i)\brepeat|\becho|\bcop(?:y|ies)\b|verbatim|recite|\bsay (?:after|the|this|\")"
    r"|word for word"
    r"|\b(?:write|type|print|output|display) (?:the |this |these |following |exact|\")|\bping\b"
    r"|this (?:sentence|instruction|prompt|question|text|message)|unchanged|as it is"
    r"|重复|复述|繰り返|repite|wiederhol|répète|ripeti"
)
# ... and where its material may be: it was to be picked from, corrected, laid out.
_ASKED = re.compile(
    r"(?i)\brepeat|\becho|\bcop(?:y|ies)\b|verbatim|\bquote|recite|\bsay (?:after|the|this|\")"
    r"|word for word|\b(?:write|type|print|output|display|show|return) (?:down |out )?(?:the |this "
    r"|these |following |exact|\")|transcri|extract|select|choose|pick|identif|\bfind\b|which"
    r"|highlight|underline|\bbold\b|locate|\bformat|capitali[sz]|case\b|\bsort|order|arrange"
    r"|rank|unchanged|as it is"
    r"|if (?:needed|necessary|any|there)|duplicat|remove|delete|clean|filter|validat|detect|check"
    r"|\binsert|\badd\b|\bperiod\b|comma\b|all caps|capital|read|aloud|transcript|\bappend|join"
    r"|decode|decrypt|tokeni[sz]|split|\bhello\b|\bping\b|title|headline|\bname\b"
    r"|重复|复述|抄写|排序|繰り返|repite|wiederhol|répète|ripeti"
)
# Where nothing may be wrong with the material, unless something plainly is ...
_CORRECTS = re.compile(
    r"(?i)grammar|correct|proof-?read|spell|punctuat|\bedit|\bfix|error|mistake|typo|改错|修改|更正"
    r"|语法|校正|korrigier|corrig|correg"
)
_OPEN = re.compile(r"(?i)\bif\b|whether|\bany\b|check|detect|find")
_MISTAKE = re.compile(
    r"(?<![Dd]oes )(?<![Dd]id )(?<!let )(?<!can )(?<!will )\b(?:[Hh]e|[Ss]he|[Ii]t) (?:don['’]t"
    r"|have|am)\b"
    r"|(?<![Dd]oes )(?<![Dd]id )(?<!let )(?<!can )(?<!will )\b(?:[Hh]e|[Ss]he) (?:go|like|want"
    r"|do|are)\b"
    r"|\b(?:[Tt]hey|[Ww]e|[Yy]ou) (?:was|is|has|goes|likes|wants)\b"
    r"|\b(?:don['’]t|doesn['’]t|didn['’]t|can['’]t|to|will|must) (?:goes|likes|wants|has|went"
    r"|had|was)\b"
    r"|\b(?:have|has|had) (?:bring|go|went|take|took|eat|ate|see|do|did|write|came)\b"
    r"|^(?:[Hh]im|[Mm]e|[Hh]er|[Tt]hem|[Uu]s) (?:and \w+ )?(?:is|are|was|were|goes|go|has|likes)\b"
    r"|\bi (?:am|have|was|will|like|want|go)\b|\ba (?:apple|egg|orange|hour|umbrella|elephant"
    r"|idea)\b|\bevery (?:days|weeks|months|years|mornings|nights)\b"
    r"|\b(?:many|these|those|two|three|several) (?:book|child|apple|car|dog|cat|day|man|woman"
    r"|house|friend)\b"
)
# ... and where a translation may be the same: a name, a text that is in that language already.
_TRANSLATES = re.compile(r"(?i)translat|翻译|翻譯|翻訳|übersetz|tradu[cisz]|vertaal|перевед")
_TO_ENGLISH = re.compile(r"(?i)english|englisch|anglais|inglés|inglese|inglês|engels|англий|英")
_ENGLISH = re.compile(
    r"(?i)\b(?:the|of|and|is|are|was|were|that|with|for|from|this|it|they|we|she|he|have|not|be"
    r"|you|my)\b"
)
TRANSLATED_WORDS = 4  # of a text whose translation is another


class _Found(NamedTuple):
    share: float = 0.0
    of: str | None = None


@signal(
    columns={
        "echo_share": "share of the question that the answer says again and adds nothing: 1 = it "
        f"is the question or its material, from {NEAR} nearly the question, 0 = it is neither",
        "echo_of": "what the answer says again: instruction, input or prompt (both together, or a "
        "later turn); null where it says nothing again",
        "echo_asked": "whether the question asks to repeat, copy, pick or correct, where the same "
        "text may be the answer",
    },
    needs=(*NEEDS, "instruction", "input"),
    version=2,
)
def echo(frame: pl.DataFrame) -> pl.DataFrame:
    """Compare answers with what they answer where both are about as long."""
    turns = answers(frame).with_columns(pl.col("answer").str.replace(_LABEL, ""))
    fields = frame.select("instruction", "input").with_row_index("row")
    turns = turns.join(fields, on="row", how="left", maintain_order="left")
    first = pl.col("turn") == pl.col("turn").min().over("row")  # the fields are of its question
    turns = turns.with_columns(
        pl.when(first).then(name).alias(name) for name in ("instruction", "input")
    )
    size = pl.col("answer").str.len_bytes().cast(pl.Int64)
    near = pl.any_horizontal(
        size.is_between(NEAR / 2 * other, other + ENDS)
        for other in (
            pl.col(name).str.len_bytes().cast(pl.Int64) for name in ("asked", "instruction")
        )
    )
    asked = pl.col("asked").str.strip_chars()
    near |= (size <= 2 * asked.str.len_bytes() + ENDS) & pl.col("answer").str.starts_with(asked)
    given = (size - pl.col("input").str.len_bytes().cast(pl.Int64)).abs() <= ENDS
    text = pl.col("answer").str.strip_chars(_ENDS)
    given |= pl.col("asked").str.strip_chars(_ENDS).str.ends_with(text)
    alike = ((near & _begins_alike()) | given).fill_null(value=False) & (size > 2 * LEAST_WORDS)
    columns = ("row", "asked", "instruction", "input", "answer")
    shares = [0.0] * frame.height
    whats: list[str | None] = [None] * frame.height
    asks = [False] * frame.height
    for row, asked, instruction, material, answer in (
        turns.filter(alike).select(columns).iter_rows()
    ):
        found = _compare(answer, asked, instruction, material)
        if found.share > shares[row]:
            shares[row], whats[row] = found
            if found.of == "input":
                asks[row] = _may_stay(*_parts(asked, instruction, material))
            else:
                asks[row] = _AGAIN.search(instruction or asked) is not None
    schema = {"echo_share": pl.Float64, "echo_of": pl.String, "echo_asked": pl.Boolean}
    return pl.DataFrame({"echo_share": shares, "echo_of": whats, "echo_asked": asks}, schema=schema)


def _begins_alike() -> pl.Expr:
    """Whether the answer's fourth to tenth letters stand in the question: a word lost or not."""
    letters = pl.col("answer").str.slice(3, 6).str.to_lowercase()
    return pl.col("asked").str.to_lowercase().str.contains(letters, literal=True)


def _compare(answer: str, asked: str, instruction: str | None, material: str | None) -> _Found:
    """The text that the answer says again, and how much of it."""
    single = instruction is not None and not material
    instruction, material = _parts(asked, instruction, material)
    if material and _plain(answer) == _plain(material) and len(_words(material)) >= LEAST_WORDS:
        return _Found(1.0, "input")
    words, question = _words(answer), instruction
    if len(words) < LEAST_WORDS:
        return _Found()
    if words in (_words(asked), 2 * _words(asked)):
        return _Found(1.0, "instruction" if single else "prompt")
    share = _shared(words, _words(question))
    if (
        share < 1 and words != _words(_WHAT_IS.sub("", question)) and _QUESTION.search(question)
    ):  # "Was it a victory?" "It was a victory."
        return _Found()
    return _Found(share, "instruction" if single else "prompt") if share else _Found()


def _parts(asked: str, instruction: str | None, material: str | None) -> tuple[str, str | None]:
    """A question's task and its material, which in a chat stands in the same turn."""
    if material or (instruction and instruction != asked):
        return instruction or asked, material
    for sign in ("\n\n", "\n", ": "):
        task, found, rest = asked.partition(sign)
        if found and rest.strip() and (len(_words(task)) > 1 or sign == "\n\n"):
            return task, rest
    return asked, None


def _may_stay(task: str, material: str | None) -> bool:
    """Whether material may come back as it was: it was to be picked from, or nothing is wrong."""
    if material is None or _ASKED.search(task):
        return True
    english = _ENGLISH.search(material) is not None
    if _TRANSLATES.search(task):
        same = english == (_TO_ENGLISH.search(task) is not None)
        return same or len(_words(material)) < TRANSLATED_WORDS
    if _CORRECTS.search(task):
        return bool(_OPEN.search(task)) or not english or not _is_wrong(material)
    return False


def _is_wrong(text: str) -> bool:
    """Whether an English text has a mistake that is plain: a form, a word that is none."""
    words = re.findall(r"(?<![\w'’-])[a-z]{4,}(?![\w'’-])", text)
    return _MISTAKE.search(text) is not None or not all(map(is_known, words))


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).strip(_ENDS)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _shared(words: Sequence[str], other: Sequence[str]) -> float:
    """How much of `other` is in `words`, where `words` has nothing else; in [0, 1]."""
    if not NEAR * len(other) <= len(words) <= len(other):
        return 0.0
    return 0.0 if Counter(words) - Counter(other) else len(words) / len(other)
