"""Sums that are wrong: what a prompt asks to compute, and equations inside answers, recomputed.

Only what is fully understood is judged. A task is understood if a pattern takes the whole prompt,
or if every word of it is known to change nothing; an answer, if it holds at most one number that
the prompt does not. Whatever is left over (a unit too many, a word problem, code) means null.
"""

# ruff: noqa: PLR2004 - arithmetic, and lengths of lists
from __future__ import annotations

import math
import re
import statistics
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from curate.registry import signal
from curate.text import units
from curate.text.lazy import regex
from curate.text.numbers import NUMBER, Number, evaluate, find_numbers, in_digits, readings

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PROMPT = 400  # characters; longer prompts are word problems
MAX_ANSWER = 400
CONVERSION_SLACK = Fraction(3, 100)  # people convert with 1.6 km a mile


class Task(NamedTuple):
    """What a prompt asks to compute.

    Attributes:
        text: the task in short: "25 m in kilometers".
        results: the values that count as right.
        slack: by what share of itself a result may be off.
    """

    text: str
    results: tuple[Fraction, ...]
    slack: Fraction = Fraction(0)


_N = r"[-−]?\d[\d,]*(?:\.\d+)?|[-−]?\.\d+"
_UNIT = units.PATTERN
_END = r"\s*(?:\(?(?:,\s*)?(?:and )?round(?:ed|ing)? [^\d]*(?:\d [^\d]*)?)?[\s.?!=:]*$"
_CONVERT = [
    regex(pattern)
    for pattern in (
        (
            rf"\b(?:convert|change|express|transform|turn|what is|what's|how much is)\b"
            rf"[^\d]{{0,60}}?"
            rf"(?P<value>{_N})\s*(?P<unit>{_UNIT})(?: \w+)?,?\s+(?:to|into|in|as)"
            rf"(?: its equivalent in)?\s+(?:the )?(?P<to>{_UNIT}){_END}"
        ),
        (
            rf"\bconvert\b[^\d]{{0,60}}?\bfrom (?P<unit>{_UNIT}) (?:to|into) (?P<to>{_UNIT})\b"
            rf"[^\d]{{0,60}}?"
            rf"(?P<value>{_N})\s*(?:{_UNIT})?{_END}"
        ),
        (
            rf"\bconvert\b[^\d]{{0,60}}?\b(?:to|into|in) (?P<to>{_UNIT})\b[^\w]*(?:[a-z]+:)?[^\w]*"
            rf"(?P<value>{_N})\s*(?P<unit>{_UNIT}){_END}"
        ),
        (
            rf"\bhow many (?P<to>{_UNIT})(?: are| is)?(?: there)? in "
            rf"(?P<value>{_N})\s*(?P<unit>{_UNIT}){_END}"
        ),
        (
            rf"\bhow many (?P<to>{_UNIT}) (?:are|is|equals?|makes?(?: up)?|do|does) "
            rf"(?P<value>{_N})\s*(?P<unit>{_UNIT})(?: (?:have|contain|make|equal|hold|last))?{_END}"
        ),
        (
            rf"\bhow many (?P<to>{_UNIT})(?: are)?(?: there)? in "
            rf"(?P<value>an?|one) (?P<unit>{_UNIT}){_END}"
        ),
    )
]


def _conversion(prompt: str) -> Task | None:
    for pattern in _CONVERT:
        found = pattern.search(prompt)
        if found is None:
            continue
        said = found["value"]
        if said not in ("a", "an", "one") and len(find_numbers(prompt)) != 1:
            return None
        for value in _values(said):
            results = units.convert(value, found["unit"], found["to"])
            if results:
                text = f"{said} {found['unit']} in {found['to']}"
                return Task(text, results, CONVERSION_SLACK)
    return None


def _values(said: str) -> list[Fraction]:
    """The one value of a number in a prompt; none where it has two readings."""
    if said in ("a", "an", "one"):
        return [Fraction(1)]
    sign = -1 if said[0] in "-−" else 1
    found = readings(said.lstrip("-− "))
    if len(found) > 1 and re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d+\.\d+", said.lstrip("-− ")):
        return [sign * Fraction(said.lstrip("-− ").replace(",", ""))]
    return [sign * value for value in found] if len(found) == 1 else []


