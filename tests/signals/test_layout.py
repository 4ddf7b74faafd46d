"""The map: what asks alike lies side by side."""

from __future__ import annotations

import numpy as np
import polars as pl

from curate.config import Settings
from curate.embed import column, embedder
from curate.signals.layout import LEAST, layout, tsne
from tests.signals.test_tasks import asked
from tests.threads import outputs


def mapped(texts, embedder_name="static", seed=0):
    vectors = column("prompt_vector", pl.Series(texts, dtype=pl.String), embedder(embedder_name))
    return layout(pl.DataFrame([vectors]), Settings(seed=seed))


def test_rows_that_ask_alike_lie_side_by_side():
    places = mapped(asked(450)).to_numpy()
    apart = np.square(places[:, None] - places[None]).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    kinds = np.arange(450) % 3
    nearest = np.argsort(apart, axis=1)[:, :10]
    assert (kinds[nearest] == kinds[:, None]).mean() > 0.95


def test_places_are_from_0_to_1_and_the_same_every_time():
    places = mapped(asked(300))
    assert places.schema == {"map_x": pl.Float32, "map_y": pl.Float32}
    for name in places.columns:
        assert (places[name].min(), places[name].max()) == (0, 1)
    assert places.equals(mapped(asked(300)))
    assert not places.equals(mapped(asked(300), seed=1))


def test_abstains_in_a_small_file_without_a_text_and_without_an_embedder():
    assert mapped(asked(LEAST - 1))["map_x"].null_count() == LEAST - 1
    assert mapped(asked(LEAST))["map_x"].null_count() == 0
    assert mapped([*asked(LEAST), "", None])["map_y"].null_count() == 2
    assert mapped(asked(LEAST), "none")["map_x"].null_count() == LEAST
    assert mapped([]).height == 0


def test_equal_rows_are_no_trouble():
    places = mapped(["Write a poem about the sea."] * 300)
    assert places.null_count().row(0) == (0, 0)
    assert np.isfinite(places.to_numpy()).all()


def test_one_point_and_two_have_places():
    assert np.isfinite(tsne(np.zeros((1, 1)), 0)).all()
    assert np.isfinite(tsne(np.array([[0.0, 1], [1, 0]]), 0)).all()


def test_is_the_same_on_any_number_of_threads():
    code = (
        "import hashlib; from tests.signals.test_layout import asked, mapped; "
        "print(hashlib.sha256(mapped(asked(400)).to_numpy().tobytes()).hexdigest())"
    )
    assert len(outputs(code)) == 1
