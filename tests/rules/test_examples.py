"""Every rule keeps what its own examples promise: run over the live catalogue."""

from __future__ import annotations

import pytest

from curate.policy.catalogue import load_rules
from curate.policy.examples import failures

RULES = load_rules()


@pytest.mark.parametrize("code", RULES)
def test_examples(code: str) -> None:
    assert list(failures(RULES[code])) == []
