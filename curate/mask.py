"""A secret as it may be shown: one way for findings, terminal and report."""

from __future__ import annotations

MASKABLE_CHARS = 8  # two and two of fewer would show half of a secret


def mask(secret: str) -> str:
    """The first and last two characters of a long secret, nothing of a short one."""
    return "…" if len(secret) < MASKABLE_CHARS else f"{secret[:2]}…{secret[-2:]}"
