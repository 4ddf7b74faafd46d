"""`python -m curate` and `curate`: Ctrl-C ends them with one line, whenever it comes."""

from __future__ import annotations

import gc
import os
import sys

# New containers after which the collector of cycles looks through them. With Python's 700 it looks
# 107 times while `curate rules` imports and reads: 0.02 s of 0.33. Over 52,002 rows of Alpaca the
# peak of memory is 1.6 % higher.
COLLECT_AFTER = 50_000
# numpy's OpenBLAS sets its threads going for products of a millisecond, and they go on to look for
# work after it: 28.3 CPU-s and 30.1 s of wall with two threads for 52,002 rows, 21.9 and 23.4 with
# one; of 1,000 rows 2.7 CPU-s and 2.4. Read when numpy is imported; who has set it is obeyed.
ALGEBRA = "OPENBLAS_NUM_THREADS"
# Bytes that glibc keeps when they are freed, and of a block that is asked of the system alone. By
# itself it gives large arrays and batches of records back and has them cleared anew: over Alpaca
# 226,000 page faults, now 163,000, which is 0.2 CPU-s of 7.4; 25 MB more at the peak.
KEPT_BYTES, ALONE_BYTES = 256 << 20, 32 << 20
_OF_GLIBC = {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"}
INTERRUPTED = 130  # as shells say it: 128 and the signal's number


def main() -> None:
    """Run the command line; its imports take a tenth of a second and can be interrupted too."""
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    os.environ.setdefault(ALGEBRA, "1")
    _keep_freed()
    try:
        from curate.cli import main as run

        run()
    except KeyboardInterrupt:
        _tell()
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer has caught it, and said nothing
            _tell()
        raise


def _keep_freed() -> None:
    """Let glibc keep what is freed, unless the environment says how much; others have no such call.

    Asked of the process, since the environment is read before Python runs.
    """
    if sys.platform != "linux" or _OF_GLIBC & {*os.environ}:
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-1, KEPT_BYTES)  # M_TRIM_THRESHOLD of malloc.h, and
        mallopt(-3, ALONE_BYTES)  # M_MMAP_THRESHOLD


def _tell() -> None:
    sys.stderr.write("curate: interrupted\n")


if __name__ == "__main__":
    main()
