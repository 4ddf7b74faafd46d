"""Programs that must say the same on any number of threads."""

import os
import subprocess
import sys

_POOLS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS")


def outputs(code, counts=("1", "2")):
    """What a program prints, once for each number of threads: a set of bytes."""
    return {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **dict.fromkeys(_POOLS, count)},
            capture_output=True,
            check=True,
        ).stdout
        for count in counts
    }
