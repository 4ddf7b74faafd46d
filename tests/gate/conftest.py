from __future__ import annotations

import pytest

from curate import cache


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty working folder, an empty cache, and no CI."""
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / ".cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"
