"""Numbers as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text.numbers import evaluate, find_numbers, readings
from curate.text.units import UNITS, convert


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,250", {"1250", "1.25"}),
        ("1.000,5", {"1000.5"}),
        ("1,000.5", {"1000.5"}),
        ("1 000 000", {"1000000"}),
        ("1.000.000", {"1000000"}),
        ("3.14", {"3.14"}),
        ("3,5", {"3.5"}),
        ("12,34,56", set()),
        ("0.125", {"0.125", "125"}),
    ],
)
def test_readings(text, values):
    assert readings(text) == {Fraction(value) for value in values}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 3/4 of it.", ["3/4"]),
        ("minus: -5 or 7", ["-5", "7"]),
        ("twenty-five and seven", ["25", "7"]),
        ("version 1.2.3 of x86", []),
        ("It costs $4.50, or 5%.", ["4.5", "5"]),
    ],
)
def test_find_numbers(text, found):
    seen = {reading for number in find_numbers(text) for reading in number.readings}
    assert {Fraction(one) for one in found} <= seen
    assert bool(seen) == bool(found)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", "14"),
        ("(2 + 3) × 4", "20"),
        ("10 ÷ 4", "2.5"),
        ("2^3^2", "512"),
        ("-2 ** 2", "-4"),
        ("50% * 30", "15"),
        ("1,250 − 250", "1000"),
        ("[1 + 2] x 3", "9"),
        ("1/0", None),
        ("2 3", None),
        ("2 +", None),
        ("(2", None),
        ("2 ** 0.5", None),
        ("9 ** 9 ** 9", None),
        ("__import__", None),
        ("", None),
    ],
)
def test_evaluate(expression, value):
    assert evaluate(expression) == (None if value is None else Fraction(value))


@given(st.integers(0, 999), st.integers(1, 999), st.sampled_from("+-*/"))
def test_evaluate_agrees_with_python(one, other, sign):
    made = evaluate(f"{one} {sign} {other}")
    assert made == eval(f"Fraction({one}) {sign} {other}")  # noqa: S307


@pytest.mark.parametrize(
    ("shown", "value", "right"),
    [
        ("3.33", "10/3", True),
        ("3.34", "10/3", True),  # the next step up
        ("3.4", "10/3", True),
        ("3.5", "10/3", False),
        ("3", "10/3", True),
        ("5", "10/3", False),
        ("216.33333333333337", "649/3", True),  # a float
        ("25", "24", False),
    ],
)
def test_rounded(shown, value, right):
    (number,) = find_numbers(shown)
    assert number.is_about(Fraction(value)) is right


def test_units_there_and_back():
    for name, (kind, sizes, base) in UNITS.items():
        for other, (other_kind, _, other_base) in UNITS.items():
            made = convert(Fraction(7), name, other)
            assert bool(made) == (kind == other_kind and base != other_base)
        assert all(size > 0 for size in sizes)
    assert convert(Fraction(30), "celsius", "f") == (86,)
    assert float(convert(Fraction(10), "miles", "km")[0]) == pytest.approx(16.09344)
    back = convert(convert(Fraction(300), "k", "fahrenheit")[0], "fahrenheit", "kelvin")
    assert back == (300,)