_FILLER = frozenset(
    "the value of result expression following equation arithmetic mathematical math maths "
    "operation problem this answer to for given simple numerical solution calculation a and sum "
    "what "
    "is what's calculate compute evaluate solve find determine simplify out work give me using "
    "order "
    "operations please output correct help provided do perform question task number numbers then "
    "how much many get result equal equals integer numeric mathematically obtain "
    # The same in German, French, Spanish, Portuguese, Italian and Dutch.
    "was ist sind ergibt gibt wie viel wieviel berechne berechnen rechne aus das ergebnis von wert "
    "combien font fait quel est le résultat résultats de calcule calculez la valeur "
    "cuánto cuanto es son cuál cual el resultado calcula valor quanto é são fa fanno qual calcule "
    "o resultado quale è il risultato calcolare hoeveel reken uit bereken wat het antwoord".split()
)
# In English, German, French, Spanish, Portuguese, Italian and Dutch.
_TIMES = (
    r"multiplied by|times|mal|multipliziert mit|fois|multiplié par|por|multiplicado por|vezes|per"
    r"|moltiplicato per|keer|maal"
)
_DIVIDED = (
    r"divided by|geteilt durch|durch|divisé par|dividido (?:por|entre)|entre|diviso(?: per)?"
    r"|gedeeld door"
)
_IN_WORDS = [
    (rf"(?<=\d) (?:{_TIMES}) (?=[\d(])", " * "),
    (rf"(?<=\d) (?:{_DIVIDED}) (?=[\d(])", " / "),
    (r"(?<=\d) (?:plus|más|mais|più) (?=[\d(])", " + "),
    (r"(?<=\d) (?:minus|weniger|moins|menos|meno|min) (?=[\d(])", " - "),
]
_EXPRESSION = regex(
    r"¿?(?P<words>[a-zà-ÿ' :,]*?)\s*(?P<sum>[-−(]*[\d.][\d.,\s+*/x×·÷^()%−–-]*[\d)%])\s*[=?.!]*$"
)


def _expression(prompt: str) -> Task | None:
    spelled = prompt
    for words, sign in _IN_WORDS:
        prompt = re.sub(words, sign, prompt)
    found = _EXPRESSION.fullmatch(prompt)
    if found is None or not set(re.findall(r"[a-zà-ÿ']+", found["words"])) <= _FILLER:
        return None
    text = found["sum"].strip()
    if not re.search(r"[\d)%]\s*[-+*/x×·÷^−–]\s*[-(]*[\d.]", text):
        return None
    # "9/11" and "2019-2020" are no sums unless somebody says so.
    told = re.search(r"calculate|compute|evaluate|simplify|solve", found["words"])
    if not told and not re.search(r"\s[-+*/x×·÷^−–]\s|[+*×÷]", text):
        return None
    if re.search(r"\d,\s|\d,\d{1,2}(?!\d)", text):
        return None
    if spelled != prompt and len(re.findall(r" [-+*/] ", text)) > 1:
        return None  # "5 plus 10 multiplied by 4" may be 60
    value = evaluate(text)
    return None if value is None else Task(text, (value,))


_PERCENT_OF = regex(
    rf"(?:(?:what is|what's|how much is|how many is|calculate|find|compute|determine|work out"
    rf"|give me|tell me|what does)(?: the)?(?: value of)? )?"
    rf"(?P<share>{_N})\s?(?:%|percent|per cent) of (?:the number )?[$€£]?(?P<whole>{_N})"
    rf"(?: (?:dollars|euros|pounds|rupees|equal))?{_END}"
)
_WHAT_PERCENT = regex(
    rf"(?:what percent(?:age)? of (?P<whole>{_N}) is (?P<part>{_N})"
    rf"|(?P<part2>{_N}) is what percent(?:age)? of (?P<whole2>{_N})"
    rf"|what percent(?:age)? is (?P<part3>{_N}) of (?P<whole3>{_N})){_END}"
)


def _percentage(prompt: str) -> Task | None:
    found = _PERCENT_OF.fullmatch(prompt)
    if found:
        share, whole = _values(found["share"]), _values(found["whole"])
        if share and whole:
            text = f"{found['share']}% of {found['whole']}"
            return Task(text, (share[0] * whole[0] / 100,))
    found = _WHAT_PERCENT.fullmatch(prompt)
    if found:
        parts, wholes = (
            _values(found[name] or found[f"{name}2"] or found[f"{name}3"])
            for name in ("part", "whole")
        )
        if parts and wholes and wholes[0]:
            of_whole = parts[0] / wholes[0]
            text = f"{parts[0]} as a share of {wholes[0]}"
            return Task(text, (of_whole * 100, of_whole))
    return None


_ROOT = regex(
    rf"(?P<words>[a-z' ]*?)(?P<kind>square root|cube root|cubed root) of (?:the number )?"
    rf"(?P<value>{_N}){_END}"
)


def _root(prompt: str) -> Task | None:
    found = _ROOT.fullmatch(prompt)
    if found is None or not set(re.findall(r"[a-z']+", found["words"])) <= _FILLER:
        return None
    values = _values(found["value"])
    if not values or values[0] < 0:
        return None
    power = 2 if found["kind"] == "square root" else 3
    root = Fraction(round(float(values[0]) ** (1 / power), 9))
    exact = Fraction(round(root))
    root = exact if exact**power == values[0] else root
    results = (root, -root) if power == 2 else (root,)
    return Task(f"{found['kind']} of {found['value']}", results)


