"""What may be shown of a secret."""

from __future__ import annotations

import pytest

from curate.text.mask import mask


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("maria@kestrel.org", "ma…rg"),
        ("12345678", "12…78"),
        ("hunter2", "…"),  # two and two of it would be more than half
        ("", "…"),
    ],
)
def test_a_mask_shows_half_at_most(secret, shown):
    assert mask(secret) == shown
