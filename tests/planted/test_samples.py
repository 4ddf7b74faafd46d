"""sample_data: that it is what make.py makes, and that its truth is told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.planted.expected import BAR, FURTHER_BAR, belongs
from tests.planted.generate import SAMPLES, planting
from tests.planted.measure import clean, outcomes

FILES = ("alpaca.jsonl", "sharegpt.jsonl", "chatml.jsonl")


def truth(name):
    lines = (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines()
    return [one for one in map(json.loads, lines) if one["file"] == name]


def test_make_makes_what_is_committed():
    call = [sys.executable, SAMPLES / "make.py", "--check"]
    done = subprocess.run(call, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_an_origin_and_a_licence(name):
    origins = [
        one
        for one in map(json.loads, (SAMPLES / "origins.jsonl").read_text("utf-8").splitlines())
        if one["file"] == name
    ]
    rows = (SAMPLES / name).read_text("utf-8").splitlines()
    assert [one["line"] for one in origins] == list(range(1, len(rows) + 1))
    licences = {held["licence"] for one in origins for held in one["from"]}
    assert licences <= {"Apache-2.0", "MIT", "CC0-1.0"}


def test_every_base_row_says_where_it_comes_from():
    for one in planting.load_base():
        assert one["origin"]
        assert one["at"]
        assert one["licence"] in {"Apache-2.0", "MIT", "CC0-1.0"}


@pytest.mark.parametrize("name", FILES)
def test_the_planted_rows_are_found_and_the_right_ones_kept(name, tmp_path):
    done = clean(SAMPLES / name, tmp_path / "run")
    assert done.code == 0, done.stderr
    seen = outcomes(tmp_path / "run")
    missed = [
        one
        for one in truth(name)
        if one["defect"] != "clean"
        and (BAR | FURTHER_BAR)[one["defect"]]
        and not seen[one["line"]].lost
        and not any(belongs(code, one["defect"]) for code, _ in seen[one["line"]].findings)
    ]
    assert missed == []
    wrong = {one["line"] for one in truth(name) if one["defect"] != "clean"}
    assert {line: one for line, one in seen.items() if one.alarm and line not in wrong} == {}
