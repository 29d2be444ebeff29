"""Docker as a child process, which is started at once and waited for later."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from msgspec import Struct

from composeroll.engine.api.transport import HELP
from composeroll.errors import EngineUnreachable

LEAVE_SECONDS = 10.0
"""Seconds that compose has to end after SIGTERM, before its whole session is killed."""


ON_STDOUT = "COMPOSE_STATUS_STDOUT"
"""If true, compose writes its progress to stdout. Here progress is read from stderr, and stdout
only at the end: its pipe would be full at 64 kB."""


class Ended(Struct, frozen=True):
    """A process that has ended."""

    code: int
    stdout: str
    stderr: str


class Child:
    """One run of docker, with its standard input closed and its two outputs separate.

    It runs in a separate session, so that Ctrl-C on the terminal only reaches composeroll. If an
    exception passes through `result` or `lines`, the process is ended first.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._words = shlex.join(argv)
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                env=_environment(),
            )
        except OSError as error:
            what = f"{argv[0]} cannot be run: {error.strerror}"
            raise EngineUnreachable(what, help=HELP) from error

    def result(self, timeout: float | None = None) -> Ended:
        """Wait for its end, `timeout` seconds at most.

        Raises:
            EngineUnreachable: it has not ended by then.
        """
        try:
            stdout, stderr = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            self.end()
            what = f"docker did not end within {timeout:g} s"
            raise EngineUnreachable(what, help=HELP, evidence=(self._words,)) from error
        except BaseException:
            self.end()
            raise
        return Ended(self._process.returncode, stdout, stderr)

    @property
    def stderr(self) -> IO[str]:
        """Its error output, to be read while it runs; `result` waits for its end."""
        assert self._process.stderr is not None  # noqa: S101 it was asked for above
        return self._process.stderr

    def end(self) -> None:
        """End it and all processes that it started; return when they have ended."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)


def _environment() -> Mapping[str, str]:
    """Return the environment. Unset variables stay unset, since compose files may use any."""
    return {**os.environ, ON_STDOUT: "0"} if ON_STDOUT in os.environ else os.environ
