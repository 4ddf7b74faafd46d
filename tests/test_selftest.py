"""Faults planted in copies of rows: that they are planted as said, and counted as they should."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from curate.config import Settings
from curate.policy.catalogue import load_rules
from curate.selftest.classes import KINDS
from curate.selftest.host import Draft, open_host
from curate.selftest.plant import SHARE
from curate.selftest.result import Result, wilson
from curate.selftest.run import Wish, sample, selftest
from curate.selftest.show import print_result
from curate.selftest.ways import INSERTED, ways
from curate.selftest.worded import wordings
from tests.planted.generate import planting
from tests.planted.measure import curate

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_data"
# Classes that not every file lets be found: too few rows to learn from, or no labels.
AWAITED = {"swapped", "label-flip"}


def by_name(result: Result):
    return {one.name: one for one in result.classes}


def rows(count=60):
    """Alpaca records that hold no fault and share no question."""
    base = [json.loads(line) for line in (SAMPLES / "base.jsonl").read_text("utf-8").splitlines()]
    return [one["alpaca"] for one in base if "alpaca" in one][:count]


def write(path, records):
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records), "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def alpaca(tmp_path_factory):
    return write(tmp_path_factory.mktemp("selftest") / "rows.jsonl", rows(400))


@pytest.fixture(scope="module")
def result(alpaca):
    return selftest([alpaca], Settings(), Wish())


# --- classes, ways, wordings --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_class_has_ways_and_rules_that_answer_for_it(kind):
    assert ways(kind.name)
    if kind.name not in AWAITED:
        assert kind.covered(load_rules())


def test_every_wording_belongs_to_a_class():
    assert set(wordings()) <= set(KINDS)


def _texts(value):
    if isinstance(value, str):
        yield value.strip().casefold()
    elif isinstance(value, dict | list | tuple):
        for held in value.values() if isinstance(value, dict) else value:
            yield from _texts(held)


def test_no_wording_is_an_example_that_rules_were_written_on():
    """Else the test would measure whether the rules find their own examples."""
    samples = planting.load_yaml(SAMPLES / "wordings.yaml")
    examples = [rule.model_dump(include={"examples"}) for rule in load_rules().values()]
    known = set(_texts([samples, *examples]))
    own = {text for text in _texts(wordings()) if len(text.split()) > 3}
    assert own & known == set()


# --- hosts --------------------------------------------------------------------------------------

RECORDS = {
    "alpaca": {"instruction": "A?", "input": "B", "output": "C", "id": 7},
    "history": {"instruction": "A?", "output": "C", "history": [["D", "E"]], "system": "S"},
    "sharegpt": {
        "conversations": [{"from": "human", "value": "A?"}, {"from": "gpt", "value": "C"}],
    },
    "chatml": {
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": [{"type": "text", "text": "A?"}]},
            {"role": "assistant", "content": "C", "weight": 1.0},
        ]
    },
    "pair": {"prompt": "A?", "chosen": "C", "rejected": "D"},
    "turns": {
        "conversations": [{"from": "human", "value": "A?"}],
        "chosen": {"from": "gpt", "value": "C"},
        "rejected": {"from": "gpt", "value": "D"},
    },
    "kto": {"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "C"}],
            "label": True},
}  # fmt: skip


def host_of(record):
    return open_host(json.dumps(record).encode(), Settings())


@pytest.mark.parametrize("name", RECORDS)
def test_a_host_knows_question_and_answer_in_every_format(name):
    host = host_of(RECORDS[name])
    draft = Draft(host, host.exchanges[-1])
    assert (draft.ask, draft.answer) == ("A?", "C")
    draft.answer = "new"
    changed = json.dumps(draft.record)
    assert changed == json.dumps(RECORDS[name]).replace('"C"', '"new"')
    assert host.record == RECORDS[name]


def test_a_record_without_an_answer_is_no_host():
    assert host_of({"messages": [{"role": "user", "content": "A?"}]}) is None


@pytest.mark.parametrize(
    "record",
    [
        RECORDS["kto"] | {"label": False},
        {"messages": [{"role": "user", "content": "A?"},
                      {"role": "assistant", "content": "C", "weight": 0.0}]},
    ],
)  # fmt: skip
def test_an_answer_that_is_to_be_avoided_is_no_host(record):
    assert host_of(record) is None


def test_turns_are_there_only_where_one_list_holds_them_all():
    held = {name: Draft(host, host.exchanges[0]).turns is not None
            for name in RECORDS for host in [host_of(RECORDS[name])]}  # fmt: skip
    assert {name for name, is_one in held.items() if is_one} == {"sharegpt", "chatml", "kto"}


# --- what a self-test says ----------------------------------------------------------------------


def test_every_class_is_accounted_for(result):
    assert [one.name for one in result.classes] == list(KINDS)
    for one in result.classes:
        if one.status == "measured":
            assert one.planted == one.found + len(one.missed) or len(one.missed) == 5
            assert one.low <= one.recall <= one.high
        else:
            assert one.recall is None
            assert one.reason


def test_a_class_that_the_rows_cannot_have_is_named_with_the_reason(result):
    reasons = {one.name: one.reason for one in result.classes if one.status == "not plantable"}
    assert reasons["user-repeated"] == "no row has its whole conversation in one list of turns"
    assert reasons["label-flip"] == "the answers are no labels"
    assert "--against" in reasons["contamination"]


def test_the_same_seed_says_the_same_and_another_something_else(alpaca, result):
    wish = Wish(classes=("pii", "near"))
    first = selftest([alpaca], Settings(), wish)
    assert first == selftest([alpaca], Settings(), wish)
    assert by_name(first)["pii"].rules != {}
    other = selftest([alpaca], Settings(seed=1), Wish())
    assert [one.missed for one in other.classes] != [one.missed for one in result.classes]


@pytest.mark.slow
def test_one_core_says_what_two_say(alpaca):
    call = [sys.executable, "-m", "curate", "selftest", alpaca, "--json", "--per-class", "4"]
    said = {
        subprocess.run(
            call, env={"POLARS_MAX_THREADS": cores}, capture_output=True, check=True
        ).stdout
        for cores in ("1", "2")
    }
    assert len(said) == 1


def test_what_was_wrong_before_counts_as_nobodys_fault():
    """The samples are full of faults of their own, and of copies of each other."""
    made = selftest([str(SAMPLES / "alpaca.jsonl")], Settings(), Wish())
    assert made.flawed > 20
    assert made.alarms.rows == 0


def test_a_rule_that_hits_every_row_finds_nothing_and_raises_no_alarm(tmp_path, alpaca):
    own_rule(tmp_path, "pii-everywhere", "in: response\n    any: ['(?s).']")
    settings = Settings(rules=(str(tmp_path),), select=("pii-everywhere",))
    made = selftest([alpaca], settings, Wish(classes=("pii",)))
    assert made.alarms.rows == 0
    assert by_name(made)["pii"].status == "not plantable"  # no row is without a finding of pii


def own_rule(folder, code, match):
    text = f"""
