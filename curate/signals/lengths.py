"""How many tokens a row takes, estimated without a tokenizer.

A token is about a short word, a digit, a run of punctuation, a piece of a long word. The weights
are a least-squares fit to the tokenizer of Qwen 3 (151,643 tokens) on 53,000 texts in English,
code, JSON and Chinese; docs/log.d/rules-structure.md has the error, set by set, also against
SmolLM2's (49,152 tokens, which knows no Chinese: three times as many there).
"""

from __future__ import annotations

import polars as pl

from curate.registry import signal

TURN_TOKENS = 5  # that a chat template adds to a turn: `<|im_start|>user\n`, `<|im_end|>\n`

_CHARACTER = 0.045
_WEIGHTS = {
    r"[A-Za-z]+": 0.77,
    r"\d": 1.1,  # most models cut numbers into digits
    r"[!-/:-@\[-`{-~]+": 1.08,
    r"\n+": 0.7,
}
_BEYOND_ASCII = {
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]": 0.62,
    r"[\x{c0}-\x{24f}]": 1.8,  # an accent marks a language whose words are cut smaller, too
    r"[\x{80}-\x{bf}\x{250}-\x{1cff}\x{2000}-\x{2dff}\x{1f000}-\x{1faff}]": 0.42,
}


def tokens(texts: pl.Series) -> pl.Series:
    """Estimated tokens of each text, at least 1 for one that is not empty; null for null."""
    frame = texts.to_frame("text")
    text = pl.col("text")
    weighed = [text.str.count_matches(sign) * weight for sign, weight in _WEIGHTS.items()]
    made = frame.select(pl.sum_horizontal(text.str.len_chars() * _CHARACTER, *weighed))
    found = made.to_series()
    foreign = (texts.str.len_bytes() != texts.str.len_chars()).fill_null(value=False).arg_true()
    beyond = [text.str.count_matches(sign) * weight for sign, weight in _BEYOND_ASCII.items()]
    more = texts.gather(foreign).to_frame("text").select(pl.sum_horizontal(*beyond)).to_series()
    found = found.scatter(foreign, found.gather(foreign) + more)
    least = (texts.str.len_bytes() > 0).cast(pl.Int64)
    rounded = pl.DataFrame({"found": found.round().cast(pl.Int64), "least": least})
    return rounded.select(pl.max_horizontal("found", "least")).to_series()


@signal(
    columns={
        "prompt_tokens": "estimated tokens of the user's turns; null where there are none",
        "response_tokens": "estimated tokens of the assistant's turns; null where there are none",
        "total_tokens": "estimated tokens of the whole row, system and tool turns and "
        f"{TURN_TOKENS} tokens a turn for the chat template included",
    },
    needs=("roles", "texts"),
)
def lengths(frame: pl.DataFrame) -> pl.DataFrame:
    """Count each turn, and add up by role."""
    turns = (
        frame.select("roles", "texts")
        .with_row_index("row")
        .explode("roles", "texts", empty_as_null=False)
    )
    turns = turns.select("row", "roles", tokens(turns["texts"]).alias("tokens"))
    total = turns.group_by("row").agg(
        _of("user").alias("prompt_tokens"),
        _of("assistant").alias("response_tokens"),
        (pl.col("tokens").sum() + TURN_TOKENS * pl.len()).cast(pl.Int64).alias("total_tokens"),
    )
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))
    return rows.join(total, on="row", how="left", maintain_order="left").drop("row")


def _of(role: str) -> pl.Expr:
    its = pl.col("roles") == role
    return pl.when(its.any()).then(pl.col("tokens").filter(its).sum())


MIN_FILE = 20  # answers; of fewer no median is taken


@signal(
    columns={
        "response_tokens_to_median": "response_tokens as a multiple of the file's median; null in "
        f"a file of fewer than {MIN_FILE} answers"
    },
    needs=("response_tokens",),
    scope="corpus",
)
def length_spread(frame: pl.DataFrame) -> pl.DataFrame:
    """Compare each answer with the usual one."""
    enough = pl.col("response_tokens").count() >= MIN_FILE
    ratio = pl.col("response_tokens") / pl.col("response_tokens").median().clip(1)
    return frame.select(pl.when(enough).then(ratio).alias("response_tokens_to_median"))
