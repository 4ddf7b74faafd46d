"""Questions that speak of a text, a file or a page that is not there.

Judged by exchange: a question is what the user says in one turn, and its answer may ask for what
is missing, which is right. Only what stands in the same turn can follow a "following".
"""

from __future__ import annotations

import re

import polars as pl

from curate.registry import signal
from curate.text.answers import NEEDS, answers
from curate.text.lazy import regex

LONGEST = 320  # bytes of a question that holds no material of its own
EARLIER = 1500  # characters before a question in which what it speaks of may well stand
NAME = 90  # bytes of an input that is only a file's name
_TEXTS = (
    r"(?:texts?|passages?|paragraphs?|articles?|essays?|sentences?|stor(?:y|ies)"
    r"|code(?: snippet)?|lists?"
    r"|tables?|data(?: ?sets?)?|words?|numbers?|equations?|poems?|quotes?|statements?|e-?mails?"
    r"|letters?|conversations?|dialogues?|reviews?|phrases?|strings?|arrays?|items?|recipes?"
    r"|documents?"
    r"|excerpts?"
    r"|options|lyrics|tweets?|headlines?|scenarios?|questions?|reports?|abstracts?|comments?"
    r"|transcripts?"
    r"|contracts?|speech|notes|messages?|figures?|charts?|graphs?|diagrams?|maps?|images?|pictures?"
    r"|photos?|photographs?|paintings?|drawings?|cartoons?|screenshots?|recordings?"
    r"|audio(?: clip| file)?"
    r"|videos?|songs?|spreadsheets?|files?|pdf|presentation|slides?|resume|cv|values|scores"
    r"|snippets?|sounds?|names|dates|titles)"
)
# Nouns for what one has before one; "the words", "the questions" are said of much else.
_HELD = (
    r"(?:texts?|passages?|paragraphs?|articles?|essays?|e-?mails?|numbers|conversation|dialogue"
    r"|document|excerpt|transcript|spreadsheet|abstract|tweet|table|data ?set|code snippet|photos?"
    r"|photograph"
    r"|picture|image|screenshot|recording|audio(?: clip| file)?|video|list of \w+|sentences?"
    r"|chart|graph)"
)
_WORKS = (
    r"(?:please |can you |could you |kindly |now )*(?:proof-?read|rate|grade|score|summari[sz]e"
    r"|sum up|shorten"
    r"|translate|analy[sz]e|sort|order|rank|edit|correct|fix|re-?write|re-?phrase|paraphrase"
    r"|classify"
    r"|identify|transcribe|describe|caption|review|evaluate|critique|improve|simplify|convert"
    r"|format|calculate|compute|find|add up|sum|average|count|read|look at|listen to|watch|extract"
    r"|highlight"
    r"|underline|label|categori[sz]e|solve|compare|explain|interpret|check|annotate|tag|parse"
    r"|condense)"
)
# How the sentence ends after it, and with it the question: nothing that could be the material.
_OTHER = r"[^\n:.?!\"“”‘«»()\[\]{}]"
_ENDS = (
    rf"(?: \w+ly)?(?:[ ,]+(?:as|in|into|to|from|by|for|and|with|of|according|so|using|on|is|are"
    rf"|do|does"
    rf"|say|says|mean"
    rf"|means|show|shows)\b{_OTHER}*)?[.?!]*\s*$"
)
# What is asked of the material after a comma: "From the passage provided, name ...".
_ASKED = (
    r"(?:provide|tell|give|list|name|extract|explain|what|which|who|when|where|why|how|describe"
    r"|identify|find|write|answer|state|create|generate|suggest|determine|summari[sz]e|say|count"
    r"|decide|choose|pick|please|can you)"
)
_SOURCE = (
    r"(?:passage|paragraph|excerpt|transcript|text|article|document|chart|graph|table|photo|picture"
    r"|image|diagram|conversation|dialogue|review|e-?mail|screenshot|snippet)s?"
)
_BELOW = regex(
    rf"(?i)\b(?:the|these|this|each|my|our) (?:\w+ ){{0,2}}(?:following"
    rf"|below)(?: \w+){{0,4}}\s*[:：]\s*$"
    rf"|\b(?:following|(?:the|an?|this|these|each|my|our) (?:\w+ )?(?:given|provided"
    rf"|attached)) (?:\w+ ){{0,2}}"
    rf"{_TEXTS}{_ENDS}"
    rf"|\b(?:the|this|these|my|our) (?:\w+ ){{0,2}}{_TEXTS} (?:given |provided )?(?:below"
    rf"|above){_ENDS}"
    rf"|\b(?:following|given) (?:\w+ ){{0,2}}{_SOURCE}(?: about {_OTHER}{{1,40}}?)?, {_ASKED}\b"
    rf"{_OTHER}*[.?!]*\s*$"
    rf"|\b(?:from|in|to|of|for|with|on|using) given {_TEXTS}{_ENDS}"
    rf"|\b(?:the|this|these) (?:\w+ ){{0,2}}{_TEXTS} (?:given |provided )?(?:below|above),"
    rf" (?:{_ASKED}|compute|calculate)\b{_OTHER}*[.?!]*\s*$"
    rf"|\b(?:following|given) (?:\w+ ){{0,2}}{_TEXTS} (?:true|false|correct|incorrect|right|wrong"
    rf"|valid|grammatical\w*)(?: or \w+)?[.?!]*\s*$"
    rf"|\b(?:the|this) (?:\w+ )?{_SOURCE} (?:provided|given)(?:, {_ASKED}\b{_OTHER}*)?[.?!:]*\s*$"
    r"|^[^。：\n“\"]*(?:以下|下面|下列|给定|上述)的?(?:文本|文章|段落|句子|表格|列表|代码|诗歌?"
    r"|对话|数据|故事)"
    r"[^：:。\n“\"系统]{0,20}[:：。]?\s*$"
    r"|\b(?:den folgenden|die folgenden?|das folgende|dem folgenden|der folgenden"
    r"|les? \w+ suivant(?:e?s)?"
    r"|la \w+ suivante|l['’]\w+ suivante?|(?:el|la|los|las|o|a|os|as) (?:siguiente|seguinte)s?"
    r"|(?:il|la|i|le)"
    r" seguent[ei]|следующ\w+|der untenstehende\w*|ci-dessous|abaixo"
    r"|di seguito)(?: \w+){0,6}\s*[:.]?\s*$"
)
_NAMED = regex(
    rf"(?i)^\W*{_WORKS} (?:(?:me|the|up|all|each|main|out|and|of|meaning|tone) ){{0,3}}(?:this"
    rf"|these) (?:\w+ )?{_TEXTS}"
    rf"(?: \w+ly)?(?:[ ,]+(?:as|in|into|to|from|by|for|and|with|according|so|using|on|is"
    rf"|are)\b{_OTHER}*)?[.?!]*\s*$"
    rf"|^\W*{_WORKS} (?:the|my|this|these) (?:\w+ )?{_HELD},? and (?:then )?{_ASKED}\b{_OTHER}*"
    rf"[.?!]*\s*$"
    rf"|^\W*{_WORKS} (?:the|my) (?:\w+ )?{_HELD}(?: (?:in|into|to|from|for|as"
    rf"|by)\b{_OTHER}*)?[.?!]*\s*$"
    rf"|^\W*{_WORKS} (?:the|an?|any|all) (?:\w+al )?(?:average|mean|median|sum|mode|total"
    rf"|range|errors?|mistakes?|main (?:idea"
    rf"|points?)|tone|theme|topic|summary|sentiment|data) (?:of|in|from) (?:the|these|this"
    rf"|my) (?:\w+ )?{_HELD}[.?!]*\s*$"
    rf"|^\W*(?:what|which|who|where|how many|how much)\b{_OTHER}{{0,60}}\b(?:of|in|from|by|does"
    rf"|do|is|about) (?:this"
    rf"|these) (?:\w+ )?{_HELD}(?: (?:about|mean|say|show|tell us))?[.?!]*\s*$"
    rf"|^\W*(?:what|which|who|how many)\b{_OTHER}{{0,60}} (?:of|in|from) the (?:photo|picture"
    rf"|image|passage|text"
    r"|paragraph|recording|excerpt|screenshot|poem)[.?!]*\s*$"
    r"|^\W*which (?:one )?of (?:the following|these)\b[^\n:,.?!\"“”‘«»()\[\]{}]{0,60}(?:[.?!]+\s*)$"
    rf"|^\W*what (?:is|are|does|do) this (?:article|essay|passage|paragraph|text|e-?mail"
    rf"|document|photo|picture"
    rf"|image|chart|graph) (?:about|mean|say|show|tell us)\b{_OTHER}*[.?!]*$"
)
# Even what is to be made needs it then.
_LAST_BELOW = regex(
    r"(?i)\b(?:the|these) (?!box|space|field|form|area|comment)\w+(?: and \w+)?"
    r" (?:given |provided |listed |stated )?below[.?!:]*\s*$"
    r"|\b(?:the|this) (?:image|picture|photo(?:graph)?|screenshot|painting|cartoon)"
    r" (?:provided|given|attached)[.?!:]*\s*$"
)
_SOURCED = regex(
    rf"(?i)^\W*(?:given|from|based on|according to|using|in) (?:the|this|these|my) (?:\w+ )?"
    rf"{_SOURCE}(?: (?:about|titled|provided|given|above|below)\b{_OTHER}{{0,60}}?)?, {_ASKED}\b"
    rf"{_OTHER}*[.?!]*\s*$"
    rf"|^\W*(?:{_OTHER}{{0,60}} )?(?:according to|based on|from|in) (?:the )?(?:passage|paragraph"
    rf"|excerpt|figure|chart|diagram|photo|image) (?:\d\d?|[A-D])\b{_OTHER}*[.?!]*\s*$"
)
# A verb, "this e-mail", a colon, and nothing behind it: numbers in it say how long it is.
_LEFT_OPEN = regex(
    rf"(?i)^\W*{_WORKS} (?:\w+ ){{0,4}}(?:this|these|the|my|our) (?:\w+ )?{_TEXTS}\b"
    r"[^\n:.?!\"'“”‘’«»()\[\]{}]{0,60}[:：]\s*$"
)
# Numbers that may be the material, or a thing that a program will be given.
_HOLDS = regex(
    r"(?i)\d{3,}|\d[,.]\d|['‘]\w[^\n]*['’]|\b(?:an?|any|n|two|some"
    r"|each) given (?:\w+ )?(?:numbers?|values?|strings?"
    r"|lists?|arrays?|words?|data ?sets?|files?)\b"
)
_ATTACHED = regex(
    rf"(?i)\b(?:the|my|this|these|an?) (?:attached|enclosed) (?:\w+ ){{0,1}}{_TEXTS}\b"
    rf"|\b(?:see|in|read|open) (?:the )?(?:attached|enclosed)\b"
    rf"|\b(?:is|are) attached\b|\battached (?:is|are|you)\b"
)
_FILE = regex(
    r"(?i)^[\s\[<(\"'`]*(?:(?:attached|file|input|image|picture|audio|video|document"
    r"|photo)(?: file)?: *)?"
    r"[\w/\\ ()-]{1,60}\.(?:jpe?g|png|gif|bmp|webp|tiff?|svg|heic|mp3|wav|m4a|ogg|flac|aac|mp4"
    r"|avi|mov|mkv|webm"
    r"|pdf|docx?|odt|rtf|xlsx?|ods|csv|tsv|pptx?|txt|epub|psd|zip)[\s\]>)\"'`.]*$"
)
# An input that only says where the material is.
_ELSEWHERE = (
    r"(?i)^\W*(?:please )?(?:(?:see|check|refer to|open|read)(?: the)? )?(?:attach(?:ed|ment)s?"
    r"|enclosed)(?: (?:file|document|image|picture|table|sheet))?\W*$"
)
_NAME_WILL_DO = regex(
    r"(?i)file ?name|renam|extension|file type|\bformats?\b|\bopens?\b|program|\bscript|command"
    r"|\bcode|python|bash"
    r"|path\b|\bmarkdown|html|\bsave\b|delete|\bcopy\b|\bmove\b|download|upload|kind of file"
    r"|type of file|mime"
)
_LINK = regex(
    r"(?i)\b(?:read|visit|go(?:ing)? to|open|watch|look(?:ing)? at|browse|summari[sz]e|sum up"
    r"|review|analy[sz]e|evaluate"
    r"|translate|listen to|according to|based on|critique|check out|transcribe|paraphrase"
    r"|describe|rewrite)\b"
    r"[^\n]{0,80}?(?:https?://[^\s)>\]]+|www\.[\w-]+\.[^\s)>\]]+|\b[a-z][\w-]*(?:\.[\w-]+)*"
    r"\.(?:com|org|net|edu|gov|io|info|de|fr|es|it|nl|uk|co|eu)/[^\s)>\]]+)"
)
_ADDRESS_WILL_DO = regex(
    r"(?i)\burls?\b|domain|\bregex|regular expression|\bparse|shorten|\bvalid|protocol"
    r"|hyperlink|href|\bapi\b|\bhtml\b"
    r"|query string|\bcode\b|python|javascript|\bscript|scrap|crawl|\bcurl\b|\bwget\b|download"
    r"|citation|\bcite|\bapa\b"
    r"|\bmla\b|bookmark|phishing|slug|web address|command|bash"
)
_NO_NEED = regex(
    r"(?i)^\W*(?:write|create|generate|design|develop|implement|construct|build|train|compose"
    r"|draft|make|invent"
    r"|give (?:me )?an example|how (?:do|can|to|would|should|does)|imagine|suppose)\b|\b(?:code"
    r"|program|function"
    r"|script|algorithm|regex|query|class|method|app|classifier|model|tool|system"
    r"|calculator)\b[^\n]{0,60}\b(?:that"
    r"|which|to|for|if|whether)\b|\btopics?\b|\bmean(?:s|ing)?\b[^\n]*['\"“]"
    r"|['\"“‘][^\n]*\bmean|<image>|<audio>|<video>"
)
_AFTER = regex(r"\n\s*\S|[:：]\s*\S")
_WAITS = regex(
    r"(?i)\b(?:provide|paste|share|send|upload|attach|include|give me)\b|\b(?:do(?:n['’]t| not)"
    r"|can(?:['’]t|not)|unable|no|not|isn['’]t"
    r"|wasn['’]t|without|missing|need)\b[^.]{0,50}\b(?:see|open|access|view|text|article"
    r"|attach\w*|image|file|provided|given"
    r"|included|input|content|list|data)\b|提供|粘贴|没有|未|bitte|veuillez|por favor"
    r"|per favore|предостав"
)
_POINTS = [
    *(
        "following",
        "below",
        "above",
        "attached",
        "enclosed",
        "given",
        "provided",
        "以下",
        "下面",
        "下列",
        "给定",
    ),
    *(
        "上述",
        "folgend",
        "untenstehend",
        "suivant",
        "ci-dessous",
        "siguiente",
        "seguinte",
        "abaixo",
    ),
    *("seguent", "di seguito", "следующ"),
]
_ADDRESSES = [
    "http",
    "www.",
    *(f".{end}/" for end in "com org net edu gov io info de fr es it nl uk co eu".split()),
]
_BEGINS = rf"^(?i:{_WORKS}|what|which|who|where|how many|how much)\b[^\n:\"“”«»()\[\]{{}}]*$"
_LEADS = (
    r"^(?i:given|from|based on|according to|using|in) (?i:the|this|these|my|passage|paragraph"
    r"|figure|chart) [^\n:\"“”]*$"
    rf"|^(?i:{_WORKS}) [^\n:\"“”]*[:：]\s*$"
)
# What is to be made needs no material, or it follows after all.
_MAKES = (
    r"^(?i:write|create|generate|design|develop|implement|construct|build|compose|given an? )"
    r"|[:：][ \n]*[^ \n]|\n\s*\S[^\n]{40}"
)
_FILE_LINE = r"\n[^\n]{1,60}\.[A-Za-z0-9]{2,4}[\])>\s]*$"
_EARLIER = regex(r"(?i)above|given|provided|上述|给定")  # may be in an exchange before
_ROW_OF_NUMBERS = regex(r"\d[,; ]+\d")


