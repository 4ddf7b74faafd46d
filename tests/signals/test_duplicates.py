"""Which rows are copies of which: what must go, and, beside it, what must stay.

Texts here are invented; test_duplicates_real.py reads real ones.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.minhash import FLOOR
from curate.policy.catalogue import load_rules
from curate.score import Scorer, make_plan
from curate.signals.shingles import _plain
from curate.text.normalize import normalized
from tests.signals.copies import RULES, ask, chat, decided, dropped, found, laid_out, scored

LIGHTHOUSE = (
    "A lighthouse is a tall tower with a bright lamp at its top. It stands where ships come near "
    "to rocks or sands, and its light, seen from many miles away, tells the crew in the dark how "
    "far they are from the dangerous shore."
)


# --- copies ---------------------------------------------------------------------------------------

COPIES = {
    "capitals": str.upper,
    "small letters": str.lower,
    "spaces around": lambda text: f" \t{text}\n\n",
    "two spaces": lambda text: text.replace(" ", "  "),
    "line breaks": lambda text: text.replace(" ", "\n"),
    "CRLF": lambda text: text.replace(" ", "\r\n"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "zero-width space": lambda text: text[:3] + "\u200b" + text[3:],
    "byte order mark": lambda text: "\ufeff" + text,
    "soft hyphen": lambda text: text[:4] + "\u00ad" + text[4:],
    "the same": lambda text: text,
}
TEXTS = {
    "a word": ("Say yes.", "Yes"),
    "a sentence": ("Où est né Molière ?", "Il est né à Paris, près du café Procopé."),
    "long": ("What is a lighthouse?", LIGHTHOUSE),
    "Chinese": ("灯塔是 做什么用的？", "夜里告诉水手哪里 有礁石。"),
    "Thai": ("ประภาคาร คืออะไร", "หอสูงที่มีไฟ ส่องสว่าง"),
    "emoji": ("Answer with a sign 🙂", "👍🏽 🎉"),
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_goes_whatever_a_reader_cannot_see(text, how):
    prompt, answer = TEXTS[text]
    other = ask("Name a colour.", "Blue")
    copy = ask(COPIES[how](prompt), COPIES[how](answer))
    assert dropped([ask(prompt, answer), other, copy, other | {"instruction": "?"}]) == {2: 0}


def test_a_copy_in_another_format_is_a_copy():
    turns = [("u", "Name a river."), ("a", "The Nile.")]
    shared = {
        "conversations": [
            {"from": "human", "value": "Name a river."},
            {"from": "gpt", "value": "the nile."},
        ]
    }
    assert dropped([ask("Name a river.", "The Nile."), chat(*turns), shared]) == {1: 0, 2: 0}


def test_every_copy_names_the_first_and_no_record_lists_its_siblings():
    decision = decided([ask("Name a river.", "The Nile.")] * 300)
    findings = decision.findings.filter(pl.col("code") == "duplicate-exact")
    assert findings.height == 299
    assert findings["twin"].unique().to_list() == [decision.ledger["id"][0]]
    assert decision.findings.height == 299, "one finding a copy, and none of another rule"
    assert decision.findings["value"].str.len_bytes().max() < 40
    assert decision.suspects == {}, "a copy loses nothing, be they all"


def test_plain_is_normalized():
    @given(st.lists(st.text(st.sampled_from("aÄ ß\u00a0\t\u200b\u0301İ²\ufeffx")), min_size=1))
    def check(texts):
        made = _plain(pl.Series("text", texts))
        assert (
            made.to_list() == pl.select(normalized(pl.lit(pl.Series(texts)))).to_series().to_list()
        )

    check()


# --- what stays, and why --------------------------------------------------------------------------

LONG_PREFIX = [("u", "Describe a lighthouse."), ("a", LIGHTHOUSE), ("u", "And in one word?")]
APART = {
    "another short answer": (ask("Is it?", "Yes"), ask("Is it?", "No")),
    "a short answer to another question": (ask("Is ice cold?", "Yes"), ask("Is fire hot?", "Yes")),
    "labels": (ask("Sort: good soup", "positive"), ask("Sort: cold soup", "negative")),
    "numbers": (ask("How many?", "42"), ask("How many?", "43")),
    "a sign": (ask("What is 2 - 6?", "-4"), ask("What is 2 - 6?", "4")),
    "names": (ask("Who wrote it?", "Anna Berg"), ask("Who wrote it?", "Anna Burg")),
    "commands": (ask("List them.", "ls *.txt"), ask("List them.", "ls *.csv")),
    "an option": (ask("Sort it.", "sort -r names"), ask("Sort it.", "sort -R names")),
    "a variable": (ask("Print it.", "echo $HOME"), ask("Print it.", "echo $Home")),
    "an index": (ask("First?", "x[0]"), ask("First?", "x(0)")),
    "a superscript": (ask("Square it.", "x²"), ask("Square it.", "x2")),
    "a slot": (
        ask("What is the capital of France?", "The capital of France is Paris."),
        ask("What is the capital of Germany?", "The capital of Germany is Berlin."),
    ),
    "a slot in a long template": (
        ask("Describe a lighthouse in France.", f"In Brest: {LIGHTHOUSE}"),
        ask("Describe a lighthouse in Spain.", f"In Cádiz: {LIGHTHOUSE}"),
    ),
    "a number changed in a long text": (
        ask("How far?", f"{LIGHTHOUSE} It is 40 miles."),
        ask("How far?", f"{LIGHTHOUSE} It is 45 miles."),
    ),
    "a negation in a text of 16 to 39 words": (
        ask(
            "May I?", "You may feed the ducks in the park but please keep well away from the nests."
        ),
        ask(
            "May I?", "You mayn't feed the ducks in the park but never go well away from the nests."
        ),
    ),
    "is and isn't": (
        ask("Safe?", "The old bridge is safe for cars and bikes as long as the river stays low."),
        ask(
            "Safe?", "The old bridge isn't safe for cars and bikes as long as the river stays low."
        ),
    ),
    "two names swapped in a long text": (
        ask("Who won?", f"Anna beat Boris by far. {LIGHTHOUSE}"),
        ask("Who won?", f"Boris beat Anna by far. {LIGHTHOUSE}"),
    ),
    "sentences in another order": (
        ask("Tell me.", f"First we sail to the island. {LIGHTHOUSE} Then we go home."),
        ask("Tell me.", f"Then we go home. {LIGHTHOUSE} First we sail to the island."),
    ),
    "the same trigrams in another order": (
        ask("Order?", "a b one a b two a b three a b four a b five a b six a b"),
        ask("Order?", "a b two a b one a b three a b four a b five a b six a b"),
    ),
    "one word of a short question": (
        ask("Who are you?", f"I am the keeper. {' '.join(LIGHTHOUSE.split()[:14])}"),
        ask("Where are you?", f"I am the keeper. {' '.join(LIGHTHOUSE.split()[:14])}"),
    ),
    "a question of one word": (ask("hi", LIGHTHOUSE), ask("bye", LIGHTHOUSE)),
    "another question": (
        ask("What is a lighthouse?", LIGHTHOUSE),
        ask("Tell me, please, how sailors find their way along the coast by night.", LIGHTHOUSE),
    ),
    "an answer rewritten": (
        ask("What is a lighthouse?", LIGHTHOUSE),
        ask(
            "What is a lighthouse?",
            "Lighthouses are high buildings on the coast. The strong lamp that each of them has "
            "can be seen far out at sea, so that sailors know by night how close they have come to "
            "cliffs and shallow water, and steer clear of them.",
        ),
    ),
    "another last answer": (
        chat(*LONG_PREFIX, ("a", "Tower.")),
        chat(*LONG_PREFIX, ("a", "Lamp.")),
    ),
    "another last answer of some length": (
        chat(*LONG_PREFIX, ("a", "It is a tower that stands by the sea and shines at night.")),
        chat(*LONG_PREFIX, ("a", "It is a lamp that is put on a tower to warn ships of rocks.")),
    ),
    "a longer conversation": (
        chat(*LONG_PREFIX[:2]),
        chat(*LONG_PREFIX, ("a", "Tower.")),
    ),
    "turns cut elsewhere": (
        chat(("u", "A. B."), ("a", "Well."), ("u", "C."), ("a", "Yes.")),
        chat(("u", "A."), ("a", "Well."), ("u", "B. C."), ("a", "Yes.")),
    ),
    "another system prompt": (
        chat(("s", "You are a keeper."), *LONG_PREFIX[:2]),
        chat(("s", "You are a pirate."), *LONG_PREFIX[:2]),
    ),
    "no system prompt": (
        chat(*LONG_PREFIX[:2]),
        chat(("s", "You are a keeper."), *LONG_PREFIX[:2]),
    ),
    "another result of a tool": (
        chat(("u", "Weather?"), ("a", "call"), ("t", '{"sun": 1}'), ("a", LIGHTHOUSE)),
        chat(("u", "Weather?"), ("a", "call"), ("t", '{"rain": 1}'), ("a", LIGHTHOUSE)),
    ),
    "other tools": (
        chat(*LONG_PREFIX[:2], tools=[{"name": "clock"}]),
        chat(*LONG_PREFIX[:2], tools=[{"name": "map"}]),
    ),
    "another rejected answer": (
        {"prompt": "What is it?", "chosen": LIGHTHOUSE, "rejected": "A lamp."},
        {"prompt": "What is it?", "chosen": LIGHTHOUSE, "rejected": "A tower."},
    ),
    "a rejected answer and none": (
        {"prompt": "What is it?", "chosen": LIGHTHOUSE, "rejected": "A lamp."},
        ask("What is it?", LIGHTHOUSE),
    ),
    "another verdict": (
        ask("What is it?", LIGHTHOUSE) | {"label": True},
        ask("What is it?", LIGHTHOUSE) | {"label": False},
    ),
    "a few signs of Thai": (ask("คืออะไร", "หอสูง"), ask("คืออะไร", "หอต่ำ")),
    "an emoji": (ask("Mood?", "🙂"), ask("Mood?", "🙃")),
    "marks alone": (ask("Which mark?", "!"), ask("Which mark?", "?")),
    "signs alone": (ask("Mood?", ":)"), ask("Mood?", ":(")),
    "nothing and something": (ask("Mood?", ""), ask("Mood?", "-")),
    "code that differs in a name": (
        ask("Add.", "def add(a, b):\n    return a + b\n"),
        ask("Add.", "def add(a, b):\n    return a - b\n"),
    ),
    "a record separator in the text": (ask("Mood?", "a\x1eb c"), ask("Mood?", "a b\x1ec d")),
}


@pytest.mark.parametrize("why", APART)
def test_two_rows_stay(why):
    first, second = APART[why]
    assert dropped([first, second]) == {}
    assert dropped([second, first]) == {}
    assert dropped([first, second, first, second]) == {2: 0, 3: 1}


def test_many_short_rows_all_stay():
    words = (
        "yes no maybe 1 2 3 4 5 red blue :) ?! - 是 否 ใช่ ไม่ 👍 👎 Oslo Rome x² x2 [] {} ls".split()
    )
    rows = [ask("Answer in a word.", word) for word in words]
    rows += [ask(f"{word}?", "Yes") for word in words]
    rows += [ask(word, "") for word in words]
    assert dropped(rows) == {}


# --- near-copies ----------------------------------------------------------------------------------


def edits(text):
    """One word put for another, left out or added, at every seventh place."""
    words = text.split()
    for place in range(0, len(words), 7):
        before, after = words[:place], words[place + 1 :]
        yield f"replaced at {place}", " ".join([*before, "zebra", *after])
        yield f"left out at {place}", " ".join([*before, *after])
        yield f"added at {place}", " ".join([*before, words[place], "zebra", *after])


@pytest.mark.parametrize(("how", "edited"), list(edits(LIGHTHOUSE)))
def test_one_word_of_a_long_answer_makes_a_near_copy(how, edited):
    rows = [ask("Describe it.", LIGHTHOUSE), ask("Describe it.", edited)]
    assert dropped(rows) == {1: 0}, how


@pytest.mark.parametrize(("how", "edited"), list(edits(LIGHTHOUSE)))
def test_one_word_of_a_long_input_makes_a_near_copy(how, edited):
    rows = [ask(f"Sum it up: {text}", "A tower by the sea") for text in (LIGHTHOUSE, edited)]
    assert dropped(rows) == {1: 0}, how


def test_a_short_answer_keeps_a_word_apart_that_decides_elsewhere():
    """About one text: two questions that are answered otherwise, and two that are not."""
    rows = [
        ask(f"{LIGHTHOUSE} Which part is the tallest?", "tower"),
        ask(f"{LIGHTHOUSE} Which part is the brightest?", "lamp"),
        ask(f"{LIGHTHOUSE} Which part is the loudest?", "tower"),
    ]
    assert dropped(rows) == {}


def test_the_finding_names_the_twin_and_how_alike_they_are():
    edited = LIGHTHOUSE.replace("bright", "strong")
    decision = decided([ask("Describe it.", LIGHTHOUSE), ask("Describe it.", edited)])
    (row,) = decision.ledger.filter(pl.col("disposition") == "dropped").iter_rows(named=True)
    words = len(LIGHTHOUSE.split()) + 2
    assert row["code"] == "duplicate-near"
    assert row["twin"] == decision.ledger["id"][0]
    assert row["column"] == "near_duplicate_similarity"
    assert float(row["value"]) == pytest.approx((words - 3) / (words + 3))
    assert row["threshold"] == RULES["duplicate-near"].threshold


def test_a_row_under_the_threshold_stays():
    words = LIGHTHOUSE.split()
    words[5], words[20] = "x", "y"
    rows = [ask("?", LIGHTHOUSE), ask("?", " ".join(words))]
    near = RULES["duplicate-near"]
    for threshold, gone in ((0.7, {1: 0}), (0.8, {})):
        rules = {near.code: near.model_copy(update={"threshold": threshold})}
        assert dropped(rows, rules) == gone


@pytest.mark.parametrize(
    "text",
    [
        "灯塔是建在海岸边的高塔，塔顶有一盏明亮的灯，夜里告诉船员哪里有礁石，离危险的海岸还有多远，因此很有用。",
        "灯台は海岸に建てられた高い塔で、その頂上には明るいランプがあり、夜に船員へ岩のありかを知らせます。",
        "ประภาคารเป็นหอสูงที่ตั้งอยู่ริมทะเลและมีโคมไฟสว่างอยู่บนยอดเพื่อบอกชาวเรือ",
    ],
)
def test_scripts_without_spaces_have_words_too(text):
    middle = len(text) // 2
    edited = text[:middle] + "x" + text[middle + 1 :]
    other = text[middle:] + text[:middle]
    rows = [ask("?", text), ask("?", edited), ask("?", other), ask("?", text[: middle // 2])]
    assert dropped(rows) == {1: 0}


def test_a_short_question_is_another_one_whatever_is_said_around_it():
    said = "I look after the light and the fog horn, and I note each ship that passes here."

    def about(question):
        return chat(
            *(("u", "Good evening to you."), ("a", "Good evening! What would you like to know?")),
            *(("u", question), ("a", said)),
            *(
                ("u", "Goodbye."),
                ("a", "Goodbye! Come back soon, there is much more to be told here."),
            ),
        )

    assert dropped([about("Who are you?"), about("What are you?")]) == {}
    assert dropped([about("Who are you?"), about("Who are you??")]) == {1: 0}


def test_a_near_copy_in_a_conversation_is_near_in_every_turn():
    edited = LIGHTHOUSE.replace("bright", "strong")
    end = [("u", "Thank you!"), ("a", "You are welcome.")]
    rows = [
        chat(("u", "Describe it."), ("a", text), *end) for text in (LIGHTHOUSE, edited, LIGHTHOUSE)
    ]
    assert dropped(rows) == {1: 0, 2: 0}


# --- one half in common ---------------------------------------------------------------------------


def test_another_answer_to_the_same_question_is_found_on_both_sides():
    rows = [ask("Good?", "Yes"), ask("Bad?", "No"), ask("GOOD?", "No"), ask("Good?", "yes")]
    assert found(rows, "duplicate-prompt") == [0, 2, 3]
    twins = decided(rows).findings.filter(pl.col("code") == "duplicate-prompt")["twin"].to_list()
    ids = scored(rows)[0]["id"]
    assert twins == [ids[2], ids[0], ids[2]], "a row names the other answer, not its own copy"
    assert dropped(rows) == {3: 0}


def test_near_copies_of_an_answer_are_no_other_answer():
    rows = [ask("?", LIGHTHOUSE), ask("?", LIGHTHOUSE.replace("bright", "strong"))]
    assert found(rows, "duplicate-prompt") == []


def test_an_answer_counts_questions_and_not_copies():
    asked = ["Where is it?", "What is it?", "Who keeps it?", "Who keeps it?", "WHO keeps it?"]
    start = LIGHTHOUSE.split(". ", 1)[0]
    rows = [ask(text, f"{start} and so it is") for text in asked]
    scores, _ = scored(rows)
    assert scores["same_response_count"].to_list() == [3] * 5
    assert found(rows, "duplicate-answer") == [0, 1, 2, 3, 4]
    assert found(rows[:2], "duplicate-answer") == []
    assert found([ask(text, "Yes") for text in asked], "duplicate-answer") == []
    assert dropped(rows) == {3: 2, 4: 2}


# --- clusters and twins ---------------------------------------------------------------------------


def jaccard(one, other):
    """The similarity that is promised, in plain Python: of trigrams, the ends being neighbours."""

    def grams(row):
        fields = [[None, *row[key].lower().split(), None] for key in ("instruction", "output")]
        return Counter((n, *f[k : k + 3]) for n, f in enumerate(fields) for k in range(len(f) - 2))

    shared = grams(one) & grams(other)
    return shared.total() / (grams(one) | grams(other)).total()


def test_no_chain_joins_strangers():
    """A text, and the same with ever more of it replaced: near to those beside it, not to all."""
    words = LIGHTHOUSE.replace(".", "").replace(",", "").split()
    rows = [
        ask("So", " ".join([*(f"new{n}" for n in range(3 * step)), *words[3 * step :]]))
        for step in range(6)
    ]
    near = RULES["duplicate-near"].model_copy(update={"threshold": FLOOR})
    gone = dropped(rows, {near.code: near})
    scores, _ = scored(rows)
    named = {row: scores["near_duplicate_similarity"][row] for row in gone}
    assert named == pytest.approx({a: jaccard(rows[a], rows[b]) for a, b in gone.items()})
    assert jaccard(rows[0], rows[-1]) < FLOOR <= jaccard(rows[0], rows[1])
    assert set(gone.values()) == {0, min(set(range(6)) - {0} - set(gone))}, "two stars, no chain"


def with_bad_rule():
    """The duplicate rules and one that drops rows for what their text says."""
    lone = RULES["duplicate-exact"].model_copy(
        update={
            "code": "bad",
            "when": None,
            "twin": None,
            "match": (
                load_rules()["empty-response"].match[0].model_copy(update={"any": ("BAD",)}),
            ),
        }
    )
    return RULES | {"bad": lone}


def fate(records):
    """Of each row: what became of it, why, and the twin's line."""
    ledger = decided(records, with_bad_rule()).ledger
    lines = {one: line for line, one in enumerate(ledger["id"])}
    return [
        (row["disposition"], row["code"], lines.get(row["twin"]))
        for row in ledger.iter_rows(named=True)
    ]


