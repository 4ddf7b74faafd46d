"""How much of an answer it has said before: loops, lines, sentences, passages.

The measure follows the repetition filters of MassiveText (Rae et al. 2021, arXiv 2112.11446,
appendix A.1.1), which take the share of characters within duplicate 5-grams, and here, where
answers are short, counts what stands in them for a second time: a text said twice has 0.5.

Two steps keep it cheap: numpy counts repeated passages of all answers at once and lets a few in a
hundred through, which are measured exactly.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.registry import signal
from curate.text.answers import NEEDS, answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PASSAGE = 5  # words of a passage; Gopher's thresholds begin with it
PASSAGE_DENSE = 10  # characters, in scripts without spaces, where five are a word or two
PART_WORDS = 3  # words of a line or sentence whose return counts; "Yes." and "Chorus" are shorter
UNIT = 40  # words of a unit that is said again at once
LEAST_BYTES = 40  # a shorter answer has no room for a passage and its copy
FLOOR = 0.12  # share of repeated passages from which an answer is measured exactly
BLOCK = 8  # bytes that are compared at once when looking for runs of letters
LIST_LINES = 8  # lines from which the same item again and again is a loop
SAME_ROWS = 20  # equal lines one after the other that make a loop even of code or a table
HEAD, TAIL = 240, 160  # characters of a question that say what is to be done; between is material
LOOP_WORDS = 6  # words of a unit of which LOOP in a row are found in however long an answer
LOOP = 8  # times in a row; the rules take so many for a loop whatever stands around them
PERIODS = (1, 2, 3, 5, 7, 9, 11)  # in blocks: bytes after which a run repeats, and their divisors

_TOKEN = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_PART = re.compile(r"\n+|(?<=[.!?;])\s+|(?<=[。！？；])")
_MARKS_OF_LIST = re.compile(r"(?m)^[ \t]*(?:\d{1,3}[.)]|[-*•])[ \t]+")
_MARK = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s*|[.!?。！？]\s*$")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{2}|[\u0e00-\u9fff]")
_MARKS = r"(?m)^[ \t]*(?:\d{1,3}[.)]|[-*•])[ \t]*"
_DENSE = "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]"
_LETTERS = re.compile(r"(?i)([^\W\d_]{1,4}?)\1{11,}|([^\W\d_])\2{15,}")

# What repeats by nature: programs, tables, markup, logs, notes, binary numbers.
_CODE = re.compile(
    r"```|[;{}]\s*\n|\n\s*[;{}]|</?\w+[^>\n]*>|=>|\|.*\||\b(?:def|class|function|import|return"
    r"|print|public|void|var|const|SELECT|INSERT|#include)\b[^\n]{0,60}[(){};:=*]|\\(?:frac|begin"
    r"|sum)|\$\$|\w\.\w+\(|\w\([^)\n]*\)\s*[,;:]?\n"
)
_ASKED = re.compile(
    r"(?i)repeat|repetit|\btimes\b|again and again|\bloops?\b|pattern|chant|lullab|nursery|poem"
    r"|haiku|lyric|songs?\b|\bcarol|\brap\b|verse|limerick|\bode\b|rhym|sonnet|ballad|hymn|chorus"
    r"|villanelle|pantoum|sestina|anaphora|tongue twister|mantra|\becho|laugh|onomatop"
    r"|\bbeat(?:box)?\b|melody"
    r"|\bnotes\b|\bdrum(?:ming|mer)? (?:beat|pattern|loop|part|track|roll)|permutation"
    r"|combinations|multiplication|\bcopy\b|duplicate|template"
    r"|\bfiller|lorem|survey|questionnaire|\bquiz|multiple[- ]choice|\bpoll\b|\bform\b|\bchart"
    r"|\bgraph\b"
    r"|(?<!periodic )\btables?\b(?! of (?:contents|elements))|\bcsv\b|\bgrid|\bmatrix|schedule"
    r"|timetable|workout (?:plan|routine|program)"
    r"|base ?64|\bhex|binary|\bDNA\b|\bRNA\b|encod|\bzeros\b|alternat(?:e|ing)\b"
    r"|重复|重複|诗|詩|歌|绕口令|繰り返|gedicht|poème|poema|poesía|стих|песн"
)


# Where a word may well be the answer again and again: to each of many things.
_LABELS = re.compile(
    r"(?i)\beach\b|\bevery\b|classif|categor|label|\btag|annotat|true or false|sentiment|\bthese\b"
    r"|\bpart[s]?[- ]of[- ]speech|whether|\bor not\b|following|分类|判断"
)
LABEL_WORDS = 3  # words of such an answer
# A number of times is asked for: nothing is measured.
_TIMES = re.compile(
    r"(?i)\brepeat (?:the|this|that|it|after|[\"'“‘])|(?:\d|y|ve|ten|dred|ousand|many|several|few"
    r"|twice|dozen) times\b"
    r"|\b\d{2,} (?:letters|characters|digits|copies|[\"'“‘])|重复|繰り返"
    r"|(?:\d|zig|zehn|hundert|tausend|drei|vier|fünf|sechs|sieben|acht|neun|elf|zwölf)[ -]?mal\b"
    r"|\b(?:fois|veces|volte|vezes|keer|gånger|раз)\b"
)


class _Found(NamedTuple):
    share: float = 0.0
    lines: float = 0.0
    loop: int = 1
    unit: str = ""


@signal(
    columns={
        "repetition_share": "share of the answer's characters in passages that it has said before: "
        f"of {PASSAGE} words, or of {PASSAGE_DENSE} characters without spaces; 0 = none, 0.5 = all "
        "of it twice; of several answers the highest; code, tables and the like have 0",
        "repetition_lines": "share of the answer's characters in lines and sentences of three words"
        " "
        "or more that it has said before word by word; 0 = none, 0.5 = all of it twice",
        "repetition_loop": "how often the answer says the same unit, a word or up to "
        f"{UNIT}, one time after the other; 1 = never twice",
        "repetition_unit": "the unit that is said most often one time after the other, or the "
        "longest passage that is said again; null where nothing is",
        "repetition_asked": "whether the question asks for a poem, a pattern, a table or the like, "
        "where repeating belongs",
    },
    needs=(*NEEDS, "response"),
    version=3,
)
def repetition(frame: pl.DataFrame) -> pl.DataFrame:
    """Measure the answers in which passages or letters repeat; the others repeat nothing."""
    turns = answers(frame)
    shares, lines = np.zeros(frame.height), np.zeros(frame.height)
    loops = np.ones(frame.height, dtype=np.uint32)
    units: list[str | None] = [None] * frame.height
    asks = np.zeros(frame.height, dtype=bool)
    long = (turns["answer"].str.len_bytes() >= LEAST_BYTES).arg_true()
    turns = turns.select("row", "asked", "answer")[long]
    texts = turns["answer"]
    runs = _runs(texts)
    picked = np.flatnonzero(_repeats(texts) | runs | _lists(texts))
    for at, (row, asked, answer) in zip(picked, turns[picked].iter_rows(), strict=True):
        if _TIMES.search(asked):
            asks[row] = True
            continue
        found = _measure(answer, runs=bool(runs[at]))
        if found.share > shares[row] or found.loop > loops[row]:
            shares[row] = max(shares[row], found.share)
            lines[row] = max(lines[row], found.lines)
            loops[row] = max(loops[row], found.loop)
            units[row] = found.unit
            asks[row] = _is_asked(asked, found.unit)
    made = {
        "repetition_share": shares,
        "repetition_lines": lines,
        "repetition_loop": loops,
        "repetition_unit": pl.Series(units, dtype=pl.String),
        "repetition_asked": asks,
    }
    return pl.DataFrame(made)


def _is_asked(asked: str, unit: str) -> bool:
    """Whether the question asks for what repeats: a pattern, or one word to each of many things."""
    task = f"{asked[:HEAD]}\n{asked[-TAIL:]}"
    label = len(unit.split()) <= LABEL_WORDS and _LABELS.search(task)
    return bool(label) or _ASKED.search(task) is not None


def _lists(texts: pl.Series) -> NDArray[np.bool_]:
    """Lists in which more than half of the items, without their numbers, stand there before."""
    found = np.zeros(len(texts), dtype=bool)
    long = (texts.str.count_matches("\n", literal=True) >= LIST_LINES - 1).arg_true()
    items = texts.gather(long).str.strip_chars().str.replace_all(_MARKS, "").str.split("\n")
    again = 2 * items.list.n_unique() < items.list.len()
    found[long.filter(again).to_numpy()] = True
    return found


def _repeats(texts: pl.Series) -> NDArray[np.bool_]:
    """Texts of which enough passages stand in them again, by hashes of the words between spaces."""
    foreign = (texts.str.len_bytes() > texts.str.len_chars()).arg_true()
    if not foreign.is_empty():
        texts = texts.scatter(foreign, texts.gather(foreign).str.replace_all(_DENSE, "$0 "))
    words = texts.str.split(" ")
    sizes = words.list.len().to_numpy().astype(np.int64)
    hashes = words.list.explode(empty_as_null=False).hash().to_numpy()
    rows = np.repeat(np.arange(len(sizes)), sizes)
    passages = hashes.copy()
    for step in range(1, PASSAGE):
        passages[:-step] = passages[:-step] * np.uint64(1099511628211) + hashes[step:]
    last = np.cumsum(sizes)[rows] - PASSAGE  # where the last passage of a row begins
    inside = np.arange(len(hashes)) <= last
    shift = np.uint64(40)  # 24 bits for the row, 40 for the passage
    keys = (rows[inside].astype(np.uint64) << shift) | (passages[inside] >> np.uint64(24))
    keys.sort()
    again = keys[1:][keys[1:] == keys[:-1]] >> shift
    counts = np.bincount(again.astype(np.int64), minlength=len(sizes))
    return np.asarray((counts >= np.maximum(1, FLOOR * sizes)) | _loops(hashes, rows, len(sizes)))


def _loops(hashes: NDArray[np.uint64], rows: NDArray[np.int64], height: int) -> NDArray[np.bool_]:
    """Texts that say a few words LOOP times in a row, but for what the first and last stick to."""
    found = np.zeros(height, dtype=bool)
    for period in range(1, LOOP_WORDS + 1):
        at = np.flatnonzero(hashes[period:] == hashes[:-period])
        least = period * (LOOP - 1) - 2
        at = at[: 1 - least][at[least - 1 :] - at[: 1 - least] == least - 1]
        inside = rows[at] == rows[at + least + period - 1]
        found[rows[at[inside]]] = True
    return found


def _runs(texts: pl.Series) -> NDArray[np.bool_]:
    """Texts in which the same few letters go on for 24 to 176 bytes."""
    sizes = texts.str.len_bytes().to_numpy().astype(np.int64)
    joined = texts.str.join("").cast(pl.Binary).item() or b"" if len(texts) else b""
    blocks = np.frombuffer(joined, dtype=np.uint64, count=len(joined) // BLOCK)
    found = np.zeros(len(sizes), dtype=bool)
    ends = np.cumsum(sizes)
    for period in PERIODS:
        at = np.flatnonzero(blocks[period:] == blocks[:-period])
        least = max(period, 2)  # as many blocks in a row must be the same as a period has
        at = at[: 1 - least][at[least - 1 :] - at[: 1 - least] == least - 1]
        at = at[_with_letters(blocks[at])] * BLOCK
        row = np.searchsorted(ends, at, side="right")
        found[row[at + (period + least) * BLOCK <= ends[row]]] = True
    return found


def _with_letters(blocks: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which blocks of bytes hold letters, not only spaces, dashes or digits."""
    held = blocks.view(np.uint8).reshape(-1, BLOCK)
    low = held | 0x20
    letters = ((low >= ord("a")) & (low <= ord("z"))) | (held >= 0x80)  # noqa: PLR2004 - no ASCII
    return np.asarray(letters.any(axis=1))


