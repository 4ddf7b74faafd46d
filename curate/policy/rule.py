"""Rules as data: one YAML file a rule, and packs that select them.

A rule names a fault, says why it is one, and carries its proof: examples that must hit and
examples that must be left alone. It looks at a row in two ways, and both must agree: `match` are
regular expressions over the turns (Rust syntax: linear time, no look-around), `when` is a
condition over the columns that signals make.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationError,
)

from curate.errors import RuleError, UsageError, in_plain_words
from curate.registry import makers

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import polars as pl

Action = Literal["drop", "flag", "edit"]
Verdict = Literal["drop", "flag"]  # an edit can't be had by naming it: it needs a `fix`
Severity = Literal["error", "warning", "info"]
Place = Literal[
    "prompt",
    "response",
    "last_response",
    "system",
    "tool",
    "any",
    "instruction",
    "input",
    "question",
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Patterns = tuple[str, ...]
UNWANTED = "unwanted_answer"  # the column that tells the rows that rules over answers leave alone
T = TypeVar("T", bound=BaseModel)


class Clause(BaseModel):
    """Regular expressions over the turns of one kind.

    Attributes:
        place: `in` in YAML. `prompt`, `response`, `system`, `tool`: each turn of that role;
            `last_response`: the final turn, where it is the assistant's; `any`: every turn;
            `instruction` and `input`: Alpaca's two fields (the first user turn's); `question`: the
            user turn, and what it refers back to, which the answer that the first clause found
            replies to (after a clause over `prompt` that turn itself), so that one exchange of a
            conversation excuses no other.
        any: a turn hits if one of these is found in it.
        unless: ... and none of these is found in the same turn.
        none: instead of `any`: the row hits if no turn of this kind holds one of these.
        ignore_case: letters match in either case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    place: Place = Field(alias="in")
    any: Patterns = ()
    unless: Patterns = ()
    none: Patterns = ()
    ignore_case: bool = True

    def model_post_init(self, _: object) -> None:
        """Refuse a clause that says nothing, or two things at once."""
        if bool(self.any) == bool(self.none):
            raise ValueError("a clause of `match` has either `any` or `none`")
        if self.unless and self.none:
            raise ValueError("`unless` goes with `any`; with `none` it says nothing")

    def pattern(self, kind: Literal["any", "unless", "none"]) -> str:
        """The patterns of one kind as a single regular expression."""
        flags = "(?i)" if self.ignore_case else ""
        return flags + "|".join(f"(?:{one})" for one in getattr(self, kind))


class Fix(BaseModel):
    """What an edit rule does to the text of the turns its first clause looks at.

    Attributes:
        replace: regular expression (Python `re` syntax) whose every match is replaced ...
        by: ... by this text.
        function: instead: the name of a function in `curate.policy.edit.FUNCTIONS`.
        order: edits go from the lowest to the highest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replace: str | None = None
    by: str = ""
    function: str | None = None
    order: int = 50

    def model_post_init(self, _: object) -> None:
        """Refuse a fix that mends nothing, or in two ways."""
        if (self.replace is None) == (self.function is None):
            raise ValueError("`fix` has either `replace` or `function`")


class Among(BaseModel):
    """Records that stand before each example, for rules that judge a row by the rest of its file.

    Attributes:
        words: name -> what stands for it.
        records: for each of them, `{name}` in its texts stands for each of the words in turn, and
            several names for every choice of words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Mapping[str, tuple[str, ...]]
    records: tuple[dict[str, str], ...]

    def made(self) -> Iterator[dict[str, str]]:
        """The records, filled in."""
        for record in self.records:
            said = " ".join(record.values())
            names = [name for name in self.words if f"{{{name}}}" in said]
            for chosen in product(*(self.words[name] for name in names)):
                filled = dict(zip(names, chosen, strict=True))
                yield {key: text.format_map(filled) for key, text in record.items()}