def test_no_copy_goes_for_a_row_that_goes_for_another_reason():
    edited = LIGHTHOUSE.replace("bright", "strong")
    bad = ask("?", LIGHTHOUSE.replace("tall tower", "tall tower,")) | {"output": LIGHTHOUSE}
    rules = with_bad_rule()
    pattern = rules["bad"].match[0].model_copy(update={"any": ("lamp  at",)})
    rules["bad"] = rules["bad"].model_copy(update={"match": (pattern,)})
    rows = [
        bad | {"output": LIGHTHOUSE.replace("lamp at", "lamp  at")},  # goes for its two spaces
        ask("?", LIGHTHOUSE),
        ask("?", LIGHTHOUSE),
        ask("?", edited),
    ]
    ledger = decided(rows, rules).ledger
    assert ledger["disposition"].to_list() == ["dropped", "kept", "dropped", "dropped"]
    ids = ledger["id"]
    assert ledger["twin"].to_list() == [None, None, ids[1], ids[1]], "the heir, not who is gone"
    assert ledger["code"].to_list() == ["bad", None, "duplicate-exact", "duplicate-near"]


def test_a_copy_that_is_bad_itself_goes_for_that():
    assert fate([ask("?", "BAD"), ask("?", "BAD")]) == [
        ("dropped", "bad", None),
        ("dropped", "bad", None),
    ]


