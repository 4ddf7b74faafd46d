"""Settings from a file: what it says counts, and what it can't mean is refused by its name."""

from __future__ import annotations

import pytest

from curate.cli import options
from curate.config import Settings, load_settings
from curate.errors import ConfigError, UsageError

WHOLE = """
[clean]
map = {instruction = "ask", output = "say"}
ignore = ["pii"]

[clean.thresholds]
too-long = 3
"""


def written(folder, text, name="curate.toml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_counts_where_no_option_is_given(tmp_path):
    """As the commands ask: an option that was not given is None or holds nothing."""
    config = written(tmp_path, WHOLE)
    silent = {"pack": None, "select": (), "map": {}, "thresholds": {}, "fix": None}
    assert options.settings(config, **silent) == load_settings(config)
    assert load_settings(config).thresholds == {"too-long": 3}
    assert load_settings(config).map == {"instruction": "ask", "output": "say"}


def test_an_option_goes_before_the_file(tmp_path):
    given = {"thresholds": {"too-short": 1.0}, "fix": False, "map": {"output": "reply"}}
    made = options.settings(written(tmp_path, WHOLE), **given)
    assert made.thresholds == {"too-long": 3.0, "too-short": 1.0}
    assert made.map["output"] == "reply"
    assert made.ignore == ("pii",)


def test_pyproject_has_it_in_its_own_table(tmp_path):
    text = WHOLE.replace("[clean", "[tool.curate.clean")
    assert load_settings(written(tmp_path, text, "pyproject.toml")).ignore == ("pii",)
    assert load_settings(written(tmp_path, "[project]", "pyproject.toml")) == Settings()


REFUSED = [
    # name, text, words of the error
    ("curate.toml", b"\xff", "not TOML"),
    ("curate.toml", "[clean", "not TOML"),
    ("curate.toml", "clean = 3", r"expected a table \[clean\]"),
    ("curate.toml", "[claen]", "unknown table 'claen'"),
    ("curate.toml", "[clean]\nignroe = []", "clean.ignroe: unknown key; did you mean 'ignore'?"),
    ("curate.toml", "[clean]\nseed = 'x'", "clean.seed: expected a whole number"),
    ("curate.toml", "[clean]\nignore = 3", "clean.ignore: expected a list"),
    ("curate.toml", "[clean]\nformat = 'nosuch'", "no format nosuch"),
    ("curate.toml", "[clean.map]\nnosuch = 'x'", "no format has a field nosuch"),
    (
        "curate.toml",
        "[clean.map]\ninstruction = 'x'\noutput = 'x'",
        "column x can't be both instruction and output",
    ),
    ("curate.toml", "[clean.thresholds]\ntoo-long = nan", "finite"),
    ("curate.toml", "[clean.actions]\nempty = 'edit'", "clean.actions.empty"),
    ("pyproject.toml", "tool = 3", r"expected a table \[tool\]"),
    ("pyproject.toml", "[tool]\ncurate = 3", r"expected a table \[curate\]"),
]


@pytest.mark.parametrize(("name", "text", "says"), REFUSED)
def test_what_can_not_be_meant_is_refused(tmp_path, name, text, says):
    with pytest.raises(ConfigError, match=says):
        load_settings(written(tmp_path, text, name))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        load_settings(tmp_path / "absent.toml")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400"])
def test_a_threshold_is_a_number_that_can_be_compared_with(number):
    given = options.thresholds([f"too-long.threshold={number}"])
    with pytest.raises(UsageError, match="finite"):
        options.settings(thresholds=given)
