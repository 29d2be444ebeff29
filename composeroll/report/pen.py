"""What the live view's lines depend on: width, symbols and time; and two ways to lay out a line."""

from __future__ import annotations

from msgspec import Struct
from rich.text import Text

from composeroll.report.glyphs import UNICODE, Glyphs

WIDEST = 110
"""Columns. On wider lines the seconds would be too far from what they belong to."""

SPIN = 10.0
"""Spinner frames per second."""


class Pen(Struct, frozen=True):
    """The width and the symbols to write with, and the time (seconds of the reporter's clock)."""

    width: int = 80
    glyphs: Glyphs = UNICODE
    now: float = 0.0

    @property
    def measure(self) -> int:
        """The columns in use; the last one stays free, since some terminals wrap there."""
        return min(self.width - 1, WIDEST)

    def spinner(self, since: float) -> str:
        """Return the spinner's symbol for something that began at `since`."""
        return self.glyphs.spinner[int((self.now - since) * SPIN) % len(self.glyphs.spinner)]

    def fit(self, text: Text, width: int) -> Text:
        """Return `text`, truncated to at most `width` columns."""
        if text.cell_len > width:
            text.truncate(max(width - len(self.glyphs.ellipsis), 0))
            text.append(self.glyphs.ellipsis, "dim")
        return text

    def apart(self, left: Text, right: str, style: str = "dim") -> Text:
        """Return a line with `left` at its left edge and `right` at its right edge."""
        self.fit(left, self.measure - len(right) - 2)
        left.append(" " * (self.measure - left.cell_len - len(right)))
        return left.append(right, style)


def marked(sign: str, style: str, text: str, text_style: str = "") -> Text:
    """Return a line such as `  ✔ text`."""
    return Text("  ").append(sign, style).append(" ").append(text, text_style)
