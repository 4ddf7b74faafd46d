"""A rule's examples are its tests: score and decide each with that rule alone.

`python -m curate.policy.examples [DIR...]` tries those of every rule, or of the rules in DIR alone.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from curate.config import Settings
from curate.decide import decide
from curate.errors import CurateError
from curate.ingest import Ingest, Refusal
from curate.policy.catalogue import load_rules
from curate.read import Record
from curate.row import to_frame
from curate.score import Scorer, make_plan
from curate.text.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from curate.policy.rule import Rule


def failures(rule: Rule) -> Iterator[str]:
    """What the examples of a rule promise and the rule does not keep, a line each."""
    for kind, wanted in (("hits", True), ("misses", False)):
        before = 0 if wanted else len(rule.examples.hits)
        for number, example in enumerate(getattr(rule.examples, kind), start=1):
            at = before + number - 1
            measured = {name: said[at] for name, said in rule.examples.measured.items()}
            records = example if isinstance(example, list) else [example]
            if rule.examples.among is not None:
                records = [*rule.examples.among.made(), *records]
            if _hits_last(rule, records, measured) is not wanted:
                found = "is left alone" if wanted else "hits"
                yield f"{rule.code}: examples.{kind}[{number}] {found}"


def _hits_last(rule: Rule, records: list[dict[str, Any]], measured: Mapping[str, float]) -> bool:
    if rule.action == "edit":
        return _edits(rule, records[-1])
    frame = _laid_out(rule, records, "example")
    with _beside(rule) as settings:
        scorer = Scorer(make_plan(rule.reads), {rule.code: rule}, settings)
        scorer.add(frame)
        scores, matches = scorer.finish()
    scores = scores.with_columns(pl.lit(value).alias(name) for name, value in measured.items())
    findings = decide(scores, matches, {rule.code: rule}).findings
    return frame.height - 1 in findings["row"].to_list()


def _laid_out(rule: Rule, records: Iterable[dict[str, Any]], name: str) -> pl.DataFrame:
    ingest = Ingest()
    rows = []
    for line, record in enumerate(records, start=1):
        row, _ = ingest(Record(name, line, orjson.dumps(record), None))
        if isinstance(row, Refusal):
            raise ValueError(f"{rule.code}: an example is no valid record: {row.error}")  # noqa: TRY004 - the data is wrong, not the type
        rows.append(row)
    return to_frame(rows)


@contextmanager
def _beside(rule: Rule) -> Iterator[Settings]:
    """Settings that name the evaluation items or the index of a rule's examples, if it has such."""
    if not rule.examples.against and not rule.examples.indexed:
        yield Settings()
        return
    with TemporaryDirectory() as folder:
        if rule.examples.indexed:
            yield Settings(index=_index(rule, folder))
            return
        items = Path(folder) / "items.jsonl"
        items.write_bytes(b"\n".join(map(orjson.dumps, rule.examples.against)))
        yield Settings(against=(str(items),))


def _index(rule: Rule, folder: str) -> str:
    """An index of the records that the examples say are in it."""
    from curate.dedup.index import to_add
    from curate.signals.shingles import sketches

    frame = _laid_out(rule, rule.examples.indexed, "indexed")
    with to_add(folder) as add:
        add(frame.hstack(sketches(frame)))
    return folder


def _edits(rule: Rule, record: dict[str, Any]) -> bool:
    _, change = Ingest(edits={rule.code: rule})(Record("example", 1, orjson.dumps(record), None))
    return change is not None


def main(folders: list[str]) -> int:
    """Try the examples of the rules, print what fails, and return the exit code."""
    rules = load_rules(folders)
    codes = {file.stem for folder in folders for file in Path(folder).glob("*.yaml")} or set(rules)
    found = [line for code in sorted(codes) for line in failures(rules[code])]
    sys.stdout.writelines(f"{line}\n" for line in found)
    fails = "1 example fails" if len(found) == 1 else f"{len(found)} examples fail"
    sys.stdout.write(f"{count(len(codes), 'rule')}, {fails}\n")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CurateError as error:
        sys.exit(f"curate: {error}")
