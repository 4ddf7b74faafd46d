"""What goes wrong with a whole record: broken JSON, wrong types, missing keys, disorder."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from curate.selftest.host import role_key

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from curate.selftest.host import Draft, Path
    from curate.selftest.way import Pool, Way

    Turns = list[dict[str, Any]]


def dump(value: Any) -> str:  # noqa: ANN401  # any JSON
    """A record as a line."""
    return json.dumps(value, ensure_ascii=False)


BREAKS = (
    (lambda text: text[: int(len(text) * 0.6)], "cut off"),
    (lambda text: repr(json.loads(text)), "a Python literal"),
    (lambda text: f"{text[:-1]},}}", "a comma too many"),
    (lambda text: re.sub(r'"(\w+)":', r"\1:", text, count=1), "a key without quotes"),
    (lambda text: re.sub(r'(": *"[^"\\]{3})', "\\1\t", text, count=1), "a bare tab in a string"),
    (lambda text: text.replace('", "', '" "', 1), "a comma missing"),
    (lambda text: f'{text[:-1]}, "score": NaN}}', "NaN"),
    (lambda text: re.sub(r'"(\w+)":', r'"\1: ', text, count=1), "a quotation mark missing"),
    (lambda _: "==== page 2 of 7 ====", "no JSON at all"),
    (lambda text: f"{text} // checked", "a comment behind it"),
)


def _broken(
    change: Callable[[str], str], what: str, draft: Draft, _: random.Random, __: Pool
) -> str | None:
    text = dump(draft.record)
    after = change(text)
    draft.raw = after.encode()
    return what if after != text else None


def _in_latin_1(draft: Draft, _: random.Random, __: Pool) -> str | None:
    draft.raw = dump(draft.record).encode("latin-1", "ignore")
    return None if draft.raw.isascii() else "a line in Latin-1"


_MORE_BREAKS = (
    (lambda text: text[int(len(text) * 0.4) :], "the second half of a record"),
    (lambda text: text + text, "two records in one line"),
    (lambda text: re.sub(r"}$", "", text), "the last brace missing"),
)


# --- types and keys -----------------------------------------------------------------------------


def _retyped(
    value: Callable[[str], Any], what: str, draft: Draft, _: random.Random, __: Pool
) -> str:
    draft.set(draft.exchange.answer, value(draft.answer))
    return f"the answer is {what}"


def _unwrapped(draft: Draft, _: random.Random, __: Pool) -> str:
    draft.raw = dump(list(draft.record.values())).encode()
    return "the record is a list"


def _flattened(draft: Draft, _: random.Random, __: Pool) -> str | None:
    if draft.holder is None:
        return None
    draft.record[draft.holder] = f"{draft.ask}\n{draft.answer}"
    return "the turns are one text"


def _holder_of(draft: Draft, path: Path) -> dict[str, Any]:
    held: dict[str, Any] = draft.get(path[:-1])
    return held


def _without(part: str, draft: Draft, _: random.Random, __: Pool) -> str | None:
    path = draft.exchange.answer if part == "answer" else draft.exchange.ask
    if not isinstance(path[-1], str):
        return None
    del _holder_of(draft, path)[path[-1]]
    return f"no {part}"


def _misspelt(draft: Draft, rng: random.Random, _: Pool) -> str | None:
    """A key with two letters changed round, or one left out."""
    key = draft.exchange.answer[0] if draft.holder else draft.exchange.answer[-1]
    if not isinstance(key, str):
        return None
    at = rng.randrange(1, len(key) - 2)
    typo = rng.choice((key[:at] + key[at + 1] + key[at] + key[at + 2 :], key[:at] + key[at + 1 :]))
    held = draft.record if draft.holder else _holder_of(draft, draft.exchange.answer)
    if typo == key:
        return None
    held[typo] = held.pop(key)
    return f"{key} spelt {typo}"


def _emptied(draft: Draft, _: random.Random, __: Pool) -> str:
    draft.record.clear()
    return "an empty object"


# --- turns --------------------------------------------------------------------------------------

_SYSTEMS = (
    "You are a helpful assistant.",
    "Answer as briefly as you can.",
    "You work for the help desk of a bicycle maker.",
    "Du bist ein freundlicher Assistent.",
    "Today is Monday. Keep to the facts.",
)
_FURTHER = ("Thanks a lot!", "Can you explain the second point?", "And what about winter?", "ok")
_OPENINGS = (
    "The order was shipped on Tuesday.",
    "I looked it up: the museum is closed on Mondays.",
    "42",
    "Hello! How can I help you today?",
)
_RESULTS = ('{"temperature": 11, "unit": "C"}', "[]", "Error: timeout", '{"ok": true}')
_ROLES = ("asistant", "narrator", "User 1", "critic", "gpt-4o", "", "Moderator", "humna", "expert")


def _turned(
    change: Callable[[Draft, Turns, random.Random], str | None],
    draft: Draft,
    rng: random.Random,
    _: Pool,
) -> str | None:
    """A way that changes the list of turns, of conversations between two alone."""
    turns = draft.turns
    if turns is None or {*_order(draft)} - {"system", "user", "assistant"}:
        return None
    return change(draft, turns, rng)


def _order(draft: Draft) -> list[str]:
    """The role of each turn: user, assistant, or as it is spelt."""
    spelt: dict[str, str] = {}
    for one in draft.host.exchanges:
        for path, role in ((one.ask, "user"), (one.answer, "assistant")):
            turn = draft.get(path[:2])
            spelt[turn[role_key(turn)]] = role
    named = [str(turn[role_key(turn)]) for turn in draft.turns or ()]
    return [spelt.get(role, role) for role in named]


def _at(path: Path) -> int:
    """The place of a text's turn among the turns."""
    return int(path[1])


