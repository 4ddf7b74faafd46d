"""Evaluation items: what `--against` names, read and laid out for `curate.dedup.overlap`.

A file of items may have any type that `clean` reads, and its records any shape that holds text:
what is a question, an answer, or the passage a question is about follows from the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import polars as pl

from curate.dedup.minhash import END
from curate.dedup.overlap import LEAST, TELLING, Index
from curate.errors import CurateError, InputError, UsageError
from curate.read import open_sources, parse
from curate.signals.shingles import token_runs
from curate.text.normalize import normalized

if TYPE_CHECKING:
    from curate.dedup.minhash import Hashes, Ints
    from curate.read import Record

# `task` is a question and what it is about in one text, as a row has its instruction and input.
Role = Literal["question", "task", "context", "answer", "text"]
ROLES: tuple[Role, ...] = get_args(Role)


class File(NamedTuple):
    """A file of evaluation items, as it was read.

    Attributes:
        name: as the user named it.
        sha256: of its bytes.
        bytes: its size.
        records: the items in it.
    """

    name: str
    sha256: str
    bytes: int
    records: int


class Item(NamedTuple):
    """One evaluation item.

    Attributes:
        place: `FILE:LINE`.
        texts: what it says, each with its role.
        asks: the questions alone of a `task` or beside a `context`.
        short: other ways to give the answer, such as the number behind a worked solution.
    """

    place: str
    texts: tuple[tuple[Role, str], ...]
    asks: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


# --- what a record asks and answers -------------------------------------------------------------

# Keys as data sets of evaluations spell them, in small letters without signs.
_ASKS = (
    *("question", "problem", "instruction", "prompt", "query", "goal", "task", "ctx", "turns"),
    *("sentence", "input", "conversations"),
)
_ABOUT = ("context", "passage", "document", "article", "paragraph", "story", "premise", "support")
_ANSWERS = (
    *("answer", "answers", "solution", "output", "response", "completion", "target", "reference"),
    *("canonicalsolution", "code", "bestanswer", "correctanswer", "correctanswers", "answerkey"),
    *("groundtruth", "summary", "highlights", "label", "finalanswer", "expectedanswer"),
)
_TELLS = ("text", "content", "body")
_CHOICES = ("choices", "options", "endings", "mc1targets", "mc2targets")
_SIGNS = re.compile(r"[^a-z0-9]")
# A final answer behind a worked solution, as GSM8K and MATH write it.
_FINAL = re.compile(r"####\s*(.+)|\\boxed\{([^{}]+)\}")
_LETTERS = "abcdefghij"


def item(record: Mapping[str, Any], place: str = "") -> Item:
    """What a record of any shape asks and answers; without texts, where it holds none."""
    chat = _conversation(record)
    if chat is not None:
        return Item(place, tuple(chat), (), _finals(chat))
    held = _keyed(record)
    answers = [text for key in _ANSWERS if key in held for text in _strings(held[key])]
    texts, asks = _asked(held, answered=bool(answers))
    if not texts and not answers:
        return Item(place, tuple(("text", text) for text in _told(held)))
    texts += [("answer", text) for text in answers]
    return Item(place, tuple(texts), asks, (*_finals(texts), *_chosen(held, answers)))


def _told(held: Mapping[str, Any]) -> list[str]:
    """The texts of a record without a question: what a category or a name says is none."""
    keys = [key for key in _TELLS if key in held] or list(held)
    whole = [text for key in keys for text in _strings(held[key], numbers=False)]
    long = [text for text in whole if len(text.split()) >= LEAST]
    return long or sorted(whole, key=len)[-1:]


def _conversation(record: Mapping[str, Any]) -> list[tuple[Role, str]] | None:
    """The turns of a record in a chat format."""
    from pydantic import ValidationError

    from curate import formats

    if not any(map(_is_chat, record.values())):
        return None
    try:
        made = formats.load(dict(record))
    except ValidationError:
        made = None
    if made is None:
        return [("text", text) for value in record.values() for text in _strings(value)]
    roles: Mapping[str, Role] = {"user": "question", "assistant": "answer"}
    return [(roles[one.role], one.text) for one in made.messages() if one.role in roles]


def _is_chat(value: Any) -> bool:  # noqa: ANN401  # any JSON
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and ("role" in first or "from" in first)


def _asked(
    held: Mapping[str, Any], *, answered: bool
) -> tuple[list[tuple[Role, str]], tuple[str, ...]]:
    """The question and what it is about, and the question alone where there is both."""
    about = [text for key in _ABOUT if key in held for text in _strings(held[key])]
    keys = (*_ASKS, "text") if answered or about else _ASKS
    asking = next((key for key in keys if key in held and _strings(held[key], numbers=False)), None)
    if asking is None:
        alone: Role = "question" if answered else "text"
        return [(alone, text) for text in about], ()
    asked = tuple(_strings(held[asking]))
    inputs = tuple(_strings(held.get("input"))) if asking != "input" else ()
    if inputs:
        texts: list[tuple[Role, str]] = [
            ("task", f"{one}\n\n{text}") for one in asked for text in inputs
        ]
        return texts, asked
    texts = [("question", text) for text in asked]
    return [*texts, *(("context", text) for text in about)], asked if about else ()


@cache
def _plain(key: str) -> str:
    return _SIGNS.sub("", key.lower())


def _keyed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values by their plain keys; Self-Instruct's instances as inputs and outputs."""
    held = {_plain(key): value for key, value in record.items()}
    several = held.get("instances")
    if isinstance(several, list):
        for key in ("input", "output"):
            held[key] = [one.get(key) for one in several if isinstance(one, Mapping)]
    return held