_MULTIPLES = {"half": Fraction(1, 2), "double": Fraction(2), "twice": Fraction(2)}
_MULTIPLES |= {"triple": Fraction(3), "a quarter": Fraction(1, 4), "one quarter": Fraction(1, 4)}
_OF_ONE = regex(
    rf"(?P<words>[a-z' ]*?)\b(?:(?P<multiple>{'|'.join(_MULTIPLES)}) (?:of )?(?:the number )?"
    rf"(?P<whole>{_N})|(?P<named>square|cube) of (?:the number )?(?P<root>{_N})"
    rf"|(?P<base>{_N}) (?P<power>squared|cubed|(?:raised )?to the (?:power of \d\d?"
    rf"|\d\d?(?:nd|rd|th)(?: power)?)))[\s.?!=]*"
)


def _of_one(prompt: str) -> Task | None:
    """Half of 90, 5 squared, 2 to the power of 6."""
    found = _OF_ONE.fullmatch(prompt)
    if found is None or not set(re.findall(r"[a-z']+", found["words"])) <= _FILLER:
        return None
    values = _values(found["whole"] or found["root"] or found["base"])
    if not values:
        return None
    text = found[0][len(found["words"]) :].strip(" .?!=")
    if found["multiple"]:
        return Task(text, (_MULTIPLES[found["multiple"]] * values[0],))
    if values[0] < 0:
        return None  # -5 squared is 25 to some and -25 to others
    kind = found["named"] or found["power"]
    digits = re.search(r"\d+", kind)
    power = int(digits[0]) if digits else 2 if kind.startswith("square") else 3
    return Task(text, (values[0] ** power,))


_SHARE = regex(
    rf"(?:what is|what's|convert|express|write|change|turn) (?:the fraction |the decimal )?"
    rf"(?P<over>\d+) ?/ ?(?P<under>\d+) (?:as|to|into|in) (?:an? )?"
    rf"(?P<to>percent(?:age)?|decimal)(?: (?:number|form|value|notation))?{_END}"
)


def _share(prompt: str) -> Task | None:
    """3/4 as a percentage or a decimal."""
    found = _SHARE.fullmatch(prompt)
    if found is None or not int(found["under"]):
        return None
    value = Fraction(int(found["over"]), int(found["under"]))
    text = f"{found['over']}/{found['under']} as a {found['to']}"
    return Task(text, (value * 100, value) if found["to"][0] == "p" else (value,))


_COUNTED = regex(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|\d+) (?=numbers|values|integers)"
)
_PLAIN = frozenset(
    "what what's is are the of find calculate compute determine a an given following these this "
    "list set numbers number values value array data dataset below for and to please give get me "
    "from in result its integers integer digits provided evaluate by with between together tell "
    "figures up all below here overall obtain output group terms do perform out work series "
    "multiplication addition collection".split()
)


def _mean(given: list[Fraction]) -> list[Fraction]:
    return [sum(given, Fraction(0)) / len(given)]


def _mode(given: list[Fraction]) -> list[Fraction]:
    modes = statistics.multimode(given)
    return modes if len(modes) < len(set(given)) else []


def _apart(given: list[Fraction]) -> list[Fraction]:
    if len(given) != 2:
        return []
    return [given[0] - given[1], given[1] - given[0]]


def _divided(given: list[Fraction]) -> list[Fraction]:
    return [given[0] / given[1]] if len(given) == 2 and given[1] else []


def _whole(function: Callable[..., int]) -> Callable[[list[Fraction]], list[Fraction]]:
    def applied(given: list[Fraction]) -> list[Fraction]:
        if any(one.denominator != 1 or one < 1 for one in given):
            return []
        return [Fraction(function(*map(int, given)))]

    return applied


def _spreads(
    *functions: Callable[[list[float]], float],
) -> Callable[[list[Fraction]], list[Fraction]]:
    """Of a population and of a sample: both are called so."""

    def applied(given: list[Fraction]) -> list[Fraction]:
        return [Fraction(function([float(one) for one in given])) for function in functions]

    return applied


def _rms(given: list[Fraction]) -> list[Fraction]:
    return [Fraction(math.sqrt(sum(one * one for one in given) / len(given)))]


def _factorial(given: list[Fraction]) -> list[Fraction]:
    small = len(given) == 1 and given[0].denominator == 1 and 0 <= given[0] <= 25
    return [Fraction(math.factorial(int(given[0])))] if small else []


