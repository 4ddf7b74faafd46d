"""Text that came through a wrong encoding, and characters that no reader sees.

Only turns with a sign outside ASCII are looked at: 4,241 of Alpaca's 104,004.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from curate.registry import signal
from curate.text.evidence import NEEDS, WHERE, Found, Turns, located

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


@signal(
    columns={
        "mojibake": "text that was decoded with the wrong encoding, and what it should be",
        "invisible_characters": "zero-width and tag characters that do nothing where they stand, "
        "and byte order marks, as U+ numbers",
        "bidi_characters": "direction controls outside right-to-left text, as U+ numbers",
        "characters_at": WHERE,
    },
    needs=NEEDS,
    version=2,
)
def characters(frame: pl.DataFrame) -> pl.DataFrame:
    """Look for each kind in the turns that hold its signs."""
    turns = Turns(frame).narrowed(r"[^\x00-\x7f]")
    return located(
        "characters_at",
        {
            "mojibake": turns.find(_MOJIBAKE_GATE, mojibake, about=_ABOUT_ENCODING),
            "invisible_characters": turns.find(f"[{_INVISIBLE}]", invisible),
            "bidi_characters": turns.find(f"[{_BIDI}]", bidi),
        },
    )


# --- mojibake -----------------------------------------------------------------------------------

# What bytes 80 to BF, which continue a character in UTF-8, become in Windows-1252 and Latin-1.
_CONTINUED = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014"
    "\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
# ... and in Windows-1251, where Cyrillic itself turns into Р and С followed by these.
_CONTINUED_1251 = (
    "\u0080-\u00bf\u0401-\u040f\u0451-\u045f\u0490\u0491\u2013-\u2026\u2030\u2039\u203a\u20ac"
    "\u2116\u2122"
)
# ... in Windows-1250, where C3, C4 and C5 are Ă, Ä and Ĺ, and in Mac Roman, where C3 is √.
_CONTINUED_1250 = f"{_CONTINUED}\u0102-\u0105\u0139-\u0142\u015a-\u0165\u0179-\u017c\u02c7-\u02dd"
_CONTINUED_MAC = (
    "\u00a0-\u00ff\u0131\u0152\u0153\u0178\u0192\u02c6-\u02dd\u03a9\u03c0\u201a-\u2044\u20ac\u2122"
    "\u2202-\u222b\u2248-\u2265\u25ca\ufb01\ufb02"
)
_CONTRACTED = (  # the apostrophe's other two bytes were control characters and got lost
    "(?i:it|that|there|what|he|she|let|who|here|don|can|won|isn|doesn|didn|wasn|i|we|you|they)"
    "\u00e2(?:s|t|re|ve|ll|d|m)"
)
_MOJIBAKE_GATE = (
    f"[\u00c2-\u00f4][{_CONTINUED}]|\u00c3 |[РС][{_CONTINUED_1251}]|[a-z]\u00e2\\?\\?|{_CONTRACTED}"
    # UTF-8 read as Mac Roman, as DOS 437, and the mark for what could not be read at all.
    f"|[\u0102\u00c4\u0139][{_CONTINUED_1250}]|\u221a[{_CONTINUED_MAC}]|\u201a\u00c4|\u00ac[\u00a9\u2020\u00ae]|\u251c|\u0393\u00c7"
    "|\ufffd|[\u0080-\u009f]|\u00e2\u20ac"
    "|[a-z]\u00c2[ \n]|[.!?,;:] \u00c2 |\u00c2  | \u00c2 [a-z0-9]"
    # UTF-8 read as another script's code page glues that script's letters to Latin ones.
    "|[A-Za-z][\u0100-\u017f\u0370-\u05ff\u2500-\u259f\u3040-\u9fff\uff61-\uff9f]|[\u2500-\u259f]"
    "|[а-яё][А-ЯЁ]{2}|[\u00c0-\u00ff]{3}|[\u0400-\u052f\u0370-\u03ff][\u00a0-\u00bf\u2018-\u20ac]"
)
_LOST = re.compile(  # what ftfy leaves alone, because it can't or dare not mend it
    f"[a-z]\u00e2\\?\\?|\\b{_CONTRACTED}\\b|\ufffd|\u00ef\u00bf\u00bd"
    f"|\u0102[\u00a4-\u00bf\u013d\u013e\u017a]|[a-z]\u221a[{_CONTINUED_MAC}][a-z]"
    "|\u00e2\u20ac|[a-z]\u00c2[ \n]|[.!?,;:] \u00c2 [A-Z]|(?:^| )\u00c2  | \u00c2 [a-z0-9]"
)
_ABOUT_ENCODING = (
    r"(?i)mojibake|utf-?8|latin-?1|windows-1252|iso-8859|encoding|unicode|kodierung|encodage"
    r"|codificaci|编码|乱码|replacement character"
)
_WORD_CHARS = 12  # of the text on both sides that is shown


def mojibake(text: str) -> Iterator[Found]:
    """The first place that was decoded wrongly, with what surrounds it."""
    import ftfy

    lost = _LOST.search(text)
    if lost is not None:
        yield _around(text, *lost.span())
    elif ftfy.fix_encoding(text) != text:
        bad = ftfy.badness.BADNESS_RE.search(text)
        yield _around(text, *(bad.span() if bad else (0, 0)))
    else:
        at = _misread(text)
        if at is not None:
            yield _around(text, *at)


# Code pages that ftfy does not try, and that UTF-8 is read in.
_CODE_PAGES = (
    *("cp1251", "cp850", "cp437", "cp1257", "cp1253", "mac_roman", "koi8_r"),
    *("gbk", "shift_jis", "big5"),
)
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_TYPESET = re.compile("[\u2010-\u203a\u20ac\u2122]+")
_LETTERS = re.compile(
    "[\u00a1-\u024f\u0386-\u03ce\u0400-\u0491\u2010-\u203a\u20ac\u2122\u4e00-\u9fff]+"
)
_LATIN_ONLY = re.compile("[\u00a0-\u024f\u2010-\u203a\u20ac\u2122]+")
# The other way round: bytes of a Cyrillic code page read as Latin-1, or as another such page.
# ("пРИВЕТ": KOI8-R has small letters where Windows-1251 has capitals).
_WORD = re.compile(r"(?<!\w)(?:[\u00c0-\u00ff]{3,}|[а-яё]?[А-ЯЁ]{2,})(?!\w)")
_UPRIGHT = re.compile("[А-ЯЁ]?[а-яё]{3}")
_RUSSIAN = re.compile("[А-ЯЁа-яё](?=[а-яё]*[аеиоуыэюя])(?=[а-яё]*[бвгджзклмнпрстфхцчшщ])[а-яё]+")
_MIXED_UP = (
    ("latin-1", "cp1251"),
    ("latin-1", "koi8_r"),
    ("cp1251", "koi8_r"),
    ("koi8_r", "cp1251"),
)


def _misread(text: str) -> tuple[int, int] | None:
    """Where a text was read in the wrong code page, if all of it proves that.

    Chance does not make UTF-8: of two bytes of a code page, one pair in thirty is well-formed. So
    every sign outside ASCII must take part, and together make four letters, or two within words.
    """
    runs = [run for run in _BEYOND.finditer(text) if not _TYPESET.fullmatch(run[0])]
    for page in _CODE_PAGES:
        made = _as_utf8([run[0] for run in runs], page)
        if made is None:
            continue
        latin = all(_LATIN_ONLY.fullmatch(one) for one in made)
        glued = any(
            text[max(0, run.start() - 1)].isascii() and text[max(0, run.start() - 1)].isalpha()
            for run in runs
        )
        letters = len("".join(made))
        if letters >= 4 or (letters >= 2 and latin and glued):  # noqa: PLR2004 - see above
            return runs[0].span()
    words = [] if _UPRIGHT.search(text) else list(_WORD.finditer(text))
    for read, meant in _MIXED_UP:
        said = [_recoded(word[0], read, meant) or "" for word in words]
        right = {word for word in said if _RUSSIAN.fullmatch(word)}
        least = 2 if read == "latin-1" else 3  # "мРНК ВАКЦИНЫ" might be two
        if (
            len(right) >= least
            and len(right) * 2 > len(words)
            and (read == "latin-1" or min(right)[0].isupper())
        ):
            return words[0].span()
    return None


def _as_utf8(runs: list[str], page: str) -> list[str] | None:
    made = []
    for run in runs:
        decoded = _recoded(run, page, "utf-8")
        if decoded is None or not _LETTERS.fullmatch(decoded.replace("\u00a0", "") or "é"):
            return None
        made.append(decoded)
    return made or None


def _recoded(text: str, read: str, meant: str) -> str | None:
    try:
        return text.encode(read).decode(meant)
    except UnicodeError:
        return None


def _around(text: str, start: int, end: int) -> Found:
    shown = text[max(0, start - _WORD_CHARS) : end + _WORD_CHARS].replace("\n", " ")
    return Found(start, end, shown)


# --- characters that show nothing ---------------------------------------------------------------

# Soft hyphen, joiners, fillers, zero-width space, word joiner and its kin, BOM, tags.
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u3164\ufeff\uffa0"
    "\U000e0001\U000e0020-\U000e007f"
)
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_OVERRIDES = "\u202d\u202e"  # they turn letters round: never needed, and used to hide code

# Scripts in which joiners shape letters: Arabic, Syriac, India's, Burmese, Khmer, Mongolian.
_SHAPED = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc"
)
_UNSPACED = "\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff"
_EMOJI = "\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u05ff\u0600-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MEANT = re.compile(
    f"(?<=[{_EMOJI}\U000e007f])\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_SHAPED}])[\u200c\u200d]|[\u200c\u200d](?=[{_SHAPED}])"
    f"|(?<=[{_UNSPACED}])[\u200b\u2060]|[\u200b\u2060](?=[{_UNSPACED}])"
    "|(?<=[\u1100-\u11ff])[\u115f\u1160]|[\u115f\u1160](?=[\u1100-\u11ff])"
    "|\u180e(?=[\u1820-\u18aa])|(?<=[\u0300-\u036f\u0591-\u05f4])\u034f"
    "|(?<=\U0001f3f4)[\U000e0020-\U000e007f]+"
)
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_TURNING = re.compile(f"[{_BIDI}]")


def invisible(text: str) -> Iterator[Found]:
    """The invisible characters without a meaning, as U+ numbers."""
    return (_numbered(text, at) for at in _meaningless(text, _UNSEEN))


def bidi(text: str) -> Iterator[Found]:
    """The direction controls without a meaning, as U+ numbers."""
    return (_numbered(text, at) for at in _meaningless(text, _TURNING))


def _numbered(text: str, at: int) -> Found:
    return Found(at, at + 1, f"U+{ord(text[at]):04X}")


def without_invisible(text: str) -> str:
    """The text without what `invisible` and `bidi` find in it."""
    gone = {*_meaningless(text, _UNSEEN), *_meaningless(text, _TURNING)}
    return "".join(sign for at, sign in enumerate(text) if at not in gone) if gone else text


def _meaningless(text: str, kind: re.Pattern[str]) -> Iterator[int]:
    meant = {at for found in _MEANT.finditer(text) for at in range(*found.span())}
    turned = kind is _TURNING and _RIGHT_TO_LEFT.search(text) is not None
    for found in kind.finditer(text):
        at = found.start()
        if at not in meant and not (turned and text[at] not in _OVERRIDES):
            yield at
