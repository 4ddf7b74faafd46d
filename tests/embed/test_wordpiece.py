"""Pieces found as arrays are the pieces found one by one."""

from __future__ import annotations

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.embed.wordpiece import LONGEST, WordPiece

VOCABULARY = "a b un ##aff ##able aff able ! , é 水 ##s ' don t 3 ##3".encode().split()
HAN = "水火"


def slowly(text: str) -> list[int]:
    """Greedy longest match, a word at a time, as the paper has it."""
    bare = "".join(
        one
        for one in unicodedata.normalize("NFD", text.lower())
        if unicodedata.category(one) != "Mn"
    )
    spaced = "".join(f" {one} " if alone(one) else one for one in bare)
    places = {piece.decode(): place for place, piece in enumerate(VOCABULARY)}
    found: list[int] = []
    for word in re.split(r"[\s\x00-\x20\x7f]+", spaced):
        found += cut(word, places)
    return found


def alone(sign: str) -> bool:
    return (
        unicodedata.category(sign)[0] == "P"
        or sign in HAN
        or (sign.isascii() and sign.isprintable() and not sign.isalnum() and sign != " ")
    )


def cut(word: str, places: dict[str, int]) -> list[int]:
    found, start = [], 0
    while start < len(word):
        lead = "##" if start else ""
        for end in range(len(word), start, -1):
            if lead + word[start:end] in places:
                found.append(places[lead + word[start:end]])
                start = end
                break
        else:
            return []
    return found


@given(st.lists(st.text(alphabet="abunfles !,éÉ水火't3\n.xØ-", max_size=30)))
def test_equals_the_slow_way(texts):
    made = WordPiece(VOCABULARY)(pl.Series(texts, dtype=pl.String))
    starts = made.counts.cumsum() - made.counts
    found = [
        made.ids[start : start + count].tolist()
        for start, count in zip(starts, made.counts, strict=True)
    ]
    assert found == [slowly(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("Unaffable!", ["un", "##aff", "##able", "!"]),
        ("don't", ["don", "'", "t"]),
        ("水水", ["水", "水"]),
        ("É", []),  # its bare letter is no piece, é itself can't occur
        ("a" * (LONGEST + 1), []),
        ("a\0b", ["a", "b"]),
    ],
)
def test_pieces(text, pieces):
    made = WordPiece(VOCABULARY)(pl.Series([text]))
    assert [VOCABULARY[one].decode() for one in made.ids] == pieces


def test_nothing_has_no_pieces():
    cutter = WordPiece(VOCABULARY)
    assert cutter(pl.Series([], dtype=pl.String)).counts.tolist() == []
    assert cutter(pl.Series([None, "", "a"])).counts.tolist() == [0, 0, 1]
