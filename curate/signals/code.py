"""Code and JSON in answers: missing where it was asked for, cut off, or not what it claims to be.

Prose is never judged: brackets in it are smileys, list numbers "1)" and intervals [0, 1). Code is
what stands in a fence, or a whole answer in which no line reads like a sentence.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from typing import NamedTuple

import polars as pl

from curate.registry import signal

MAX_CODE = 20_000  # characters; a longer block is not parsed


class Block(NamedTuple):
    """A piece of code in an answer.

    Attributes:
        language: what the fence says, in lower case; "" where it says nothing or there is none.
        text: the code.
        closed: its fence ends; True where there is none.
        fenced: it stands in a fence.
    """

    language: str
    text: str
    closed: bool
    fenced: bool


_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`\n]*$", re.MULTILINE)


def fences(answer: str) -> list[Block]:
    """The fenced blocks of an answer (CommonMark: a fence ends with one as long, or the text)."""
    blocks = []
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(answer):
        if opened is None:
            opened = found
        elif found[1].startswith(opened[1]) and not found[2]:
            text = answer[opened.end() + 1 : found.start()]
            blocks.append(Block(opened[2].lower(), text, closed=True, fenced=True))
            opened = None
        elif found[2] and found[1] == opened[1]:
            # A fence with a language inside an open one: the first was never closed.
            text = answer[opened.end() + 1 : found.start()]
            blocks.append(Block(opened[2].lower(), text, closed=False, fenced=True))
            opened = found
    if opened is not None:
        text = answer[opened.end() + 1 :]
        blocks.append(Block(opened[2].lower(), text, closed=False, fenced=True))
    return blocks


# --- what was asked for -------------------------------------------------------------------------

_LANGUAGE = (
    r"python|javascript|typescript|java|c\+\+|c#|php|ruby|rust|golang|swift|kotlin|perl|matlab|scala"
    r"|haskell|html5?|css|sql|mysql|bash|shell|powershell|jquery|node(?:\.?js)?|react"
)
_MAKE = (
    r"\b(?:write|create|generate|construct|implement|develop|build|compose|provide|give|make"
    r"|design|show)\b"
)
_CODE_ASKED = re.compile(
    rf"{_MAKE}(?:(?!given|from|existing|of|about|valid)[^.?!\n]){{0,40}}?\b(?P<what>"
    rf"(?:{_LANGUAGE}) (?:code|function|script|program|query|statement|snippet|class|command"
    r"|method|page|form|table|loop|expression)|code snippet|snippet of code|piece of code"
    r"|sql (?:query|statement)"
    r"|regular expression|regex|code to|function (?:in (?:python|java|javascript|c)"
    r"|that (?:takes|returns|accepts|prints|computes|calculates))"
    r"|json (?:object|array|list|document|string|representation|data))",
    re.IGNORECASE,
)
# Words with which code is the subject rather than what is wanted.
_NO_CODE = re.compile(
    r"\b(?:explain|(?<!that )describe|discuss|summar|what|why|how|pseudo|essay|article|blog|story"
    r"|poem|title|list of|names? of|plan|steps|instructions|documentation|comment|tutorial|guide"
    r"|course|question|quiz|test case|interview|code of|zip code|dress code|qr code|morse|promo"
    r"|discount|analy|compare|debug|review|find the|identify|convert|edit|rewrite|correct|error|fix"
    r"|outline|algorithm|idea|tool|example of when|use case|project|job)",
    re.IGNORECASE,
)
# Any of these, and there may be code after all.
_CODE_SIGNS = re.compile(
    r"[={}<>;\[\]\\|`^*$#@_]|\w\(|\(\)|\bselect\b[^.]*\bfrom\b"
    r"|^\s*(?:select|def|return|print|echo|import|from \w+ import)\b",
    re.IGNORECASE | re.MULTILINE,
)


def missing(prompt: str, answer: str) -> str | None:
    """The kind of code that a prompt asks for and an answer has none of."""
    asked = _CODE_ASKED.search(prompt)
    if asked is None or _NO_CODE.search(prompt) or _CODE_SIGNS.search(answer):
        return None
    return asked["what"].lower()


# --- JSON ---------------------------------------------------------------------------------------

_JSON_ASKED = re.compile(
    r"\b(?:in|into|to|as|return|returns|output|outputs|generate|create|produce|write|construct|make"
    r"|build|only|using|use|be|give|show|provide|send|emit|strict|valid|pure|raw"
    r"|(?:respond|reply|answer|return|only)(?: only)? with)"
    r" (?:(?:a|an|the|me|us|valid|simple|new|nested|single|small|short|strict|plain|sample|example"
    r"|raw|proper|well-formed|its|of|in|as|formatted|only|just|nothing but) )*json\b"
    r"|\bjson (?:only|please|object with|array (?:of|with)|with (?:the )?(?:keys?|fields?))"
    r"|\bno (?:text|prose|words) (?:but|except) json",
    re.IGNORECASE,
)
# Questions whose right answer may be near to JSON and none.
_NO_JSON = re.compile(
    r"\b(?:invalid|malformed|broken|incorrect|wrong|bad|faulty|error|comments?|json5|jsonc|pseudo"
    r"|python (?:dict|object|literal)|dictionary|javascript object|js object|object literal|jinja"
    r"|template|pattern|regex|grammar|schema of|mistakes?)"
    r"|\b(?:given|provided|this|these|following|above|with a) json\b"
    r"|\bjson (?:below|above|given)\b",
    re.IGNORECASE,
)
# What is shown then may be the faulty one, with or without the mended one after it.
_FAULTY = re.compile(
    r"\b(?:invalid|malformed|broken|incorrect|wrong|bad|faulty|ill-formed|unparsable|fix|repair|mistakes?"
    r"|errors?|debug|NaN|Infinity|ungültig\w*|fehlerhaft\w*)\b",
    re.IGNORECASE,
)
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"")
_ELIDED = re.compile(r"\.\.\.|…|<[^<>\n]{1,30}>|\{\{|\$\{")
_COMMENT = re.compile(r"//|/\*|(?:^|\s)#")
_OWN_LINES = re.compile(r"^(?:[^\n{]{0,200}\n+)?(?P<value>\{\s*[\"'\w][\s\S]*\})\s*$")


def invalid_json(prompt: str, answer: str, blocks: list[Block]) -> str | None:
    """Why the JSON of an answer is none, where JSON was asked for or a fence claims it."""
    asked = _JSON_ASKED.search(prompt) and not _NO_JSON.search(prompt)
    texts = [one.text for one in blocks if one.language == "json"]
    if _FAULTY.search(prompt) or (len(texts) > 1 and _FAULTY.search(answer)):
        return None
    alone = False
    if asked and len(blocks) == 1 and not blocks[0].language:
        texts = [blocks[0].text]
    elif asked and not blocks:
        own = _OWN_LINES.match(answer)
        texts = [answer] if answer.lstrip()[:1] in ("{", "[") else [own["value"]] if own else []
        alone = True
    for text in texts:
        if len(text) > MAX_CODE or text.lstrip()[:1] not in ("{", "[") or len(text.strip()) == 1:
            continue
        bare = _STRING.sub('""', text)
        # Explanations put comments into the files that they show; data that was asked for has none.
        if _ELIDED.search(bare) or (_COMMENT.search(bare) and not alone):
            continue
        problem = _json_problem(text)
        if problem:
            return problem
    return None


def _constant(name: str) -> None:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_constant)


def _json_problem(text: str) -> str | None:
    """What is wrong with a text that should be one or more JSON values."""
    at = 0
    text = text.strip()
    while at < len(text):
        try:
            _, at = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            if at and text[at] not in "{[":
                return None  # a sentence after the value
            return f"line {error.lineno}: {error.msg[0].lower()}{error.msg[1:]}"
        except RecursionError:
            return None
        except ValueError as error:
            return f"{error} is no JSON"
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,;"))
    return None


# --- code ---------------------------------------------------------------------------------------

_SENTENCE = re.compile(
    r"^\s*(?:[-*\d.]+\s+)?[A-Z][a-z']*(?: [\w'\",()-]+){4,}[.:!?]?$"
    r"|^\s*(?:Output|Example|Note|Explanation)\b"
)
_PYTHON_START = re.compile(
    r"\s*(?:def \w+ ?\(|class \w+[(:]|for \w+(?:, ?\w+)* in [^\n]+:\s*\n"
    r"|import [\w.]+(?: as \w+)?(?:,|\s*\n)|from [\w.]+ import )"
)
_STARTS_CODE = re.compile(
    rf"{_PYTHON_START.pattern}|\s*(?:class \w+ ?\{{|#include|public (?:static |class )|<\?php"
    r"|function \w*\(|(?:var|let|const) \w+ ?=|package \w+;|using [\w.]+;|(?:if|for|while) ?\("
    r"|(?:int|void|bool|boolean|string|double|float) \w+\(|(?i:create table) |[.#]?[\w-]+ \{\n)"
)
_PYTHON_ASKED = re.compile(r"\bpython\b", re.IGNORECASE)
BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BRACKET_LANGUAGES = frozenset(
    "python py python3 javascript js typescript ts java c cpp c++ c# cs csharp go rust php json "
    "css kotlin swift ruby sql".split()
)
_STRINGS_AND_COMMENTS = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    r"|`(?:\\.|[^`\\])*`|(?<!:)//[^\n]*|(?:(?<=\s)|^)#[^\n]*"
    r"|(?<=[=(,:\s])/(?:\\.|[^/\\\n ])+/[gimsuy]*(?=[.,;)\s])",
    re.DOTALL | re.MULTILINE,
)


def code_of(answer: str, blocks: list[Block]) -> list[Block]:
    """The code of an answer: its fences, or all of it where no line reads like a sentence."""
    if blocks:
        return blocks
    if answer.lstrip()[:1] in ("{", "[") and '":' in answer:
        return [Block("json", answer, closed=True, fenced=False)]
    bare = _STRINGS_AND_COMMENTS.sub('""', answer)
    starts = _STARTS_CODE.match(answer) or _STARTS_CODE.match(bare.lstrip('" \n'))
    if not starts or any(_SENTENCE.match(line) for line in bare.splitlines()):
        return []
    python = _PYTHON_START.match(answer) or _PYTHON_START.match(bare.lstrip('" \n'))
    return [Block("python" if python else "", answer, closed=True, fenced=False)]


def unbalanced(block: Block) -> str | None:
    """The bracket of a block that is opened more or less often than it is closed."""
    known = block.language in _BRACKET_LANGUAGES or (not block.fenced and not block.language)
    if not known or len(block.text) > MAX_CODE or re.search(r"\.\.\.|…", block.text):
        return None
    bare = _STRINGS_AND_COMMENTS.sub("", block.text)
    if re.search("[\"'`]", bare):
        return None  # a string that was not understood may hold any bracket
    for opening, closing in BRACKETS.items():
        opened, closed = bare.count(opening), bare.count(closing)
        if opened != closed:
            return f"{opening} {opened} times, {closing} {closed} times"
    return None


_NOT_PYTHON_3 = re.compile(
    r"^\s*print +[^\s(=]|^\s*(?:>>>|\$|!|%|In \[)|^\s*exec +[\"']|except \w+, *\w+:|\.\.\.|…"
    r"|<[^<>\n]{2,40}>|^\s*raise \w+, |\braw_input\(|^\s*pip install",
    re.MULTILINE,
)


def invalid_python(block: Block) -> str | None:
    """Where Python 3 can't read a block that claims to be Python; None for Python 2, sessions."""
    text = textwrap.dedent(block.text.expandtabs())
    if len(text) > MAX_CODE or "\0" in text or _NOT_PYTHON_3.search(text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes
            ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


# --- the signal ---------------------------------------------------------------------------------

_GATE = (
    r"(?i)\b(?:code|function|program|script|query|sql|html|css|regex|regular expression|json|class"
    r"|snippet|python|java|javascript|c\+\+)\b"
)


@signal(
    columns={
        "code_missing": "the kind of code that a question asks for and its answer has none of",
        "code_fence_open": "the line that opens a fenced block which no answer closes",
        "code_unbalanced": "a bracket of an answer's code that is not closed, or not opened",
        "code_invalid": "where Python 3 can't read the Python that an answer gives",
        "json_invalid": "why the JSON that an answer gives is none",
    },
    needs=("roles", "texts", "prompt", "response", "system"),
    version=4,
)
def code(frame: pl.DataFrame) -> pl.DataFrame:
    """Judge each answer beside its question, in the rows that speak of code or hold a fence."""
    about = (
        pl.col("prompt").str.contains(_GATE)
        | pl.col("response").str.contains("```|~~~")
        | pl.col("system").str.contains("(?i)json").fill_null(value=False)
    )
    some = frame.with_row_index("row").filter(about)
    made = [_judge(roles, texts) for roles, texts in some.select("roles", "texts").iter_rows()]
    names = ("code_missing", "code_fence_open", "code_unbalanced", "code_invalid", "json_invalid")
    found = pl.DataFrame(made, schema=dict.fromkeys(names, pl.String), orient="row")
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))
    found = some.select("row").hstack(found)
    return rows.join(found, on="row", how="left", maintain_order="left").drop("row")


def _judge(roles: list[str], texts: list[str]) -> tuple[str | None, ...]:
    question = system = ""
    found: list[str | None] = [None] * 5
    for role, text in zip(roles, texts, strict=True):
        if role == "system":
            system = text
        elif role == "user":
            question = text
        elif role == "assistant" and text:
            for number, one in enumerate(_findings(system, question, text)):
                found[number] = found[number] or one
    return tuple(found)


def _findings(system: str, question: str, answer: str) -> tuple[str | None, ...]:
    blocks = fences(answer) if "```" in answer or "~~~" in answer else []
    pieces = code_of(answer, blocks)
    opened = next((f"```{one.language}" for one in blocks if not one.closed), None)
    balance = next(filter(None, map(unbalanced, pieces)), None)
    asked = _PYTHON_ASKED.search(question)
    python = [one for one in pieces if one.language in ("python", "py", "python3") and asked]
    problem = next(filter(None, map(invalid_python, python)), None)
    return (
        missing(question, answer) if not blocks else None,
        opened,
        balance,
        problem,
        invalid_json(f"{system}\n{question}" if system else question, answer, blocks),
    )
