"""ChatML, OpenAI's `messages` of role and content; conversational prompt and completion too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Len
from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from curate.formats import EditText, Format, Record
from curate.formats.calls import call_list, call_text
from curate.formats.turn import Turn, map_turns, messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.row import Message, Row

Turns = Annotated[list[Turn], Len(1)]


def _only_with_pair(value: None, info: ValidationInfo) -> None:
    if not all(isinstance(info.data.get(key), list) for key in ("prompt", "completion")):
        raise PydanticCustomError("missing", "Field required")
    return value


class ChatML(Format):
    """A conversation of any length, with tools, parts, names and weights."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["messages"]}, {"required": ["prompt", "completion"]}]
        }
    )

    name: ClassVar[str] = "chatml"
    nicknames: ClassVar[frozenset[str]] = frozenset(
        {"openai", "chat", "messages", "conversational", "im", "role-content"}
    )
    key_sets: ClassVar[tuple[frozenset[str], ...]] = (
        frozenset({"messages"}),
        frozenset({"prompt", "completion"}),
    )

    prompt: Turns | str | None = None  # a text is a mere key beside messages
    completion: Turns | str | None = None
    messages_: Turns | Annotated[None, AfterValidator(_only_with_pair)] = Field(
        default=None, validate_default=True, alias="messages"
    )
    tools: str | list[Any] | None = None

    @classmethod
    def claims(cls, record: Record) -> bool:
        """Messages that say `role`, or a prompt that is a list of them."""
        turns = record.get("messages", record.get("prompt"))
        return isinstance(turns, list) and not (
            turns and isinstance(turns[0], dict) and "from" in turns[0] and "role" not in turns[0]
        )

    def messages(self) -> tuple[Message, ...]:
        """The turns in their order; the completion's after the prompt's."""
        if self.messages_:
            return tuple(messages(self.messages_))
        pair = [*(self.prompt or ()), *(self.completion or ())]
        return tuple(messages(turn for turn in pair if isinstance(turn, Turn)))

    @classmethod
    def from_row(cls, row: Row) -> Record:
        """Lay a row out as messages."""
        return {"messages": chatml_turns(row.messages)}

    def map_text(self, fn: EditText) -> Record:
        """Edit the text of each turn."""
        own = {"messages"} if self.messages_ else {"prompt", "completion"}
        return {
            key: map_turns(value, fn) if key in own else value for key, value in self.record.items()
        }


def chatml_turns(messages: Sequence[Message]) -> list[Record]:
    """Messages as records of role and content.

    Raises:
        OutputError: a tool call that is no call.
    """
    return [_turn(*numbered) for numbered in enumerate(messages, 1)]


def _turn(number: int, message: Message) -> Record:
    turn: Record = {"role": message.role, "content": message.content}
    if message.context:
        turn |= {"content": message.text, "context": message.context}
    if message.tool_calls:
        calls = call_list(message.tool_calls, f"turn {number}")
        turn |= {"content": message.content or None, "tool_calls": calls}
        if isinstance(message.tool_calls, str) and call_text(calls, "", {}) != message.tool_calls:
            turn["value"] = message.tool_calls
    for field in ("name", "tool_call_id", "weight"):
        if (held := getattr(message, field)) is not None:
            turn[field] = held
    return turn | (message.extra or {})