# Words that name an operation -> the operation, and how many numbers it takes at least.
_OPERATIONS: list[tuple[str, Callable[[list[Fraction]], list[Fraction]], int]] = [
    ("sum|add|total|add up|sum up|sum total", lambda given: [sum(given, Fraction(0))], 2),
    ("product|multiply", lambda given: [math.prod(given, start=Fraction(1))], 2),
    ("difference", _apart, 2),
    ("subtract", _apart, 2),
    ("divide|quotient", _divided, 2),
    ("average|mean|arithmetic mean|mean average|average mean", _mean, 2),
    ("median", lambda given: [statistics.median(given)], 2),
    ("mode", _mode, 3),
    ("range", lambda given: [max(given) - min(given)], 3),
    ("maximum|largest|greatest|highest|biggest|max", lambda given: [max(given)], 2),
    ("minimum|smallest|lowest|least|min", lambda given: [min(given)], 2),
    (
        "gcd|greatest common divisor|greatest common factor|gcf|hcf|highest common factor",
        _whole(math.gcd),
        2,
    ),
    ("lcm|least common multiple|lowest common multiple", _whole(math.lcm), 2),
]
_OPERATIONS += [
    ("standard deviation", _spreads(statistics.pstdev, statistics.stdev), 2),
    ("variance", _spreads(statistics.pvariance, statistics.variance), 2),
    ("root mean square|root mean square rms|rms", _rms, 2),
    ("factorial", _factorial, 1),
]
_BY_WORDS = {
    frozenset(names.split()): (names, operation, least)
    for every, operation, least in _OPERATIONS
    for names in every.split("|")
}


def _listed(prompt: str) -> Task | None:
    """Sum, product, mean, median ... of the numbers in the prompt."""
    prompt = _spaced(_COUNTED.sub("", prompt))
    bare = NUMBER.sub(" ", prompt)
    if re.search(r"[^\sa-z'.,:;?!\[\](){}&\"-]", bare):
        return None
    words = set(re.findall(r"[a-z']+", bare)) - _PLAIN
    if frozenset(words) not in _BY_WORDS:
        return None
    name, operation, least = _BY_WORDS[frozenset(words)]
    if name not in ("difference", "subtract") and re.search(
        r"\d (?:to|through) -?\d|between -?\d", prompt
    ):
        return None  # all numbers from 1 to 10
    given = _given(prompt)
    if len(given) < least or (name == "subtract" and "from" not in prompt):
        return None
    results = operation(given)
    shown = ", ".join(str(float(one)).removesuffix(".0") for one in given)
    slack = Fraction(1, 100) if any(one.denominator > 10**9 for one in results) else Fraction(0)
    return Task(f"{name} of {shown}", tuple(results), slack) if results else None


def _spaced(prompt: str) -> str:
    """Put a space after the commas of a list: `3,2,5` is no number."""
    thousands = re.search(r"\d,\d{3}(?!\d)", prompt)
    if not thousands and re.search(r"\d,\d{1,2}(?!\d)|\d,\d{4}", prompt):
        return re.sub(r"(?<=\d),(?=[-\d])", ", ", prompt)
    return prompt


def _once(prompt: str) -> str:
    """A prompt whose input says again what the instruction says, without the repetition.

    Numbers in both that differ ("Divide by 11." with "53") are no list: nothing is left then.
    """
    instruction, _, context = prompt.partition("\n\n")
    one, other = (NUMBER.findall(part) for part in (instruction, context))
    if one and other:
        return instruction if one == other else ""
    return prompt


def _given(prompt: str) -> list[Fraction]:
    """The numbers of a prompt in their order; none where one of them is not sure."""
    given = []
    for match in NUMBER.finditer(prompt):
        if match["over"]:
            return []
        digits = match["digits"].replace(",", "")
        try:
            value = Fraction(digits)
        except ValueError:
            return []
        given.append(-value if match["sign"] else value)
    return given


_LINEAR = regex(
    r"(?P<words>[a-z' :,]*?)\s*(?P<a>-?\d*)(?P<x>[a-z])\s*(?P<sign>[-+])\s*(?P<b>\d+)\s*=\s*"
    r"(?P<c>-?\d+)(?:,? (?:for|where|find|what is) [a-z ]*)?[.?!\s]*"
)


def _linear(prompt: str) -> Task | None:
    """`Solve 3x + 6 = 24`."""
    found = _LINEAR.fullmatch(prompt)
    if found is None:
        return None
    known = _FILLER | {found["x"], "linear", "in", "if", "unknown", "variable", "when", "that"}
    if not set(re.findall(r"[a-z']+", found["words"])) <= known:
        return None
    a = int(found["a"] + "1" if found["a"] in ("", "-") else found["a"])
    b = int(found["sign"] + found["b"])
    return (
        Task(found[0][len(found["words"]) :].strip(), (Fraction(int(found["c"]) - b, a),))
        if a
        else None
    )