def _measure(text: str, *, runs: bool) -> _Found:
    """What one text repeats; of one that repeats by nature only many equal lines."""
    times, line = _same_rows(text)
    if times >= SAME_ROWS:
        share = (times - 1) * len(line) / len(text)
        return _Found(share, share, times, line[:UNIT])
    if _CODE.search(text):
        return _Found()
    letters = _LETTERS.search(text) if runs else None
    text = _MARKS_OF_LIST.sub("", text)
    keys = [token.lower() for token in _TOKEN.findall(text)]
    share, passage = _share(keys)
    lines = _lines(text)
    loop, unit = _loop(keys)
    times = len(letters[0]) // len(letters[1] or letters[2]) if letters else 0
    if letters and times > loop:
        share = max(share, (len(letters[0]) - len(letters[1] or letters[2])) / len(text))
        return _Found(share, lines, times, letters[0][:UNIT])
    return _Found(share, lines, loop, unit or passage)


def _same_rows(text: str) -> tuple[int, str]:
    """The most equal lines with a letter or digit one after the other, and that line."""
    if text.count("\n") < SAME_ROWS - 1:
        return 1, ""
    runs = ((len(list(same)), line) for line, same in groupby(map(str.strip, text.split("\n"))))
    return max((run for run in runs if any(map(str.isalnum, run[1]))), default=(1, ""))


