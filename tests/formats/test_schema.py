"""schemas/ says what the live models say."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from curate.formats import formats
from curate.formats.schema import main, schemas


def test_the_exported_schemas_are_up_to_date():
    folder = Path(str(files("curate.schemas")))
    assert main(folder, check=True) == []
    assert {path.name for path in folder.glob("*.json")} >= set(schemas())


def test_every_format_has_a_schema_with_its_required_keys():
    assert set(schemas()) == {f"{name}.schema.json" for name in formats()}
    assert json.loads(schemas()["alpaca.schema.json"])["required"] == ["instruction", "output"]
    assert json.loads(schemas()["sharegpt.schema.json"])["required"] == ["conversations"]


def test_checking_writes_nothing_and_names_what_is_stale(tmp_path):
    assert main(tmp_path, check=True) == list(schemas())
    assert list(tmp_path.iterdir()) == []
    assert main(tmp_path, check=False) == list(schemas())
    assert main(tmp_path, check=True) == []
