"""Patterns that are compiled when they are used."""

from __future__ import annotations

import re

import pytest

from curate.text.lazy import regex


def test_it_finds_what_the_pattern_finds():
    made = regex("ab+", re.IGNORECASE)
    assert made.search("xABBx")[0] == "ABB"
    assert made.sub("-", "abab") == "--"
    assert made.pattern == "ab+"
    assert made.search("nothing") is None


def test_nothing_is_compiled_before_it_is_used():
    made = regex("(")
    with pytest.raises(re.error, match="unterminated"):
        made.search("")
