"""What is wrong with bytes that are no JSON, in a sentence for a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import orjson

AROUND = 12  # bytes shown on either side of the fault
SHOWN = 24  # characters of what stands at the fault

_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")  # U+D800 to U+DFFF
_KINDS = {str: "a text", list: "a list", dict: "an object", type(None): "null", bool: "a boolean"}
_NOT_JSON = re.compile(r"-?(NaN|nan|Infinity|inf)\b")
_PYTHON = re.compile(r"(None|True|False)\b")
_LITERAL = re.compile(r"[A-Za-z]+\b")


def instead(value: Any) -> str:  # noqa: ANN401  # any JSON
    """What stands where a record should be, and what to do about it where that is plain."""
    if not is_turns(value):
        return kind_of(value)
    name = "messages" if "role" in value[0] else "conversations"
    return (
        f"a list of messages without the object around it; in JSONL jq adds it: "
        f"jq -c '{{{name}: .}}' FILE > chats.jsonl"
    )


def is_turns(value: Any) -> bool:  # noqa: ANN401  # likewise
    """Whether a value is the turns of one conversation: objects that all say who speaks."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and turn.keys() & {"role", "from"} for turn in value)
    )


def kind_of(value: Any) -> str:  # noqa: ANN401  # any JSON
    """The type of a JSON value in words: `a list`."""
    return _KINDS.get(type(value), "a number")


def explain(raw: bytes, error: orjson.JSONDecodeError) -> str:
    """Say why orjson can't read the bytes, where, and what stands there."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as broken:
        return not_utf8(raw, broken)
    if not text.strip():
        return "empty"
    pos = error.pos
    return _fault(text, error.msg, pos - 1 if pos and text[pos - 1] == "-" else pos)


def not_utf8(raw: bytes, error: UnicodeDecodeError) -> str:
    """Say which byte is not UTF-8 and what it would be in the usual older encoding."""
    start = error.start
    byte = f"byte {start + 1} (0x{raw[start]:02X}) is not UTF-8"
    if _SURROGATE.match(raw, start):
        return f"{byte}: a lone surrogate, half a character"
    if error.end >= len(raw) and error.reason == "unexpected end of data":
        return f"{byte}: cut off within a character"
    word = raw[max(0, start - AROUND) : start + AROUND].decode("cp1252", "replace")
    inside = min(start, AROUND)
    left = re.split(r"\W", word[:inside])[-1]
    right = re.split(r"[^\w]", word[inside + 1 :])[0]
    return (
        f"{byte}; in Windows-1252 (Latin-1) it reads {left + word[inside] + right!r}: "
        "iconv -f cp1252 -t utf-8 FILE > NEW"
    )


def _fault(text: str, msg: str, pos: int) -> str:
    """Say what is wrong at a character that orjson names."""
    rest = text[pos:]
    place = f"at byte {len(text[:pos].encode()) + 1}"
    if "\0" in text:
        return f"a NUL byte at byte {len(text[: text.index(chr(0))].encode()) + 1}"
    for part, sentence in _SENTENCES.items():
        if part in msg:
            return sentence.format(place=place, found=_shown(rest))
    if msg.startswith("unexpected content"):
        return _after(rest, place)
    if msg.startswith("unexpected control character"):
        return f"a raw control character (U+{ord(rest[0]):04X}) in a text {place}: JSON escapes it"
    return _unexpected(text, pos, place) or f"not JSON {place}: {msg}, found {_shown(rest)}"


_SENTENCES = {
    "zero-length": "empty",
    "byte order mark": "a byte order mark within the file",
    "depth limit": "nested deeper than 1,024 levels",
    "surrogate": "a lone surrogate, half a character, {place}: {found}",
    "number is infinity": "a number too large for a float {place}: {found}",
    "trailing comma": "a trailing comma {place}",
    "unexpected end": "cut off: the record ends before it is closed",
    "escaped sequence": "no escape that JSON knows {place}: {found}",
}


def _after(rest: str, place: str) -> str:
    if rest[0] in "{[":
        return f"two values on one line, the second {place}"
    return f"text after the end of the value {place}: {_shown(rest)}"


def _unexpected(text: str, pos: int, place: str) -> str | None:
    """What people and other languages write where JSON has another spelling."""
    rest = text[pos:]
    if rest.startswith("'"):
        return f"single quotes {place}, as Python prints a dict; JSON has double quotes"
    if found := _NOT_JSON.match(rest):
        return f"{found[0]} {place} is no JSON value"
    if found := _PYTHON.match(rest):
        return f"{found[0]} {place} is Python; JSON has {_JSON_OF[found[0]]}"
    if rest[:1] in "“”„":
        return f"a typographic quotation mark {place}; JSON has straight ones"
    if pos == 0 and (found := _LITERAL.match(rest)):
        return f"not JSON: begins with {_shown(rest)}"
    return None


_JSON_OF = {"None": "null", "True": "true", "False": "false"}


def _shown(rest: str) -> str:
    return repr(rest if len(rest) <= SHOWN else rest[:SHOWN] + "...")
