"""Check a finished run against its lock, and derive it again from the records it has kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import RuleError
from curate.pipeline import measure, settle
from curate.policy.catalogue import load_own
from curate.policy.choose import chosen_rules
from curate.policy.pack import Own
from curate.read.progress import no_tick
from curate.run import folder as files
from curate.run.facts import stored_records
from curate.run.lock import Lock, is_changed, is_other, read_lock, rule_hash, versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curate.policy.pack import Pack
    from curate.policy.rule import Rule
    from curate.read.progress import Tick


def verify(folder: str | Path, tick: Tick = no_tick) -> list[str]:
    """Check a run folder against its lock, and derive it again from the records it has kept.

    Returns:
        What does not agree, a line each; nothing if all does.
    """
    source = Path(folder)
    lock = read_lock(source)
    found = _changed_files(source, lock) + _changed_inputs(lock) + _changed_folders(lock)
    if any(is_changed(source / name, lock) for name in (files.RECORDS, files.LEDGER)):
        return [*found, "the records themselves changed, so the run can't be derived again"]
    if gone := [one.name for one in lock.measured.against if not Path(one.name).exists()]:
        return [*found, f"{gone[0]}: is not here, so its items can't be compared with again"]
    rules = chosen_rules(lock.settings)
    other_rules = _changed_rules(lock, rules)
    found += other_rules
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        facts = measure(
            stored_records(source),
            lambda: lock.origin,
            chosen_rules(lock.measured.settings),
            lock.measured.settings,
            made,
        )
        again = settle(made, facts, rules, lock.settings, tick)
        found += _derived_otherwise(lock, made)
    if not other_rules:  # which are reason enough
        found += _said_otherwise(lock, again)
    return found


def _changed_files(folder: Path, lock: Lock) -> list[str]:
    there = {path.name for path in folder.iterdir()} - {files.LOCK}
    found = [f"{name}: is missing" for name in sorted(lock.outputs.keys() - there)]
    found += [f"{name}: is not in the lock" for name in sorted(there - lock.outputs.keys())]
    found += [
        f"{name}: changed since the run"
        for name in sorted(there & lock.outputs.keys())
        if is_changed(folder / name, lock)
    ]
    return found


def _changed_inputs(lock: Lock) -> list[str]:
    """Inputs that are still where they were and differ; one that is gone says nothing."""
    return [
        f"{one.name}: is not what the run has read"
        for one in (*lock.origin.inputs, *lock.measured.against)
        if is_other(one)
    ]


def _changed_folders(lock: Lock) -> list[str]:
    """Rules of the user's own that their folders hold otherwise; one that is gone says nothing."""
    was = lock.settings.rules
    if not isinstance(was, Own) or not all(Path(folder).is_dir() for folder in was.folders):
        return []
    try:
        now = load_own(was.folders)
    except RuleError as error:
        return [str(error)]
    pairs = ((was.rules, now.rules, "rule"), (was.packs, now.packs, "pack"))
    return [
        f"{kind} {name}: in {', '.join(was.folders)} it is not what the run has read; "
        f"`curate decide DIR --rules {was.folders[0]}` applies it as it is now"
        for old, new, kind in pairs
        for name in sorted(old.keys() | new.keys())
        if _said(old.get(name)) != _said(new.get(name))
    ]


def _said(one: Rule | Pack | None) -> str | None:
    """A rule or pack as a lock has it: a date in an example is a text there."""
    return None if one is None else one.model_dump_json()


def not_compared(folder: str | Path) -> list[str]:
    """Inputs and folders of rules that are not where the run found them, a line each.

    That is no difference: the run has kept all records and rules that it read, and those are
    what `verify` derives it from.
    """
    lock = read_lock(Path(folder))
    own = lock.settings.rules
    folders = own.folders if isinstance(own, Own) else ()
    names = [one.name for one in lock.origin.inputs]
    return [
        f"{name}: is not here, so it was not compared with what the run has kept; "
        "verify from the folder in which the run was made"
        for name in (*names, *folders)
        if name != "-" and not name.startswith("hf://") and not Path(name).exists()
    ]


def _changed_rules(lock: Lock, rules: Mapping[str, Rule]) -> list[str]:
    now = {code: rule_hash(rule) for code, rule in rules.items()}
    codes = sorted(lock.rules.keys() | now.keys())
    return [
        f"rule {code}: is not what it was in the run"
        for code in codes
        if lock.rules.get(code) != now.get(code)
    ]


def _derived_otherwise(lock: Lock, made: Path) -> list[str]:
    now = versions()
    other = [
        f"{name} {was} -> {now.get(name)}"
        for name, was in lock.versions.items()
        if was != now.get(name)
    ]
    hint = f" (versions differ: {', '.join(other)})" if other else ""
    return [
        f"{path.name}: comes out otherwise when derived again{hint}"
        for path in sorted(made.iterdir())
        if path.name != files.LOCK and is_changed(path, lock)
    ]


def _said_otherwise(lock: Lock, again: Lock) -> list[str]:
    """What the lock itself says that is not so."""
    found = [
        f"{files.LOCK}: {name}: is not what comes out when derived again"
        for name in ("formats", "measured", "counts", "hits", "decided", "suspects")
        if getattr(lock, name) != getattr(again, name)
    ]
    records = sum(again.counts.values())
    if sum(one.records for one in lock.origin.inputs) != records:
        found.append(f"{files.LOCK}: origin: the inputs do not hold the run's {records} records")
    return found
