"""The one row type: a conversation, with the record it came from."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import polars as pl

Role = Literal["system", "user", "assistant", "tool"]


class Message(NamedTuple):
    """One turn; a tuple, because two of them are made for every row: 0.2 µs, a model takes 0.8.

    Attributes:
        role: who speaks, in the canonical spelling.
        content: the text of the turn, as it stands in the record.
        context: Alpaca's `input`: the material that an instruction works on; None where the
            format has no such field, "" where the field is there and empty.
        name: the speaker's name or the tool's.
        tool_calls: the calls that an assistant turn makes, as the record spells them.
        tool_call_id: which call a tool turn answers.
        weight: the share of the loss that this turn carries; None is the format's default.
        extra: the turn's other keys, under `content` its parts where they are more than one text.
    """

    role: Role
    content: str
    context: str | None = None
    name: str | None = None
    tool_calls: Any = None
    tool_call_id: str | None = None
    weight: float | None = None
    extra: Any = None

    @property
    def text(self) -> str:
        """The turn as one text: content, blank line, context; the calls where it only calls."""
        if self.context:
            return f"{self.content}\n\n{self.context}"
        if self.tool_calls and not self.content:
            return _as_text(self.tool_calls)
        return self.content


def _as_text(calls: Any) -> str:  # noqa: ANN401  # as records spell it
    if isinstance(calls, str):
        return calls
    if isinstance(calls, list) and all(isinstance(call, str) for call in calls):
        return "\n".join(calls)
    return _compact(calls)


def _compact(value: Any, *, sort_keys: bool = False) -> str:  # noqa: ANN401  # any JSON
    """JSON without spaces; orjson knows no integers above 64 bits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)


class Row(NamedTuple):
    """One record of a dataset, validated by its format; a tuple for the reason that Message is.

    Attributes:
        id: hash of the record's content, unique in a run.
        messages: the conversation (of a preference pair: prompt and chosen answer).
        rejected: the rejected answer of a preference pair, else empty.
        format: name of the format that the record was written in.
        fields: the record's keys that the format reads, joined by spaces: `prompt completion`.
        raw: the record's own bytes: a JSONL line without its line end, an array's element as it
            stands, and the record as JSON where the file type has no text of its own.
        source: the file it came from, as the user named it.
        line: physical line in JSONL (1-based), the record's position (1-based) elsewhere.
        beside: the fields in `BESIDE` that the record has, whatever they hold.
        label: what the field of `--label-field` holds, a list as JSON; None where there is none.
    """

    id: str = ""
    messages: tuple[Message, ...] = ()
    rejected: tuple[Message, ...] = ()
    format: str = ""
    fields: str = ""
    raw: bytes = b""
    source: str = ""
    line: int = 0
    beside: Mapping[str, Any] = MappingProxyType({})
    label: str | None = None


def to_frame(rows: Sequence[Row], wanted: Collection[str] | None = None) -> pl.DataFrame:
    """Lay rows out as the frame that signals read.

    Columns, one row a record: `id`, `source`, `line`, `format`, `fields`; `system`, `prompt`,
    `response`, `rejected` (the turns of that role, joined by blank lines; null where there are
    none); `instruction` (the first user turn without its context) and `input` (its context, null
    where the format has none); `roles`, `texts`, `calls` and `weights` (lists of equal length,
    every turn in its order; `calls` has the ids of the calls that a turn makes or answers, joined
    by spaces, "" where they have no ids, null where it does neither); `aside` (JSON of what a
    record says beside its turns that changes what is learnt from them: tools offered, a verdict,
    calls beside a text; null where there is nothing); `label` (what the field of `--label-field`
    holds, a list as JSON; null where there is none).

    Args:
        rows: one or more records, or none.
        wanted: names of columns; by default all.
    """
    import polars as pl

    names = [name for name in BASE_SCHEMA if wanted is None or name in wanted]
    own = {name: read(rows) for name, read in _OF_ROW.items() if name in names}
    types = base_schema()
    frame = pl.DataFrame(
        {"place": range(len(rows)), **own},
        schema={"place": pl.Int64, **{name: types[name] for name in own}},
    )
    flat = _flat(rows)
    parts = [
        _said_by(flat, role).rename({"texts": name})
        for name, role in _SAID.items()
        if name in names
    ]
    parts.append(flat.group_by("place", maintain_order=True).agg(*_OF_TURN))
    for part in parts:
        frame = frame.join(part, on="place", how="left", maintain_order="left")
    return frame.select(names)