_SHAPES: list[tuple[str, Callable[..., float]]] = [
    (r"area of (?:a|the) circle {of} (?:a |the )?radius {n}", lambda r: math.pi * r * r),
    (r"area of (?:a|the) circle {of} (?:a |the )?diameter {n}", lambda d: math.pi * d * d / 4),
    (
        r"(?:circumference|perimeter) of (?:a|the) circle {of} (?:a |the )?radius {n}",
        lambda r: 2 * math.pi * r,
    ),
    (
        r"(?:circumference|perimeter) of (?:a|the) circle {of} (?:a |the )?diameter {n}",
        lambda d: math.pi * d,
    ),
    (r"area of (?:a|the) square {of} (?:a |the )?sides?(?: lengths?)? {n}", lambda a: a * a),
    (r"perimeter of (?:a|the) square {of} (?:a |the )?sides?(?: lengths?)? {n}", lambda a: 4 * a),
    (
        (
            r"area of (?:a|the) rectangle {of} (?:a |the )?(?:length|width|height|sides) {n} "
            r"(?:and|by) (?:a |the )?(?:length|width|height)? ?{n}"
        ),
        lambda a, b: a * b,
    ),
    (
        (
            r"perimeter of (?:a|the) rectangle {of} (?:a |the )?(?:length|width|height|sides) {n} "
            r"(?:and|by) (?:a |the )?(?:length|width|height)? ?{n}"
        ),
        lambda a, b: 2 * (a + b),
    ),
    (
        (
            r"area of (?:a|the) triangle {of} (?:a |the )?(?:base|height) {n} and (?:a |the )?"
            r"(?:base|height) {n}"
        ),
        lambda a, b: a * b / 2,
    ),
    (
        r"volume of (?:a|the) cube {of} (?:a |the )?(?:sides?|edges?)(?: lengths?)? {n}",
        lambda a: a**3,
    ),
    (r"volume of (?:a|the) sphere {of} (?:a |the )?radius {n}", lambda r: 4 / 3 * math.pi * r**3),
]
_OF = r"(?:with|of|whose|that has|which has|having|given|if)(?: its)?"
_SIZE = (
    rf"(?:of |is |equal to |= ?)?(?P<n{{}}>{_N}) ?"
    r"(?P<u{}>cm|mm|km|m|in|ft|inch(?:es)?|meters?|centimeters?|units?|feet|foot)?"
)


def _shape_patterns() -> list[tuple[re.Pattern[str], Callable[..., float]]]:
    made = []
    for template, function in _SHAPES:
        pattern = template.replace("{of}", _OF)
        for number in range(pattern.count("{n}")):
            pattern = pattern.replace("{n}", _SIZE.format(number, number), 1)
        made.append((regex(rf"(?P<words>[a-z' ]*?)(?P<what>{pattern}){_END}"), function))
    return made


_SHAPE_PATTERNS = _shape_patterns()


def _shape(prompt: str) -> Task | None:
    """Area, perimeter or volume of a plain figure."""
    for pattern, function in _SHAPE_PATTERNS:
        found = pattern.fullmatch(prompt)
        if found is None or not set(re.findall(r"[a-z']+", found["words"])) <= _FILLER:
            continue
        named = found.groupdict()
        sizes = [_values(said) for name, said in named.items() if re.fullmatch(r"n\d", name)]
        in_units = {said for name, said in named.items() if re.fullmatch(r"u\d", name)}
        if not all(sizes) or len(in_units) > 1:
            return None
        result = Fraction(function(*(float(one[0]) for one in sizes))).limit_denominator(10**12)
        return Task(found["what"], (result,), Fraction(1, 100))
    return None


_TO_BASE = regex(
    r"(?P<words>[a-z' ,:]*?)(?P<value>\d+)(?: from (?:decimal|base 10))? (?:in)?to "
    r"(?:a |an |its |the )?(?P<base>binary|octal|hexadecimal|hex|roman numerals?)"
    r"(?: (?:number|notation|form|format|representation|numerals?"
    r"|equivalent|code|system))*[.?!\s]*"
)
_DIGITS = {"binary": "b", "octal": "o", "hex": "x", "hexadecimal": "x"}


def other_base(prompt: str, answer: str) -> tuple[str, str] | None:
    """What a whole number is in another base or in Roman numerals, where the answer differs."""
    line = " ".join(prompt.lower().split())
    found = _TO_BASE.fullmatch(line)
    words = set(re.findall(r"[a-z']+", found["words"])) if found else set()
    if found is None or not words <= _FILLER | {"convert", "change", "express", "decimal", "write"}:
        return None
    value = int(found["value"])
    if "roman" in found["base"]:
        right, said = _roman(value), re.findall(r"\b[IVXLCDM]{2,}\b|\b[VXLCDM]\b", answer)
    else:
        right = format(value, _DIGITS[found["base"]])
        shape = {"b": r"[01]{2,}", "o": "[0-7]+", "x": "[0-9a-f]+"}[_DIGITS[found["base"]]]
        said = re.findall(rf"\b(?:0[box])?({shape})\b", answer.lower().replace(" ", " "))
        said = [one.lstrip("0") for one in said if one != found["value"] or len(said) == 1]
    if len(set(said)) != 1 or right in said or re.search(r"```|[₂₈]", answer):
        return None
    return f"{value} in {found['base']} = {right}", said[0]


