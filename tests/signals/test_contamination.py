"""Rows that hold evaluation items: what is found, where, and what it means."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from curate import Settings, clean, decide_again, verify
from curate.cli import app
from curate.dedup.against import shared
from curate.errors import InputError, UsageError
from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.contamination import contamination, word_places
from curate.signals.shingles import sketches, token_runs

LONG = (
    "A ferry leaves the harbour every twenty five minutes from half past six in the morning, and "
    "the crossing takes forty minutes. At what time does the passenger of the fourth ferry land?"
)
ITEMS = (
    {"question": LONG, "answer": "Three intervals and one crossing are 115 minutes. #### 8:25"},
    {"question": "Which gate is the oldest?", "answer": "The Salt Gate"},
    {"question": "灯塔在夜里用什么告诉船员哪里有礁石和浅滩？", "answer": "用灯"},
)


@pytest.fixture
def look(tmp_path):
    """Compare records with items, and give the columns of the last row."""

    def look(*records, items=ITEMS):
        path = tmp_path / f"items{len(list(tmp_path.iterdir()))}.jsonl"
        path.write_text("\n".join(map(json.dumps, items)), "utf-8")
        ingest = Ingest()
        rows = [ingest(Record("test", 1, orjson.dumps(one), None))[0] for one in records]
        frame = to_frame(rows)
        frame = frame.hstack(sketches(frame))
        made = frame.hstack(contamination(frame, Settings(against=(str(path),))))
        return made.row(-1, named=True)

    return look


def row(prompt, answer="I do not know.", extra=""):
    return {"instruction": prompt, "input": extra, "output": answer}


def chat(*texts):
    roles = ("user", "assistant") * len(texts)
    pairs = zip(roles, texts, strict=False)
    return {"messages": [{"role": role, "content": text} for role, text in pairs]}


def marked(made):
    """The text that a find points at."""
    (where,) = made["contamination_at"]
    text = made["rejected"] if where["turn"] is None else made["texts"][where["turn"] - 1]
    return text[where["start"] : where["end"]]


@pytest.mark.parametrize(
    ("record", "kind", "name"),
    [
        (row(LONG), "exact", "prompt"),
        (row(LONG, "At 8:25."), "exact", "answer"),
        (row(LONG.upper().replace(",", "").replace(" ", "\n ")), "exact", "prompt"),
        (row(f"Solve this.\n\n{LONG}\n\nThink first."), "contained", "prompt"),
        (row("Solve this.", "8:25", LONG), "contained", "answer"),
        (row(LONG.replace("harbour", "island")), "near", "prompt"),
        (row(f"Well: {LONG.replace('harbour', 'island')} Please."), "near", "prompt"),
        (row(LONG[: len(LONG) * 3 // 5]), "contained", "prompt"),
        (row("Invent a riddle.", f"Here is one. {LONG}"), "contained", "prompt"),
        (chat("Hello!", "Hello.", LONG, "It lands at 8:25"), "exact", "answer"),
        (row("Which gate is the OLDEST"), "exact", "prompt"),
        (row("Which gate is the oldest?", "That is the Salt Gate."), "exact", "answer"),
        (row("Question: Which gate is the oldest?\nAnswer:"), "contained", "prompt"),
        (row("灯塔在夜里用什么告诉船员哪里有礁石和浅滩?", "用灯。"), "exact", "answer"),
        (
            row("请回答：灯塔在夜里用什么告诉船员哪里有礁石和浅滩？", "不知道"),
            "contained",
            "prompt",
        ),
    ],
)
def test_an_item_is_found(look, record, kind, name):
    made = look(row("Another question?"), record)
    assert (made["contamination_kind"], made["contamination_class"]) == (kind, name)
    assert made["contamination_item"].startswith(made["contamination"].partition(", ")[0])


@pytest.mark.parametrize(
    "record",
    [
        row("Which gate is the newest?"),
        row("Tell me which gate is the oldest in a story."),
        row("A ferry leaves the harbour every hour. When does the third one leave?"),
        row("A bus leaves the market every ten minutes from a quarter to nine in the morning."),
        row("Is it so?", "The Salt Gate"),
        row("灯塔是做什么用的？", "用灯"),
        row("", ""),
    ],
)
def test_another_question_is_left_alone(look, record):
    assert look(record)["contamination"] is None


def test_the_find_is_marked_where_it_stands(look):
    made = look(row(f"Solve – this – “now”…\u200b\n\n{LONG} Think first.", "Écoute."))
    assert marked(made) == LONG.rstrip("?")
    made = look(row("Vérité, déjà vu: “Which gate is the oldest?” 🙂 Étrange."))
    assert marked(made) == "Which gate is the oldest"
    made = look(row("请回答：灯塔在夜里用什么告诉船员哪里有礁石和浅滩？谢谢"))
    assert marked(made) == "灯塔在夜里用什么告诉船员哪里有礁石和浅滩"


def test_a_find_in_a_rejected_answer_has_its_place(look):
    made = look({"prompt": "Tell me.", "chosen": "No.", "rejected": f"Well. {LONG}"})
    assert made["contamination_at"][0]["turn"] is None
    assert marked(made) == LONG.rstrip("?")


def test_words_that_many_items_have_are_boilerplate(look):
    form = "Read the words of the witness below, and say in one word whether you believe them. He: "
    items = [{"question": f"{form}{word} {word}."} for word in "abcdefghijkl"]
    made = look(row(f"{form}I was at home."), items=items)
    assert (made["contamination_class"], made["contamination_kind"]) == ("boilerplate", "contained")
    made = look(row(f"{form}k k."), items=items)
    assert (made["contamination_class"], made["contamination_kind"]) == ("prompt", "exact")


PASSAGE = "A heron stood beside the pond while two otters and an old toad watched it from below."


def test_a_passage_without_its_question_is_a_part(look):
    items = [{"question": "What did the toad watch?", "context": PASSAGE, "answer": "The heron"}]
    made = look(row("Count the words.", "16", PASSAGE), items=items)
    assert made["contamination_class"] == "part"
    made = look(row("What did the toad watch?", "It was the heron.", PASSAGE), items=items)
    assert made["contamination_class"] == "answer"


def test_a_task_needs_its_instruction(look):
    items = [
        {"instruction": "Name each animal that you can find in this short text.", "input": PASSAGE}
    ]
    assert look(row("Count the words.", "16", PASSAGE), items=items)[
        "contamination_class"
    ] == "part"  # fmt: skip
    for asked in (
        "Name each animal that you can find in this short text.",
        "Name each animal that you can find in that short text.",
    ):
        assert look(row(asked, "heron", PASSAGE), items=items)["contamination_class"] == "prompt"


def test_a_long_answer_alone_is_a_part(look):
    items = [{"question": "Tell me about the pond.", "answer": PASSAGE}]
    made = look(row("What did you see?", f"Listen. {PASSAGE}"), items=items)
    assert made["contamination_class"] == "part"
    assert marked(made) == PASSAGE.rstrip(".")


@pytest.mark.parametrize("text", ["0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "ha ha " * 20, "- " * 60])
def test_a_run_of_one_word_is_nobodys(look, text):
    made = look(row(f"Look: {text} and on", "no"), items=[{"text": f"See here {text} it ends"}])
    assert made["contamination"] is None


def test_the_first_of_the_closest_items_is_named(look):
    other = LONG.replace("harbour", "island")
    made = look(row(LONG), items=[{"question": other}, {"question": LONG}, {"question": LONG}])
    assert made["contamination_item"].endswith(":2")


@pytest.mark.parametrize(
    "text", ["", "a", "Don't stop: 3.5 + 4 = 7,5!", "日本語 and ABC", "é e\u0301 🙂"]
)
def test_words_have_as_many_places_as_the_sketches_count(text):
    places = word_places(text)
    runs = token_runs(pl.Series([text.lower()]))
    assert len(places) == int(((runs != 0) & (runs & 2 == 0)).sum())
    assert all(here < there for here, there in pairwise(places))


def test_no_near_copy_is_missed(look):
    """Words put for others, as many as leave a trigram similarity of 0.7: all are found."""
    lots = random.Random(1)  # noqa: S311  # no secret
    for size in (17, 20, 34, 60, 120):
        words = [f"w{lots.randrange(10**6)}" for _ in range(size)]
        text = list(words)
        for at in lots.sample(range(size), size // 17):
            text[at] = "other"
        made = look(row(" ".join(text)), items=[{"question": " ".join(words)}])
        assert made["contamination_class"] == "prompt", size


# --- in a run -----------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [row("Why is the sky blue?", "Air scatters blue light."), row(LONG, "At 8:25.")]
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, ITEMS)) + "\n", "utf-8")
    return tmp_path


def curate(*words):
    return CliRunner().invoke(app, words)


AGAINST = Settings(against=("items.jsonl",), select=("contamination",))


def test_a_run_drops_names_and_verifies(desk):
    words = ("clean", "data.jsonl", "-o", "run", "--against", "items.jsonl")
    done = curate(*words, "--select", "contamination")
    assert done.exit_code == 0, done.output
    assert "items.jsonl:1" in done.output
    assert "items.jsonl:1, exact" in (desk / "run/dropped.jsonl").read_text("utf-8")
    assert "items.jsonl:1, exact" in (desk / "run/report.md").read_text("utf-8")
    assert "items.jsonl:1" in curate("why", "run", "2").output
    lock = json.loads((desk / "run/curate.lock").read_text("utf-8"))
    assert [one["name"] for one in lock["measured"]["against"]] == ["items.jsonl"]
    assert verify("run") == []
    findings = pl.read_parquet(desk / "run/findings.parquet")
    (hit,) = findings.filter(pl.col("code") == "contamination-answer").to_dicts()
    assert hit["span"] == {"turn": 1, "start": 0, "end": len(LONG) - 1}


def test_why_shows_the_item_beside_the_row(desk):
    rows = [row(f"Solve this. {LONG.replace('harbour', 'island')}", "At 8:25.")]
    (desk / "data.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    clean("data.jsonl", "run", AGAINST)
    said = " ".join(curate("why", "run", "1").output.split())
    before, after = LONG.split(" harbour ")
    assert f"{{={before} island {after.rstrip('?')}=}}" in said, "the find in the row"
    assert "evaluation item items.jsonl:1 {=in both=} question" in said
    assert f"{{={before}=}} harbour {{={after.rstrip('?')}=}}?" in said
    told = json.loads(curate("why", "run", "1", "--json").output)["item"]
    assert [one["role"] for one in told["texts"]] == ["question", "answer"]
    assert told["texts"][0]["shared"] == [[0, len(before)], [LONG.index(after), len(LONG) - 1]]
    with (desk / "items.jsonl").open("a") as file:
        file.write("\n")
    said = " ".join(curate("why", "run", "1").output.split())
    assert "items.jsonl:1 is not here, or no longer what it was" in said


@pytest.mark.parametrize(
    ("text", "other", "parts"),
    [
        ("The Salt Gate", "is it the salt gate?", ["The Salt Gate"]),
        ("The Salt Gate is old", "old is the salt gate", ["The Salt Gate"]),
        ("a b c d e", "b c d x", ["b c d"]),
        ("a b", "b a", []),
        ("夜里用什么告诉", "在夜里用什么", ["夜里用什么"]),
        ("", "x", []),
    ],
)
def test_what_two_texts_share(text, other, parts):
    assert [text[start:end] for start, end in shared(text, [other])] == parts


def test_another_file_is_measured_anew(desk):
    before = clean("data.jsonl", "run", AGAINST)
    assert before.counts["dropped"] == 1
    (desk / "items.jsonl").write_text('{"question": "Why is the moon red in some nights?"}\n')
    assert any("items.jsonl: is not what the run has read" in line for line in verify("run"))
    after = decide_again("run", AGAINST)
    assert after.counts["dropped"] == 0
    assert after.measured.against != before.measured.against


def test_a_file_that_is_gone_does_not_hinder_a_decision(desk):
    clean("data.jsonl", "run", AGAINST)
    (desk / "items.jsonl").unlink()
    looser = AGAINST.model_copy(update={"actions": {"contamination": "flag"}})
    assert decide_again("run", looser).counts["dropped"] == 0
    assert any("items.jsonl: is not here" in line for line in verify("run"))


def test_a_missing_file_is_one_line_and_nothing_is_written(desk):
    with pytest.raises(InputError, match=r"nothing\.jsonl: is not there"):
        clean("data.jsonl", "run", AGAINST.model_copy(update={"against": ("nothing.jsonl",)}))
    assert not (desk / "run").exists()


@pytest.mark.usefixtures("desk")
def test_items_that_no_rule_reads_are_an_error():
    with pytest.raises(UsageError, match="add contamination"):
        clean("data.jsonl", "run", AGAINST.model_copy(update={"select": ("pii",)}))


@pytest.mark.usefixtures("desk")
def test_without_items_nothing_is_read(monkeypatch):
    monkeypatch.setattr("curate.signals.contamination.load", None)
    alone = Settings(select=("contamination",))
    assert clean("data.jsonl", "run", alone).counts["dropped"] == 0
