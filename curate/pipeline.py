"""The whole flow on one page: read, validate, score, decide, write.

    measure   records -> facts: what stands in each row, and which records are none
    settle    facts + rules -> one disposition a record, and the files of the run folder

A new decision starts at `settle`; checking a run starts over from the records it kept.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from curate import embed, report
from curate.config import IndexAt, Settings
from curate.decide import FINDINGS, decide
from curate.errors import InputError, OutputError, UsageError
from curate.ingest import Ingest, Refusal
from curate.lm import NONE
from curate.models import fingerprints
from curate.policy.catalogue import load_pack
from curate.policy.choose import chosen_rules
from curate.read.memory import open_data
from curate.read.progress import no_tick, read_all
from curate.registry import makers, plan
from curate.row import BASE_SCHEMA, to_frame
from curate.run import folder as files
from curate.run.batches import BATCH_ROWS, nothing_valid
from curate.run.facts import (
    Facts,
    edit_frame,
    json_line,
    load_facts,
    refused_frame,
    stored_edits,
    stored_records,
    write_facts,
)
from curate.run.intake import Intake
from curate.run.ledger import check_conservation, whole_ledger
from curate.run.lock import (
    InputFacts,
    Lock,
    Measured,
    Origin,
    check_unchanged,
    is_other,
    match_hash,
    read_lock,
    rule_hash,
    versions,
)
from curate.run.resolve import resolved
from curate.run.store import QUICK, SMALL, read_store
from curate.score import Scorer, make_plan, unique_ids
from curate.write import Writer, layout_of, open_core

if TYPE_CHECKING:
    from datasets import Dataset

    from curate.policy.rule import Rule
    from curate.read import Record, Source
    from curate.read.progress import Tick

Say = Callable[[str], None]
# Columns that others rely on, though no rule of the default pack and no chart reads them.
PROMISED = frozenset({"knowledge_score"})


def no_say(_line: str) -> None:
    """Tell nobody."""


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Keep the collector of cycles from looking through 30,000 rows again and again.

    Records and rows refer to nothing that refers to them; the looking costs 1 CPU-s in 8.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def clean(
    inputs: str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame | Dataset,
    folder: str | Path,
    settings: Settings | None = None,
    *,
    force: bool = False,
    tick: Tick = no_tick,
    say: Say = no_say,
) -> Lock:
    """Pare inputs down to a clean core and write the run folder.

    Args:
        inputs: one or several files, folders, globs, `hf://NAME[:SPLIT]`, `-` for standard input;
            or a polars frame, or a `datasets.Dataset`.
        folder: the run folder to make.
        settings: what to do; by default the default pack.
        force: replace a run that stands there.
        tick: called with stage, done and total (bytes or rows) as the work goes on.
        say: called with what the user should know of an index, a line each.

    Raises:
        UsageError: settings that select nothing, or name what is not there.
        InputError: an input that can't be read at all, or holds no valid record.
        OutputError: a folder that can't be written.
    """
    from curate.dedup.index import telling

    asked = settings or Settings()
    with telling(Path(folder), asked.index, say) as told:
        settings = resolved(asked.model_copy(update={"index": told.at}))
        rules = chosen_rules(settings)
        _check_asked(settings, rules)
        _check_embedder(settings, rules)
        sources = open_data(inputs)
        names = [_storable(source.name) for source in sources]
        draft = files.draft(Path(folder), force=force, inputs=names)
        with told.when_published(), draft as made:
            origin = partial(_origin, sources)
            facts = measure(read_all(sources, tick), origin, rules, settings, made)
            lock = settle(made, facts, rules, settings, tick)
            told.prepare(partial(_left, facts, rules, made))
        return lock


def _left(facts: Facts, rules: Mapping[str, Rule], made: Path) -> pl.DataFrame:
    """The sketches of the rows that a run keeps."""
    from curate.dedup.index import COLUMNS

    known = facts.sketches
    if known is None or not set(COLUMNS) <= set(known.columns):
        known = _sketched(facts, rules, made)
    ledger = files.read_table(made / files.LEDGER, ["id", "disposition"])
    kept = ledger.filter(pl.col("disposition").is_in(["kept", "edited"]))
    return known.join(kept.select("id"), on="id", how="semi", maintain_order="left")


def _sketched(facts: Facts, rules: Mapping[str, Rule], made: Path) -> pl.DataFrame:
    """The sketches of all rows, of which a decision measures nothing, from their stored texts."""
    from curate.dedup.index import COLUMNS
    from curate.signals.shingles import sketches

    was = facts.measured.settings
    edits = {code: rules[code] for code in facts.measured.edits}
    ingest = Ingest(was.format, was.map, edits, was.label_field)
    records = stored_records(made)
    parts = []
    while some := list(islice(records, BATCH_ROWS)):
        rows = [one for one, _ in map(ingest, some) if not isinstance(one, Refusal)]
        if rows:
            frame = to_frame(rows)
            parts.append(frame.hstack(sketches(frame)).select(COLUMNS))
    frame = pl.concat(parts, rechunk=True)
    return frame.with_columns(unique_ids(frame["id"]))


def _check_asked(settings: Settings, rules: Mapping[str, Rule]) -> None:
    """Refuse evaluation items that no rule would compare with anything."""
    read: set[str] = set().union(*(rule.reads for rule in rules.values()))
    if settings.against and not any("against" in one.settings for one in plan(read)):
        raise UsageError(
            f"--against {settings.against[0]}: no rule of this run compares rows with evaluation "
            "items; add contamination to --select, or to the pack"
        )
    if settings.index is not None and not any("index" in one.settings for one in plan(read)):
        raise UsageError(
            "--index: no rule of this run compares rows with an index; add duplicate-indexed to "
            "--select, or to the pack"
        )
    if settings.lm != NONE and not any(
        "lm" in one.settings for one in plan(_wanted(rules, settings))
    ):
        raise UsageError(
            f"--lm {settings.lm}: no rule of this run reads what a language model measures; add "
            "mismatch-instruction to --select, or to the pack"
        )


def _check_embedder(settings: Settings, rules: Mapping[str, Rule]) -> None:
    """Refuse a run whose rules all read what an embedder makes, where there is none."""
    if settings.embedder == embed.NONE and rules and all(map(_reads_vectors, rules.values())):
        raise UsageError(
            f"--embedder none: {', '.join(list(rules)[:3])} can find nothing without embeddings, "
            "and no other rule is left; run `clean` without that option, or select further rules"
        )


def _reads_vectors(rule: Rule) -> bool:
    return any("embedder" in one.settings for one in plan(rule.reads))


def _storable(name: str) -> str:
    """The name of a source, if it can stand in a ledger.

    Raises:
        InputError: it is no text.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name}: the file's name is not UTF-8; rename it") from None
    return name


