"""For tests of your own: data that does not hold to its limits fails like any other test.

from curate.testing import assert_clean

def test_training_data():
    assert_clean("data/train.jsonl", "curate.toml")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from curate.gate import Config, Report


def assert_clean(
    data: Any,  # noqa: ANN401  # as `curate.check` takes it
    config: Config | str | Path | None = None,
    **options: Any,  # noqa: ANN401  # likewise
) -> Report:
    """Check data and fail with what `curate check` would print.

    Args:
        data: files, a polars frame, or a `datasets.Dataset`; see `curate.check`.
        config: the limits; by default curate.toml of the working folder, or the pack `gate`.
        **options: `baseline`, `since`, `only_new` and the others of `curate.check`.

    Returns:
        The report of a check that passed; warnings are in it.

    Raises:
        AssertionError: a limit of level error is broken, or a waiver has expired.
        CurateError: nothing could be checked.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    from curate.gate import check
    from curate.gate.text import text

    report = check(data, config, **options)
    if not report.passed:
        raise AssertionError(f"curate check {text(report)}")
    return report
