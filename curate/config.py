"""Settings: what a run is asked to do, from the command line or a curate.toml."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError, field_validator

from curate.errors import ConfigError, did_you_mean, in_plain_words
from curate.policy.pack import Own
from curate.policy.rule import Verdict


class IndexAt(BaseModel):
    """An index of earlier rows (`curate.dedup.index`) in one state.

    Attributes:
        folder: where it is.
        state: hash of all that it held beside what the run itself had added.
        run: what the run is known by there (`curate.dedup.index.run_of`).
        member: whether the run's rows are in it; not those that `decide --out` writes elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str
    state: str
    run: str = ""
    member: bool = True


class Settings(BaseModel):
    """Everything that shapes the outcome of a run, and nothing that does not.

    Attributes:
        format: name of a format, or "auto".
        map: canonical field -> the name it has in the input (`--map`).
        pack: which pack of rules.
        select: codes or prefixes instead of the pack's.
        ignore: codes or prefixes left out.
        thresholds: code -> threshold.
        actions: code or prefix -> the action it has, over the pack's; what `undo` sets.
        against: files of evaluation items that no row may hold (`--against`).
        index: folder of an index of what earlier runs kept (`--index`); in a lock its state, too.
        rules: folders with rules and packs of the user's own; in a lock what they held.
        fix: apply the edit rules.
        embedder: what makes vectors of texts: "static", "none", or a sentence-transformers model.
        lm: the causal language model that is asked about answers: "none", a folder, a .gguf file
            or a name.
        label_field: the field of the records that holds each row's label, for label noise.
        synthetic_head: what tells an LLM's answers from people's: the shipped head, or a file that
            `curate fit synthetic` made.
        to: format that the core is written in; None is the input's.
        seed: of everything that draws lots.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = "auto"
    map: Mapping[str, str] = {}
    pack: str = "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, FiniteFloat] = {}
    actions: Mapping[str, Verdict] = {}
    against: tuple[str, ...] = ()
    index: str | IndexAt | None = None
    rules: tuple[str, ...] | Own = ()
    fix: bool = False
    embedder: str = "static"
    lm: str = "none"
    label_field: str | None = None
    synthetic_head: str = "synthetic"
    to: str | None = None
    seed: int = 0

    @field_validator("format", "to")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        """Refuse a format that nobody has written."""
        from curate.formats import formats, no_format

        if name not in {None, "auto", *formats()}:
            raise ValueError(no_format(name or ""))
        return name

    @field_validator("map")
    @classmethod
    def _fields(cls, mapping: Mapping[str, str]) -> Mapping[str, str]:
        """Refuse a field that no format reads, and a column that two fields would be read from.

        The first would be passed over without a word; of the second one field alone gets it.
        """
        from curate.formats import formats

        known = {name for kind in formats().values() for name in kind.model_fields} | {"messages"}
        for field, column in mapping.items():
            if field in known:
                continue
            if column in known:
                raise ValueError(
                    f"no format has a field {field}; the field stands first, the file's column "
                    f"second: {column}={field}"
                )
            raise ValueError(
                f"no format has a field {field}{did_you_mean(field, known)}; there are "
                f"{', '.join(sorted(known - {'messages_', 'rejected_'}))}"
            )
        for column, count in Counter(mapping.values()).items():
            if count > 1:
                both = " and ".join(field for field, name in mapping.items() if name == column)
                raise ValueError(f"column {column} can't be both {both}")
        return mapping


def load_settings(path: str | Path) -> Settings:
    """Read the `[clean]` table of a curate.toml, or `[tool.curate.clean]` of a pyproject.toml.

    Raises:
        ConfigError: no such file, not TOML, or an unknown or impossible setting.
    """
    table = read_tables(path)
    try:
        return Settings.model_validate(_table(path, table, "clean"))
    except ValidationError as error:
        first = error.errors()[0]
        said = [str(part) for part in first["loc"] if "[" not in str(part)]  # a type is no key
        where = ".".join(("clean", *said))
        said_of_it = in_plain_words(first, Settings.model_fields)
        if first["type"] == "extra_forbidden" and said == ["set"]:
            said_of_it = _SET
        raise ConfigError(f"{path}: {where}: {said_of_it}") from None


_SET = (
    "unknown key; what --set says stands in tables: thresholds = {CODE = 0.5}, actions = {CODE = "
    '"drop"}'
)


NAMES = ("curate.toml", "pyproject.toml")  # looked for in this order where no file is named


def find_config(folder: Path) -> Path | None:
    """The curate.toml of a folder, or its pyproject.toml if that speaks of curate."""
    for name in NAMES:
        path = folder / name
        if path.is_file() and (name == NAMES[0] or read_tables(path)):
            return path
    return None


def read_tables(path: str | Path) -> Mapping[str, Any]:
    """The tables of a curate.toml, or those below `[tool.curate]` of a pyproject.toml.

    Raises:
        ConfigError: no such file, not TOML, or a table of another name.
    """
    file = Path(path)
    try:
        table: Mapping[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # no UTF-8, or no TOML
        raise ConfigError(f"{path}: not TOML: {error}") from None
    for name in ("tool", "curate") if file.name == "pyproject.toml" else ():
        table = _table(path, table, name)
    unknown = set(table) - {"clean", "check"}
    if unknown:
        meant = did_you_mean(min(unknown), ("clean", "check")) or "; there are [clean] and [check]"
        raise ConfigError(f"{path}: unknown table {min(unknown)!r}{meant}")
    return {name: _table(path, table, name) for name in table}


def _table(path: str | Path, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of this name within another; empty where it is not there."""
    inner = table.get(name, {})
    if not isinstance(inner, Mapping):
        raise ConfigError(f"{path}: {name} is a value; expected a table [{name}]")
    return inner
