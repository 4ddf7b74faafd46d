import polars as pl
import pytest

from curate import registry
from curate.config import Settings
from curate.registry import signal


@pytest.fixture
def empty_registry(monkeypatch):
    monkeypatch.setattr(registry, "_signals", {})


@pytest.mark.usefixtures("empty_registry")
def test_a_signal_that_names_settings_is_given_them():
    @signal(columns={"seed_of_run": "the seed"}, needs=("id",), settings=("seed",))
    def seeds(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
        return frame.select(pl.lit(settings.seed).repeat_by(1).explode().alias("seed_of_run"))

    frame = pl.DataFrame({"id": ["a"]})

    assert seeds(frame, Settings(seed=7))["seed_of_run"].to_list() == [7]
    assert seeds(frame)["seed_of_run"].to_list() == [0], (
        "the default settings, where none are given"
    )


@pytest.mark.usefixtures("empty_registry")
def test_a_signal_that_names_none_gets_the_frame_alone():
    @signal(columns={"size": "1"}, needs=("id",))
    def sizes(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(pl.lit(1).repeat_by(1).explode().alias("size"))

    assert sizes(pl.DataFrame({"id": ["a"]}), Settings(seed=7))["size"].to_list() == [1]
