"""What a stream does that cannot take everything at once, or for a while nothing."""

from __future__ import annotations

import io
import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from composeroll.report import channel
from composeroll.report.channel import Channel

FRAME = "a line of a frame, with a sign \N{HEAVY CHECK MARK}\n" * 10_000
"""More than a pipe holds."""


class Pipe:
    """A pipe whose writing end refuses to wait, as where another process has set it so."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.reading, writing = pty.openpty() if terminal else os.pipe()
        if terminal:
            tty.setraw(writing)  # else it would make two characters of each newline
        os.set_blocking(writing, False)
        self.stream: TextIO = os.fdopen(writing, "w", encoding="utf-8")

    def read(self, size: int) -> str:
        """That many bytes."""
        data = b""
        while len(data) < size:
            data += os.read(self.reading, size - len(data))
        return data.decode()

    def fill(self) -> int:
        """Write until it takes no more; how many bytes that were."""
        filled = 0
        try:
            while True:
                filled += os.write(self.stream.fileno(), b"." * 4096)
        except BlockingIOError:
            return filled


@pytest.fixture
def pipe(request: pytest.FixtureRequest) -> Iterator[Pipe]:
    """Both its ends are closed afterwards."""
    one = Pipe(terminal=getattr(request, "param", False))
    yield one
    one.stream.close()
    os.close(one.reading)


@pytest.mark.parametrize("text", [FRAME, "\N{EURO SIGN}" * 50_000])
@pytest.mark.parametrize("pipe", [False, True], ids=["pipe", "terminal"], indirect=True)
def test_a_reader_that_is_slower_than_the_writer_gets_everything(pipe: Pipe, text: str) -> None:
    sink = Channel(pipe.stream)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read(len(text.encode()))))
    reader.start()
    sink.write(text)
    reader.join(10)
    assert got == [text]
    assert sink.open


def test_a_reader_that_rests_for_too_long_is_waited_for_once_and_told_what_comes_later(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PATIENCE", 0.2)
    sink, filled, began = Channel(pipe.stream), pipe.fill(), time.monotonic()
    for number in range(50):
        sink.line(f"dropped {number}")
    assert 0.2 <= time.monotonic() - began < 25 * 0.2
    pipe.read(filled)
    sink.line("back")
    assert pipe.read(len("back\n")) == "back\n"


def test_a_full_disk_costs_the_lines_that_it_cannot_take_and_no_others(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        sink = Channel(stream)
        sink.line("dropped")
        with (tmp_path / "log").open("w") as roomy:
            os.dup2(roomy.fileno(), stream.fileno())
        sink.line("kept")
    assert (tmp_path / "log").read_text() == "kept\n"


def test_a_disk_that_stays_full_is_no_error_where_the_stream_is_closed() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        Channel(stream).write(FRAME)


@pytest.mark.parametrize("kind", [BrokenPipeError, ConnectionResetError, ValueError])
def test_a_reader_that_has_left_is_told_no_more(kind: type[Exception]) -> None:
    class Left(io.StringIO):
        def flush(self) -> None:
            raise kind

    sink = Channel(Left())
    sink.line("nobody reads this")
    assert not sink.open
