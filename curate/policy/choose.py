"""Which rules a run applies: chosen by code or by family, with their actions and thresholds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from curate.errors import UsageError, did_you_mean
from curate.policy.catalogue import load_pack, load_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from curate.config import Settings
    from curate.policy.pack import Pack
    from curate.policy.rule import Rule, Verdict


def chosen_rules(settings: Settings) -> dict[str, Rule]:
    """The rules that a run with these settings applies."""
    return choose(
        load_rules(settings.rules),
        load_pack(settings.pack, settings.rules),
        select=settings.select,
        ignore=settings.ignore,
        thresholds=settings.thresholds,
        fix=settings.fix,
        actions=settings.actions,
    )


def matches_prefix(code: str, prefix: str) -> bool:
    """Whether a code is this one or of this family: `pii` takes `pii-email`, not `piig`."""
    return prefix in {"all", code} or code.startswith(prefix.rstrip("-") + "-")


def unknown_rule(name: str, rules: Iterable[str]) -> str:
    """What to say of a name that is neither a rule's nor a family's: the nearest of both."""
    known = {*rules}
    families = {code[: at.start()] for code in known for at in re.finditer("-", code)}
    return f"no rule is named {name!r}{did_you_mean(name, known | families)}"


def choose(
    rules: Mapping[str, Rule],
    pack: Pack,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    thresholds: Mapping[str, float] | None = None,
    actions: Mapping[str, Verdict] | None = None,
    fix: bool = False,
) -> dict[str, Rule]:
    """The rules of a run, each with the action and threshold it has there.

    Args:
        rules: the catalogue.
        pack: what is taken where `select` is silent, and the actions and thresholds.
        select: codes or families (`is_meant`) to take instead of the pack's.
        ignore: codes or families to leave out, on top of the pack's.
        thresholds: code -> threshold, over the pack's.
        actions: code or family -> action, over the pack's; a rule's own name counts more than its
            family's; a rule named here is believed however many rows it hits.
        fix: take the edit rules too.

    Raises:
        UsageError: a name of no rule and no family, or edit rules alone that nothing applies;
            or a rule without a threshold.
    """
    named = actions or {}
    limits = {**pack.thresholds, **(thresholds or {})}
    _check_edits(rules, () if fix else select)
    _expand(rules, (*pack.actions, *named), edits=True)
    taken = _expand(rules, select or pack.select, edits=False)
    taken |= {code for code, rule in rules.items() if fix and rule.action == "edit"}
    taken -= _expand(rules, ignore, edits=True)
    if not select:
        taken -= _expand(rules, pack.ignore, edits=True)
    _check_thresholds(rules, limits)
    return {code: _applied(rules[code], pack, named, limits, rules) for code in sorted(taken)}


def is_meant(code: str, name: str, known: Collection[str]) -> bool:
    """Whether a name stands for a rule: a rule's own name for that rule alone, else a family's.

    `empty-response` is one rule; `empty`, and with a dash at the end `empty-response-`, are all
    rules that begin so.
    """
    return code == name if name in known else matches_prefix(code, name)


def _applied(
    rule: Rule,
    pack: Pack,
    named: Mapping[str, Verdict],
    limits: Mapping[str, float],
    known: Collection[str],
) -> Rule:
    """A rule with what a run changes of it; `named` are actions over the pack's."""
    changes: dict[str, Any] = {}
    for actions in (pack.actions, named):
        for prefix in sorted(actions, key=known.__contains__):  # a rule's own name comes last
            if is_meant(rule.code, prefix, known) and rule.action != "edit":
                changes["action"] = actions[prefix]
    if any(is_meant(rule.code, prefix, known) for prefix in named):
        changes["suspect_above"] = 1.0  # whoever names the rule's action has looked
    if rule.code in limits:
        changes["threshold"] = limits[rule.code]
    return rule.model_copy(update=changes)


# A condition that compares the threshold with what lies between 0 and 1.
_OF_A_SHARE = re.compile(r"\b\w+_(?:score|similarity|share) *[<>]=? *threshold\b")


def _check_thresholds(rules: Mapping[str, Rule], limits: Mapping[str, float]) -> None:
    """Refuse to set a threshold that there is not, or that nothing can reach."""
    for code, limit in limits.items():
        if code not in rules:  # a family has no threshold, so none is suggested
            raise UsageError(f"no rule is named {code!r}{did_you_mean(code, rules)}")
        if rules[code].threshold is None:
            raise UsageError(f"{code} has no threshold to set; `curate explain {code}` shows it")
        if not 0 <= limit <= 1 and _OF_A_SHARE.search(rules[code].when or ""):
            raise UsageError(f"{code}.threshold={limit:g}: what it is compared with is from 0 to 1")


def _check_edits(rules: Mapping[str, Rule], select: Iterable[str]) -> None:
    """Refuse a family of edit rules, of which a run without `fix` would take none."""
    for prefix in select:
        family = [rule for code, rule in rules.items() if is_meant(code, prefix, rules)]
        if family and prefix not in rules and all(rule.action == "edit" for rule in family):
            raise UsageError(
                f"--select {prefix}: these rules mend rows, and find no fault; clean --fix applies "
                "them"
            )


def _expand(rules: Mapping[str, Rule], prefixes: Iterable[str], *, edits: bool) -> set[str]:
    """The codes that these name; with `edits`, a family's edit rules are among them.

    Raises:
        UsageError: one names no rule.
    """
    taken: set[str] = set()
    for prefix in prefixes:
        found = {code for code in rules if is_meant(code, prefix, rules)}
        if not found and prefix != "all":
            raise UsageError(unknown_rule(prefix, rules))
        if not edits and prefix not in found:
            found = {code for code in found if rules[code].action != "edit"}
        taken |= found
    return taken
