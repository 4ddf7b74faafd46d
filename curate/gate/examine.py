"""Read, validate, measure and decide as `clean` does, and leave nothing behind."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from curate.decide import decide
from curate.errors import UsageError
from curate.gate.config import limits
from curate.gate.figures import FIGURES
from curate.pipeline import measure
from curate.policy.catalogue import load_pack, load_rules
from curate.policy.choose import choose, matches_prefix
from curate.policy.condition import KEYWORDS as NO_COLUMNS
from curate.policy.condition import condition, words
from curate.read.progress import read_all
from curate.report.run import Run, counts
from curate.run.ledger import check_conservation, whole_ledger
from curate.run.lock import Lock, Origin
from curate.run.resolve import resolved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from curate.config import Settings
    from curate.gate.config import Check, Config
    from curate.policy.rule import Rule
    from curate.read import Source
    from curate.read.progress import Tick
    from curate.report.model import Counts
    from curate.run.facts import Facts

CONDITION = "conditions."  # before the name of a condition, where a rule's code would stand


@dataclass(frozen=True)
class Examined:
    """Data that was measured and decided.

    Attributes:
        sources: the inputs, read to their end.
        rules: that were applied, by code.
        own: codes of the pack, or that were selected; the others are there for a limit alone.
        run: what a run folder of the same data would hold, and where its records are. Among the
            findings are records that are no rows, and rows for which a condition of the config
            holds; each has the `source` and `line` of its row.
        counts: records by disposition.
    """

    sources: Sequence[Source]
    rules: Mapping[str, Rule]
    own: frozenset[str]
    run: Run
    counts: Counts

    @property
    def scores(self) -> pl.DataFrame:
        """A row a valid record."""
        return self.run.scores

    def of(self, code: str) -> pl.DataFrame:
        """The findings of one code in input order."""
        return self.run.of(code)

    def count(self, code: str) -> int:
        """How many rows a code hits."""
        return self.of(code).height


@contextmanager
def examined(sources: Sequence[Source], config: Config, tick: Tick) -> Iterator[Examined]:
    """Measure and decide what these sources hold, in a folder that goes when the block ends.

    Raises:
        UsageError: settings that select nothing, or name what is not there.
        InputError: a source that can't be read at all, or not one valid record.
    """
    settings = resolved(config.settings)
    rules, own = chosen(config.check, settings)
    wanted = _columns(config.check).union(*(rule.reads for rule in rules.values()))
    with TemporaryDirectory(prefix="curate-") as name:
        folder = Path(name)
        facts = measure(
            read_all(sources, tick),
            lambda: Origin(inputs=(), layout={}),
            rules,
            settings,
            folder,
            wanted=wanted,
            lasting=False,
        )
        decision = decide(facts.scores, facts.matches, {code: rules[code] for code in own})
        others = {code: rule for code, rule in rules.items() if code not in own}
        also = decide(facts.scores, facts.matches, others).findings
        ledger = whole_ledger(decision.ledger, facts.refused)
        check_conservation(ledger, facts.scores.height + facts.refused.height)
        ledger = ledger.with_row_index("position")
        found = [decision.findings, also, *_held(facts.scores, config.check)]
        findings = _placed(pl.concat(found, how="diagonal"), ledger)
        run = _run(folder, facts, ledger, findings)
        yield Examined(sources, rules, frozenset(own), run, counts(ledger))


def _run(folder: Path, facts: Facts, ledger: pl.DataFrame, findings: pl.DataFrame) -> Run:
    """What was examined as the report reads it, without the files of a run folder."""
    lock = Lock(
        versions={}, settings=facts.measured.settings, origin=facts.origin, formats=facts.formats,
        rules={}, measured=facts.measured, counts={}, hits={}, decided={}, suspects={},
    )  # fmt: skip
    names = {name: name for name in ledger["source"].unique()}
    by_code = findings.partition_by("code", as_dict=True)
    return Run(folder, lock, ledger, findings, facts.scores, names, by_code)


def chosen(check: Check, settings: Settings) -> tuple[dict[str, Rule], list[str]]:
    """The rules of a check, and the codes of those that its pack or selection brings.

    A rule that a limit names, or a figure counts, is applied though the pack leaves it out.

    Raises:
        UsageError: a selection of rules that only mend, or of none where no limit is listed.
    """
    catalogue = load_rules(settings.rules)
    pack = load_pack(settings.pack, settings.rules)
    how = {"thresholds": settings.thresholds, "actions": settings.actions}
    base = choose(catalogue, pack, select=settings.select, ignore=settings.ignore, **how)  # type: ignore[arg-type]  # as the settings hold them
    base = {code: rule for code, rule in base.items() if rule.action != "edit"}
    judging = {code: rule for code, rule in catalogue.items() if rule.action != "edit"}
    _check_some(check, settings, base, judging)
    named = {code for name in check.rules for code in speaks_for(name, judging, base)}
    families = [family for name in check.figures if (family := FIGURES[name].family)]
    named |= {
        code
        for code, rule in judging.items()
        if rule.severity != "info" and any(matches_prefix(code, one) for one in families)
    }
    named -= base.keys()
    extra = choose(catalogue, pack, select=sorted(named), **how) if named else {}  # type: ignore[arg-type]  # likewise
    extra = {code: extra[code] for code in named}  # a code takes those that it begins, too
    return dict(sorted({**extra, **base}.items())), list(base)


def _check_some(
    check: Check, settings: Settings, base: Collection[str], judging: Iterable[str]
) -> None:
    """Refuse a check that would pass for want of anything to look for."""
    codes = list(judging)
    for one in settings.select:
        if not any(matches_prefix(code, one) for code in codes):
            raise UsageError(
                f"--select {one}: mends rows and finds no fault; select the rule that reports it"
            )
    if not base and next(limits(check), None) is None:
        raise UsageError("no rule is left to check by, and no limit is listed; ignore fewer")


def speaks_for(name: str, rules: Iterable[str], taken: Collection[str]) -> list[str]:
    """The rules that a limit of this name is about.

    Args:
        name: a code: that rule alone; or a family: those of it that the check takes anyway, and
            if it takes none, all.
        rules: codes of all rules that judge.
        taken: codes of the pack or of the selection.
    """
    if name in rules:
        return [name]
    family = [code for code in rules if matches_prefix(code, name)]
    return [code for code in family if code in taken] or family


def _columns(check: Check) -> set[str]:
    """The columns that limits look at."""
    conditions = [one.when for one in check.conditions.values()]
    conditions += [when for name in check.figures if (when := FIGURES[name].when)]
    read = {word for when in conditions for word in words(when) if word not in NO_COLUMNS}
    return {*check.columns, *read}


def _held(scores: pl.DataFrame, check: Check) -> Iterator[pl.DataFrame]:
    """Findings of the conditions and of the figures that are conditions."""
    asked = {f"{CONDITION}{name}": one.when for name, one in check.conditions.items()}
    asked |= {f"figures.{name}": when for name in check.figures if (when := FIGURES[name].when)}
    for code, when in asked.items():
        read = list(dict.fromkeys(word for word in words(when) if word not in NO_COLUMNS))
        rows = scores.with_row_index("row").filter(condition(when, scores.columns))
        said = [pl.format(f"{name} {{}}", pl.col(name).cast(pl.String)) for name in read]
        yield rows.select(
            "row",
            "id",
            pl.lit(code).alias("code"),
            pl.lit("flag").alias("action"),
            pl.concat_str(said, separator=", ", ignore_nulls=True).alias("value"),
            _twin(read, rows).alias("twin"),
        )


def _twin(read: Sequence[str], rows: pl.DataFrame) -> pl.Expr:
    """The other row, where a condition looks at duplicates."""
    pairs = [name for name in read if name.endswith("_duplicate_of") and name in rows.columns]
    return pl.coalesce(*pairs) if pairs else pl.lit(None, pl.String)


def _placed(findings: pl.DataFrame, ledger: pl.DataFrame) -> pl.DataFrame:
    """Findings with the place of their rows; records that are no rows are findings too."""
    refused = ledger.filter(pl.col("disposition") == "quarantined").select("id", "code", "value")
    span = pl.struct("turn", "start", "end").alias("span")
    both = pl.concat([findings, refused.with_columns(action=pl.lit("drop"))], how="diagonal")
    places = ledger.select("id", "position", "source", "line", "disposition")
    return (
        both.with_columns(span)
        .drop("row", "turn", "start", "end")
        .join(places, on="id", how="left", maintain_order="left")
        .sort("position", maintain_order=True)
    )
