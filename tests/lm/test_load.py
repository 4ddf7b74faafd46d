"""Which folders, files and names are language models, and what is said of the others."""

from __future__ import annotations

import sys

import pytest

from curate.errors import MissingExtra, UsageError
from curate.lm import language_model
from curate.lm.load import load
from tests.lm import tiny


def test_none_is_none():
    assert language_model("none") is None


def test_what_is_no_model(tmp_path):
    with pytest.raises(UsageError, match=r"has no config\.json and no \.gguf"):
        load(str(tmp_path))
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(b"GGUF")
    with pytest.raises(UsageError, match=r"2 \.gguf files: name one"):
        load(str(tmp_path))
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(UsageError, match=r"expected a folder or a \.gguf file"):
        load(str(tmp_path / "model.bin"))
    for name in (str(tmp_path / "gone"), "./gone", "gone.gguf"):
        with pytest.raises(UsageError, match="no such folder or file"):
            load(name)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match="the extra lm"):
        load("some/model")


def test_a_damaged_model(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="damaged, or of another kind"):
        load(str(tmp_path))
    (tmp_path / "config.json").unlink()
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    with pytest.raises(UsageError, match="damaged, or of another kind"):
        load(str(tmp_path))


def test_a_model_that_looks_ahead(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    with pytest.raises(UsageError, match="without a head that foresees the next word"):
        load(tiny.save_bert(tmp_path))


def test_the_fingerprint_is_that_of_weights_and_template(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    one, other = (load(tiny.save(tmp_path / name)) for name in "ab")
    bare = load(tiny.save(tmp_path / "c", None))
    assert one.fingerprint == other.fingerprint != bare.fingerprint
