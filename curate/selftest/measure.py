"""What the rules say of rows: the measuring and deciding of `curate clean`, leaving nothing."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from curate.decide import decide
from curate.pipeline import measure
from curate.run.lock import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curate.config import Settings
    from curate.policy.rule import Rule
    from curate.read import Record
    from curate.run.facts import Facts


class Seen(NamedTuple):
    """What became of one record.

    Attributes:
        codes: the rules that hit it, the edits too; of a quarantined record why it is that.
        drops: those of them that take it out of the core.
        twin: whether it and another row are told to be alike.
    """

    codes: frozenset[str]
    drops: frozenset[str]
    twin: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is in the core."""
        return not self.drops


def look(
    records: Sequence[Record], rules: Mapping[str, Rule], settings: Settings
) -> tuple[list[Seen], dict[str, float]]:
    """What the rules say of each record; and the rules that hit too many to drop any.

    Raises:
        InputError: not one valid record.
    """
    reads: set[str] = set().union(*(rule.reads for rule in rules.values()))
    with TemporaryDirectory(prefix="curate-") as folder:
        facts = measure(
            records,
            lambda: Origin(inputs=(), layout={}),
            rules,
            settings,
            Path(folder),
            wanted=reads,
        )
    decision = decide(facts.scores, facts.matches, rules)
    found = decision.findings.select("row", "code", "action").iter_rows()
    twins = decision.findings.filter(pl.col("twin").is_not_null())
    alike = {*twins["id"], *twins["twin"]}
    alike_rows = facts.scores["id"].is_in(list(alike)).to_list()
    seen = _by_record(len(records), facts, [*found, *_edits(facts)], alike_rows)
    return seen, decision.suspects


def _edits(facts: Facts) -> list[tuple[int, str, str]]:
    return [(row, code, "edit") for row, code in facts.edits.iter_rows()]


def _by_record(
    count: int, facts: Facts, found: list[tuple[int, str, str]], alike: list[bool]
) -> list[Seen]:
    refused = dict(facts.refused.select("position", "code").iter_rows())
    scored = [position for position in range(count) if position not in refused]
    codes: dict[int, set[str]] = {position: {code} for position, code in refused.items()}
    drops: dict[int, set[str]] = {position: {code} for position, code in refused.items()}
    for row, code, action in found:
        codes.setdefault(scored[row], set()).add(code)
        if action == "drop":
            drops.setdefault(scored[row], set()).add(code)
    twins = {scored[row] for row, is_alike in enumerate(alike) if is_alike}
    return [
        Seen(frozenset(codes.get(at, ())), frozenset(drops.get(at, ())), at in twins)
        for at in range(count)
    ]
