"""Edit rules applied to a record: opt-in, text by text, all else as it came.

A rule edits the texts that its first clause looks at and hits, and only where its other clauses
hold for the record. Rules go from the lowest `fix.order` to the highest, equals by code, and all
of them again until none finds anything left: what an edit lays bare is edited too, so a second
run changes nothing. What is measured and reported afterwards is the edited record.

Edits run on one record after the other, before there is a frame, so their patterns are searched
with Python's `re`: `check` refuses what Rust and Python do not both understand.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from curate import formats
from curate.errors import RuleError
from curate.signals.characters import without_invisible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from curate.formats import Format, Record
    from curate.policy.rule import Clause, Fix, Place, Rule

Texts = list[tuple[str, str]]

PASSES = 8  # rules that undo each other would go on for ever; ours are done after two

# Which places of `Format.map_text` a place of a rule covers; a final turn can't be told there.
_COVERS: Mapping[Place, frozenset[str]] = {
    "prompt": frozenset({"user", "input"}),
    "input": frozenset({"input"}),
    "response": frozenset({"assistant"}),
    "system": frozenset({"system"}),
    "tool": frozenset({"tool"}),
    "any": frozenset({"user", "input", "assistant", "system", "tool"}),
}


def apply(made: Format, edits: Sequence[Edit]) -> tuple[Record | None, list[str]]:
    """Apply `prepared` edit rules in their order until none of them changes anything.

    Returns:
        The edited record and the codes of the rules that changed it; None and no codes where none
        did.

    Raises:
        RuleError: rules that undo each other's edits.
    """
    codes: dict[str, None] = {}
    for _ in range(PASSES):
        changed = False
        texts = _texts(made)
        for edit in edits:
            after = edit.edited(made, texts)
            if after is not None:
                made = formats.validate(after, made.name)
                texts = _texts(made)
                codes[edit.code] = None
                changed = True
        if not changed:
            return (made.record, list(codes)) if codes else (None, [])
    raise RuleError(f"edit rules undo each other's edits: {', '.join(codes)}")


def prepared(rules: Iterable[Rule]) -> list[Edit]:
    """The rules in order, compiled: at 2 µs a clause and text that would be half of all time."""
    return [Edit.of(rule) for rule in in_order(rules)]


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Edit rules from the lowest order to the highest, equals by code."""
    return sorted(rules, key=lambda rule: (rule.fix.order if rule.fix else 0, rule.code))


def check(rule: Rule) -> None:
    """Refuse an edit rule that could not be applied.

    Raises:
        RuleError: a place that can't be edited, an unknown function, or a pattern that Python's
            `re` does not understand.
    """
    first, fix = rule.match[0], rule.fix
    for clause in rule.match:
        if clause.place not in _COVERS:
            raise RuleError(f"match: an edit can't tell {clause.place} from other turns")
    if not first.any:
        raise RuleError("match: an edit's first clause says with `any` what is edited")
    if fix is not None and fix.function is not None and fix.function not in FUNCTIONS:
        raise RuleError(f"fix: no function {fix.function!r}; there are {', '.join(FUNCTIONS)}")
    try:
        edit = Edit.of(rule)
        edit.mend("")
    except re.error as error:
        raise RuleError(f"an edit's pattern must suit Python's re too: {error}") from None


class _Looks(NamedTuple):
    """A clause with its patterns compiled."""

    places: frozenset[str]
    wanted: re.Pattern[str]
    unless: re.Pattern[str] | None
    present: bool

    @classmethod
    def of(cls, clause: Clause) -> _Looks:
        """Raises `re.error` for a pattern that Python does not understand."""
        return cls(
            _COVERS[clause.place],
            re.compile(clause.pattern("any" if clause.any else "none")),
            re.compile(clause.pattern("unless")) if clause.unless else None,
            bool(clause.any),
        )

    def hits(self, place: str, text: str) -> bool:
        """Whether this text has what is looked for."""
        return (
            place in self.places
            and self.wanted.search(text) is not None
            and (self.unless is None or self.unless.search(text) is None)
        )

    def holds(self, texts: Texts) -> bool:
        """Whether the record is as the clause wants it."""
        return any(self.hits(place, text) for place, text in texts) is self.present


class Edit(NamedTuple):
    """An edit rule, ready to run."""

    code: str
    first: _Looks
    others: tuple[_Looks, ...]
    mend: Callable[[str], str]

    @classmethod
    def of(cls, rule: Rule) -> Edit:
        """See `check` for what can be wrong."""
        first, *others = map(_Looks.of, rule.match)
        assert rule.fix is not None  # noqa: S101 - narrows the type
        return cls(rule.code, first, tuple(others), _mender(rule.fix))

    def edited(self, made: Format, texts: Texts) -> Record | None:
        """The record after this edit; None where it changes nothing."""
        if not any(self.first.hits(place, text) for place, text in texts):
            return None
        if not all(clause.holds(texts) for clause in self.others):
            return None
        changed = False

        def mend(place: str, text: str) -> str:
            nonlocal changed
            after = self.mend(text) if self.first.hits(place, text) else text
            changed = changed or after != text
            return after

        after = made.map_text(mend)
        return after if changed else None


def _texts(made: Format) -> Texts:
    """Every text of a record and where it stands."""
    texts: Texts = []

    def note(place: str, text: str) -> str:
        texts.append((place, text))
        return text

    made.map_text(note)
    return texts


def _mender(fix: Fix) -> Callable[[str], str]:
    if fix.function is not None:
        return FUNCTIONS[fix.function]
    return partial(re.compile(fix.replace or "").sub, fix.by)


# --- what a pattern and a replacement can't say -------------------------------------------------


def decoded(text: str) -> str:
    """The text in the encoding it was written in; letters, quotes and line breaks stay as meant."""
    import ftfy

    return ftfy.fix_encoding(text)


_BREAKS = re.compile(r"(?P<run>(?:(?:\\r)?\\n)+)|\\t")


def unescaped(text: str) -> str:
    r"""The text with line breaks and tabs for `\n` and `\t`, if every one of them is certain.

    A text with real line breaks was not escaped as a whole; `\n` before a small letter may be
    LaTeX's `\nu` or a folder, unless there are two or a sentence has just ended.
    """
    if "\n" in text or not all(_certain(text, found) for found in _BREAKS.finditer(text)):
        return text
    return text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")


def _certain(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() : found.end() + 1]
    double = len(found["run"] or "") > len("\\r\\n")
    return not (after.isascii() and after.islower()) or double or before.endswith(tuple(".!?:;,"))


FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "decoded": decoded,
    "unescaped": unescaped,
    "without_invisible": without_invisible,
}
