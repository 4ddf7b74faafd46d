"""Record formats: one file a format, found by being there, recognised by its keys.

A format is a pydantic model in a module of this package, or in one named under the entry-point
group `curate.plugins`: required keys, `messages()` and back. Detection, conversion, JSON Schema
and docs follow from the model.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache, partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from curate.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from curate.row import Message, Row

KEYS = 8  # keys of a record that an error names
KINDS = 4096  # sets of keys that are remembered
SHOWN = 40  # characters of a wrong value that an error shows

Record = dict[str, Any]
V = TypeVar("V")
EditText = Callable[[str, str], str]


class Format(BaseModel, ABC):
    """A record as one format has it; other keys survive in `record`.

    Attributes:
        name: what `--format` and `--to` call it.
        key_sets: a record is in this format if it has all keys of one of these sets; of two
            formats the one with the larger set is right.
        nicknames: what others call it; an error for `--format openai` names `chatml`.
        hints: keys of a record that is meant to be in this format and lacks others.
        aliases: a field's other usual spellings, in order of preference.
        record: the record that the model was made of, untouched; set by `validate`.
    """

    __slots__ = ("record",)
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    name: ClassVar[str]
    key_sets: ClassVar[tuple[frozenset[str], ...]]
    nicknames: ClassVar[frozenset[str]] = frozenset()
    hints: ClassVar[frozenset[str]] = frozenset()
    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    record: ClassVar[Record]

    @classmethod
    def claims(cls, record: Record) -> bool:  # noqa: ARG003  # keys say enough
        """Whether a record with the right keys is in this format: for keys that others share."""
        return True

    @abstractmethod
    def messages(self) -> tuple[Message, ...]:
        """The conversation; of a preference pair the prompt and the chosen answer."""

    def rejected(self) -> tuple[Message, ...]:
        """The rejected answer of a preference pair."""
        return ()

    @classmethod
    @abstractmethod
    def from_row(cls, row: Row) -> Record:
        """The row's conversation as a record of this format, with the row's other keys.

        Raises:
            OutputError: the format can't hold something; names the field.
        """

    def renames(self) -> Mapping[str, str]:
        """Column -> field, where this record spells a field in another usual way."""
        return _renames(type(self), tuple(self.record))

    @abstractmethod
    def map_text(self, fn: EditText) -> Record:
        """The record with `fn(place, text)` for each text, all else and its order kept.

        A place is a role, or `input` for Alpaca's, which belongs to the user.
        """


@cache
def formats() -> Mapping[str, type[Format]]:
    """Every format there is, by name, in alphabetical order."""
    package = importlib.import_module(__name__)
    modules = [
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    modules += [
        made
        for plugin in entry_points(group="curate.plugins")
        if inspect.ismodule(made := plugin.load())
    ]
    found: dict[str, type[Format]] = {}
    for module in modules:
        for thing in vars(module).values():
            if (
                inspect.isclass(thing)
                and issubclass(thing, Format)
                and not inspect.isabstract(thing)
                and found.setdefault(thing.name, thing) is not thing
            ):
                raise UsageError(f"two formats are named {thing.name}; rename one")
    return {name: found[name] for name in sorted(found)}


_TYPES = {"json", "jsonl", "ndjson", "parquet", "csv", "tsv", "arrow", "gz", "zst"}


def no_format(name: str) -> str:
    """Say that there is no format of this name, and which one is meant."""
    small = name.casefold()
    meant = [kind.name for kind in formats().values() if small in {*kind.nicknames, kind.name}]
    hint = f"; did you mean {meant[0]!r}?" if meant else did_you_mean(small, formats())
    if small in _TYPES:
        hint = "; it is a type of file, which is told from the file"
    return f"no format {name}{hint}; there are {', '.join(formats())}"


def detect(record: Record) -> str | None:
    """The format that the record is written in or meant to be in; None if no key is known."""
    plan = _found[tuple(record)] or _claimed(record)
    return plan.name if plan else None


def load(record: Record) -> Format | None:
    """The record in the format that `detect` finds, in three quarters of the time of both steps.

    Raises:
        ValidationError: it does not fit; `explain` says why in a line.
    """
    plan = _found[tuple(record)] or _claimed(record)
    if plan is None:
        return None
    if plan.renames:
        return plan(record)
    made = plan.validator(record)  # as the plan does, without the call: 0.1 of 1 µs
    _set_record(made, record)
    return made  # type: ignore[no-any-return]  # pydantic-core's Any


def validate(record: Record, format: str) -> Format:  # noqa: A002  # the contract's word
    """Hold the record to the format.

    Raises:
        ValidationError: it does not fit; `explain` says why in a line.
    """
    return _plans[format][tuple(record)](record)


def fields(made: Format) -> str:
    """The keys of a validated record that its format reads, joined by spaces."""
    return _plans[made.name][tuple(made.record)].fields


_set_record = Format.__dict__["record"].__set__


class _Plan:
    """How to validate records that have the same keys: the validator, and what to rename for it."""

    __slots__ = ("fields", "name", "renames", "validator")

    def __init__(self, kind: type[Format], keys: tuple[str, ...]) -> None:
        self.name = kind.name
        self.renames = _renames(kind, keys)
        own = {field.alias or name for name, field in kind.model_fields.items()}
        self.fields = " ".join(key for key in keys if self.renames.get(key, key) in own)
        self.validator = kind.__pydantic_validator__.validate_python

    def __call__(self, record: Record) -> Format:
        renames = self.renames
        if renames:
            made = self.validator({renames.get(key, key): held for key, held in record.items()})
        else:
            made = self.validator(record)
        _set_record(made, record)
        return made  # type: ignore[no-any-return]  # pydantic-core's Any


class _ByKeys(dict[tuple[str, ...], V], Generic[V]):
    """What is known of records with the same keys; files are homogeneous, so nearly all hit.

    A plain dict takes half the time of `lru_cache` here; the bound is for files of odd records.
    """

    def __init__(self, make: Callable[[tuple[str, ...]], V]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, keys: tuple[str, ...]) -> V:
        if len(self) >= KINDS:
            self.clear()
        made = self[keys] = self.make(keys)
        return made


class _Plans(dict[str, _ByKeys[_Plan]]):
    """The plans of each format."""

    def __missing__(self, name: str) -> _ByKeys[_Plan]:
        made = self[name] = _ByKeys(partial(_Plan, formats()[name]))
        return made


def _candidates(keys: tuple[str, ...]) -> list[type[Format]]:
    """The formats that a record with these keys can be in, best first."""
    present = frozenset(keys)

    def size(kind: type[Format]) -> int:
        return max((len(wanted) for wanted in kind.key_sets if wanted <= present), default=0)

    whole = [kind for kind in formats().values() if size(kind)]
    if whole:
        return sorted(whole, key=size, reverse=True)
    parts = [kind for kind in formats().values() if kind.hints & present]
    return sorted(parts, key=lambda kind: len(kind.hints & present), reverse=True)[:1]


def _find(keys: tuple[str, ...]) -> _Plan | None:
    """The plan where keys alone say the format."""
    kinds = _candidates(keys)
    return _Plan(kinds[0], keys) if len(kinds) == 1 else None


def _claimed(record: Record) -> _Plan | None:
    """The plan of the best format that wants this record, of those that its keys allow."""
    keys = tuple(record)
    kinds = _choices[keys]
    name = next((kind.name for kind in kinds if kind.claims(record)), None)
    return _plans[name][keys] if name else None


_found = _ByKeys(_find)
_choices = _ByKeys(_candidates)
_plans = _Plans()


def _renames(kind: type[Format], keys: tuple[str, ...]) -> dict[str, str]:
    """Column -> field, where the record spells a field in another usual way."""
    renames: dict[str, str] = {}
    for field, spellings in kind.aliases.items():
        if field not in keys:
            column = next(
                (name for name in spellings if name in keys and name not in renames), None
            )
            if column is not None:
                renames[column] = field
    return renames


def apply_map(record: Record, mapping: Mapping[str, str]) -> Record:
    """Rename columns to what the format calls them: `{"instruction": "question"}`.

    A column that had the field's name before keeps its value under `unmapped_NAME`.
    """
    names = {column: field for field, column in mapping.items() if column in record}
    taken = {field: f"unmapped_{field}" for field in names.values() if field not in names}
    return {names.get(key) or taken.get(key, key): value for key, value in record.items()}


def undo_map(record: Record, mapping: Mapping[str, str], original: Record) -> Record:
    """The record with the column names that the `original` had before `apply_map`."""
    names = _unmapped(mapping, original)
    return {names.get(key, key): value for key, value in record.items()}


def _unmapped(mapping: Mapping[str, str], original: Record) -> dict[str, str]:
    """Key after `apply_map` -> the key before it, where it is another."""
    names = {field: column for field, column in mapping.items() if column in original}
    return names | {f"unmapped_{field}": field for field in names}


def explain(
    error: ValidationError,
    record: Record,
    format: str,  # noqa: A002  # likewise
    mapping: Mapping[str, str] | None = None,
    original: Record | None = None,
) -> str:
    """Say in one line which field of which turn does not fit, and what stands there instead.

    Args:
        error: what `validate` raised.
        record: what it raised it of.
        format: the format that it was held to.
        mapping: by which the record was renamed before.
        original: the record before that; its own keys are named.
    """
    kind = formats()[format]
    columns = {field: name for name, field in _renames(kind, tuple(record)).items()}
    if mapping and original is not None:
        names = _unmapped(mapping, original)
        columns = names | {field: names.get(key, key) for field, key in columns.items()}
        record = original
    found: dict[tuple[str | int, ...], list[Any]] = {}
    for one in error.errors(include_url=False, include_context=True, include_input=False):
        if one["type"] != "none_required":
            found.setdefault(_path(one["loc"], record, columns), []).append(one)
    path = max(found, key=len)
    turn = next((f" (turn {step + 1})" for step in path if isinstance(step, int)), "")
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    reason = _reason(found[path], record, path, kind)
    return f"{field.removeprefix('.')}: {reason}{turn}" if field else reason


def unknown(record: Record) -> str:
    """Say why `detect` knows no format, and how to name the columns."""
    if not record:
        return "an empty record"
    known = {key for kind in formats().values() for keys in kind.key_sets for key in keys}
    meant = {
        key: spelling
        for key, spelling in _near(record, known).items()
        if _candidates(tuple(spelling if one == key else one for one in record))
    }
    said = f"no known format has the keys {_listed(record)}"
    if not meant and (other := _wrapped(record)):
        return f"{said}; {other}"
    if not meant and len(
        [key for key, held in record.items() if isinstance(held, str)]
    ) == 1 == len([held for held in record.values() if isinstance(held, str | list | dict)]):
        return f"{said}; one column can't be both question and answer: split its text in two first"
    turns = [f"{one}={key}" for key, one in meant.items() if one in _TURNS]
    asked, answered = _spoken(record) or (_meant(f, meant) for f in ("instruction", "output"))
    columns = turns[0] if turns else f"instruction={asked},output={answered}"
    typos = "".join(
        f"unknown key {key}; did you mean {one}? "
        for key, one in meant.items()
        if key.casefold().strip() != one  # the column named below says as much
    )
    return f"{typos}{said}; name the columns: --map {columns}"


def _wrapped(record: Record) -> str:
    """What to do with what is no record: the lists of a file's parts, or one turn of a chat."""
    lists = [
        key
        for key, held in record.items()
        if isinstance(held, list) and held and all(isinstance(one, dict) for one in held)
    ]
    if lists and len(lists) == len(record):
        quoted = [f'."{key}"[]' if not key.isidentifier() else f".{key}[]" for key in lists]
        every = f"jq -c '{', '.join(quoted)}' FILE > NEW.jsonl"
        if len(quoted) == 1:
            return f"its list holds the records: {every}"
        return (
            f"its lists hold the records: take one, jq -c '{quoted[0]}' FILE > NEW.jsonl, or all, "
            f"{every}"
        )
    for speaker, says, turns in (("role", "content", "messages"), ("from", "value", _SHAREGPT)):
        if {speaker, says} <= record.keys():
            return f'it is a turn of a conversation; a record holds them all: {{"{turns}": [...]}}'
    return ""


