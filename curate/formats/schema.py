"""`python -m curate.formats.schema [--check]`: JSON Schemas of all that is JSON into schemas/.

A format's schema takes every record that the model takes, and all but a few of those that it
refuses: it can't say which of a field's spellings counts, or that an answer needs its question.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, BaseModel

from curate.formats import Format, formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Schema = dict[str, Any]
_DRAFT: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def schemas() -> dict[str, str]:
    """File name -> JSON Schema, of each format, of both reports, and of curate.toml."""
    from curate.gate.schema import config_schema, report_schema
    from curate.report.model import Report  # brings polars along, which formats do without

    made = {name: _schema(kind) for name, kind in formats().items()}
    made["report"] = _DRAFT | Report.model_json_schema(mode="serialization")
    made["check"] = _DRAFT | report_schema()
    made["curate"] = _DRAFT | config_schema()
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in made.items()
    }


def _schema(kind: type[Format]) -> Schema:
    made: Schema = _DRAFT | kind.model_json_schema()
    for model, schema in _with_models(kind, made):
        schema["description"] = schema["description"].partition("\n\n")[0]
        _spell_out(schema, list(_spellings(model)))
    _share_roles(made)
    return made


def _with_models(kind: type[Format], made: Schema) -> Iterator[tuple[type[BaseModel], Schema]]:
    """Each object of a schema with the model that it describes."""
    yield kind, made
    models = {model.__name__: model for model in _subclasses(BaseModel)}
    for name, schema in made.get("$defs", {}).items():
        yield models[name], schema


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        if one.__module__.startswith("curate.formats"):
            yield one
        yield from _subclasses(one)


def _spellings(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """All names of each field that has several, the schema's own first."""
    for name, field in model.model_fields.items():
        choices = field.validation_alias
        if isinstance(choices, AliasChoices):
            yield tuple(str(choice) for choice in choices.choices)
        elif issubclass(model, Format) and (others := model.aliases.get(field.alias or name)):
            yield (field.alias or name, *others)


def _spell_out(schema: Schema, fields: Sequence[tuple[str, ...]]) -> None:
    """Name each spelling of a field, and of a required one ask for a spelling of the right type.

    The other spellings have no type of their own: beside the first one they are mere keys.
    """
    properties, required = schema["properties"], schema.get("required", [])
    demands = []
    for first, *others in fields:
        for other in others:
            properties.setdefault(other, {"description": f"another spelling of {first}"})
        if first in required:
            required.remove(first)
            kind = {key: held for key, held in properties[first].items() if key != "title"}
            demands.append(
                {"anyOf": [_demand(first, {})] + [_demand(other, kind) for other in others]}
            )
    if demands:
        schema["allOf"] = demands
    if not required:
        schema.pop("required", None)


def _demand(name: str, kind: Schema) -> Schema:
    return {"required": [name]} | ({"properties": {name: kind}} if kind else {})


def _share_roles(made: Schema) -> None:
    """Write the long list of roles once."""
    roles: Schema = {}

    def visit(node: Any) -> None:  # noqa: ANN401  # any JSON
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                visit(child)
        if isinstance(node, dict) and isinstance(node.get("enum"), list):
            roles["Role"] = {"enum": node.pop("enum"), "type": node.pop("type")}
            node["$ref"] = "#/$defs/Role"

    visit(made)
    if roles:
        made["$defs"] |= roles


def main(folder: Path, *, check: bool) -> list[str]:
    """Write the schemas, or only look; the names of the files that were not up to date."""
    stale = []
    for name, text in schemas().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    check = "--check" in sys.argv[1:]
    stale = main(Path(str(files("curate.schemas"))), check=check)
    if check and stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run python -m curate.formats.schema")
