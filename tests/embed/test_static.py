"""The shipped model: unit vectors, never NaN, the same whatever stands beside a text."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.config import Settings
from curate.embed import Embedder, column, embedder, matrix
from curate.embed.static import static, unit
from curate.registry import signals

NOTHING = ["", "   ", "\n", "☃", "\x00"]


def test_is_an_embedder_of_unit_vectors():
    model: Embedder = static()
    vectors = model.encode(["How do I boil an egg?", "Boiling eggs", "The stock market fell."])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, model.width) == (3, 256)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.2


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_without_a_known_word_has_zeros(text):
    assert not static().encode([text]).any()


@given(st.lists(st.text(max_size=200), max_size=5))
def test_is_finite_whatever_comes(texts):
    vectors = static().encode(texts)
    lengths = np.linalg.norm(vectors, axis=1)
    assert ((abs(lengths - 1) < 1e-5) | (lengths == 0)).all()


def test_a_vector_depends_on_its_text_alone():
    texts = [f"Number {n} of the list is {'very ' * n}long." for n in range(300)]
    together = static().encode(texts)
    assert (static().encode(texts[::-1])[::-1] == together).all()
    assert (static().encode(texts[7:8])[0] == together[7]).all()
    assert static().encode(pl.Series(texts)).tobytes() == together.tobytes()


def test_a_long_text_is_read_to_its_end():
    start = "The cat sat on the mat. " * 2000
    assert (
        static().encode([start])[0] @ static().encode([start + "Quantum physics. " * 2000])[0] < 1
    )


def test_a_book_is_the_mean_of_its_pieces_too():
    page = "The cat sat on the mat, and nobody minded. " * 8_000
    vectors = static().encode([page, page[: len(page) // 100], "Short.", page])
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-4)
    assert (vectors[0] == vectors[3]).all()
    assert (vectors[2] == static().encode(["Short."])[0]).all()


def test_case_and_accents_do_not_count():
    vectors = static().encode(["Café au lait", "cafe AU LAIT"])
    assert (vectors[0] == vectors[1]).all()


def test_unit_leaves_zeros_and_takes_large_numbers():
    large = np.full((2, 4), 3e19, np.float32)
    large[1] = 0
    assert unit(large).tolist() == [[0.5] * 4, [0] * 4]


def test_a_column_there_and_back():
    model = static()
    made = column("v", pl.Series(["one egg", "", None]), model)
    assert made.dtype == pl.Array(pl.Float32, 256)
    assert made.null_count() == 2
    back = matrix(made)
    assert (back[0] == model.encode(["one egg"])[0]).all()
    assert not back[1:].any()
    assert matrix(made.head(1)).shape == (1, 256)
    assert matrix(made.clear()).shape == (0, 256)


def test_none_makes_nulls():
    assert embedder("none") is None
    made = column("v", pl.Series(["one egg"]), None)
    assert made.to_list() == [None]
    assert not matrix(made).any()


def test_the_signal_embeds_prompt_and_answer():
    rows = pl.DataFrame({"prompt": ["Boil an egg.", None], "response": ["", "Ten minutes."]})
    made = signals()["vectors"](rows)
    assert made["prompt_vector"].null_count() == made["response_vector"].null_count() == 1
    assert signals()["vectors"](rows.clear()).height == 0
    off = signals()["vectors"](rows, Settings(embedder="none"))
    assert off.null_count().row(0) == (2, 2)


def test_the_file_stays_small():
    file = files("curate.models") / "static.npz"
    assert len(file.read_bytes()) < 8_000_000


def test_the_page_of_embedders_runs(capsys):
    page = Path(__file__).resolve().parents[2] / "docs" / "embedders.md"
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    exec(block, {})  # noqa: S102 - our own page
    assert capsys.readouterr().out == "(3, 256) True 0.0\n"


def test_a_vector_is_the_same_whatever_was_asked_before():
    texts = ["The stock market fell.", "a" * 300_000 + " market", "market market"]
    first = static.__wrapped__().encode(texts)
    model = static.__wrapped__()
    for text in ["How do I boil an egg?", "The market", *texts]:
        model.encode([text])
    assert (model.encode(texts) == first).all()
