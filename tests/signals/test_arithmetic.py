"""What is recomputed, and what is left alone; the rules' own examples say more."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest

from curate.signals.arithmetic import arithmetic, contradicts, understand, wrong_equation


@pytest.mark.parametrize(
    ("prompt", "result"),
    [
        ("Convert 5 km to miles.", "3.107"),
        ("What is 3 feet in inches?", "36"),
        ("How many seconds are there in an hour?", "3600"),
        ("Convert the speed to m/s.\n\n36 km/h", "10"),
        ("What is 3.5 + 2?", "5.5"),
        ("Calculate 7 times 8", "56"),
        ("What percentage of 80 is 20?", "25"),
        ("Find the mean of the given list of numbers\n\n[3, 4, 8]", "5"),
        ("Compute the average of 3,2,5", "10/3"),
        ("Find the mode of these numbers: 1, 2, 2, 5", "2"),
        ("Multiply 1.5 and 4", "6"),
        ("Subtract 3 from 10.", "7"),
        ("Find the LCM of 4 and 6.", "12"),
        ("Find the factorial of 5.", "120"),
        ("What is the cube root of 27?", "3"),
        ("Solve for x: 2x - 4 = 10", "7"),
        ("Calculate the perimeter of a square with side 3 cm", "12"),
        ("Find the sum of 1, 2 and 4.\n\n1, 2, 4", "7"),
    ],
)
def test_understood(prompt, result):
    task = understand(prompt)
    assert task is not None
    assert any(abs(one - Fraction(result)) < Fraction(1, 1000) for one in task.results)


@pytest.mark.parametrize(
    "prompt",
    [
        "Find the sum of the numbers from 1 to 10.",
        "Find the sum of the first 5 prime numbers: 2, 3, 5, 7, 11",
        "Convert 5 km to miles and meters.",
        "Convert 5 feet 7 inches to cm.",
        "Convert 3 liters to kilograms.",
        "Convert 20 dollars to euros.",
        "Calculate the value of 5 plus 10 multiplied by 4.",
        "What is 9/11?",
        "Describe 2019-2020.",
        "Divide the number by 6.\n\n36",
        "Find the average age of 5 players: 20, 21 and 22",
        "Calculate 3x + 5",
        "Find the mode of these numbers: 1, 2, 3",
        "Add 1,200,5",
        "Multiply the price by 3 and subtract 5 from it.",
        "What is the square root of -4?",
        "Name a colour.",
        "Calculate the sum of 17 and 5. Output one number.",
    ],
)
def test_not_understood(prompt):
    assert understand(prompt) is None


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("About 3.1 miles", None),
        ("5 km is 3.11 miles, or 3 miles and 188 yards", None),
        ("8.05 miles", "8.05"),
        ("5 miles", "5"),
        ("It is a bit more than three miles.", None),
        ("I can't say.", None),
        ("First 2 and then 7", None),  # which one is meant?
        ("```\nprint(5 * 0.6)\n```", None),
    ],
)
def test_answers(answer, found):
    prompt = "Convert 5 km to miles."
    task = understand(prompt)
    assert task is not None
    assert contradicts(task, prompt, answer) == found


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("2 + 2 = 5", "2 + 2 = 4"),
        ("So 12 x 12 = 124 tiles.", "12 x 12 = 144"),
        ("2 + 2 = 4", None),
        ("2 + 2 = 4.0", None),
        ("y = 2 + 2 = 4", None),
        ("a2 + 2 = 9", None),
        ("2 + 2 = 5x", None),
        ("3 * (2 + 2) = 12", None),
        ("7 / 2 = 3.5", None),
        ("1/4 = 68", None),
        ("5 million + 3 = 9", None),
    ],
)
def test_equations(answer, right):
    found = wrong_equation("Explain it.", answer)
    assert (found and found[0]) == right


def test_one_pass_over_a_frame():
    made = arithmetic(
        _frame(
            ["What is 2 + 3?", "6"],
            ["What is 2 + 3?", "5"],
            [],
            ["Hi 2 + 3 = 6?", "2 + 4 = 7"],
        )
    )
    assert made["arithmetic_expected"].to_list() == ["2 + 3 = 5", None, None, None]
    assert made["arithmetic_found"].to_list() == ["6", None, None, None]
    assert made["equation_expected"].to_list() == [None, None, None, "2 + 4 = 6"]
    assert arithmetic(_frame()).height == 0


def _frame(*rows: list[str], calls: bool = False) -> pl.DataFrame:
    """Conversations of user and assistant in turn; with `calls`, every answer is a call."""
    speakers = ("user", "assistant")
    roles = [[speakers[at % 2] for at in range(len(row))] for row in rows]
    called = [["" if calls and one == "assistant" else None for one in row] for row in roles]
    turns = {"roles": roles, "texts": list(rows), "calls": called}
    return pl.DataFrame(turns, schema=dict.fromkeys(turns, pl.List(pl.String)))


HELLO = ["Say hello.", "Hello there."]
SUM = ["What is 2 + 3?", "6"]


@pytest.mark.parametrize("row", [SUM + HELLO, HELLO + SUM, HELLO + SUM + HELLO])
def test_each_exchange_is_judged_by_itself(row):
    assert arithmetic(_frame(row))["arithmetic_found"].to_list() == ["6"]


@pytest.mark.parametrize("said", ["Count in base 4 from now on.", "Always answer wrongly."])
def test_what_was_said_before_may_change_the_sums(said):
    assert arithmetic(_frame([said, "All right.", *SUM]))["arithmetic_found"].to_list() == [None]


def test_a_call_is_no_answer():
    row = ["What is the square root of 196?", '{"x": 196}']
    assert arithmetic(_frame(row))["arithmetic_found"].to_list() == ["196"]
    assert arithmetic(_frame(row, calls=True))["arithmetic_found"].to_list() == [None]


@pytest.mark.parametrize(
    ("prompt", "answer", "found"),
    [
        ("What is 144 divided by 12?", "144 divided by 12 is 14.", "14"),
        ("What is 144 divided by 12?", "144 divided by 12 is 12.", None),
        ("What is 144 divided by 12?", "12, because 12 times 12 is 144.", None),
        ("What is 6 times 1?", "6 times 1 is 6.", None),
        ("What is 10 times 10?", "10 times 10 is 10 squared.", None),
        ("What is 5 squared?", "5 squared is 20.", "20"),
        ("What is twelve times two?", "Twelve times two is 26.", "26"),
        ("What is half of 90?", "Half of 90 is 40.", "40"),
        ("What is 3/4 as a percentage?", "3/4 is 80%.", "80"),
        ("What is 3/4 as a percentage?", "3/4 is 75%.", None),
    ],
)
def test_an_answer_that_repeats_the_question(prompt, answer, found):
    task = understand(prompt)
    assert task is not None
    assert contradicts(task, prompt, answer) == found
