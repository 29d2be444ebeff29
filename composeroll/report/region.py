"""The lower part of a terminal that is redrawn in place, while what is above scrolls as usual.

rich's Live moves up by the lines it wrote; after the window became narrower they take more lines,
and copies stay behind. This one counts what its lines take at the present width.
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
    """Turns rich texts into a terminal's own codes; without `colour` only bold and dim remain."""

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
        """One line with its codes, without a newline, neither wrapped nor cut."""
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()


class Region:
    """Draws frames over one another. Not locked: one caller at a time."""

    def __init__(self, channel: Channel, painter: Painter) -> None:
        self._channel = channel
        self._painter = painter
        self._drawn: list[int] = []
        self._began = False

    def draw(self, above: Sequence[Text], frame: Sequence[Text], columns: int) -> None:
        """Write `above` where the last frame began, to stay, and `frame` under it; one write."""
        if not (above or frame or self._drawn):
            return
        lines = [self._painter(line) for line in [*above, *frame]]
        body = "".join(f"{line}{ERASE_TO_END_OF_LINE}\n" for line in lines)
        start = "" if self._began else HIDE_CURSOR
        self._channel.write(start + self._home(columns) + body + ERASE_BELOW)
        self._began = True
        self._drawn = [line.cell_len for line in frame]

    def close(self) -> None:
        """Give the cursor back."""
        if self._began:
            self._channel.write(SHOW_CURSOR)
        self._began = False

    def _home(self, columns: int) -> str:
        taken = sum(max(1, -(-width // max(columns, 1))) for width in self._drawn)
        return f"\r\x1b[{taken}A" if taken else "\r"