@st.composite
def corpora(draw):
    """Small corpora of few texts, copied and edited at random, some of them bad."""
    texts = [LIGHTHOUSE, " ".join(reversed(LIGHTHOUSE.split())), "Yes", "No"]
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        words = draw(st.sampled_from(texts)).split()
        for _ in range(draw(st.integers(0, 3))):
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(["x", "y", "BAD"]))
        asked = draw(st.sampled_from(["Is it so?", "is  it so?", "What do you think of it now?"]))
        rows.append(ask(asked, " ".join(words)))
    return rows


@settings(deadline=None, max_examples=60)
@given(corpora())
def test_clusters_are_stars(rows):
    scores, _ = scored(rows)
    lines = {one: line for line, one in enumerate(scores["id"])}
    for column in ("exact_duplicate_of", "near_duplicate_of"):
        named = scores.filter(pl.col(column).is_not_null())
        leads = scores.filter(pl.col("id").is_in(named[column].implode()))
        assert leads[column].null_count() == leads.height, "who is named names nobody"
        assert all(lines[a] > lines[b] for a, b in named.select("id", column).iter_rows())
    near = scores.filter(pl.col("near_duplicate_of").is_not_null())["near_duplicate_similarity"]
    assert ((near >= FLOOR) & (near <= 1)).all()
    copies = scores.filter(pl.col("exact_duplicate_of").is_not_null())
    assert copies["near_duplicate_of"].null_count() == 0, "a copy is near, too"


