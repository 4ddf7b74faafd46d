"""Settings: what a run is asked to do, from the command line or a curate.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from curate.errors import ConfigError
from curate.rule import Action


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
        rules: folders with rules and packs of the user's own.
        fix: apply the edit rules.
        to: format that the core is written in; None is the input's.
        seed: of everything that draws lots.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = "auto"
    map: Mapping[str, str] = {}
    pack: str = "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = {}
    actions: Mapping[str, Action] = {}
    rules: tuple[str, ...] = ()
    fix: bool = False
    to: str | None = None
    seed: int = 0

    @field_validator("format", "to")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        """Refuse a format that nobody has written."""
        from curate.formats import formats

        if name not in {None, "auto", *formats()}:
            raise ValueError(f"no format {name}; there are {', '.join(formats())}")
        return name


def load_settings(path: str | Path) -> Settings:
    """Read the `[clean]` table of a curate.toml, or `[tool.curate.clean]` of a pyproject.toml.

    Raises:
        ConfigError: no such file, not TOML, or an unknown or impossible setting.
    """
    file = Path(path)
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    if file.name == "pyproject.toml":
        table = table.get("tool", {}).get("curate", {})
    unknown = set(table) - {"clean"}
    if unknown:
        raise ConfigError(f"{path}: unknown table {min(unknown)!r}; there is [clean]")
    try:
        return Settings.model_validate(table.get("clean", {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        known = ", ".join(Settings.model_fields)
        raise ConfigError(f"{path}: clean.{where}: {first['msg']} (known: {known})") from None
