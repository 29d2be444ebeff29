"""`--record FILE.svg`: a picture of a real rollout, taken at the moment that shows the most."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from composeroll.errors import UsageError
from composeroll.report.events import Event, Stage
from composeroll.report.pen import Pen
from composeroll.report.reporter import Reporter
from composeroll.report.scene import Scene
from composeroll.report.view import View
from composeroll.report.wording import clean_event

WIDTH = 112
_GAP = re.compile(r"(^ +| {2,}| +$)")
HEIGHT = 60

THEME = TerminalTheme(
    (30, 33, 39),
    (205, 210, 218),
    [
        (58, 63, 75), (224, 108, 117), (126, 190, 122), (222, 178, 100),
        (97, 160, 230), (190, 130, 210), (92, 184, 196), (205, 210, 218),
    ],
    [
        (82, 88, 101), (224, 108, 117), (126, 190, 122), (222, 178, 100),
        (97, 160, 230), (190, 130, 210), (92, 184, 196), (240, 242, 246),
    ],
)  # fmt: skip

SVG = """\
<svg class="rollout" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{
      font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", Consolas, monospace;
      font-size: {char_height}px; line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font: 15px system-ui, "DejaVu Sans", sans-serif; opacity: 0.6; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">{matrix}</g>
  </g>
</svg>
"""
"""In place of rich's template, which loads a font from another host."""


class PictureReporter(Reporter):
    """Follows the rollout beside another reporter, and writes the picture at the end.

    Raises:
        UsageError: the file cannot be written; this is checked before anything changes.
    """

    def __init__(self, target: Path) -> None:
        try:
            target.open("a").close()
        except OSError as error:
            raise UsageError(f"--record cannot write {target}: {error.strerror}") from error
        self._target = target
        self._scene = Scene()
        self._above: list[Text] = []
        self._moment: list[Text] = []
        self._shows = 0

    def __call__(self, event: Event) -> None:
        """Apply one event, and keep the screen if it shows more than the one kept so far."""
        pen = Pen(WIDTH, now=time.monotonic())
        self._above += self._scene.take(clean_event(event), pen)
        shows = _interest(self._scene.view)
        if shows and shows >= self._shows:
            self._shows = shows
            self._moment = [*self._above, *self._scene.moving(pen, HEIGHT)]

    def close(self) -> None:
        """Write the file; of a run without a drain, its last screen."""
        pen = Pen(WIDTH, now=time.monotonic())
        lines = self._moment or [*self._above, *self._scene.settled(pen)]
        with suppress(OSError):  # the rollout is over: a missing picture must not fail it
            self._target.write_text(svg(lines, title="composeroll update"), encoding="utf-8")


def _interest(view: View) -> int:
    """Rate a screen: 1 if replicas drain, 2 if connections are left too, else 0."""
    drains = any(row.stage is Stage.DRAINING for row in view.rows)
    counted = drains and view.draining and any(n for _, n in view.draining.connections)
    return int(drains) + int(bool(counted))


class _Apart:
    """A line whose gaps are separate segments: an SVG text loses the spaces it begins with."""

    def __init__(self, line: Text) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, _ in self._line.render(console):
            for part in _GAP.split(text):
                yield Segment(part, style)
        yield Segment.line()


def svg(lines: Sequence[Text], title: str) -> str:
    """Return the lines as an SVG that loads nothing from elsewhere."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False
    )
    for line in (Text(""), *lines, Text("")):
        console.print(_Apart(line), end="")
    return console.export_svg(title=title, theme=THEME, code_format=SVG, unique_id="rollout")
