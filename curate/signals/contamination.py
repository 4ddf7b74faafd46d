"""Rows that hold or paraphrase items of an evaluation set (`--against`).

What is found of an item, in a turn of a row (the kind):

exact      the turn is the item's text, case, punctuation and white space aside
contained  a run of TELLING words of the item (a whole item of GRAM words or more, if it has fewer),
           and at least FLOOR of its own words in runs of GRAM
near       a passage of the turn with word trigrams like the item's: Jaccard >= minhash.FLOOR

And what that means (the class), the gravest first:

answer       the item's question stands in the row's prompt, and its answer in the row's answer
prompt       the item's question stands in the row, or an item that is a text and no question
part         what the question is about without the question, the answer without it, or some of a
             question in an answer
boilerplate  words that stand in more than COMMON items

A row's values depend on that row and the items alone. The gravest find is kept, of these the one
that is most alike, of these the first item's.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from curate.dedup import minhash
from curate.dedup.against import ROLES, Against, load, words_of
from curate.dedup.minhash import END, SIGN, TURN
from curate.dedup.overlap import GRAM, TELLING, find, jaccard, words_alone
from curate.registry import signal
from curate.text.evidence import PLACES, WHERE
from curate.text.normalize import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from curate.config import Settings
    from curate.dedup.minhash import Hashes, Ints, Mask

# Of an item's own words; less is a phrase. Rules raise it.
FLOOR = 0.25
# Words at the beginning and the end of an answer among which one of a word or two must stand.
_NEAR_ENDS = 8
_FEW = 2
_WORD = re.compile(r"\w+(?:['’.,:]\w+)*")
# What stands before a sentence or line, and behind it.
_BEGINS = re.compile(r"(?:^|[.?!:;。？！：…\n\"“”'`*|>)\]])\s*(?:[-*\d.)(]{1,4}\s*)?[\"“'`*(\[]*$")
_CLOSES = re.compile(r"\s*(?:$|[.?!。？！…\n\"“”'`*|<)\]])")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
# Scripts of which each character is a word, by the names of their characters.
_UNSPACED = (
    *("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "THAI", "LAO"),
    *("KHMER", "MYANMAR", "TIBETAN"),
)
_CLASSES = ("answer", "prompt", "part", "boilerplate")
_KINDS = ("exact", "contained", "near")
_NEAR = 2
_SCHEMA: dict[str, Any] = {
    "contamination": pl.String,
    "contamination_class": pl.String,
    "contamination_kind": pl.String,
    "contamination_share": pl.Float64,
    "contamination_item": pl.String,
    "contamination_at": PLACES,
}


@signal(
    columns={
        "contamination": "the evaluation item (`--against`) that the row holds, and how much of it",
        "contamination_class": "what of the item: answer (and its question), prompt, part (without "
        "the question), or boilerplate (which many items share)",
        "contamination_kind": "how: exact, contained or near",
        "contamination_share": "of the item's own words, how many stand in the row; where near, "
        "the Jaccard similarity",
        "contamination_item": "FILE:LINE of the item",
        "contamination_at": WHERE,
    },
    needs=("roles", "texts", "rejected", "prompt_words", "response_words"),
    settings=("against",),
)
def contamination(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Look each turn's words up in the index; null where nothing is found, or nothing asked."""
    none = pl.DataFrame(schema=_SCHEMA).clear(frame.height)
    if not settings.against:
        return none
    against = load(settings.against)
    turns = _Turns.of(frame)
    hits = _sentences(frame, _hits(against, turns))
    if hits.is_empty():
        return none
    best = _best(against, frame, hits)
    rows = pl.DataFrame({"row": np.arange(frame.height)})
    return rows.join(
        _told(against, frame, best), on="row", how="left", maintain_order="left"
    ).select(_SCHEMA.keys())


class _Turns(NamedTuple):
    """The turns of a batch as runs of words, END after each: of all prompts, then of all answers.

    Attributes:
        runs: token hashes.
        row: the row of each turn.
        place: which of the row's prompts (user and tool turns) or answers it is.
        answer: whether it is an answer; the last may be a rejected one.
        sizes: words of each turn.
    """

    runs: Hashes
    row: Ints
    place: Ints
    answer: Mask
    sizes: Ints

    @classmethod
    def of(cls, frame: pl.DataFrame) -> _Turns:
        """Cut the sketches of a batch into turns."""
        fields = [frame[name].explode().to_numpy() for name in ("prompt_words", "response_words")]
        runs = np.concatenate(fields)
        closes = (runs == END) | (runs == TURN)
        field = minhash.row_of(runs)[closes]
        last = runs[closes] == END
        starts = np.flatnonzero(np.concatenate([[True], last[:-1]]))[: frame.height * 2]
        place = np.arange(len(field)) - starts[field]
        row, answer = field % frame.height, field >= frame.height
        runs = minhash.cut_turns(runs)
        sizes = np.diff(np.flatnonzero(words_alone(runs) == END), prepend=-1) - 1
        return cls(runs, row, place, answer, sizes)


