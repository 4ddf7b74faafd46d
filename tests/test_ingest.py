"""An edited record is written the way its own bytes were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.ingest import as_written

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.text(min_size=1, max_size=4), ANY, min_size=1, max_size=4)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("depth", ["", "    ", "\t"])
@given(record=RECORDS)
def test_an_unchanged_record_keeps_its_bytes(record, indent, plain, depth):
    text = json.dumps(record, ensure_ascii=plain, indent=indent).replace("\n", f"\n{depth}")
    assert json.loads(as_written(record, text.encode())) == record
    if plain or not text.isascii():
        assert as_written(record, text.encode()).decode() == text


@given(record=RECORDS)
def test_a_compact_record_stays_compact(record):
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    made = as_written(record, text.encode())
    assert json.loads(made) == record
    assert b"\n" not in made
