"""Limits from today's data: a gate that starts green, and lets nothing get worse."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.gate.config import REFUSED, Aggregates, Check, Config
from curate.gate.examine import examined
from curate.gate.figures import aggregate
from curate.text.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from curate.config import Settings
    from curate.gate.examine import Examined
    from curate.policy.rule import Rule
    from curate.read import Source
    from curate.read.progress import Tick

LENGTH, LANGUAGE = "response_tokens", "response_language"
ROOM = 1.1  # lengths move with every batch: a tenth more is no news
LOST = 0.9  # a file that has lost a tenth of its rows was cut by mistake
SHIFT = 1  # percentage points that the share of a language may fall
COMMON = 0.05  # share of the rows from which a language is part of the mix


def infer(sources: Sequence[Source], settings: Settings, pack: str, tick: Tick) -> str:
    """A curate.toml whose limits stand where the data stands.

    Args:
        sources: the data of today.
        settings: how it is read; what differs from the defaults goes into the file.
        pack: whose rules are counted.
        tick: called with stage, done and total (bytes) as the work goes on.

    Raises:
        InputError: a source that can't be read at all, or not one valid record.
    """
    columns = {LENGTH: Aggregates(), LANGUAGE: Aggregates()}
    config = Config(clean=settings, check=Check(pack=pack, columns=columns))
    with examined(sources, config, tick) as found:
        return "\n".join(_lines(found, config)) + "\n"


def _lines(found: Examined, config: Config) -> Iterator[str]:
    names = ", ".join(Path(one.name).name for one in found.sources)  # no path of this machine
    rows = found.scores.height
    yield f"# Limits of `curate check`, inferred from {_comment(names)}: {count(rows)}."
    yield "# Each stands where the data stands today, so that a change that makes it worse fails."
    yield "# Lower a number whenever rows were mended: then it can't get worse again."
    yield "# A limit is `> 0` rows or `> 0.5 %` of them, or `{ warn_if = ..., error_if = ... }`."
    yield from _settings(config)
    yield ""
    yield "[check]"
    yield f"pack = {_text(config.check.pack)}"
    yield "# With --since or --only-new these numbers are for old rows: no new one may be bad."
    yield "ratchet = true"
    yield ""
    yield from _figures(found)
    yield from _rules(found)
    yield from _columns(found)


def _settings(config: Config) -> Iterator[str]:
    """The table of `clean`, if anything in it is not the default."""
    said: dict[str, Any] = config.clean.model_dump(mode="json", exclude_defaults=True)
    if said:
        yield ""
        yield "[clean]"
    for name, value in said.items():
        yield f"{name} = {_value(value)}"


def _value(value: Any) -> str:  # noqa: ANN401  # any JSON
    """A value as TOML."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_text(key)} = {_value(held)}" for key, held in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    """A text as TOML; its escapes are JSON's."""
    return json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """A text that can't end the comment it stands in."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _figures(found: Examined) -> Iterator[str]:
    rows = found.scores.height
    yield "[check.figures]"
    yield f"# {count(rows)} today; fewer than nine tenths of them look like a file that was cut."
    yield f'rows = "< {math.floor(rows * LOST)}"'
    if found.counts.quarantined:
        yield "# Records that can't be read or fit no format."
        yield f'quarantined = "> {found.counts.quarantined}"'
    yield ""


def _rules(found: Examined) -> Iterator[str]:
    """A limit for each rule that hits a row today; `> 0` holds for the others anyway."""
    hit = [
        (found.rules[code], number)
        for code in sorted(found.own)
        if code not in REFUSED and (number := found.of(code)["id"].n_unique())
    ]
    limited = [(rule, number) for rule, number in hit if _speaks(rule)]
    if not limited:
        yield "# No rule of the pack hits a row today, and none may."
        yield ""
        return
    yield "# Rows that these rules hit today. No row may break a rule that is not listed."
    yield "[check.rules]"
    room = max(len(rule.code) for rule, _ in limited)
    for rule, number in limited:
        error = rule.action == "drop" or rule.severity == "error"
        limit = f'"> {number}"' if error else f'{{ severity = "warn", warn_if = "> {number}" }}'
        yield f"{rule.code:<{room}} = {limit}  # {rule.name}"
    yield ""


def _speaks(rule: Rule) -> bool:
    """Whether a rule has a limit where the config has none for it."""
    return rule.action == "drop" or rule.severity != "info"


def _columns(found: Examined) -> Iterator[str]:
    lengths, languages = found.scores[LENGTH], found.scores[LANGUAGE]
    mix = dict(_mix(languages))
    if lengths.null_count() == lengths.len() and not mix:
        return
    yield "[check.columns]"
    if lengths.null_count() < lengths.len():
        p95 = aggregate(lengths, "p95").value
        yield f"# Estimated tokens of the answer: 95 % have at most {p95:,.0f} today."
        yield f'{LENGTH}.p95 = "> {math.ceil(p95 * ROOM)}"'
    if mix:
        told = ", ".join(f"{name} {100 * share:.1f} %" for name, share in mix.items())
        yield f"# Languages of the answers today: {told}."
    for name, share in mix.items():
        yield f'{LANGUAGE}.share.{name} = "< {max(math.floor(100 * share) - SHIFT, 0)} %"'


def _mix(languages: pl.Series) -> Iterator[tuple[str, float]]:
    """The languages that make up the data, each with its share of all rows."""
    counts = languages.drop_nulls().value_counts(sort=True)
    for name, number in counts.iter_rows():
        if number / languages.len() >= COMMON:
            yield name, number / languages.len()