def _strings(value: Any, *, numbers: bool = True) -> list[str]:  # noqa: ANN401  # any JSON
    """Every text in a value, however deep; numbers as texts."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, int | float):
        return [str(value)] if numbers else []
    inner = value.values() if isinstance(value, dict) else value
    return [text for one in inner for text in _strings(one, numbers=numbers)]


def _finals(texts: Sequence[tuple[Role, str]]) -> tuple[str, ...]:
    """The results that close worked solutions."""
    found = [_FINAL.findall(text) for role, text in texts if role == "answer"]
    return tuple(a or b for pairs in found for a, b in pairs[-1:])


def _chosen(held: Mapping[str, Any], answers: Sequence[str]) -> Iterator[str]:
    """The texts of the choices that the answer names by letter or number."""
    for key in _CHOICES:
        if key not in held:
            continue
        value = held[key]
        listed = value.get("text") if isinstance(value, Mapping) else value
        choices = listed if isinstance(listed, list) else []
        for answer in answers:
            at = _place(answer, held, len(choices))
            if at is not None and at < len(choices):
                yield from _strings(choices[at])


def _place(answer: str, held: Mapping[str, Any], count: int) -> int | None:
    word = answer.strip().strip("().").lower()
    if word in _LETTERS[:count] and len(word) == 1:
        return _LETTERS.index(word)
    # A number behind `answerKey` counts from 1 (ARC), any other from 0 (MMLU, HellaSwag).
    return int(word) - ("answerkey" in held) if word.isdecimal() else None


# --- reading ------------------------------------------------------------------------------------


class Against(NamedTuple):
    """Evaluation items, ready to be found.

    Attributes:
        files: what was read.
        items: all items.
        texts: their texts.
        owner: the item of each text.
        role: what each text is, as a place in `ROLES`.
        answers: the words that give each item's answer, as bytes, where they are few.
    """

    files: tuple[File, ...]
    items: tuple[Item, ...]
    texts: Index
    owner: Ints
    role: Ints
    answers: list[list[bytes]]


def load(names: Sequence[str], *, anew: bool = False) -> Against:
    """The items of these files, kept until others are asked for.

    Args:
        names: what `curate.read.open_sources` takes, but for standard input.
        anew: read them once more, as they may have changed.

    Raises:
        UsageError: standard input, which could not be read again.
        InputError: a file that can't be read, or holds no text; names file and line.
    """
    if "-" in names:
        raise UsageError("--against -: name a file; a run has to be able to read it again")
    if anew:
        _load.cache_clear()
    return _load(tuple(names))


@lru_cache(maxsize=1)
def _load(names: tuple[str, ...]) -> Against:
    sources = open_sources(names)
    items = [_read(record) for source in sources for record in source]
    files = tuple(File(one.name, one.sha256 or "", one.size or 0, one.records) for one in sources)
    if not any(one.texts for one in items):
        raise InputError(f"{names[0]}: no text in it; --against takes evaluation items")
    return _against(items, files)


def named(place: str, files: Mapping[str, str]) -> Item | None:
    """The item that stands at `FILE:LINE`, if its file still is what rows were compared with.

    `files` has the SHA-256 of each file by its name.
    """
    name, _, line = place.rpartition(":")
    try:
        (source,) = open_sources([name])
        found = [_read(record) for record in source if str(record.line) == line]
    except CurateError:  # it is gone, or can't be read any more
        return None
    return found[0] if found and source.sha256 == files.get(name) else None


_SHARED = 3  # words in a row that both have
_ALONE = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff"  # each sign is a word
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")


def shared(text: str, others: Iterable[str]) -> list[tuple[int, int]]:
    """The stretches of a text, in characters, whose words stand in others too.

    Three words in a row, or all words of a text that has fewer; case and signs aside.
    """
    words = [(found.start(), found.end(), found[0].lower()) for found in _WORD.finditer(text)]
    size = min(_SHARED, len(words))
    known = {
        run for one in others for run in _grams([word.lower() for word in _WORD.findall(one)], size)
    }
    held = [run in known for run in _grams([word for _, _, word in words], size)]
    made: list[tuple[int, int]] = []
    for at in (at for at, is_held in enumerate(held) if is_held):
        start, end = words[at][0], words[at + size - 1][1]
        if made and at and held[at - 1]:
            start = made.pop()[0]
        made.append((start, end))
    return made


def _grams(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """The runs of so many words."""
    return zip(*(words[at:] for at in range(size)), strict=False) if size else iter(())


def _read(record: Record) -> Item:
    place = f"{record.source}:{record.line}"
    try:
        if record.error is not None:
            raise ValueError(record.error)  # noqa: TRY301  # one place to say so
        return item(parse(record.raw), place)
    except ValueError as error:
        raise InputError(f"{place}: {error} (nothing could be compared with it; mend it)") from None


def _against(items: Sequence[Item], files: tuple[File, ...]) -> Against:
    """Lay the texts out; a short answer finds nothing by itself, so it is not looked for."""
    texts = [text for one in items for _, text in one.texts]
    owners = np.repeat(np.arange(len(items)), [len(one.texts) for one in items])
    roles = np.array([ROLES.index(role) for one in items for role, _ in one.texts], np.int64)
    index = Index.of(words_of(texts), few=roles == ROLES.index("answer"))
    return Against(
        files, tuple(items), index, owners[index.text], roles[index.text], _answers(items)
    )


def _answers(items: Sequence[Item]) -> list[list[bytes]]:
    """The short answers of each item as bytes of token hashes."""
    texts = [[*one.short, *(text for role, text in one.texts if role == "answer")] for one in items]
    runs = words_of([text for some in texts for text in some])
    closes = iter(np.flatnonzero(runs == END).tolist())
    made: list[list[bytes]] = []
    at = 0
    for some in texts:
        made.append([])
        for close in islice(closes, len(some)):
            if 0 < close - at < TELLING:
                made[-1].append(runs[at:close].tobytes())
            at = close + 1
    return made


def words_of(texts: Sequence[str]) -> Hashes:
    """The token hashes of texts as the sketches of rows have them, END after each."""
    plain = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return token_runs(plain.select(normalized(pl.col("text")))["text"])