class Examples(BaseModel):
    """A rule's proof.

    Each example is a record in any format, or a list of records of which the last is the one that
    hits or is left alone. `against` are evaluation items, for rules that compare rows with such;
    `indexed` are records that earlier runs have kept; `among` are the rows of the same file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hits: tuple[dict[str, Any] | list[dict[str, Any]], ...] = Field(min_length=1)
    misses: tuple[dict[str, Any] | list[dict[str, Any]], ...] = Field(min_length=1)
    against: tuple[dict[str, Any], ...] = ()
    indexed: tuple[dict[str, Any], ...] = ()
    among: Among | None = None


class Rule(BaseModel):
    """One fault, as its YAML file says it.

    Attributes:
        code: the fault's name, family first: `pii-email`. Selected by it or a prefix (`pii`).
        name: a short title.
        what: what a row with this fault looks like.
        why: what the fault does to a model trained on it.
        match: clauses over the text; all must hold.
        when: a condition over signal columns and `threshold`; see `condition`.
        threshold: the number that `when` compares with; `--set CODE.threshold=x` changes it.
        column: the column shown as evidence; by default the first one in `when`.
        twin: the column that holds the id of the other row, for faults that take two.
        judges: `answer` where the fault is that the model would learn to answer so: then rows whose
            answer nobody wants imitated are left alone (`UNWANTED`); else the row, whatever for.
        action: drop the row, flag it, or edit it (`fix`).
        severity: error: certainly broken; warning: likely; info: worth knowing.
        fix: how an edit rule mends the text.
        mask: the evidence is secret: show only its ends.
        suspect_above: where a drop rule hits a larger share of the rows, it is reported as
            suspect and flags instead of dropping; 1 = never.
        examples: rows that hit and rows that must be left alone: the rule's tests.
        references: where the fault is described.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    name: str
    what: str
    why: str
    match: tuple[Clause, ...] = ()
    when: str | None = None
    threshold: FiniteFloat | None = None
    column: str | None = None
    twin: str | None = None
    judges: Literal["row", "answer"] = "row"
    action: Action
    severity: Severity
    fix: Fix | None = None
    mask: bool = False
    suspect_above: float = Field(default=0.2, ge=0, le=1)
    examples: Examples
    references: tuple[str, ...] = ()

    def model_post_init(self, _: object) -> None:
        """Refuse a rule that looks at nothing, or an edit without a way to mend."""
        if not self.match and self.when is None:
            raise ValueError("a rule needs `match`, `when`, or both")
        at = [clause.place for clause in self.match]
        turns = ("response", "last_response", "prompt")
        if "question" in at and not (at[0] in turns and self.match[0].any):
            raise ValueError("`question` follows an `any` clause over `response` or `prompt`")
        if (self.action == "edit") != (self.fix is not None):
            raise ValueError("action: edit and `fix` go together")
        if self.fix is not None and (not self.match or self.when is not None):
            raise ValueError("an edit comes before all measuring: it has `match` and no `when`")
        if self.when is not None and "threshold" in words(self.when) and self.threshold is None:
            raise ValueError("`when` reads `threshold`, which the rule does not set")
        if self.judges == "answer" and (self.action == "edit" or self.twin is not None):
            raise ValueError("judges: an edit, or a rule that takes two rows, judges the row")

    @property
    def evidence(self) -> str | None:
        """The column that shows why the rule hit; None where matched text does."""
        if self.column is not None or self.when is None:
            return self.column
        read = [word for word in words(self.when) if word not in KEYWORDS]
        return None if self.match or not read else read[0]

    @property
    def reads(self) -> set[str]:
        """The signal columns that the rule needs."""
        verdict = UNWANTED if self.judges == "answer" else None
        named = {self.column, self.twin, verdict} - {None}
        in_when = words(self.when) if self.when is not None else []
        return {word for word in in_when if word not in KEYWORDS} | {str(one) for one in named}


class Pack(BaseModel):
    """A named choice of rules.

    Attributes:
        name: what `--pack` calls it.
        what: whom it is for.
        select: codes or prefixes; `all` is every rule that does not edit.
        ignore: codes or prefixes taken out again.
        actions: code or prefix -> the action it has in this pack.
        thresholds: code -> the threshold it has in this pack.
        every_signal: measure every signal, not only those that the rules and the report read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    what: str
    select: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    actions: Mapping[str, Verdict] = {}
    thresholds: Mapping[str, FiniteFloat] = {}
    every_signal: bool = False


class Own(BaseModel):
    """What folders of the user's own held, so that a run needs them no more once it has read them.

    Attributes:
        folders: as the user named them.
        rules: by code.
        packs: by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = {}
    packs: Mapping[str, Pack] = {}


# --- conditions ---------------------------------------------------------------------------------

KEYWORDS = frozenset("and or not is null between in like true false threshold".split())
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>'(?:[^'\\]|'')*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<operator><=|>=|!=|<>|[=<>+*/(),-]))"
)


def words(text: str) -> list[str]:
    """The words of a condition in their order: keywords in lower case, and columns."""
    return [value for kind, value in tokens(text) if kind == "word"]