@signal(
    columns={
        "missing": "what the question speaks of that is not there, as it says; null where nothing "
        "is missing or the answer asks for it",
        "missing_kind": "`below` (it says the following, given or below, and nothing follows), "
        "`named` (it has this essay or the numbers worked on, and there are none), `file` (an "
        "attached file, or the name of one as the input), `link` (a page is to be read, and only "
        "its address is there)",
    },
    needs=(*NEEDS, "instruction", "input"),
    version=3,
)
def missing(frame: pl.DataFrame) -> pl.DataFrame:
    """Look at short questions that speak of material or have the name of a file or page."""
    turns = answers(frame).filter(pl.col("asked").str.len_bytes() <= LONGEST)
    first = frame["roles"].list.slice(0, 3).list.eval(pl.element() == "user").list.sum() == 1
    given = frame["input"].set(~first.fill_null(value=False), None).str.strip_chars().fill_null("")
    turns = turns.with_columns(
        given.gather(turns["row"]).alias("material"),
        frame["instruction"].gather(turns["row"]).alias("task"),
    )
    none = pl.col("material") == ""
    turns = turns.with_columns(pl.when(none).then("asked").otherwise("task").alias("task"))
    bare, held = turns.filter(none), turns.filter(~none)
    some = pl.concat([bare.filter(_may_lack(bare["task"])), held.filter(_may_name(held))])
    words: list[str | None] = [None] * frame.height
    kinds: list[str | None] = [None] * frame.height
    texts = frame["texts"]
    columns = ("row", "turn", "task", "material", "answer")
    for row, turn, task, material, answer in some.select(columns).iter_rows():
        if kinds[row] is None:
            before = "\n".join(texts[row][: turn - 2])
            words[row], kinds[row] = _judge(task.strip(), material, answer, before)
    schema = {"missing": pl.String, "missing_kind": pl.String}
    return pl.DataFrame({"missing": words, "missing_kind": kinds}, schema=schema)