def _lines(text: str) -> float:
    """The share of characters in lines and sentences that stand there again, word by word."""
    seen = set()
    said = total = 0
    for part in _PART.split(text):
        words = tuple(_TOKEN.findall(_MARK.sub("", part.lower())))
        size = sum(len(word) for word in words if _LETTER.match(word))
        total += size
        if len(words) >= PART_WORDS and any(map(_WORD.match, words)):
            said += size if words in seen else 0
            seen.add(words)
    return said / total if total else 0.0


def _loop(keys: Sequence[str]) -> tuple[int, str]:
    """The most often that a unit comes one time after the other, and that unit."""
    best, unit = 1, ""
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    for period in range(1, min(UNIT, len(keys) // 2) + 1):
        other = np.flatnonzero(ids[period:] != ids[:-period])
        if len(ids) - period - len(other) < period * best:
            continue
        bounds = np.concatenate(([-1], other, [len(ids) - period]))
        runs = np.diff(bounds) - 1
        times = int(runs.max()) // period + 1
        begin = int(bounds[runs.argmax()]) + 1
        said = keys[begin : begin + period]
        if times > best and _says_something(said):
            best, unit = times, " ".join(said)
    return best, unit


def _says_something(said: Sequence[str]) -> bool:
    """Whether there is a word in it, or two numbers: not a grade, a note, zeros or a mark."""
    words = any(_LETTER.search(one) and (len(one) > 1 or one > "\u0e00") for one in said)
    numbers = {one for one in said if one.isdigit()}
    return words or len(numbers - {"0", "1"}) > 0 < len(numbers) - 1


def _share(keys: Sequence[str]) -> tuple[float, str]:
    """The share of characters in passages said before, and the longest of these passages."""
    dense = sum(len(key) == 1 and key > "\u0e00" for key in keys) > len(keys) / 2
    size = PASSAGE_DENSE if dense else PASSAGE
    seen: dict[tuple[str, ...], int] = {}
    again = [False] * len(keys)
    for at in range(len(keys) - size + 1):
        passage = tuple(keys[at : at + size])
        first = seen.setdefault(passage, at)
        if (
            at - first >= size
        ):  # what overlaps its first self is a loop, counted from its second turn
            again[at : at + size] = [True] * size
    sizes = [len(key) if _LETTER.match(key) else 0 for key in keys]
    total = sum(sizes)
    said = sum(size for size, old in zip(sizes, again, strict=True) if old)
    return (said / total if total else 0.0), _longest(keys, again)


def _longest(keys: Sequence[str], again: Sequence[bool]) -> str:
    best, begin = (0, 0), None
    for at, old in enumerate([*again, False]):
        if old and begin is None:
            begin = at
        elif not old and begin is not None:
            best = max(best, (at - begin, begin))
            begin = None
    return " ".join(keys[best[1] : best[1] + min(best[0], UNIT)])
