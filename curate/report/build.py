"""From a finished run folder to a report; nothing else is looked at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.errors import UsageError
from curate.policy.catalogue import load_rules
from curate.policy.choose import chosen_rules
from curate.policy.pack import Own
from curate.report.atlas import atlas, charted, tasks
from curate.report.examples import Examiner
from curate.report.explorer import Explored, explored, explorer
from curate.report.figures import distributions, languages
from curate.report.flow import changes, flow
from curate.report.labels import label_noise
from curate.report.model import Reason, Report, RuleReport
from curate.report.origin import manner, mismatched, synthetic
from curate.report.rows import read_rows, with_before, with_secrets
from curate.report.run import Run, Tables, counts, open_run, spread
from curate.report.steps import next_steps
from curate.text.visible import on_a_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curate.config import Settings
    from curate.policy.rule import Rule

MAX_REASONS = 20
LOT = 1_000  # rows that are shown, and whose manner is measured, where there is no map
# What differs between two messages that mean the same: quoted text, numbers, a value in brackets.
_PARTICULAR = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+|(?<=\()[^()]*(?=\)$)")
_ACTIONS = ("drop", "edit", "flag")  # what costs a row stands first
_Refused = list[tuple[str, pl.DataFrame]]
_Picked = dict[str, list[dict[str, Any]]]


def build(
    folder: str | Path, rules: Mapping[str, Rule] | None = None, tables: Tables | None = None
) -> Report:
    """Read a run folder and say what it says.

    Args:
        folder: a finished run.
        rules: those of the run, where they are at hand; else they are chosen again by its
            settings, and where that fails, for the folders of rules have gone, curate's own.
        tables: those in the folder, where they are at hand: of many rows one copy is enough.

    Raises:
        InputError: no run folder, or a damaged one.
    """
    run = open_run(Path(folder), tables)
    settings = run.lock.settings
    catalogue = _rules_of(settings) if rules is None else rules
    picked = {code: run.picked(code) for code in run.lock.rules}
    refused = _grouped(run.ledger)
    drawn = charted(run)
    lot = run.lot(LOT) if drawn.is_empty() else drawn["position"]
    chosen = explored(run.ledger, run.findings, lot)
    examiner = _examiner(run, catalogue, picked, refused, (chosen, lot))
    reports = [_rule(run, code, catalogue.get(code), examiner, picked[code]) for code in picked]
    reports.sort(key=lambda one: (_ACTIONS.index(one.action), -one.decided, -one.hits, one.code))
    totals, kept = counts(run.ledger), run.in_core()
    shapes = tuple(distributions(run.scores, kept, reports, catalogue))
    spoken = languages(run.scores, kept)
    return Report(
        curate=run.lock.curate,
        pack=settings.pack,
        settings=_told(settings),
        totals=totals,
        scored=run.scores.height,
        flagged=run.flagged(),
        formats=run.lock.formats,
        sources=run.sources(),
        rules=tuple(reports),
        quarantine=tuple(_reasons(refused, examiner)),
        flow=tuple(flow(run.ledger)),
        changes=tuple(changes(run, shapes, spoken)),
        distributions=shapes,
        languages=spoken,
        tasks=tuple(tasks(run)),
        synthetic=synthetic(run),
        manner=manner(examiner.rows, lot, run),
        mismatched=mismatched(run),
        label_noise=label_noise(run, examiner.rules),
        next_steps=tuple(next_steps(totals, reports, run.values, catalogue)),
        atlas=atlas(drawn, run, examiner),
        explorer=explorer(chosen, examiner, [one.code for one in reports]),
    )


def _rules_of(settings: Settings) -> Mapping[str, Rule]:
    try:
        return chosen_rules(settings)
    except UsageError:
        return load_rules()


def _told(settings: Settings) -> dict[str, Any]:
    """The settings that are not the defaults, paths by their last part."""
    said = settings.model_dump(mode="json", exclude_defaults=True, exclude={"pack"})
    if "rules" in said:
        own = settings.rules
        folders = own.folders if isinstance(own, Own) else own
        said["rules"] = [Path(one).name for one in folders]
    return said


def _examiner(
    run: Run,
    catalogue: Mapping[str, Rule],
    picked: _Picked,
    refused: _Refused,
    looks: tuple[Explored, pl.Series],
) -> Examiner:
    """Read the texts of all rows that will be shown, in one pass over the records."""
    chosen, lot = looks
    findings = [one for some in picked.values() for one in some]
    edits = run.edits()
    position = run.positions(
        [*(one["twin"] for one in findings), *chosen.findings["twin"], *chosen.twins, *edits]
    )
    twins = {one["twin"] for one in findings} | set(chosen.twins)
    wanted = set(chosen.texts) | set(lot) | {one["position"] for one in findings}
    wanted |= {position[one] for one in twins if one in position}
    wanted |= {at for _, rows in refused for at in rows["position"][spread(rows.height)]}
    rules = {code: catalogue[code] for code in run.lock.rules if code in catalogue}
    rows = read_rows(run.folder, wanted, run.ledger, run.lock.settings, edits)
    rows = with_secrets(rows, run, rules)
    named = sorted({*wanted, *chosen.positions, *position.values()})
    places = run.ledger[named].select(
        "id", pl.col("source").replace_strict(run.names), "line", "disposition"
    )
    made, before = with_before(rows, edits, position, rules, run.lock.settings)
    return Examiner(made, rules, dict(zip(named, places.rows(), strict=True)), position, before)


def _rule(
    run: Run, code: str, rule: Rule | None, examiner: Examiner, picked: list[dict[str, Any]]
) -> RuleReport:
    found = run.of(code)
    first = picked[0] if picked else {}
    return RuleReport(
        code=code,
        name=rule.name if rule else code,
        what=rule.what if rule else "",
        why=rule.why if rule else "",
        action=rule.action if rule else first.get("action", "flag"),
        severity=rule.severity if rule else first.get("severity", "info"),
        threshold=first.get("threshold", rule.threshold if rule else None),
        column=first.get("column", rule.evidence if rule else None),
        hits=found.height,
        decided=int(found["decides"].sum()),
        share=round(found.height / run.scores.height, 6),
        suspect=code in run.lock.suspects,
        examples=tuple(examiner.example(one) for one in picked),
    )


def _grouped(ledger: pl.DataFrame) -> _Refused:
    """Quarantined records by what is wrong with them, the most frequent first."""
    refused = ledger.filter(pl.col("disposition") == "quarantined").select("position", "value")
    reasons = [_PARTICULAR.sub("…", value or "") for value in refused["value"]]
    parts = refused.with_columns(pl.Series("reason", reasons, dtype=pl.String)).partition_by(
        "reason", as_dict=True, maintain_order=True
    )
    groups = [(str(reason), rows) for (reason,), rows in parts.items()]
    return sorted(groups, key=lambda one: -one[1].height)


def _reasons(refused: _Refused, examiner: Examiner) -> Iterator[Reason]:
    for reason, rows in refused[:MAX_REASONS]:
        some = rows["position"][spread(rows.height)]
        examples = tuple(examiner.quarantined(at) for at in some)
        yield Reason(reason=on_a_line(reason), rows=rows.height, examples=examples)
    rest = refused[MAX_REASONS:]
    if rest:
        records = sum(rows.height for _, rows in rest)
        yield Reason(reason=f"{len(rest)} other reasons", rows=records, examples=())