def _may_lack(tasks: pl.Series) -> pl.Series:
    """Which questions without an input a pattern may find: the cheapest are asked first."""
    found = tasks.str.contains_any(_ADDRESSES) | tasks.str.contains(_FILE_LINE)
    points = tasks.str.contains_any(_POINTS, ascii_case_insensitive=True).arg_true()
    pointed = tasks.gather(points)
    lacks = ~pointed.str.contains(_MAKES) | pointed.str.contains("attached|enclosed")
    lacks |= pointed.str.contains(r" (?:below|provided|given|attached)[.?!: ]*$")
    found = found.scatter(points, found.gather(points) | lacks)
    works = tasks.str.contains(_BEGINS).arg_true()
    named = tasks.gather(works).str.contains(_NAMED.pattern)
    found |= tasks.str.contains(_LEADS)
    return found.scatter(works, found.gather(works) | named)


def _may_name(turns: pl.DataFrame) -> pl.Series:
    """Which inputs are the name of a file."""
    short = turns["material"].str.len_bytes() <= NAME
    return short & turns["material"].str.contains(f"{_FILE.pattern}|{_ELSEWHERE}")


def _judge(asked: str, given: str, answer: str, before: str) -> tuple[str | None, str | None]:
    """What is missing, and its kind; two nulls where nothing is."""
    if not given:
        task, sign, last = asked.rpartition("\n")
        if sign and _FILE.search(last):
            asked, given = task.strip(), last
    found = _find(asked, given, before)
    no_need = _NO_NEED.search(asked) and not _LAST_BELOW.search(asked)
    if found is None or no_need or _WAITS.search(answer[:200]):
        return None, None
    return found[0][0].strip(), found[1]


