"""What goes wrong with a text on its way into a data set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


def spoil(text: str, by: str) -> str:
    """Mojibake: UTF-8 read in another encoding (twice, if so asked), or signs that got lost."""
    if by == "replacement":
        return "".join(sign if sign.isascii() else "\ufffd" for sign in text)
    if by == "twice":
        return spoil(spoil(text, "cp1252"), "cp1252")
    if by in {"gbk", "shift-jis"}:
        return text.encode().decode(by, "replace")
    # The bytes that an encoding leaves open are read as control characters, as browsers do.
    return "".join(bytes([one]).decode(by, "ignore") or chr(one) for one in text.encode())


def cut(text: str, how: str, rng: random.Random) -> str:
    """Break a text off: after a word in mid-sentence, within a word, or after a comma."""
    spots = {"word": r"(?<=[a-z]{3}) (?=[a-z])", "mid-word": r"(?<= [a-z]{3})(?=[a-z]{3})"}
    found = [one.start() for one in re.finditer(spots.get(how, r"(?<=[a-z],)(?= [a-z])"), text)]
    inner = [one for one in found if len(text) * 0.4 < one < len(text) * 0.85]
    return text[: rng.choice(inner)] if inner else text[: int(len(text) * 0.7)].rstrip(" .,;:\n")


def edit_one_word(text: str, rng: random.Random) -> tuple[str, str]:
    """Put one word for another, leave one out or add one; what was done, too."""
    word = rng.choice(editable(text))
    how = rng.choice(("replaced", "left out", "added", "misspelt"))
    new = {
        "replaced": rng.choice(("certain", "various", "common", "general")),
        "left out": "",
        "added": f"{word[0]} {rng.choice(('also', 'really', 'quite', 'often'))}",
        "misspelt": word[0][:1] + word[0][2] + word[0][1] + word[0][3:],
    }[how]
    edited = text[: word.start()] + new + text[word.end() :]
    return edited.replace("  ", " ", 1) if how == "left out" else edited, f"{how}: {word[0]}"


def editable(text: str) -> list[re.Match[str]]:
    """The words that can be changed without another meaning: no number, no negation."""
    return [one for one in re.finditer(r"(?<= )[a-z]{4,}(?= )", text) if one[0] not in _TELLING]


_TELLING = frozenset(
    "never none neither cannot without more less most least before after first last above below "
    "true false left right hundred thousand million four five seven eight nine".split()
)


_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def length(text: str) -> int:
    """Words; of Chinese and Japanese, which have no spaces, two characters are one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def put(text: str, place: str, what: str, rng: random.Random) -> str:
    """Put a text at the start, in the middle (between two words) or at the end of another."""
    if place == "start":
        return what + text
    gaps = [one.start() for one in re.finditer(" ", text)]
    if place == "middle" and gaps:
        at = rng.choice(gaps)
        return text[:at] + what + text[at:]
    return text + what


# What stands where a text should: nothing, and what looks like nothing.
BLANK = ("", " ", "\n\n", "\t", "", "   \n", "\u00a0", "")
ZERO_WIDTH = (
    *("\u200b", "\u200b\u200b\u200b", "\ufeff", "\u2060", "\u200c\u200d", "\u200e \u200f"),
    *("\u00ad", " \u200b\n"),
)

# The same text for a reader; not for a comparison of bytes.
NORMALISED = (
    (str.upper, "in capitals"),
    (lambda text: f"  {text}\n", "white space around it"),
    (lambda text: re.sub(" ", "  ", text), "two spaces for one"),
    (str.lower, "in small letters"),
    (lambda text: text.replace(" ", "\u00a0"), "no-break spaces"),
    (lambda text: f"{text}\u200b", "a zero-width space at the end"),
    (lambda text: text.replace(" ", "\n", 1), "a line break for a space"),
    (lambda text: f"\t{text.title()} ", "Capitalised, and white space around it"),
)
