"""A secret as it may be shown: one way for findings, errors, terminal and report."""

from __future__ import annotations

import re

MASKABLE_CHARS = 8  # two and two of fewer would show half of a secret
# How keys of known issuers begin; `curate.signals.secrets` has their whole forms.
KEY_STARTS = (
    r"A[KSBC]IA|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-|sk-"
    r"|xox[a-z]-|xapp-"
    r"|hooks\.slack\.com/|AIza|GOCSPX-|ya29\.|[sr]k_(?:live|test)_|whsec_|SG\.|npm_|pypi-"
    r"|rubygems_|hf_|api_org_"
    r"|gsk_|xai-|pplx-|r8_|dapi|do[por]_v1_|dckr_|shp(?:at|ca|pa|ss)_|sq0(?:atp|csp)-"
    r"|AccountKey=|hv[sbr]\.|glsa_|lin_api_|ntn_|ATATT3|figd_|PMAK-|NRAK-|AGE-SECRET-|eyJ"
)
# A key that an error has cut, and what JSON calls a secret.
_CUT = re.compile(
    rf"(?<![A-Za-z0-9_])(?P<key>(?:{KEY_STARTS})[A-Za-z0-9_-]*)(?=\.\.\.|…)"
    r'|(?P<name>"[^"]*(?i:password|token|secret|api_?key)[^"]*":")(?P<held>[^"]+?)(?="|\.\.\.|…|$)'
)
# What may be a key: else the forms, and polars with them, need not be loaded.
_LONG = re.compile(rf"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{{16}}|(?:{KEY_STARTS})[A-Za-z0-9_-]{{8}}")


def mask(secret: str) -> str:
    """The first and last two characters of a long secret, nothing of a short one."""
    return "…" if len(secret) < MASKABLE_CHARS else f"{secret[:2]}…{secret[-2:]}"


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
    from curate.text.visible import bare

    if not _LONG.search(bare(text)[0]):
        return []
    from curate.signals.secrets import api_keys, named_keys, stock_keys, whole

    return [
        (found.start, found.end)
        for find in (api_keys, named_keys, stock_keys)
        for found in whole(find)(text)
    ]