_SHAREGPT = "conversations"
# What columns of question and answer are called where formats don't, and of a text and its class;
# in small letters.
_ASK = ("user", "human", "q", "frage", "pregunta", "text", "sentence", "utterance")
_SAY = (
    "assistant",
    "gpt",
    "bot",
    "model",
    "a",
    "antwort",
    "respuesta",
    "label",
    "category",
    "intent",
)


def _spoken(record: Record) -> tuple[str, str] | None:
    """The columns of two speakers, as `user` and `assistant`; None unless both are texts."""
    texts = {key.casefold().strip(): key for key, held in record.items() if isinstance(held, str)}
    asked = next((texts[one] for one in _ASK if one in texts), None)
    answered = next((texts[one] for one in _SAY if one in texts), None)
    return (asked, answered) if asked and answered else None


_TURNS = {"messages", "conversations"}  # columns that hold question and answer
_NEAR = 0.8  # of difflib's ratio: `anwser` is answer (0.83), `text` is not context (0.73)


def _near(record: Record, known: Iterable[str]) -> dict[str, str]:
    """Keys that are none of the known ones but look like one, and which."""
    spellings = sorted(known)
    made = {}
    for key in record:
        small = key.casefold().strip()
        close = get_close_matches(small, spellings, n=1, cutoff=_NEAR)
        other = small not in spellings and {*small.split("_")} & {*close}  # as question_id
        if close and key not in spellings and not other:
            made[key] = close[0]
    return made


