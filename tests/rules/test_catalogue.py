"""curate's own rules are checked here, and not each time they are loaded."""

from __future__ import annotations

from importlib.resources import files

import pytest

from curate.rule import check, load_rules

RULES = load_rules()


@pytest.mark.parametrize("code", RULES)
def test_patterns_conditions_and_columns_are_known(code):
    check(RULES[code], files("curate.rules") / f"{code}.yaml")
