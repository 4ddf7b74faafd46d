"""Ids tell records apart."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.score import unique_ids


@given(st.lists(st.sampled_from("abcdef"), max_size=30))
def test_repeats_of_an_id_are_numbered(ids):
    seen: Counter[str] = Counter()
    expected = []
    for one in ids:
        seen[one] += 1
        expected.append(one if seen[one] == 1 else f"{one}-{seen[one]}")
    assert unique_ids(pl.Series("id", ids, dtype=pl.String)).to_list() == expected
