"""Compact sketches of a row's texts, made batch by batch, so that duplicates need no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.minhash import END, is_word, mark, row_of, run_keys, tokens
from curate.normalize import normalized
from curate.registry import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A text of fewer words says little by itself: "Yes", a label, a number, a name, a command.
SHORT = 16

# Tokens are words between spaces. These scripts put none: each character is a token of its own.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{So}]"
_FIELD_END = "\x1e"


@signal(
    columns={
        "context_key": "hash of the system prompt and the order of the roles",
        "prompt_key": "hash of the normalised prompt, of the system prompt and the roles",
        "response_key": "hash of the normalised answer (and of the rejected one)",
        "prompt_wording": "hash of the words of the prompt in their order; of the whole text, but "
        f"for the stop at its end, under {SHORT} words",
        "response_wording": "the same of the answer",
        "prompt_words": "token hashes of the prompt in their order, closed by 0",
        "response_words": "token hashes of the answer in their order, closed by 0",
    },
    needs=("system", "prompt", "response", "rejected", "roles", "texts"),
    transient=True,
)
def sketches(frame: pl.DataFrame) -> pl.DataFrame:
    """Keys for exact comparison and token hashes for the rest: 4 bytes a word."""
    tool = _tool_texts(frame)
    texts = frame.with_columns(tool.alias("tool")).select(
        normalized(pl.col("system")).alias("system"),
        normalized(_join("prompt", "tool")).alias("prompt"),
        normalized(_join("response", "rejected")).alias("response"),
        pl.col("roles").list.join(","),
    )
    prompt, response = token_runs(texts["prompt"]), token_runs(texts["response"])
    context = _join("roles", "system").hash(seed=1)
    return texts.select(
        context.alias("context_key"),
        _join("roles", "system", "prompt").hash(seed=2).alias("prompt_key"),
        pl.col("response").fill_null("").hash(seed=3).alias("response_key"),
        _wording(texts["prompt"], prompt).alias("prompt_wording"),
        _wording(texts["response"], response).alias("response_wording"),
        as_lists(prompt).alias("prompt_words"),
        as_lists(response).alias("response_words"),
    )


def _join(*names: str) -> pl.Expr:
    return pl.concat_str(names, separator=_FIELD_END, ignore_nulls=True)


def _tool_texts(frame: pl.DataFrame) -> pl.Series:
    """What tools returned, which is part of what the model was asked; null where there are none."""
    has_tools = pl.col("roles").list.contains("tool")
    found = (
        frame.select("roles", "texts")
        .with_row_index("row")
        .filter(has_tools)
        .explode("roles", "texts")
        .filter(pl.col("roles") == "tool")
        .group_by("row", maintain_order=True)
        .agg(pl.col("texts").str.join("\n\n"))
    )
    rows = pl.DataFrame({"row": pl.int_range(frame.height, dtype=pl.UInt32, eager=True)})
    return rows.join(found, on="row", how="left", maintain_order="left")["texts"]


def _wording(texts: pl.Series, runs: NDArray[np.uint32]) -> pl.Series:
    """The words' key, or for a short text the whole text's, but for commas and stops.

    In a long text punctuation changes nothing; `*.txt`, `-4` or `x[1]` is nothing without.
    """
    keys = pl.Series("wording", run_keys(runs))
    short = np.bincount(row_of(runs)[is_word(runs)], minlength=len(texts)) < SHORT
    rows = pl.Series(np.flatnonzero(short))
    text = texts.gather(rows).to_frame("text").select(pl.col("text").fill_null(""))
    bare = (
        pl.col("text").str.replace_all(r"(\w)[,;:.!?…]+(\s|$)", "$1 ").str.strip_chars(" .!?。！？")
    )
    return keys.scatter(rows, text.select(bare.hash(seed=5)).to_series())


def token_runs(texts: pl.Series) -> NDArray[np.uint32]:
    """The token hashes of texts (normalised before), one after the other, END after each text.

    A text without a single token (`:)`, `???`) gets its own hash as its only token, so that no
    two of them look alike.
    """
    texts = _spaced(texts.fill_null(""))
    sizes = texts.str.len_bytes().cast(pl.Int64).to_numpy()
    joined = str(texts.str.join("\0").item()).encode() if len(texts) else b""
    hashes, begins = tokens(joined)
    closes = np.searchsorted(begins, np.cumsum(sizes + 1))
    bare = (np.diff(closes, prepend=0) == 0) & (sizes > 0)
    own = mark(texts.hash(seed=4).to_numpy()[bare].astype(np.uint32))
    hashes = np.insert(hashes, closes[bare], own)
    return np.insert(hashes, closes + np.cumsum(bare), END)


def as_lists(runs: NDArray[np.uint32]) -> pl.Series:
    """END-closed runs as a list column."""
    rows = pl.Series("row", row_of(runs)).set_sorted()
    grouped = pl.DataFrame({"row": rows, "words": runs}).group_by("row", maintain_order=True)
    return grouped.agg("words")["words"]


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
