"""What an answer brings along that its prompt does not hold."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.row import Message, Row, to_frame
from curate.signals.knowledge import knowledge


def measured(*turns: tuple[str, str]) -> tuple[float | None, int | None]:
    messages = tuple(Message(role, text) for role, text in turns)  # type: ignore[arg-type]
    return knowledge(to_frame([Row(messages=messages)])).row(0)


def pair(prompt: str, response: str) -> tuple[float | None, int | None]:
    return measured(("user", prompt), ("assistant", response))


BROUGHT = [
    ("Who founded the observatory?", "It was founded by Tycho Brahe in 1576."),
    ("What is the capital of Peru?", "Lima"),
    ("Name some trees.", "Alder, hornbeam, rowan, juniper."),
    ("When did the old bridge fall?", "The old bridge fell in 1845."),
]


@pytest.mark.parametrize(("prompt", "response"), BROUGHT)
def test_what_only_the_answer_knows(prompt, response):
    assert pair(prompt, response)[0] < 0.5


HELD = [
    ("Shorten: Tycho Brahe founded the observatory in 1576 on Hven.", "Tycho Brahe, Hven, 1576."),
    ("Is the review friendly or hostile? I adored it.", "Friendly"),
    ("Put into the past: The gardeners are pruning the hedges.", "The gardener pruned the hedge."),
    ("Correct: the commitee meets on wensday in Geneva", "The committee meets in GENEVA."),
]


@pytest.mark.parametrize(("prompt", "response"), HELD)
def test_what_the_prompt_holds(prompt, response):
    assert pair(prompt, response)[0] >= 0.5


def test_system_text_and_tools_hold_facts_too():
    told = ("assistant", "It was Brahe who made Uraniborg.")
    assert measured(("user", "Who built what?"), told)[0] == 0
    for role in ("system", "tool"):
        assert measured((role, "Uraniborg: by Brahe"), ("user", "Who built what?"), told)[0] == 1


def test_counts_each_fact_once():
    assert pair("Who?", "It was Brahe, and Brahe, and once more Brahe who came.") == (0.0, 1)


ABSTAINS = [
    ("Say yes.", ""),
    ("Can you do it?", "Yes, I can."),
    ("Add 2 and 3.", "5"),
    ("List files.", "for f in *; do echo \"$f\" | sed 's/x/y/' > $(basename $f); done"),
    ("中国的首都是哪里？", "中国的首都是北京。"),
]


@pytest.mark.parametrize(("prompt", "response"), ABSTAINS)
def test_abstains(prompt, response):
    assert pair(prompt, response) == (None, None)


def test_numbers_of_list_items_are_no_facts():
    assert pair("What do we do now?", "10. We go.\n11. We come.\n12. We do more.")[1] is None
    assert pair("What do we do now?", "We do 10 of them.")[1] == 1


def test_words_of_other_languages_are_facts_only_as_names_and_numbers():
    score, facts = pair(
        "Wer hat die Sternwarte gegründet?",
        "Gegründet wurde sie im Jahr 1576 von einem, den wir als Brahe kennen.",
    )
    assert (score, facts) == (0.0, 3)  # Jahr, 1576, Brahe


def test_left_over_template_tokens_are_no_facts():
    assert pair("Is it friendly or hostile?", "friendly <|endoftext|>") == (1.0, 1)


def test_no_rows_and_no_answers():
    assert knowledge(to_frame([])).height == 0
    assert measured(("user", "Hello?")) == (None, None)


WORDS = st.lists(st.sampled_from(["Über", "Brahe", "1576", "the", "Hven", "İ", "\n", "ß", "ok."]))


@settings(max_examples=60)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=6))
def test_a_share_that_hangs_on_its_row_alone(rows):
    texts = [(" ".join(prompt), " ".join(response)) for prompt, response in rows]
    frame = to_frame(
        [Row(messages=(Message("user", one), Message("assistant", other))) for one, other in texts]
    )
    whole = knowledge(frame)
    assert whole["knowledge_score"].drop_nulls().is_between(0, 1).all()
    alone = [knowledge(frame[place : place + 1]) for place in range(len(texts))]
    assert pl.concat([whole.clear(), *alone]).equals(whole)


def test_tells_tasks_with_material_from_questions_of_knowledge(shared_data):
    from curate.read import open_sources, parse

    path = shared_data / "02_human_instructions/dolly_3k/dolly_3k.json"
    given_in, asked = [], []
    for source in open_sources([str(path)]):
        for record in source:
            one = parse(record.raw)
            prompt = f"{one['instruction']}\n\n{one['input']}"
            row = Row(messages=(Message("user", prompt), Message("assistant", one["output"])))
            if one["category"] in {"closed_qa", "summarization"}:
                given_in.append(row)
            elif one["category"] in {"open_qa", "general_qa"}:
                asked.append(row)
    medians = [knowledge(to_frame(rows))["knowledge_score"].median() for rows in (given_in, asked)]
    assert medians[0] > 0.8
    assert medians[1] < 0.2
