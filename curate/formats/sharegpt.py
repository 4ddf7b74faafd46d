"""ShareGPT: `conversations` of from and value; the system text may stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Len
from pydantic import AfterValidator, AliasChoices, Field

from curate.errors import OutputError
from curate.formats import EditText, Format, Record
from curate.formats.calls import call_text
from curate.formats.turn import Part, RoleName, Turn, map_turns, messages, only_with_calls
from curate.row import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curate.row import Row


class ShareGPTTurn(Turn):
    """A turn under its other names."""

    role: RoleName = Field(validation_alias=AliasChoices("from", "role"))
    content: str | list[Part] | Annotated[None, AfterValidator(only_with_calls)] = Field(
        default=None,
        validate_default=True,
        validation_alias=AliasChoices("value", "content", "text"),
    )


class ShareGPT(Format):
    """A conversation of any length, tools included."""

    name: ClassVar[str] = "sharegpt"
    nicknames: ClassVar[frozenset[str]] = frozenset({"conversations", "vicuna", "from-value"})
    key_sets: ClassVar[tuple[frozenset[str], ...]] = tuple(
        frozenset({key}) for key in ("conversations", "conversation", "items", "messages")
    )
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "conversations": ("conversation", "items", "messages"),
        "system": ("system_prompt",),
    }

    conversations: Annotated[list[ShareGPTTurn], Len(1)]
    system: str | None = None
    tools: str | list[Any] | None = None

    def messages(self) -> tuple[Message, ...]:
        """The turns, after the system text beside them."""
        turns = messages(self.conversations)
        if self.system is not None:
            turns.insert(0, Message("system", self.system))
        return tuple(turns)

    @classmethod
    def claims(cls, record: Record) -> bool:
        """Turns under `messages` only where they say `from`."""
        turns = record.get("messages")
        return turns is None or (
            isinstance(turns, list)
            and bool(turns)
            and "from" in turns[0]
            and "role" not in turns[0]
        )

    @classmethod
    def from_row(cls, row: Row) -> Record:
        """Lay a row out as turns of from and value."""
        return {"conversations": [_turn(*numbered) for numbered in enumerate(row.messages, 1)]}

    def map_text(self, fn: EditText) -> Record:
        """Edit the text of each turn and the system text."""
        named = self.renames()
        edited = dict(self.record)
        for key, value in edited.items():
            field = named.get(key, key)
            if field == "conversations":
                edited[key] = map_turns(value, fn)
            elif field == "system" and isinstance(value, str):
                edited[key] = fn("system", value)
        return edited


_SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _turn(number: int, message: Message) -> Record:
    where = f"turn {number}"
    extra = dict(message.extra or {})
    for field, held in (("weight", message.weight), ("name", message.name)):
        if held is not None:
            raise OutputError(
                f"{where}: ShareGPT has no place for {field}; `convert --drop-fields {field}` "
                "gives it up"
            )
    if "content" in extra:
        raise OutputError(f"{where}: ShareGPT has no place for content in parts")
    if message.tool_call_id is not None:
        extra["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        if message.content:
            raise OutputError(f"{where}: ShareGPT has no place for text beside tool_calls")
        return {
            "from": "function_call",
            "value": call_text(message.tool_calls, where, extra),
        } | extra
    turn = {"from": _SPEAKERS[message.role], "value": message.text}
    if message.context:
        turn["context"] = message.context
    return turn | extra
