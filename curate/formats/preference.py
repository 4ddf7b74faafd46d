"""Preference: a prompt with a chosen and a rejected answer (DPO), or one judged answer (KTO)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Len
from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from curate.errors import OutputError
from curate.formats import EditText, Format, Record
from curate.formats.chatml import chatml_turns
from curate.formats.turn import Turn, map_turns, messages
from curate.row import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curate.row import Row

Turns = Annotated[list[Turn], Len(1)]
CHOSEN = ("chosen", "chosen_messages", "chosen_response", "accepted")
REJECTED = ("rejected", "rejected_messages", "rejected_response")
ASKED = ("prompt", "instruction", "question", "query", "conversations", "conversation", "messages")
LABEL = ("label", "kto_tag")
JUDGED = (("messages",), ("conversations",), ("prompt", "completion"), ("instruction", "output"))


def _one_of(names: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in names]}


class Preference(Format):
    """A prompt, as text or as turns, with compared or judged answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"allOf": [_one_of(CHOSEN), _one_of(REJECTED)]},
                _one_of(LABEL),
            ]
        }
    )

    name: ClassVar[str] = "preference"
    nicknames: ClassVar[frozenset[str]] = frozenset(
        {"dpo", "kto", "orpo", "rlhf", "reward", "pair", "pairs", "chosen", "rejected"}
    )
    key_sets: ClassVar[tuple[frozenset[str], ...]] = (
        *(frozenset(pair) for pair in product(CHOSEN, REJECTED)),
        *(frozenset(pair) for pair in product(ASKED, CHOSEN + REJECTED)),  # half a pair
        *(frozenset({label, *keys}) for label, keys in product(LABEL, JUDGED)),
    )
    hints: ClassVar[frozenset[str]] = frozenset({*CHOSEN, *REJECTED, "prompt", "instruction"})
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "instruction": ("question", "query"),
        "input": ("context",),
        "output": ("completion", "response"),
        "system": ("system_prompt",),
        "conversations": ("messages", "conversation"),
        "chosen": CHOSEN[1:],
        "rejected": REJECTED[1:],
        "label": LABEL[1:],
    }

    system: str | None = None
    prompt: str | Turns | None = None
    instruction: str | None = None
    input: str | None = None
    conversations: Turns | None = None
    output: str | Turns | None = None
    chosen: str | Turn | Turns | None = None
    rejected_: str | Turn | Turns | None = Field(default=None, alias="rejected")
    label: bool | None = None

    @classmethod
    def claims(cls, record: Record) -> bool:
        """Two answers; half a pair if it is an answer; one answer with a verdict, not a class."""
        if record.keys() & set(CHOSEN) and record.keys() & set(REJECTED):
            return True
        return any(isinstance(record.get(key), str | list | dict) for key in CHOSEN + REJECTED) or (
            any(isinstance(record.get(key), bool) for key in LABEL)
        )

    @model_validator(mode="after")
    def _complete(self) -> Preference:
        """Both answers, or one with its verdict."""
        if self.chosen is None and self.rejected_ is None and self.label is not None:
            if self.output is None and self.conversations is None:
                raise PydanticCustomError("incomplete", "output: missing")
            return self
        for field, answer in (("chosen", self.chosen), ("rejected", self.rejected_)):
            if answer is None:
                raise PydanticCustomError("incomplete", "{field}: missing", {"field": field})
        beside = (self.prompt, self.instruction, self.conversations)
        if all(one is None for one in beside) and not _after_question(_answer(self.chosen)):
            raise PydanticCustomError("incomplete", "prompt: missing")
        return self

    def messages(self) -> tuple[Message, ...]:
        """The prompt and the chosen answer; in KTO the judged one, be the verdict good or bad."""
        answer = self.output if self.chosen is None else self.chosen
        return _joined(self._before(), _answer(answer))

    def rejected(self) -> tuple[Message, ...]:
        """The rejected answer without the prompt."""
        answer = _answer(self.rejected_)
        return tuple(answer[_after_question(answer) :])

    def _before(self) -> list[Message]:
        before = [] if self.system is None else [Message("system", self.system)]
        before += messages(self.conversations or ())
        if isinstance(self.prompt, list):
            before += messages(self.prompt)
        elif self.prompt is not None:
            before.append(Message("user", self.prompt))
        elif self.instruction is not None:
            before.append(Message("user", self.instruction, self.input))
        return before

    @classmethod
    def from_row(cls, row: Row) -> Record:
        """Lay a pair out as three lists of turns; what follows the last question is the answer."""
        if not row.rejected:
            raise OutputError("a preference pair needs a rejected answer")
        turns = chatml_turns(row.messages)
        after = _after_question(row.messages)
        if not 0 < after < len(turns):
            raise OutputError("a preference pair needs a question and an answer after it")
        return {
            "prompt": turns[:after],
            "chosen": turns[after:],
            "rejected": chatml_turns(row.rejected),
        }

    def map_text(self, fn: EditText) -> Record:
        """Edit the prompt and both answers."""
        named = self.renames()
        return {
            key: _mapped(value, _ROLES[named.get(key, key)], fn)
            if named.get(key, key) in _ROLES
            else value
            for key, value in self.record.items()
        }


_ROLES = {
    "system": "system",
    "input": "input",
    **dict.fromkeys(("prompt", "instruction", "conversations"), "user"),
    **dict.fromkeys(("output", "chosen", "rejected"), "assistant"),
}


def _mapped(value: Any, role: str, fn: EditText) -> Any:  # noqa: ANN401  # text, turn or turns
    if value is None:
        return None
    return fn(role, value) if isinstance(value, str) else map_turns(value, fn)


def _after_question(turns: Sequence[Message]) -> int:
    """Where the answer to the last question begins; 0 where there is no question."""
    return max((at for at, turn in enumerate(turns, 1) if turn.role == "user"), default=0)


def _answer(answer: str | Turn | list[Turn] | None) -> list[Message]:
    if answer is None:
        return []
    if isinstance(answer, str):
        return [Message("assistant", answer)]
    return messages(answer if isinstance(answer, list) else [answer])


def _joined(before: list[Message], answer: list[Message]) -> tuple[Message, ...]:
    """Prompt and answer; an answer that begins with the prompt is the whole conversation."""
    whole = bool(answer) and answer[0].role in {"system", "user"}
    if whole and answer[0].role == "user":
        before = [message for message in before if message.role == "system"]
    return tuple(answer) if whole and answer[0].role == "system" else (*before, *answer)
