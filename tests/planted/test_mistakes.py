"""The worst mistakes that tools of this kind make, each shown not to be ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from tests.planted.measure import clean, curate, outcomes

ROOT = Path(__file__).resolve().parent.parent.parent


def pair(ask, answer, **more):
    return {"instruction": ask, "input": "", "output": answer} | more


def chat(*turns, **more):
    return {"messages": [{"role": role, "content": text} for role, text in turns]} | more


PLAIN = [
    pair("Name a fruit.", "Apple"),
    pair("Name a river.", "The Loire"),
    pair("Name a colour.", "Green"),
    pair("What is a fjord?", "A long, narrow inlet of the sea between high cliffs."),
]


def write(path, rows):
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def run(tmp_path, rows, *options):
    """Clean some rows; the outcome by line."""
    done = clean(write(tmp_path / "in.jsonl", rows), tmp_path / "run", *options)
    assert done.code == 0, done.stderr
    return outcomes(tmp_path / "run")


# --- rewriting rows unasked -----------------------------------------------------------------------


@pytest.mark.parametrize("pack", ["default", "all"])
def test_kept_rows_leave_as_they_came(tmp_path, pack):
    lines = [
        '{"output": "    return x", "input":"","instruction":   "Indent by four: return x"}',
        '{"instruction": "Area of a square?", "input": "", "output": "b² and ½ and ﬁ and Å"}',
        '{"instruction": "Say caf\\u00e9", "input": "", "output": "Cafe\\u0301 \\/ caf\\u00e9"}',
        '{"instruction": "Tabs", "input": "", "output": "if x:\\n\\tpass\\n", "n": 1.0, "m": 1e3}',
        '{"instruction": "Quote “this”", "input": null, "output": " spaces around "}',
    ]
    run(tmp_path, lines, "--pack", pack)
    assert (tmp_path / "run/core.jsonl").read_text("utf-8").splitlines() == lines


def test_line_ends_and_a_missing_last_one_do_not_change_a_row(tmp_path):
    lines = [json.dumps(row) for row in PLAIN]
    (tmp_path / "in.jsonl").write_bytes("\r\n".join(lines).encode())
    assert clean(tmp_path / "in.jsonl", tmp_path / "run").code == 0
    assert (tmp_path / "run/core.jsonl").read_text("utf-8").splitlines() == lines


def test_a_superscript_makes_another_answer(tmp_path):
    seen = run(tmp_path, [pair("Simplify b * b.", "b²"), pair("Simplify b * b.", "b2"), *PLAIN])
    assert not seen[1].lost
    assert not seen[2].lost


# --- matching what we wrote ourselves -------------------------------------------------------------


def test_a_system_turn_is_no_finding(tmp_path):
    rows = [
        chat(("system", f"You help with {topic}."), ("user", ask), ("assistant", answer))
        for topic, ask, answer in (
            ("maps", "Where is Oslo?", "In the south of Norway."),
            ("food", "What is tofu made of?", "Soya beans."),
            ("music", "How many strings has a cello?", "Four."),
        )
    ]
    seen = run(tmp_path, rows, "--pack", "all")
    assert [one.findings for one in seen.values()] == [[], [], []]


# --- flattening a conversation to its last exchange -----------------------------------------------


def test_a_fault_in_the_first_exchange_is_found(tmp_path):
    rows = [
        chat(
            ("user", "Who can help?"),
            ("assistant", "Write to t.brandvold77@fjordpost-bergen.no, she knows."),
            ("user", "Thanks. And is the office open today?"),
            ("assistant", "Yes, until five."),
        ),
        chat(("user", "Name a fruit."), ("assistant", "Apple")),
    ]
    seen = run(tmp_path, rows)
    assert "pii-email" in [code for code, _ in seen[1].findings]
    assert seen[2].findings == []


def test_conversations_with_the_same_end_are_no_copies(tmp_path):
    end = (("user", "Thanks, that is all."), ("assistant", "You're welcome, have a good day!"))
    rows = [
        chat(("user", "Where is Oslo?"), ("assistant", "In Norway."), *end),
        chat(("user", "Is tofu vegan?"), ("assistant", "Yes, it is made of soya."), *end),
    ]
    assert not any(one.lost for one in run(tmp_path, rows).values())


# --- a wrong column read as empty text ------------------------------------------------------------


def test_an_unknown_column_is_no_empty_text(tmp_path):
    path = write(tmp_path / "in.jsonl", [{"texte": f"Phrase {n}"} for n in range(50)])
    done = clean(path, tmp_path / "run")
    assert done.code == 3
    assert "texte" in done.stderr
    assert not (tmp_path / "run").exists()


def test_columns_can_be_named(tmp_path):
    rows = [{"frage": row["instruction"], "antwort": row["output"]} for row in PLAIN]
    seen = run(tmp_path, rows, "--map", "instruction=frage", "--map", "output=antwort")
    assert {one.disposition for one in seen.values()} == {"kept"}


# --- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"[]"])
def test_an_empty_file_is_an_error(tmp_path, content):
    path = tmp_path / ("in.json" if content == b"[]" else "in.jsonl")
    path.write_bytes(content)
    done = clean(path, tmp_path / "run")
    assert done.code == 3
    assert path.name in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_file_of_errors_only_is_an_error(tmp_path):
    path = write(tmp_path / "in.jsonl", ["{broken"] * 200)
    assert clean(path, tmp_path / "run").code == 3


def test_a_missing_file_is_an_error(tmp_path):
    assert clean(tmp_path / "nowhere.jsonl", tmp_path / "run").code == 3


@pytest.mark.parametrize(
    "text", ["[clean]\npakc = 'default'\n", "[clean\n", "[clean]\npack = 'nonesuch'\n"]
)
def test_a_bad_config_is_an_error(tmp_path, text):
    (tmp_path / "curate.toml").write_text(text)
    path = write(tmp_path / "in.jsonl", PLAIN)
    done = clean(path, tmp_path / "run", "--config", str(tmp_path / "curate.toml"))
    assert done.code == 2
    assert done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "options", [["--select", "nonesuch"], ["--pack", "nonesuch"], ["--format", "nonesuch"]]
)
def test_a_wrong_option_is_an_error(tmp_path, options):
    path = write(tmp_path / "in.jsonl", PLAIN)
    done = clean(path, tmp_path / "run", *options)
    assert done.code == 2
    assert "Traceback" not in done.stderr


# --- losing rows ----------------------------------------------------------------------------------


def test_the_first_row_survives_a_byte_order_mark(tmp_path):
    lines = "".join(f"{json.dumps(row)}\n" for row in PLAIN)
    (tmp_path / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert clean(tmp_path / "in.jsonl", tmp_path / "run").code == 0
    seen = outcomes(tmp_path / "run")
    assert {line: one.disposition for line, one in seen.items()} == dict.fromkeys(
        range(1, 5), "kept"
    )


def test_a_bad_line_stops_nothing(tmp_path):
    rows = ["{", *PLAIN[:2], '{"instruction": "x", "outp', "not JSON", *PLAIN[2:], "]"]
    seen = run(tmp_path, rows)
    assert [line for line, one in seen.items() if one.disposition == "quarantined"] == [1, 4, 5, 8]
    assert [line for line, one in seen.items() if one.disposition == "kept"] == [2, 3, 6, 7]
    held = (tmp_path / "run/quarantine.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(one)["line"] for one in held] == [1, 4, 5, 8]


# --- duplicates -----------------------------------------------------------------------------------


def test_of_two_twins_one_is_the_duplicate(tmp_path):
    seen = run(tmp_path, [*PLAIN, PLAIN[3]])
    assert [line for line, one in seen.items() if one.lost] == [5]


def test_a_duplicate_names_one_twin_not_all(tmp_path):
    copies = 300
    long = pair("Explain tides.", "The moon pulls the sea towards it. " * 2 + "So it rises.")
    rows = [pair(f"Name island number {n}.", f"Island {n * 37}") for n in range(1500)]
    run(tmp_path, [*rows, *[long] * copies])
    findings = pl.read_parquet(tmp_path / "run/findings.parquet")
    copied = findings.filter(pl.col("code").str.starts_with("duplicate"))
    per_row = copied.group_by("id", "code").len()["len"]
    assert per_row.max() == 1
    assert copied.filter(pl.col("action") == "drop")["twin"].n_unique() == 1
    dropped = (tmp_path / "run/dropped.jsonl").read_text("utf-8").splitlines()
    assert len(dropped) == copies - 1
    # A line that lists its siblings would be ten times as long as the row.
    assert max(map(len, dropped)) < 10 * len(json.dumps(long))


# --- an average that hides defects ----------------------------------------------------------------


def test_one_bad_row_of_many_is_seen_for_itself(tmp_path):
    rows = [pair(f"Name island number {n}.", f"Island {n * 37}") for n in range(500)]
    rows[321] = pair("Name an ocean.", "")
    seen = run(tmp_path, rows)
    assert [line for line, one in seen.items() if one.lost] == [322]
    report = json.loads((tmp_path / "run/report.json").read_text("utf-8"))
    assert "score" not in report
    assert "grade" not in report


# --- flags that don't exist -----------------------------------------------------------------------


def commands(text):
    """`curate COMMAND --flag ...` as the code blocks and spans of a page have them."""
    joined = text.replace("\\\n", " ")
    for line in re.findall(r"curate ((?:[a-z]+)(?: [^\n`|]*)?)", joined):
        words = line.split()
        yield words[0], [word.split("=")[0] for word in words if word.startswith("--")]


def test_every_flag_of_the_readme_exists():
    named = [one for one in commands((ROOT / "README.md").read_text("utf-8")) if any(one[1])]
    helps = {}
    for command, flags in named:
        if command not in helps:
            helps[command] = curate(command, "--help").stdout
        missing = [flag for flag in flags if flag not in helps[command]]
        assert missing == [], f"curate {command} has no {missing}"