def _meant(field: str, meant: Mapping[str, str]) -> str:
    """The column that all but spells a field, as `Instruction`, `OUTPUT ` or `ouput`."""
    spellings = (field, *formats()["alpaca"].aliases[field])
    keys = {spelling: key for key, spelling in meant.items()}
    return next((keys[one] for one in spellings if one in keys), "COLUMN")


def _path(
    loc: tuple[str | int, ...], record: Record, columns: Mapping[str, str]
) -> tuple[str | int, ...]:
    """The error's place as the record spells it, without pydantic's names of union members."""
    value: Any = record
    path: list[str | int] = []
    for step in loc:
        key = columns.get(str(step), step) if value is record else step
        if isinstance(value, dict):
            key = _spelling(key, value)
        if (isinstance(value, list) and isinstance(key, int)) or (
            isinstance(value, dict) and key in value
        ):
            value = value[key]  # type: ignore[index]  # a list's int or a dict's key
        elif isinstance(value, dict) and str(key).islower() and str(key).isidentifier():
            value = None
        else:
            continue
        path.append(key)
    return tuple(path)


def _spelling(key: str | int, turn: Record) -> str | int:
    """A turn's field as that turn would spell it: from and value, or role and content."""
    if key in turn:
        return key
    if key in {"from", "role"}:
        return "role" if "content" in turn else key
    if key in {"value", "content"}:
        return "content" if "role" in turn else "value"
    return key


