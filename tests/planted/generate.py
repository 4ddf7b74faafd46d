"""Writes files with planted defects, larger than sample_data and of the same kind.

    python tests/planted/generate.py alpaca 7 /tmp/planted.jsonl

writes the file and, beside it, `truth.jsonl`: a line a planted row.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "sample_data"


def _load(name: str) -> ModuleType:
    """A module of sample_data, which is no package: what lies there is data and how it was made."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


planting = _load("planting")

# The classes that make up a file: 22 for Alpaca, 23 for chats, 8 rows each.
_TEXT = ("pii", "secret", "mojibake", "repetition", "refusal", "control-token")
_COPIES = ("exact", "normalised", "near", "same-prompt")
ALPACA = (
    *("invalid-json", "wrong-type", "missing-key", "empty-turn", "zero-width-turn"),
    *_COPIES,
    *_TEXT,
    *("other-language", "noinput", "merged", "injection", "placeholder", "truncated", "swapped"),
)
CHAT = (
    *("invalid-json", "wrong-type", "missing-key", "empty-turn", "zero-width-turn"),
    *("unknown-role", "user-repeated", "assistant-first", "last-user", "tool-without-call"),
    *("system-repeated", "system-late", "missing-assistant"),
    *_COPIES,
    *_TEXT,
)
# Further classes, in files of their own.
FURTHER = (
    *("as-an-ai", "invisible", "escaped-newline", "missing-material", "wrong-arithmetic"),
    *("invalid-json-answer", "unclosed-fence", "echo"),
)
CHAT_FURTHER = (
    *("other-language", "noinput", "merged", "injection", "placeholder", "truncated", "swapped"),
    *FURTHER,
)
LINES = {"alpaca": 1063, "sharegpt": 511, "chatml": 511}
NEGATIVES = 24


class Planted(NamedTuple):
    """A file and what is in it.

    Attributes:
        lines: its records, in order, as text; some are no JSON.
        truth: a record a planted row or hard negative: line, defect, what, partner.
    """

    lines: list[str]
    truth: list[dict[str, Any]]

    def write(self, path: Path) -> Path:
        """Write JSONL, or an array where the name ends in .json: a record a line, or indented."""
        if path.name.endswith(".pretty.json"):
            path.write_text("[\n" + ",\n".join(map(indented, self.lines)) + "\n]\n", "utf-8")
        elif path.suffix == ".json":
            path.write_text("[\n" + ",\n".join(self.lines) + "\n]\n", "utf-8")
        else:
            path.write_text("\n".join(self.lines) + "\n", "utf-8")
        return path


def indented(line: str) -> str:
    """A record over several lines; a broken one as it stands."""
    try:
        return textwrap.indent(json.dumps(json.loads(line), indent=2, ensure_ascii=False), "  ")
    except ValueError:
        return line


def generate(
    form: str,
    seed: int,
    *,
    defects: tuple[str, ...] | None = None,
    count: int = 8,
    total: int | None = None,
    wordings: Path = SAMPLES / "wordings.yaml",
    negatives: Path = SAMPLES / "hard_negatives.yaml",
    right: int | None = NEGATIVES,
) -> Planted:
    """A file of the format, planted.

    Args:
        form: alpaca, sharegpt or chatml.
        seed: of everything that is drawn.
        defects: classes; by default those of a whole file.
        count: rows a class.
        total: lines; by default those of a whole file.
        wordings: how the defects read.
        negatives: rows that are right and look wrong.
        right: how many of these; all if None.
    """
    chosen = defects if defects is not None else (ALPACA if form == "alpaca" else CHAT)
    rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
    planter = planting.Planter(form, rng, planting.load_base(), planting.load_yaml(wordings))
    for defect in chosen:
        planter.plant(defect, count)
    fitting = [
        one for one in planting.load_yaml(negatives) if form != "alpaca" or "turns" not in one
    ]
    # Two that differ in a number or a sign are neighbours in the file, and go together.
    wanted = len(fitting) if right is None else right
    first = seed % max(len(fitting) - wanted, 1)
    planter.negatives(fitting[first : first + wanted])
    planter.fill_up(LINES[form] if total is None else total)
    made = planter.finish()
    truth = [json.loads(one) for one in planting.truth(form, made)]
    return Planted([line.text for line, _ in made], truth)


def main() -> None:
    """Write one file and its truth."""
    form, seed, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    planted = generate(form, seed)
    planted.write(path)
    lines = [json.dumps(one, ensure_ascii=False) for one in planted.truth]
    path.with_name("truth.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