# --- what is found ------------------------------------------------------------------------------


def _hits(against: Against, turns: _Turns) -> pl.DataFrame:
    """Every find that counts: turn, row, text, item, common, kind, share, start, end."""
    index = against.texts
    found = find(index, turns.runs)
    sizes = index.sizes[found.text]
    enough = found.longest >= np.minimum(
        TELLING, np.where(found.common, sizes, index.own[found.text])
    )
    whole = found.whole | (enough & (found.share == 1))
    contained = enough & (found.share >= FLOOR)
    kind = np.where(found.whole, 0, 1)
    share, start, end = found.share.copy(), found.start.copy(), found.end.copy()
    # A text of which little is its own is alike in what is not.
    maybe = np.flatnonzero(~whole & ~found.common & (2 * index.own[found.text] >= sizes))
    alike, first, last = jaccard(index, turns.runs, found.taken(maybe))
    near = alike >= minhash.FLOOR
    chosen = maybe[near]
    kind[chosen], share[chosen] = _NEAR, alike[near]
    start[chosen], end[chosen] = first[near], last[near]
    kept = whole | contained | (kind == _NEAR)
    return pl.DataFrame(
        {
            "turn": found.run,
            "row": turns.row[found.run],
            "place": turns.place[found.run],
            "words": turns.sizes[found.run],
            "answer": turns.answer[found.run],
            "text": found.text,
            "item": against.owner[found.text],
            "role": against.role[found.text],
            "common": found.common,
            "whole": whole,
            "brief": ~found.whole & (sizes < GRAM),
            "kind": kind,
            "share": share,
            "start": start,
            "end": end,
        }
    ).filter(kept)


