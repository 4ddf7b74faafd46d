"""curate's own rules are checked here, and not each time they are loaded."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from curate.policy.catalogue import load_rules
from curate.policy.check import check

RULES = load_rules()


@pytest.mark.parametrize("code", RULES)
def test_patterns_conditions_and_columns_are_known(code):
    check(RULES[code], files("curate.rules") / f"{code}.yaml")


def test_every_reader_of_yaml_reads_the_same():
    for file in Path(str(files("curate.rules"))).rglob("*.yaml"):
        text = file.read_text("utf-8")
        assert yaml.safe_load(text) == yaml.load(text, yaml.CSafeLoader), file.name
