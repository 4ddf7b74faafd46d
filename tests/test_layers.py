"""Modules stand in layers: none imports, in a body or at its top, what imports it in the end."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import curate

ROOT = Path(curate.__file__).parent


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in ROOT.rglob("*.py")}


def imports(node):
    """The statements that import, but for those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from imports(child)


def needs(name):
    """The modules of curate that one imports; a package for what it re-exports."""
    for one in imports(ast.parse(MODULES[name].read_text("utf-8"))):
        source = getattr(one, "module", None)
        for alias in one.names:
            asked = f"{source}.{alias.name}" if source else alias.name
            found = asked if asked in MODULES else source
            if found in MODULES and found != name:
                yield found


GRAPH = {name: set(needs(name)) for name in sorted(MODULES)}


def circle(graph):
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " <- ".join(error.args[1])
    return None


def test_no_modules_import_each_other_in_a_circle():
    assert circle(GRAPH) is None


def test_a_circle_would_be_seen():
    assert "curate.run.lock" in circle({**GRAPH, "curate.config": {"curate.run.lock"}})


def test_a_run_folder_knows_nothing_of_what_makes_it_and_tells_of_it():
    above = ("curate.pipeline", "curate.report", "curate.gate", "curate.cli")
    reached = {need for name in GRAPH if name.startswith("curate.run.") for need in GRAPH[name]}
    assert [name for name in sorted(reached) if name.startswith(above)] == []


def test_texts_are_known_without_rules_signals_or_runs():
    reached = {need for name in GRAPH if name.startswith("curate.text") for need in GRAPH[name]}
    assert all(name.startswith("curate.text") for name in reached), reached
