"""Which texts count as the same."""

from __future__ import annotations

import re
import unicodedata

import polars as pl
import pytest

from curate.text.normalize import COMPOSED, normalized


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a  b", "a b", True),  # a run of spaces
        (" a\r\nb ", "a b", True),  # line ends, edges
        ("a\u00a0b", "a b", True),  # no-break space
        ("A", "a", True),
        ("a\u200bb\ufeff", "ab", True),  # nobody sees them
        ("e\u0301", "é", True),  # the same letter in two forms
        ("\u200b", "", True),
        ("x²", "x2", False),  # another number
        ("ab", "a b", False),
        ("a.", "a", False),
    ],
)
def test_what_counts_as_the_same(one, other, same):
    keys = pl.DataFrame({"text": [one, other]}).select(normalized(pl.col("text")))["text"]
    assert (keys[0] == keys[1]) is same


def test_null_stays_null():
    frame = pl.DataFrame({"text": [None]}, schema={"text": pl.String})
    assert frame.select(normalized(pl.col("text")))["text"].to_list() == [None]


def test_signs_that_have_their_normal_form():
    signs = [chr(at) for at in range(0x10000) if re.match(f"[{COMPOSED}]", chr(at))]
    assert len(signs) > 20_000
    assert "".join(signs) == unicodedata.normalize("NFC", "".join(signs))
    assert not any(map(unicodedata.combining, signs)), "none of them joins the sign before"
