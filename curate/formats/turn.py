"""A turn of a conversation, as the chat formats spell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from curate.row import Message
from curate.text.normalize import CALLS, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    RoleName = str
else:
    RoleName = Literal[tuple(ROLES)]

TEXT_PARTS = frozenset({"text", "input_text", "output_text", "reasoning", "thinking", "refusal"})
CALL_PARTS = frozenset({"tool_call", "tool_calls", "function_call"})

_new = tuple.__new__


class Part(BaseModel):
    """A piece of a turn's content: text, reasoning, a call, an image."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    type: str
    text: str | None = None
    value: Any = None

    @model_validator(mode="after")
    def _text_is_there(self) -> Part:
        if self.type in TEXT_PARTS and not isinstance(self.spoken, str):
            raise PydanticCustomError("part", "{type} part without a text", {"type": self.type})
        return self

    @property
    def spoken(self) -> Any:  # noqa: ANN401  # as records spell it
        """What the part says, under any of its three names."""
        for said in (self.text, self.value, (self.model_extra or {}).get(self.type)):
            if said is not None:
                return said
        return None

    @property
    def shown(self) -> str:
        """The text, or `<image>` and the like where the part is none."""
        return str(self.spoken) if self.type in TEXT_PARTS else f"<{self.type}>"


def only_with_calls(value: None, info: ValidationInfo) -> None:
    """Let a turn without content pass only if it calls something."""
    if not (info.data.get("tool_calls") or info.data.get("function_call")):
        raise PydanticCustomError("no_text", "neither text nor a tool call")
    return value


class Turn(BaseModel):
    """A turn: who says what. Only a turn that calls a tool may leave out its content.

    Calls stand before content because content's validator looks back at them, which costs nothing
    where content is text; a validator over the whole turn costs half a microsecond everywhere.
    """

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        frozen=True,
        json_schema_extra={
            "anyOf": [
                {"required": [key]}
                for key in ("content", "value", "text", "tool_calls", "function_call")
            ]
        },
    )

    role: RoleName = Field(validation_alias=AliasChoices("role", "from"))
    tool_calls: list[dict[str, Any]] | str | None = None
    function_call: dict[str, Any] | None = None
    content: str | list[Part] | Annotated[None, AfterValidator(only_with_calls)] = Field(
        default=None, validate_default=True, validation_alias=AliasChoices("content", "value")
    )
    name: str | None = None
    tool_call_id: str | None = None
    weight: float | None = Field(
        default=None, validation_alias=AliasChoices("weight", "loss_weight")
    )


SPEAKERS = {spelling: role for spelling, role in ROLES.items() if spelling not in CALLS}


def messages(turns: Iterable[Turn]) -> list[Message]:
    """The turns as the pipeline sees them."""
    made = []
    for turn in turns:
        content, role = turn.content, SPEAKERS.get(turn.role)
        # Nearly every turn has a text, a speaker and nothing else.
        if type(content) is str and role and len(turn.__pydantic_fields_set__) == 2:  # noqa: PLR2004  # role and content
            made.append(_new(Message, (role, content, None, None, None, None, None, None)))
        else:
            made.append(_message(turn))
    return made


def _message(turn: Turn) -> Message:
    """A turn with parts, calls, or keys of its own."""
    content, context = turn.content, None
    calls: Any = turn.tool_calls or (turn.function_call and [turn.function_call])
    extra = dict(turn.model_extra or {})
    if turn.role in CALLS and not calls:
        content, calls = "", turn.content
    elif isinstance(content, list):
        calls = calls or [part.spoken for part in content if part.type in CALL_PARTS] or None
        parts = [part.model_dump(exclude_unset=True) for part in content]
        if len(parts) != 1 or parts[0]["type"] not in _PLAIN_TYPES or not parts[0].keys() <= _PLAIN:
            extra["content"] = parts
        content = "\n\n".join(part.shown for part in content if part.type not in CALL_PARTS)
    elif isinstance(content, str) and "context" in extra:
        content, context = _split(content, extra)
    return Message(
        ROLES[turn.role],
        content or "",
        context,
        turn.name,
        calls,
        turn.tool_call_id,
        turn.weight,
        extra or None,
    )


# A lone part of these types and keys is a text in another spelling, or a call in one.
_PLAIN = {"type", "text", "value"}
_PLAIN_TYPES = {"text", "input_text", "output_text"} | CALL_PARTS


def _split(content: str, extra: dict[str, Any]) -> tuple[str, str | None]:
    """Part what a conversion from Alpaca joined; see `curate.convert`."""
    context = extra["context"]
    if context is None:
        del extra["context"]
    if isinstance(context, str) and context and content.endswith(f"\n\n{context}"):
        del extra["context"]
        return content.removesuffix(f"\n\n{context}"), context
    return content, None


def map_turns(turns: Any, fn: Callable[[str, str], str]) -> Any:  # noqa: ANN401  # turn or list
    """A validated turn, or a list of them, with `fn(role, text)` in place of each text."""
    if isinstance(turns, list):
        return [map_turns(turn, fn) for turn in turns]
    role = ROLES[turns.get("role") or turns["from"]]
    if (turns.get("role") or turns["from"]) in CALLS:
        return turns
    return {
        key: _map_content(value, role, fn) if key in {"content", "value", "text"} else value
        for key, value in turns.items()
    }


def _map_content(content: Any, role: str, fn: Callable[[str, str], str]) -> Any:  # noqa: ANN401
    if isinstance(content, str):
        return fn(role, content)
    if not isinstance(content, list):
        return content
    return [
        {
            key: fn(role, value) if key in said and isinstance(value, str) else value
            for key, value in part.items()
            for said in ({"text", "value", part["type"]} - {"type"},)
        }
        if part["type"] in TEXT_PARTS
        else part
        for part in content
    ]
