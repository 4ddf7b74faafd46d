"""Ways that put a wording of `wordings.yaml` into a row, or in the place of its exchange."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from curate.selftest import texts
from curate.selftest.values import FILL, fill
from curate.signals.language import detect, holds

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from curate.selftest.host import Draft
    from curate.selftest.way import Pool

    Wording = Mapping[str, Any]


@cache
def wordings() -> Mapping[str, list[Wording]]:
    """Class -> how it reads."""
    import yaml

    text = files("curate.selftest").joinpath("wordings.yaml").read_text("utf-8")
    loaded: Mapping[str, list[Wording]] = yaml.safe_load(text)
    return loaded


def worded(wording: Wording, draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    """Put a wording into the row, or in the place of its exchange."""
    if wording.get("empty") and draft.material != "":
        return None
    if "ask" in wording:
        return _exchanged(wording, draft, rng)
    if "answer" in wording:
        if len(draft.answer.split()) < 4:  # noqa: PLR2004  # such a marker may be the right answer
            return None
        draft.answer = str(wording["answer"])
        return draft.answer
    text = _filled(wording["text"], draft, rng, pool)
    if text is None:
        return None
    where, place = wording["put"].split("-")
    if where == "input" and draft.material is not None:
        draft.material = texts.put(draft.material, place, text, rng)
    elif where == "answer":
        draft.answer = texts.put(draft.answer, place, text, rng)
    else:
        draft.ask = texts.put(draft.ask, place, text, rng)
    return text.strip()


def _exchanged(wording: Wording, draft: Draft, rng: random.Random) -> str:
    """Another question and answer in the place of the row's."""
    numbers = _numbers(rng)
    ask, answer = (_numbered(str(wording[key]), numbers) for key in ("ask", "answer"))
    answer = texts.spoil(answer, wording["by"]) if "by" in wording else answer
    material = wording.get("input", "")
    if draft.material is None and material:
        ask = f"{ask}\n\n{material}"
    draft.ask, draft.answer, draft.material = ask, answer, material
    return f"{ask} → {answer}"


_SPOT = re.compile(r"\{(\w+)\}")


def _numbered(text: str, numbers: Mapping[str, str]) -> str:
    return _SPOT.sub(lambda found: numbers.get(found[1], found[0]), text)


def _numbers(rng: random.Random) -> dict[str, str]:
    """The numbers of a sum, and results that are wrong by a slip: a digit, a carry, a neighbour."""
    a, b, c, d, e = (
        rng.randint(*one) for one in ((12, 480), (12, 480), (12, 95), (3, 12), (9, 99))
    )
    h, p = rng.randrange(20, 900, 20), rng.choice((10, 15, 25, 30, 60))
    slip = rng.choice((1, 2, 10, -1, -10, 9))
    right = {
        "sum": a + b,
        "difference": a - b,
        "product": c * d,
        "mean": round((a + b + e) / 3, 2),
        "percent": p * h / 100,
        "sum3": a + b + c,
        "square": d * d,
    }
    wrong = {f"{name}_wrong": f"{value + slip:g}" for name, value in right.items()}
    plain = {"a": a, "b": b, "c": c, "d": d, "e": e, "h": h, "p": p}
    return wrong | {name: str(value) for name, value in plain.items()}


def _filled(text: str, draft: Draft, rng: random.Random, pool: Pool) -> str | None:
    if "«ask»" in text:
        other = pool.lend(draft, rng)
        if other is None:
            return None
        text = text.replace("«ask»", other[0]).replace("«answer»", other[1])
    text = text.replace("«n»", str(rng.randint(4, 30)))
    known = re.compile("«(" + "|".join(FILL) + ")»")
    return known.sub(lambda found: fill(found[0], rng), text)


def foreign(wording: Wording, draft: Draft, _: random.Random, __: Pool) -> str | None:
    """An answer in a language that the row has nothing to do with."""
    row = f"{draft.ask} {draft.answer}"
    guess = detect(draft.answer) or detect(draft.ask)
    unknown = guess is None and (wording["lang"] == "en" or not row.isascii())
    if unknown or (guess and guess.code == wording["lang"]) or holds(row, wording["lang"]):
        return None
    draft.answer = wording["answer"]
    return draft.answer