def _repeat_user(draft: Draft, turns: Turns, rng: random.Random) -> str:
    turns.insert(_at(draft.exchange.answer), draft.new_turn("user", rng.choice(_FURTHER)))
    return "two turns of the user in a row"


def _assistant_first(draft: Draft, turns: Turns, rng: random.Random) -> str | None:
    first = _order(draft).index("user")
    if len(draft.host.exchanges) > 1 and rng.random() < 0.5:  # noqa: PLR2004  # half of them
        del turns[first]
        return "the first question is missing"
    turns.insert(first, draft.new_turn("assistant", rng.choice(_OPENINGS)))
    return "the assistant begins"


def _last_user(draft: Draft, turns: Turns, rng: random.Random) -> str | None:
    if _order(draft)[-1] != "assistant":
        return None
    if len(draft.host.exchanges) > 1 and rng.random() < 0.5:  # noqa: PLR2004  # half of them
        turns.pop()
        return "the last answer is missing"
    turns.append(draft.new_turn("user", rng.choice(_FURTHER)))
    return "the user has the last word"


def _tool_without_call(draft: Draft, turns: Turns, rng: random.Random) -> str:
    turns.insert(_at(draft.exchange.answer), draft.new_turn("tool", rng.choice(_RESULTS)))
    return "a tool's result that nobody asked for"


def _system_repeated(draft: Draft, turns: Turns, rng: random.Random) -> str:
    system = draft.new_turn("system", rng.choice(_SYSTEMS))
    if _order(draft)[0] == "system":
        turns.insert(1, rng.choice((system, deepcopy(turns[0]))))
    else:
        turns[:0] = [system, draft.new_turn("system", rng.choice(_SYSTEMS))]
    return "two system turns"


def _system_late(draft: Draft, turns: Turns, rng: random.Random) -> str | None:
    if draft.record.get("system"):
        return None
    late = _at(draft.exchange.ask) + rng.choice((1, 2))
    if _order(draft)[0] == "system":
        turns.insert(late - 1, turns.pop(0))
    else:
        turns.insert(late, draft.new_turn("system", rng.choice(_SYSTEMS)))
    return "the system turn comes late"


def _missing_assistant(draft: Draft, turns: Turns, rng: random.Random) -> str:
    kept = [turn for turn, role in zip(turns, _order(draft), strict=True) if role != "assistant"]
    turns[:] = kept if rng.random() < 0.5 else kept[-1:]  # noqa: PLR2004  # half of them
    return "nobody answers"


def _unknown_role(_: Draft, turns: Turns, rng: random.Random) -> str:
    turn = rng.choice(turns)
    turn[role_key(turn)] = rng.choice(_ROLES)
    return f"the role {turn[role_key(turn)]!r}"


TURNED: Mapping[str, Callable[[Draft, Turns, random.Random], str | None]] = {
    "unknown-role": _unknown_role,
    "user-repeated": _repeat_user,
    "assistant-first": _assistant_first,
    "last-user": _last_user,
    "tool-without-call": _tool_without_call,
    "system-repeated": _system_repeated,
    "system-late": _system_late,
    "missing-assistant": _missing_assistant,
}
_RECORDS: Mapping[str, tuple[Way, ...]] = {
    "invalid-json": (
        *(partial(_broken, change, what) for change, what in (*BREAKS, *_MORE_BREAKS)),
        _in_latin_1,
    ),
    "wrong-type": (
        partial(_retyped, lambda _: 42, "a number"),
        partial(_retyped, lambda _: None, "null"),
        partial(_retyped, lambda text: {"text": text}, "an object"),
        partial(_retyped, lambda _: True, "true"),
        partial(_retyped, lambda text: [[text]], "a list of lists"),
        partial(_retyped, lambda _: 0.5, "a fraction"),
        _unwrapped,
        _flattened,
    ),
    "missing-key": (
        partial(_without, "answer"),
        partial(_without, "question"),
        _misspelt,
        _misspelt,
        _emptied,
    ),
}


@cache
def ways(name: str) -> tuple[Way, ...]:
    """The ways in which a record, or the order of its turns, is broken in this class."""
    if name in TURNED:
        return (partial(_turned, TURNED[name]),)
    return _RECORDS.get(name, ())
