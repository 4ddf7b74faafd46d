"""Which findings count for which planted class, and how many of eight must be found.

A family (`pii`) stands for all its codes (`pii-email`). A row is also found if it is dropped or
quarantined: then it does not reach the model, whatever the reason given.
"""

from __future__ import annotations

from curate.selftest.classes import KINDS

# Of eight rows a class: all of structure, then the best that sixteen other tools reach, or more.
STRUCTURE = (
    *("invalid-json", "wrong-type", "missing-key", "unknown-role", "empty-turn"),
    *("zero-width-turn", "user-repeated", "assistant-first", "last-user", "tool-without-call"),
    *("system-repeated", "system-late", "missing-assistant"),
)
BAR = {
    **dict.fromkeys(STRUCTURE, 8),
    **dict.fromkeys(("exact", "normalised", "near", "same-prompt"), 8),
    **dict.fromkeys(("pii", "secret", "mojibake", "repetition", "other-language"), 8),
    "refusal": 7,
    **dict.fromkeys(("control-token", "noinput", "merged", "placeholder"), 8),
    "injection": 6,
    "truncated": 6,
    "swapped": 0,
}
# Further classes, for which no other tool sets a bar: of eight, and held.
FURTHER_BAR = {
    "as-an-ai": 8,
    "invisible": 8,
    "escaped-newline": 7,
    "missing-material": 8,
    "wrong-arithmetic": 7,
    "invalid-json-answer": 8,
    "unclosed-fence": 8,
    "echo": 8,
}

# Below the bar so far: the smallest count of eight over the files of test_recall.py, so that it
# does not get worse. An entry goes when its class reaches the bar.
OPEN: dict[str, dict[str, int]] = {"known": {}, "held-out": {}}


def floor(defect: str, words: str) -> int:
    """How many of eight rows of the class must be found in a file of these wordings."""
    return OPEN[words].get(defect, (BAR | FURTHER_BAR)[defect])


def belongs(code: str, defect: str) -> bool:
    """Whether a finding of this code is one of the defect: the families are those of selftest."""
    return KINDS[defect].answers(code)
