"""Settings as a run keeps them: with what the files that they name hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.policy.catalogue import load_own

if TYPE_CHECKING:
    from curate.config import Settings


def resolved(settings: Settings) -> Settings:
    """The settings with the rules of their folders and the state of their index.

    Raises:
        RuleError: a file that is no rule or no pack.
        UsageError: no such folder, or an index that can't be compared with.
        InputError: a damaged index.
    """
    held: dict[str, Any] = {"rules": load_own(settings.rules)} if settings.rules else {}
    if isinstance(settings.index, str):
        from curate.dedup.index import state_of

        held["index"] = state_of(settings.index)
    return settings.model_copy(update=held) if held else settings
