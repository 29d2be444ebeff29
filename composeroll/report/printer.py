"""`status`, `check`, `history`: a table on a terminal, aligned text in a pipe, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from msgspec import to_builtins

from composeroll.model import Finding
from composeroll.report.channel import Channel
from composeroll.report.choose import on_terminal
from composeroll.report.glyphs import ASCII, UNICODE, speaks_unicode
from composeroll.report.grid import GAP, Cell, Column, Row, laid_out, plain_lines
from composeroll.report.status import Past, Status
from composeroll.report.tables import (
    PAST,
    Line,
    finding_keys,
    finding_lines,
    past_cells,
    status_lines,
)
from composeroll.report.wording import clean_event, each_text


class Printer:
    """Prints a command's result on `stdout`: in colour, as plain text, or as JSON.

    Args:
        stdout: where the result goes.
        environ: read for the locale, `NO_COLOR` and `TERM`.
        as_json: print one JSON document.
        change: returns what to print in place of each text in the result.
    """

    def __init__(
        self,
        stdout: TextIO,
        environ: Mapping[str, str],
        *,
        as_json: bool = False,
        change: Callable[[str], str] = str,
    ) -> None:
        self._ascii_only = not speaks_unicode(environ, stdout.encoding or "ascii")
        self._channel = Channel(stdout, ascii_only=self._ascii_only)
        self._colour = not environ.get("NO_COLOR")
        self._terminal = on_terminal(stdout, environ)
        self._json = as_json
        self._change = change

    def status(self, status: Status) -> None:
        """Print every service with its replicas."""
        status = each_text(status, self._change)
        if self._json:
            self._channel.line(json.dumps(to_builtins(status), indent=2))
        else:
            self._print(status_lines(clean_event(status, ascii_only=self._ascii_only), self._table))

    def findings(self, findings: Sequence[Finding]) -> None:
        """Print every finding, the worst first."""
        findings = [each_text(finding, self._change) for finding in findings]
        if self._json:
            self._channel.line(json.dumps([finding_keys(f) for f in findings], indent=2))
        else:
            cleaned = [clean_event(f, ascii_only=self._ascii_only) for f in findings]
            self._print(finding_lines(cleaned))

    def history(self, past: Sequence[Past]) -> None:
        """Print every rollout, in the order given."""
        if self._json:
            self._channel.line(json.dumps([to_builtins(p) for p in past], indent=2))
        else:
            cleaned = [clean_event(p, ascii_only=self._ascii_only) for p in past]
            self._print(self._table(PAST, [past_cells(p) for p in cleaned], ""))

    def _table(self, columns: Sequence[Column], rows: Sequence[Row], indent: str) -> list[Line]:
        """Return aligned lines, truncated to the terminal's width if there is a terminal."""
        if not self._terminal:
            return [(Cell(indent + line),) for line in plain_lines(columns, rows)]
        ellipsis = (ASCII if self._ascii_only else UNICODE).ellipsis
        room = self._channel.size().columns - len(indent) - 1
        lines = laid_out(columns, rows, room, ellipsis)
        return [[Cell(indent), *_gapped(line)] for line in lines]

    def _print(self, lines: Iterator[Line] | Sequence[Line]) -> None:
        if not self._terminal:
            for line in lines:
                self._channel.line("".join(cell.text for cell in line).rstrip())
            return
        from rich.text import Text  # noqa: PLC0415 - rich only if there are colours

        from composeroll.report.region import Painter  # noqa: PLC0415 - brings rich

        paint = Painter(colour=self._colour)
        for line in lines:
            self._channel.line(paint(Text.assemble(*((c.text, c.style) for c in line))))


def _gapped(line: Sequence[Cell]) -> Iterator[Cell]:
    for index, cell in enumerate(line):
        yield Cell((GAP if index else "") + cell.text, cell.style)
