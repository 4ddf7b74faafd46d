"""Runs `curate clean` by its command line, and reads what the run folder says of every line."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from tests.planted.expected import belongs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planted.generate import Planted

LOST = ("dropped", "quarantined")


@dataclass
class Outcome:
    """What became of one line.

    Attributes:
        disposition: kept, edited, dropped or quarantined.
        findings: `(code, severity)` of each.
    """

    disposition: str
    findings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def lost(self) -> bool:
        """Whether the row is out of the core."""
        return self.disposition in LOST

    @property
    def alarm(self) -> bool:
        """Whether a right row should not look like this."""
        return self.lost or any(severity == "error" for _, severity in self.findings)


class Done(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def curate(*arguments: str | Path) -> Done:
    """Run the command line, in this process: a new one takes a second to import polars."""
    from curate.cli import main

    out, err, code = StringIO(), StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["curate", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def clean(path: Path, out: Path, *options: str) -> Done:
    """`curate clean`, quietly."""
    return curate("clean", path, "-o", out, "--quiet", *options)


def outcomes(run: Path) -> dict[int, Outcome]:
    """Line (or position) -> what became of it, from ledger and findings."""
    ledger = pl.read_parquet(run / "ledger.parquet")
    found = {one["id"]: (one["line"], Outcome(one["disposition"])) for one in ledger.to_dicts()}
    for one in pl.read_parquet(run / "findings.parquet").to_dicts():
        found[one["id"]][1].findings.append((one["code"], one["severity"]))
    made = dict(found.values())
    assert len(made) == ledger.height, "two ledger rows for one line"
    return made


def found(planted: Planted, seen: dict[int, Outcome]) -> dict[str, list[bool]]:
    """Class -> whether each of its rows was found; of two copies either may be the one."""
    result: dict[str, list[bool]] = {}
    for one in planted.truth:
        defect = one["defect"]
        if defect == "clean":
            continue
        lines = [one["line"]] + ([one["partner"]] if "partner" in one else [])
        hits = [seen[one["line"]].lost] + [
            belongs(code, defect) for line in lines for code, _ in seen[line].findings
        ]
        result.setdefault(defect, []).append(any(hits))
    return result


def right_lines(planted: Planted) -> set[int]:
    """The lines with nothing wrong: base rows that no planted copy belongs to, hard negatives.

    Of two copies either may be the one that goes: the better stays, not the first.
    """
    wrong = {one["line"] for one in planted.truth if one["defect"] != "clean"}
    copied = (one for one in planted.truth if one["defect"] in {"exact", "normalised", "near"})
    wrong |= {one["partner"] for one in copied}
    return set(range(1, len(planted.lines) + 1)) - wrong
