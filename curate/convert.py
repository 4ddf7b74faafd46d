"""From one format to another: lossless where the target can hold it, an error where it can't.

What is decided here:

- A record that is in the target format already is returned as it is.
- Alpaca's `instruction` and `input` become one text, a blank line between them. The turn keeps
  the boundary in the extra key `context`, which repeats the `input`, so that the way back is exact.
  Where there was no `input`, or an empty one as in most Alpaca files, there is no such key; both
  come back as an empty one.
- Column and role names, the place of ShareGPT's system text beside or among the turns, the white
  space of tool calls and the wrapping of a single text part are spelling: the target's own is
  written.
- Tool calls go from ShareGPT's JSON text to OpenAI's list and back; where writing the text again
  would change it, the turn keeps it in the extra key `value`.
- All other keys travel along, those of a turn on the turn. Keys that would make the target read
  the record as something else are refused.
- Weights, names and content in parts have no place in ShareGPT; neither these nor tool calls nor
  other than alternating turns have one in Alpaca, where a key of a turn that is null counts as
  absent; rejected answers and verdicts have none in any of the three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from curate.errors import InputError, OutputError, UsageError
from curate.formats import (
    Format,
    Record,
    detect,
    explain,
    formats,
    no_format,
    unknown,
    validate,
)
from curate.read import parse
from curate.row import Row

if TYPE_CHECKING:
    from collections.abc import Collection

    from curate.row import Message

# Fields that are no part of the conversation itself: chat formats read them, and they travel.
TRAVELS = frozenset({"tools"})


def to_format(
    row: Row | Record,
    target: str,
    source: str | None = None,
    *,
    drop: Collection[str] = (),
) -> Record:
    """The row or record as a record of another format.

    Args:
        row: a validated row, or a record as `curate.formats.validate` takes it.
        target: name of the format to write.
        source: name of the format that a record is in; None to detect it.
        drop: keys to give up: of a pair `rejected`, a verdict's `label`, or any other key of the
            record or of a turn that is no part of the conversation.

    Raises:
        UsageError: there is no such format.
        InputError: the record is in no known format, or does not fit its format.
        OutputError: the target can't hold something; names record, field and what it is.
    """
    if target not in formats():
        raise UsageError(no_format(target))
    if not isinstance(row, Row):
        return _converted(row, target, source, drop)
    try:
        return _converted(parse(row.raw), target, row.format, drop)
    except (InputError, OutputError) as error:
        raise type(error)(f"{row.source}:{row.line}: {error}") from None


def droppable(record: Record, source: str | None = None) -> dict[str, None]:
    """The keys that a conversion of this record can be told to drop: its own, and its turns'.

    Args:
        record: in the format `source`, or in the one that its keys say.
        source: the format that the record is in, where that is known.
    """
    held = [one for value in record.values() for one in (value if isinstance(value, list) else ())]
    keys = dict.fromkeys(record) | {
        key: None for one in held if isinstance(one, dict) for key in one
    }
    name = source or detect(record)
    renames = validate(record, name).renames() if name else {}
    return keys | {renames[key]: None for key in keys if key in renames}


def _converted(record: Record, target: str, source: str | None, drop: Collection[str]) -> Record:
    made = _validated(record, source)
    if made.name == target:
        return record
    own, others = _parted(made)
    others = {key: value for key, value in others.items() if key not in drop}
    _refuse_verdicts(made, target, drop)
    if target == "alpaca" and others.get("tools"):
        raise OutputError("tools: alpaca has no place for tools")
    messages = made.messages()
    if drop:
        messages = tuple(_without(message, drop) for message in messages)
    row = Row(messages=messages, rejected=made.rejected(), format=made.name)
    written = formats()[target].from_row(row)
    for key in [key for key in written.keys() & others.keys() if others[key] is None]:
        if not written[key]:  # an `input` that was null: as empty as what would be written
            del written[key]
    if taken := sorted(written.keys() & others.keys()):
        raise OutputError(f"{taken[0]}: {target} needs this key for the conversation")
    result = _in_place(record, own, written, others)
    if detect(result) != target:
        raise OutputError(
            f"{', '.join(others)}: with these keys the record is read as {detect(result)}"
        )
    return result


def _validated(record: Record, source: str | None) -> Format:
    name = source or detect(record)
    if name is None:
        raise InputError(unknown(record))
    try:
        return validate(record, name)
    except ValidationError as error:
        raise InputError(explain(error, record, name)) from None


def _parted(made: Format) -> tuple[set[str], dict[str, Any]]:
    """The keys that the conversation is made of, and all other keys with their values.

    A key of the conversation that holds nothing, such as an empty history, is no part of it.
    """
    renames = made.renames()
    fields = {field.alias or name for name, field in type(made).model_fields.items()} - TRAVELS
    own = {
        key
        for key, value in made.record.items()
        if renames.get(key, key) in fields and value is not None and value != []
    }
    return own, {key: value for key, value in made.record.items() if key not in own}


def _without(message: Message, drop: Collection[str]) -> Message:
    """A turn without the keys that are given up; its `context` becomes part of its text."""
    extra = {key: value for key, value in (message.extra or {}).items() if key not in drop}
    changed = message._replace(extra=extra or None)
    gone: dict[str, Any] = {key: None for key in ("name", "weight") if key in drop}
    if "context" in drop and message.context:
        gone |= {"context": None, "content": message.text}
    return changed._replace(**gone)


def _refuse_verdicts(made: Format, target: str, drop: Collection[str]) -> None:
    """Refuse to lose which answer was the better one."""
    if made.rejected() and "rejected" not in drop:
        raise OutputError(
            f"rejected: {target} has no place for a rejected answer; `convert --drop-fields "
            "rejected` keeps the chosen ones alone"
        )
    if getattr(made, "label", None) is not None and "label" not in drop:
        raise OutputError(
            f"label: {target} has no place for a verdict; `convert --good-only` takes the rows "
            "whose answer is good"
        )


def _in_place(record: Record, own: set[str], written: Record, others: dict[str, Any]) -> Record:
    """The record with the written keys where the first of its own ones stood."""
    result: Record = {}
    for key in record:
        if key in others:
            result[key] = others[key]
        elif key in own:
            result.update(written)
    return result
