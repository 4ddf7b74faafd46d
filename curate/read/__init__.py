"""Sources in, records out: any file type, nothing lost.

`open_sources` finds the files and what they are, a `Source` yields its records, `parse` makes an
object of a record's bytes. What can't be read as a record is one all the same, with its error.
"""

from curate.read.record import Record, dump, parse
from curate.read.source import Source
from curate.read.sources import open_sources

__all__ = ["Record", "Source", "dump", "open_sources", "parse"]
