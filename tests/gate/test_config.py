"""What a curate.toml may say, and how it is told what it can't mean."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

import curate
from curate.errors import ConfigError, CurateError
from curate.formats.schema import schemas
from curate.gate import bounds
from curate.gate.bounds import Measure
from curate.gate.config import load_config
from curate.gate.figures import FIGURES
from curate.policy.catalogue import load_rules
from curate.policy.check import stored_columns
from curate.policy.condition import KEYWORDS, words
from tests.gate.data import GOOD, written

DATA = Path("data.jsonl")
SCHEMA = json.loads(schemas()["curate.schema.json"])


def checked(text: str):
    Path("curate.toml").write_text(text, encoding="utf-8")
    return curate.check(written(DATA, *GOOD), "curate.toml")


WAIVER = "reason = 'r'\nowner = 'o'\nexpires = 2026-01-01\n"
REFUSED = [
    # the text, words of the message; where the line can be told it is named
    ("[chekc]", "unknown table 'chekc'; did you mean 'check'"),
    ("[check]\npakc = 'gate'", "curate.toml:2: check.pakc: unknown key; did you mean 'pack'"),
    ("[check.rule]\npii = '> 0'", "check.rule: unknown key; did you mean 'rules'"),
    ("[check.rules]\npii = { eror_if = '> 0' }", "curate.toml:2: check.rules.pii.eror_if: unknown"),
    ("[check.rules]\npii = { error_if = '> 0', warn = 1 }", "did you mean 'warn_if'"),
    ("[check.rules]\npi = '> 0'", "curate.toml:2: check.rules.pi: no rule is named 'pi'; did you"),
    ("[check.rules]\nempty-respons = '> 0'", "did you mean 'empty-response'"),
    ("[check.rules]\nfix-mojibake = '> 0'", "mends rows and finds no fault"),
    ("[check.rules]\npii = 'none'", "'none' is no comparison; write a comparison: '> 0'"),
    ("[check.rules]\npii = 0", "check.rules.pii: Input should be"),
    ("[check.rules]\npii = '> 0.5'", "'> 0.5' is no count; for a share write '> 50 %'"),
    ("[check.rules]\npii = '> 120 %'", "shares go from 0 % to 100 %"),
    ("[check.rules]\npii = { severity = 'warn', error_if = '> 0' }", "never looks at error_if"),
    ("[check.rules]\npii = { severity = 'eror' }", "check.rules.pii.severity"),
    ("[check.columns]\nresponse_token.p95 = '> 5'", "did you mean 'response_tokens'"),
    ("[check.columns]\nresponse_tokens.p96 = '> 5'", "check.columns.response_tokens.p96: unknown"),
    ("[check.columns]\nresponse_tokens.p95 = {}", "has neither error_if nor warn_if"),
    ("[check.columns]\nresponse_tokens.p95 = '> 5 %'", "no share; leave out the %"),
    ("[check.columns]\nformat.mean = '> 5'", "check.columns.format.mean: format holds words"),
    ("[check.figures]\nrow = '< 5'", "no figure is named 'row'; did you mean 'rows'"),
    ("[check.columns]\nresponse_language.share.english = '> 0'", "codes of ISO 639 such as 'en'"),
    ("[check.figures]\nrows = '< 5 %'", "no share; leave out the %"),
    ("[check.figures]\nrows = { error_if = '< 5', store = 'x' }", "has no rows of its own"),
    ("[check.conditions.x]\nerror_if = '> 0'", "check.conditions.x.when: is missing"),
    ("[check.conditions.x]\nwhen = 'respnse_tokens > 5'", "did you mean 'response_tokens'"),
    (
        "[check.conditions.x]\nwhen = 'response_tokens >'",
        "check.conditions.x.when: not a condition",
    ),
    ("[check.conditions.x]\nwhen = 'response_tokens > threshold'", "has no threshold"),
    ("[check]\npack = 'nosuch'", "no pack is named 'nosuch'"),
    ("[check]\nselect = ['nosuch']", "no rule is named 'nosuch'"),
    ("[check]\nunlisted = 'no'", "check.unlisted"),
    (f"[[check.waivers]]\n{WAIVER}", "names a `rule`, a `row`, or both"),
    (f"[[check.waivers]]\nrule = 'pi'\n{WAIVER}", "no rule is named 'pi'"),
    (f"[[check.waivers]]\nrow = 'x'\n{WAIVER}", "check.waivers.0.row: is no id of a row"),
    ("[[check.waivers]]\nrule = 'pii'\nreason = 'r'\nowner = 'o'", "expires: is missing"),
    (f"[[check.waivers]]\nrule = 'pii'\nexpiry = 2\n{WAIVER}", "did you mean 'expires'"),
    ("[check.rules]\nempty = '> 0'\nempty-response = ''", "is no comparison"),
    ("[clean]\nformat = 'nosuch'", "no format nosuch"),
    ("[clean]\nfix = 3", "clean.fix"),
    ("[clean]\nfxi = true", "clean.fxi: unknown key; did you mean 'fix'"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_cannot_be_meant_is_refused(text, words):
    with pytest.raises(CurateError) as caught:
        checked(text)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_measured_or_refused_by_the_column_that_it_lacks(name):
    items = written(Path("items.jsonl"), {"question": "Name a lake.", "answer": "Loch Ness."})
    text = f"[clean]\nagainst = ['{items}']\n[check.figures]\n{name} = '< 0'\n"
    read = set(words(FIGURES[name].when or "")) - KEYWORDS
    if lacking := sorted(read - stored_columns()):
        with pytest.raises(ConfigError, match=f"needs the column {lacking[0]}, which no signal"):
            checked(text)
    else:
        assert f"figures.{name}" in {one.name for one in checked(text).limits}


def test_the_figure_of_noise_counts_what_its_rule_finds():
    rule = load_rules()["label-noise"]
    assert FIGURES["noise"].when == rule.when.replace("threshold", str(rule.threshold))


def test_a_config_that_is_not_there():
    with pytest.raises(ConfigError, match=r"nosuch\.toml: No such file"):
        curate.check(written(DATA, *GOOD), "nosuch.toml")


WHOLE = """
[clean]
format = "alpaca"

