"""Records come back as they went, and a damaged store says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import InputError
from curate.run.store import StoreWriter, read_store


@given(records=st.lists(st.binary(max_size=200)))
def test_any_bytes_come_back_in_order(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("store") / "records.zst"
    with StoreWriter(path) as store:
        for raw in records:
            store.add(raw)
    assert list(read_store(path)) == records


def test_more_than_a_chunk_and_the_same_bytes_again(tmp_path):
    records = [bytes([number % 251]) * 70_001 for number in range(60)]
    for name in ("a", "b"):
        with StoreWriter(tmp_path / name) as store:
            for raw in records:
                store.add(raw)
    assert list(read_store(tmp_path / "a")) == records
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_cut_store_is_no_store(tmp_path, keep):
    path = tmp_path / "records.zst"
    with StoreWriter(path) as store:
        for number in range(1000):
            store.add(str(number).encode() * 50)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(InputError, match=r"records\.zst"):
        list(read_store(path))


def test_a_missing_store_is_named(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        list(read_store(tmp_path / "records.zst"))
