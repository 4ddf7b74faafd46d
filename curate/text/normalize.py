"""Unicode form, line ends, role names: nothing semantic, and never on what is written out.

`normalized` serves comparison only: two texts that a reader can't tell apart get the same key.
NFC, not NFKC: the compatibility form makes `x²` equal to `x2`, which is another answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from curate.row import Role

# Soft hyphen, zero-width space, joiners and direction marks, word joiner, byte order mark.
INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
# Signs of which NFC changes no text: Latin, its punctuation, currencies, Chinese.
COMPOSED = r"\x00-\u02ff\u2010-\u205e\u20a0-\u20c0\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e"

_SPELLINGS: dict[Role, tuple[str, ...]] = {
    "system": ("system", "developer"),
    "user": ("user", "human", "prompter"),
    "assistant": (
        *("assistant", "gpt", "model", "bot", "ai", "chatgpt", "chatbot", "bing", "bard"),
        *("claude", "gemini", "llm", "function_call", "function-call", "tool_call", "tool_calls"),
    ),
    "tool": (
        *("tool", "function", "observation", "ipython", "function_response", "function-response"),
        *("tool_response", "tool_result", "tool_results", "tool-response", "environment"),
    ),
}

# A spelling of a role as data sets have it -> the role; small, Capitalised and CAPITAL letters.
ROLES: dict[str, Role] = {
    cased: role
    for role, spellings in _SPELLINGS.items()
    for spelling in spellings
    for cased in (spelling, spelling.capitalize(), spelling.upper())
}

# Spellings of an assistant turn whose text is a call, not an answer.
CALLS = frozenset(role for role in ROLES if role.lower().endswith(("_call", "-call", "_calls")))


def normalized(text: pl.Expr, *, form: bool = True) -> pl.Expr:
    """The key by which two texts count as the same.

    Lower case, NFC, no invisible characters, runs of white space as one space, none at the ends;
    null stays null. 52,002 outputs of Alpaca take 0.15 s, four fifths of it NFC, which texts of
    `COMPOSED` signs can do without (`form`).
    """
    lower = text.str.replace_all(f"[{INVISIBLE}]", "").str.to_lowercase()
    return (
        (lower.str.normalize("NFC") if form else lower)
        .str.replace_all(r"\s{2,}|[^\S ]", " ")
        .str.strip_chars()
    )
