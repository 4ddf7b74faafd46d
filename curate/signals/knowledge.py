"""How much of an answer's knowledge its prompt holds: facts to be learnt, or form.

A fact is, roughly, a name, a number, or a word that is not among the commonest. An answer whose
facts stand in its prompt (a summary, a rewrite, an extraction) teaches how to do something; one
that brings them along teaches what it says. That is better looked up than learnt: fine-tuning adds
facts badly (Ovadia et al. 2023, arXiv 2312.05934).

What counts:
    name      a word with a capital within a sentence
    number    two digits or more, but not those that number the items of a list
    rare      a word that is not one of the `COMMON` commonest English ones; in an answer of
              `SHORT` words or fewer, none of the `FUNCTION` commonest; in an answer that is hardly
              English, to a question that isn't either, no word is rare
Words are compared without case and without the endings that English gives them.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.dedup.minhash import hash_spans, portions
from curate.registry import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Ints, Mask

    Keys = NDArray[np.uint64]

# Of 250, 1,000, 3,000 and 6,000 this one tells Dolly's categories apart best (docs/log.md).
COMMON, FUNCTION = 1000, 250
SHORT = 3
_VERDICTS = ("yes", "no", "true", "false")  # judge what the prompt says
# Of the words of an English answer 60 % are common, of a German one 10 %.
_ENGLISH = 0.3
# Signs of code a word, from which on an answer is no prose; Dolly's answers have 0.02.
_CODE = 0.25
_CODE_SIGNS = r"[{}()\[\]<>=|\\$;_`/*&#@^~]"
_CONTROL = r"<\|[^|>]*\|>"  # of a chat template, left over
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_FOREIGN_SIGN = r"[^\p{L}\p{M}\p{N}\x00-\x7f]"
_PORTION = 2_000_000  # bytes of text at once; what is worked on stays in the cache

_OTHER, _LETTER, _DIGIT = 0, 1, 2
_KINDS = bytes(
    _DIGIT if 48 <= byte < 58 else _LETTER if byte > 127 or chr(byte).isalpha() else _OTHER  # noqa: PLR2004 - ASCII
    for byte in range(256)
)
_BEFORE_NAME = np.array(
    [byte > 127 or chr(byte).islower() or chr(byte) in "0123456789,;:(" for byte in range(256)]  # noqa: PLR2004 - ASCII
)


@signal(
    columns={
        "knowledge_score": "share of the answer's facts (names, numbers, rare words) that the "
        "prompt, the system text or a tool holds: 1 = all, the row teaches form; 0 = none, it "
        "teaches facts, which are better looked up; null without a fact, for code, and for "
        "languages without spaces",
        "knowledge_facts": "how many different facts the answer has; null likewise",
    },
    needs=("system", "prompt", "response", "roles", "texts"),
)
def knowledge(frame: pl.DataFrame) -> pl.DataFrame:
    """Look each fact of an answer up in what was there before it."""
    answer = frame["response"].fill_null("")
    marked = answer.str.contains("<|", literal=True).arg_true()
    answer = answer.scatter(marked, answer.gather(marked).str.replace_all(_CONTROL, " "))
    given, told = _words(_given(frame)), _words(answer)
    english = _is_english(given, frame.height) | _is_english(told, frame.height)
    facts = told.take(_is_fact(told, english))
    mixed = _distinct(_of_row(facts))
    rows = (mixed >> _KEY_BITS).astype(np.int64)
    there = np.append(np.sort(_of_row(given)), _NOTHING)
    held = there[np.searchsorted(there[:-1], mixed)] == mixed
    total = np.bincount(rows, minlength=frame.height)
    known = np.bincount(rows[held], minlength=frame.height)
    speaks = pl.Series(total > 0) & ~_abstains(answer, told)
    return pl.DataFrame({"known": known, "total": total, "speaks": speaks}).select(
        pl.when("speaks").then(pl.col("known") / pl.col("total")).alias("knowledge_score"),
        pl.when("speaks").then("total").alias("knowledge_facts"),
    )


def _given(frame: pl.DataFrame) -> pl.Series:
    """What each answer was given: system text, user turns, tool results."""
    tools = (
        frame.select("roles", "texts")
        .with_row_index("row")
        .filter(pl.col("roles").list.contains("tool"))
        .explode("roles", "texts", empty_as_null=False)
        .filter(pl.col("roles") == "tool")
        .group_by("row")
        .agg(pl.col("texts").str.join("\n").alias("tools"))
    )
    rows = frame.select("system", "prompt").with_row_index("row")
    joined = pl.concat_str("system", "prompt", "tools", separator="\n", ignore_nulls=True)
    return rows.join(tools, on="row", how="left", maintain_order="left").select(joined).to_series()


def _abstains(answer: pl.Series, told: _Words) -> pl.Series:
    """Whether nothing can be said: code, or a language without spaces between its words."""
    words = pl.Series(np.bincount(told.rows, minlength=len(answer)))
    code = answer.str.count_matches(_CODE_SIGNS) > _CODE * words
    foreign = (answer.str.len_bytes() != answer.str.len_chars()).arg_true()
    some = answer.gather(foreign)
    unspaced = some.str.count_matches(_UNSPACED) * 10 > some.str.len_chars()
    return code.scatter(foreign, code.gather(foreign) | unspaced)


# --- words --------------------------------------------------------------------------------------


class _Words(NamedTuple):
    """The words of texts, one text after the other.

    Attributes:
        rows: the text of each, ascending.
        keys: a hash of its stem.
        names: whether it has a capital within a sentence.
        numbers: whether it is a number that says something.
        long: whether it is a word of three bytes or more.
    """

    rows: Ints
    keys: Keys
    names: Mask
    numbers: Mask
    long: Mask

    def take(self, which: Mask) -> _Words:
        """Some of them."""
        return _Words._make(column[which] for column in self)


def _words(texts: pl.Series) -> _Words:
    """The words of each text."""
    plain = _spaced(texts.fill_null(""))
    sizes = plain.str.len_bytes().cast(pl.Int64).to_numpy()
    parts = [_cut(plain[some], sizes[some], some.start) for some in portions(sizes, _PORTION)]
    parts = parts or [_NO_WORDS]
    return _Words(
        np.concatenate([one.rows for one in parts]),
        np.concatenate([one.keys for one in parts]),
        np.concatenate([one.names for one in parts]),
        np.concatenate([one.numbers for one in parts]),
        np.concatenate([one.long for one in parts]),
    )


def _spaced(texts: pl.Series) -> pl.Series:
    """Texts with a space for each sign beyond ASCII."""
    foreign = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    return texts.scatter(foreign, texts.gather(foreign).str.replace_all(_FOREIGN_SIGN, " "))


def _cut(texts: pl.Series, sizes: Ints, first: int) -> _Words:
    """The words of some texts, numbered from `first`."""
    whole = _bytes(texts)
    plain = _bytes(_lower(texts))
    signs = np.frombuffer(whole, np.uint8)
    kinds = np.frombuffer(b"\0" + whole.translate(_KINDS) + b"\0", np.uint8)
    begins = np.flatnonzero((kinds[1:-1] != kinds[:-2]) & (kinds[1:-1] != _OTHER))
    ends = np.flatnonzero((kinds[1:-1] != kinds[2:]) & (kinds[1:-1] != _OTHER)) + 1
    letters = kinds[begins + 1] == _LETTER
    rows = np.searchsorted(np.cumsum(sizes + 1), begins, side="right") + first
    size = ends - begins
    return _Words(
        rows,
        hash_spans(plain, begins, _stem_ends(plain, begins, ends, letters)),
        letters & (size > 1) & _is_name(signs, begins),
        ~letters & (size > 1) & ~_numbers_items(signs, begins, ends),
        letters & (size > 2),  # noqa: PLR2004 - the shortest word that says something
    )


def _lower(texts: pl.Series) -> pl.Series:
    """Texts in lower case, byte for byte in the same places."""
    lower = texts.str.to_lowercase()
    moved = (lower.str.len_bytes() != texts.str.len_bytes()).arg_true()  # İ: two bytes, i̇: three
    same = [text.translate(_ASCII_LOWER) for text in texts.gather(moved)]
    return lower.scatter(moved, pl.Series(same, dtype=pl.String))


_ASCII_LOWER = {code: code + 32 for code in range(65, 91)}


def _bytes(texts: pl.Series) -> bytes:
    return str(texts.str.join("\0").item()).encode() + b"\0"


def _is_name(signs: NDArray[np.uint8], begins: Ints) -> Mask:
    """Whether a word has a capital, and what stands before it ends no sentence."""
    capital = (signs[begins] >= ord("A")) & (signs[begins] <= ord("Z"))
    spaced = (begins > 1) & (signs[begins - 1] == ord(" "))
    named: Mask = capital & spaced & _BEFORE_NAME[signs[begins - 2]]
    return named


def _numbers_items(signs: NDArray[np.uint8], begins: Ints, ends: Ints) -> Mask:
    """Whether a number begins its line and a stop or bracket follows."""
    starts = (begins == 0) | np.isin(signs[begins - 1], (ord("\n"), 0))
    numbering: Mask = starts & np.isin(signs[ends], (ord("."), ord(")")))
    return numbering


def _stem_ends(text: bytes, begins: Ints, ends: Ints, letters: Mask) -> Ints:
    """Where the stems end: without -ing, -ed, -es, -s, and then -e, -y, -i; three letters stay."""
    signs = np.frombuffer(text, np.uint8)
    size = ends - begins

    def ending(suffix: bytes) -> Mask:
        fits = letters & (size >= len(suffix) + 3)
        for back, byte in enumerate(reversed(suffix), start=1):
            fits &= signs[ends - back] == byte
        return fits

    cuts = [ending(b"ing"), ending(b"ed"), ending(b"es"), ending(b"s") & ~ending(b"ss")]
    stems = ends - np.select(cuts, [3, 2, 2, 1], 0)
    soft = letters & (stems - begins > 3) & np.isin(signs[stems - 1], tuple(b"eyi"))  # noqa: PLR2004 - as above
    ended: Ints = stems - soft
    return ended


_NO_WORDS = _Words(
    np.zeros(0, np.int64), np.zeros(0, np.uint64), *(np.zeros(0, np.bool_) for _ in range(3))
)


# --- facts --------------------------------------------------------------------------------------

_KEY_BITS = np.uint64(32)
_NOTHING = np.uint64(2**64 - 1)  # of no row


def _of_row(words: _Words) -> Keys:
    """Row and word as one number: 32 bits each; 1 in 40 million facts is taken for another's."""
    rows = words.rows.astype(np.uint64) << _KEY_BITS
    made: Keys = rows | (words.keys >> _KEY_BITS)
    return made


