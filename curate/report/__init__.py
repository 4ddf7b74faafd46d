"""The report of a run: built from the finished run folder alone, drawn three ways.

    build(folder) -> Report       read the folder, count, pick examples, mask secrets
    write(report, folder)         report.json, report.md, report.html
    read(folder) -> Report        report.json again

The same folder gives the same bytes: no times, no paths, no names of this machine.
"""

from curate.report.build import build
from curate.report.figures import COLUMNS
from curate.report.model import Report
from curate.report.run import Tables
from curate.report.write import read, write

__all__ = ["COLUMNS", "Report", "Tables", "build", "read", "write"]
