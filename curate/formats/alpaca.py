"""Alpaca: one instruction, its material (`input`) and one output; earlier pairs in `history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Len

from curate.errors import OutputError
from curate.formats import EditText, Format, Record
from curate.row import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curate.row import Row

INSTRUCTION = ("instruction", "prompt", "question", "query", "problem", "input", "inputs")
OUTPUT = ("output", "completion", "response", "answer", "target", "targets", "outputs", "solution")
COMPARED = ("chosen", "rejected")  # answers of a preference pair, beside whatever else

_new = tuple.__new__


class Alpaca(Format):
    """An instruction and its output, under any of the usual names."""

    name: ClassVar[str] = "alpaca"
    nicknames: ClassVar[frozenset[str]] = frozenset({"instruction", "instruct", "sft", "qa"})
    key_sets: ClassVar[tuple[frozenset[str], ...]] = tuple(
        frozenset({asked, answered}) for asked in INSTRUCTION for answered in OUTPUT
    )
    hints: ClassVar[frozenset[str]] = frozenset(INSTRUCTION) | frozenset(OUTPUT)
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "instruction": INSTRUCTION[1:],
        "input": ("context",),
        "output": OUTPUT[1:],
        "system": ("system_prompt",),
    }

    instruction: str
    input: str | None = None
    output: str
    system: str | None = None
    history: list[Annotated[list[str], Len(2, 2)]] | None = None

    @classmethod
    def claims(cls, record: Record) -> bool:
        """Not where there are turns as well, nor where answers are compared."""
        turns = ("messages", "conversations", "conversation", "prompt")
        return not (
            any(isinstance(record.get(key), list) for key in turns)
            or any(isinstance(record.get(key), str | list | dict) for key in COMPARED)
        )

    def messages(self) -> tuple[Message, ...]:
        """The instruction and its output, after the system text and earlier pairs."""
        # Without the names of the fields a message takes a third of the time.
        asked = _new(Message, ("user", self.instruction, self.input, None, None, None, None, None))
        answered = _new(Message, ("assistant", self.output, None, None, None, None, None, None))
        if self.system is None and not self.history:
            return (asked, answered)
        return (*self._before(), asked, answered)

    def _before(self) -> list[Message]:
        before = [] if self.system is None else [Message("system", self.system)]
        for question, answer in self.history or ():
            before += [Message("user", question), Message("assistant", answer)]
        return before

    @classmethod
    def from_row(cls, row: Row) -> Record:
        """Lay a row of strictly alternating plain turns out as instruction, input and output."""
        messages = list(row.messages)
        system = messages.pop(0) if messages and messages[0].role == "system" else None
        _hold(messages, system)
        *history, asked, answered = messages
        record: Record = {
            "instruction": asked.content,
            "input": asked.context or "",
            "output": answered.content,
        }
        if system is not None:
            record["system"] = system.content
        if history:
            record["history"] = [
                [question.text, answer.text]
                for question, answer in zip(history[::2], history[1::2], strict=True)
            ]
        return record

    def map_text(self, fn: EditText) -> Record:
        """Edit instruction, input, output, system and history where they stand."""
        roles = {"input": "input", "output": "assistant", "system": "system", "instruction": "user"}
        named = self.renames()
        edited = dict(self.record)
        for key, value in edited.items():
            field = named.get(key, key)
            if field in roles and isinstance(value, str):
                edited[key] = fn(roles[field], value)
            elif field == "history" and value:
                edited[key] = [[fn("user", asked), fn("assistant", said)] for asked, said in value]
        return edited


def _hold(messages: Sequence[Message], system: Message | None) -> None:
    """Refuse a conversation that Alpaca has no place for, naming the first turn that is in the way.

    Raises:
        OutputError: what does not fit.
    """
    offset = 1 if system is None else 2
    for index, message in enumerate(messages):
        where = f"turn {index + offset}"
        wanted = ("user", "assistant")[index % 2]
        if message.role != wanted:
            raise OutputError(
                f"{where}: Alpaca wants user and assistant in turn, found {message.role}"
            )
        last = index >= len(messages) - 2
        hold_plain(message, where, "Alpaca", context=last and wanted == "user")
    if system is not None:
        hold_plain(system, "turn 1", "Alpaca", context=False)
    if not messages or len(messages) % 2:
        raise OutputError(f"turn {len(messages) + offset}: Alpaca wants an answer at the end")


def hold_plain(message: Message, where: str, target: str, *, context: bool) -> None:
    """Refuse whatever of a turn is neither role nor text.

    Raises:
        OutputError: what does not fit.
    """
    held = {
        "tool_calls": message.tool_calls,
        "tool_call_id": message.tool_call_id,
        "name": message.name,
        "weight": message.weight,
        "context": None if context else message.context,
    }
    for field, value in (*held.items(), *(message.extra or {}).items()):
        if value is not None:  # a null says what an absent key says
            raise OutputError(f"{where}: {target} has no place for {field}")