_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "bool_type": "true or false",
    "float_type": "a number",
}


def _reason(
    errors: list[Any], record: Record, path: tuple[str | int, ...], kind: type[Format]
) -> str:
    *parents, last = path or ("",)
    holder: Any = record
    for step in parents:
        holder = holder[step]
    types = {one["type"] for one in errors}
    if types & {"incomplete", "part"}:
        said = str(errors[0]["msg"])
        field, _, what = said.partition(": ")
        typo = _typo(record, field, kind) if what == "missing" else ""
        return f"{said}; {typo}" if typo else said
    if isinstance(holder, dict) and last not in holder:
        return "missing" if parents else f"missing; {_name_the_column(record, str(last), kind)}"
    value = holder[last]
    if "literal_error" in types:
        return f"unknown role {value!r}; known are {_known_roles()}"
    if "too_short" in types and not value:
        return "an empty list"
    if "no_text" in types and types <= {"no_text", "string_type", "list_type"}:
        return "null, and the turn calls no tool"
    expected = dict.fromkeys(_EXPECTED.get(one["type"], str(one["msg"])) for one in errors)
    return f"expected {' or '.join(expected)}, found {_described(value)}"


def _name_the_column(record: Record, field: str, kind: type[Format]) -> str:
    return _typo(record, field, kind) or (
        f"the keys are {_listed(record)}; name the column: --map {field}=COLUMN"
    )


def _typo(record: Record, field: str, kind: type[Format]) -> str:
    """The key that all but spells a missing field; empty where there is none."""
    other = {one for spellings in kind.aliases.values() for one in spellings}
    for key, spelling in _near(record, {field, *kind.aliases.get(field, ())}).items():
        if key not in other and key not in kind.model_fields:
            return f"unknown key {key}; did you mean {spelling}? Or: --map {field}={key}"
    return ""


def _listed(record: Record) -> str:
    return ", ".join(list(record)[:KEYS]) + (", ..." if len(record) > KEYS else "")


def _known_roles() -> str:
    from curate.text.normalize import ROLES

    return ", ".join(spelling for spelling in ROLES if spelling.islower())


def _described(value: Any) -> str:  # noqa: ANN401  # any JSON
    """A JSON value in the words of a person: `a number (42)`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    kinds = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))  # integers of any size
    return f"{kinds[type(value)]} ({shown if len(shown) <= SHOWN else shown[:SHOWN] + '...'})"