def _find(asked: str, given: str, before: str) -> tuple[re.Match[str], str] | None:
    if given:
        named = re.search(_ELSEWHERE, given)
        if named is None and not _NAME_WILL_DO.search(asked):
            named = _FILE.search(given)
        return (named, "file") if named else None
    if "\n" in asked:
        return None
    link = None if _ADDRESS_WILL_DO.search(asked) else _LINK.search(asked)
    if link:
        return link, "link"
    attached = _ATTACHED.search(asked)
    if attached:
        return attached, "file"
    return None if _AFTER.search(asked) else _unfollowed(asked, before)


def _unfollowed(asked: str, before: str) -> tuple[re.Match[str], str] | None:
    left_open = None if before else _LEFT_OPEN.search(asked)
    if left_open:
        return left_open, "below"
    if _HOLDS.search(asked):
        return None
    below = _BELOW.search(asked) or _LAST_BELOW.search(asked)
    if below and not (before and _EARLIER.search(below[0]) and _is_held(below[0], before)):
        return below, "below"
    named = _NAMED.search(asked) or _SOURCED.search(asked)
    return (named, "named") if named and not _is_held(named[0], before) else None


def _is_held(named: str, before: str) -> bool:
    """Whether what is worked on may have been said earlier in the conversation."""
    nouns = re.findall(_HELD, named, re.IGNORECASE) or re.findall(_TEXTS, named, re.IGNORECASE)
    told = any(noun.lower().rstrip("s") in before.lower() for noun in nouns)
    numbers = "number" in named and _ROW_OF_NUMBERS.search(before) is not None
    return told or numbers or len(before) > EARLIER
