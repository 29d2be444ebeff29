"""With what the live view is written: width, signs, time, and two ways to lay out a line."""

from __future__ import annotations

from msgspec import Struct
from rich.text import Text

from composeroll.report.glyphs import UNICODE, Glyphs

WIDEST = 110
"""Beyond this many columns seconds would stand too far from what they measure."""

SPIN = 10.0
"""Spinner frames a second."""


class Pen(Struct, frozen=True):
    """How wide and with which signs to write, and what time it is."""

    width: int = 80
    glyphs: Glyphs = UNICODE
    now: float = 0.0

    @property
    def measure(self) -> int:
        """The columns really used; the last one stays free, for terminals that wrap there."""
        return min(self.width - 1, WIDEST)

    def spinner(self, since: float) -> str:
        """The spinner's sign for something that began at `since`."""
        return self.glyphs.spinner[int((self.now - since) * SPIN) % len(self.glyphs.spinner)]

    def fit(self, text: Text, width: int) -> Text:
        """`text` in at most `width` columns."""
        if text.cell_len > width:
            text.truncate(max(width - len(self.glyphs.ellipsis), 0))
            text.append(self.glyphs.ellipsis, "dim")
        return text

    def apart(self, left: Text, right: str, style: str = "dim") -> Text:
        """`left` at the left edge and `right` at the right one."""
        self.fit(left, self.measure - len(right) - 2)
        left.append(" " * (self.measure - left.cell_len - len(right)))
        return left.append(right, style)


def marked(sign: str, style: str, text: str, text_style: str = "") -> Text:
    """`  ✔ text`."""
    return Text("  ").append(sign, style).append(" ").append(text, text_style)
