"""The numeric kernel against plain Python, against the formula, and against datasketch."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup import minhash
from curate.dedup.minhash import BANDS, DIGIT, END, FLOOR, SIGN, TURN, TURN_MARK, WIDTH, Shingles


def runs(*rows):
    """Small numbers as END-closed runs: 4 is the least token."""
    return np.array([token for row in rows for token in (*(4 * n for n in row), END)], np.uint32)


def spelled(text):
    hashes, begins = minhash.tokens(text.encode())
    return hashes.tolist(), begins.tolist()


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("two words", [0, 4]),
        ("don't", [0]),
        ("3.5 1,000 12:30", [0, 4, 10]),
        ("end. Next", [0, 5]),
        ("a,b", [0, 2]),
        ("x-1", [0, 1, 2]),
        ("über alles", [0, 6]),
        ("snake_case", [0]),
        ("a+b=c", [0, 1, 2, 3, 4]),
        ("?!", []),
        ("", []),
        ("internationalisation of", [0, 21]),
    ],
)
def test_where_tokens_begin(text, starts):
    assert spelled(text)[1] == starts


def test_what_a_token_is():
    (yes, also), _ = spelled("Yes yES")
    assert yes == also
    (word, number, sign), _ = spelled("word 12 -")
    assert [one & int(DIGIT) for one in (word, number, sign)] == [0, 1, 0]
    assert [one & int(SIGN) for one in (word, number, sign)] == [0, 0, 2]
    assert spelled(f"a{TURN_MARK}b")[0][1] == TURN
    first, second = "abcdefgh" * 3 + "x", "abcdefgh" * 3 + "y"
    assert spelled(first)[0] != spelled(second)[0], "the ninth byte and those after count too"


@given(st.lists(st.text("ab 1-\x1e", max_size=12), max_size=6))
def test_a_token_is_never_the_end(texts):
    for text in texts:
        assert END not in spelled(text)[0]


def test_a_run_of_n_tokens_has_n_trigrams():
    made = minhash.shingles(runs([1], [1], [2], [1, 2, 3], []))
    assert made.rows.tolist() == [0, 1, 2, 3, 3, 3]
    assert made.values[0] == made.values[1]
    assert len(set(made.values.tolist())) == 5, "rows of one token share none unless it is the same"


@given(st.lists(st.lists(st.integers(1, 3), max_size=9), min_size=1, max_size=8))
def test_a_runs_key_tells_its_order(rows):
    keys = minhash.run_keys(runs(*rows)).tolist()
    assert [keys.index(key) for key in keys] == [rows.index(row) for row in rows]


def test_the_same_trigrams_in_another_order_have_another_key():
    one = [1, 2, 7, 1, 2, 8, 1, 2]
    other = [1, 2, 8, 1, 2, 7, 1, 2]
    grams = [sorted(minhash.shingles(runs(row)).values) for row in (one, other)]
    assert grams[0] == grams[1]
    first, second = minhash.run_keys(runs(one, other))
    assert first != second


def test_a_sign_takes_a_word_back():
    texts = ("grep -c '^#' file", "one two three", "- - -")
    values = [np.array([*spelled(text)[0], END], np.uint32) for text in texts]
    assert minhash.weights(np.concatenate(values)).tolist() == [0, 3, 0]


@given(st.lists(st.tuples(*[st.lists(st.integers(1, 5), max_size=8)] * 2), max_size=6))
def test_surplus_is_the_difference_of_multisets(pairs):
    def laid_out(side):
        rows = [n for n, pair in enumerate(pairs) for _ in pair[side]]
        values = [value for pair in pairs for value in pair[side]]
        return Shingles(np.array(rows, np.int64), np.array(values, np.uint32))

    row, value, count = minhash.surplus(laid_out(0), laid_out(1))
    found = {
        (r, v): c for r, v, c in zip(*(one.tolist() for one in (row, value, count)), strict=True)
    }
    expected = {}
    for number, (left, right) in enumerate(pairs):
        more = Counter(left)
        more.subtract(right)
        expected |= {(number, one): n for one, n in more.items() if n}
    assert found == expected


@given(st.lists(st.integers(0, 900_000), max_size=40))
def test_portions_leave_nothing_out(sizes):
    cuts = minhash.portions(np.array(sizes, np.int64))
    assert [n for cut in cuts for n in range(len(sizes))[cut]] == list(range(len(sizes)))


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 4))
def test_close_pairs_are_of_one_group(groups, reach):
    left, right = minhash.close(np.array(groups, np.uint64), reach)
    found = set(zip(left.tolist(), right.tolist(), strict=True))
    assert all(groups[a] == groups[b] and a > b for a, b in found)
    small = [(b, a) for a, b in combinations(range(len(groups)), 2) if groups[a] == groups[b]]
    if max(Counter(groups).values(), default=0) <= reach + 1:
        assert found == set(small)


@given(st.sets(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_stars_have_no_chains(pairs):
    verified = sorted((max(pair), min(pair)) for pair in pairs if pair[0] != pair[1])
    left, right = np.array(verified or np.zeros((0, 2)), np.int64).T
    star = minhash.stars(left, right, 13)
    assert (star[star] == star).all(), "a representative stands for itself"
    assert all(star[n] == n or (n, star[n]) in verified for n in range(13))
    assert (star <= np.arange(13)).all(), "and is the earliest"
    alone = {n for n in range(13) if star[n] == n}
    assert not {pair for pair in verified if set(pair) <= alone}, "no pair is left as it was"


# --- the bands ------------------------------------------------------------------------------------


def chance(similarity, bands=BANDS, width=WIDTH):
    """That two rows of this similarity agree in a band."""
    return 1 - (1 - similarity**width) ** bands


def test_the_curve_that_the_docs_state():
    assert chance(FLOOR) == pytest.approx(0.9959, abs=1e-4)
    assert chance(0.8) == pytest.approx(0.99997, abs=1e-5)
    assert chance(0.9) > 0.9999999
    assert chance(0.5) == pytest.approx(0.725, abs=1e-3)
    assert chance(0.2) == pytest.approx(0.0315, abs=1e-3)


def test_datasketchs_optimiser_gives_recall_away_at_the_threshold():
    """It minimises false positives plus false negatives, weighted; ours pays with candidates."""
    lsh = MinHashLSH(threshold=FLOOR, num_perm=BANDS * WIDTH)
    assert chance(FLOOR, lsh.b, lsh.r) < 0.5
    urged = MinHashLSH(threshold=FLOOR, num_perm=BANDS * WIDTH, weights=(0.01, 0.99))
    assert 0.99 < chance(FLOOR, urged.b, urged.r) < chance(FLOOR)


def overlapping(similarity, pairs, size=120):
    """Pairs of random sets of a given Jaccard similarity, as rows 2n and 2n + 1."""
    random = np.random.default_rng(1)
    shared = round(2 * size * similarity / (1 + similarity))
    rows = []
    for _ in range(pairs):
        values = random.integers(1, 1 << 32, size=2 * size - shared, dtype=np.uint32)
        rows += [values[:size], values[size - shared :]]
    return rows


def signed(rows):
    sizes = np.array([len(row) for row in rows])
    return minhash.signatures(np.concatenate(rows), np.cumsum(sizes) - sizes)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.6, 0.7, 0.8])
def test_bands_agree_as_often_as_the_formula_says(similarity):
    bands = signed(overlapping(similarity, 3000))
    met = (bands[:, ::2] == bands[:, 1::2]).any(axis=0).mean()
    true = round(240 * similarity / (1 + similarity))
    expected = chance(true / (240 - true))
    assert met == pytest.approx(expected, abs=0.03 if expected < 0.99 else 0.004)


def test_bands_agree_where_datasketchs_own_minhash_does():
    """Of the same sets, datasketch's signatures in the same bands propose as many pairs."""
    rows = overlapping(0.6, 400)
    ours = signed(rows)
    met = (ours[:, ::2] == ours[:, 1::2]).any(axis=0).mean()
    theirs = []
    for row in rows:
        made = MinHash(num_perm=BANDS * WIDTH, seed=3)
        made.update_batch([value.tobytes() for value in row])
        theirs.append(made.hashvalues.reshape(BANDS, WIDTH))
    also = np.mean(
        [(a == b).all(axis=1).any() for a, b in zip(theirs[::2], theirs[1::2], strict=True)]
    )
    assert met == pytest.approx(also, abs=0.05)


def test_a_bucket_of_n_rows_proposes_a_few_pairs_a_row():
    left, right = minhash.candidates(np.ones((BANDS, 3000), np.uint64))
    assert len(left) <= 3 * 3000
    assert (left > right).all()
    assert set(left.tolist()) == set(range(1, 3000)), "each is compared with an earlier one"


@pytest.mark.parametrize("height", [0, 1, 2])
def test_few_rows(height):
    left, _ = minhash.candidates(np.ones((BANDS, height), np.uint64))
    assert len(left) == max(height - 1, 0)
    assert minhash.signatures(np.zeros(0, np.uint32), np.zeros(0, np.int64)).shape == (BANDS, 0)
    assert minhash.stars(*np.zeros((2, 0), np.int64), height).tolist() == list(range(height))