@settings(deadline=None, max_examples=15)
@given(corpora(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_order_nor_batches_make_copies(rows, random, batch):
    """Exact clusters are the same sets in any order, and the scores in any batches."""

    def clusters(order):
        scores, _ = scored([rows[n] for n in order], batch=batch)
        heads = scores.select(pl.coalesce("exact_duplicate_of", "id")).to_series().to_list()
        return {
            frozenset(n for n, h in zip(order, heads, strict=True) if h == head) for head in heads
        }

    order = list(range(len(rows)))
    assert clusters(random.sample(order, len(order))) == clusters(order)
    assert scored(rows, batch=batch)[0].equals(scored(rows)[0])


def test_isolated_pairs_are_found_in_any_order():
    rows = [ask("?", LIGHTHOUSE), ask("?", LIGHTHOUSE.replace("bright", "strong"))]
    rows += [ask("!", LIGHTHOUSE), ask("!", LIGHTHOUSE.replace("miles", "leagues"))]
    for order in permutations(range(4)):
        gone = dropped([rows[n] for n in order])
        pairs = {frozenset((order[row], order[twin])) for row, twin in gone.items()}
        assert pairs == {frozenset((0, 1)), frozenset((2, 3))}


def test_no_rows_and_one_row():
    assert scored([ask("?", "!")])[0].height == 1
    frame = laid_out([ask("?", "!")]).clear()
    scorer = Scorer(make_plan(["near_duplicate_of", "same_prompt_as", "exact_duplicate_of"]), {})
    scorer.add(frame)
    assert scorer.finish()[0].height == 0