def condition(text: str, columns: Iterable[str], threshold: float | None = None) -> pl.Expr:
    """A condition of a rule as a polars expression; null counts as false.

    The language is the part of SQL's that is made of known columns, numbers, 'strings',
    comparisons, arithmetic and `and or not is null between in like true false threshold`. Every
    other word and sign is refused before the text meets a parser, so a condition can neither
    call a function nor read a file.

    Raises:
        RuleError: an unknown column or sign, or no condition at all.
    """
    import polars as pl

    known = set(columns)
    parts: list[str] = []
    for (kind, value), (_, following) in pairwise([*tokens(text), ("end", "")]):
        if value == "threshold" and kind == "word":
            parts.append(repr(threshold))
        elif kind == "word" and value not in KEYWORDS:
            if value not in known:
                raise RuleError(f"unknown column {value!r}{did_you_mean(value, known)}")
            if following == "(":
                raise RuleError(f"{value!r} is a column, not a function")
            parts.append(f'"{value}"')
        else:
            parts.append(value)
    try:
        made = pl.sql_expr(" ".join(parts)).fill_null(value=False)
    except Exception as error:  # noqa: BLE001  # whatever the parser raises is the rule's fault
        raise RuleError(f"not a condition: {text!r} ({error})") from None
    if misread := set(made.meta.root_names()) - known:  # `between` alone is a column to SQL
        raise RuleError(f"not a condition: {text!r} ({min(misread)!r} stands where it can't)")
    return made


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind (number, string, word, operator) and value of each token of a condition."""
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise RuleError(f"unexpected {text[at:].lstrip()[0]!r} in the condition {text!r}")
        kind = str(found.lastgroup)
        value = found[kind]
        yield kind, value.lower() if value.lower() in KEYWORDS else value
        at = found.end()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word; nothing where none is near."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


# --- loading ------------------------------------------------------------------------------------


def load_rules(own: Own | Sequence[str | Path] = ()) -> dict[str, Rule]:
    """The rules that come with curate and the user's own, by code, in alphabetical order.

    One of the user's own replaces curate's of the same code.

    Raises:
        RuleError: a file that is no rule, naming the file and the field.
    """
    return dict(sorted({**_shipped_rules(), **load_own(own).rules}.items()))


def load_pack(name: str, own: Own | Sequence[str | Path] = ()) -> Pack:
    """A pack by name: the user's own, else curate's."""
    packs = {**_packs_in(files("curate.rules")), **load_own(own).packs}
    if name not in packs:
        raise UsageError(f"no pack is named {name!r}; there are {', '.join(sorted(packs))}")
    return packs[name]


def load_own(own: Own | Sequence[str | Path]) -> Own:
    """What folders of rules and packs hold, the later over the earlier; what was read stays so.

    Raises:
        RuleError: a file that is no rule or no pack.
        UsageError: no such folder.
    """
    if isinstance(own, Own):
        return own
    rules: dict[str, Rule] = {}
    packs: dict[str, Pack] = {}
    for folder in map(_folder, own):
        made = _rules_in(folder)
        for rule in made.values():
            check(rule, folder / f"{rule.code}.yaml")
        rules |= made
        packs |= _packs_in(folder)
    return Own(folders=tuple(map(str, own)), rules=rules, packs=packs)


@cache
def _shipped_rules() -> dict[str, Rule]:
    """Those that come with curate, read once; `check` is the tests' business, a quarter second."""
    return _rules_in(files("curate.rules"))


def _rules_in(folder: Traversable) -> dict[str, Rule]:
    rules = {}
    for file in _yaml_files(folder):
        rule = _load(file, Rule)
        if file.name.removesuffix(".yaml") != rule.code:
            raise RuleError(f"{file}: the file of rule {rule.code} is named {rule.code}.yaml")
        rules[rule.code] = rule
    return rules


def _packs_in(folder: Traversable) -> dict[str, Pack]:
    packs = [_load(file, Pack) for file in _yaml_files(folder / "packs")]
    return {pack.name: pack for pack in packs}


def matches_prefix(code: str, prefix: str) -> bool:
    """Whether a code is this one or of this family: `pii` takes `pii-email`, not `piig`."""
    return prefix in {"all", code} or code.startswith(prefix.rstrip("-") + "-")


