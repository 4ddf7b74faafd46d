"""schemas/ says what the live models say."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from curate.formats import detect, formats, load
from curate.formats.schema import main, schemas
from tests.formats.test_formats import FILES, READ, REFUSED, records

VALIDATORS = {
    name.partition(".")[0]: Draft202012Validator(json.loads(text))
    for name, text in schemas().items()
}


def test_the_exported_schemas_are_up_to_date():
    folder = Path(str(files("curate.schemas")))
    assert main(folder, check=True) == []
    assert {path.name for path in folder.glob("*.json")} == set(schemas())


def test_every_format_has_a_schema_and_every_schema_is_one():
    assert set(VALIDATORS) == {*formats(), "report", "check", "curate"}
    for validator in VALIDATORS.values():
        validator.check_schema(validator.schema)


@pytest.mark.parametrize(("record", "name", "_messages"), READ, ids=lambda one: str(one)[:60])
def test_what_the_model_takes_the_schema_takes(record, name, _messages):
    assert [error.message for error in VALIDATORS[name].iter_errors(record)] == []


def test_what_the_model_refuses_the_schema_refuses_mostly():
    refused = [not VALIDATORS[detect(record)].is_valid(record) for record, _ in REFUSED]
    assert sum(refused) >= 0.8 * len(refused)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_real_records_fit_the_schema_if_they_fit_the_model(shared_data, name):
    for record in records(shared_data / name)[:500]:
        try:
            read = load(record)
        except ValidationError:
            continue
        if read is not None:
            assert VALIDATORS[read.name].is_valid(record), record


def test_checking_writes_nothing_and_names_what_is_stale(tmp_path):
    assert main(tmp_path, check=True) == list(schemas())
    assert list(tmp_path.iterdir()) == []
    assert main(tmp_path, check=False) == list(schemas())
    assert main(tmp_path, check=True) == []
