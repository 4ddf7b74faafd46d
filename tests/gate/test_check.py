"""What fails a gate and what does not, from Python."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import curate
from curate.errors import ConfigError, InputError, UsageError
from curate.gate import say
from curate.gate.config import Waiver
from curate.gate.junit import junit
from curate.gate.markdown import markdown
from curate.gate.text import text as said
from curate.policy.catalogue import load_rules
from tests.gate.data import EMPTY, GOOD, MAIL, MOJIBAKE, NO_ROW, written

DATA = Path("data.jsonl")
TODAY = date(2026, 6, 15)


def config(text: str) -> Path:
    Path("curate.toml").write_text(text, encoding="utf-8")
    return Path("curate.toml")


def level(report, name: str) -> str:
    return next(one.level for one in report.limits if one.name == name)


def limit(report, name: str):
    return next(one for one in report.limits if one.name == name)


def test_good_rows_pass():
    report = curate.check(written(DATA, *GOOD))
    assert report.passed
    assert report.broken == ()
    assert report.counts.kept == len(GOOD)
    assert report.config is None


@pytest.mark.parametrize(
    ("row", "name"),
    [(EMPTY, "rules.empty-response"), (MAIL, "rules.pii-email"), (GOOD[0], "rules.duplicate-exact"),
     (NO_ROW, "figures.quarantined"), ("{not json", "figures.quarantined")],
)  # fmt: skip
def test_what_the_pack_drops_fails_without_a_config(row, name):
    report = curate.check(written(DATA, *GOOD, row))
    assert not report.passed
    assert [one.name for one in report.errors] == [name]
    assert [(fault.line, fault.source) for fault in report.faults] == [(9, "data.jsonl")]


def test_a_warning_is_told_and_fails_nothing():
    report = curate.check(written(DATA, *GOOD, MOJIBAKE))
    assert report.passed
    assert [one.name for one in report.warnings] == ["rules.encoding-mojibake"]


def test_200_bad_lines_are_each_a_fault():
    report = curate.check(written(DATA, *["{not json"] * 200, *GOOD))
    assert not report.passed
    assert limit(report, "figures.quarantined").value == 200
    assert len(report.faults) == 200
    assert {fault.code for fault in report.faults} == {"unreadable-record"}


def test_no_valid_row_and_no_row_at_all_are_errors():
    with pytest.raises(InputError, match="not one of the 200 records is valid"):
        curate.check(written(DATA, *["{not json"] * 200))
    with pytest.raises(InputError, match="is empty"):
        curate.check(written(DATA))
    with pytest.raises(InputError, match="is not there"):
        curate.check("nonesuch.jsonl")


def test_nothing_is_written(alone):
    written(DATA, *GOOD, EMPTY)
    curate.check(DATA)
    assert [path.name for path in alone.iterdir()] == ["data.jsonl"]


# --- limits -------------------------------------------------------------------------------------

TWO_EMPTY = [*GOOD, EMPTY, EMPTY | {"instruction": "Name a river that flows through Porto."}]
LIMITS = [
    # rows, the config, the limit, what comes of it
    (TWO_EMPTY, "rules.empty-response = '> 2'", "rules.empty-response", "passed"),
    (TWO_EMPTY, "rules.empty-response = '> 1'", "rules.empty-response", "error"),
    (TWO_EMPTY, "rules.empty = '>= 2'", "rules.empty", "error"),
    (TWO_EMPTY, "rules.empty = '> 20 %'", "rules.empty", "passed"),
    (TWO_EMPTY, "rules.empty = '> 19.9 %'", "rules.empty", "error"),
    (TWO_EMPTY, "rules.empty = { warn_if = '> 0', error_if = '> 5' }", "rules.empty", "warning"),
    (TWO_EMPTY, "rules.empty = { severity = 'warn' }", "rules.empty", "warning"),
    (TWO_EMPTY, "rules.empty = {}", "rules.empty", "error"),
    ([*GOOD, NO_ROW], "figures.quarantined = '> 1'", "figures.quarantined", "passed"),
    ([*GOOD, NO_ROW], "rules.invalid-record = '> 0'", "rules.invalid-record", "error"),
    (GOOD, "figures.rows = '< 8'", "figures.rows", "passed"),
    (GOOD, "figures.rows = '< 9 or > 100'", "figures.rows", "error"),
    (GOOD, "figures.records = '!= 8'", "figures.records", "passed"),
    (TWO_EMPTY, "figures.kept = '< 90 %'", "figures.kept", "error"),
    (TWO_EMPTY, "figures.dropped = '> 2'", "figures.dropped", "passed"),
    ([*GOOD, GOOD[3]], "figures.duplicates = '> 10 %'", "figures.duplicates", "error"),
    ([*GOOD, MAIL], "figures.pii = '> 0'", "figures.pii", "error"),
    ([*GOOD, MAIL], "figures.secrets = '> 0'", "figures.secrets", "passed"),
    (GOOD, "columns.response_tokens.max = '> 5'", "columns.response_tokens.max", "error"),
    (GOOD, "columns.response_tokens.p95 = '> 99'", "columns.response_tokens.p95", "passed"),
    (GOOD, "columns.response_tokens.mean = '< 100'", "columns.response_tokens.mean", "error"),
    (GOOD, "columns.emails.null = '< 100 %'", "columns.emails.null", "passed"),
    (GOOD, "columns.format.distinct = '!= 1'", "columns.format.distinct", "passed"),
    (GOOD, "columns.format.share.alpaca = '< 100 %'", "columns.format.share.alpaca", "passed"),
    (GOOD, "columns.format.share.chatml = '< 1'", "columns.format.share.chatml", "error"),
    (GOOD, "columns.format.top = '> 90 %'", "columns.format.top", "error"),
    (GOOD, "columns.format.rarest = '< 8'", "columns.format.rarest", "passed"),
    (GOOD, "conditions.short = { when = 'response_tokens < 100' }", "conditions.short", "error"),
    (
        GOOD,
        "conditions.long = { when = 'response_tokens > 100 or prompt_tokens > 100' }",
        "conditions.long",
        "passed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "text", "name", "expected"), LIMITS)
def test_limits(rows, text, name, expected):
    report = curate.check(written(DATA, *rows), config(f"[check]\n{text}\n"))
    assert level(report, name) == expected
    assert report.passed == (not report.errors)
    assert report.config == "curate.toml"


def test_the_most_particular_limit_speaks_for_a_rule():
    text = "[check.rules]\nempty = '> 0'\nempty-response = '> 9'\n"
    report = curate.check(written(DATA, *TWO_EMPTY), config(text))
    assert report.passed
    assert limit(report, "rules.empty-response").value == 2
    assert limit(report, "rules.empty").value == 0


def test_a_limit_brings_in_a_rule_that_the_pack_leaves_out():
    wordy = {"instruction": "Say yes.", "input": "", "output": "What a load of shit this is, mate."}
    report = curate.check(written(DATA, *GOOD, wordy), config("[check]\nrules.toxicity = '> 0'"))
    assert level(report, "rules.toxicity") == "error"
    assert report.counts.dropped == 0


@pytest.mark.parametrize(("unlisted", "passed", "warnings"), [("warn", True, 1), ("off", True, 0)])
def test_rules_without_a_limit(unlisted, passed, warnings):
    report = curate.check(written(DATA, *GOOD, EMPTY), config(f"[check]\nunlisted = '{unlisted}'"))
    assert (report.passed, len(report.warnings)) == (passed, warnings)


def test_the_config_of_pyproject_counts_if_it_speaks_of_curate():
    written(DATA, *GOOD, EMPTY)
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert curate.check(DATA).config is None
    Path("pyproject.toml").write_text("[tool.curate.check.rules]\nempty = '> 9'\n")
    report = curate.check(DATA)
    assert (report.passed, report.config) == (True, "pyproject.toml")


def test_a_config_from_python():
    chosen = curate.Config(check={"rules": {"empty": "> 5"}, "pack": "default"})
    assert curate.check(written(DATA, *GOOD, EMPTY), chosen).passed
    wrong = curate.Config(check={"rules": {"emtpy": "> 5"}})
    with pytest.raises(ConfigError, match="did you mean 'empty'"):
        curate.check(DATA, wrong)


def test_how_data_is_read_is_that_of_clean():
    rows = [{"ask": one["instruction"], "say": one["output"]} for one in GOOD]
    written(DATA, *rows)
    with pytest.raises(InputError, match="not one of the 8"):
        curate.check(DATA)
    assert curate.check(DATA, config("[clean.map]\ninstruction = 'ask'\noutput = 'say'\n")).passed


def test_the_report_cannot_be_changed_and_says_the_worst_first():
    report = curate.check(
        written(DATA, *GOOD, EMPTY, *[MAIL | {"instruction": f"{n}?"} for n in "abc"])
    )
    assert [one.name for one in report.errors][:1] == ["rules.pii-email"]
    with pytest.raises(ValueError, match="frozen"):
        report.passed = True


def test_a_leaked_key_is_worse_than_many_copies():
    key = {"instruction": "Show the setting.", "input": "", "output": "Set AKIAQ7RZ2M5XW4LJT6VD."}
    report = curate.check(written(DATA, *GOOD, key, *GOOD[:4], MAIL, MAIL | {"input": "Quick."}))
    names = ["rules.secret-key", "rules.duplicate-exact", "rules.pii-email"]
    assert [one.name for one in report.errors] == names
    assert "Worst is rules.secret-key" in say.next_step(report)[0]


def test_of_the_same_severity_the_one_furthest_beyond_its_limit_comes_first():
    rules = {"empty-response": "> 10 %", "pii": "> 1", "duplicate-exact": "> 1"}
    mails = [MAIL | {"input": f"Office {number}."} for number in range(3)]
    written(DATA, *GOOD, *GOOD[:4], EMPTY, EMPTY | {"instruction": "Name a lake."}, NO_ROW, *mails)
    report = curate.check(DATA, curate.Config(check={"rules": rules, "unlisted": "off"}))
    # 4 - 1 rows; 3 - 1 rows; 1 record; 2 - 1.7 rows
    names = ["rules.duplicate-exact", "rules.pii", "figures.quarantined", "rules.empty-response"]
    assert [one.name for one in report.errors] == names


def test_secrets_are_masked_everywhere():
    report = curate.check(written(DATA, *GOOD, MAIL))
    assert "lindqvist" not in report.model_dump_json()


def test_secrets_are_masked_though_no_rule_looks_for_them():
    chosen = curate.Config(check={"select": ["duplicate"]})
    broken = '{"instruction": "Whose is jan.novak@kontor-nord.se?", "output": 3}'
    report = curate.check(written(DATA, *GOOD, MAIL, MAIL, broken), chosen)
    assert {one.name for one in report.errors} == {"rules.duplicate-exact", "figures.quarantined"}
    dumped = report.model_dump_json()
    assert "Write to" in dumped
    assert "lindqvist" not in dumped
    assert "novak" not in dumped


def test_evaluation_items_count_where_they_are_named():
    held = written(Path("eval.jsonl"), {"question": GOOD[0]["instruction"], "answer": "Danube."})
    written(DATA, *GOOD)
    text = f"[clean]\nagainst = ['{held}']\n[check]\nfigures.contaminated = '> 0'\n"
    report = curate.check(DATA, config(text))
    found = limit(report, "figures.contaminated")
    assert (found.level, found.value) == ("error", 1)
    assert [one.line for one in found.examples] == [1]


COMPARED = [
    "rules.contamination = '> 0'",
    "figures.contaminated = '> 0'",
    "columns.contamination_share.max = '> 0.5'",
    """conditions.held = { when = "contamination_class = 'answer'", error_if = '> 0' }""",
    "rules.duplicate-indexed = '> 0'",
]


@pytest.mark.parametrize("text", COMPARED)
def test_a_limit_that_nothing_can_break_does_not_pass(text):
    name = text.partition(" = ")[0]
    said = rf"check\.{name}: there is nothing to compare with, .*; give (--against|index in)"
    with pytest.raises(UsageError, match=said):
        curate.check(written(DATA, *GOOD), config(f"[check]\n{text}\n"))


def test_what_nothing_was_compared_with_is_no_limit_that_was_kept():
    report = curate.check(written(DATA, *GOOD))
    assert not [one.name for one in report.limits if "contamination" in one.name]
    assert report.not_asked == ()
    text = """[check]
