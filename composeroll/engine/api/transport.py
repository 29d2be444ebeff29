"""Transports to the engine: its local socket, or docker's own transport to a remote one."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, Protocol

from composeroll.errors import EngineUnreachable

HELP = "does `docker info` answer? is this user in the group docker? is DOCKER_HOST correct?"

CONNECT_SECONDS = 10.0
"""Time limit; a local socket answers in microseconds, unless its accept queue is full."""

LEAVE_SECONDS = 0.5
"""Seconds that a dial-stdio process has to end after its stream is closed. An idle one ends at
once; one with a pending request waits for the engine, and ignores SIGTERM."""


class Stream(Protocol):
    """One connected byte stream to the engine."""

    sock: socket.socket

    def close(self) -> None:
        """Close it, with its carrier."""
        ...

    def complaint(self) -> str:
        """Return the carrier's error output, if it has failed."""
        ...


class Transport(Protocol):
    """Opens streams to one engine.

    `limit` is the greatest number of idle connections, and of those that are opened or used for
    calls at a time; None: no limit.
    """

    limit: int | None

    def open(self) -> Stream:
        """Return a new stream.

        Raises:
            EngineUnreachable: there is no answer.
        """
        ...


class _SocketStream:
    def __init__(self, connected: socket.socket) -> None:
        self.sock = connected

    def close(self) -> None:
        self.sock.close()

    def complaint(self) -> str:
        return ""


class UnixSocket:
    """The engine's socket on this machine; it needs no process."""

    limit: int | None = None

    def __init__(self, path: str) -> None:
        self.path = path

    def open(self) -> Stream:
        """Return a new connection to the socket."""
        client = socket.socket(socket.AF_UNIX)
        try:
            client.settimeout(CONNECT_SECONDS)
            client.connect(self.path)
        except OSError as error:
            client.close()
            what = f"no engine answers at unix://{self.path}: {error.strerror or error}"
            raise EngineUnreachable(what, help=HELP) from error
        except BaseException:
            client.close()
            raise
        return _SocketStream(client)


class DialStdio:
    """`docker system dial-stdio`: docker handles ssh, TLS and contexts.

    Docker's ssh transport runs this hidden command on the remote side. Each stream is a
    process, so few are kept. It runs in a separate session, so Ctrl-C does not end the stream
    during a call.
    """

    limit: int | None = 4

    def __init__(self, docker: Sequence[str]) -> None:
        self.argv = [*docker, "system", "dial-stdio"]

    def open(self) -> Stream:
        """Start a process, and return the socket pair that connects it."""
        ours, theirs = socket.socketpair()
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 the stream owns and closes it
        try:
            process = self._start(theirs.fileno(), complaints)
        except BaseException:
            ours.close()
            complaints.close()
            raise
        finally:
            theirs.close()
        return _ProcessStream(ours, process, complaints)

    def _start(self, end: int, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self.argv, stdin=end, stdout=end, stderr=stderr, start_new_session=True
            )
        except OSError as error:
            raise EngineUnreachable(f"docker cannot be run: {error.strerror}", help=HELP) from error


class _ProcessStream:
    def __init__(
        self, ours: socket.socket, process: subprocess.Popen[bytes], stderr: IO[bytes]
    ) -> None:
        self.sock = ours
        self._process = process
        self._stderr = stderr

    def close(self) -> None:
        self.sock.close()
        try:
            self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr.close()

    def complaint(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace").strip()
