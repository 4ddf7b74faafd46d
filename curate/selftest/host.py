"""A record that a fault is planted in: its texts and turns, wherever its format has them.

Nothing here knows a format. Each text is replaced by a mark through the format's own `map_text`;
where the marks then stand, in the record and in its messages, says which text is what.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from curate import formats, read

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from curate.config import Settings
    from curate.formats import Format, Record

Path = tuple[str | int, ...]
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")
TEXT_KEYS = ("value", "content", "text")
ROLE_KEYS = ("from", "role")


class Exchange(NamedTuple):
    """A question and its answer, as paths into the record.

    Attributes:
        ask: the question.
        answer: the answer to it.
        input: Alpaca's second field, where the record has one.
    """

    ask: Path
    answer: Path
    input: Path | None = None


class Host(NamedTuple):
    """A record with what can be planted in.

    Attributes:
        record: as parsed, its columns named as the format has them (`--map`).
        format: the name of its format.
        texts: the paths of all texts.
        exchanges: the questions with the answers that follow them.
    """

    record: Record
    format: str
    texts: tuple[Path, ...]
    exchanges: tuple[Exchange, ...]


def open_host(raw: bytes, settings: Settings) -> Host | None:
    """The record of these bytes; None if no answer to a question is to be learnt from it.

    Rules over answers leave those alone that are there to be avoided; so a fault in one is none.
    """
    record = formats.apply_map(read.parse(raw), settings.map)
    try:
        valid = _validated(record, settings.format)
        places: list[str] = []
        marked = valid.map_text(lambda place, _: _mark(places, place))
        again = formats.validate(marked, valid.name)
    except (ValidationError, ValueError):
        return None  # a text with a meaning of its own, as arguments of a call have
    if _is_avoided(valid):
        return None
    paths = {number: path for path, number in _found(marked)}
    exchanges = tuple(_exchanges(again, places, paths))
    if not exchanges:
        return None
    return Host(record, valid.name, tuple(paths[number] for number in sorted(paths)), exchanges)


def _is_avoided(valid: Format) -> bool:
    weights = [message.weight for message in valid.messages() if message.role == "assistant"]
    return getattr(valid, "label", None) is False or all(weight == 0 for weight in weights)


def _validated(record: Record, name: str) -> Format:
    valid = formats.load(record) if name == "auto" else formats.validate(record, name)
    if valid is None:
        raise ValueError("no known format")
    return valid


def _mark(places: list[str], place: str) -> str:
    places.append(place)
    return _MARK.format(len(places) - 1)


def _found(value: Any, path: Path = ()) -> Iterator[tuple[Path, int]]:  # noqa: ANN401  # any JSON
    """Where each mark stands."""
    if isinstance(value, str):
        found = _MARKED.fullmatch(value)
        if found:
            yield path, int(found[1])
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from _found(held, (*path, key))
    elif isinstance(value, list | tuple):
        for number, held in enumerate(value):
            yield from _found(held, (*path, number))


def _exchanges(marked: Format, places: list[str], paths: dict[int, Path]) -> Iterator[Exchange]:
    """Each answer with the question before it; what the rejected answer says is no part of one."""
    asked: list[int] = []
    for message in marked.messages():
        numbers = [int(one) for one in _MARKED.findall(f"{message.content}{message.context or ''}")]
        numbers = [number for number in numbers if number in paths]
        if message.role == "user":
            asked = numbers
        elif message.role == "assistant" and asked and numbers:
            asks = [number for number in asked if places[number] != "input"]
            inputs = [paths[number] for number in asked if places[number] == "input"]
            if asks:
                yield Exchange(paths[asks[-1]], paths[numbers[0]], next(iter(inputs), None))
            asked = []


@dataclass
class Draft:
    """A copy of a host in which one fault is being planted.

    Attributes:
        host: what it is a copy of.
        exchange: the question and answer to spoil.
        record: the copy.
        lenders: rows whose text was used, by position.
        raw: what is written in place of the record, where that is no record any more.
    """

    host: Host
    exchange: Exchange
    record: Record = field(init=False)
    lenders: list[int] = field(default_factory=list)
    raw: bytes | None = None

    def __post_init__(self) -> None:
        self.record = deepcopy(self.host.record)

    @classmethod
    def of(cls, host: Host, rng: random.Random, *, last: bool = False) -> Draft:
        """A draft of any exchange of the host, or of its last."""
        return cls(host, host.exchanges[-1] if last else rng.choice(host.exchanges))

    @property
    def ask(self) -> str:
        """The question."""
        return str(self.get(self.exchange.ask))

    @ask.setter
    def ask(self, text: str) -> None:
        self.set(self.exchange.ask, text)

    @property
    def answer(self) -> str:
        """The answer."""
        return str(self.get(self.exchange.answer))

    @answer.setter
    def answer(self, text: str) -> None:
        self.set(self.exchange.answer, text)

    @property
    def material(self) -> str | None:
        """Alpaca's second field; None where there is none."""
        path = self.exchange.input
        return None if path is None else str(self.get(path))

    @material.setter
    def material(self, text: str) -> None:
        if self.exchange.input is not None:
            self.set(self.exchange.input, text)

    def get(self, path: Path) -> Any:  # noqa: ANN401  # any JSON
        """What stands at a path."""
        value: Any = self.record
        for step in path:
            value = value[step]
        return value

    def set(self, path: Path, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Put something at a path."""
        self.get(path[:-1])[path[-1]] = value

    def map_texts(self, change: Callable[[str], str]) -> None:
        """Change every text."""
        for path in self.host.texts:
            self.set(path, change(self.get(path)))

    @property
    def turns(self) -> list[Record] | None:
        """The one list of turns that holds the whole conversation; None where there is none."""
        holder = self.holder
        return None if holder is None else self.record[holder]

    @property
    def holder(self) -> str | None:
        """The key of that list."""
        paths = [path for one in self.host.exchanges for path in (one.ask, one.answer)]
        holder = str(paths[0][0])
        held = self.host.record[holder]
        one_list = all(path[0] == holder for path in paths) and isinstance(held, list)
        return holder if one_list and isinstance(held[0], dict) else None

    def new_turn(self, role: str, text: str) -> Record:
        """A turn in the spelling of this record: the role as its kind of chat has it."""
        path = self.exchange.answer if role == "assistant" else self.exchange.ask
        like = Draft(self.host, self.exchange)
        like.set(path, text)
        turn: Record = like.get(path[:2])
        key = role_key(turn)
        if role not in {"user", "assistant"}:
            turn[key] = _SPELLED[key].get(role, role)
        kept = {key, *TEXT_KEYS}
        return {name: held for name, held in turn.items() if name in kept}


_SPELLED = {"from": {"tool": "observation"}, "role": {"tool": "tool"}}


def role_key(turn: Record) -> str:
    """How a turn spells who speaks."""
    return next(key for key in ROLE_KEYS if key in turn)
