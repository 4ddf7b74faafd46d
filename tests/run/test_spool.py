"""Lists in a file are the lists that were put there, and go when nobody looks at them any more."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from curate.run import spool
from curate.run.spool import Spool

BATCHES = [[[1, 0], [2, 3, 0]], [[4, 0]], [], [[5, 6, 7, 0]] * 3]
EVERY = [one for batch in BATCHES for one in batch]


def spooled(batches, folder=None):
    made = Spool(folder)
    for batch in batches:
        made.add(pl.Series("words", batch, dtype=pl.List(pl.UInt32)))
    return made.column()


@pytest.fixture(params=["in memory", "in a file", "partly"])
def column(request, tmp_path, monkeypatch):
    sizes = {"in memory": 100, "in a file": 0, "partly": 6}
    monkeypatch.setattr(spool, "IN_MEMORY", sizes[request.param])
    return spooled(BATCHES, tmp_path)


def test_a_column_is_what_was_added(column):
    assert column.dtype == pl.List(pl.UInt32)
    assert column.n_chunks() == 1
    assert column.to_list() == EVERY
    assert column.list.len().to_list() == [len(one) for one in EVERY]
    assert column.explode().to_list() == [word for one in EVERY for word in one]
    assert column.gather([4, 0]).to_list() == [EVERY[4], EVERY[0]]
    frame = pl.DataFrame({"n": range(len(EVERY)), "words": column})
    assert frame.filter(pl.col("n") > 1)["words"].to_list() == EVERY[2:]
    assert frame.select("words").hstack([pl.Series("m", range(len(EVERY)))]).height == len(EVERY)


def test_nothing_and_no_batch():
    assert spooled([]).to_list() == []
    assert spooled([[]]).dtype == pl.List(pl.UInt32)


def test_no_copy_is_made_and_what_it_looks_at_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    before = len(spool._held)
    column = spooled(BATCHES, tmp_path)
    assert len(spool._held) == before + 1
    values = column.explode().to_numpy()
    assert not values.flags.writeable
    del column
    gc.collect()
    assert values.tolist() == [word for one in EVERY for word in one], "held while looked at"
    del values
    gc.collect()
    assert len(spool._held) == before
    assert list(tmp_path.iterdir()) == [], "the file has no name"


def test_columns_can_go_on_any_thread():
    before = len(spool._held)

    def look(number):
        column = spooled([[[number, 0]] * 100])
        frame = pl.DataFrame({"words": column}).lazy().filter(pl.col("words").list.len() == 2)
        return frame.collect()["words"].list.first().sum()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(look, range(1, 200))) == [100 * number for number in range(1, 200)]
    gc.collect()
    assert len(spool._held) == before


def test_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "IN_MEMORY", 10_000)
    random = np.random.default_rng(1)
    batches = [
        [random.integers(1, 1 << 32, size).tolist() for size in random.integers(1, 30, 500)]
        for _ in range(8)
    ]
    assert spooled(batches, tmp_path).to_list() == [one for batch in batches for one in batch]
