"""What to do next: few commands, each with the reason it is worth typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.policy.condition import words
from curate.report.model import Step
from curate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl

    from curate.policy.rule import Rule
    from curate.report.model import Counts, RuleReport

LABELS = "label-noise"
MIN_TO_TUNE = 10  # fewer rows are read faster than a threshold is found


def next_steps(
    totals: Counts,
    rules: Sequence[RuleReport],
    values: Callable[[str], pl.Series],
    catalogue: Mapping[str, Rule],
) -> Iterator[Step]:
    """The steps that this run calls for.

    Args:
        totals: records by disposition.
        rules: sorted, those that decided most first.
        values: code -> the numbers that the rule saw in the rows it decided.
        catalogue: the rules' own words.
    """
    if totals.quarantined:
        yield Step(
            what=f"Mend {count(totals.quarantined, 'record')} in quarantine.jsonl (each names its "
            "line and what is wrong with it), then clean again."
        )
    for rule in rules:
        if rule.suspect:
            yield Step(
                what=f"{rule.code} hit {rule.share:.0%} of the rows, more than can be believed, so "
                "it dropped none for it. Read what it looks for before you trust either side.",
                command=f"curate explain {rule.code}",
            )
        if rule.code == LABELS and rule.hits:
            yield Step(
                what=f"Read the {count(rule.hits)} that {rule.code} reports, the least scores "
                "first, and mend them at the source; suggested_label in scores.parquet says into "
                "what."
            )
    dropping = [rule for rule in rules if rule.decided and rule.action == "drop"]
    if dropping:
        yield from _after_drops(dropping, values, catalogue)
    yield from _after_flags(rules)
    yield Step(
        what="Check that these files are what the run wrote, and that it can be derived again.",
        command="curate verify DIR",
    )


def _after_flags(rules: Sequence[RuleReport]) -> Iterator[Step]:
    """What a trainer would trip over, and no rule drops unasked."""
    flags = {rule.code: rule for rule in rules if rule.hits and rule.action == "flag"}
    if (rule := flags.get("format-mixed")) is not None:
        yield Step(
            what=f"Write the core in one format, with clean --to: {count(rule.hits)} in another "
            "than most of their file, which trainers refuse or read as empty."
        )
    if (rule := flags.get("too-long")) is not None:
        limit = f"too-long.threshold={rule.threshold:g}"
        yield Step(
            what=f"Drop {count(rule.hits)} longer than {rule.threshold:g} tokens, or what your "
            "sequence length is: a trainer cuts off the end of the answer.",
            command=f"curate decide DIR --set {limit},too-long.action=drop",
        )
    if (rule := flags.get("placeholder-unfilled")) is not None:
        yield Step(
            what=f"Read {count(rule.hits)} with a placeholder that nobody has filled in; drop what "
            "is no template.",
            command="curate decide DIR --set placeholder-unfilled.action=drop",
        )


def _after_drops(
    dropping: Sequence[RuleReport],
    values: Callable[[str], pl.Series],
    catalogue: Mapping[str, Rule],
) -> Iterator[Step]:
    top = dropping[0]
    example = top.examples[0]
    yield Step(
        what=f"See the whole story of a row, for instance one that {top.code} dropped.",
        command=f"curate why DIR {example.id}",
    )
    yield Step(
        what=f"Bring back {count(top.decided)} that {top.code} dropped, if the examples do not "
        "convince you.",
        command=f"curate undo DIR --rule {top.code}",
    )
    for rule in dropping:
        step = _tune(rule, values(rule.code), catalogue.get(rule.code))
        if step is not None:
            yield step
            return


def _tune(rule: RuleReport, values: pl.Series, known: Rule | None) -> Step | None:
    """A threshold that about half of what the rule dropped would still cross."""
    if known is None or known.when is None or "threshold" not in words(known.when):
        return None
    if rule.threshold is None or values.len() < MIN_TO_TUNE or values.len() != rule.decided:
        return None
    middle = values.median()
    upward = values.min() >= rule.threshold  # type: ignore[operator]  # a float column
    halved = round(float(middle), 3)  # type: ignore[arg-type]  # likewise
    left = int(((values >= halved) if upward else (values <= halved)).sum())
    if halved == rule.threshold or left == rule.decided:
        return None
    return Step(
        what=f"Try another limit without reading a text again: at {halved:g} instead of "
        f"{rule.threshold:g}, {rule.code} drops about {left:,} of its {count(rule.decided)}.",
        command=f"curate decide DIR --set {rule.code}.threshold={halved:g}",
    )
