"""A secret as it may be shown: one way for findings, errors, terminal and report."""

from __future__ import annotations

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


def mask(secret: str) -> str:
    """The first and last two characters of a long secret, nothing of a short one."""
    return "…" if len(secret) < MASKABLE_CHARS else f"{secret[:2]}…{secret[-2:]}"
