"""A table without boxes: aligned columns of styled cells, which shrink if the terminal is narrow.

The live view, `status` on a terminal, and `status` in a pipe all use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

from msgspec import Struct

GAP = "  "


class Cell(Struct, frozen=True):
    """A text, and its rich style if there are colours."""

    text: str
    style: str = ""


class Column(Struct, frozen=True):
    """A heading, and how the column shrinks if the table is too wide.

    Columns shrink in turn, the highest `yields` first, down to `least` columns of the terminal; one
    with `least` 0 is left out instead. If that is not enough, `spare` columns are left out, and
    then those with a `tightest` shrink down to that. An `identifier` is cut at its end, other texts
    in the middle.
    """

    title: str
    least: int
    yields: int = 0
    right: bool = False
    identifier: bool = False
    spare: bool = False
    tightest: int = 0


Row = Sequence[Cell]


def cells_wide(text: str) -> int:
    """Return how many columns of the terminal `text` takes."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def shorten(text: str, width: int, ellipsis: str) -> str:
    """Return `text` in at most `width` columns, cut in the middle.

    The end stays, because container names end in the number that tells them apart.
    """
    if cells_wide(text) <= width:
        return text
    keep = max(width - len(ellipsis), 0)
    tail = keep // 2
    return text[: keep - tail] + ellipsis + (text[-tail:] if tail else "")


def abbreviate(text: str, width: int) -> str:
    """Return the beginning of `text`: the first digits of an ID, or whole words of a sentence."""
    if len(text) <= width or " " not in text:
        return text[:width]
    return text[: width + 1].rsplit(" ", 1)[0][:width]


def column_widths(columns: Sequence[Column], rows: Sequence[Row], room: int) -> list[int]:
    """Return the width of each column in a table of `room` columns; 0 leaves the column out."""
    widths = [_natural(column, [r[i] for r in rows]) for i, column in enumerate(columns)]
    for index in sorted(range(len(columns)), key=lambda i: -columns[i].yields):
        over = _total(widths) - room
        if over > 0:
            least = columns[index].least
            widths[index] = min(widths[index], max(widths[index] - over, least)) if least else 0
    return _squeezed(columns, widths, room)


def _squeezed(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    for index, column in enumerate(columns):
        if column.spare and _total(widths) > room:
            widths[index] = 0
    for index, column in enumerate(columns):
        over = _total(widths) - room
        if column.tightest and over > 0:
            widths[index] = min(widths[index], max(widths[index] - over, column.tightest))
    return widths


def laid_out(
    columns: Sequence[Column], rows: Sequence[Row], room: int, ellipsis: str
) -> list[list[Cell]]:
    """Return the heading and the rows, every cell truncated and padded to its column."""
    widths = column_widths(columns, rows, room)
    heading = [Cell(column.title, "dim") for column in columns]
    kept = [i for i, width in enumerate(widths) if width]
    return [
        [_fitted(row[i], columns[i], widths[i], ellipsis) for i in kept] for row in [heading, *rows]
    ]


def plain_lines(columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    """Return the table as text in its natural width, for pipes: nothing is truncated there."""
    return [
        GAP.join(cell.text for cell in row).rstrip()
        for row in laid_out(columns, rows, room=10**6, ellipsis="")
    ]


def _natural(column: Column, cells: Sequence[Cell]) -> int:
    widest = max((cells_wide(cell.text) for cell in cells), default=0)
    return max(widest, len(column.title)) if widest else 0


def _total(widths: Sequence[int]) -> int:
    kept = [width for width in widths if width]
    return sum(kept) + len(GAP) * max(len(kept) - 1, 0)


def _fitted(cell: Cell, column: Column, width: int, ellipsis: str) -> Cell:
    text = (
        abbreviate(cell.text, width) if column.identifier else shorten(cell.text, width, ellipsis)
    )
    padding = " " * (width - cells_wide(text))
    return Cell(padding + text if column.right else text + padding, cell.style)