def choose(
    rules: Mapping[str, Rule],
    pack: Pack,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    thresholds: Mapping[str, float] | None = None,
    actions: Mapping[str, Verdict] | None = None,
    fix: bool = False,
) -> dict[str, Rule]:
    """The rules of a run, each with the action and threshold it has there.

    Args:
        rules: the catalogue.
        pack: what is taken where `select` is silent, and the actions and thresholds.
        select: codes or prefixes to take instead of the pack's.
        ignore: codes or prefixes to leave out, on top of the pack's.
        thresholds: code -> threshold, over the pack's.
        actions: code or prefix -> action, over the pack's; a rule named here is believed however
            many rows it hits.
        fix: take the edit rules too.

    Raises:
        UsageError: a code or prefix that names no rule, or edit rules alone that nothing applies;
            or a rule without a threshold.
    """
    _check_edits(rules, () if fix else select)
    _expand(rules, (*pack.actions, *(actions or {})), edits=True)
    taken = _expand(rules, select or pack.select, edits=False)
    taken |= {code for code, rule in rules.items() if fix and rule.action == "edit"}
    taken -= _expand(rules, ignore, edits=True)
    if not select:
        taken -= _expand(rules, pack.ignore, edits=True)
    chosen = {}
    limits = {**pack.thresholds, **(thresholds or {})}
    for code in limits:
        if code not in rules or rules[code].threshold is None:
            if code in rules:
                raise UsageError(
                    f"{code} has no threshold to set; `curate explain {code}` shows it"
                )
            raise UsageError(f"no rule is named {code!r}{did_you_mean(code, rules)}")
    for code in sorted(taken):
        changes: dict[str, Any] = {}
        for prefix, action in (*pack.actions.items(), *(actions or {}).items()):
            if matches_prefix(code, prefix) and rules[code].action != "edit":
                changes["action"] = action
        if any(matches_prefix(code, prefix) for prefix in actions or ()):
            changes["suspect_above"] = 1.0  # whoever names the rule's action has looked
        if code in limits:
            changes["threshold"] = limits[code]
        chosen[code] = rules[code].model_copy(update=changes)
    return chosen


def _check_edits(rules: Mapping[str, Rule], select: Iterable[str]) -> None:
    """Refuse a family of edit rules, of which a run without `fix` would take none."""
    for prefix in select:
        family = [rule for code, rule in rules.items() if matches_prefix(code, prefix)]
        if family and prefix not in rules and all(rule.action == "edit" for rule in family):
            raise UsageError(
                f"--select {prefix}: these rules mend rows, and find no fault; clean --fix applies "
                "them"
            )


def _expand(rules: Mapping[str, Rule], prefixes: Iterable[str], *, edits: bool) -> set[str]:
    taken: set[str] = set()
    for prefix in prefixes:
        found = {code for code in rules if matches_prefix(code, prefix)}
        if not found and prefix != "all":
            raise UsageError(f"no rule is named {prefix!r}{did_you_mean(prefix, rules)}")
        if not edits and prefix not in found:
            found = {code for code in found if rules[code].action != "edit"}
        taken |= found
    return taken


def _folder(path: str | Path) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"{path} is not a folder of rules")
    return folder


def _yaml_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted(
        (one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name
    )


def _load(file: Traversable, model: type[T]) -> T:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return model.model_validate(yaml.load(file.read_text("utf-8"), loader))  # noqa: S506 - safe loader
    except OSError as error:
        raise RuleError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RuleError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise RuleError(f"{file}: {_explain(error, model)}") from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the rule"
    return f"{where}: {in_plain_words(first, model.model_fields)}"


def check(rule: Rule, file: Traversable) -> None:
    """Refuse at load what would fail at run time: patterns, columns, conditions, edits.

    Raises:
        RuleError: names the file, the field and what is wrong.
    """
    from curate.policy import edit
    from curate.policy.kinds import check_kinds

    try:
        _check_patterns(rule)
        if rule.fix is not None:
            edit.check(rule)
        _check_columns(rule)
        check_kinds(rule)
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from None


def _check_patterns(rule: Rule) -> None:
    import polars as pl

    for clause in rule.match:
        for kind in ("any", "unless", "none"):
            try:
                pl.select(pl.lit("").str.contains(clause.pattern(kind)))
            except pl.exceptions.ComputeError as error:
                raise RuleError(f"match: {' '.join(str(error).split())}") from None


def _check_columns(rule: Rule) -> None:
    columns = stored_columns()
    try:
        if rule.when is not None:
            condition(rule.when, columns, rule.threshold)
    except RuleError as error:
        raise RuleError(f"when: {error}") from None
    for name in sorted(rule.reads - columns):
        raise RuleError(f"unknown column {name!r}{did_you_mean(name, columns)}")


def stored_columns() -> set[str]:
    """The columns that conditions can read: what signals make and scores keep."""
    made = {column for column, signal in makers().items() if not signal.transient}
    return made | {"format", "source"}
