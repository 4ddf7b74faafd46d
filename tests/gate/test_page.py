"""docs/gate.md, the hook and the action do what they say: their files are used as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from curate.cli import main
from curate.gate.config import Aggregates, load_config
from curate.gate.figures import FIGURES
from curate.gate.outputs import FORMS
from tests.gate.data import EMPTY, GOOD, MAIL, written

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gate.md").read_text("utf-8")
DATA = Path("data/train.jsonl")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def commit() -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run([*git, *words], check=True)


def curate(monkeypatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["curate", *words])
    try:
        main()
    except SystemExit as ended:
        return ended.code or 0
    return 0


def test_the_commands_work_in_their_order(monkeypatch, capsys):
    written(DATA, *GOOD)
    commit()
    for line in re.findall(
        r"^\$ curate (.*?)(?:  +#.*)?$", "".join(blocks("console")), re.MULTILINE
    ):
        assert curate(monkeypatch, *line.split()) == 0, (line, capsys.readouterr())


def test_the_config_and_the_examples_work():
    (toml,) = blocks("toml")
    Path("curate.toml").write_text(toml, encoding="utf-8")
    rows = [{"question": one["instruction"], "answer": one["output"]} for one in GOOD]
    more = {"question": "Which river is that long?", "answer": "It is the Amazon, at 6,400 km."}
    written(DATA, *rows, more)
    (python,) = blocks("python")
    exec(compile(python + "\ntest_training_data()\n", "gate.md", "exec"), {})  # noqa: S102  # ours
    assert Path("bad/pii.jsonl").read_text() == ""
    assert Path("out/run/core.jsonl").exists()
    assert set(load_config("curate.toml").check.rules) == {"empty", "refusal", "pii"}


def test_the_page_names_all_that_there_is():
    tables = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert [name for name in tables if name in FIGURES] == list(FIGURES)
    assert {*FORMS, "error_if", "warn_if", "severity", "store", "why"} <= set(tables)
    for name in Aggregates.model_fields:
        assert f"`{name}`" in PAGE or f"`{name}." in PAGE, name
    for name in (*ACTION["inputs"], *ACTION["outputs"]):
        assert f"`{name}`" in PAGE, name


def test_what_the_figures_are_said_to_count():
    for name, figure in FIGURES.items():
        assert f"| `{name}` | {figure.what}" in PAGE


def test_the_workflows_are_yaml_that_names_the_hook_and_the_outputs():
    github, gitlab, hook = map(yaml.safe_load, blocks("yaml"))
    steps = github["jobs"]["check"]["steps"]
    assert set(steps[1]["with"]) <= set(ACTION["inputs"])
    used = set(re.findall(r"steps\.gate\.outputs\.(\w+)", PAGE))
    assert used <= set(ACTION["outputs"])
    assert "curate check --since FETCH_HEAD" in gitlab["data"]["script"][-1]
    assert hook["repos"][0]["hooks"][0]["id"] == HOOKS[0]["id"]


# --- the hook -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_hook_in_a_repository(tmp_path, monkeypatch):
    """With the real pre-commit; installed by itself it would take minutes, so as a system hook."""
    written(DATA, *GOOD)
    (hook,) = HOOKS
    entry = hook["entry"].replace("curate", f"{sys.executable} -m curate", 1)
    local = {**hook, "language": "system", "entry": entry, "args": ["--since", "HEAD"]}
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    Path(".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    commit()
    Path("notes.json").write_text("{}")
    assert run_hook() == (0, "Passed")
    written(DATA, EMPTY, *GOOD)
    assert run_hook() == (1, "Failed")
    written(DATA, *reversed(GOOD))
    assert run_hook() == (0, "Passed")


def run_hook() -> tuple[int, str]:
    subprocess.run(["git", "add", "."], check=True)
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, re.search(r"Passed|Failed|Skipped", done.stdout)[0]


def test_the_hook_is_a_manifest():
    command = [sys.executable, "-m", "pre_commit", "validate-manifest"]
    file = str(ROOT / ".pre-commit-hooks.yaml")
    done = subprocess.run([*command, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# --- the action ---------------------------------------------------------------------------------


def script() -> str:
    return next(step["run"] for step in ACTION["runs"]["steps"] if step.get("id") == "check")


def test_nothing_is_pasted_into_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.fixture
def action(tmp_path, monkeypatch):
    """Runs the action's own step, with curate on the path."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "curate").write_text(f'#!/bin/sh\nexec {sys.executable} -m curate "$@"\n')
    (bin_ / "curate").chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_), prepend=":")
    output = tmp_path / "output"

    def run(**given: str) -> tuple[int, str, dict[str, str]]:
        for name in ("BASE", "CONFIG", "SINCE", "ARGS"):
            monkeypatch.setenv(name, given.get(name, ""))
        monkeypatch.setenv("PATHS", given.get("PATHS", "data/*.jsonl"))
        monkeypatch.setenv("REPORTS", str(tmp_path / "reports"))
        monkeypatch.setenv("GITHUB_OUTPUT", str(output))
        output.write_text("")
        command = ["bash", "--noprofile", "--norc", "-e", "-c", script()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done.returncode, done.stdout + done.stderr, said

    return run


@pytest.mark.slow
def test_the_action_checks_and_reports(action):
    written(DATA, *GOOD, MAIL)
    code, text, said = action()
    assert (code, said["passed"]) == (1, "false")
    assert "::error file=data/train.jsonl,title=curate%3A pii-email,line=9::" in text
    assert {name for name in said if name != "passed"} == set(ACTION["outputs"]) - {"passed"}
    assert all(Path(path).is_file() for name, path in said.items() if name != "passed")
    code, _, said = action(ARGS="--ignore pii", PATHS="data/train.jsonl\n")
    assert (code, said["passed"]) == (0, "true")
    assert action(CONFIG="nosuch.toml")[0] == 2


@pytest.mark.slow
def test_the_action_in_a_pull_request(action, monkeypatch):
    written(Path("origin/data/train.jsonl"), *GOOD, MAIL)
    monkeypatch.chdir("origin")
    commit()
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "checkout", "-qb", "topic"], check=True)
    written(DATA, *GOOD, MAIL, {"instruction": "Name a lake.", "input": "", "output": "Como."})
    subprocess.run([*git, "commit", "-qam", "more"], check=True)
    url = Path().absolute().as_uri()
    monkeypatch.chdir("..")
    clone = [*git, "clone", "-q", "--depth=1", "--branch", "topic", url, "clone"]
    subprocess.run(clone, check=True)
    monkeypatch.chdir("clone")
    code, text, _ = action(BASE="main")
    assert code == 0, text
    assert "beside origin/main" in text
    assert action(BASE="main", SINCE="none")[0] == 1
    assert action(BASE="no-such-branch")[0] == 2
    assert action(BASE="$(touch evil)")[0] == 2
    assert not Path("evil").exists()
