"""`python -m curate.formats.schema [--check]`: JSON Schemas of all formats into schemas/."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

from curate.formats import formats


def schemas() -> dict[str, str]:
    """File name -> JSON Schema, of each format that is there."""
    return {
        f"{name}.schema.json": json.dumps(kind.model_json_schema(), indent=2) + "\n"
        for name, kind in formats().items()
    }


def main(folder: Path, *, check: bool) -> list[str]:
    """Write the schemas, or only look; the names of the files that were not up to date."""
    stale = []
    for name, text in schemas().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    check = "--check" in sys.argv[1:]
    stale = main(Path(str(files("curate.schemas"))), check=check)
    if check and stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run python -m curate.formats.schema")
