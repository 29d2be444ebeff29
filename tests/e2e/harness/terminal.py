"""A composeroll in a terminal, with somebody before it who types and may go away."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.e2e.harness.stack import ENDS_WITHIN, Stack

IN_CONTROL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes its standard input the terminal of its session, as a login does, and becomes a program."""


@dataclass
class Terminal:
    """A composeroll in a terminal of its own, as its only session."""

    process: subprocess.Popen[bytes]
    master: int
    screen: bytes = b""

    def take(self) -> None:
        """Read what it has shown by now: a terminal that nobody reads holds up whoever writes."""
        while select.select([self.master], [], [], 0.0)[0] and self._read():
            pass

    def press(self, key: bytes) -> None:
        """Type, e.g. Ctrl-C: the kernel sends the signal to the whole foreground group."""
        os.write(self.master, key)

    def close(self) -> None:
        """Close the terminal, as a lost ssh connection does; once is enough."""
        if self.master >= 0:
            os.close(self.master)
        self.master = -1

    def end(self) -> int:
        """Wait for its end; its exit code, or minus the signal that killed it."""
        while self.master >= 0 and self._read():
            pass
        return self.process.wait(ENDS_WITHIN)

    @property
    def text(self) -> str:
        """Everything that the screen was sent."""
        return self.screen.decode("utf-8", "replace")

    def _read(self) -> bytes:
        got = b""
        with suppress(OSError):  # the last process has closed its side (EIO)
            got = os.read(self.master, 65536)
        self.screen += got
        return got


@contextmanager
def terminal(stack: Stack, *words: str) -> Iterator[Terminal]:
    """An update in a terminal; killed with all it started if the test ends before it does."""
    composeroll = [sys.executable, "-m", "composeroll", "update", *stack.selection, *words]
    master, slave = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", IN_CONTROL, *composeroll],
            cwd=stack.directory,
            env={**os.environ, **stack.environment, "TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    run = Terminal(process, master)
    try:
        yield run
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        run.close()
