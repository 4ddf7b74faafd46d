"""The classes of faults that are planted, and which rules answer for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from curate.policy.choose import matches_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(NamedTuple):
    """A class of faults.

    Attributes:
        name: what `--classes` calls it.
        group: structure, copies, text or meaning.
        what: the fault, in words.
        families: codes or prefixes of the rules whose findings count, the one that is made for this
            fault first; where there are none, the formats themselves refuse such records.
        refused: the formats refuse most such records, whatever the rules.
    """

    name: str
    group: str
    what: str
    families: tuple[str, ...] = ()
    refused: bool = False

    def answers(self, code: str) -> bool:
        """Whether a finding of this code is one of this fault."""
        return any(matches_prefix(code, prefix) for prefix in self.families)

    def covered(self, codes: Iterable[str]) -> bool:
        """Whether the formats look for it, or a rule among these that is made for it."""
        if self.refused or not self.families:
            return True
        return any(matches_prefix(code, self.families[0]) for code in codes)


# Signs that mojibake brings along, and that are no fault of their own then.
_SIGNS = ("encoding-control-character", "encoding-private-use", "encoding-invisible")
_KINDS = (
    Kind("invalid-json", "structure", "a line that is no JSON"),
    Kind("wrong-type", "structure", "a number, list or object where a text belongs"),
    Kind(
        "missing-key",
        "structure",
        "a key left out or misspelt",
        ("format", "empty", "turn"),
        refused=True,
    ),
    Kind("unknown-role", "structure", "a role that nobody knows"),
    Kind("empty-turn", "structure", "an empty question or answer", ("empty", "turn-empty")),
    Kind("zero-width-turn", "structure", "a text nobody can see", ("empty", "turn-empty")),
    Kind("user-repeated", "structure", "two user turns in a row", ("turn-user-repeated",)),
    Kind(
        "assistant-first",
        "structure",
        "the assistant begins",
        ("turn-assistant-first", "turn-greeting-first", "turn-missing-user"),
    ),
    Kind("last-user", "structure", "the last word is the user's", ("turn-last-not-assistant",)),
    Kind(
        "tool-without-call",
        "structure",
        "a tool's result that nobody asked for",
        ("turn-tool-without-call",),
    ),
    Kind("system-repeated", "structure", "two system turns", ("turn-system-repeated",)),
    Kind("system-late", "structure", "a system turn in the middle", ("turn-system-late",)),
    Kind("missing-assistant", "structure", "nobody answers", ("turn-missing-assistant",)),
    Kind("exact", "copies", "the same record again", ("duplicate-exact", "duplicate")),
    Kind("normalised", "copies", "the same text respelt", ("duplicate-exact", "duplicate")),
    Kind("near", "copies", "the same row with a small edit", ("duplicate-near", "duplicate")),
    Kind(
        "same-prompt",
        "copies",
        "the same question, another answer",
        ("duplicate-prompt", "duplicate"),
    ),
    Kind("refusal", "text", "a refusal", ("refusal",)),
    Kind("as-an-ai", "text", "an assistant that speaks of itself", ("refusal", "llm-cutoff")),
    Kind(
        "control-token",
        "text",
        "a chat template's token in the text",
        ("template", "merged", "fix-template-token"),
    ),
    Kind("role-label", "text", "a role's label in the text", ("template", "merged")),
    Kind("noinput", "text", "a marker for nothing", ("noinput", "empty", "fix-noinput")),
    Kind("merged", "text", "a second task in the same row", ("merged", "template")),
    Kind("injection", "text", "an order to the model that reads it", ("injection",)),
    Kind("placeholder", "text", "a blank that nobody filled in", ("placeholder", "empty")),
    Kind("pii", "text", "personal data", ("pii",)),
    Kind("secret", "text", "a key or a password", ("secret",)),
    Kind(
        "mojibake",
        "text",
        "text read in the wrong encoding",
        ("encoding-mojibake", *_SIGNS, "fix-mojibake"),
    ),
    Kind(
        "invisible",
        "text",
        "characters that nobody sees",
        ("encoding-invisible", "encoding-bidi", *_SIGNS, "fix-invisible"),
    ),
    Kind(
        "escaped-newline",
        "text",
        "\\n where a line should end",
        ("encoding-escaped-newline", "fix-escaped-newline"),
    ),
    Kind("html", "text", "HTML left in the text", ("encoding-html",)),
    Kind("repetition", "text", "the same over and over", ("repetition",)),
    Kind("other-language", "text", "an answer in another language", ("language",)),
    Kind("truncated", "text", "an answer that breaks off", ("truncated", "code")),
    Kind("unclosed-fence", "text", "a code block that is not closed", ("code", "truncated")),
    Kind("echo", "text", "the question as its own answer", ("echo",)),
    Kind("missing-material", "meaning", "a task without its text", ("missing", "noinput", "claim")),
    Kind("wrong-arithmetic", "meaning", "a wrong sum", ("arithmetic",)),
    Kind("invalid-json-answer", "meaning", "broken JSON as an answer", ("json", "code")),
    Kind("swapped", "meaning", "the answer to another question", ("mismatch",)),
    Kind("label-flip", "meaning", "the wrong label", ("label",)),
    Kind("contamination", "meaning", "an item of an evaluation set", ("contamination",)),
)
KINDS = {kind.name: kind for kind in _KINDS}
