"""Arrays that are shipped, each with its card: what they are made of, and under which licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from curate.config import Settings


def fingerprints(settings: Settings, signals: Collection[str]) -> dict[str, str]:
    """The fingerprint of each model that the settings name, by setting, where it is asked for.

    Args:
        settings: of a run.
        signals: names of the signals that the run measures.

    Raises:
        UsageError: a model that isn't there, or none.
    """
    from curate.embed import NONE, embedder
    from curate.learn.head import load
    from curate.lm import language_model

    made: dict[str, str] = {}
    model = embedder(settings.embedder) if "vectors" in signals else None
    if model is not None:
        made["embedder"] = model.fingerprint
    asked = language_model(settings.lm) if "second_opinion" in signals else None
    if asked is not None:
        made["lm"] = asked.fingerprint
    if "synthetic" in signals and settings.embedder != NONE:
        made["synthetic_head"] = load(settings.synthetic_head).fingerprint
    return made
