"""Commands inside containers, attached to their streams."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.connection import CALL_SECONDS, Api, Connection, speaking_to
from composeroll.engine.api.frames import COMPLAINTS, Channel, read_frame
from composeroll.engine.api.transport import HELP
from composeroll.errors import EngineError, EngineUnreachable
from composeroll.model import Hook, Output

TIMED_OUT = 124
"""The exit code of a command that took too long, as in coreutils' `timeout`."""

ON_A_WORD = ("sh", "-c", 'read -r word && exec "$@"', "composeroll")
"""Waits for a line, then becomes the command; runs nothing if its stdin ends before."""

SETTLE_SECONDS = 0.002
"""Wait between two reads of the exit code after a command's streams have ended. The engine has no
call that waits for it, and the first read nearly always returns it."""


class Commands:
    """Runs commands in the containers of one engine."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run `argv` as `user` (empty: the container's own) and wait at most `timeout` seconds.

        A command that does not exist or may not be run ends with 127 or 126, as in a shell, and the
        engine's message is its output. One that takes longer keeps running, since the engine cannot
        end it; its exit code is 124.

        Raises:
            EngineError: there is no such container, or it does not run.
            EngineUnreachable: the engine is gone.
        """
        return self._begin(container, {"Cmd": list(argv), "User": user}).outcome(timeout)

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run a hook of the compose file; see `execute`."""
        wanted = {
            "Cmd": list(hook.command),
            "User": hook.user,
            "Env": list(hook.environment),
            "WorkingDir": hook.directory,
            "Privileged": hook.privileged,
        }
        return self._begin(container, wanted).outcome(timeout)

    def begin(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start `argv` without waiting for it; see `execute`."""
        return self._begin(container, {"Cmd": list(argv)})

    def prepare(self, container: str, argv: Sequence[str]) -> RunningCommand:
        """Start a shell that becomes `argv` at `go`, or ends with 1 if it is closed before.

        Starting a process in a container takes an engine some 50 ms, and ssh a login; a line on a
        standard input takes neither. In an image without a shell the outcome is 126 or 127.
        """
        return self._begin(container, {"Cmd": [*ON_A_WORD, *argv]}, stdin=True)

    def _begin(
        self, container: str, wanted: Mapping[str, object], *, stdin: bool = False
    ) -> RunningCommand:
        command = self._create(container, wanted, stdin=stdin)
        return RunningCommand(self._api, command, self._attach(command))

    def dial(self, container: str, argv: Sequence[str]) -> AttachedCommand:
        """Run `argv` with its stdin and stdout as a byte stream, which the caller closes."""
        return self._attach(self._create(container, {"Cmd": list(argv)}, stdin=True))

    def _create(self, container: str, wanted: Mapping[str, object], *, stdin: bool) -> str:
        streams = {"AttachStdin": stdin, "AttachStdout": True, "AttachStderr": True}
        answer = self._api.post(f"/containers/{container}/exec", body={**wanted, **streams})
        return str(answer.json()["Id"])

    def _attach(self, command: str) -> AttachedCommand:
        with self._api.opening() as connection, speaking_to(connection.stream, CALL_SECONDS):
            reader = upgrade(connection, f"/exec/{command}/start")
        return AttachedCommand(connection, reader)


