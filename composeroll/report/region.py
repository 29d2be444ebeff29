"""The lower part of a terminal that is redrawn in place, while the lines above scroll as usual.

rich's Live moves up by the number of lines it wrote. If the window has become narrower since, they
occupy more lines, and copies of them stay on the screen. This one counts the lines they occupy at
the current width.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from composeroll.report.channel import Channel

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ERASE_TO_END_OF_LINE, ERASE_BELOW = "\x1b[K", "\x1b[J"


class Painter:
    """Renders rich texts with escape codes; without `colour`, only bold and dim remain."""

    def __init__(self, *, colour: bool) -> None:
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            color_system="standard",
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def __call__(self, line: Text) -> str:
        """Return one line with its escape codes, neither wrapped nor truncated, and no newline."""
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()


class Region:
    """Draws each frame over the last. Not thread-safe."""

    def __init__(self, channel: Channel, painter: Painter) -> None:
        self._channel = channel
        self._painter = painter
        self._drawn: list[int] = []
        self._began = False

    def draw(self, above: Sequence[Text], frame: Sequence[Text], columns: int) -> None:
        """Replace the last frame by `above`, which stays, and `frame` under it, in one write."""
        if not (above or frame or self._drawn):
            return
        lines = [self._painter(line) for line in [*above, *frame]]
        body = "".join(f"{line}{ERASE_TO_END_OF_LINE}\n" for line in lines)
        start = "" if self._began else HIDE_CURSOR
        self._channel.write(start + self._home(columns) + body + ERASE_BELOW)
        self._began = True
        self._drawn = [line.cell_len for line in frame]

    def close(self) -> None:
        """Show the cursor again."""
        if self._began:
            self._channel.write(SHOW_CURSOR)
        self._began = False

    def _home(self, columns: int) -> str:
        taken = sum(max(1, -(-width // max(columns, 1))) for width in self._drawn)
        return f"\r\x1b[{taken}A" if taken else "\r"
