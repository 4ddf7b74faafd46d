"""Standard output as a console; without polars, for a result of the cache is shown too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.text.visible import on_a_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MAX_WIDTH = 1_000_000  # columns of a pipe or a file; hardly an answer has as many
_MARKED = {"hit": "black on yellow", "differs": "black on bright_red", "secret": "reverse"}
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def whole_lines(*, highlight: bool = True) -> Console:
    """A console on stdout that cuts lines for a terminal alone: the log of a CI has no width."""
    from rich.console import Console

    console = Console(highlight=highlight)
    if not console.file.isatty():
        console.width = MAX_WIDTH
    return console


class Pen:
    """What this console can show: colours or not, block characters or not."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = max(console.width, 40)
        self.coloured = console.color_system is not None and not console.no_color
        self.blocks = _can_show("█»…↵–", console.encoding)

    def text(self, *parts: str | tuple[str, str] | Text) -> Text:
        """A line of styled parts, in signs that the terminal can show."""
        from rich.text import Text

        return Text.assemble(*parts, no_wrap=True, overflow="ellipsis", end="")

    def bar(self, share: float, room: int, style: str) -> tuple[str, str]:
        """A bar of a share of the room; what is there is seen, however little."""
        if not self.blocks:
            return "#" * max(round(share * room), share > 0), style
        eighths = max(round(share * room * 8), share > 0)
        return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), style

    def marked(self, text: str, kind: str) -> tuple[str, str]:
        """A stretch that stands out; by signs where there is no colour."""
        if self.coloured:
            return text, _MARKED.get(kind, "")
        return (f"»{text}«" if self.blocks else f">>{text}<<"), ""

    def spell(self, text: str) -> str:
        """A text in the characters that the console has."""
        if self.blocks:
            return text
        said = text.replace("↵", " ").replace("…", "...").replace("→", "->")
        encoding = self.console.encoding
        return said.encode(encoding, "backslashreplace").decode(encoding)

    def print(self, line: Text) -> None:
        """Print a line, cut where it may not wrap nor go on, with no blanks at its end."""
        from rich.text import Text

        text = line
        if (said := on_a_line(line.plain)) != line.plain:
            text = line = Text(said, no_wrap=line.no_wrap, overflow=line.overflow)
        if not self.blocks:
            spelled = self.spell(line.plain)
            text = Text(spelled, no_wrap=line.no_wrap, overflow=line.overflow)
        if text.no_wrap and text.overflow != "ignore":
            text.truncate(self.width, overflow="ellipsis" if self.blocks else "crop")
        for piece in [text] if text.no_wrap else text.wrap(self.console, self.width):
            piece.rstrip()
            piece.end = ""
            self.console.print(piece, highlight=False, markup=False, soft_wrap=True)


def _can_show(signs: str, encoding: str) -> bool:
    try:
        signs.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