def decide_again(
    folder: str | Path,
    settings: Settings,
    out: str | Path | None = None,
    *,
    force: bool = False,
    tick: Tick = no_tick,
    say: Say = no_say,
) -> Lock:
    """Decide a finished run anew, in place or into another folder.

    Stored scores are used where they are enough; where the new choice of rules needs something
    that was not measured, or other versions measured it, all is measured again from the records
    that the run has kept.

    A run that is in an index is compared with what that holds now, but for its own rows, and the
    index learns what the run keeps. Written into another folder it is a trial: compared likewise,
    and in no index.
    """
    from curate.dedup.index import telling

    source = Path(folder)
    target = source if out is None else Path(out)
    lock = read_lock(source)
    index = settings.index
    if isinstance(index, IndexAt) and target.resolve() != source.resolve():
        index = index.model_copy(update={"member": False})
    check_unchanged(source, lock, (*files.FACTS, files.LEDGER))
    with telling(target, index, say) as told:
        settings = resolved(settings.model_copy(update={"index": told.at}))
        rules = chosen_rules(settings)
        _check_embedder(settings, rules)
        draft = files.draft(target, force=out is None or force)
        with told.when_published(), draft as made:
            facts = load_facts(source, lock)
            if lock.is_by_these_versions() and _is_measured(facts, settings, rules):
                files.link_facts(source, made)
            else:
                facts = measure(stored_records(source), lambda: lock.origin, rules, settings, made)
            after = settle(made, facts, rules, settings, tick)
            told.prepare(partial(_left, facts, rules, made))
        return after


def report_again(folder: str | Path) -> Lock:
    """Build the report of a finished run anew."""
    source = Path(folder)
    lock = read_lock(source)
    kept = [name for name in lock.outputs if name not in files.REPORTS]
    check_unchanged(source, lock, kept)
    with files.draft(source, force=True) as made:
        for name in kept:
            files.link(source / name, made / name)
        lock.write(made)  # not a link, as it is written once more
        report.write(report.build(made), made)
        return lock.write(made)