def _flat(rows: Sequence[Row]) -> pl.DataFrame:
    """A row a turn: `place` (of its row among all) and what lists of turns hold."""
    import polars as pl

    turns = [turn for row in rows for turn in row.messages]
    types = {"roles": pl.String, "texts": pl.String, "calls": pl.String, "weights": pl.Float64}
    return pl.DataFrame(
        {
            "place": [place for place, row in enumerate(rows) for _ in row.messages],
            **{name: read(turns) for name, read in _OF_TURN.items()},
        },
        schema={"place": pl.Int64, **types},
    )


def _said_by(flat: pl.DataFrame, role: Role) -> pl.DataFrame:
    import polars as pl

    said = flat.filter(pl.col("roles") == role).select("place", "texts")
    if said["place"].n_unique() == said.height:  # to join each with nothing takes a copy of it
        return said
    return said.group_by("place", maintain_order=True).agg(pl.col("texts").str.join("\n\n"))


_SAID: dict[str, Role] = {"system": "system", "prompt": "user", "response": "assistant"}
BASE_SCHEMA = {
    "id": "String",
    "source": "String",
    "line": "Int64",
    "format": "String",
    "fields": "String",
    "system": "String",
    "instruction": "String",
    "input": "String",
    "prompt": "String",
    "response": "String",
    "rejected": "String",
    "roles": "List(String)",
    "texts": "List(String)",
    "calls": "List(String)",
    "weights": "List(Float64)",
    "aside": "String",
    "label": "String",
}


def base_schema() -> dict[str, Any]:
    """The polars types of the columns that every frame starts with."""
    import polars as pl

    types = {
        "String": pl.String,
        "Int64": pl.Int64,
        "List(String)": pl.List(pl.String),
        "List(Float64)": pl.List(pl.Float64),
    }
    return {name: types[kind] for name, kind in BASE_SCHEMA.items()}


def _first_user(row: Row) -> Message | None:
    for message in row.messages:  # a third of the time of a generator
        if message.role == "user":
            return message
    return None


_TOOLS = frozenset({"tools", "functions"})
# The same question about another picture is another question.
_MEDIA = frozenset({"image", "images", "video", "videos", "audio", "audios"})
_VERDICTS = frozenset({"label", "kto_tag"})
BESIDE = _TOOLS | _MEDIA | _VERDICTS


def _aside(row: Row) -> str | None:
    telling = [turn for turn in row.messages if turn.tool_calls or turn.extra]
    if not telling and not row.beside:  # nearly all
        return None
    aside = {key: value for key, value in row.beside.items() if _changes(key, value)}
    beside = [turn.tool_calls for turn in telling if turn.tool_calls and turn.content]
    if beside:
        aside["calls"] = beside
    parts = [turn.extra["content"] for turn in telling if turn.extra and "content" in turn.extra]
    if parts:
        aside["parts"] = parts
    return _compact(aside, sort_keys=True) if aside else None


def _changes(key: str, value: Any) -> bool:  # noqa: ANN401  # as records spell it
    """Whether a key tells one conversation from another; a label of other kinds is a class."""
    if key in _VERDICTS:
        return isinstance(value, bool)
    return key in _TOOLS | _MEDIA and value not in (None, "", "[]", [])


def _call_ids(message: Message) -> str | None:
    if message.role == "tool":
        return message.tool_call_id or ""
    if not message.tool_calls:
        return None
    calls = message.tool_calls if isinstance(message.tool_calls, list) else []
    ids = [call.get("id") for call in calls if isinstance(call, dict)]
    return " ".join(one for one in ids if isinstance(one, str))


def _rejected(row: Row) -> str | None:
    return "\n\n".join(turn.text for turn in row.rejected) if row.rejected else None


_OF_ROW: dict[str, Callable[[Sequence[Row]], list[Any]]] = {
    "id": lambda rows: [row.id for row in rows],
    "source": lambda rows: [row.source for row in rows],
    "line": lambda rows: [row.line for row in rows],
    "format": lambda rows: [row.format for row in rows],
    "fields": lambda rows: [row.fields for row in rows],
    "instruction": lambda rows: [(one := _first_user(row)) and one.content for row in rows],
    "input": lambda rows: [(one := _first_user(row)) and one.context for row in rows],
    "rejected": lambda rows: [_rejected(row) for row in rows],
    "aside": lambda rows: [_aside(row) for row in rows],
    "label": lambda rows: [row.label for row in rows],
}
_OF_TURN: dict[str, Callable[[Sequence[Message]], list[Any]]] = {
    "roles": lambda turns: [turn.role for turn in turns],
    # Nearly all texts are their content: asked in the open, half the time of the property.
    "texts": lambda turns: [
        turn.text if turn.context or turn.tool_calls else turn.content for turn in turns
    ],
    "calls": lambda turns: [_call_ids(turn) for turn in turns],
    "weights": lambda turns: [turn.weight for turn in turns],
}
