"""JSON Schemas of curate.toml, for editors, and of the report of a check."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from curate.config import Settings
from curate.gate.bounds import PATTERN
from curate.gate.config import Aggregates, Check, Condition, Config, Limit, Waiver
from curate.gate.figures import FIGURES
from curate.gate.model import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

Schema = dict[str, Any]
_MODELS: tuple[type[BaseModel], ...] = (Settings, Check, Limit, Condition, Aggregates, Waiver)
_SHORT: Schema = {"type": "string", "pattern": PATTERN, "description": "error_if, in short"}
_FIELD = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*?)(?=^ {4}\w|\Z)", re.MULTILINE | re.DOTALL)


def report_schema() -> Schema:
    """What `--output json` writes."""
    return Report.model_json_schema(mode="serialization")


def config_schema() -> Schema:
    """What a curate.toml may say; every key with its meaning, for an editor to show."""
    made = Config.model_json_schema()
    del made["properties"]["file"]
    for table in made["properties"].values():
        table.pop("default")
    made["title"] = "curate.toml"
    made["description"] = "How curate reads data, and what `curate check` holds it to."
    models = {model.__name__: model for model in _MODELS}
    for name, schema in made["$defs"].items():
        if name in models:
            _describe(schema, models[name])
        schema["description"] = schema.get("description", name).partition("\n\n")[0]
    settings = made["$defs"]["Settings"]["properties"]
    # A lock may hold the rules themselves, or an index in one state; a person names folders.
    settings["rules"] |= {"type": "array", "items": {"type": "string"}}
    settings["index"] |= {"type": "string"}
    for name in ("rules", "index"):
        settings[name].pop("anyOf")
    made["$defs"]["Check"]["properties"]["figures"]["propertyNames"] = {"enum": list(FIGURES)}
    _shorten(made)
    return _used(made)


def _describe(schema: Schema, model: type[BaseModel]) -> None:
    told = dict(_fields(inspect.getdoc(model) or ""))
    for name, field in schema["properties"].items():
        field.pop("title", None)
        if name in told:
            field["description"] = told[name]


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """What a docstring says of each attribute."""
    for names, said in _FIELD.findall(text.partition("Attributes:\n")[2]):
        for name in names.split(", "):
            yield name, " ".join(said.split())


def _shorten(made: Schema) -> None:
    """Let a text stand wherever a limit may."""
    limit = made["$defs"].pop("Limit")
    made["$defs"]["Limit"] = {"anyOf": [_SHORT, limit]}


def _used(made: Schema) -> Schema:
    """The schema without definitions that nothing refers to any more."""
    defs = made.pop("$defs")
    wanted, waiting = {}, [made]
    while waiting:
        for name in re.findall(r"#/\$defs/([^'\"]+)", str(waiting.pop())):
            if name not in wanted:
                wanted[name] = defs[name]
                waiting.append(defs[name])
    return {**made, "$defs": dict(sorted(wanted.items()))}
