"""Records out: in the file type they came from, whole or not at all.

`open_writer` takes raw records in order and writes them as their source has them; `layout_of`
says how that is, as plain JSON, so that a run can be written again without its input. Whatever
the encoding of the source, text is written as UTF-8 without a byte order mark.
"""

from curate.write.layout import check_name, extension, layout_of
from curate.write.opening import open_converter, open_core, open_writer
from curate.write.output import Output
from curate.write.writer import Writer

__all__ = [
    "Output",
    "Writer",
    "check_name",
    "extension",
    "layout_of",
    "open_converter",
    "open_core",
    "open_writer",
]
