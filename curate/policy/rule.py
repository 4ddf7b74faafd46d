"""A rule as data: what one YAML file says.

A rule names a fault, says why it is one, and carries its proof: examples that must hit and
examples that must be left alone. It looks at a row in two ways, and both must agree: `match` are
regular expressions over the turns (Rust syntax: linear time, no look-around), `when` is a
condition over the columns that signals make (`curate.policy.condition`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from curate.policy.condition import KEYWORDS, words

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    `measured` are columns that only a model measures which doesn't come along, and what it said of
    the hits, then of the misses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hits: tuple[dict[str, Any] | list[dict[str, Any]], ...] = Field(min_length=1)
    misses: tuple[dict[str, Any] | list[dict[str, Any]], ...] = Field(min_length=1)
    against: tuple[dict[str, Any], ...] = ()
    indexed: tuple[dict[str, Any], ...] = ()
    among: Among | None = None
    measured: Mapping[str, tuple[FiniteFloat, ...]] = {}

    @field_validator("measured")
    @classmethod
    def _of_all(
        cls, measured: Mapping[str, tuple[float, ...]], info: ValidationInfo
    ) -> Mapping[str, tuple[float, ...]]:
        """Refuse a column that does not have a value an example."""
        count = len(info.data.get("hits", ())) + len(info.data.get("misses", ()))
        for name, values in measured.items():
            if len(values) != count:
                raise ValueError(f"{name} has {len(values)} values, there are {count} examples")
        return measured


class Rule(BaseModel):
    """One fault, as its YAML file says it.

    Attributes:
        code: the fault's name, family first: `pii-email`. Selected by it or a prefix (`pii`).
        name: a short title.
        what: what a row with this fault looks like.
        why: what the fault does to a model trained on it.
        match: clauses over the text; all must hold.
        when: a condition over signal columns and `threshold`.
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
