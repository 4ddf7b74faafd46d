"""The gate: measure data as `clean` does, hold it to limits, and let nothing worse in.

config      what curate.toml says in [check]: limits, waivers
bounds      `> 0.5 %`: when a limit is broken
examine     read, validate, measure and decide; what is left is in memory and a folder that goes
limits      the limits of a check, each with what it counts
judge       examined data + limits + waivers + baseline -> report
baseline    what was bad before: of a report, a run folder, a revision of git
check       the whole flow, through the cache
infer       limits from today's data
text, markdown, github, junit, sarif    the report in other forms
"""

from __future__ import annotations

from curate.gate.check import check
from curate.gate.config import Config
from curate.gate.model import Report

__all__ = ["Config", "Report", "check"]
