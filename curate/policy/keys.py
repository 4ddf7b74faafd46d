"""Keys in texts that no rule looks at, such as errors: found and masked as in all others."""

from __future__ import annotations

import re

from curate.text.mask import KEY_STARTS, mask
from curate.text.visible import bare

# A key that an error has cut, and what JSON calls a secret.
_CUT = re.compile(
    rf"(?<![A-Za-z0-9_])(?P<key>(?:{KEY_STARTS})[A-Za-z0-9_-]*)(?=\.\.\.|…)"
    r'|(?P<name>"[^"]*(?i:password|token|secret|api_?key)[^"]*":")(?P<held>[^"]+?)(?="|\.\.\.|…|$)'
)
# What may be a key: else the forms, and polars with them, need not be loaded.
_LONG = re.compile(rf"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{{16}}|(?:{KEY_STARTS})[A-Za-z0-9_-]{{8}}")


def mask_keys(text: str) -> str:
    """An error's text, or another that no rule looks at, with the keys in it masked, cut ones too.

    What is left of a cut key shows its first two characters.
    """
    made, at = [], 0
    for start, end in sorted(key_places(text)):
        if start >= at:
            made += [text[at:start], mask(text[start:end])]
            at = end
    whole = "".join([*made, text[at:]])
    return _CUT.sub(_cut, whole)


def _cut(found: re.Match[str]) -> str:
    key = found["key"]
    return f"{key[:2]}…" if key else f"{found['name']}…"


def key_places(text: str) -> list[tuple[int, int]]:
    """Where keys of a known form, and random values that are called keys, stand in a text."""
    if not _LONG.search(bare(text)[0]):
        return []
    from curate.signals.secrets import api_keys, named_keys, stock_keys, whole

    return [
        (found.start, found.end)
        for find in (api_keys, named_keys, stock_keys)
        for found in whole(find)(text)
    ]
