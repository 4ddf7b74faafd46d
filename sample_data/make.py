"""Makes the sample files and truth.jsonl from base.jsonl; the same bytes every time.

python sample_data/make.py            write them
python sample_data/make.py --check    compare them with what is there; 1 if they differ
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import planting  # noqa: E402  # it lies beside this file

SEED = 2
NEGATIVES = {"alpaca": 12, "sharegpt": 6, "chatml": 6}
TOTAL = {"alpaca": 120, "sharegpt": 40, "chatml": 40}
READABLE = 600  # characters of a base row, at most
_ONCE = (
    *("wrong-type", "missing-key", "empty-turn", "zero-width-turn", "exact", "normalised", "near"),
    *("same-prompt", "mojibake", "repetition", "other-language", "refusal", "control-token"),
)
_TEXTS = ("noinput", "merged", "injection", "placeholder", "truncated", "pii", "secret", "swapped")
_FURTHER = (
    *("as-an-ai", "invisible", "escaped-newline", "missing-material", "wrong-arithmetic"),
    *("invalid-json-answer", "unclosed-fence", "echo"),
)
DEFECTS = {
    "alpaca": ("invalid-json", *_ONCE, *_TEXTS, *_FURTHER, "pii", "truncated"),
    "sharegpt": ("invalid-json", "unknown-role", *planting.ORDER, *_ONCE[:8], "pii", "refusal"),
    "chatml": ("invalid-json", "unknown-role", *planting.ORDER, *_ONCE[4:], "secret"),
}


def make() -> dict[str, str]:
    """The files by name, as text.

    The secrets in them are passwords only: a made-up provider key in a committed file makes
    scanners of repositories cry wolf.
    """
    base = [one for one in planting.load_base() if len(planting.dump(one)) <= READABLE]
    negatives = planting.load_yaml(HERE / "hard_negatives.yaml")
    made: dict[str, str] = {}
    truth: list[str] = []
    origins: list[str] = []
    for number, form in enumerate(planting.FORMATS):
        rng = random.Random(SEED + number)  # noqa: S311 - no secret hangs on it
        wordings = planting.load_yaml(HERE / "wordings.yaml")
        wordings["secret"] = [one for one in wordings["secret"] if "«password»" in one["text"]]
        planter = planting.Planter(form, rng, list(base), wordings)
        for defect in DEFECTS[form]:
            planter.plant(defect, 1)
        fitting = [one for one in negatives if form != "alpaca" or "turns" not in one]
        planter.negatives(rng.sample(fitting, NEGATIVES[form]))
        planter.fill_up(TOTAL[form])
        lines = planter.finish()
        made[f"{form}.jsonl"] = "".join(f"{line.text}\n" for line, _ in lines)
        truth += planting.truth(f"{form}.jsonl", lines)
        origins += planting.origins(f"{form}.jsonl", lines)
    made["truth.jsonl"] = "".join(f"{line}\n" for line in truth)
    made["origins.jsonl"] = "".join(f"{line}\n" for line in origins)
    return made


def main() -> int:
    """Write or check; the exit code."""
    made = make()
    differ = [
        name
        for name, text in made.items()
        if not (HERE / name).exists() or (HERE / name).read_bytes() != text.encode()
    ]
    if "--check" in sys.argv[1:]:
        for name in differ:
            print(f"sample_data/{name} differs: run python sample_data/make.py", file=sys.stderr)
        return 1 if differ else 0
    for name in differ:
        (HERE / name).write_bytes(made[name].encode())
        print(f"wrote sample_data/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
