"""Numbers as people write them, exactly: reading, evaluating, comparing with a rounded one."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

# A number with its sign, thousands separators, decimals, fraction (3/4), percent sign and power.
NUMBER = re.compile(
    r"(?<![\w.,/])(?P<sign>[-−–]\s?(?=[\d.]))?"
    r"(?P<digits>\d+(?:[.,' \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.]\d+)"
    r"(?![.,]\d)"
    r"(?:(?P<over>/\d+)(?![\d/]))?"
)
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_IN_WORDS = {word: value for value, word in enumerate(_WORDS)} | {
    word: 10 * (value + 2) for value, word in enumerate(_TENS)
}
_WORD = re.compile(
    rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_WORDS[1:10])})\b|\b({'|'.join([*_WORDS, *_TENS])})\b",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A number found in a text.

    Attributes:
        readings: what it may mean: "1,250" is 1250 or, with a decimal comma, 1.25.
        places: decimals that are shown, by which a right result may have been rounded.
        text: as it stands there.
        start: where, in characters.
        end: where it ends.
    """

    readings: frozenset[Fraction]
    places: int
    text: str
    start: int
    end: int

    def is_about(self, value: Fraction, slack: Fraction = Fraction(0)) -> bool:
        """Whether it is the value, rounded or cut to the decimals shown, or off by the slack."""
        step = Fraction(1, 10 ** min(self.places, 9))  # beyond that, floats are noise
        for reading in self.readings:
            off = abs(reading - value)
            if off <= abs(value) * slack or (off < step and (self.places or value.denominator > 1)):
                return True
        return False


def find_numbers(text: str) -> list[Number]:
    """Every number of a text, those in words too, in no order."""
    found = [_read(match) for match in NUMBER.finditer(text)]
    found += [
        Number(frozenset({Fraction(_value(match))}), 0, match[0], *match.span())
        for match in _WORD.finditer(text)
    ]
    return found


def in_digits(text: str) -> str:
    """A text with its numbers up to 99 in digits.

    >>> in_digits("twelve times twenty-two")
    '12 times 22'
    """
    return _WORD.sub(lambda found: str(_value(found)), text)


def _value(found: re.Match[str]) -> int:
    tens, ones, alone = found.groups()
    return _IN_WORDS[(alone or tens).lower()] + (_IN_WORDS[ones.lower()] if ones else 0)


def _read(match: re.Match[str]) -> Number:
    digits = match["digits"]
    values = readings(digits)
    places = len(re.split(r"[.,]", digits)[-1]) if re.search(r"[.,]\d+$", digits) else 0
    if match["over"] and int(match["over"][1:]):
        values = {value / int(match["over"][1:]) for value in values}
        places = 6
    if match["sign"]:
        # "- 5" may be an item of a list, "3 -5" a range.
        values |= {-value for value in values}
    return Number(frozenset(values), places, match[0].strip(), *match.span())


def readings(digits: str) -> set[Fraction]:
    """What a run of digits and separators may mean, point and comma being read either way.

    >>> sorted(map(float, readings("1,250")))
    [1.25, 1250.0]
    """
    plain = re.sub(r"[' \u00a0\u202f]", "", digits)
    values = set()
    for decimal, thousands in ((".", ","), (",", ".")):
        whole, _, part = plain.partition(decimal)
        if thousands in part or decimal in part:
            continue
        groups = whole.split(thousands)
        if len(groups) > 1 and (len(groups[0]) > 3 or any(len(one) != 3 for one in groups[1:])):  # noqa: PLR2004 - thousands
            continue
        values.add(Fraction(f"{''.join(groups) or '0'}.{part or '0'}"))
    return values


# --- expressions --------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?|\.\d+)(?P<percent>\s?%)?"
    r"|(?P<sign>\*\*|[-+*/×·÷^()xX−–\[\]]))"
)
_SAME = {"×": "*", "·": "*", "x": "*", "X": "*", "÷": "/", "−": "-", "–": "-", "^": "**"}
_SAME |= {"[": "(", "]": ")"}
MAX_POWER = 64


def evaluate(expression: str) -> Fraction | None:
    """The value of an expression in + - * / ^ % and parentheses; None if it is none."""
    tokens: list[Fraction | str] = []
    at = 0
    expression = expression.strip()
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None:
            return None
        if found["number"]:
            value = Fraction(found["number"].replace(",", ""))
            tokens.append(value / 100 if found["percent"] else value)
        else:
            tokens.append(_SAME.get(found["sign"], found["sign"]))
        at = found.end()
    try:
        value, rest = _sum([*tokens, "end"])
    except (ValueError, ZeroDivisionError):
        return None
    return value if rest == ["end"] else None


Tokens = list[Fraction | str]


def _sum(tokens: Tokens) -> tuple[Fraction, Tokens]:
    value, tokens = _product(tokens)
    while tokens[0] in ("+", "-"):
        sign = 1 if tokens[0] == "+" else -1
        other, tokens = _product(tokens[1:])
        value += sign * other
    return value, tokens


def _product(tokens: Tokens) -> tuple[Fraction, Tokens]:
    value, tokens = _power(tokens)
    while tokens[0] in ("*", "/"):
        divide = tokens[0] == "/"
        other, tokens = _power(tokens[1:])
        value = value / other if divide else value * other
    return value, tokens


def _power(tokens: Tokens) -> tuple[Fraction, Tokens]:
    if tokens[0] == "-":
        value, tokens = _power(tokens[1:])
        return -value, tokens
    value, tokens = _atom(tokens)
    if tokens[0] == "**":
        power, tokens = _power(tokens[1:])
        if power.denominator != 1 or abs(power) > MAX_POWER:
            raise ValueError("a power that is no small whole number")
        value = Fraction(value ** int(power))
    return value, tokens


def _atom(tokens: Tokens) -> tuple[Fraction, Tokens]:
    first = tokens[0]
    if isinstance(first, Fraction):
        return first, tokens[1:]
    if first != "(":
        raise ValueError(f"unexpected {first}")
    value, tokens = _sum(tokens[1:])
    if tokens[0] != ")":
        raise ValueError("unbalanced")
    return value, tokens[1:]
