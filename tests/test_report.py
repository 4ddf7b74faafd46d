"""The report says what the run folder says, shows no secret, and lets no row act."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from curate import pipeline, report
from curate.config import Settings
from curate.errors import InputError
from curate.policy.catalogue import _shipped_rules
from curate.report import explorer
from curate.report.charts import _difference, telling, told
from curate.report.excerpt import Mark, around, cut, differences, ends
from curate.report.figures import _LENGTHS, _bins, _trimmed, place
from curate.report.html import html
from curate.report.markdown import code, markdown, plain
from curate.report.model import Change, Report
from curate.report.run import short_names, spread
from curate.report.words import count, percent, seen
from curate.text.visible import visible

NAMES = ("report.html", "report.json", "report.md")
MAIL, KEY, PHONE = "jane.roe@mail-works.org", "sk-live0123456789abcdef", "+1 415 867 4312"
HOSTILE = (
    "\u202egnp.exe\u202c and \u200b\x1b[31mred\x07",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }} {% raw %}",
    "` `` ``` @octocat #12 https://evil.example/x www.evil.example [a](javascript:b) <b>|c|</b>",
)


def rule(code, **keys):
    text = {"name": f"Rule {code}", "what": f"What {code} is.", "why": f"Why {code} harms."}
    examples = {"hits": [row("x")], "misses": [row("y")]}
    kind = {"action": "flag", "severity": "warning", "examples": examples}
    return {"code": code, **text, **kind, **keys}


def row(output, instruction="Say it.", **more):
    return {"instruction": instruction, "input": "", "output": output} | more


RULES = (
    rule("x-fruit", match=[{"in": "response", "any": ["banana"]}], action="drop", suspect_above=1),
    rule("x-input", match=[{"in": "input", "any": ["lorem"]}]),
    rule("x-loud", match=[{"in": "prompt", "any": ["LOUD"], "ignore_case": False}]),
    rule("x-order", when="turn_order = 'ua' and format = 'chatml'"),
    rule("pii-mail", match=[{"in": "any", "any": [r"[\w.]+@[\w.-]+\.org"]}]),
    rule("x-key", match=[{"in": "any", "any": [r"sk-\w+", "BEGIN KEY"]}], mask=True),
    rule("secret-order", when="turn_order = 'sua'"),
    rule("x-copy", when="exact_duplicate_of is not null", twin="exact_duplicate_of",
         action="drop", suspect_above=1),
    rule("x-near", when="near_duplicate_similarity >= threshold and exact_duplicate_of is null",
         threshold=0.7, twin="near_duplicate_of"),
    rule("x-mend", match=[{"in": "response", "any": ["teh"]}], action="edit",
         fix={"replace": r"\bteh\b", "by": "the very"}),
)  # fmt: skip
LONG = " ".join(f"word{number}" for number in range(80))


@pytest.fixture(scope="module", autouse=True)
def catalogue(tmp_path_factory):
    """The rules above in the place of curate's own, which say nothing about the report."""
    folder = write_rules(tmp_path_factory.mktemp("rules"), *RULES)
    (folder / "packs").mkdir()
    pack = {"name": "default", "what": "All.", "select": ["all"]}
    (folder / "packs" / "default.yaml").write_text(yaml.safe_dump(pack), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curate.policy.catalogue.files", lambda _: folder)
        _shipped_rules.cache_clear()  # other tests of this process have read curate's own
        yield folder
    _shipped_rules.cache_clear()


def write_rules(folder, *rules):
    folder.mkdir(exist_ok=True)
    for one in rules:
        (folder / f"{one['code']}.yaml").write_text(yaml.safe_dump(one), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Run the pipeline over records (or raw lines) with the rules above; the run folder."""

    def run(lines, **settings):
        made = tmp_path_factory.mktemp("run")
        path = made / "data" / "rows.jsonl"
        path.parent.mkdir()
        raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
        path.write_bytes(b"\n".join(raw) + b"\n")
        pipeline.clean([str(path)], made / "out", Settings(**settings))
        return made / "out"

    return run


ROWS = [
    *(row(f"A banana, number {number}.", f"Fruit {number}?") for number in range(12)),
    row("Fine.", "Read this.", input="some lorem ipsum"),
    row("Same words, twice.", "Copy?"),
    row("Same words, twice.", "Copy?"),
    row(LONG + " first end", "Near?"),
    row(LONG + " changed end", "Near?"),
    row("It is teh best of teh worst."),
    row("ok", "LOUD banana question", input="x"),
    b'{"instruction": "no answer"}',
    b'{"instruction": "unknown role", "output": 7}',
    b'{"instruction": "cut',
]


@pytest.fixture(scope="module")
def run(clean):
    return clean(ROWS, fix=True)


@pytest.fixture(scope="module")
def built(run):
    return report.build(run)


def by_code(built):
    return {one.code: one for one in built.rules}


def texts(example, kind):
    return [said for part in example.parts for what, said in part.segments if what == kind]


# --- the numbers --------------------------------------------------------------------------------


def test_totals_are_the_ledgers_and_obey_the_conservation_law(run, built):
    ledger = pl.read_parquet(run / "ledger.parquet")
    counts = dict(ledger["disposition"].value_counts().iter_rows())
    totals = built.totals
    assert totals.records == ledger.height == len(ROWS)
    assert totals.kept + totals.edited + totals.dropped + totals.quarantined == totals.records
    assert {name: getattr(totals, name) for name in counts} == counts
    assert counts == {"kept": 5, "edited": 1, "dropped": 13, "quarantined": 3}
    assert built.sources[0].counts == totals
    assert built.formats == {"alpaca": 19}


def test_a_rule_says_its_words_its_hits_and_what_it_decided(run, built):
    findings = pl.read_parquet(run / "findings.parquet")
    ledger = pl.read_parquet(run / "ledger.parquet")
    hits = dict(findings["code"].value_counts().iter_rows())
    gone = ledger.filter(pl.col("disposition").is_in(["dropped", "edited"]))
    decided = dict(gone["code"].value_counts().iter_rows())
    assert {one.code: one.hits for one in built.fired} == hits
    assert {one.code: one.decided for one in built.rules if one.decided} == decided
    assert [one.code for one in built.rules][:3] == ["x-fruit", "x-copy", "x-mend"]
    fruit = built.rules[0]
    assert (fruit.name, fruit.what, fruit.action) == ("Rule x-fruit", "What x-fruit is.", "drop")
    assert fruit.share == pytest.approx(12 / 19, abs=1e-6)
    silent = [one for one in built.rules if not one.hits]
    assert {one.code for one in silent} == {"x-order", "pii-mail", "x-key", "secret-order"}
    assert all(one.examples == () for one in silent)


def test_flagged_rows_of_the_core_are_counted_once(run, built):
    findings = pl.read_parquet(run / "findings.parquet").filter(pl.col("action") == "flag")
    assert built.flagged == findings["id"].n_unique() == 3


def test_a_rule_that_hits_too_much_is_suspect_and_decides_nothing(built, clean, tmp_path):
    assert built.suspects == ()
    write_rules(tmp_path, RULES[0] | {"code": "y-fruit", "suspect_above": 0.2})
    rows = [row(f"A banana {n}.", f"Q{n}?") for n in range(30)]
    built = report.build(clean(rows, select=["y-fruit"], rules=(str(tmp_path),)))
    assert [(one.code, one.decided, one.share) for one in built.suspects] == [("y-fruit", 0, 1.0)]
    assert "suspect" in html(built)
    assert "Suspect" in markdown(built)
    assert any(step.command == "curate explain y-fruit" for step in built.next_steps)


def test_lengths_and_languages_are_shown_before_and_after_where_they_were_measured(run, built):
    scores = pl.read_parquet(run / "scores.parquet")
    assert {one.column for one in built.distributions} == {
        name for name in ("total_tokens", "response_tokens", "prompt_tokens",
                          "readability_flesch", "knowledge_score")
        if name in scores.columns and scores[name].count()
    }  # fmt: skip
    for one in built.distributions:
        assert sum(one.bins_before) == one.before.rows == scores[one.column].count()
        assert all(after <= before for after, before in zip(one.bins_after, one.bins_before,
                                                            strict=True))  # fmt: skip
        assert len(one.edges) == len(one.bins_before) + 1
        assert one.before.min == pytest.approx(scores[one.column].min(), abs=0.01)
    if "response_language" in scores.columns:
        assert sum(one.before for one in built.languages) == built.scored
        core = built.totals.kept + built.totals.edited
        assert sum(one.after for one in built.languages) == core


def test_every_record_takes_one_way_of_the_flow(run, built):
    ledger = pl.read_parquet(run / "ledger.parquet")
    assert sum(one.rows for one in built.flow) == len(ROWS)
    for one in built.flow:
        same = pl.col("code").eq_missing(one.code) & (pl.col("disposition") == one.disposition)
        assert ledger.filter(same).height == one.rows
    assert [one.disposition for one in built.flow][:2] == ["dropped", "dropped"]
    assert (built.flow[0].code, built.flow[0].rows) == ("x-fruit", 12)
    drops = {one.code: one.rows for one in built.flow if one.disposition == "dropped"}
    assert drops == {one.code: one.decided for one in built.rules
                     if one.decided and one.action == "drop"}  # fmt: skip


def test_what_changed_is_told_as_it_was_and_as_it_is(run, built):
    scores = pl.read_parquet(run / "scores.parquet")
    core = pl.read_parquet(run / "ledger.parquet").filter(
        pl.col("disposition").is_in(["kept", "edited"])
    )
    changes = {one.name: (one.before, one.after) for one in built.changes}
    assert changes["records"] == (len(ROWS), core.height)
    kept = scores.filter(pl.col("id").is_in(core["id"].implode()))
    tokens = "total_tokens"
    assert changes["tokens, estimated"] == (scores[tokens].sum(), kept[tokens].sum())
    assert changes["longest row"] == (scores[tokens].max(), kept[tokens].max())
    assert changes["rows with a finding"] == (17, 4)
    assert changes["rows that repeat another"] == (2, 1)


def test_a_histogram_shows_the_cut_of_a_rule_that_reads_its_column(clean, tmp_path):
    write_rules(tmp_path, rule("y-long", when="total_tokens > threshold", threshold=40))
    rows = [row("word " * (number + 1), f"Q{number}?") for number in range(40)]
    built = report.build(clean(rows, select=["y-long"], rules=(str(tmp_path),)))
    (tokens,) = [one for one in built.distributions if one.column == "total_tokens"]
    assert [(one.code, one.value) for one in tokens.cuts] == [("y-long", 40)]
    hits = by_code(built)["y-long"].hits
    assert f"cuts at 40: {hits} rows" in " ".join(html(built).split())


def test_scores_are_shown_where_they_differ(built):
    scores = [one for one in built.distributions if one.column.endswith("_score")]
    one = built.distributions[0]
    same = one.model_copy(update={"column": "x_score", "bins_before": (99, 1), "before":
                                  one.before.model_copy(update={"rows": 100})})  # fmt: skip
    apart = same.model_copy(update={"bins_before": (50, 50)})
    some = built.model_copy(update={"distributions": (same, apart)})
    assert telling(some) == [apart]
    assert all(one.edges[0] >= 0 and one.edges[-1] <= 1 for one in scores)


def test_the_flow_is_told_in_a_sentence(built):
    assert told(built) == (
        "Of 22 records, 13 were dropped, most of them (12) by x-fruit; 3 could not be read or fit "
        "no format; 1 was edited; 6 are in the core, 3 of them flagged."
    )


@pytest.mark.parametrize(
    ("before", "after", "unit", "said"),
    [
        (10, 9, "rows", "−1 (10.0 %)"),
        (0, 5, "rows", "+5"),
        (1000, 3500, "tokens", "+2,500 (250 %)"),
        (0.5, 0.25, "share", "−25 points"),
        (57.21, 57.22, "ease", "same"),
        (4, None, "tokens", ""),
    ],
)
def test_changes_are_told_with_their_sign(before, after, unit, said):
    assert _difference(Change(name="x", unit=unit, before=before, after=after)) == said


@pytest.mark.parametrize(
    ("values", "cuts", "edges"),
    [
        ([5, 9], [], (4, 6, 8, 11)),
        ([5, 9], [16], (4, 6, 8, 11, 16)),
        ([5, 9], [2048], (4, 6, 8, 11)),
        ([5, 9], [2], (2, 3, 4, 6, 8, 11)),
        ([0, 0], [], (0, 1)),
        ([-4], [], (0, 1)),
        ([40_000], [], (23170, 32768)),
    ],
)
def test_an_axis_holds_the_values_and_the_cuts_that_are_near(values, cuts, edges):
    assert _trimmed(np.array(values, float), _LENGTHS, cuts) == edges
    assert sum(_bins(np.array(values, float), edges)) == len(values)


def test_a_value_stands_between_the_edges_of_its_bin():
    assert place(8, (4, 8, 16)) == 1
    assert place(12, (4, 8, 16)) == 1.5
    assert place(16, (4, 8, 16)) == 2
    assert place(17, (4, 8, 16)) is None


def test_a_run_that_keeps_nothing_and_one_that_finds_nothing_have_reports(clean):
    nothing = report.build(clean([row("banana", f"Q{n}?") for n in range(3)]))
    assert nothing.totals.kept == 0
    assert all(one.after is None for one in nothing.distributions)
    clear = report.build(clean([row("Fine.")]))
    assert clear.fired == ()
    for built in (nothing, clear):
        assert html(built)
        assert markdown(built)
    assert "None of 9 rules hit a row" in markdown(clear)


# --- examples -----------------------------------------------------------------------------------


def test_examples_are_spread_over_the_file_and_mark_what_was_found(built):
    fruit = by_code(built)["x-fruit"]
    assert [one.line for one in fruit.examples] == [3, 7, 11]
    assert all(texts(one, "hit") == ["banana"] for one in fruit.examples)
    assert fruit.examples[0].source == "rows.jsonl"
    assert [part.label for part in fruit.examples[0].parts] == ["user", "assistant"]
    assert spread(2) == [0, 1]
    assert spread(3) == [0, 1, 2]
    assert spread(52_002) == [8667, 26001, 43335]


def test_a_find_in_a_field_that_is_no_turn_is_marked_in_that_field(built):
    (example,) = by_code(built)["x-input"].examples
    assert [part.label for part in example.parts] == ["instruction", "input", "assistant"]
    assert example.parts[1].segments == (("text", "some "), ("hit", "lorem"), ("text", " ipsum"))


def test_beside_a_find_in_a_question_stands_its_answer(built):
    (example,) = by_code(built)["x-loud"].examples
    assert [part.label for part in example.parts] == ["user", "assistant"]
    assert texts(example, "hit") == ["LOUD"]
    assert example.parts[1].segments == (("text", "ok"),)


def test_rules_that_drop_stand_first_then_those_that_edit_then_those_that_flag(built):
    fired = [(one.action, one.code, one.decided, one.hits) for one in built.fired]
    assert [action for action, *_ in fired] == sorted(action for action, *_ in fired)
    drops = [decided for action, _, decided, _ in fired if action == "drop"]
    assert drops == sorted(drops, reverse=True)


def test_numbers_are_shown_with_as_many_digits_as_a_person_reads():
    assert seen("0.9104477611940298") == "0.910"
    assert (seen("12.3456"), seen("1234.56"), seen("0.00012")) == ("12.35", "1,234.6", "0.00012")
    assert (seen("3.0"), seen("7"), seen("17 + 26 = 43")) == ("3", "7", "17 + 26 = 43")
    assert (seen("nan"), seen("1e999"), seen("192.0.2.1")) == ("nan", "1e999", "192.0.2.1")


def test_a_row_of_the_explorer_shows_the_twin_that_any_of_its_rules_names(clean):
    lines = [row("Same.", "LOUD copy?"), row("Same.", "LOUD copy?")]
    select = ("x-loud", "x-copy")
    built = report.build(clean(lines, select=select, actions={"x-copy": "flag"}))
    second = next(one for one in built.explorer.rows if one["l"] == 2)
    assert len(second["c"]) == 2
    assert second["t"][2] == 1
    assert [label for label, _ in second["t"][3]] == ["user", "assistant"]


def test_a_copy_stands_beside_its_twin(built):
    (example,) = by_code(built)["x-copy"].examples
    assert example.line == 15
    assert example.twin.line == 14
    assert [part.segments for part in example.parts] == [
        part.segments for part in example.twin.parts
    ]
    assert texts(example, "differs") == []


def test_of_a_near_copy_the_difference_is_marked(built):
    (example,) = by_code(built)["x-near"].examples
    assert texts(example, "differs") == ["changed"]
    assert texts(example, "cut") == ["501"]
    assert example.twin.line == 16
    theirs = "".join(said for part in example.twin.parts for _, said in part.segments)
    assert theirs.endswith("word78 word79 first end")


def test_an_edited_row_shows_what_was_there_before(built):
    (example,) = by_code(built)["x-mend"].examples
    assert example.disposition == "edited"
    assert texts(example, "differs") == ["teh", "teh"]


def test_marks_stand_right_in_a_row_that_was_edited_and_then_dropped(clean):
    built = report.build(clean([row("teh teh banana"), row("Fine.")], fix=True))
    (example,) = by_code(built)["x-fruit"].examples
    assert texts(example, "text")[-1] == "the very the very "
    assert texts(example, "hit") == ["banana"]


def test_what_a_signal_saw_is_marked_where_it_stands():
    """The signal names the turn and quotes it, as `curate.text.evidence` does."""
    from curate.report.examples import _find, _found
    from curate.report.rows import Shown, Turn

    shown = Shown(None, (Turn("user 1", "one two"), Turn("assistant 2", "three two")))
    finding = {"span": None, "value": "user 1: two", "code": "x"}
    part, answer = _found(shown, None, finding)
    assert answer.segments == (("text", "three two"),)
    assert part.segments == (("text", "one "), ("hit", "two"))
    assert _find(shown, "two", "")[0].label == "assistant 2"
    assert _find(shown, "four", "") is None


def test_quarantined_records_are_grouped_by_reason(clean):
    lines = [b'{"instruction": "a", "output": %d}' % number for number in range(5)]
    built = report.build(clean([row("Fine."), *lines, b'{"x'], select=["x-copy"]))
    assert [one.rows for one in built.quarantine] == [5, 1]
    assert [one.line for one in built.quarantine[0].examples] == [2, 4, 6]
    assert "…" in built.quarantine[0].reason
    assert built.quarantine[1].examples[0].parts[0].segments == (("text", '{"x'),)


# --- secrets ------------------------------------------------------------------------------------

SECRETS = [
    row(f"Write to {MAIL} or {MAIL} today.", "Two of them?"),
    row(f"Write to anna.b@second.org, not {MAIL}, for a banana.", "Another find beside it?"),
    row(f"The key is {KEY}, keep it.", f"LOUD Is {KEY} the key?"),
    row(f"The key is {KEY}, keep it.", f"LOUD Is {KEY} the key?"),
    row("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSj2jAgEAAoIBAQC7\n", "PEM?"),
    row(f"{LONG} mail {MAIL} end", "Near twin?"),
    row(f"{LONG} mail {MAIL} other end", "Near twin?"),
    row(f"teh address is {MAIL}."),
    {"messages": [
        {"role": "system", "content": f"Call {PHONE}."},
        {"role": "user", "content": "Which number, LOUD?"},
        {"role": "assistant", "content": f"It is {PHONE}, said the banana."},
    ]},
    json.dumps({"instruction": f"q\n{MAIL}", "output": 1}).encode(),
    json.dumps({"messages": [{"role": MAIL, "content": "x" * 9000}]}).encode(),
    json.dumps({"instruction": 3, "output": f"the key {KEY}"}).replace("-", "\\u002d").encode(),
]  # fmt: skip


def test_no_secret_is_in_any_report(clean):
    folder = clean(SECRETS, fix=True)
    built = report.build(folder)
    hits = {one.code: one.hits for one in built.fired}
    assert (hits["pii-mail"], hits["x-key"], hits["secret-order"]) == (5, 3, 1)
    for name in NAMES:
        said = (folder / name).read_text(encoding="utf-8")
        assert not [one for one in (MAIL, KEY, PHONE) if one in said]
        for part in (
            "jane.roe",
            "anna.b",
            "mail-works",
            "live0123",
            "415 867",
            "QIBADAN",
            "KcwggSj",
        ):
            assert part not in said, (name, part)


def test_a_masked_secret_shows_its_ends_and_its_surroundings(clean):
    rules = by_code(report.build(clean(SECRETS)))
    first = rules["pii-mail"].examples[0]
    assert texts(first, "secret")[0] == "ja…rg"
    assert "".join(texts(first, "text")).startswith("Two of them?Write to ")
    assert first.value == "ja…rg"
    hidden = rules["secret-order"].examples[0]
    assert hidden.parts == ()


def test_a_record_that_is_no_row_is_shown_with_its_secrets_masked(clean):
    built = report.build(clean(SECRETS))
    shown = [one for reason in built.quarantine for one in reason.examples]
    assert [texts(one, "secret") for one in shown] == [["ja…rg"], ["ja…rg"], ["sk…ef"]]
    first = shown[0].parts[0].segments
    assert first[0].text == '{"instruction": "q\\n'
    assert [one.value for one in shown if one.value and "ja…rg" in one.value]


def test_a_report_without_the_rule_files_trusts_no_finding(clean):
    folder = clean([*SECRETS, row("A banana.")])
    built = report.build(folder, {})
    assert by_code(built)["x-fruit"].what == ""
    assert all(example.parts == () for one in built.fired for example in one.examples
               if example.twin is None)  # fmt: skip


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 140), st.integers(0, 140))
def test_no_window_shows_a_part_of_a_secret(before, after, low, high):
    secret = "q0w1e2r3t4y5"  # noqa: S105 - nobody's
    text = before + secret + after
    marks = [Mark(len(before), len(before) + len(secret), "secret"), Mark(0, len(text), "hit")]
    said = "".join(shown for _, shown in cut(text, marks, [(low, high)]))
    assert not [
        part for part in (secret[3:6], secret[6:9]) if part in said and part not in before + after
    ]


# --- hostile text -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(clean):
    text = "\n".join(HOSTILE)
    rows = [row(f"banana {text}", "One?"), row("Fine.", f"LOUD {text}"), row(f"{text}?", "LOUD")]
    rows += [row("banana " + "A" * 1_000_000, "long"), row("Fine.", "B" * 1_000_000 + " LOUD")]
    broken = [f'{{"instruction": 1, "output": "{"`|<script>@x "}"}}'.encode(), b"<script>{"]
    return clean([*rows, *broken])


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.text = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        (self.scripts if self.tags[-1:] == ["script"] else self.text).append(data)

    def handle_endtag(self, tag):
        self.tags.append(f"/{tag}")


def test_row_text_stays_text_in_the_page(hostile):
    said = (hostile / "report.html").read_text(encoding="utf-8")
    page = Page(said)
    assert page.tags.count("script") == 3
    assert not {"img", "iframe", "svg", "object"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, name, value in page.attributes if name in ("src", "href")
                and not value.startswith(("#", "data:,"))]  # fmt: skip
    assert "&lt;script&gt;alert(1)" in said
    assert "{{ 7 * 7 }}" in "".join(page.text)
    packed = json.loads(page.scripts[0])["rows"]
    rows = json.loads(gzip.decompress(b64decode(packed)))
    assert rows == json.loads(json.dumps(report.build(hostile).explorer.rows))


def test_every_link_leads_somewhere_on_the_page(run):
    page = Page((run / "report.html").read_text(encoding="utf-8"))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for tag, name, value in page.attributes if (tag, name) == ("a", "href")}
    assert {"#rows", "#rule-x-fruit", "#copies-x-copy"} <= links
    assert {one.removeprefix("#") for one in links} <= set(ids)


def test_only_our_script_may_run_and_nothing_is_fetched(hostile):
    page = Page((hostile / "report.html").read_text(encoding="utf-8"))
    library, charts, rows = (
        (files("curate") / "templates" / name).read_text(encoding="utf-8")
        for name in ("echarts.min.js", "charts.js", "rows.js")
    )
    assert page.scripts[1:] == [library, charts + rows]
    (policy,) = [value for tag, name, value in page.attributes
                 if tag == "meta" and name == "content" and "default-src" in value]  # fmt: skip
    digests = [b64encode(sha256(one.encode()).digest()).decode() for one in page.scripts[1:]]
    assert "script-src " + " ".join(f"'sha256-{one}'" for one in digests) + ";" in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", NAMES)
def test_what_hides_or_acts_is_spelled_out_and_long_cells_are_cut(hostile, name):
    said = (hostile / name).read_text(encoding="utf-8")
    assert not set("\u202e\u202c\u200b\x1b\x07") & set(said)
    assert "U+202E" in said
    library = (files("curate") / "templates" / "echarts.min.js").read_text(encoding="utf-8")
    assert len(said) < 300_000 + (len(library) if name == "report.html" else 0)


def test_row_text_stays_in_code_spans_in_markdown(hostile):
    said = (hostile / "report.md").read_text(encoding="utf-8")
    alive = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", said)
    for sign in ("octocat", "evil.example", "alert(", "onerror", "javascript", "7 * 7"):
        assert sign not in alive
    for line in said.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 7, 8), line
    assert said.count("<details>") == said.count("</details>")


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb|c", "`a↵b¦c`"), ("", "`  `")],
)
def test_a_code_span_holds_any_text(text, span):
    assert code(text) == span


def test_plain_text_links_and_mentions_nothing():
    said = plain("@me #1 <b> [x](y) https://z.example www.z.example a|b *c* `d`\n# e & f")
    assert "@m" not in said
    assert "://" not in said
    assert "www." not in said
    assert "<" not in said
    assert "\n" not in said
    assert r"\#1" in said


@given(st.text())
def test_visible_text_holds_nothing_unseen(text):
    said = visible(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", said)
    assert said.encode() or not text


def test_joiners_that_spell_a_word_or_an_emoji_stay():
    assert visible("می\u200cروم 👩\u200d💻") == "می\u200cروم 👩\u200d💻"
    assert visible("pay\u200dpal") == "pay⟨U+200D⟩pal"


# --- excerpts -----------------------------------------------------------------------------------


def test_a_window_keeps_words_whole_and_counts_what_it_leaves_out():
    text = "alpha beta gamma delta epsilon"
    mark = Mark(11, 16, "hit")
    made = cut(text, [mark], around(text, mark, before=3, after=3))
    assert made == (
        ("cut", "6"),
        ("text", "beta "),
        ("hit", "gamma"),
        ("text", " delta"),
        ("cut", "8"),
    )


def test_a_long_find_is_cut_in_its_middle():
    text = "x" * 1000
    mark = Mark(0, 1000, "hit")
    made = cut(text, [mark], around(text, mark, before=10, after=100))
    assert [kind for kind, _ in made] == ["hit", "cut", "hit"]
    assert sum(len(said) for kind, said in made if kind == "hit") < 200


def test_ends_show_a_short_text_whole():
    assert ends("short", head=10, tail=5) == [(0, 5)]
    assert ends("a " * 50, head=10, tail=6) == [(0, 11), (94, 100)]


@pytest.mark.parametrize(
    ("one", "other", "left", "right"),
    [
        ("the red car", "the blue car", ["red"], ["blue"]),
        ("same", "same", [], []),
        ("who are you", "what is you", ["who are"], ["what is"]),
        ("a b c", "a c", ["b"], []),
        ("", "new", [], ["new"]),
        ("巴黎是首都", "罗马是首都", ["巴黎"], ["罗马"]),
    ],
)
def test_differences_are_words(one, other, left, right):
    marks = differences(one, other)
    assert [one[mark.start : mark.end] for mark in marks[0] if mark.start < mark.end] == left
    assert [other[mark.start : mark.end] for mark in marks[1] if mark.start < mark.end] == right
    assert len(marks[0]) == len(marks[1])


def test_texts_too_long_to_compare_word_by_word_differ_as_a_whole():
    one, other = " ".join("ab" * 400), " ".join("cd" * 400)
    assert differences(f"x {one} y", f"x {other} y")[0] == [Mark(2, 2 + len(one), "differs")]


# --- the files ----------------------------------------------------------------------------------


def test_the_same_folder_gives_the_same_bytes_wherever_it_stands(run, tmp_path):
    first = {name: (run / name).read_bytes() for name in NAMES}
    moved = tmp_path / "elsewhere"
    shutil.copytree(run, moved)
    for name in NAMES:
        (moved / name).unlink()
    report.write(report.build(moved), moved)
    assert {name: (moved / name).read_bytes() for name in NAMES} == first


def test_a_report_made_again_is_the_same_and_knows_what_was_undone(clean):
    folder = clean(ROWS, actions={"x-fruit": "flag", "x-loud": "drop"})
    rules = by_code(report.read(folder))
    assert (rules["x-fruit"].action, rules["x-fruit"].decided) == ("flag", 0)
    assert (rules["x-loud"].action, rules["x-loud"].decided) == ("drop", 1)
    first = {name: (folder / name).read_bytes() for name in NAMES}
    pipeline.report_again(folder)
    assert {name: (folder / name).read_bytes() for name in NAMES} == first


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_this_machine_is_in_a_report(run, name):
    said = (run / name).read_text(encoding="utf-8")
    assert str(run.parent) not in said
    assert str(Path.home()) not in said or str(Path.home()) == "/"


def test_report_json_is_the_report_and_fits_its_schema(run, built):
    again = report.read(run)
    assert again == built.model_copy(update={"explorer": again.explorer, "atlas": None})
    schema = json.loads((files("curate.schemas") / "report.schema.json").read_text("utf-8"))
    data = json.loads((run / "report.json").read_bytes())
    assert list(Draft202012Validator(schema).iter_errors(data)) == []
    assert data["version"] == 2
    assert "explorer" not in data


def test_a_folder_without_a_run_or_a_report_is_refused(tmp_path):
    with pytest.raises(InputError):
        report.build(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        report.read(tmp_path)
    (tmp_path / "report.json").write_text('{"version": 99}')
    with pytest.raises(InputError, match="curate report"):
        report.read(tmp_path)


def test_sources_are_named_below_the_folder_they_share():
    assert short_names(["/home/me/a.jsonl"]) == {"/home/me/a.jsonl": "a.jsonl"}
    assert short_names(["/d/x/a.json", "/d/y/a.json"]) == {
        "/d/x/a.json": "x/a.json", "/d/y/a.json": "y/a.json"
    }  # fmt: skip
    assert short_names(["data/a", "b"]) == {"data/a": "data/a", "b": "b"}
    assert short_names(["hf://user/set:train", "-"]) == {
        "hf://user/set:train": "hf://user/set:train",
        "-": "-",
    }
    assert short_names(["C:\\me\\a.csv"]) == {"C:\\me\\a.csv": "a.csv"}


# --- what next ----------------------------------------------------------------------------------


def test_next_steps_name_commands_and_rows_that_exist(run, built):
    commands = [step.command for step in built.next_steps if step.command]
    assert {one.split()[1] for one in commands} == {"why", "undo", "verify"}
    ids = set(pl.read_parquet(run / "ledger.parquet")["id"])
    (why,) = [one for one in commands if one.startswith("curate why")]
    assert why.split()[3] in ids
    assert "quarantine.jsonl" in built.next_steps[0].what


def test_a_proposed_threshold_drops_what_it_promises(clean, tmp_path):
    words = [f"w{number}" for number in range(60)]
    rows = []
    for number in range(24):
        base = [f"{word}x{number}" for word in words]
        swapped = base.copy()
        for at in range(1 + number % 4):
            swapped[7 + 11 * at] = f"new{number}a{at}"
        rows += [row(" ".join(base), f"Q{number}?"), row(" ".join(swapped), f"Q{number}?")]
    own = {**next(one for one in RULES if one["code"] == "x-near"), "code": "y-near",
           "action": "drop", "suspect_above": 1}  # fmt: skip
    write_rules(tmp_path, own)
    settings = {"select": ["y-near"], "rules": (str(tmp_path),)}
    made = clean(rows, **settings)
    (step,) = [
        one for one in report.build(made).next_steps if one.command and " decide " in one.command
    ]
    value = float(re.search(r"y-near\.threshold=([\d.]+)$", step.command)[1])
    promised = int(re.search(r"drops about (\d+) of", step.what)[1])
    again = pipeline.decide_again(
        made, Settings(**settings, thresholds={"y-near": value}), made.parent / "again"
    )
    assert again.counts["dropped"] == promised
    assert 0 < promised < report.build(made).totals.dropped


# --- the explorer -------------------------------------------------------------------------------


def found(built):
    """The explorer's rows but for those that nothing was found in."""
    return [one for one in built.explorer.rows if one["c"] or one["d"] != "kept"]


def test_the_explorer_holds_every_row_that_something_happened_to(built):
    rows = found(built)
    kept = [one for one in rows if one["d"] == "kept"]
    assert len(rows) == built.explorer.total == 13 + 1 + 3 + built.flagged
    assert len(kept) == built.flagged
    assert not built.explorer.left_out
    assert [one["l"] for one in rows] == sorted(one["l"] for one in rows)
    assert f"{len(rows)}." in html(built)


def test_rows_that_nothing_was_found_in_are_a_sample_that_says_so(run, monkeypatch):
    whole = report.build(run)
    silent = [one for one in whole.explorer.rows if one not in found(whole)]
    assert len(silent) == whole.explorer.untouched == whole.totals.kept - whole.flagged > 0
    assert all(one["p"] for one in silent)
    told = count(len(silent))
    assert f"Beside them {told} that nothing was found in, drawn by lot." in html(whole)
    # `curate.report.build` is the function, of the module's name.
    monkeypatch.setattr(sys.modules["curate.report.build"], "LOT", 1)
    assert report.build(run).explorer.untouched <= 1


def test_where_texts_are_too_many_each_rule_keeps_its_share_and_the_page_says_so(run, monkeypatch):
    monkeypatch.setattr(explorer, "MAX_ROWS", 6)
    built = report.build(run)
    rows = found(built)
    told = [one for one in rows if one["p"] is not None]
    assert (len(rows), len(told), built.explorer.textless) == (20, 6, 14)
    assert {"x-fruit", "x-copy", "x-mend"} <= {built.rules[at].code for one in told
                                               for at in one["c"]}  # fmt: skip
    assert "For the text of 14 of them there was no room" in html(built)
    silent = next(one for one in rows if one["p"] is None)
    assert (silent["v"], "t" in silent) == (None, False)


def test_of_too_many_rows_the_first_of_each_rule_are_listed(run, monkeypatch):
    monkeypatch.setattr(explorer, "MAX_LISTED", 6)
    built = report.build(run)
    codes = {built.rules[at].code for one in built.explorer.rows for at in one["c"]}
    assert len(found(built)) == 6
    assert {"x-fruit", "x-copy", "x-mend"} <= codes
    assert sum(built.explorer.left_out.values()) == built.explorer.total - 6
    page = html(built)
    assert f"6 of the {built.explorer.total} rows" in page
    assert "dropped.jsonl" in page


def test_texts_go_until_the_page_is_small_enough(run, monkeypatch):
    whole = report.build(run).explorer
    monkeypatch.setattr(explorer, "MAX_BYTES", len(whole.packed) * 3 // 4)
    less = report.build(run).explorer
    assert len(less.packed) <= len(whole.packed) * 3 // 4
    assert len(less.rows) == len(whole.rows)
    assert 0 < less.textless < len(less.rows)
    assert json.loads(gzip.decompress(b64decode(less.packed))) == json.loads(json.dumps(less.rows))


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (1, "100 %"), (0.9999, ">99.9 %"), (0.021, "2.1 %"), (0.00038, "0.038 %"),
     (0.000001, "<0.001 %")],
)  # fmt: skip
def test_shares_are_rounded_and_never_to_all_or_nothing(share, said):
    assert percent(share) == said


@pytest.mark.slow
def test_the_report_of_the_whole_alpaca_file_is_a_small_page(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr("curate.policy.catalogue.files", files)
    _shipped_rules.cache_clear()
    path = shared_data / "01_alpaca" / "stanford_alpaca_52k" / "alpaca_data.json"
    pipeline.clean([str(path)], tmp_path / "out", Settings())
    built = Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())
    assert built.totals.records == 52_002
    assert (tmp_path / "out" / "report.html").stat().st_size < 5_000_000
    assert (tmp_path / "out" / "report.md").stat().st_size < 65_536
    _shipped_rules.cache_clear()