def _distinct(keys: Keys) -> Keys:
    """Each once, in order; np.unique without its hashing, which takes ten times as long here."""
    keys = np.sort(keys)
    distinct: Keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    return distinct


def _is_fact(told: _Words, english: Mask) -> Mask:
    """Which words of the answers are names, numbers or rare; `english` says which rows are."""
    short = np.bincount(told.rows, minlength=len(english)) <= SHORT
    function = _among(told.keys, _commonest(FUNCTION))
    usual = np.where(short[told.rows], function, _among(told.keys, _commonest(COMMON)))
    rare = told.long & ~usual & english[told.rows]
    fact: Mask = told.names | told.numbers | rare
    return fact


def _is_english(words: _Words, height: int) -> Mask:
    """Which texts are, by the share of their words that are common there."""
    common = _among(words.keys, _commonest(COMMON))
    there = np.bincount(words.rows, minlength=height)
    found: Mask = np.bincount(words.rows[common], minlength=height) > _ENGLISH * there
    return found


class _Few(NamedTuple):
    """Few keys to look many up in.

    Attributes:
        keys: in order.
        first: where those begin that share their highest 16 bits.
        most: how many share them, at most.
    """

    keys: Keys
    first: Ints
    most: int


_HIGH = np.uint64(48)


def _few(keys: Keys) -> _Few:
    keys = np.sort(keys)
    edges = np.searchsorted(keys >> _HIGH, np.arange(2**16 + 1, dtype=np.uint64))
    return _Few(keys, edges[:-1], int(np.diff(edges).max()))


def _among(keys: Keys, some: _Few) -> Mask:
    """Which of the keys are among these few; bisecting takes five times as long."""
    at = some.first[keys >> _HIGH]
    found = np.zeros(len(keys), np.bool_)
    for step in range(some.most):
        found |= some.keys[np.minimum(at + step, len(some.keys) - 1)] == keys
    return found


@cache
def _commonest(number: int) -> _Few:
    """Keys of the commonest English words, and of those that judge what a prompt says."""
    return _few(_words(pl.Series([*commonest(number), *_VERDICTS])).keys)


@cache
def commonest(number: int) -> list[str]:
    """The commonest English words: the vocabulary of the shipped model begins with them."""
    from curate.embed.static import vocabulary

    pieces = map(bytes.decode, vocabulary())
    words = (one for one in pieces if len(one) > 1 and one.isascii() and one.isalpha())
    return list(islice(words, number))
