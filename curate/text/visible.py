"""Characters that show nothing or act on their reader: spelled out, or looked through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Soft hyphen, fillers, zero-width, direction marks and overrides, byte order mark, tags: they may
# stand within a word and nobody sees them.
HIDDEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\U000e0000-\U000e0fff"
)
# Controls (but tab and line feed), hidden ones, separators, annotations, lone surrogates.
_UNSEEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{HIDDEN}\u2028\u2029\ufff0-\uffff\ud800-\udfff]")
_HIDDEN = re.compile(f"[{HIDDEN}]")
# Joiners inside Persian, Indic and emoji sequences are spelling, not tricks.
_JOINED = re.compile("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")


def visible(text: str) -> str:
    """The text with every character that hides or acts written as `⟨U+202E⟩`."""
    if not _UNSEEN.search(text):
        return text
    spelling = {found.start() for found in _JOINED.finditer(text)}

    def spell(found: re.Match[str]) -> str:
        return found[0] if found.start() in spelling else _sign(found[0])

    return _UNSEEN.sub(spell, text)


def on_a_line(text: str) -> str:
    """The same for a name: tabs and ends of lines are spelled out, too."""
    return re.sub(r"[\t\n]", lambda found: _sign(found[0]), visible(text))


def as_message(text: str) -> str:
    """The same for an error of some lines, none of which the runner of a CI takes for a command."""
    return re.sub(r"\n(?=\s*::)", lambda found: _sign(found[0]), visible(text))


def _sign(sign: str) -> str:
    return f"⟨U+{ord(sign):04X}⟩"


def bare(text: str) -> tuple[str, Sequence[int]]:
    """The text without its hidden characters, and where each of those left stands in it."""
    if not _HIDDEN.search(text):
        return text, range(len(text))
    kept = [at for at, sign in enumerate(text) if not _HIDDEN.match(sign)]
    return "".join(text[at] for at in kept), kept
