"""The live view's sentences: notes and warnings, and the end of the run."""

from __future__ import annotations

import re

from rich.text import Text

from composeroll.report.events import Finished, Outcome
from composeroll.report.pen import Pen, marked
from composeroll.report.wording import seconds_text

STYLES = {
    Outcome.UPDATED: "green",
    Outcome.UP_TO_DATE: "green",
    Outcome.PLANNED: "green",
    Outcome.WATCH_ENDED: "green",
    Outcome.UNFINISHED: "yellow",
}
"""Any other outcome is red."""

WORD = re.compile(r"`[^`]*`[^\s`]*|\S+")
"""A command in backticks counts as one word, so that it is not broken into lines."""


def note_rows(sign: str, style: str, text: str, pen: Pen) -> list[Text]:
    """Return a note or warning as lines, the later ones indented under the first."""
    return _hanging(
        marked(sign, style, ""), text, style if style in {"yellow", "red"} else "dim", pen
    )


def end_rows(end: Finished, pen: Pen) -> list[Text]:
    """Return how the run ended, what serves now, what to do next, and the evidence.

    Sentences and evidence are broken into lines between words; a command never is, so that it can
    be copied.
    """
    style = STYLES.get(end.outcome, "red")
    sign = pen.glyphs.done if style == "green" else pen.glyphs.failed
    head = marked(sign, style, end.outcome, f"bold {style}").append("  ")
    rows = [Text(""), *_hanging(head, end.besides, "", pen, seconds_text(end.seconds))]
    if end.serving:
        rows += _hanging(Text("    serving  ", "dim"), end.serving, "", pen)
    if end.help:
        rows += [row for line in end.help.splitlines() for row in _next(line, pen)]
    if end.evidence:
        rows += [Text(""), *(row for line in _split(end.evidence) for row in _evidence(line, pen))]
    return rows


def _next(line: str, pen: Pen) -> list[Text]:
    return _hanging(Text("    next     ", "dim"), line, "bold", pen)


def _split(evidence: tuple[str, ...]) -> list[str]:
    return [part for line in evidence for part in line.splitlines() or [""]]


def _evidence(line: str, pen: Pen) -> list[Text]:
    """Return a line of foreign text, with its spaces unchanged if it fits."""
    room = max(pen.measure - 6, 20)
    if len(line) <= room:
        return [Text(f"    {pen.glyphs.bar} {line}".rstrip(), "dim")]
    indent = line[: len(line) - len(line.lstrip())]
    first, *rest = _wrapped(line, room - len(indent) - 2)
    parts = [f"{indent}{first}", *(f"{indent}  {part}" for part in rest)]
    return [Text(f"    {pen.glyphs.bar} {part}", "dim") for part in parts]


def _hanging(head: Text, text: str, style: str, pen: Pen, tail: str = "") -> list[Text]:
    """Return `text` wrapped to the right of `head`, with `tail` at the end of the first line."""
    room = max(pen.measure - head.cell_len - (len(tail) + 2 if tail else 0), 20)
    first, *rest = _wrapped(text, room) or [""]
    indent = " " * min(head.cell_len, 13)
    top = head.append(first, style)
    return [pen.apart(top, tail) if tail else top, *(Text(indent).append(r, style) for r in rest)]


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in WORD.findall(text):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