def _roman(value: int) -> str:
    signs = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "M CM D CD C XC L XL X IX V IV I".split(),
        strict=True,
    )
    made = ""
    for size, sign in signs:
        made += sign * (value // size)
        value %= size
    return made


# What reads a prompt, and the words of which one is in each that it understands: to look for these
# takes a tenth of what the patterns take to fail.
_TASKS: tuple[tuple[tuple[str, ...], Callable[[str], Task | None]], ...] = (
    (("area", "perimeter", "circumference", "volume"), _shape),
    (("convert", "change", "express", "transform", "turn", "what", "how m"), _conversion),
    (("%", "percent", "per cent"), _percentage),
    ((" root of",), _root),
    ((*_MULTIPLES, "quarter", "square", "cube", " to the "), _of_one),
    (("percent", "decimal"), _share),
    (("",), _expression),
    (("",), _listed),
    (("=",), _linear),
)


def understand(prompt: str) -> Task | None:
    """The one thing that a prompt asks to compute, or None."""
    if len(prompt) > MAX_PROMPT:
        return None
    line = " ".join(_once(prompt.strip().lower().replace("’", "'")).split())
    # "Output one number" is no number, so words count only where there are no digits.
    for spelled in (line,) if re.search(r"\d", line) else (line, in_digits(line)):
        for words, read in _TASKS:
            task = read(spelled) if any(word in spelled for word in words) else None
            if task is not None:
                return task
    return None


# --- the answer ---------------------------------------------------------------------------------

# What says a number in a way that is not read here, or says more than one thing.
_UNREAD = regex(
    r"```|functioncall|\"arguments\"|\b(?:def|return|import|print|var|let)\b|[√π∞]|\bpi\b|\\(?:frac|sqrt)|\d\s*[x×*]\s*10\b|\de[-+]?\d"
    r"|\b(?:hundred|thousand|million|billion|trillion|dozen|half|third|quarter|halves|infinit|none"
    r"|undefined|impossible|not possible|no mode|not a|cannot|can't|unable|remainder|r\d"
    r"|approximately zero)\b"
    r"|\d (?:squared|cubed|to the \w+)[.\s]*$"
    r"|(?-i:\d[KMB]\b)|\^|\b(?:mod|log|sin|cos)\b|[⁰¹²³⁴-⁹½⅓¼¾⅔]",
    re.IGNORECASE,
)
_POWERED = regex(r"\b(cm|mm|km|m|in|ft|inches|feet|meters|units?) ?(?:\^ ?[23]|[23]\b|[²³])")
_OTHER_UNITS = regex(
    rf"\d\s*(?:{units.PATTERN})\b,?\s*(?:and\s*)?\d+(?:\.\d+)?\s*(?:{units.PATTERN})\b",
    re.IGNORECASE,
)


def contradicts(task: Task, prompt: str, answer: str) -> str | None:
    """The number that an answer gives in place of the result; None if it may be right."""
    answer = _POWERED.sub(r"\1", answer)
    # "Half of 90 is 40" says "half" with the question.
    rest = re.sub(re.escape(task.text), "", answer, flags=re.IGNORECASE)
    if len(answer) > MAX_ANSWER or _UNREAD.search(rest) or _OTHER_UNITS.search(answer):
        return None
    numbers = _unrepeated(prompt, find_numbers(answer))
    if any(number.is_about(result, task.slack) for number in numbers for result in task.results):
        return None
    asked = {reading for number in find_numbers(prompt) for reading in number.readings}
    new = [number for number in numbers if not number.readings & asked]
    if len({number.readings for number in new}) == 1:
        return new[0].text
    if not new and len(numbers) == 1:
        return numbers[0].text
    return None


def _unrepeated(prompt: str, numbers: list[Number]) -> list[Number]:
    """The numbers of an answer; the last alone where those before it repeat the prompt's.

    "144 divided by 12 is 14" holds a 12, which is right, but not as the result.
    """
    said = [number.readings for number in sorted(numbers, key=lambda one: one.start)]
    asked = [number.readings for number in sorted(find_numbers(prompt), key=lambda one: one.start)]
    if asked and said[:-1] == asked:
        return [max(numbers, key=lambda one: one.start)]
    return numbers


_SORT = (
    frozenset(
        "sort order arrange rearrange organize organise rank put numerically ordered sorted "
        "arranged numerical by size value as follows them so that into number it each items "
        "elements take then".split()
    )
    | _PLAIN
)
_UP = regex(
    r"ascending|increasing"
    r"|(?:smallest|lowest|least|low|small) (?:number |value )?to (?:the )?"
    r"(?:largest|highest|greatest|high|big)"
)
_DOWN = regex(
    r"descending|decreasing"
    r"|(?:largest|highest|greatest|high|biggest) (?:number |value )?to (?:the )?"
    r"(?:smallest|lowest|least|low)"
)


def unsorted(prompt: str, answer: str) -> tuple[Task, str] | None:
    """A list of numbers that a prompt asks to sort and an answer gives in another order."""
    line = _once(prompt.lower())
    up, down = _UP.search(line), _DOWN.search(line)
    if bool(up) == bool(down) or not re.search(
        r"\b(?:sort|order|(?:re)?arrange|organi[sz]e|rank)", line
    ):
        return None
    bare = NUMBER.sub(" ", _COUNTED.sub("", _UP.sub(" ", _DOWN.sub(" ", line))))
    if re.search(r"[^\sa-z'.,:;?!\[\](){}&\"-]", bare) or set(re.findall("[a-z']+", bare)) - _SORT:
        return None
    given = _given(_spaced(_COUNTED.sub("", line)))
    # "In ascending order: 1, 2, 3": what follows the last letter.
    listed = re.split(r"[A-Za-z:=]", answer.strip())[-1].strip()
    given_order = _given(_spaced(listed))
    if len(given) < 3 or len(given_order) != len(given):
        return None
    right = sorted(given, reverse=bool(down))
    if given_order in (right, list(dict.fromkeys(right))) or sorted(given_order) != sorted(given):
        return None
    order = ", ".join(str(float(one)).removesuffix(".0") for one in right)
    return Task(f"sorted: {order}", tuple(right)), listed


_TERM = r"\(*[-−]?[$€£]?\d[\d,]*(?:\.\d+)?\s?%?\)*"
_SIGN = r"(?:\s*[+*/×·÷]\s*|\s+[-−–x]\s+|(?<=\d)x(?=\d))"
_EQUATION = regex(
    rf"(?<![\w.,/^*+=(%$€£-])(?P<left>{_TERM}(?:{_SIGN}{_TERM})+)\s*=[ \t]*"
    r"(?P<right>[$€£]?[-−]?\d[\d,]*(?:\.\d+)?)(?P<percent>\s?%)?(?P<after>.{0,12})",
    re.DOTALL,
)
_EQUATION_GATE = r"[-+*/x×÷·−–]\s*\(*[$€£]?\d[\d,.]*\s?%?\)*\s*=[ \t]*[$€£]?[-−]?\d"
_BEFORE = regex(
    r"(?:\b(?:roots?|cubes?|squares?|log|ln|sin|cos|tan|mod|of the|half|twice|double|binary|hex"
    r"|base|if|not|never|wrong|false|incorrect|mistake|suppose|assume)\b[^.\n]{0,25}"
    r"|[-+*/×·÷^=<>x%(\[{−–|]\s*|(?<![a-z])[a-z]\s?)$",
    re.IGNORECASE,
)
_CONTINUES = regex(
    r"\s*[-+*/×·÷^%−–!]|\s?x\s?\d|\s*/|[.,]\d|\s+\d|\s*(?:r|remainder|rem|mod|million|billion|thousand|hundred)\b"
    r"|[a-z(]\s|[a-z]{1,2}$|\.\.\.|…",
    re.IGNORECASE,
)
_NO_SUMS = regex(
    r"```|binary|\bmod(?:ulo|ulus)?\b|\bbase\b|hexadecimal|riddle|puzzle|matchstick|boolean|clock|"
    r"\bstring|python|javascript|\bprint|\bcode\b|false|incorrect|approximat|round|estimate|sequence"
    r"|pattern|cipher|trick|fraction",
    re.IGNORECASE,
)


def wrong_equation(prompt: str, answer: str) -> tuple[str, str] | None:
    """The first equation of an answer that does not hold, and the value of its left side."""
    if _NO_SUMS.search(prompt) or _NO_SUMS.search(answer):
        return None
    for found in _EQUATION.finditer(answer):
        if _BEFORE.search(answer[: found.start()][-60:]) or _CONTINUES.match(found["after"]):
            continue
        if found["left"] in prompt or re.search(r"\d,\d{1,2}(?!\d)|\d,\d{4}", found[0]):
            continue
        left = re.sub("[$€£]", "", found["left"])
        if (
            re.fullmatch(r"\d+/\d+", left.strip())
            and not found["percent"]
            and found["right"].isdecimal()
        ):
            continue  # 1/4=68: a tempo, a scale
        value = evaluate(left)
        if value is None or _holds(left, value, found):
            continue
        return f"{found['left'].strip()} = {shown(value)}", found["right"].rstrip(",")
    return None


def _holds(left: str, value: Fraction, found: re.Match[str]) -> bool:
    said = Fraction(re.sub("[$€£,]", "", found["right"]).replace("−", "-"))
    places = len(found["right"].partition(".")[2])
    step = Fraction(1, 10**places)
    # A product of rounded numbers, and a quotient, may be off in the last digit; whole sums not.
    exact = "." not in left and not re.search(r"[/÷%]", left)
    slack = Fraction(0) if exact else max(step, abs(value) / 100)
    readings_ = (
        [said, said / 100] if found["percent"] else [said, said / 100 if "%" in left else said]
    )
    if value * 100 == said:  # (5 / 20) = 25, the sign of per cent left out
        return True
    return any(abs(one - value) <= (slack if one == said else slack / 100) for one in readings_)


def shown(value: Fraction) -> str:
    """A value as people write it, with six digits at most after the point."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


# --- the signal ---------------------------------------------------------------------------------

_ASKS = (
    r"(?i)\b(?:convert|change|express|transform|how (?:many|much)|sums?|add|total|product|multiply"
    r"|difference|subtract|divide|quotient|average|mean|median|mode|range|square root|cube root"
    r"|percent|sort|order|half|twice|double|triple"
    r"|arrange|rearrange|rank|maximum|minimum|largest|smallest|greatest|least|lowest|highest|gcd|lcm|gcf|hcf"
    r"|area|volume|perimeter|circumference|deviation|variance|rms|factorial"
    r"|calculate|compute|evaluate|solve|what is|what's|find|simplify"
    r"|was ist|wie ?viel|berechne|combien|calcul[ae]z?|cu[aá]nto|quanto|hoeveel)\b"
)


@signal(
    columns={
        "arithmetic_expected": "what the prompt asks to compute and its result, where the answer "
        "gives another (`25 m in km = 0.025`); null where it may be right, or is not understood",
        "arithmetic_found": "the number that the answer gives instead",
        "equation_expected": "an equation of the answer that does not hold, with the right result",
        "equation_found": "the result that it gives instead",
    },
    needs=("roles", "texts", "calls"),
    version=4,
)
def arithmetic(frame: pl.DataFrame) -> pl.DataFrame:
    """Recompute what a question asks for, and the equations of the answer that follows it."""
    pairs = _exchanges(frame)
    asks = pl.col("question").str.contains(_ASKS) & pl.col("question").str.contains(
        r"\d|(?i)how many \w+ (?:are )?(?:there )?in an? "
        r"|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|ty|teen) "
        r"(?:times|plus|minus|divided by|multiplied by|squared|cubed) "
    )
    short = (pl.col("question").str.len_bytes() <= 3 * MAX_PROMPT) & (
        pl.col("answer").str.len_bytes() <= 3 * MAX_ANSWER
    )
    tasks = pairs.filter(short & asks)
    equations = pairs.filter(pl.col("answer").str.contains(_EQUATION_GATE))
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))
    for some, judge, names in (
        (tasks, partial(_judge_in, frame), ("arithmetic_expected", "arithmetic_found")),
        (equations, _solve, ("equation_expected", "equation_found")),
    ):
        found = {}
        for row, question, answer in some.iter_rows():
            if row not in found and (wrong := judge(row, question, answer)) is not None:
                found[row] = (row, *wrong)
        schema = {"row": pl.UInt32, **dict.fromkeys(names, pl.String)}
        part = pl.DataFrame(list(found.values()), schema=schema, orient="row")
        rows = rows.join(part, on="row", how="left", maintain_order="left")
    return rows.drop("row")


def _exchanges(frame: pl.DataFrame) -> pl.DataFrame:
    """Each answer that calls nothing, and what the user said last: `row`, `question`, `answer`.

    A call may stand in the sentence itself: "There are python('3 * 12') inches in 3 feet."
    """
    turns = frame.with_row_index("row").explode("roles", "texts", "calls", empty_as_null=False)
    asked = pl.when(pl.col("roles") == "user")
    turns = turns.select(
        "row",
        asked.then("texts").forward_fill().alias("question"),
        asked.then("row").forward_fill().alias("asked_in"),
        pl.col("texts").alias("answer"),
        (
            (pl.col("roles") == "assistant")
            & pl.col("calls").is_null()
            & ~pl.col("texts").str.contains(_CALL_INSIDE)
        ).alias("answers"),
    )
    turns = turns.filter(pl.col("answers") & (pl.col("row") == pl.col("asked_in")))
    return turns.select("row", "question", "answer")


_CALL_INSIDE = r"[A-Za-z_]\(\s*['\"0-9]|<<|\[[A-Z][A-Za-z]+\("

# What makes other sums right, said anywhere in a conversation before they are asked for.
_OTHER_RULES = regex(
    r"\bbase\b|binary|octal|hexadecimal|\bmod(?:ulo|ulus)?\b|clock|riddle|trick|joke|puzzle"
    r"|wrong|incorrect|mistake|pretend|opposite|nonsense|\blie\b|\blies\b",
    re.IGNORECASE,
)


def _judge_in(frame: pl.DataFrame, row: int, question: str, answer: str) -> tuple[str, str] | None:
    """The judgement of an exchange, unless what was said elsewhere in its row may change it."""
    wrong = _judge(question, answer)
    if wrong is None:
        return None
    texts = frame.item(row, "texts").to_list()
    others = [text for text in texts if text not in (question, answer)]
    return None if any(_OTHER_RULES.search(text) for text in others) else wrong


def _solve(_: int, question: str, answer: str) -> tuple[str, str] | None:
    return wrong_equation(question, answer)


def _judge(question: str, answer: str) -> tuple[str, str] | None:
    task = understand(question)
    if task is not None:
        found = contradicts(task, question, answer)
        return None if found is None else (f"{task.text} = {shown(task.results[0])}", found)
    in_base = other_base(question, answer)
    if in_base is not None:
        return in_base
    out_of_order = unsorted(question, answer)
    return None if out_of_order is None else (out_of_order[0].text, out_of_order[1])
