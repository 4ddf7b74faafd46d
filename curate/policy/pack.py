"""Packs: named choices of rules; and all that folders of the user's own hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, FiniteFloat

from curate.policy.rule import Rule, Verdict


class Pack(BaseModel):
    """A named choice of rules.

    Attributes:
        name: what `--pack` calls it.
        what: whom it is for.
        select: codes or prefixes; `all` is every rule that does not edit.
        ignore: codes or prefixes taken out again.
        actions: code or prefix -> the action it has in this pack.
        thresholds: code -> the threshold it has in this pack.
        every_signal: measure every signal, not only those that the rules and the report read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    what: str
    select: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    actions: Mapping[str, Verdict] = {}
    thresholds: Mapping[str, FiniteFloat] = {}
    every_signal: bool = False


class Own(BaseModel):
    """What folders of the user's own held, so that a run needs them no more once it has read them.

    Attributes:
        folders: as the user named them.
        rules: by code.
        packs: by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = {}
    packs: Mapping[str, Pack] = {}
