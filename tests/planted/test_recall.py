"""What must be found in planted files, and what must be left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.planted.expected import floor
from tests.planted.generate import (
    ALPACA,
    CHAT,
    CHAT_FURTHER,
    FURTHER,
    LINES,
    Planted,
    generate,
    indented,
)
from tests.planted.measure import Outcome, clean, found, outcomes, right_lines
from tests.planted.table import HERE, WORDS

if TYPE_CHECKING:
    from pathlib import Path

# Wordings, seed, classes, file type: each format in both file types, and in other words too.
FILES = [
    *(
        (form, words, seed, part, ".jsonl")
        for form in LINES
        for words, seed, part in (("known", 7, "bar"), ("held-out", 1009, "all"))
    ),
    *((form, "known", 11, "all", ".json") for form in LINES),
    *((form, "known", 13, "bar", ".pretty.json") for form in LINES),
]

pytestmark = pytest.mark.slow


class Measured(NamedTuple):
    """A planted file and what came of its lines."""

    planted: Planted
    seen: dict[int, Outcome]
    run: Path
    words: str
    pretty: bool


@pytest.fixture(scope="module", params=FILES, ids=lambda one: "-".join(map(str, one)))
def measured(request, tmp_path_factory):
    form, words, seed, part, suffix = request.param
    bar, further = (ALPACA, FURTHER) if form == "alpaca" else (CHAT, CHAT_FURTHER)
    defects = bar if part == "bar" else bar + further
    total = LINES[form] if part == "bar" else None
    planted = generate(form, seed, defects=defects, total=total, **WORDS[words])
    folder = tmp_path_factory.mktemp("planted")
    path = planted.write(folder / f"planted{suffix}")
    done = clean(path, folder / "run")
    assert done.code == 0, done.stderr
    run = folder / "run"
    return Measured(planted, outcomes(run), run, words, "pretty" in suffix)


def test_the_bar_of_every_class_is_reached(measured):
    short = {
        defect: f"{sum(hits)} of {len(hits)}, wanted {floor(defect, measured.words)}"
        for defect, hits in found(measured.planted, measured.seen).items()
        if sum(hits) < floor(defect, measured.words)
    }
    assert not short


def test_no_right_row_is_dropped_or_called_wrong(measured):
    alarms = {
        line: (measured.seen[line], measured.planted.lines[line - 1][:200])
        for line in sorted(right_lines(measured.planted))
        if measured.seen[line].alarm
    }
    assert not alarms


def test_every_line_is_accounted_for(measured):
    assert sorted(measured.seen) == list(range(1, len(measured.planted.lines) + 1))


def test_one_of_two_copies_stays(measured):
    pairs = [
        (one["line"], one["partner"])
        for one in measured.planted.truth
        if one["defect"] in {"exact", "normalised", "near"}
    ]
    assert pairs
    assert [pair for pair in pairs if all(measured.seen[line].lost for line in pair)] == []


def test_kept_rows_are_byte_identical_and_in_order(measured):
    core = next(measured.run.glob("core.*"))
    kept = [
        line
        for number, line in enumerate(measured.planted.lines, start=1)
        if not measured.seen[number].lost
    ]
    if core.suffix == ".jsonl":
        assert core.read_text("utf-8").splitlines() == kept
    else:
        text, place = core.read_text("utf-8"), 0
        for line in kept:
            element = indented(line).strip() if measured.pretty else line
            place = text.find(element, place)
            assert place >= 0, line


@pytest.mark.parametrize("form", LINES)
@pytest.mark.parametrize("more", ["held_out_negatives", "more_negatives"])
def test_a_file_without_a_fault_passes_whole(form, more, tmp_path):
    planted = generate(form, 23, defects=(), total=400, negatives=HERE / f"{more}.yaml", right=None)
    done = clean(planted.write(tmp_path / "clean.jsonl"), tmp_path / "run")
    assert done.code == 0
    seen = outcomes(tmp_path / "run")
    assert {line: one for line, one in seen.items() if one.alarm} == {}
    assert (tmp_path / "run" / "core.jsonl").read_text("utf-8").splitlines() == planted.lines