def _sentences(frame: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """The hits without texts of few words that are no whole sentence or line where they stand."""
    few = hits.select(pl.col("brief").arg_true()).to_series()
    texts = frame[hits["row"].gather(few)].select("roles", "texts", "rejected").iter_rows()
    whole = []
    for (roles, turns, rejected), hit in zip(texts, hits[few].iter_rows(named=True), strict=True):
        _, text = _turn(roles, turns, rejected, hit)
        whole.append(text is not None and _is_sentence(text, _stretch(text, hit)))
    kept = pl.repeat(value=True, n=hits.height, eager=True)
    return hits.filter(kept.scatter(few, pl.Series(whole, dtype=pl.Boolean)))


def _is_sentence(text: str, stretch: tuple[int, int] | None) -> bool:
    if stretch is None:
        return False
    before, after = text[: stretch[0]], text[stretch[1] :]
    return bool(_BEGINS.search(before) and _CLOSES.match(after))


# --- what it means ------------------------------------------------------------------------------


def _best(against: Against, frame: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """One find a row, with its class."""
    own, answer = ~pl.col("common"), pl.col("answer")
    role = {name: pl.col("role") == place for place, name in enumerate(ROLES)}
    entire = pl.col("whole") | (pl.col("kind") == _NEAR)
    asks = own & (
        role["text"] | (role["question"] & (~answer | entire)) | (role["task"] & pl.col("whole"))
    )
    about = own & (role["task"] | role["context"])
    hits = hits.with_columns(
        asks.any().over("row", "item").alias("asked"),
        (own & answer & role["answer"]).any().over("row", "item").alias("replied"),
    )
    asked, replied = pl.col("asked"), pl.col("replied")
    hits = hits.with_columns(_looked(hits, about & ~asked, "asked", _asks(against, frame)))
    asks |= about & asked
    hits = hits.with_columns(
        _looked(hits, asks & ~answer & ~replied, "replied", _replies(against, frame))
    )
    grave = pl.when(asks & ~answer & replied).then(0).when(asks).then(1).when(own).then(2)
    order = ("class", -pl.col("share"), "kind", "item", "turn", "start")
    return (
        hits.with_columns(grave.otherwise(3).alias("class"))
        .sort("row", *order)
        .unique("row", keep="first", maintain_order=True)
    )


def _looked(
    hits: pl.DataFrame, where: pl.Expr, name: str, test: Callable[[int, int], bool]
) -> pl.Series:
    """A column, true also where a test of row and item says so; it is asked at some hits only."""
    at = hits.select(where.arg_true()).to_series()
    pairs = hits[at].select("row", "item").iter_rows()
    return hits[name].scatter(
        at, pl.Series([test(row, item) for row, item in pairs], dtype=pl.Boolean)
    )


def _asks(against: Against, frame: pl.DataFrame) -> Callable[[int, int], bool]:
    """Whether a row's prompt holds an item's question, or most of it."""

    def test(row: int, item: int) -> bool:
        words = frame["prompt_words"][row].to_numpy().tobytes()
        asked = (words_of([text])[:-1].tobytes() for text in against.items[item].asks)
        return any(_place(words, one) >= 0 or _mostly(words, one) for one in asked)

    return cache(test)


def _mostly(words: bytes, asked: bytes) -> bool:
    """Whether half of a question's word trigrams stand among some words."""
    size = 3 * _BYTES
    some = {asked[at : at + size] for at in range(0, len(asked) - size + 1, _BYTES)}
    return 0 < len(some) <= 2 * sum(_place(words, one) >= 0 for one in some)


def _replies(against: Against, frame: pl.DataFrame) -> Callable[[int, int], bool]:
    """Whether a row's answer holds an item's short answer."""

    def test(row: int, item: int) -> bool:
        words = frame["response_words"][row].to_numpy()[:-1].tobytes()
        return any(gives(words, short) for short in against.answers[item])

    return cache(test)


_BYTES = 4  # of a token


def gives(words: bytes, short: bytes) -> bool:
    """Whether an answer gives a short one; a word or two count near its ends only."""
    if len(short) > _FEW * _BYTES:
        return _place(words, short) >= 0
    near = _NEAR_ENDS * _BYTES
    return _place(words[:near], short) >= 0 or _place(words[-near:], short) >= 0


def _place(words: bytes, sought: bytes) -> int:
    """The token of some words at which others begin; -1 where they do not stand."""
    at = words.find(sought) if sought else -1
    while at % _BYTES and at >= 0:
        at = words.find(sought, at + 1)
    return at // _BYTES


# --- how it is told -----------------------------------------------------------------------------


def _told(against: Against, frame: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    """The signal's columns of the rows that were hit."""
    texts = frame[best["row"]].select("roles", "texts", "rejected").iter_rows()
    said = []
    for (roles, turns, rejected), hit in zip(texts, best.iter_rows(named=True), strict=True):
        place = against.items[hit["item"]].place
        where = _where(roles, turns, rejected, hit)
        words = (_sentence(place, hit), _CLASSES[hit["class"]], _KINDS[hit["kind"]])
        said.append((hit["row"], *words, hit["share"], place, [where] if where else None))
    return pl.DataFrame(said, schema={"row": best.schema["row"], **_SCHEMA}, orient="row")


def _sentence(place: str, hit: Mapping[str, Any]) -> str:
    share = f"{hit['share']:.0%}".replace("%", " %")
    how = {"exact": "exact", "contained": f"{share} contained", "near": f"near, {share} alike"}
    return f"{place}, {how[_KINDS[hit['kind']]]}"


def _where(
    roles: Sequence[str], texts: Sequence[str], rejected: str | None, hit: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Turn and characters of a find; the whole turn where its words can't be laid beside it."""
    turn, text = _turn(roles, texts, rejected, hit)
    if text is None:
        return None
    start, end = _stretch(text, hit) or (0, len(text))
    return {"column": "contamination", "turn": turn, "start": start, "end": end}


def _turn(
    roles: Sequence[str], texts: Sequence[str], rejected: str | None, hit: Mapping[str, Any]
) -> tuple[int | None, str | None]:
    """The number, from 1, and the text of a turn; no number for the rejected answer."""
    wanted = ("assistant",) if hit["answer"] else ("user", "tool")
    turns = [at for at, role in enumerate(roles) if role in wanted]
    if hit["place"] >= len(turns):
        return None, rejected
    return turns[hit["place"]] + 1, texts[turns[hit["place"]]]


def _stretch(text: str, hit: Mapping[str, Any]) -> tuple[int, int] | None:
    """The characters from the first word of a find to its last; None where words are missing."""
    begins = word_places(text)
    if len(begins) != hit["words"] or hit["end"] <= hit["start"]:
        return None
    start = begins[hit["start"]]
    end = begins[hit["end"]] if hit["end"] < len(begins) else len(text)
    last = _WORD.match(text, begins[hit["end"] - 1])
    return start, last.end() if last and last.end() <= end else end


def word_places(text: str) -> list[int]:
    """The character at which each word of a text begins, as the sketches count words."""
    made, places = bytearray(), []
    for at, sign in enumerate(text):
        part = _spelled(sign)
        made += part
        places += [at] * len(part)
    tokens, begins = minhash.tokens(bytes(made))
    return [places[at] for at in begins[tokens & SIGN == 0].tolist()]


@cache
def _spelled(sign: str) -> bytes:
    """A character as the sketches read it, but for case and composition, which move no word."""
    if sign in "\u2018\u2019\u02bc":
        return b"'"
    if sign.isascii():
        return sign.encode()
    if _INVISIBLE.match(sign):
        return b""
    kind = unicodedata.category(sign)
    if kind == "So" or unicodedata.name(sign, "").startswith(_UNSPACED):
        return f" {sign} ".encode()
    return sign.encode() if kind[0] in "LMNS" else b" "
