"""Only what is new counts: beside a report, a run folder, or a revision of git."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path

import pytest

import curate
from curate.errors import InputError, UsageError
from curate.gate.markdown import markdown
from curate.gate.text import text as text_of
from tests.gate.data import EMPTY, GOOD, MAIL, NO_ROW, line, written

DATA = Path("data.jsonl")
OTHER = EMPTY | {"instruction": "Name a river that flows through Porto."}
LONG = " ".join(f"The {word} river runs past the old mill." for word in ("grey", "slow", "wide"))
PAIR = [
    {"instruction": "Describe the valley in three lines.", "input": "", "output": LONG},
    {"instruction": "Describe the valley in three lines.", "input": "", "output": LONG + " It is."},
]
BAD = [EMPTY, MAIL, NO_ROW, GOOD[0], *PAIR]


def git(*words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout


def saved(name="base.json") -> Path:
    Path(name).write_text(curate.check(DATA).model_dump_json())
    return Path(name)


def run_folder() -> Path:
    curate.clean(DATA, "run", curate.Settings(pack="gate"))
    return Path("run/report.json")


def revision() -> str:
    git("init", "-q", "-b", "main")
    git("add", "data.jsonl")
    git("commit", "-qm", "base")
    return "main"


@pytest.fixture(params=["report", "run", "git"])
def since(request):
    """The bad rows as a baseline, and how a later check names it."""
    written(DATA, *GOOD, *BAD)
    if request.param == "git":
        return {"since": revision()}
    return {"baseline": saved() if request.param == "report" else run_folder(), "only_new": True}


def test_old_rows_pass(since):
    assert not curate.check(DATA).passed
    report = curate.check(DATA, **since)
    assert report.passed, report.broken
    assert report.baseline.only_new
    assert report.baseline.by_row
    assert sum(one.old for one in report.limits) == len(BAD) - 1  # one is the original of a pair


def test_moved_rows_are_not_new(since):
    rows = [*GOOD, *BAD]
    for seed in range(5):
        random.Random(seed).shuffle(rows)  # noqa: S311  # the same every time
        assert curate.check(written(DATA, *rows), **since).passed


def test_a_new_bad_row_fails_wherever_it_stands(since):
    rows = [*GOOD, *BAD]
    for place in (0, 5, len(rows)):
        report = curate.check(written(DATA, *rows[:place], OTHER, *rows[place:]), **since)
        assert [one.name for one in report.errors] == ["rules.empty-response"]
        assert [(one.line, one.new) for one in report.faults] == [(place + 1, True)]


@pytest.mark.parametrize("place", [0, 3, 14])
def test_a_new_copy_of_an_old_row_fails(since, place):
    rows = [*GOOD, *BAD]
    new = PAIR[0] | {"output": LONG + " So it is."}
    report = curate.check(written(DATA, *rows[:place], new, *rows[place:]), **since)
    assert not report.passed
    assert {one.code for one in report.faults} == {"duplicate-near"}


def test_a_row_that_was_good_and_is_bad_now_fails(since):
    worse = [GOOD[0] | {"output": ""}, *GOOD[1:], *BAD]
    report = curate.check(written(DATA, *worse), **since)
    assert [one.line for one in report.faults] == [1]


def test_a_new_broken_line_fails(since):
    report = curate.check(written(DATA, *GOOD, *BAD, "{not json"), **since)
    assert [one.code for one in report.faults] == ["unreadable-record"]


def test_without_only_new_all_rows_count():
    written(DATA, *GOOD, EMPTY)
    base = saved()
    report = curate.check(written(DATA, *GOOD, EMPTY, OTHER), baseline=base)
    assert [(one.line, one.new) for one in report.faults] == [(9, False), (10, True)]
    limit = next(one for one in report.limits if one.name == "rules.empty-response")
    assert (limit.value, limit.before, limit.old) == (2, 1, 0)


def test_a_report_alone_is_compared_by_numbers():
    written(DATA, *GOOD, EMPTY, NO_ROW)
    Path("alone.json").write_bytes(run_folder().read_bytes())
    given = {"baseline": "alone.json", "only_new": True}
    report = curate.check(DATA, **given)
    assert report.passed
    assert not report.baseline.by_row
    report = curate.check(written(DATA, *GOOD, EMPTY, OTHER, NO_ROW), **given)
    limit = next(one for one in report.limits if one.name == "rules.empty-response")
    assert (limit.level, limit.value) == ("error", 1)


def other_report(name: str) -> Path:
    """A baseline of other data: it has as many bad rows, and longer answers."""
    other = Path(name)
    written(other, *({**one, "instruction": f"Say: {one['output']}"} for one in GOOD), OTHER)
    Path("other.json").write_text(curate.check(other).model_dump_json())
    return Path("other.json")


@pytest.mark.parametrize("by_row", [True, False])
def test_a_baseline_of_other_data_excuses_nothing(by_row):
    text = "[check]\nratchet = true\ncolumns.response_tokens.max = '> 3'\nrules.empty = '> 5'\n"
    Path("curate.toml").write_text(text)
    base = other_report("other.jsonl")
    if not by_row:
        curate.clean("other.jsonl", "run", curate.Settings(pack="gate"))
        base.write_bytes(Path("run/report.json").read_bytes())
    report = curate.check(written(DATA, *GOOD, EMPTY), baseline=base, only_new=True)
    assert {one.name for one in report.errors} == {"columns.response_tokens.max", "rules.empty"}
    assert report.baseline.of_others
    for form in (markdown, text_of):
        assert "other.json has no file and no bad row in common" in form(report).replace("\\", "")


@pytest.mark.parametrize("name", ["old/data.jsonl", "-"])
def test_a_baseline_of_the_same_name_is_believed(name):
    base = other_report(name if name != "-" else "other.jsonl")
    if name == "-":
        said = json.loads(base.read_text())
        said["files"][0]["name"] = name
        base.write_text(json.dumps(said))
    report = curate.check(written(DATA, *GOOD), baseline=base, only_new=True)
    assert not report.baseline.of_others
    assert "in common" not in text_of(report)


def test_a_baseline_is_known_by_its_bad_rows_where_the_file_has_another_name():
    written(Path("v1.jsonl"), *GOOD, EMPTY)
    Path("v1.json").write_text(curate.check("v1.jsonl").model_dump_json())
    report = curate.check(written(DATA, *GOOD, EMPTY), baseline="v1.json", only_new=True)
    assert report.passed
    assert not report.baseline.of_others


def test_a_figure_that_was_as_bad_before_passes():
    config = Path("curate.toml")
    config.write_text("[check]\ncolumns.response_tokens.max = '> 3'\nfigures.rows = '> 2'\n")
    written(DATA, *GOOD)
    base = saved()
    report = curate.check(DATA, baseline=base, only_new=True)
    assert report.passed
    assert {one.note for one in report.limits if one.note} == {
        "beyond the limit, but no worse than the baseline (10)",
        "beyond the limit, but no worse than the baseline (8)",
    } or all("no worse than the baseline" in one.note for one in report.limits if one.note)
    longer = GOOD[0] | {"output": "The Danube does. " * 20}
    report = curate.check(written(DATA, longer, *GOOD[1:]), baseline=base, only_new=True)
    assert [one.name for one in report.errors] == ["columns.response_tokens.max"]


def test_a_waiver_and_a_baseline_go_together():
    written(DATA, *GOOD, EMPTY)
    base = saved()
    Path("curate.toml").write_text(
        "[[check.waivers]]\nrule='pii'\nreason='r'\nowner='o'\nexpires=2999-01-01\n"
    )
    report = curate.check(written(DATA, *GOOD, EMPTY, MAIL), baseline=base, only_new=True)
    assert report.passed


def test_a_limit_that_the_baseline_does_not_know_says_so():
    wordy = {"instruction": "Say yes.", "input": "", "output": "What a load of shit this is, mate."}
    written(DATA, *GOOD, wordy)
    base = saved()
    chosen = curate.Config(check={"rules": {"toxicity": "> 0"}})
    report = curate.check(DATA, chosen, baseline=base, only_new=True)
    assert [one.note for one in report.errors] == [
        "the baseline does not know this limit: all rows count"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "No such file"), ("", "no JSON"), ("[]", "a baseline is what"), ("{}", "a baseline is"),
     ('{"kind": "check"}', "not of this version")],
)  # fmt: skip
def test_what_is_no_baseline(text, words):
    written(DATA, *GOOD)
    if text is not None:
        Path("base.json").write_text(text)
    with pytest.raises(InputError, match=words):
        curate.check(DATA, baseline="base.json")


# --- git ----------------------------------------------------------------------------------------


def test_a_file_that_the_revision_does_not_have_is_new():
    written(DATA, *GOOD)
    revision()
    report = curate.check(written(Path("new.jsonl"), *GOOD, EMPTY), since="main")
    assert [one.line for one in report.faults] == [9]


@pytest.mark.parametrize("committed", [True, False])
def test_a_file_that_git_sees_as_renamed_is_compared_with_what_it_was(committed, monkeypatch):
    written(Path("data/täglich.jsonl"), *GOOD, EMPTY)
    written(Path("data/rest.jsonl"), *GOOD)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "base")
    Path("new").mkdir()
    git("mv", "data/täglich.jsonl", "new/daily.jsonl")
    git("mv", "data/rest.jsonl", "new/rest.jsonl")
    if committed:
        git("checkout", "-q", "-b", "topic")
        git("commit", "-qm", "move")
    monkeypatch.chdir("new")
    assert curate.check("daily.jsonl", since="main").passed
    report = curate.check(written(Path("daily.jsonl"), *GOOD, EMPTY, OTHER), since="main")
    assert [one.line for one in report.faults] == [10]


def test_several_files_from_a_folder_below_the_top(monkeypatch):
    written(Path("data/a.jsonl"), *GOOD[:4], EMPTY)
    written(Path("data/b.jsonl"), *GOOD[4:], MAIL)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "base")
    monkeypatch.chdir("data")
    assert curate.check(["a.jsonl", "b.jsonl"], since="main").passed
    written(Path("b.jsonl"), OTHER, *GOOD[4:], MAIL)
    report = curate.check(".", since="HEAD")
    assert [(one.source, one.line) for one in report.faults] == [("b.jsonl", 1)]
    assert report.file("b.jsonl").path == "data/b.jsonl"


def test_a_revision_in_which_the_file_was_empty_or_broken():
    DATA.write_text("{not json\n")
    revision()
    report = curate.check(written(DATA, *GOOD, EMPTY), since="main")
    assert [one.line for one in report.faults] == [9]


def test_since_needs_a_repository(monkeypatch, tmp_path):
    written(DATA, *GOOD)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(UsageError, match="stands in no git repository"):
        curate.check(DATA, since="main")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git, which is not installed"):
        curate.check(DATA, since="main")


def test_an_unknown_revision_says_what_to_do():
    written(DATA, *GOOD)
    revision()
    for name in ("mian", "--all", "main~5", ""):
        with pytest.raises(UsageError, match="no such revision; git branch --all"):
            curate.check(DATA, since=name)


def test_a_shallow_clone_says_how_to_get_the_branch():
    written(Path("origin/data.jsonl"), *GOOD)
    git("-C", "origin", "init", "-q", "-b", "main")
    git("-C", "origin", "add", ".")
    git("-C", "origin", "commit", "-qm", "one")
    git("-C", "origin", "checkout", "-q", "-b", "topic")
    written(Path("origin/data.jsonl"), *GOOD, EMPTY)
    git("-C", "origin", "commit", "-qam", "two")
    url = Path("origin").absolute().as_uri()
    git("clone", "-q", "--depth=1", "--branch", "topic", url, "clone")
    with pytest.raises(UsageError, match="shallow clone; git fetch --depth=1 origin main:main"):
        curate.check("clone/data.jsonl", since="main")
    git("-C", "clone", "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(UsageError, match="did you mean origin/main"):
        curate.check("clone/data.jsonl", since="main")
    assert not curate.check("clone/data.jsonl", since="origin/main").passed


def test_a_pointer_of_lfs_is_no_data():
    DATA.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    revision()
    with pytest.raises(InputError, match="pointer of Git LFS"):
        curate.check(written(DATA, *GOOD), since="main")


def test_line_ends_that_git_changes_are_no_change():
    Path(".gitattributes").write_text("*.jsonl text eol=crlf\n")
    DATA.write_bytes("".join(f"{line(row)}\r\n" for row in (*GOOD, EMPTY)).encode())
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "base")
    assert curate.check(DATA, since="main").passed


def test_since_speaks_of_files():
    import polars as pl

    with pytest.raises(UsageError, match="frame is no file"):
        curate.check(pl.DataFrame(GOOD), since="main")


def test_the_ids_of_a_baseline_are_those_of_the_rows():
    written(DATA, *GOOD, EMPTY)
    known = json.loads(saved().read_text())["known"]
    assert list(known) == ["empty-response"]
    assert len(known["empty-response"]) == 1


# --- limits that allow some rows ----------------------------------------------------------------


@pytest.fixture
def inferred(since):
    """The bad rows as a baseline, and limits that `init` has inferred from them."""
    from curate.gate.infer import infer
    from curate.read import open_sources
    from curate.read.progress import no_tick

    text = infer(open_sources(["data.jsonl"]), curate.Settings(), "gate", no_tick)
    assert re.search(r'empty-response += "> 1"', text)
    rows, _, _ = text.replace('"> 1"', '"> 56"').partition("[check.columns]")  # of a larger file
    Path("curate.toml").write_text(rows)
    return since


def test_inferred_limits_are_no_leave_for_new_rows(inferred):
    assert curate.check(DATA, **inferred).passed
    mail = MAIL | {"output": "Write to jon.aberg@kontor-nord.se, he answers within a day."}
    for new, code in [(OTHER, "empty-response"), (mail, "pii-email"), (GOOD[1], "duplicate-exact")]:
        report = curate.check(written(DATA, *GOOD, *BAD, new), **inferred)
        assert [one.name for one in report.errors] == [f"rules.{code}"]
        assert report.errors[0].value == 1
        assert {one.line for one in report.faults} == {len(GOOD) + len(BAD) + 1}


def test_a_new_bad_row_for_a_mended_one_is_no_bargain(inferred):
    mended = EMPTY | {"output": "The Tagus."}
    report = curate.check(written(DATA, *GOOD, mended, OTHER, *BAD[1:]), **inferred)
    assert [one.name for one in report.errors] == ["rules.empty-response"]


def limited(**limits) -> curate.Config:
    return curate.Config(check={"unlisted": "off", **limits})


EMPTIES = [EMPTY | {"instruction": f"Name a lake near {place}."} for place in ("Bern", "Como")]


@pytest.mark.parametrize(
    ("bound", "ratchet", "levels"),
    [
        ("> 2", False, ["passed", "error"]),  # one more is within the limit, two are not
        ("> 2", True, ["error", "error"]),
        ("> 20 %", False, ["passed", "error"]),  # 2 of 10, 3 of 11
        ("> 20 %", True, ["passed", "error"]),  # a share is one of the whole file
        ("> 0", False, ["error", "error"]),
        (">= 2", False, ["error", "error"]),
        ({"warn_if": "> 1", "error_if": "> 2"}, False, ["warning", "error"]),
    ],
)
def test_a_limit_is_held_against_old_and_new_rows(bound, ratchet, levels):
    config = limited(rules={"empty-response": bound}, ratchet=ratchet)
    written(DATA, *GOOD, EMPTY)
    Path("base.json").write_text(curate.check(DATA, config).model_dump_json())
    for at, level in enumerate(levels, start=1):
        written(DATA, *GOOD, EMPTY, *EMPTIES[:at])
        report = curate.check(DATA, config, baseline="base.json", only_new=True)
        assert (report.limits[0].level, report.limits[0].value) == (level, at)


def test_old_rows_beyond_a_limit_pass_and_a_new_one_beside_them_fails():
    config = limited(rules={"empty-response": "> 1"})
    written(DATA, *GOOD, *EMPTIES)
    Path("base.json").write_text(curate.check(DATA, config).model_dump_json())
    options = {"baseline": "base.json", "only_new": True}
    assert curate.check(DATA, config, **options).passed
    report = curate.check(written(DATA, *GOOD, *EMPTIES, EMPTY), config, **options)
    said = "error if > 1, old rows counted: 3 (27.3 %)"
    assert (report.limits[0].value, report.limits[0].bound) == (1, said)
    assert "1 row (9.1 %) (before 2)" in markdown(report)
    report = curate.check(DATA, limited(rules={"empty-response": "> 9"}, ratchet=True), **options)
    assert report.limits[0].bound == "error if any is new (ratchet; > 9 of all)"


def test_too_few_rows_fail_if_there_are_fewer_than_before():
    when = {"when": "response_tokens > 2", "error_if": "< 9"}
    config = limited(conditions={"told": when})
    written(DATA, *GOOD)
    Path("base.json").write_text(curate.check(DATA, config).model_dump_json())
    options = {"baseline": "base.json", "only_new": True}
    assert curate.check(DATA, config, **options).passed
    assert not curate.check(written(DATA, *GOOD[1:]), config, **options).passed


def test_a_check_of_new_rows_is_a_baseline_too():
    config = limited(rules={"empty-response": "> 1"})
    written(DATA, *GOOD, *EMPTIES)
    Path("base.json").write_text(curate.check(DATA, config).model_dump_json())
    again = curate.check(DATA, config, baseline="base.json", only_new=True)
    Path("again.json").write_text(again.model_dump_json())
    report = curate.check(DATA, config, baseline="again.json")
    assert report.limits[0].before == len(EMPTIES)
