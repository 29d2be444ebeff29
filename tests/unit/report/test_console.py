"""The live view in a real pseudo-terminal, read back through a small screen of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from rich.text import Text

from composeroll.report.channel import Channel
from composeroll.report.choose import Mode, reporter_for
from composeroll.report.console import ConsoleReporter
from composeroll.report.events import StepStarted
from composeroll.report.region import HIDE_CURSOR, SHOW_CURSOR, Painter, Region
from tests.unit.report.screen import Screen, Terminal
from tests.unit.report.sinks import Clock, Sink
from tests.unit.report.streams import STEPS, Timed, rolled_back, updated

TERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
BOTH = pytest.mark.parametrize("stream", [updated, rolled_back])
Stream = Callable[[], Iterator[Timed]]


def written(stream: Iterator[Timed], environ: dict[str, str], columns: int = 80) -> str:
    """The bytes that a terminal of this width gets."""
    terminal = Terminal(columns, 30)
    with reporter_for(Mode(), Sink(), terminal.stream, environ) as reporter:
        for _, event in stream:
            reporter(event)
    return terminal.close()


def left(text: str) -> str:
    """What then stands on the screen."""
    screen = Screen()
    screen.write(text)
    return screen.text


@BOTH
def test_at_the_end_everything_stands_once_as_ordinary_text(stream: Stream) -> None:
    screen = left(written(stream(), TERM))
    assert [screen.count(step) for step in STEPS[1:]] == [1] * 7
    assert screen.count("pull php-fpm") == 1
    assert screen.count("upstream  conns") == 1


@BOTH
@pytest.mark.parametrize("columns", [60, 80, 140])
def test_no_line_that_is_redrawn_wraps(stream: Stream, columns: int) -> None:
    screen = left(written(stream(), TERM, columns)).split("  next ")[0]
    redrawn = [line for line in screen.splitlines() if re.match(r"  [✔✘ ] |    \w+ +image", line)]
    assert redrawn
    assert max(len(line) for line in redrawn) < columns


@BOTH
def test_the_cursor_is_given_back(stream: Stream) -> None:
    text = written(stream(), TERM)
    assert text.count(HIDE_CURSOR) == 1
    assert text.rstrip().endswith(SHOW_CURSOR)


def test_an_error_that_escapes_leaves_the_state_and_the_cursor() -> None:
    sink = Sink(terminal=True)

    def fails() -> None:
        with ConsoleReporter(Channel(sink)) as reporter:
            for _, event in list(updated())[:140]:
                reporter(event)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert "start 2 replicas of php-fpm" in left(sink.text)
    assert sink.text.endswith(SHOW_CURSOR)


def test_no_color_leaves_no_colour() -> None:
    text = written(rolled_back(), TERM | {"NO_COLOR": "1"})
    colours = {code for codes in re.findall(r"\x1b\[([\d;]*)m", text) for code in codes.split(";")}
    assert colours <= {"", "0", "1", "2"}


def test_a_c_locale_on_a_terminal_gets_ascii_signs() -> None:
    assert written(rolled_back(), {"TERM": "xterm", "LC_ALL": "C"}).isascii()


def test_seconds_of_a_running_step_tick() -> None:
    clock, sink = Clock(), Sink(terminal=True)
    with ConsoleReporter(Channel(sink), clock=clock) as reporter:
        reporter(StepStarted(1, 1, "await ready", ""))
        clock.pass_(4.2)
        reporter(StepStarted(2, 2, "another", ""))
        assert "4.2s" in left(sink.text)


def test_after_the_window_narrowed_the_frame_is_still_found() -> None:
    sink = Sink()
    region = Region(Channel(sink), Painter(colour=False))
    region.draw([], [Text("x" * 100), Text("short")], 120)
    region.draw([], [Text("again")], 60)
    assert "\x1b[3A" in sink.text
