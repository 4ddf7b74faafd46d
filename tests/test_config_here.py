"""`clean` and `selftest` read the settings of the working folder, as `check` does."""

from __future__ import annotations

import orjson
import pytest

from tests.test_cli import curate, data

__all__ = ["data"]  # the fixture


@pytest.mark.parametrize(
    ("name", "table"), [("curate.toml", "clean"), ("pyproject.toml", "tool.curate.clean")]
)
def test_the_settings_of_the_working_folder_count_and_it_says_so(data, tmp_path, name, table):
    (tmp_path / name).write_text(f'[{table}]\nignore = ["empty-response"]\n')
    (tmp_path / "other.toml").write_text("[clean]\n")
    kept = {}
    for run, *more in (("a",), ("b", "--config", "other.toml"), ("c", "-q")):
        made = curate("clean", data.name, "-o", run, *more, cwd=tmp_path)
        said = f"settings of {name}, as --config names no other\n" if run == "a" else ""
        assert (made.returncode, made.stderr.decode()) == (0, said)
        kept[run] = orjson.loads((tmp_path / run / "report.json").read_bytes())["totals"]["kept"]
    assert kept == {"a": 3, "b": 2, "c": 3}
    (tmp_path / name).write_text("[check]\n" if table == "clean" else "[tool.curate.check]\n")
    made = curate("clean", data.name, "-o", "d", cwd=tmp_path)
    assert made.stderr == b""  # no settings, no word


def test_a_setting_of_the_working_folder_that_cannot_be_meant_stops_a_run(data, tmp_path):
    (tmp_path / "curate.toml").write_text("[clean]\nignroe = []\n")
    for words in (("clean", data.name, "-o", "run"), ("selftest", data.name)):
        wrong = curate(*words, cwd=tmp_path)
        assert wrong.returncode == 2
        assert b"curate.toml: clean.ignroe" in wrong.stderr
    assert not (tmp_path / "run").exists()
