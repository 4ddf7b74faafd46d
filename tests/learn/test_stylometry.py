"""Words and style of a text: what leaves a trace, and what must not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.learn.stylometry import BITS, KINDS, PLACES, measure

SENTENCE = 28  # the column of words a sentence
TEXT = "We sold the boat. It leaked badly; nobody wanted it, and we didn't mind."

# Pairs that differ in how a text was stored, and in nothing that its author did.
SAME = {
    "line ends": TEXT.replace(" ", "\n", 4),
    "two spaces": TEXT.replace(" ", "  "),
    "curly quotation marks": TEXT.replace("'", "’"),
    "Markdown": "**" + TEXT.replace("boat", "_boat_") + "**",
    "code": TEXT + "\n```python\nprint('boat')\n```",
    "code without an end": TEXT + "\n```\nx = 1",
}


def of(text):
    made = measure(pl.Series([text]))
    return dict(zip(made.places.tolist(), made.values.tolist(), strict=True)), made


@pytest.mark.parametrize("how", SAME)
def test_how_a_text_is_stored_leaves_no_trace(how):
    (places, made), (others, other) = of(TEXT), of(SAME[how])
    assert places == others
    assert made.style == pytest.approx(other.style, abs=1e-5)


def test_word_order_punctuation_and_opening_leave_one():
    places = of("the dog bites the man")[0]
    assert of("the man bites the dog")[0] != places
    assert of("the dog bites the man!")[0] != places
    assert set(of("dog bites the man")[0]) - set(places)  # it opens with another word


def test_counts_are_dampened():
    places = kinds("dog dog dog")[0]
    assert sorted(places.values()) == pytest.approx([1, 1 + np.log(2), 1 + np.log(3)])


def kinds(text):
    """Places and values of each kind of gram."""
    places = of(text)[0].items()
    return [{at: one for at, one in places if at >> BITS == kind} for kind in range(KINDS)]


def test_a_pair_reaches_over_a_word():
    assert kinds("a big dog")[1].keys() & kinds("a small dog")[1].keys()
    assert not kinds("a big dog")[1].keys() & kinds("a small cat")[1].keys()
    assert len(kinds("dog")[1]) == 0  # nothing stands two words before it, not even the beginning


def test_a_frame_keeps_common_words_and_endings_alone():
    def frame(text):
        return kinds(text)[2].keys()

    assert frame("The bakers were kneading 12 rolls.") == frame(
        "The readers were bleeding 7 pulls."
    )
    assert frame("The bakers were kneading") != frame("The bakers had kneading")
    assert frame("The bakers were kneading") != frame("The bakers were kneaded")
    assert frame("the bakers knead") != frame("the Bakers knead")
    assert len(frame("The bakers knead.")) == 3  # the first of them begins with the beginning


def test_words_and_known_words():
    made = measure(pl.Series(["The dog bites.", "Der Hund beißt Zwerge", "12 + 3", "", None]))
    assert made.words.tolist() == [3, 4, 0, 0, 0]
    assert made.known[0] == 1 > made.known[1]
    assert not made.known[2:].any()


def test_rhythm_sees_sentences_and_no_decimal_point():
    even = measure(pl.Series(["He ran far away. She sat down there."])).style
    uneven = measure(pl.Series(["He ran. She sat down there far far away."])).style
    assert not np.allclose(even, uneven)
    texts = ["It costs 3.50 in town.", "It costs three. No.", "It costs three e.g. in town"]
    assert measure(pl.Series(texts)).style[:, SENTENCE].tolist() == [4, 2, 7]


def test_a_text_is_measured_alone():
    texts = [TEXT, "Another one, quite short.", TEXT * 3]
    together = measure(pl.Series(texts))
    for place, text in enumerate(texts):
        alone = measure(pl.Series([text]))
        here = together.rows == place
        assert together.places[here].tolist() == alone.places.tolist()
        assert together.style[place].tolist() == alone.style[0].tolist()


@given(st.lists(st.text(max_size=80), max_size=4))
def test_is_finite_whatever_comes(texts):
    made = measure(pl.Series(texts, dtype=pl.String))
    assert np.isfinite(made.style).all()
    assert len(made.words) == len(texts)
    assert ((made.places >= 0) & (made.places < PLACES)).all()
