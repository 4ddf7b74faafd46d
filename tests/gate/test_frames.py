"""Data in memory goes in, and comes out as files that hold the same."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import curate
from tests.gate.data import EMPTY, GOOD


def test_clean_takes_a_frame():
    lock = curate.clean(pl.DataFrame([*GOOD, EMPTY]), "out")
    assert lock.counts == {"kept": 8, "edited": 0, "dropped": 1, "quarantined": 0}
    (core,) = Path("out").glob("core.*")
    assert pl.read_ndjson(core).to_dicts() == GOOD
    assert curate.verify("out") == []


def test_clean_takes_a_data_set():
    datasets = pytest.importorskip("datasets")
    lock = curate.clean(datasets.Dataset.from_list([*GOOD, EMPTY]), "out")
    assert lock.counts["kept"] == 8
    (core,) = Path("out").glob("core.*")
    assert pl.read_ndjson(core).to_dicts() == GOOD


def test_a_frame_and_its_lazy_self_are_one():
    frame = pl.DataFrame(GOOD)
    assert curate.clean(frame, "a").outputs == curate.clean(frame.lazy(), "b").outputs


def test_what_is_no_data_is_named():
    with pytest.raises(curate.CurateError, match="can't read a dict"):
        curate.clean({"instruction": ["x"]}, "out")
    with pytest.raises(curate.CurateError, match="no record"):
        curate.clean(pl.DataFrame(GOOD).clear(), "out")
