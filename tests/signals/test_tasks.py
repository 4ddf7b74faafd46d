"""Groups of instructions and their names."""

from __future__ import annotations

import polars as pl
import pytest

from curate.config import Settings
from curate.row import Message, Row, to_frame
from curate.signals.tasks import (
    FEWEST,
    LADDER,
    MIN_FILE,
    MOST,
    figure,
    groups_of,
    instruction_vectors,
    names,
    tasks,
)

TOPICS = {
    "cook": "Give me a recipe for {} soup with fresh vegetables",
    "sums": "Calculate the sum of the numbers {} and twelve",
    "verse": "Compose a short poem about {} in spring",
}
THINGS = ["onion", "lentil", "tomato", "barley", "fennel", "celery", "pepper", "mushroom"]


def made(instructions: list[str], settings: Settings | None = None) -> pl.DataFrame:
    frame = to_frame(
        [
            Row(messages=(Message("user", one), Message("assistant", "Done.")))
            for one in instructions
        ]
    )
    chosen = settings or Settings()
    return tasks(frame.hstack(instruction_vectors(frame, chosen)), chosen)


def asked(rows: int) -> list[str]:
    """Three kinds of tasks in turn; of 200 rows three groups are made."""
    kinds = list(TOPICS.values())
    return [kinds[row % 3].format(f"{THINGS[row % 8]} {row}") for row in range(rows)]


def test_groups_what_is_alike_and_names_it():
    found = made(asked(450))
    kinds = [{found["task"][row] for row in range(kind, 450, 3)} for kind in range(3)]
    assert [len(kind) for kind in kinds] == [1, 1, 1]
    assert "recipe" in kinds[0].pop()
    assert "sum" in kinds[1].pop()
    assert "poem" in kinds[2].pop()
    assert sorted(found["task_number"].unique()) == [1, 2, 3]


def test_numbers_go_by_size():
    found = made([*asked(450), *[TOPICS["verse"].format(f"mist {row}") for row in range(80)]])
    counts = found.group_by("task_number").len().sort("task_number")["len"].to_list()
    assert counts == sorted(counts, reverse=True)
    assert found["task_number"][-1] == 1


def test_abstains_in_a_small_file_and_without_an_embedder():
    assert made(asked(MIN_FILE - 1))["task"].null_count() == MIN_FILE - 1
    assert made(asked(MIN_FILE), Settings(embedder="none"))["task"].null_count() == MIN_FILE
    assert made([]).height == 0


def test_rows_without_an_instruction_have_no_task():
    found = made([*asked(300), "", "   "])
    assert found["task"][-2:].to_list() == [None, None]
    assert found["task_number"][-2:].to_list() == [None, None]
    assert found["task"][:300].null_count() == 0


def test_one_instruction_many_times_is_one_task():
    found = made(["Compose a short poem about the spring"] * 300)
    assert found["task"].n_unique() == 1


def test_names_differ_and_stand_for_something():
    texts = pl.Series(["poem spring rain"] * 4 + ["poem spring rain snow"] * 4 + ["the of"] * 4)
    named = names(texts, pl.Series([0] * 4 + [1] * 4 + [2] * 4))
    assert len(set(named.values())) == 3
    assert named[2] == "3"


@pytest.mark.parametrize(
    ("rows", "groups"), [(0, FEWEST), (450, 3), (2800, 7), (52_002, 32), (10**7, MOST)]
)
def test_how_many_groups(rows, groups):
    assert groups_of(rows) == groups


def test_the_figure_places_groups_on_the_ladder():
    sizes = {"a": 12_000, "b": 4000, "c": 700, "d": 40}
    scores = pl.DataFrame(
        {
            "task": [name for name, size in sizes.items() for _ in range(size)] + [None] * 5,
            "task_number": [
                place for place, size in enumerate(sizes.values(), 1) for _ in range(size)
            ]
            + [None] * 5,
        }
    )
    made = figure(scores)
    assert made is not None
    assert [one["rung"] for one in made["groups"]] == [
        "10,000 and more",
        "3,000 to 10,000",
        "500 to 3,000",
        "under 500",
    ]
    assert [one["near_empty"] for one in made["groups"]] == [False, False, False, True]
    assert sum(one["share"] for one in made["groups"]) == pytest.approx(1)
    assert (made["without"], made["ladder"]) == (5, list(LADDER))


def test_no_figure_without_tasks():
    assert figure(pl.DataFrame({"id": ["a"]})) is None
    assert figure(pl.DataFrame({"task": [None]}, schema={"task": pl.String})) is None