code: {code}
name: a rule of one's own
what: It hits.
why: To be tested.
match:
  - {match}
action: flag
severity: warning
examples:
  hits:
    - {{instruction: Name a lazy animal., output: A zebra that dozes.}}
  misses:
    - {{instruction: Say nothing., output: ""}}
"""
    (folder / f"{code}.yaml").write_text(text, "utf-8")


def test_a_class_counts_as_soon_as_a_rule_looks_for_it(tmp_path, alpaca):
    wish = Wish(classes=("swapped",))
    before = by_name(selftest([alpaca], Settings(select=("pii",)), wish))["swapped"]
    assert (before.status, before.recall) == ("not covered", None)
    assert before.planted
    own_rule(tmp_path, "mismatch-vowel", "in: response\n    any: ['(?i)k']")
    settings = Settings(rules=(str(tmp_path),), select=("mismatch-vowel",))
    after = by_name(selftest([alpaca], settings, wish))["swapped"]
    assert after.status == "measured"
    assert 0 < after.recall < 1


def test_a_neighbouring_rule_covers_nothing(alpaca):
    """The gate looks for mojibake, and for HTML and escaped line ends no rule of the family."""
    wish = Wish(classes=("mojibake", "html", "escaped-newline", "same-prompt", "missing-key"))
    made = by_name(selftest([alpaca], Settings(pack="gate"), wish))
    assert {name for name, one in made.items() if one.status == "measured"} == {
        "mojibake",
        "missing-key",
    }


def test_dropped_is_told_from_flagged(alpaca):
    flag, drop = (
        by_name(selftest([alpaca], Settings(select=("pii",), actions=actions), Wish(
            classes=("pii",))))["pii"]
        for actions in ({}, {"pii": "drop"})
    )  # fmt: skip
    assert (flag.dropped, drop.flagged) == (0, 0)
    assert flag.flagged == drop.dropped > 0


def test_few_rows_are_touched_and_a_copy_stands_beside_its_original(result):
    room = int(SHARE * result.rows)
    planted = sum(one.planted for one in result.classes)
    assert planted <= room * result.copies
    assert all(0 < by_name(result)[name].planted <= result.per_class for name in INSERTED)


def test_labels_are_flipped_only_where_there_are_some(tmp_path):
    labels = ("card", "loan", "transfer")
    records = [
        {"instruction": f"Message {number}: {one['instruction']}", "output": labels[number % 3]}
        for number, one in enumerate(rows(90))
    ]
    file = write(tmp_path / "labels.jsonl", records)
    made = selftest([file], Settings(select=("pii",)), Wish(classes=("label-flip", "truncated")))
    flips = by_name(made)["label-flip"]
    assert flips.planted >= 10
    assert by_name(made)["truncated"].status == "not plantable"


def test_items_of_an_evaluation_set_are_planted_where_one_is_named(tmp_path, alpaca):
    asked = "Which river runs through the old town of number {}, and how wide is it there?"
    items = [{"question": asked.format(number), "answer": str(number)} for number in range(10)]
    settings = Settings(against=(write(tmp_path / "items.jsonl", items),))
    made = by_name(selftest([alpaca], settings, Wish(classes=("contamination",))))
    assert made["contamination"].status == "measured"
    assert made["contamination"].found >= 8


@pytest.mark.parametrize("name", ["sharegpt", "chatml"])
def test_chats_can_have_every_fault_of_order(name):
    orders = tuple(kind for kind in KINDS if "role" in kind or "system" in kind or "user" in kind)
    made = selftest([str(SAMPLES / f"{name}.jsonl")], Settings(), Wish(classes=orders[:5]))
    assert all(one.recall == 1 for one in made.measured())
    assert len(made.measured()) >= 4


def test_a_preference_pair_is_spoilt_in_its_chosen_answer(tmp_path):
    records = [{"prompt": one["instruction"], "chosen": one["output"], "rejected": "No idea."}
               for one in rows(80) if not one["input"]]  # fmt: skip
    file = write(tmp_path / "pairs.jsonl", records)
    made = selftest([file], Settings(), Wish(classes=("pii", "empty-turn", "noinput")))
    assert all(one.recall >= 0.8 for one in made.measured())
    assert len(made.measured()) == 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json.gz"])
def test_other_file_types_and_renamed_columns(tmp_path, suffix):
    from curate import transcribe

    renamed = [{"frage": one["instruction"], "antwort": one["output"]} for one in rows(80)]
    source, file = write(tmp_path / "rows.jsonl", renamed), tmp_path / f"rows{suffix}"
    mapped = {"instruction": "frage", "output": "antwort"}
    transcribe(source, file, Settings(map=mapped, to="alpaca"))
    wish = Wish(classes=("pii", "wrong-type", "unknown-role"), per_class=4)
    mapped = {} if "instruction" in _head(file) else mapped
    made = by_name(selftest([str(file)], Settings(map=mapped), wish))
    assert made["pii"].recall == 1
    typed = suffix in {".csv", ".parquet"}
    assert made["wrong-type"].status == ("not plantable" if typed else "measured")
    assert made["unknown-role"].status == "not plantable"


def _head(file):
    from curate.read import open_sources, parse

    return parse(next(iter(open_sources([str(file)])[0])).raw)


# --- drawing, intervals -------------------------------------------------------------------------


def test_a_sample_is_even_in_order_and_drawn_by_the_seed():
    drawn, count = sample(iter(range(1000)), 100, 0)
    assert count == 1000
    assert drawn == sorted(drawn) == sample(iter(range(1000)), 100, 0)[0]
    assert drawn != sample(iter(range(1000)), 100, 1)[0]
    assert 350 < sum(drawn) / 100 < 650
    assert sample(iter(range(7)), 100, 0) == (list(range(7)), 7)


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    # Wilson's intervals by R's prop.test(correct = FALSE) and by hand.
    [(10, 10, 0.7225, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (0, 0, 0, 1)],
)
def test_the_interval_is_wilsons(found, of, low, high):
    assert wilson(found, of) == pytest.approx((low, high), abs=1e-4)


def test_ways_leave_rows_that_cannot_bear_them_alone():
    host = host_of({"instruction": "Say yes.", "output": "Yes."})
    draft = Draft(host, host.exchanges[0])
    for way in ways("truncated"):
        assert way(draft, random.Random(0), None) is None  # noqa: S311  # no secret
    assert draft.record == host.record


# --- the command --------------------------------------------------------------------------------


def test_exit_codes(alpaca):
    pii = ("selftest", alpaca, "--classes", "pii", "--select", "pii", "--quiet")
    assert curate(*pii, "--min-recall", "0.5").code == 0
    assert curate(*pii, "--select", "pii-iban", "--ignore", "pii-email").code == 0
    few = ("selftest", alpaca, "--classes", "pii", "--select", "pii-iban", "--quiet")
    done = curate(*few, "--min-recall", "0.9")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("curate: pii: recall 0.")
    assert curate(*few, "--min-recall", "0.9", "--min-recall", "pii=0.1").code == 0
    none = curate("selftest", alpaca, "--select", "pii", "--min-recall", "near=0.1", "-q",
                  "--classes", "near")  # fmt: skip
    assert (none.code, none.stderr) == (1, "curate: near: no rule looks for it, wanted 0.10\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--classes", "truncatd"], "did you mean 'truncated'"),
        (["--min-recall", "high"], "expected X or CLASS=X"),
        (["--min-recall", "pii=2"], "expected X or CLASS=X"),
        (["--min-recall", "pij=0.2"], "no class of faults is named 'pij'"),
        (["--select", "nonesuch"], "nonesuch"),
    ],
)
def test_wrong_usage_is_named(alpaca, options, said):
    done = curate("selftest", alpaca, *options)
    assert done.code == 2
    assert said in done.stderr


def test_it_writes_nothing_but_what_it_is_asked_for(tmp_path):
    file = write(tmp_path / "rows.jsonl", rows())
    before = Path(file).read_bytes()
    asked = ("selftest", file, "--classes", "pii,near", "--json")
    done = curate(*asked)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert Path(file).read_bytes() == before
    assert curate(*asked, "-o", tmp_path / "out.json").stdout == done.stdout
    assert (tmp_path / "out.json").read_text("utf-8") == done.stdout
    assert Result.model_validate_json(done.stdout).rows == 60


def test_more_rows_than_wanted_are_drawn_and_it_says_so(alpaca):
    done = curate("selftest", alpaca, "--rows", "100", "--classes", "pii", "--seed", "3")
    assert "100 of 400 rows, drawn by seed 3" in done.stdout
    assert "…" not in "".join(one for one in done.stdout.splitlines() if "missed" not in one)
    assert f"  curate selftest {alpaca} --min-recall 0.8 " in done.stdout


@pytest.mark.parametrize("width", [50, 80, 140])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_class_is_shown_at_any_width(result, width, encoding):
    out = StringIO()
    out_encoding = property(lambda _: encoding)
    console = type("Narrow", (Console,), {"encoding": out_encoding})(file=out, width=width)
    print_result(result, console, ["rows.jsonl"])
    said = out.getvalue()
    said.encode(encoding)
    assert all(name in said.replace("\n", " ") for name in KINDS)
    commands = [one for one in said.splitlines() if one.startswith("  curate ")]
    assert all(" rows.jsonl " in one and "…" not in one for one in commands)
    assert "  curate selftest rows.jsonl --min-recall 0.8 --min-recall CLASS=0.5" in commands
    assert max(len(one) for one in said.splitlines() if one not in commands) <= width


# --- bars on real sets --------------------------------------------------------------------------

# What was measured (docs/log.md, seeds 0 to 2, 20 a class) less 15 points; of the rest all is
# found, and less than 0.9 of it is an alarm.
BARS = {
    **dict.fromkeys(("refusal", "role-label", "injection", "escaped-newline"), 0.4),
    **dict.fromkeys(("missing-material", "truncated", "wrong-arithmetic", "repetition"), 0.4),
    **dict.fromkeys(("as-an-ai", "html", "placeholder", "control-token"), 0.6),
    **dict.fromkeys(("noinput", "merged", "near", "same-prompt", "invisible", "echo"), 0.7),
    **dict.fromkeys(("mojibake", "secret"), 0.75),
    # The file itself is what is learnt from: 12 of 20 in 2,000 rows, none of 10 in 400.
    "swapped": 0.0,
}
SETS = {
    "alpaca": "01_alpaca/stanford_alpaca_52k/alpaca_data.json",
    "dolly": "02_human_instructions/dolly_3k/dolly_3k.json",
    "chat": "06_chat/llamafactory_demos/v1_sft_demo.jsonl",
}


def under(result, other=0.9):
    return {
        one.name: (one.found, one.planted, [missed.what for missed in one.missed])
        for one in result.measured()
        if one.recall < BARS.get(one.name, other)
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_what_is_found_on_real_sets(shared_data, name):
    made = selftest([str(shared_data / SETS[name])], Settings(), Wish(rows=1500, per_class=15))
    assert under(made) == {}
    assert made.alarms.dropped == 0
    assert made.alarms.rows <= 0.005 * made.alarms.looked


def test_what_is_found_on_the_base_rows(result):
    assert under(result) == {}
    assert result.alarms.dropped == 0
    assert result.alarms.rows <= 0.01 * result.alarms.looked
