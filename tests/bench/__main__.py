"""`python -m tests.bench`: every benchmark in turn; see README.md beside this file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHES = ("validate.py", "clean.py", "near_duplicates.py")


def main() -> None:
    """Run each in a process of its own, so that none warms up or bloats another."""
    for name in BENCHES:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, str(Path(__file__).with_name(name))], check=True)


if __name__ == "__main__":
    main()