# --- measure ------------------------------------------------------------------------------------


@_no_cycles()
def measure(
    records: Iterable[Record],
    origin: Callable[[], Origin],
    rules: Mapping[str, Rule],
    settings: Settings,
    made: Path,
    *,
    wanted: Iterable[str] | None = None,
    lasting: bool = True,
) -> Facts:
    """Validate and score all records, and write what a later decision needs into `made`.

    Args:
        records: in input order, unreadable ones included.
        origin: where they come from, asked when all have been read.
        rules: what will be decided by.
        settings: how to read.
        made: the draft of the run folder.
        wanted: the columns to measure; by default what the rules and the report read.
        lasting: whether `made` outlives the process, and so had better be small.

    Raises:
        InputError: not one valid record.
    """
    edits = {code: rule for code, rule in rules.items() if rule.action == "edit"}
    against = _against(settings)
    columns = set(_wanted(rules, settings) if wanted is None else wanted)
    models = fingerprints(settings, {one.name for one in plan(columns)})
    ingest = Ingest(settings.format, settings.map, edits, settings.label_field)
    intake = Intake(ingest, made, SMALL if lasting else QUICK)
    scorer = Scorer(make_plan(columns), rules, settings, made)
    for rows in intake.batches(records):
        scorer.add(to_frame(rows, scorer.base))
    ingest.check_map()
    if not intake.height:
        raise InputError(nothing_valid([one for _, one in intake.refused]))
    scores, matches = scorer.finish()
    facts = Facts(
        scores,
        matches,
        edit_frame(intake.edited),
        refused_frame(intake.refused, scores["id"]),
        dict(sorted(ingest.formats.items())),
        origin(),
        _measured(settings, rules, against, models),
        scorer.sketches,
    )
    write_facts(made, facts)
    return facts


def _measured(
    settings: Settings,
    rules: Mapping[str, Rule],
    against: tuple[InputFacts, ...],
    models: Mapping[str, str],
) -> Measured:
    """What these facts answer."""
    return Measured(
        settings=settings,
        patterns={code: match_hash(rule) for code, rule in rules.items() if rule.match},
        edits=tuple(code for code, rule in rules.items() if rule.action == "edit"),
        against=against,
        models=models,
    )


def _against(settings: Settings) -> tuple[InputFacts, ...]:
    """The files of evaluation items, read before all else, as one may not be there."""
    if not settings.against:
        return ()
    from curate.dedup.against import load

    return tuple(InputFacts(**one._asdict()) for one in load(settings.against, anew=True).files)


def _wanted(rules: Mapping[str, Rule], settings: Settings) -> set[str]:
    """The columns that the rules read, and those that the report shows or all there are.

    Who selects rules by hand selects the work: the report then shows what there is. Who leaves
    out the embedder wants a quick run, and gets what rules and report read.
    """
    made = set(makers())
    if load_pack(settings.pack, settings.rules).every_signal:
        return made
    read: set[str] = set().union(*(rule.reads for rule in rules.values()))
    if settings.select:
        return read
    promised = PROMISED if settings.embedder != embed.NONE else frozenset()
    return read | (made & {*report.COLUMNS, *promised})


def _origin(sources: Sequence[Source]) -> Origin:
    inputs = [
        InputFacts(name=one.name, sha256=one.sha256 or "", bytes=one.size or 0, records=one.records)
        for one in sources
    ]
    return Origin(inputs=tuple(inputs), layout=layout_of(sources))


def _is_measured(facts: Facts, settings: Settings, rules: Mapping[str, Rule]) -> bool:
    """Whether the stored facts answer everything that these rules ask."""
    was = facts.measured
    same_rows = (was.settings.format, was.settings.map) == (settings.format, settings.map)
    same_edits = {code for code, rule in rules.items() if rule.action == "edit"} == set(was.edits)
    patterns = all(
        was.patterns.get(code) == match_hash(rule) for code, rule in rules.items() if rule.match
    )
    read: set[str] = set().union(*(rule.reads for rule in rules.values()))
    known = {*facts.scores.columns, *BASE_SCHEMA}
    asked = {name for one in plan(read & known) for name in one.settings}
    same_asked = all(_answered(was.settings, name) == _answered(settings, name) for name in asked)
    same_asked &= "against" not in asked or not any(map(is_other, was.against))
    # Large models are known by their names here: to look at their weights would take seconds.
    small = {one.name for one in plan(read & known)} - {"vectors", "second_opinion"}
    heads = fingerprints(settings, small)
    same_asked &= heads.items() <= dict(was.models).items()
    return same_rows and same_edits and patterns and read <= known and same_asked