class RunningCommand:
    """A command in a container; one thread waits for its end, another may cancel the wait."""

    def __init__(self, api: Api, command: str, attached: AttachedCommand) -> None:
        self._api = api
        self._command = command
        self._attached = attached
        self._let_go = threading.Event()

    def go(self) -> None:
        """Let a prepared command begin; if its shell has ended, the outcome shows that."""
        with contextlib.suppress(OSError):
            self._attached.sendall(b"go\n")

    def outcome(self, timeout: float) -> Output:
        """Wait until it has ended, at most `timeout` seconds; `close` makes it overdue at once.

        The time counts from this call, without that of the connection, which is long over ssh.

        Raises:
            EngineUnreachable: the engine is gone.
        """
        deadline = time.monotonic() + timeout
        said = dict.fromkeys(Channel, b"")
        code = self._exit_code(deadline) if self._listen(said, deadline) else None
        stdout = said[Channel.STDOUT].decode(errors="replace")
        stderr = b"".join(said[channel] for channel in COMPLAINTS).decode(errors="replace")
        if code is None:
            late = f"{stderr}did not end within {timeout:g} s\n"
            return Output(TIMED_OUT, stdout, late, overdue=True)
        return Output(code, stdout, stderr)

    def close(self) -> None:
        """Cancel a waiting `outcome`, from any thread; the command keeps running."""
        self._let_go.set()
        self._attached.close()

    def _listen(self, said: dict[Channel, bytes], deadline: float) -> bool:
        """Collect the output; return whether its streams ended before the deadline."""
        try:
            _collect(self._attached, said, deadline)
        except TimeoutError:
            return False
        except OSError as error:
            if self._let_go.is_set():
                return False
            what = f"the connection to the engine broke: {error}"
            raise EngineUnreachable(what, help=HELP) from error
        finally:
            self._attached.close()
        return True

    def _exit_code(self, deadline: float) -> int | None:
        while not self._let_go.is_set():
            state = self._api.get(f"/exec/{self._command}/json").json()
            if not state["Running"]:
                return int(state["ExitCode"])
            if time.monotonic() > deadline:
                return None
            self._let_go.wait(SETTLE_SECONDS)
        return None


class AttachedCommand:
    """The stdin and stdout of a command in a container, with a socket's methods."""

    def __init__(self, connection: Connection, reader: BinaryIO) -> None:
        self._connection = connection
        self._socket = connection.stream.sock
        self._reader = reader
        self._left = b""
        self._closed = False

    def sendall(self, data: bytes) -> None:
        """Write to its stdin."""
        self._socket.sendall(data)

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes of its stdout; none at the end."""
        while not self._left:
            frame = self.frame()
            if frame is None:
                return b""
            channel, content = frame
            if channel not in COMPLAINTS:
                self._left = content
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def frame(self) -> tuple[Channel, bytes] | None:
        """Return the next frame of either stream; None at the end, or after `close`."""
        try:
            return read_frame(self._reader)
        except ValueError:
            if self._closed:
                return None
            raise

    def settimeout(self, seconds: float | None) -> None:
        """Set how long a later `recv` or `sendall` may take before it raises TimeoutError."""
        self._socket.settimeout(seconds)

    def close(self) -> None:
        """Close the streams; a `recv` that waits in another thread finds the end.

        A command that reads its stdin ends; any other keeps running.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._closed = True
        self._reader.close()
        self._connection.end()


def upgrade(connection: Connection, path: str) -> BinaryIO:
    """Turn a request's connection into a plain stream; the reader may have buffered data.

    Raises:
        EngineError: the engine refuses.
        HTTPException: the answer is not HTTP, or there is none.
    """
    body = json.dumps({"Detach": False, "Tty": False}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.stream.sock.sendall(head.encode("ascii") + body)
    reader = connection.stream.sock.makefile("rb")
    status = _status(reader.readline())
    headers = http.client.parse_headers(reader)
    if status not in (http.HTTPStatus.SWITCHING_PROTOCOLS, http.HTTPStatus.OK):
        message = reader.read(int(headers.get("Content-Length", 0)))
        raise EngineError(Answer(status, message).message, evidence=(f"{path}: {status}",))
    return reader


def _status(line: bytes) -> int:
    """Return the status code of a status line."""
    if not line:
        raise http.client.RemoteDisconnected("the engine closed the connection before it answered")
    try:
        return int(line.split(maxsplit=2)[1])
    except (IndexError, ValueError) as error:
        raise http.client.BadStatusLine(line.decode(errors="replace")) from error


def _collect(attached: AttachedCommand, said: dict[Channel, bytes], deadline: float) -> None:
    """Add the command's output to `said`, until it ends.

    Raises:
        TimeoutError: it has not ended by the deadline.
    """
    attached.settimeout(_left(deadline))
    while (frame := attached.frame()) is not None:
        channel, content = frame
        said[channel] += content
        attached.settimeout(_left(deadline))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
