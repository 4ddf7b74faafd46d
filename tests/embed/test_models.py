"""A run knows which models it has asked, and asks again where they are others."""

from __future__ import annotations

import json

import pytest

from curate import pipeline
from curate.config import Settings
from curate.errors import UsageError
from curate.learn.fit import fit, sample
from curate.learn.head import load, save
from curate.models import fingerprints
from curate.run.lock import read_lock

ANSWER = (
    "Effective teamwork plays a crucial role in achieving success. By fostering open communication "
    "and mutual respect, teams can leverage their diverse perspectives and unique strengths. "
    "Furthermore, collaboration encourages creativity and innovation."
)


@pytest.fixture
def data(tmp_path):
    rows = [
        {"instruction": "Why a team?", "output": ANSWER},
        {"instruction": "Hm?", "output": "A."},
    ]
    file = tmp_path / "data.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def clean(data, **settings):
    chosen = Settings(select=("synthetic-likely", "empty"), **settings)
    pipeline.clean([str(data)], data.parent / "out", chosen, force=True)
    return read_lock(data.parent / "out")


def test_the_lock_names_the_head(data):
    assert clean(data).measured.models == {"synthetic_head": load("synthetic").fingerprint}


def test_no_models(data):
    lock = clean(data, embedder="none")
    assert lock.measured.models == {}
    assert lock.counts["kept"] == 2


def test_a_model_that_no_signal_asks_is_not_loaded():
    assert fingerprints(Settings(embedder="/nowhere"), {"lengths"}) == {}


def test_a_model_that_is_not_there(data):
    with pytest.raises(UsageError, match="--synthetic-head gone: No such file"):
        clean(data, synthetic_head="gone")
    with pytest.raises(UsageError, match="no such folder"):
        fingerprints(Settings(embedder="/nowhere"), {"vectors"})
    assert not (data.parent / "out").exists()


def test_another_head_in_its_place_measures_anew(data):
    import numpy as np
    import polars as pl

    head = data.parent / "head.npz"
    head.write_bytes(save(load("synthetic"), ""))
    before = clean(data, synthetic_head=str(head))
    texts = pl.Series(
        [f"{ANSWER} {n}" if n % 2 else f"so we went home {n} " * 9 for n in range(40)]
    )
    alone = pl.Series([None] * 40, dtype=pl.String)
    known = sample(texts, np.arange(40) % 2 == 1, alone)._replace(groups=np.arange(40))
    head.write_bytes(save(fit(known)[0], ""))
    load.cache_clear()
    pipeline.decide_again(data.parent / "out", before.settings)
    after = read_lock(data.parent / "out")
    assert after.measured.models != before.measured.models