[check]
pack = "default"
ignore = ["toxicity"]
unlisted = "warn"

[check.rules]
pii = { warn_if = "> 0", error_if = "> 1 %", store = "pii.jsonl", why = "People did not agree." }
empty = "> 0"

[check.columns]
response_tokens.p95 = { severity = "warn", warn_if = "> 1000" }
format.share.alpaca = "< 90 %"

[check.figures]
rows = "< 5 or > 100_000"

[check.conditions.terse]
when = "response_tokens < 2 and format = 'alpaca'"
error_if = "> 5 %"

[[check.waivers]]
rule = "pii"
row = "0123456789abcdef"
reason = "a fictional address"
owner = "mara"
expires = 2030-01-01
"""


def test_everything_at_once_is_taken_by_the_model_and_by_the_schema():
    assert checked(WHOLE).passed
    assert Path("pii.jsonl").read_text() == ""
    said = json.loads(json.dumps(tomllib.loads(WHOLE), default=str))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(said)) == []


STRUCTURAL = [
    text for text, words in REFUSED if "unknown key" in words or "did you mean 'e" in words
]


@pytest.mark.parametrize("text", STRUCTURAL)
def test_the_schema_refuses_unknown_keys_too(text):
    said = json.loads(json.dumps(tomllib.loads(text), default=str))
    known = not jsonschema.Draft202012Validator(SCHEMA).is_valid(said)
    assert known or "empty-respons" in text  # rules of one's own may have any code


def test_the_schema_says_what_every_key_means():
    for name in ("Check", "Limit", "Waiver", "Aggregates", "Condition", "Settings"):
        held = SCHEMA["$defs"][name]
        properties = (held["anyOf"][1] if "anyOf" in held else held)["properties"]
        for key, one in properties.items():
            assert one.get("description"), (name, key)


def test_the_folder_of_stored_rows_is_that_of_the_config():
    Path("curate.toml").write_text("[check]\n")
    assert load_config("curate.toml").file == Path("curate.toml")


# --- bounds -------------------------------------------------------------------------------------

BOUNDS = [
    # bound, number, of how many, whether it is broken
    ("> 0", 0, 10, False),
    ("> 0", 1, 10, True),
    ("> 10 %", 1, 10, False),
    (">= 10 %", 1, 10, True),
    ("> 5 or > 10 %", 2, 10, True),
    ("< 1_000", 999, None, True),
    ("<1000 or >2000", 1500, None, False),
    ("= 3", 3, None, True),
    ("!= 3", 3, None, False),
    ("<> 3", 4, None, True),
    ("> .5", 0.51, None, True),
    ("< -1.5e2", -151, None, True),
    ("> 1 %", 0, 0, False),
]


@pytest.mark.parametrize(("text", "value", "of", "broken"), BOUNDS)
def test_bounds(text, value, of, broken):
    bound = bounds.parse(text)
    assert bound.breaks(Measure(value, of)) == broken
    assert bounds.parse(str(bound).replace(",", "")) == bound
    assert (bound.excess(Measure(value, of)) > 0) in (broken, False)


@pytest.mark.parametrize("text", ["", "0", "> ", "> x", "between 1 and 2", "> 1 and < 2", ">> 1"])
def test_what_is_no_bound(text):
    with pytest.raises(ValueError, match="is no comparison"):
        bounds.parse(text)
