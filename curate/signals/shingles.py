"""Compact sketches of a row's texts, made batch by batch, so that duplicates need no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.dedup.minhash import END, TURN_MARK, closed_tokens, mark, portions, run_keys, weights
from curate.registry import signal
from curate.run.spool import Lists
from curate.text.normalize import COMPOSED, normalized

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A text of fewer words says little by itself: "Yes", a label, a number, a name, a command.
SHORT = 16

# Tokens are words between spaces. These scripts put none: each character is a token of its own.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{So}]"
# Words in which case counts: options, patterns, variables, paths (`-I`, `*.JPG`, `$HOME`, `./X`).
_CASED = (
    r"(?:^|[\s'\"`(])"
    r"(?:-[A-Za-z]{1,2}\b|--?[a-z]|[.~]?/\w|[^\s*$\\]*(?:\*(?:[^*\s]|$)|\$[A-Za-z_{(]|\\))\S*"
)


# How a question may begin and end beside what it asks.
_PLEASE = (
    r"(?i)^\s*(?:(?:hello|hi|hey|good (?:morning|day|afternoon|evening))(?: there)?[,.!] *"
    r"|(?:please|kindly)[ ,:]+|(?:can|could|would|will) you (?:please |kindly )?"
    r"|i(?:'d| would) like you to |i want you to )+"
)
_THANKS = (
    r"(?i)[ ,.!?]+(?:please|(?:many )?thanks|thank you)"
    r"(?:,? (?:so|very) much| a lot| in advance| for your help)*[.!? ]*$"
)


@signal(
    columns={
        "context_key": "hash of the system prompt, the order of the roles, and what the record "
        "says beside its turns: tools, verdict, calls",
        "prompt_key": "hash of the normalised prompt and of the context",
        "response_key": "hash of the normalised answer (and of the rejected one)",
        "prompt_wording": "hash of the words of the prompt in their order; of the whole text, but "
        f"for the stop at its end, under {SHORT} words",
        "prompt_asked": "the same without a courtesy at the ends of the prompt",
        "response_wording": "the same of the answer",
        "prompt_length": "words of the prompt, where a sign takes one back",
        "response_length": "the same of the answer",
        "prompt_words": "token hashes of the prompt in their order, closed by 0",
        "response_words": "token hashes of the answer in their order, closed by 0",
        "response_ease": "how easy the answer is to read: minus its Coleman-Liau index",
    },
    needs=("system", "prompt", "response", "rejected", "roles", "texts", "aside"),
    transient=True,
    version=5,
)
def sketches(frame: pl.DataFrame) -> pl.DataFrame:
    """Keys for exact comparison and token hashes for the rest: 4 bytes a word."""
    context = frame.select(
        pl.col("roles").list.join(","),
        pl.col("rejected").is_null(),
        normalized(pl.col("system")).fill_null(""),
        pl.col("aside"),
    ).select(pl.struct(pl.all()).hash(seed=1).alias("context"))["context"]
    asked = _turns(frame, ("prompt",), ("user", "tool"))
    prompt = _Sketch(asked)
    response = _Sketch(_turns(frame, ("response", "rejected"), ("assistant",)))
    keys = pl.DataFrame({"context": context, "key": prompt.key})
    return pl.DataFrame(
        {
            "context_key": context,
            "prompt_key": keys.select(pl.struct(pl.all()).hash(seed=2).alias("key"))["key"],
            "response_key": response.key,
            "prompt_wording": prompt.wording,
            "prompt_asked": _blunt(asked, prompt.wording),
            "response_wording": response.wording,
            "prompt_length": prompt.length,
            "response_length": response.length,
            "prompt_words": as_lists(prompt.runs),
            "response_words": as_lists(response.runs),
            "response_ease": response.ease(),
        }
    )


def _blunt(asked: pl.Series, wording: pl.Series) -> pl.Series:
    """The wording of prompts, of those with a courtesy what it is without: they ask the same."""
    rows = _where(
        asked, pl.col("text").str.contains(_PLEASE) | pl.col("text").str.contains(_THANKS)
    )
    bare = asked.gather(rows).str.replace(_PLEASE, "").str.replace(_THANKS, "")
    said = bare.str.contains(r"\w").fill_null(value=False)
    made = wording.clone()  # scatter writes into its series
    return made.scatter(rows.filter(said), _Sketch(bare.filter(said)).wording)


def _turns(frame: pl.DataFrame, fields: tuple[str, ...], roles: tuple[str, ...]) -> pl.Series:
    """The text of fields, with TURN_MARK between the turns of these roles, and between fields.

    What tools returned is part of what the model was asked, so it goes with the prompt.
    """
    text = frame.select(_joined(*(pl.col(name) for name in fields)).alias("text"))["text"]
    several = frame.select((pl.col("roles").list.len() > 2).arg_true()).to_series()  # noqa: PLR2004
    if several.is_empty():
        return text
    further = [pl.first(name) for name in fields[1:]]
    found = (
        frame[several]
        .select("roles", "texts", several.alias("row"), *fields[1:])
        .explode("roles", "texts", empty_as_null=False)
        .filter(pl.col("roles").is_in(roles))
        .group_by("row", maintain_order=True)
        .agg(_unmarked(pl.col("texts")), *further)
        .filter(pl.col("texts").list.len() > 1)
    )
    made = _joined(
        *(pl.col(name) for name in fields[1:]), first=pl.col("texts").list.join(TURN_MARK)
    )
    return text.scatter(found["row"], found.select(made).to_series())


def _joined(*fields: pl.Expr, first: pl.Expr | None = None) -> pl.Expr:
    parts = [*([] if first is None else [first]), *map(_unmarked, fields)]
    return pl.concat_str(parts, separator=TURN_MARK, ignore_nulls=True)


def _unmarked(text: pl.Expr) -> pl.Expr:
    """A text that may itself have the mark."""
    return text.str.replace_all(TURN_MARK, " ", literal=True)


class _Sketch:
    """The keys and token hashes of a field.

    Attributes:
        runs: token hashes, row by row, END after each.
        length: words of each row, where a sign takes one back.
        key: hash of the normalised text.
        wording: hash of the words in their order; of a short text the whole text's, but for
            commas and stops: in a long one punctuation changes nothing, but `*.txt`, `-4` or
            `x[1]` is nothing without.
    """

    def __init__(self, text: pl.Series) -> None:
        plain = _plain(text)
        self._plain = plain
        self.runs = token_runs(plain)
        self.length = pl.Series(weights(self.runs), dtype=pl.UInt32)
        rows = (self.length < SHORT).arg_true()
        cased, short = _cased(text.gather(rows)), plain.gather(rows)
        self.key = plain.hash(seed=3).scatter(rows, _hash(short, cased, 3))
        words = pl.Series("wording", run_keys(self.runs))
        self.wording = words.scatter(rows, _hash(_bare(short), cased, 5))

    def ease(self) -> pl.Series:
        """Minus the Coleman-Liau index (1975): years of school, in any script with spaces.

        10 ms for Alpaca, where syllables take 500.
        """
        words = self.length.cast(pl.Float64).clip(1)
        letters = self._plain.str.len_chars() + 1 - words
        sentences = self._plain.str.count_matches("[.!?] ") + 1
        return (15.8 - 5.88 * letters / words + 29.6 * sentences / words).cast(pl.Float32)


def _plain(text: pl.Series) -> pl.Series:
    """What `normalized` makes of each turn.

    An ASCII text has its normal form already, and so has one of whole signs: that form is three
    quarters of the time.
    """
    low = text.str.to_lowercase()
    held = pl.col("text").str
    spread = _where(low, held.contains(r"[\t-\r]") | held.contains("  ", literal=True))
    done = _put(low, spread, low, pl.col("text").str.replace_all(r"\s{2,}|[^\S ]", " "))
    done = done.str.strip_chars()
    foreign = _foreign(text)
    split = text.gather(foreign).str.contains(f"[^{COMPOSED}]")
    for rows, form in ((foreign.filter(split), True), (foreign.filter(~split), False)):
        done = _put(done, rows, text, normalized(pl.col("text"), form=form))
    # A turn's own spaces at its ends do not count.
    marked = _where(done, pl.col("text").str.contains(TURN_MARK, literal=True))
    spaces = pl.col("text").str.replace_all(f" ?{TURN_MARK} ?", TURN_MARK)
    return _put(done, marked, done, spaces)


def _where(texts: pl.Series, test: pl.Expr) -> pl.Series:
    """The places of the texts that pass a test."""
    return texts.to_frame("text").select(test.arg_true()).to_series()


def _foreign(texts: pl.Series) -> pl.Series:
    """The places of the texts that are not ASCII."""
    return (texts.str.len_bytes() != texts.str.len_chars()).arg_true()


def _put(into: pl.Series, rows: pl.Series, texts: pl.Series, made: pl.Expr) -> pl.Series:
    """Replace some rows by what is made of their texts."""
    if rows.is_empty():
        return into
    return into.scatter(rows, texts.gather(rows).to_frame("text").select(made).to_series())


def _hash(short: pl.Series, cased: pl.Series, seed: int) -> pl.Series:
    """The hash of a short text and of its words in which case counts, where there are any."""
    some = (cased != "").arg_true()
    both = short.gather(some) + TURN_MARK + cased.gather(some)
    return short.hash(seed=seed).scatter(some, both.hash(seed=seed))


def _cased(texts: pl.Series) -> pl.Series:
    """The words in which case counts, of texts where one has a capital; else ""."""
    none = pl.Series("cased", [""], dtype=pl.String).new_from_index(0, len(texts))
    text = pl.col("text")
    rows = _where(texts, text.str.contains(r"[*$\\/-]") & text.str.contains("[A-Z]"))
    found = text.str.extract_all(_CASED).list.join(" ").str.replace_all(r"\s+", " ")
    capital = pl.when(found.str.contains(r"\p{Lu}")).then(found).otherwise(pl.lit(""))
    return _put(none, rows, texts, capital)


def _bare(texts: pl.Series) -> pl.Series:
    """Short texts but for the commas and stops after words; whole, where there is nothing else.

    The word boundary of Unicode takes the regex engine off its fast path: twice the time.
    """
    marks = r"[,;:.!?…]+(?:\s|$)"
    held = pl.col("text").str
    bare = texts.to_frame("text").select(held.replace_all(rf"(?-u:\b){marks}", " "))["text"]
    bare = _put(bare, _foreign(texts), texts, held.replace_all(rf"\b{marks}", " "))
    bare = bare.str.strip_chars(" .!?。！？")
    empty = (bare == "").arg_true()
    return bare.scatter(empty, texts.gather(empty))


# Bytes of text hashed at once: what is worked on stays in the cache, a quarter less time.
_PORTION = 2_000_000


def token_runs(texts: pl.Series) -> NDArray[np.uint32]:
    """The token hashes of texts (normalised before), one after the other, END after each text.

    A text without a single token (`:)`, `???`) gets its own hash as its only token, so that no
    two of them look alike.
    """
    texts = _spaced(texts.fill_null(""))
    sizes = texts.str.len_bytes().cast(pl.Int64).to_numpy()
    made = [_token_runs(texts[cut], sizes[cut]) for cut in portions(sizes, _PORTION)]
    return np.concatenate([np.zeros(0, np.uint32), *made])


def _token_runs(texts: pl.Series, sizes: NDArray[np.int64]) -> NDArray[np.uint32]:
    joined: bytes = texts.str.join("\0").cast(pl.Binary).item()  # as str it took ten times as long
    hashes = closed_tokens(joined + b"\0")
    closes = np.flatnonzero(hashes == END)
    if len(closes) != len(texts):  # a text has a NUL itself
        return _token_runs(texts.str.replace_all("\0", " ", literal=True), sizes)
    bare = (np.diff(closes, prepend=-1) == 1) & (sizes > 0)
    if bare.any():
        own = mark(texts.hash(seed=4).to_numpy()[bare].astype(np.uint32))
        hashes = np.insert(hashes, closes[bare], own)
    return hashes


def as_lists(runs: NDArray[np.uint32]) -> pl.Series:
    """END-closed runs as a list column."""
    ends = np.flatnonzero(runs == END) + 1
    return pl.Series(Lists(runs, np.concatenate([np.zeros(1, np.int64), ends])))


def _spaced(texts: pl.Series) -> pl.Series:
    """Make every token of a non-ASCII text a run of letters between ASCII signs."""
    foreign = texts.str.len_bytes() != texts.str.len_chars()
    if not foreign.any():
        return texts
    rewritten = (
        pl.col("text")
        .str.replace_all("[\u2018\u2019\u02bc]", "'")
        .str.replace_all(_UNSPACED, " $0 ")
        .str.replace_all(r"[^\p{L}\p{M}\p{N}\p{S}\x00-\x7f]", " ")
    )
    where = foreign.arg_true()
    return texts.scatter(where, texts.gather(where).to_frame("text").select(rewritten).to_series())
