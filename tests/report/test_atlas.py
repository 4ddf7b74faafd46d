"""The map and the tasks of a report: every row with a place counts once, and no secret is shown."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode

import pytest

from curate import report
from curate.report import atlas
from curate.report.html import html
from tests.signals.test_tasks import asked

MAIL = "jane.roe@mail-works.org"
ROWS = [
    *({"instruction": one, "input": "", "output": f"Answer {at}, in words enough."}
      for at, one in enumerate(asked(150))),
    {"instruction": f"Write to {MAIL} about the soup.", "input": "", "output": "Dear Jane."},
    {"instruction": "Give me a recipe for soup", "input": "", "output": ""},
    {"instruction": "", "input": "", "output": ""},
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(clean):
    return clean(ROWS)


def points(built):
    return json.loads(gzip.decompress(b64decode(built.atlas.packed)))


def test_every_row_with_a_place_is_a_point(folder):
    built = report.build(folder)
    found = points(built)
    assert built.atlas.points == built.atlas.rows == len(found) == 152
    assert sum(built.atlas.states.values()) == 152
    for state, name in enumerate(atlas.STATES):
        assert sum(one[2] == state for one in found) == built.atlas.states.get(name, 0)
    assert built.atlas.states["dropped"] >= 1
    (_, whole), *kinds = built.atlas.table
    assert whole == (*built.atlas.states.values(), *built.atlas.copies.values())
    assert tuple(map(sum, zip(*(counts for _, counts in kinds), strict=True))) == whole
    assert all(0 <= one[0] <= 1 and 0 <= one[1] <= 1 for one in found)
    assert any(one[6].startswith("Give me a recipe") for one in found)


def test_no_point_shows_a_secret(folder):
    said = [one[6] for one in points(report.build(folder)) if one[6] and "about the soup" in one[6]]
    assert len(said) == 1
    assert MAIL not in said[0]
    assert MAIL not in html(report.build(folder))


def test_points_know_how_many_rows_are_copies_of_each_other(clean):
    twice, often = ({"instruction": f"Name {one}.", "input": "", "output": f"{one} it is, by name."}
                    for one in ("a lake", "a river"))  # fmt: skip
    built = report.build(clean([*ROWS, twice, twice, *[often] * 12]))
    assert built.atlas.copies == {"like no other": 152, "in a pair": 2, "of 10 or more": 12}
    by = [[one[6] for one in points(built) if one[4] == at] for at in range(len(atlas.COPIES))]
    assert by[1] == ["Name a lake."] * 2
    assert by[3] == ["Name a river."] * 12


def test_a_large_map_is_a_sample_and_says_so(folder, monkeypatch):
    monkeypatch.setattr(atlas, "MAX_POINTS", 60)
    built = report.build(folder)
    assert len(points(built)) == built.atlas.points == 60
    assert "60 rows of 152, drawn by lot" in html(built)
    assert built.atlas.packed == report.build(folder).atlas.packed


def test_the_tasks_add_up(folder):
    built = report.build(folder)
    assert sum(one.rows for one in built.tasks) == 152
    assert sum(one.core for one in built.tasks) <= built.totals.kept + built.totals.edited
    assert [one.rows for one in built.tasks] == sorted(one.rows for one in built.tasks)[::-1]
    assert sum(one.share for one in built.tasks) == pytest.approx(1, abs=1e-5)
    assert {one.name for one in built.tasks} >= set(built.atlas.tasks)


@pytest.mark.parametrize(("rows", "settings"), [(ROWS, {"embedder": "none"}), (ROWS[:20], {})])
def test_where_nothing_has_a_place_there_is_no_map(clean, rows, settings):
    built = report.build(clean(rows, **settings))
    assert built.atlas is None
    assert built.tasks == ()
    page = html(built)
    assert 'id="map"' not in page
    assert 'id="tasks"' not in page