rules.contamination = { severity = 'warn', warn_if = '> 0' }
rules.duplicate = '> 0'
figures.contaminated = { warn_if = '> 0' }
columns.contamination_share.max = { warn_if = '> 0.5' }
conditions.held = { when = "contamination_class = 'answer'", warn_if = '> 0' }
conditions.odd = { when = "contamination is not null or response_tokens > 500" }
"""
    report = curate.check(DATA, config(text))
    names = {one.name for one in report.limits}
    assert {"rules.duplicate", "conditions.odd"} <= names
    asked = [one.name for one in report.not_asked]
    assert asked == ["rules.contamination", "columns.contamination_share.max",
                     "figures.contaminated", "conditions.held"]  # fmt: skip
    assert names.isdisjoint(asked)
    assert all(f"{name} (" in said(report) for name in asked)
    assert "contamin" not in junit(report, datetime(2026, 6, 15, tzinfo=UTC))
    assert "give --against" in markdown(report)
    held = written(Path("eval.jsonl"), {"question": "Name a lake.", "answer": "Loch Ness."})
    report = curate.check(DATA, config(f"[clean]\nagainst = ['{held}']\n{text}"))
    assert report.not_asked == ()
    assert set(asked) <= {one.name for one in report.limits if one.level == "passed"}


def test_a_value_that_no_row_has_is_told():
    text = "[check]\ncolumns.format.share.alpca = '> 0'\ncolumns.format.share.alpaca = '> 9'\n"
    report = curate.check(written(DATA, *GOOD), config(text))
    note = "no row has 'alpca'; did you mean 'alpaca'?; there is 'alpaca'"
    assert limit(report, "columns.format.share.alpca").note == note
    assert limit(report, "columns.format.share.alpaca").note is None
    assert note in said(report)
    assert report.passed


# --- rows that are stored -----------------------------------------------------------------------


def test_failing_rows_go_where_the_limit_says(tmp_path):
    home = tmp_path / "elsewhere"
    home.mkdir()
    text = "[check.rules]\nempty = { error_if = '> 0', store = 'bad/empty.jsonl' }\n"
    (home / "curate.toml").write_text(text)
    written(DATA, *TWO_EMPTY)
    curate.check(DATA, home / "curate.toml")
    rows = [json.loads(one) for one in (home / "bad/empty.jsonl").read_text().splitlines()]
    assert [(one["source"], one["line"], one["codes"]) for one in rows] == [
        ("data.jsonl", 9, ["empty-response"]), ("data.jsonl", 10, ["empty-response"])
    ]  # fmt: skip
    assert json.loads(rows[0]["raw"]) == EMPTY
    written(DATA, *GOOD)
    curate.check(DATA, home / "curate.toml")
    assert (home / "bad/empty.jsonl").read_text() == ""


# --- waivers ------------------------------------------------------------------------------------


def waiver(**given) -> str:
    said = {"reason": "known", "owner": "mara", "expires": TODAY} | given
    lines = [f"{key} = {one if isinstance(one, date) else repr(one)}" for key, one in said.items()]
    return "[[check.waivers]]\n" + "\n".join(lines) + "\n"


def test_a_waiver_lets_a_rule_pass_until_its_last_day():
    written(DATA, *GOOD, MAIL, EMPTY)
    file = config(waiver(rule="pii") + waiver(rule="empty"))
    report = curate.check(DATA, file, today=TODAY)
    assert report.passed
    assert limit(report, "rules.pii-email").waived == 1
    assert [one.state for one in report.waivers] == ["used", "used"]
    late = curate.check(DATA, file, today=TODAY + timedelta(days=1))
    assert not late.passed
    assert [one.state for one in late.waivers] == ["expired", "expired"]
    assert level(late, "rules.pii-email") == "error"


def test_an_expired_waiver_fails_though_its_rows_are_mended():
    report = curate.check(written(DATA, *GOOD), config(waiver(rule="pii")), today=date(2030, 1, 1))
    assert not report.passed
    assert report.errors == ()


def test_a_waiver_of_a_row_covers_that_row_alone():
    rows = [EMPTY, EMPTY | {"instruction": "Name a river that flows through Porto."}]
    first = curate.check(written(DATA, *GOOD, *rows)).faults[0]
    report = curate.check(DATA, config(waiver(row=first.id)), today=TODAY)
    assert limit(report, "rules.empty-response").value == 1
    assert [fault.waived for fault in report.faults] == [None, "known"] or [
        fault.waived for fault in report.faults
    ] == ["known", None]


def test_a_waiver_of_a_condition():
    condition = "[check.conditions.mail]\nwhen = 'emails is not null'\n"
    text = f"[check]\nignore = ['pii']\n{condition}{waiver(rule='conditions.mail')}"
    report = curate.check(written(DATA, *GOOD, MAIL), config(text), today=TODAY)
    assert report.passed
    assert limit(report, "conditions.mail").waived == 1
    with pytest.raises(ConfigError, match=r"no rule is named 'conditions\.mial'"):
        curate.check(
            DATA, config(text.replace("rule = 'conditions.mail", "rule = 'conditions.mial"))
        )


def test_a_waiver_of_a_rule_is_for_none_that_begins_like_it():
    named, family = (
        Waiver(rule=name, reason="r", owner="o", expires=TODAY) for name in ("pii-phone", "pii")
    )
    assert named.is_about("pii-phone", load_rules())
    assert not named.is_about("pii-phone-stock", load_rules())
    assert family.is_about("pii-phone-stock", load_rules())


def test_a_waiver_that_covers_nothing_is_told():
    report = curate.check(written(DATA, *GOOD), config(waiver(rule="pii")), today=TODAY)
    assert report.passed
    assert [one.state for one in report.waivers] == ["unused"]


# --- other inputs -------------------------------------------------------------------------------


def test_frames_and_several_files():
    frame = pl.DataFrame([*GOOD, EMPTY])
    for data in (frame, frame.lazy()):
        report = curate.check(data)
        assert [(one.source, one.line) for one in report.faults] == [("frame", 9)]
    written(Path("a/one.jsonl"), *GOOD[:4])
    written(Path("a/two.jsonl"), *GOOD[4:], EMPTY)
    report = curate.check("a")
    assert [one.name for one in report.files] == ["a/one.jsonl", "a/two.jsonl"]
    assert [(one.source, one.line) for one in report.faults] == [("a/two.jsonl", 5)]
    assert curate.check(["a/one.jsonl", "a/two.jsonl"]).faults == report.faults
    with pytest.raises(InputError, match="can't read a int"):
        curate.check(3)


def test_a_data_set_of_the_datasets_library():
    datasets = pytest.importorskip("datasets")
    report = curate.check(datasets.Dataset.from_list([*GOOD, EMPTY]))
    assert [(one.source, one.line) for one in report.faults] == [("dataset", 9)]
    with pytest.raises(InputError, match="several splits"):
        curate.check(datasets.DatasetDict(train=datasets.Dataset.from_list(GOOD)))


def test_options_that_cannot_go_together():
    written(DATA, *GOOD)
    with pytest.raises(UsageError, match="--only-new needs"):
        curate.check(DATA, only_new=True)
    with pytest.raises(UsageError, match="leave one out"):
        curate.check(DATA, baseline="x.json", since="main")