def _answered(settings: Settings, name: str) -> object:
    """A setting as far as it changes what is measured: not whether an index learns of the run."""
    value = getattr(settings, name)
    return value.model_copy(update={"member": True}) if isinstance(value, IndexAt) else value


# --- settle -------------------------------------------------------------------------------------


@_no_cycles()
def settle(
    made: Path, facts: Facts, rules: Mapping[str, Rule], settings: Settings, tick: Tick = no_tick
) -> Lock:
    """Decide every record and write core, dropped, findings, ledger, lock and report."""
    decision = decide(facts.scores, facts.matches, rules, _edit_findings(facts, rules))
    ledger = whole_ledger(decision.ledger, facts.refused)
    counts = check_conservation(ledger, facts.scores.height + facts.refused.height)
    with open_core(made, facts.origin.layout, settings) as core:
        _write_rows(made, ledger, decision.findings, core, tick)
    findings = _published(decision.findings)
    findings.write_parquet(made / files.FINDINGS)
    ledger.write_parquet(made / files.LEDGER)
    lock = Lock(
        versions=versions(),
        settings=settings,
        origin=facts.origin,
        formats=facts.formats,
        rules={code: rule_hash(rule) for code, rule in rules.items()},
        measured=facts.measured,
        counts=counts,
        hits=_count(decision.findings),
        decided=_count(ledger.filter(pl.col("disposition") == "dropped")),
        suspects=decision.suspects,
    )
    lock.write(made)
    tables = report.Tables(ledger, findings, facts.scores)
    report.write(report.build(made, rules, tables), made)
    return lock.write(made)


def _edit_findings(facts: Facts, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """The edits as findings, so that the ledger shows them."""
    severity = {code: rule.severity for code, rule in rules.items()}
    edits = facts.edits.with_columns(
        facts.scores["id"].gather(facts.edits["row"]).alias("id"),
        pl.lit("edit").alias("action"),
        pl.col("code").replace_strict(severity, return_dtype=pl.String).alias("severity"),
    )
    return pl.concat([pl.DataFrame(schema=FINDINGS), edits], how="diagonal")


def _published(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings as others read them: by id, with the place in the text as one column."""
    span = pl.struct("turn", "start", "end").alias("span")
    return findings.select(pl.exclude("row", "turn", "start", "end"), span)


def _count(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("code").len().sort("code").iter_rows())


def _write_rows(
    made: Path, ledger: pl.DataFrame, findings: pl.DataFrame, core: Writer, tick: Tick
) -> None:
    """Core and dropped rows, in input order, from the bytes that were read."""
    reasons = _reasons(findings)
    edits = {one["id"]: one["after"].encode() for one in stored_edits(made)}
    columns = ledger.select("id", "source", "line", "disposition", "twin")
    rows = zip(read_store(made / files.RECORDS), columns.iter_rows(), strict=True)
    with (made / files.DROPPED).open("wb") as dropped:
        for position, (raw, (own, source, line, disposition, twin)) in enumerate(rows):
            if disposition in {"kept", "edited"}:
                try:
                    core.write(edits.get(own, raw))
                except OutputError as error:
                    raise OutputError(f"{source}:{line}: {error}") from None
            elif disposition == "dropped":
                why = reasons[own] | {"twin": twin, "raw": raw.decode()}
                dropped.write(json_line({"id": own, "source": source, "line": line} | why))
            tick("write", position + 1, ledger.height)


def _reasons(findings: pl.DataFrame) -> dict[str, dict[str, list[str]]]:
    """Id -> the codes that drop the row and what each of them saw, in words."""
    drops = findings.filter(pl.col("action") == "drop").select("id", "code", "column", "value")
    made: dict[str, dict[str, list[str]]] = {}
    for own, code, column, value in drops.iter_rows():
        why = made.setdefault(own, {"codes": [], "reasons": []})
        why["codes"].append(code)
        seen = f" = {value}" if column else f": {value}" if value else ""
        why["reasons"].append(f"{code}{f' ({column}{seen})' if column else seen}")
    return made
