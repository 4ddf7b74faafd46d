"""What a curate.toml says: `[clean]`, how data is read; `[check]`, what it has to hold to."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from curate.config import Settings, read_tables
from curate.errors import ConfigError, CurateError, did_you_mean
from curate.gate import bounds
from curate.policy.choose import is_meant, matches_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from curate.policy.rule import Rule

# Columns whose values are codes of languages, and their form.
LANGUAGES = frozenset({"prompt_language", "response_language", "file_language"})
_LANGUAGE = re.compile(r"[a-z]{2,3}")
REFUSED = ("unreadable-record", "invalid-record")  # codes of records that are no rows


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _bound(text: str) -> str:
    bounds.parse(text)
    return text


def _spelled_out(value: object) -> object:
    """`"> 5"` is short for `{ error_if = "> 5" }`."""
    return {"error_if": value} if isinstance(value, str) else value


Bound = Annotated[str, AfterValidator(_bound), Field(pattern=bounds.PATTERN)]


class _Quartet(_Model):
    severity: Literal["error", "warn"] = "error"
    warn_if: Bound | None = None
    error_if: Bound | None = None
    store: str | None = None
    why: str | None = None

    def model_post_init(self, _: object) -> None:
        """Refuse what would never speak."""
        if self.severity == "warn" and self.error_if is not None:
            raise ValueError("severity warn never looks at error_if; use warn_if")


class Limit(_Quartet):
    """When a figure breaks the gate; a text alone is `error_if`.

    Attributes:
        severity: `error` fails the check where `error_if` holds; `warn` never fails it.
        warn_if: a comparison that must not hold, else there is a warning.
        error_if: a comparison that must not hold, else the check fails.
        store: a JSONL file, beside curate.toml, that gets the rows that the limit counts.
        why: words for whoever breaks it.
    """


class Condition(_Quartet):
    """A limit on the rows for which a condition over columns holds.

    Attributes:
        when: in the language of rules: `response_tokens > 800 and format = 'alpaca'`.
        severity: `error` fails the check where `error_if` holds; `warn` never fails it.
        warn_if: a comparison that must not hold, else there is a warning.
        error_if: a comparison that must not hold, else the check fails.
        store: a JSONL file, beside curate.toml, that gets the rows that the limit counts.
        why: words for whoever breaks it.
    """

    when: str


AnyLimit = Annotated[Limit, BeforeValidator(_spelled_out)]


class Aggregates(_Model):
    """Limits on one column of the scores.

    Attributes:
        min, max, mean, median, sum, p1, p5, p25, p75, p95, p99: over the rows with a value.
        null: rows without a value.
        distinct: how many values there are.
        top, rarest: rows with the most, the least frequent value.
        share: rows with this value.
    """

    min: AnyLimit | None = None
    max: AnyLimit | None = None
    mean: AnyLimit | None = None
    median: AnyLimit | None = None
    sum: AnyLimit | None = None
    p1: AnyLimit | None = None
    p5: AnyLimit | None = None
    p25: AnyLimit | None = None
    p75: AnyLimit | None = None
    p95: AnyLimit | None = None
    p99: AnyLimit | None = None
    null: AnyLimit | None = None
    distinct: AnyLimit | None = None
    top: AnyLimit | None = None
    rarest: AnyLimit | None = None
    share: Mapping[str, AnyLimit] = {}


class Waiver(_Model):
    """Rows that may stay for a while though they break a limit.

    Attributes:
        rule: a code or family, or `conditions.NAME`; every rule where it is left out.
        row: the id of a row (its content); every row where it is left out.
        reason: why it may stay.
        owner: who answers for it.
        expires: the last day on which it counts; afterwards it fails the check.
    """

    rule: str | None = None
    row: str | None = Field(default=None, pattern=r"^[0-9a-f]{16}(-\d+)?$")
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    expires: date

    def model_post_init(self, _: object) -> None:
        """Refuse a waiver of everything."""
        if self.rule is None and self.row is None:
            raise ValueError("a waiver names a `rule`, a `row`, or both")

    def is_about(self, code: str, known: Collection[str]) -> bool:
        """Whether it speaks of findings of this code; `known` are the codes of all rules."""
        return self.rule is None or is_meant(code, self.rule, known)

    def __str__(self) -> str:
        """What it waives."""
        return " of row ".join(filter(None, (self.rule or "all", self.row)))


class Check(_Model):
    """The table `[check]`.

    Attributes:
        pack: whose rules are applied, and what they do: a rule that drops is an error.
        select: codes or prefixes instead of the pack's.
        ignore: codes or prefixes left out.
        unlisted: rules without a limit of their own: `severity`: none may hit a row that drops it
            or is of severity error, warnings are told; `warn`: all are only told; `off`: neither.
        rules: code or prefix = limit on the rows that these rules hit.
        ratchet: with `--only-new` or `--since` a number of rows that a limit allows is for the
            old ones, and no new row may break it; a share stays one of the whole file.
        columns: column = limits on it.
        figures: figure of the data set = limit on it.
        conditions: name = a condition, and a limit on the rows for which it holds.
        waivers: what may stay for a while.
    """

    pack: str = "gate"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unlisted: Literal["severity", "warn", "off"] = "severity"
    ratchet: bool = False
    rules: Mapping[str, AnyLimit] = {}
    columns: Mapping[str, Aggregates] = {}
    figures: Mapping[str, AnyLimit] = {}
    conditions: Mapping[str, Condition] = {}
    waivers: tuple[Waiver, ...] = ()


class Config(_Model):
    """A whole curate.toml.

    Attributes:
        clean: how data is read, which thresholds and folders of rules there are.
        check: what it is held to.
        file: where it was read, to which `store` is relative; None where there is no file.
    """

    clean: Settings = Settings()
    check: Check = Check()
    file: Path | None = Field(default=None, exclude=True)

    @property
    def settings(self) -> Settings:
        """The settings that a check measures with: nothing is edited, and the rules are its own."""
        own = {
            "pack": self.check.pack,
            "select": self.check.select,
            "ignore": (*self.clean.ignore, *self.check.ignore),
            "fix": False,
            "to": None,
        }
        return self.clean.model_copy(update=own)


def load_config(path: str | Path) -> Config:
    """Read a curate.toml, or `[tool.curate]` of a pyproject.toml.

    Raises:
        ConfigError: no such file, not TOML, an unknown key or an impossible value; names the line
            where that can be told. `check_names` looks at the rest.
    """
    tables = read_tables(path)
    try:
        return Config.model_validate({**tables, "file": Path(path)})
    except ValidationError as error:
        raise ConfigError(_place(path, *_explain(error))) from None


class Unknown(ConfigError):
    """A name in a config that nothing has.

    Attributes:
        loc: where it stands.
    """

    def __init__(self, loc: tuple[str, ...], message: str) -> None:
        super().__init__(f"{'.'.join(loc)}: {message}")
        self.loc = loc


# --- errors -------------------------------------------------------------------------------------


def _place(path: str | Path, loc: tuple[str, ...], message: str) -> str:
    line = _line(Path(path).read_text("utf-8"), loc)
    return f"{path}{f':{line}' if line else ''}: {message}"


def _line(text: str, loc: tuple[str, ...]) -> int | None:
    """The line on which the last name of a path stands; None unless it stands on one alone."""
    names = [name for name in loc if not name.isdigit()]
    if not names:
        return None
    found = re.compile(rf"(?<![\w-])[\"']?{re.escape(names[-1])}(?![\w-])")
    lines = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if found.search(line.partition("#")[0])
    ]
    return lines[0] if len(lines) == 1 else None


def _explain(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """Where the first fault stands, and what it is."""
    faults = error.errors()
    first = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    loc = tuple(map(str, first["loc"]))
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = _keys_at(Config, loc[:-1])
        said = f"unknown key{did_you_mean(loc[-1], known)} (known: {', '.join(known)})"
    elif first["type"] == "string_pattern_mismatch" and loc[-1] == "row":
        said = "is no id of a row: 16 hexadecimal digits, as the report shows them"
    elif first["type"] == "missing":
        said = "is missing"
    return loc, f"{'.'.join(loc)}: {said}"


def _keys_at(model: type[BaseModel], loc: Iterable[str]) -> list[str]:
    """The keys that the table at this place may have."""
    parts = iter(loc)
    for part in parts:
        kind = model.model_fields[part].annotation
        model, is_container = _model_in(kind)
        if is_container:
            next(parts, None)
    return [name for name in model.model_fields if name != "file"]


def _model_in(kind: object) -> tuple[type[BaseModel], bool]:
    """The model that an annotation speaks of, and whether it is held by name or number."""
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, False
    for inner in typing.get_args(kind):
        if inner is not str and (typing.get_args(inner) or isinstance(inner, type)):
            try:
                model, is_container = _model_in(inner)
            except LookupError:
                continue
            return model, is_container or origin in (Mapping, tuple)
    raise LookupError(str(kind))


# --- names that must be known -------------------------------------------------------------------


def check_names(config: Config) -> None:
    """Refuse codes, columns, figures and conditions that nothing has: a limit on them never fails.

    Not done while loading, as it takes half a second that a result in the cache does not need.

    Raises:
        ConfigError: names it, and what may have been meant.
    """
    try:
        _check_names(config)
    except Unknown as error:
        if config.file is None:
            raise
        raise ConfigError(_place(config.file, error.loc, str(error))) from None


def _check_names(config: Config) -> None:
    from curate.gate.figures import FIGURES
    from curate.policy.catalogue import load_rules
    from curate.policy.check import stored_columns

    check = config.check
    rules = load_rules(config.clean.rules)
    for name in check.rules:
        _check_code(("check", "rules", name), name, rules)
    conditions = {f"conditions.{name}" for name in check.conditions}
    for at, waiver in enumerate(check.waivers):
        if waiver.rule is not None and waiver.rule not in conditions:
            _check_code(("check", "waivers", str(at), "rule"), waiver.rule, rules)
    columns = stored_columns()
    for name in check.columns:
        _check_known(("check", "columns", name), "column", name, columns)
    for name in check.figures:
        _check_known(("check", "figures", name), "figure", name, FIGURES)
        _check_measured(("check", "figures", name), FIGURES[name].when, columns)
    for loc, when in _conditions(check):
        _check_condition(loc, when, columns)
    for loc, one in limits(check):
        _check_value(loc)
        _check_limit(loc, one)


def _check_code(loc: tuple[str, ...], code: str, rules: Mapping[str, Rule]) -> None:
    judging = [name for name, rule in rules.items() if rule.action != "edit"]
    if code in REFUSED or any(matches_prefix(name, code) for name in judging):
        return
    if code in rules:
        raise Unknown(loc, f"{code} mends rows and finds no fault; limit the rule that reports it")
    families = {name.partition("-")[0] for name in judging}
    raise Unknown(loc, f"no rule is named {code!r}{did_you_mean(code, {*judging, *families})}")


def _check_known(loc: tuple[str, ...], what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        from curate.gate.figures import FIGURES

        all_of_them = f" (known: {', '.join(known)})" if known is FIGURES else ""
        raise Unknown(loc, f"no {what} is named {name!r}{did_you_mean(name, known)}{all_of_them}")


def _check_measured(loc: tuple[str, ...], when: str | None, columns: Iterable[str]) -> None:
    from curate.policy.condition import KEYWORDS, words

    for word in words(when) if when is not None else ():
        if word not in KEYWORDS and word not in columns:
            raise Unknown(loc, f"this figure needs the column {word}, which no signal here makes")


def _conditions(check: Check) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, one in check.conditions.items():
        yield ("check", "conditions", name, "when"), one.when


def _check_condition(loc: tuple[str, ...], when: str, columns: Iterable[str]) -> None:
    from curate.policy.condition import condition, words

    try:
        if "threshold" not in words(when):
            condition(when, columns)
            return
    except CurateError as error:
        raise Unknown(loc, str(error)) from None
    raise Unknown(loc, "a condition of a gate has no threshold; write the number")


def limits(check: Check) -> Iterator[tuple[tuple[str, ...], Limit | Condition]]:
    """Every limit of a config with the place where it stands."""
    for name, one in check.rules.items():
        yield ("check", "rules", name), one
    for column, some in check.columns.items():
        for name in Aggregates.model_fields:
            held = getattr(some, name)
            if isinstance(held, Limit):
                yield ("check", "columns", column, name), held
        for value, one in some.share.items():
            yield ("check", "columns", column, "share", value), one
    for name, one in check.figures.items():
        yield ("check", "figures", name), one
    for name, condition in check.conditions.items():
        yield ("check", "conditions", name), condition


def _check_value(loc: tuple[str, ...]) -> None:
    """Refuse the share of a language by a name that no language has in the scores."""
    if loc[1] == "columns" and loc[3] == "share" and loc[2] in LANGUAGES:
        *_, column, _, value = loc
        if not _LANGUAGE.fullmatch(value):
            raise Unknown(loc, f"{column} holds codes of ISO 639 such as 'en', never {value!r}")


def _check_limit(loc: tuple[str, ...], one: Limit | Condition) -> None:
    from curate.gate.figures import is_count

    counts = is_count(loc)
    if one.warn_if is None and one.error_if is None and loc[1] in ("columns", "figures"):
        raise Unknown(loc, f"has neither error_if nor warn_if; {bounds.HINT}")
    if one.store is not None and loc[1] in ("columns", "figures"):
        raise Unknown((*loc, "store"), "a figure has no rows of its own; put a condition instead")
    for name in ("warn_if", "error_if"):
        text = getattr(one, name)
        if text is None:
            continue
        bound = bounds.parse(text)
        try:
            (bounds.check_counts if counts else bounds.check_plain)(bound)
        except ValueError as error:
            raise Unknown((*loc, name), str(error)) from None
